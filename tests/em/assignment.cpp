// The E-step variants.
#include "latent/em/assignment.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "latent/bernoulli_mixture.hpp"
#include "latent/coins.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Annealed;
using latent::Hard;
using latent::Index;
using latent::RowMatrix;
using latent::Soft;
using latent::Stochastic;
using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Coins = latent::Mixture<latent::Binomial<double>>;
using Words = latent::Mixture<latent::Bernoulli<double>>;

Coins two_coins() {
  return {Eigen::Vector2d(0.5, 0.5), {Eigen::Vector2d(0.6, 0.5)}, latent::Weighting::fixed};
}
const RowMatrix<double>& rounds() {
  static const RowMatrix<double> counts =
      latent::tosses({"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH", "HTHTTTHHTT", "THHHTHHHTH"});
  return counts;
}

Words words(double shift) {
  RowMatrix<double> p(3, 6);
  for (Index k = 0; k < 3; ++k)
    for (Index j = 0; j < 6; ++j)
      p(k, j) = 0.15 + shift + 0.2 * static_cast<double>((2 * k + j) % 4);
  return {Eigen::Vector3d(0.2, 0.3, 0.5), {p}};
}
const RowMatrix<double>& documents() {  // three lanes
  static const RowMatrix<double> x = words(0.05).sample(5000, 7);
  return x;
}

// One row of log joint densities through respond().
template <class A>
latent::Expectation row_of(RowMatrix<double>& joint, const A& assign, int label = -1,
                           double weight = 1.0, Index iteration = 0) {
  const RowMatrix<double> x = RowMatrix<double>::Zero(joint.rows(), 1);
  const latent::Vector<double> weights = latent::Vector<double>::Constant(joint.rows(), weight);
  const latent::Labels labels = latent::Labels::Constant(joint.rows(), label);
  const latent::Block<double> block{x, weights, labels, 0, {}};
  const latent::Vector<double> prior =
      latent::Vector<double>::Constant(joint.cols(), 1.0 / static_cast<double>(joint.cols()));
  return latent::detail::respond(joint, block, prior, true, assign, latent::Step{5, 0, iteration});
}

RowMatrix<double> log_row(double a, double b, double c) {
  RowMatrix<double> joint(1, 3);
  joint << a, b, c;
  return joint;
}

}  // namespace

TEST_CASE("assignment: each variant is its formula on a row") {
  const double a = -1.0;
  const double b = -2.5;
  const double c = -0.5;
  const double ll = std::log(std::exp(a) + std::exp(b) + std::exp(c));
  const double weight = 3.0;
  {
    RowMatrix<double> r = log_row(a, b, c);
    const auto sums = row_of(r, Soft{}, -1, weight);
    CHECK(close(r(0, 1), weight * std::exp(b - ll), 8 * latent_test::eps));
    CHECK(close(r.sum(), weight, 8 * latent_test::eps));
    CHECK(close(sums.log_likelihood, weight * ll, 8 * latent_test::eps));
    CHECK(sums.objective == sums.log_likelihood);
  }
  {
    RowMatrix<double> r = log_row(a, b, c);
    const auto sums = row_of(r, Hard{}, -1, weight);
    CHECK(r == log_row(0, 0, weight));
    CHECK(close(sums.log_likelihood, weight * ll, 8 * latent_test::eps));
    CHECK(sums.objective == weight * c);  // log p(x, z) at the best z
  }
  {
    const Annealed assign{.start = 0.3};
    RowMatrix<double> r = log_row(a, b, c);
    const auto sums = row_of(r, assign, -1, weight);
    const double powers = std::exp(0.3 * a) + std::exp(0.3 * b) + std::exp(0.3 * c);
    CHECK(close(r(0, 0), weight * std::exp(0.3 * a) / powers, 8 * latent_test::eps));
    CHECK(close(sums.log_likelihood, weight * ll, 8 * latent_test::eps));
    CHECK(close(sums.objective, weight * std::log(powers) / 0.3, 16 * latent_test::eps));
  }
  {  // Annealed to the end is Soft, bit for bit.
    RowMatrix<double> cold = log_row(a, b, c);
    RowMatrix<double> soft = log_row(a, b, c);
    const auto one = row_of(cold, Annealed{.start = 1.0});
    const auto two = row_of(soft, Soft{});
    CHECK(same_bits(cold, soft));
    CHECK(same_bits(one.objective, two.objective));
    CHECK(same_bits(one.log_likelihood, two.log_likelihood));
  }
}

