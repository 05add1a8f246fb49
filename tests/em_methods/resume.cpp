// A fit that is interrupted and resumed, restarts, Aitken's rule and the time limit.
#include <cmath>
#include <limits>
#include <vector>

#include "latent/bernoulli_mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::EM;
using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;
using Words = latent::Mixture<latent::Bernoulli<double>>;

namespace {

Words words(double shift) {
  RowMatrix<double> p(3, 6);
  for (Index k = 0; k < 3; ++k)
    for (Index j = 0; j < 6; ++j)
      p(k, j) = 0.15 + shift + 0.2 * static_cast<double>((2 * k + j) % 4);
  return {Eigen::Vector3d(0.2, 0.3, 0.5), {p}};
}
const RowMatrix<double>& documents() {
  static const RowMatrix<double> x = words(0.05).sample(3000, 7);
  return x;
}

template <class Assign>
void interrupted(const EM& whole, const Assign& assign) {
  const auto straight = whole.fit(words(0.0), documents(), latent::Serial{}, assign);
  for (const Index first : {0, 1, 7, 10, 20}) {
    EM part = whole;
    part.max_iterations = first;
    const auto saved = part.fit(words(0.0), documents(), latent::Serial{}, assign);
    const auto resumed = whole.resume(saved, documents(), latent::Threads{2}, assign);
    CHECK(same_bits(resumed.model.parameters(), straight.model.parameters()));
    CHECK(same_bits(resumed.log_likelihood, straight.log_likelihood));
    CHECK(resumed.report.status == straight.report.status);
    REQUIRE(resumed.report.trace.size() == straight.report.trace.size());
    for (std::size_t t = 0; t < straight.report.trace.size(); ++t) {
      CHECK(resumed.report.trace[t].index == straight.report.trace[t].index);
      CHECK(same_bits(resumed.report.trace[t].objective, straight.report.trace[t].objective));
      CHECK(same_bits(resumed.report.trace[t].change, straight.report.trace[t].change));
    }
  }
}

}  // namespace

TEST_CASE("resume: an interrupted fit ends with the bits of an uninterrupted one") {
  const EM em{.max_iterations = 30, .tolerance = 0, .seed = 4};
  interrupted(em, latent::Soft{});
  interrupted(em, latent::Hard{});
  interrupted(em, latent::Stochastic{});
  interrupted(em, latent::Annealed{.start = 0.3, .growth = 1.1});
  EM rule = em;
  rule.convergence = latent::Convergence::aitken;
  interrupted(rule, latent::Soft{});
}

TEST_CASE("resume: accelerated fits remember their steps") {
  for (const auto kind : {latent::Acceleration::squarem, latent::Acceleration::anderson}) {
    interrupted(EM{.max_iterations = 60, .tolerance = 0, .acceleration = kind}, latent::Soft{});
    interrupted(EM{.max_iterations = 2000, .tolerance = 1e-9, .acceleration = kind},
                latent::Soft{});
  }
}

TEST_CASE("fit_best: keeps the best of its runs, reports all, and the earlier of equals") {
  const auto start = [](Index restart) { return words(0.02 * static_cast<double>(restart)); };
  const EM em{.max_iterations = 3, .tolerance = 0};
  const auto best = em.fit_best(5, start, documents(), latent::Serial{});
  REQUIRE(best.report.restarts.size() == 5);
  double highest = -std::numeric_limits<double>::infinity();
  for (Index r = 0; r < 5; ++r) {
    const auto one = em.fit(start(r), documents(), latent::Serial{});
    CHECK(same_bits(one.report.trace.back().objective,
                    best.report.restarts[static_cast<std::size_t>(r)]));
    highest = std::max(highest, one.log_likelihood);
  }
  CHECK(same_bits(best.log_likelihood, highest));
  const auto threaded = em.fit_best(5, start, documents(), latent::Threads{3});
  CHECK(same_bits(threaded.model.parameters(), best.model.parameters()));

  Words lazy = words(0.0);
  const auto equal = em.fit_best(std::vector<Words>{lazy, lazy, lazy}, documents());
  CHECK(equal.state.restart == 0);
  CHECK_THAT(
      message_of<latent::InvalidArgument>([&] { em.fit_best(std::vector<Words>{}, documents()); }),
      latent_test::contains("restarts must be at least 1; got 0"));
}

