// The EM engine: stopping, reporting, observers, and what it does with models that misbehave.
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "latent/coins.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Coins = latent::Mixture<latent::Binomial<double>>;

Coins start() {
  return {Eigen::Vector2d(0.5, 0.5), {Eigen::Vector2d(0.6, 0.5)}};
}

const latent::RowMatrix<double>& rounds() {
  static const latent::RowMatrix<double> counts =
      latent::tosses({"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH", "HTHTTTHHTT", "THHHTHHHTH"});
  return counts;
}

// Many rounds of two coins: several lanes.
const latent::RowMatrix<double>& many_rounds() {
  static const latent::RowMatrix<double> counts = [] {
    const Coins truth{Eigen::Vector2d(0.3, 0.7), {Eigen::Vector2d(0.8, 0.45)}};
    return truth.sample(10000, 11);
  }();
  return counts;
}

// One Gaussian each at +m and -m with variance 1 and equal weights: EM's step is m' = mean of x
// tanh(m x).
struct Mirrored {
  using Statistics = Eigen::Matrix<double, 2, 1>;  // sum of w x tanh(m x), sum of w
  double m = 0.1;

  Statistics zero() const { return Statistics::Zero(); }
  double expect(const latent::Block<double>& block, Statistics& s) const {
    double log_likelihood = 0.0;
    for (latent::Index i = 0; i < block.x.rows(); ++i) {
      const double x = block.x(i, 0);
      const double w = block.weights[i];
      s[0] += w * x * std::tanh(m * x);
      s[1] += w;
      log_likelihood +=
          w * (-0.5 * (x * x + m * m) + std::log(std::cosh(m * x)) - 0.5 * std::log(2 * M_PI));
    }
    return log_likelihood;
  }
  Mirrored maximize(const Statistics& s) const { return {s[0] / s[1]}; }
};

}  // namespace

TEST_CASE("em: a model that is no mixture follows its closed-form map to the last digits") {
  const Eigen::Vector2d x(2.0, -2.0);
  const double expected[] = {0.39475064044980800, 1.31625284006877327, 1.97942900115824999};
  for (latent::Index step = 1; step <= 3; ++step) {
    const auto fit = latent::EM{.max_iterations = step, .tolerance = 0}.fit(Mirrored{0.1}, x);
    CHECK(close(fit.model.m, expected[step - 1], 4 * latent_test::eps * static_cast<double>(step)));
  }
  const auto fit = latent::EM{.max_iterations = 500, .tolerance = 0}.fit(Mirrored{0.1}, x);
  CHECK(close(fit.model.m, 1.99865134603021649, 4 * latent_test::eps));
}

TEST_CASE("em: tolerance 0 runs all iterations, even where convergence is slower than linear") {
  const Eigen::Vector2d x(1.0, -1.0);
  const auto one = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(Mirrored{0.5}, x);
  CHECK(close(one.model.m, 0.46211715726000976, 4 * latent_test::eps));
  const auto many =
      latent::EM{.max_iterations = 100000, .tolerance = 0}.fit(Mirrored{0.5}, x, latent::Serial{});
  CHECK(many.report.iterations == 100000);
  CHECK(many.report.status == latent::Status::max_iterations);
  CHECK(close(many.model.m, 0.00387283887315, 1e-9));
}

TEST_CASE("em: the three rules of convergence look at what their names say") {
  for (const auto rule : {latent::Convergence::log_likelihood, latent::Convergence::parameters,
                          latent::Convergence::q_function}) {
    const auto fit = latent::EM{.tolerance = 1e-6, .convergence = rule}.fit(start(), rounds());
    INFO("rule " << static_cast<int>(rule));
    REQUIRE(fit.report.converged());
    const auto& trace = fit.report.trace;
    REQUIRE(trace.size() == static_cast<std::size_t>(fit.report.iterations) + 1);
    CHECK(trace.back().change <= 1e-6);
    for (std::size_t i = 1; i + 1 < trace.size(); ++i) CHECK(trace[i].change > 1e-6);
    // What was compared at the last iteration, computed apart.
    const auto before = latent::EM{.max_iterations = fit.report.iterations - 1, .tolerance = 0}.fit(
        start(), rounds());
    const double scale = std::abs(fit.log_likelihood);
    if (rule == latent::Convergence::log_likelihood)
      CHECK(latent_test::close_on(scale, trace.back().change,
                                  (fit.log_likelihood - before.log_likelihood) / 5, 1e-14));
    if (rule == latent::Convergence::parameters)
      CHECK(close(trace.back().change, (fit.model.parameters() - before.model.parameters()).norm(),
                  1e-9));
    if (rule == latent::Convergence::q_function) {
      const double q = latent::lower_bound(fit.model, before.model, rounds()).q -
                       latent::lower_bound(before.model, before.model, rounds()).q;
      CHECK(latent_test::close_on(scale, trace.back().change, q / 5, 1e-14));
    }
  }
}