TEST_CASE("assignment: draws follow the posterior, and never choose what is impossible") {
  constexpr Index n = 20000;
  RowMatrix<double> joint(n, 3);
  for (Index i = 0; i < n; ++i)
    joint.row(i) << std::log(0.2), -std::numeric_limits<double>::infinity(), std::log(0.6);
  RowMatrix<double> r = joint;
  const auto sums = row_of(r, Stochastic{});
  CHECK(r.col(1).sum() == 0.0);
  for (Index i = 0; i < n; ++i) REQUIRE(r.row(i).sum() == 1.0);
  // A quarter, within five standard deviations of a binomial count.
  const double deviation = std::sqrt(0.25 * 0.75 / static_cast<double>(n));
  CHECK(std::abs(r.col(0).sum() / static_cast<double>(n) - 0.25) < 5 * deviation);
  CHECK(close(sums.log_likelihood, static_cast<double>(n) * std::log(0.8), 1e-12));
  RowMatrix<double> other = joint;
  row_of(other, Stochastic{}, -1, 1.0, 1);  // another iteration draws anew
  CHECK(!(other == r));
}

TEST_CASE("assignment: a known label decides in every variant") {
  const auto decided = [](const auto& assign) {
    RowMatrix<double> r = log_row(-1.0, -9.0, -0.5);
    const auto sums = row_of(r, assign, 1, 2.0);
    CHECK(r == log_row(0, 2, 0));
    CHECK(sums.log_likelihood == -18.0);
    CHECK(sums.objective == -18.0);
  };
  decided(Soft{});
  decided(Hard{});
  decided(Stochastic{});
  decided(Annealed{});
}

TEST_CASE(
    "assignment: impossible rows keep the weights, NaN is reported, and weight 0 hides both") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto check = [&](const auto& assign) {
    RowMatrix<double> r = log_row(-infinity, -infinity, -infinity);
    CHECK(row_of(r, assign).log_likelihood == -infinity);
    CHECK(close(r(0, 1), 1.0 / 3.0, 8 * latent_test::eps));
    for (const double odd : {nan, infinity}) {
      RowMatrix<double> bad(2, 3);
      bad << odd, -1, -2, -1, -2, -3;
      CHECK(latent::is_nan(row_of(bad, assign).objective));
      CHECK(latent::all_finite(bad));
      RowMatrix<double> hidden(1, 3);
      hidden << -1, odd, -2;
      const auto sums = row_of(hidden, assign, -1, 0.0);
      CHECK(sums.log_likelihood == 0.0);
      CHECK(hidden == log_row(0, 0, 0));
      // What a labelled row does not use cannot spoil it.
      RowMatrix<double> labelled = log_row(odd, -2.0, odd);
      CHECK(row_of(labelled, assign, 1).log_likelihood == -2.0);
    }
  };
  check(Soft{});
  check(Hard{});
  check(Stochastic{});
  check(Annealed{});
}

