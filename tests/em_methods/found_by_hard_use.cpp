// What hard use of the engine found, each as a test that failed before.
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "latent/em/incremental.hpp"
#include "latent/em/online.hpp"
#include "latent/gaussian_mixture.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/models/factor_analysis.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Acceleration;
using latent::EM;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::message_of;
using latent_test::same_bits;
using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

namespace {

// Three groups that overlap.
RowMatrix<double> groups(Index n, Index d, std::uint64_t seed, double apart) {
  RowMatrix<double> x(n, d);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(seed).at(static_cast<std::uint64_t>(i));
    for (Index j = 0; j < d; ++j)
      x(i, j) = random.normal() + apart * static_cast<double>((i % 3) * ((j % 2) + 1) % 3);
  }
  return x;
}
Bells bells(double a, double b) {
  RowMatrix<double> means(2, 2);
  means << a, 1, b, 0;
  return {Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(means, 4.0)};
}

// Rows that the first model cannot explain.
Words impossible() {
  RowMatrix<double> p(2, 3);
  p << 0, 0.3, 0.4, 0, 0.6, 0.7;
  return {Eigen::Vector2d(0.5, 0.5), {p}};
}
RowMatrix<double> two_kinds() {
  RowMatrix<double> x(200, 3);
  for (Index i = 0; i < 200; ++i) {
    latent::Random random = latent::Random(5).at(static_cast<std::uint64_t>(i));
    const double p = random.uniform() < 0.5 ? 0.2 : 0.8;
    for (Index j = 0; j < 3; ++j) x(i, j) = random.uniform() < p ? 1 : 0;
  }
  return x;
}

}  // namespace

TEST_CASE("found by hard use: an accelerated fit that has converged is where plain EM stays") {
  for (std::uint64_t seed = 30; seed < 60; ++seed) {
    const RowMatrix<double> y = groups(100, 4, seed, 0.7);
    const auto start = latent::FactorAnalysis<>::start(y, 2, seed);
    for (const auto kind : {Acceleration::squarem, Acceleration::anderson}) {
      const auto fast = EM{.max_iterations = 3000, .acceleration = kind}.fit(start, y);
      if (!fast.report.converged()) continue;
      const auto more = EM{.max_iterations = 2000, .tolerance = 0}.fit(fast.model, y);
      CAPTURE(seed, fast.log_likelihood, more.log_likelihood);
      // What plain EM still gains at its own tolerance of 1e-8 a row is far below this.
      CHECK(more.log_likelihood - fast.log_likelihood < 0.05);
    }
  }
}

TEST_CASE("found by hard use: stopped by an observer wherever, resumed with the same bits") {
  const RowMatrix<double> x = groups(300, 2, 3, 1.5);
  for (const auto kind : {Acceleration::none, Acceleration::squarem, Acceleration::anderson}) {
    const EM em{.max_iterations = 2000, .tolerance = 1e-7, .acceleration = kind};
    const auto whole = em.fit(bells(-1, 2), x);
    REQUIRE(whole.report.converged());
    const Index end = whole.report.iterations;
    for (const Index at : {Index{1}, end / 2, end - 5, end - 3, end - 2, end - 1, end}) {
      if (at < 1) continue;
      const auto part =
          em.fit(bells(-1, 2), x, {}, {}, [&](const auto& view) { return view.index < at; });
      CHECK(part.report.status == latent::Status::stopped);
      const auto rest = em.resume(part, x);
      CHECK(rest.report.iterations == end);
      CHECK(rest.report.status == whole.report.status);
      CHECK(same_bits(rest.model.parameters(), whole.model.parameters()));
    }
  }
}

TEST_CASE("found by hard use: a degenerate end is an end when resumed") {
  RowMatrix<double> x = groups(200, 2, 1, 2.0);
  x.col(1) = 2.0 * x.col(0);
  const EM em;
  const auto fit = em.fit(bells(-1, 2), x);
  CHECK(fit.report.status == latent::Status::degenerate);
  const auto again = em.resume(fit, x);
  CHECK(again.report.status == latent::Status::degenerate);
  CHECK(again.report.iterations == fit.report.iterations);
  CHECK(same_bits(again.model.parameters(), fit.model.parameters()));
}

TEST_CASE("found by hard use: incremental EM does not settle on an impossible pass") {
  const auto fit = latent::IncrementalEM{}.fit(impossible(), two_kinds());
  CHECK(fit.report.converged());
  CHECK(fit.report.iterations > 2);
  CHECK(latent::is_finite(fit.log_likelihood));
}