TEST_CASE("em: a rule that the model cannot serve is refused before any work") {
  const Eigen::Vector2d x(1.0, -1.0);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               latent::EM{.convergence = latent::Convergence::parameters}.fit(Mirrored{}, x);
             }),
             latent_test::contains("parameters()"));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               latent::EM{.convergence = latent::Convergence::q_function}.fit(Mirrored{}, x);
             }),
             latent_test::contains("log_joint"));
}

TEST_CASE("em: data given ten times take as many iterations as given once") {
  latent::RowMatrix<double> ten(50, 2);
  for (int copy = 0; copy < 10; ++copy) ten.middleRows(copy * 5, 5) = rounds();
  const auto once = latent::EM{.tolerance = 1e-7}.fit(start(), rounds());
  CHECK(latent::EM{.tolerance = 1e-7}.fit(start(), ten).report.iterations ==
        once.report.iterations);
  const latent::Vector<double> weights = latent::Vector<double>::Constant(5, 10.0);
  const auto weighted =
      latent::EM{.tolerance = 1e-7}.fit(start(), latent::samples(rounds()).weights(weights));
  CHECK(weighted.report.iterations == once.report.iterations);
  CHECK(close(weighted.log_likelihood, 10 * once.log_likelihood, 1e-13));
}

TEST_CASE("em: max_iterations 0 evaluates the start and returns it") {
  const auto fit = latent::EM{.max_iterations = 0}.fit(start(), rounds());
  CHECK(fit.report.status == latent::Status::max_iterations);
  CHECK(fit.report.iterations == 0);
  CHECK(fit.report.trace.size() == 1);
  CHECK(fit.report.evaluations == 1);
  CHECK(same_bits(fit.model.family.probability, start().family.probability));
  CHECK(same_bits(fit.log_likelihood, start().log_likelihood(rounds())));
}

TEST_CASE("em: two runs of one iteration are one run of two") {
  const latent::EM one{.max_iterations = 1, .tolerance = 0};
  const auto first = one.fit(start(), many_rounds());
  const auto second = one.fit(first.model, many_rounds());
  const auto both = latent::EM{.max_iterations = 2, .tolerance = 0}.fit(start(), many_rounds());
  CHECK(same_bits(second.model.parameters(), both.model.parameters()));
  CHECK(same_bits(second.log_likelihood, both.log_likelihood));
}

TEST_CASE("em: every executor gives the same bits: model, trace and status") {
  const latent::EM em{.max_iterations = 20, .tolerance = 1e-9};
  const auto serial = em.fit(start(), many_rounds(), latent::Serial{});
  for (const int threads : {1, 2, 3, 8, 0, -5, 1000000}) {
    INFO("threads " << threads);
    const auto fit = em.fit(start(), many_rounds(), latent::Threads{threads});
    CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
    REQUIRE(fit.report.trace.size() == serial.report.trace.size());
    for (std::size_t i = 0; i < serial.report.trace.size(); ++i) {
      CHECK(same_bits(fit.report.trace[i].log_likelihood, serial.report.trace[i].log_likelihood));
      CHECK(same_bits(fit.report.trace[i].change, serial.report.trace[i].change));
    }
  }
}

namespace {

struct StopsAtThree {
  int calls = 0;
  bool on_iteration(const latent::IterationView<Coins>& view) {
    ++calls;
    return view.index < 3;
  }
};

}  // namespace