TEST_CASE("hard EM: the two coins end in one step at 4/5 and 9/20") {
  const auto fit = latent::EM{}.fit(two_coins(), rounds(), latent::Serial{}, Hard{});
  CHECK(fit.report.converged());
  CHECK(close(fit.model.family.probability[0], 0.8, 2 * latent_test::eps));
  CHECK(close(fit.model.family.probability[1], 0.45, 2 * latent_test::eps));
  // Objective: every round with its coin, 24 heads of 30 and 9 of 20, with weights of one half.
  const double complete = 24 * std::log(0.8) + 6 * std::log(0.2) + 9 * std::log(0.45) +
                          11 * std::log(0.55) + 5 * std::log(0.5);
  CHECK(close(fit.report.trace.back().objective, complete, 1e-14));
  CHECK(fit.report.trace.back().log_likelihood > complete);
  CHECK(fit.log_likelihood == fit.report.trace.back().log_likelihood);
  for (std::size_t t = 1; t < fit.report.trace.size(); ++t)
    CHECK(fit.report.trace[t].objective >= fit.report.trace[t - 1].objective);
}

TEST_CASE("hard EM: the objective rises although the log-likelihood need not, and no label moves") {
  const auto fit = latent::EM{.max_iterations = 60, .tolerance = 0}.fit(words(0.0), documents(),
                                                                        latent::Serial{}, Hard{});
  const auto& trace = fit.report.trace;
  for (std::size_t t = 1; t < trace.size(); ++t)
    CHECK(trace[t].objective >= trace[t - 1].objective - 1e-11 * std::abs(trace[0].objective));
  const auto again = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(fit.model, documents(),
                                                                         latent::Serial{}, Hard{});
  CHECK(again.model.predict(documents()) == fit.model.predict(documents()));
}

TEST_CASE("stochastic EM: wanders, never claims to converge, and returns the best it met") {
  const auto fit =
      latent::EM{.max_iterations = 40}.fit(words(0.0), documents(), latent::Serial{}, Stochastic{});
  CHECK(fit.report.status == latent::Status::max_iterations);
  CHECK(fit.report.iterations == 40);
  double best = -std::numeric_limits<double>::infinity();
  bool fell = false;
  for (std::size_t t = 0; t < fit.report.trace.size(); ++t) {
    best = std::max(best, fit.report.trace[t].log_likelihood);
    fell = fell ||
           (t > 0 && fit.report.trace[t].log_likelihood < fit.report.trace[t - 1].log_likelihood);
  }
  CHECK(fell);
  CHECK(fit.log_likelihood == best);
  CHECK(close(fit.model.log_likelihood(documents()), best, 1e-13));
  const auto other = latent::EM{.max_iterations = 40, .seed = 1}.fit(
      words(0.0), documents(), latent::Serial{}, Stochastic{});
  CHECK(!same_bits(other.model.parameters(), fit.model.parameters()));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               latent::EM{.acceleration = latent::Acceleration::anderson}.fit(
                   words(0.0), documents(), latent::Serial{}, Stochastic{});
             }),
             latent_test::contains("stochastic EM has no fixed point"));
}

TEST_CASE("annealed EM: never converges before its schedule has ended") {
  const Annealed assign{.start = 0.2, .growth = 1.5, .hold = 3};  // 1 from iteration 12 on
  CHECK(assign.beta(0) == 0.2);
  CHECK(assign.beta(2) == 0.2);
  CHECK(close(assign.beta(3), 0.3, 4 * latent_test::eps));
  CHECK(assign.beta(11) < 1.0);
  CHECK(assign.beta(12) == 1.0);
  // A tolerance that anything meets: the first iteration that compares beta 1 with beta 1 is 13.
  const auto fit =
      latent::EM{.tolerance = 1e9}.fit(words(0.0), documents(), latent::Serial{}, assign);
  CHECK(fit.report.converged());
  CHECK(fit.report.iterations == 13);
  // Below beta 1 the objective is the free energy and no log-likelihood. With 3 components it may
  // exceed that by log 3 / beta a row.
  CHECK(fit.report.trace[1].objective > fit.report.trace[1].log_likelihood);
  CHECK(fit.report.trace[13].objective == fit.report.trace[13].log_likelihood);
  const auto cut =
      latent::EM{.max_iterations = 5}.fit(words(0.0), documents(), latent::Serial{}, assign);
  CHECK(cut.report.status == latent::Status::max_iterations);
}