TEST_CASE("found by hard use: incremental EM keeps what the variants promise") {
  const RowMatrix<double> x = groups(200, 2, 1, 3.0);
  const latent::IncrementalEM options{.parts = 2, .max_passes = 60};
  const latent::Annealed slow{.start = 0.1, .growth = 1.2, .hold = 100000};
  CHECK(options.fit(bells(-3, 3), x, {}, slow).report.status == latent::Status::max_iterations);
  CHECK(options.fit(bells(-3, 3), x, {}, latent::Stochastic{}).report.status ==
        latent::Status::max_iterations);
}

TEST_CASE("found by hard use: a stopped degenerate run does not go before a clean one") {
  RowMatrix<double> x = groups(100, 1, 2, 1.0);
  x(0, 0) = x(1, 0) = x(2, 0) = 50;
  RowMatrix<double> means(2, 1);
  means << 20, 21;
  const Bells clean{Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(means, 400.0)};
  Bells bad = clean;
  means << 0, 50;
  bad.family = latent::Gaussian<>::isotropic(means, 1.0);
  const auto fit = EM{.max_iterations = 3, .tolerance = 0}.fit_best(
      std::vector<Bells>{clean, bad}, x, {}, {},
      [](const auto& view) { return !(view.restart == 1 && view.index == 2); });
  CHECK_FALSE(fit.model.degenerate());
  CHECK(fit.report.status == latent::Status::stopped);
}

namespace {

struct Throwing {
  bool throws = false;
  double zero() const { return 0.0; }
  double expect(const latent::Block<double>& block, double& s) const {
    s += block.weights.sum();
    return -block.weights.sum();
  }
  Throwing maximize(double) const {
    if (throws) throw std::runtime_error("no");
    return *this;
  }
};

struct Unbounded : Throwing {
  double expect(const latent::Block<double>&, double&) const {
    return std::numeric_limits<double>::infinity();
  }
  Unbounded maximize(double) const { return *this; }
};

}  // namespace

TEST_CASE("found by hard use: an M-step that throws leaves online and incremental states alone") {
  const RowMatrix<double> x = RowMatrix<double>::Ones(10, 1);
  const latent::OnlineEM online;
  auto state = online.begin(Throwing{});
  online.update(state, x);
  state.model.throws = true;
  CHECK_THROWS_AS(online.update(state, x), std::runtime_error);
  CHECK(state.weight == 10.0);
  CHECK(state.steps == 1);
  const latent::IncrementalEM incremental;
  auto parts = incremental.begin(Throwing{}, 2);
  incremental.update(parts, 0, x);
  parts.model.throws = true;
  CHECK_THROWS_AS(incremental.update(parts, 1, x), std::runtime_error);
  CHECK(parts.total == 10.0);
  CHECK(parts.steps == 1);
}

TEST_CASE("found by hard use: an infinite log-likelihood is a failure online too, and no NaN") {
  const RowMatrix<double> x = RowMatrix<double>::Ones(10, 1);
  const latent::OnlineEM online;
  auto state = online.begin(Unbounded{});
  const auto step = online.update(state, x);
  CHECK(step.status == latent::Status::numerical_failure);
  CHECK(step.log_likelihood == -std::numeric_limits<double>::infinity());
  CHECK(state.steps == 0);
  const latent::IncrementalEM incremental;
  auto parts = incremental.begin(Unbounded{}, 1);
  CHECK(incremental.update(parts, 0, x) == latent::Status::numerical_failure);
}

TEST_CASE("found by hard use: responsibilities that overflow are refused") {
  const RowMatrix<double> x = groups(20, 2, 3, 1.0);
  CHECK_THAT(message_of<latent::DataError>([&] {
               latent::start_from_responsibilities(bells(-1, 2), x,
                                                   RowMatrix<double>::Constant(20, 2, 1e308));
             }),
             latent_test::contains("overflow"));
}

TEST_CASE(
    "found by hard use: without a floor a covariance that rounding made positive is singular") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const RowMatrix<double> x = groups(40, 2, seed, 2.0);
    const auto fit = latent::GaussianMixture<>{.components = 6, .floor = 0, .seed = seed}.fit(x);
    CHECK(latent::is_finite(fit.log_likelihood));
    CHECK(fit.report.status != latent::Status::numerical_failure);
    for (Index k = 0; k < 6; ++k) {  // no pivot that rounding made
      const auto factor = fit.model.family.cholesky_factor(k);
      for (Index j = 0; j < 2; ++j)
        CHECK(factor(j, j) * factor(j, j) > 1e-11 * factor.row(j).squaredNorm());
    }
  }
}