TEST_CASE("em: an observer that answers false stops the fit, and the model it saw is returned") {
  StopsAtThree observer;
  const auto fit =
      latent::EM{.max_iterations = 50, .tolerance = 0}.fit(start(), rounds(), {}, {}, observer);
  CHECK(observer.calls == 3);
  CHECK(fit.report.status == latent::Status::stopped);
  CHECK(fit.report.iterations == 3);
  const auto three = latent::EM{.max_iterations = 3, .tolerance = 0}.fit(start(), rounds());
  CHECK(same_bits(fit.model.parameters(), three.model.parameters()));
  CHECK(same_bits(fit.log_likelihood, three.log_likelihood));
}

TEST_CASE("em: a callable observes too") {
  std::vector<double> seen;
  latent::EM{.max_iterations = 4, .tolerance = 0}.fit(
      start(), rounds(), {}, {}, [&](const auto& view) { seen.push_back(view.log_likelihood); });
  REQUIRE(seen.size() == 4);
  CHECK(seen[3] > seen[0]);
}

namespace {

// An M-step that misses the maximum by `factor`.
struct Biased : latent::Binomial<double> {
  double factor = 1.0;
  Biased maximize(const latent::Vector<double>& n, const latent::RowMatrix<double>& s) const {
    Biased next = *this;
    next.probability = latent::Binomial<double>::maximize(n, s).probability * factor;
    return next;
  }
};

// Densities that turn into NaN once the parameters have moved.
struct Spoils : latent::Binomial<double> {
  double first = 0.6;
  const Spoils& prepare() const { return *this; }
  void log_density(const Eigen::Ref<const latent::RowMatrix<double>>& x,
                   latent::RowMatrix<double>& out) const {
    latent::Binomial<double>::log_density(x, out);
    if (probability[0] != first) out(0, 0) = std::numeric_limits<double>::quiet_NaN();
  }
  Spoils maximize(const latent::Vector<double>& n, const latent::RowMatrix<double>& s) const {
    Spoils next = *this;
    next.probability = latent::Binomial<double>::maximize(n, s).probability;
    return next;
  }
};

// Throws while a worker is in the E-step, at rows beyond `from`.
struct Throws : latent::Binomial<double> {
  double limit = 0.0;
  void accumulate(const Eigen::Ref<const latent::RowMatrix<double>>& x,
                  const latent::RowMatrix<double>& r, latent::RowMatrix<double>& s) const {
    if (x(0, 0) >= limit)
      throw std::runtime_error("row with " + std::to_string(static_cast<int>(x(0, 0))) + " heads");
    latent::Binomial<double>::accumulate(x, r, s);
  }
  Throws maximize(const latent::Vector<double>& n, const latent::RowMatrix<double>& s) const {
    Throws next = *this;
    next.probability = latent::Binomial<double>::maximize(n, s).probability;
    return next;
  }
};

template <class Family>
latent::Mixture<Family> mixture_of(Family family) {
  family.probability = Eigen::Vector2d(0.6, 0.5);
  return {Eigen::Vector2d(0.5, 0.5), family};
}

}  // namespace

TEST_CASE("em: an M-step that is off by 1 percent is found out, and the better model is returned") {
  // From the maximum itself every other step is a step down.
  const auto best = latent::EM{.tolerance = 1e-14}.fit(start(), many_rounds());
  auto biased = mixture_of(Biased{});
  biased.weights = best.model.weights;
  biased.family.probability = best.model.family.probability;
  biased.family.factor = 0.99;
  const auto fit = latent::EM{.max_iterations = 200, .tolerance = 0}.fit(biased, many_rounds());
  REQUIRE(fit.report.status == latent::Status::not_monotone);
  REQUIRE_FALSE(fit.report.converged());
  REQUIRE(fit.report.notes.size() == 1);
  CHECK(fit.report.notes[0].value < 0.0);
  CHECK(
      same_bits(fit.log_likelihood, fit.report.trace[fit.report.trace.size() - 2].log_likelihood));
  CHECK(same_bits(fit.log_likelihood, fit.model.log_likelihood(many_rounds())));
}

TEST_CASE("em: a NaN density ends the fit with the last finite model") {
  const auto model = mixture_of(Spoils{});
  const auto fit = latent::EM{.max_iterations = 10}.fit(model, rounds());
  CHECK(fit.report.status == latent::Status::numerical_failure);
  CHECK(same_bits(fit.model.family.probability, model.family.probability));
  CHECK(same_bits(fit.log_likelihood, start().log_likelihood(rounds())));
  CHECK_FALSE(fit.report.notes.empty());
}