TEST_CASE("annealed EM: the free energy rises while beta stays") {
  const auto fit = latent::EM{.max_iterations = 12, .tolerance = 0}.fit(
      words(0.0), documents(), latent::Serial{}, Annealed{.start = 0.4, .growth = 2, .hold = 6});
  const auto& trace = fit.report.trace;
  for (std::size_t t = 1; t < 6; ++t) CHECK(trace[t].objective > trace[t - 1].objective);
  for (std::size_t t = 7; t < 12; ++t) CHECK(trace[t].objective > trace[t - 1].objective);
}

TEST_CASE("annealed EM: finds the better maximum from a start that leads plain EM astray") {
  // Two components sit on one of three groups, the third on the two others.
  RowMatrix<double> p(3, 12);
  for (Index k = 0; k < 3; ++k)
    for (Index j = 0; j < 12; ++j) p(k, j) = j / 4 == k ? 0.95 : 0.05;
  const Words truth{Eigen::Vector3d(0.34, 0.33, 0.33), {p}};
  const RowMatrix<double> x = truth.sample(1500, 3);
  RowMatrix<double> q = p;
  for (Index j = 0; j < 12; ++j) {
    q(1, j) = p(0, j) * 0.99;
    q(2, j) = 0.5 * (p(1, j) + p(2, j));
  }
  const Words astray{Eigen::Vector3d(0.34, 0.33, 0.33), {q}};
  const double plain = latent::EM{}.fit(astray, x).log_likelihood;
  const auto annealed = latent::EM{}.fit(astray, x, {}, Annealed{.start = 0.05, .growth = 1.05});
  CHECK(annealed.report.converged());
  CHECK(annealed.log_likelihood > plain + 100.0);
  CHECK(annealed.log_likelihood > truth.log_likelihood(x));
}

TEST_CASE(
    "assignment: every variant gives the same bits on any executor, with labels and weights") {
  latent::Vector<double> weights(5000);
  latent::Labels labels(5000);
  for (Index i = 0; i < 5000; ++i) {
    weights[i] = static_cast<double>(i % 4) * 0.5;
    labels[i] = i % 11 == 0 ? static_cast<int>(i % 3) : -1;
  }
  const auto data = latent::samples(documents()).weights(weights).labels(labels);
  const latent::EM em{.max_iterations = 6, .tolerance = 0, .seed = 9};
  const auto same = [&](const auto& assign) {
    const auto serial = em.fit(words(0.0), data, latent::Serial{}, assign);
    for (const int threads : {1, 2, 3, 8}) {
      const auto fit = em.fit(words(0.0), data, latent::Threads{threads}, assign);
      CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
      CHECK(same_bits(fit.log_likelihood, serial.log_likelihood));
      for (std::size_t t = 0; t < serial.report.trace.size(); ++t)
        CHECK(same_bits(fit.report.trace[t].objective, serial.report.trace[t].objective));
    }
  };
  same(Soft{});
  same(Hard{});
  same(Stochastic{});
  same(Annealed{});
}

TEST_CASE("assignment: a schedule out of its range is refused before any work") {
  const auto said = [&](const Annealed& assign) {
    return message_of<latent::InvalidArgument>(
        [&] { latent::EM{}.fit(two_coins(), rounds(), {}, assign); });
  };
  CHECK_THAT(said({.start = 0.0}), latent_test::contains("start must lie in (0, 1]; got 0"));
  CHECK_THAT(said({.start = 1.5}), latent_test::contains("got 1.5"));
  CHECK_THAT(said({.growth = 1.0}), latent_test::contains("growth must be finite and above 1"));
  CHECK_THAT(said({.hold = 0}), latent_test::contains("hold must be at least 1; got 0"));
}