TEST_CASE("fit_best: stochastic runs draw differently, and an observer sees which run it is in") {
  std::vector<Index> seen;
  const auto watch = [&](const latent::IterationView<Words>& view) {
    seen.push_back(view.restart);
  };
  const auto best = EM{.max_iterations = 2, .tolerance = 0}.fit_best(
      3, [](Index) { return words(0.0); }, documents(), {}, latent::Stochastic{}, watch);
  CHECK(seen == std::vector<Index>{0, 0, 1, 1, 2, 2});
  CHECK(best.report.restarts[0] != best.report.restarts[1]);
  CHECK(best.log_likelihood ==
        *std::max_element(best.report.restarts.begin(), best.report.restarts.end()));
}

TEST_CASE("fit_best: a start that does not fit the data is refused, whichever it is") {
  const auto start = [](Index restart) {
    Words model = words(0.0);
    if (restart == 1) model.family.probability = RowMatrix<double>::Constant(3, 5, 0.5);
    return model;
  };
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { EM{.max_iterations = 1}.fit_best(3, start, documents()); }),
             latent_test::contains("as many columns as the model has dimensions, 5"));
}

TEST_CASE("aitken: stops near the limit where the plain rule stops far from it") {
  const double limit =
      EM{.max_iterations = 100000, .tolerance = 1e-14}.fit(words(0.0), documents()).log_likelihood;
  const double tolerance = 1e-7;
  const double weight = static_cast<double>(documents().rows());
  const auto plain =
      EM{.max_iterations = 100000, .tolerance = tolerance}.fit(words(0.0), documents());
  const auto aitken = EM{.max_iterations = 100000,
                         .tolerance = tolerance,
                         .convergence = latent::Convergence::aitken}
                          .fit(words(0.0), documents());
  CHECK(plain.report.converged());
  CHECK(aitken.report.converged());
  CHECK((limit - plain.log_likelihood) / weight > 5 * tolerance);
  CHECK((limit - aitken.log_likelihood) / weight < 5 * tolerance);
  CHECK(aitken.report.trace[1].change == std::numeric_limits<double>::infinity());
  CHECK(latent::detail::aitken_remainder(0.0, 1.0, 1.5) == 0.5);  // 1 + 1/2 + 1/4 + ... = 2
  CHECK(latent::detail::aitken_remainder(0.0, 1.0, 1.0) == 0.0);
  CHECK(latent::detail::aitken_remainder(0.0, 1.0, 3.0) == std::numeric_limits<double>::infinity());
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               EM{.convergence = latent::Convergence::aitken,
                  .acceleration = latent::Acceleration::squarem}
                   .fit(words(0.0), documents());
             }),
             latent_test::contains("aitken"));
}

TEST_CASE("time limit: a limit that is over at once stops after one iteration, and says so") {
  const auto fit = EM{.tolerance = 0, .time_limit = 1e-12}.fit(words(0.0), documents());
  CHECK(fit.report.status == latent::Status::stopped);
  CHECK(fit.report.iterations == 1);
  CHECK_THAT(fit.report.notes.back().message, latent_test::contains("time limit"));
  const auto runs = EM{.tolerance = 0, .time_limit = 1e-12}.fit_best(
      4, [](Index) { return words(0.0); }, documents());
  CHECK(runs.report.restarts.size() == 1);
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(EM{.time_limit = bad}.fit(words(0.0), documents()), latent::InvalidArgument);
}