TEST_CASE("em: NaN at the very start is a failure, not a loop, and no NaN is answered") {
  Spoils family;
  family.first = 0.1;
  const auto fit = latent::EM{.max_iterations = 10}.fit(mixture_of(family), rounds());
  CHECK(fit.report.status == latent::Status::numerical_failure);
  CHECK(fit.report.iterations == 0);
  CHECK(latent::is_negative_infinity(fit.log_likelihood));
}

TEST_CASE("em: an exception from a worker reaches the caller once, that of the lowest rows first") {
  latent::RowMatrix<double> x = latent::RowMatrix<double>::Ones(20000, 2);
  for (const latent::Index row : {6 * 256, 30 * 256, 50 * 256, 77 * 256})
    x(row, 0) = static_cast<double>(row / 256);
  Throws family;
  family.limit = 2.0;
  for (const int threads : {1, 2, 3, 8})
    for (int repetition = 0; repetition < 5; ++repetition)
      CHECK(message_of<std::runtime_error>([&] {
              latent::EM{.max_iterations = 3}.fit(mixture_of(family), x, latent::Threads{threads});
            }) == "row with 6 heads");
}

TEST_CASE("em: fits may run inside the user's own threads") {
  const latent::EM em{.max_iterations = 5, .tolerance = 0};
  const auto alone = em.fit(start(), many_rounds(), latent::Serial{});
  std::vector<latent::Vector<double>> found(4);
  std::vector<std::thread> users;
  for (std::size_t u = 0; u < found.size(); ++u)
    users.emplace_back([&, u] {
      found[u] = em.fit(start(), many_rounds(), latent::Threads{3}).model.parameters();
    });
  for (std::thread& user : users) user.join();
  for (const auto& parameters : found) CHECK(same_bits(parameters, alone.model.parameters()));
}

TEST_CASE("em: a row that no component can produce is -inf, keeps the weights, and is never NaN") {
  latent::RowMatrix<double> x(3, 2);
  x << 3, 0, 0, 3, 1, 1;  // the last row is impossible for coins that always or never show heads
  const Coins certain{Eigen::Vector2d(0.25, 0.75), {Eigen::Vector2d(1.0, 0.0)}};
  CHECK(latent::is_negative_infinity(certain.log_likelihood(x)));
  const auto r = certain.responsibilities(x);
  CHECK(r(0, 0) == 1.0);
  CHECK(r(1, 1) == 1.0);
  CHECK(r(2, 0) == 0.25);
  CHECK(r(2, 1) == 0.75);
  CHECK(certain.predict(x) == Eigen::Vector3i(0, 1, 1));
  const auto density = certain.log_density(x);
  CHECK(close(density[0], std::log(0.25), 1e-15));
  CHECK(latent::is_negative_infinity(density[2]));
  // The first M-step makes the row possible again.
  const auto fit = latent::EM{.max_iterations = 50}.fit(certain, x);
  CHECK(latent::is_finite(fit.log_likelihood));
  for (const auto& step : fit.report.trace) CHECK_FALSE(latent::is_nan(step.change));
}

TEST_CASE(
    "em: labels in range are checked, unknown ones are not, and fit_complete wants them all") {
  const Eigen::Matrix<int, 5, 1> too_large(0, 1, 2, 0, -1);
  CHECK_THAT(message_of<latent::DataError>(
                 [&] { latent::EM{}.fit(start(), latent::samples(rounds()).labels(too_large)); }),
             latent_test::contains("labels(2) = 2"));
  const Eigen::Matrix<int, 5, 1> some(0, 1, 1, 0, -1);
  CHECK(latent::EM{}.fit(start(), latent::samples(rounds()).labels(some)).report.converged());
  CHECK_THAT(message_of<latent::DataError>(
                 [&] { latent::fit_complete(start(), latent::samples(rounds()).labels(some)); }),
             latent_test::contains("labels(4) = -1"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::fit_complete(start(), latent::samples(rounds())); }),
             latent_test::contains("must have labels"));
}

TEST_CASE("em: a known label decides its row") {
  const Eigen::Matrix<int, 5, 1> some(1, -1, -1, -1, -1);
  const auto source = latent::samples(rounds()).labels(some);
  const auto r = start().responsibilities(source);
  CHECK(r(0, 0) == 0.0);
  CHECK(r(0, 1) == 1.0);
  CHECK(r(1, 0) > 0.5);
  const double first = std::log(0.5) + 10 * std::log(0.5);
  const auto rest = start().log_density(rounds());
  CHECK(close(start().log_likelihood(source), first + rest.tail(4).sum(), 1e-14));
}

TEST_CASE(
    "em: bad input is refused by a typed error that names rule, value and place, and nothing is "
    "changed") {
  const latent::EM em;
  latent::RowMatrix<double> x = many_rounds();
  x(4321, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<latent::DataError>([&] { em.fit(start(), x); }),
             latent_test::contains("NaN at row 4321, column 1"));
  x(17, 0) = -std::numeric_limits<double>::infinity();
  CHECK_THAT(message_of<latent::DataError>([&] { em.fit(start(), x); }),
             latent_test::contains("-inf at row 17, column 0"));
  CHECK_THAT(message_of<latent::DataError>([&] { start().predict(x); }),
             latent_test::contains("row 17"));
  // NaN in a row of weight 0 is still NaN.
  latent::Vector<double> weights = latent::Vector<double>::Ones(x.rows());
  weights[17] = weights[4321] = 0.0;
  CHECK_THAT(
      message_of<latent::DataError>([&] { em.fit(start(), latent::samples(x).weights(weights)); }),
      latent_test::contains("row 17"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { em.fit(start(), latent::RowMatrix<double>(0, 2)); }),
             latent_test::contains("at least one row; got 0 x 2"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { em.fit(start(), latent::RowMatrix<double>(5, 0)); }),
             latent_test::contains("at least one column"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { em.fit(start(), latent::RowMatrix<double>::Ones(5, 3)); }),
             latent_test::contains("2; got 5 x 3"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::EM{.max_iterations = -1}.fit(start(), rounds()); }),
             latent_test::contains("max_iterations must not be negative; got -1"));
  for (const double tolerance :
       {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THAT(message_of<latent::InvalidArgument>(
                   [&] { latent::EM{.tolerance = tolerance}.fit(start(), rounds()); }),
               latent_test::contains("tolerance"));

  Coins bad = start();
  bad.weights = Eigen::Vector2d(0.5, 0.6);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, rounds()); }),
             latent_test::contains("sum to 1; got 1.1"));
  bad.weights = Eigen::Vector2d(1.5, -0.5);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, rounds()); }),
             latent_test::contains("weights(1) = -0.5"));
  bad.weights = Eigen::Vector3d(0.2, 0.3, 0.5);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, rounds()); }),
             latent_test::contains("3 weights for 2 components"));
  bad = start();
  bad.family.probability[1] = 1.5;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, rounds()); }),
             latent_test::contains("probability(1) = 1.5"));
  bad = start();
  bad.concentration = 0.5;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, rounds()); }),
             latent_test::contains("concentration"));
  bad = start();
  bad.family.prior = {0.5, 1.0};
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, rounds()); }),
             latent_test::contains("Beta prior"));
}

TEST_CASE("em: a Dirichlet prior on the weights pulls them together, and enters the objective") {
  Coins plain = start();
  Coins with_prior = start();
  with_prior.concentration = 100.0;
  const auto free = latent::EM{}.fit(plain, many_rounds());
  const auto held = latent::EM{}.fit(with_prior, many_rounds());
  CHECK(held.report.converged());
  CHECK(std::abs(held.model.weights[0] - 0.5) < std::abs(free.model.weights[0] - 0.5));
  for (std::size_t i = 1; i < held.report.trace.size(); ++i)
    CHECK(held.report.trace[i].objective >= held.report.trace[i - 1].objective - 1e-9);
  const auto& last = held.report.trace.back();
  CHECK(close(last.objective - last.log_likelihood,
              99 * (std::log(held.model.weights[0]) + std::log(held.model.weights[1])), 1e-9));
}

TEST_CASE("em: inputs keep their bits") {
  const latent::RowMatrix<double> x = many_rounds();
  const latent::RowMatrix<double> copy = x;
  const Coins model = start();
  latent::EM{.max_iterations = 3}.fit(model, x);
  model.predict(x);
  CHECK(same_bits(x, copy));
  CHECK(same_bits(model.family.probability, start().family.probability));
}
