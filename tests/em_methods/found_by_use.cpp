// Defects that hard use found once: each has its test.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "latent/bernoulli_mixture.hpp"
#include "latent/coins.hpp"
#include "latent/gaussian_mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::message_of;

namespace {

RowMatrix<double> blobs() {
  RowMatrix<double> x(60, 2);
  latent::Random random(1);
  for (Index i = 0; i < 60; ++i)
    for (Index j = 0; j < 2; ++j) x(i, j) = (i < 30 ? 0.0 : 8.0) + random.normal();
  return x;
}

// A family whose M-step counts its calls, and that misbehaves from the second on.
struct Trick : latent::Binomial<double> {
  int calls = 0;
  bool impossible = false;
  double prior_then = 0.0;

  const Trick& prepare() const { return *this; }
  void log_density(const Eigen::Ref<const RowMatrix<double>>& x, RowMatrix<double>& out) const {
    latent::Binomial<double>::log_density(x, out);
    if (impossible && calls >= 2) out.row(0).setConstant(-std::numeric_limits<double>::infinity());
  }
  Trick maximize(const latent::Vector<double>& n, const RowMatrix<double>& s) const {
    Trick next = *this;
    next.probability = latent::Binomial<double>::maximize(n, s).probability;
    ++next.calls;
    return next;
  }
  double log_prior() const { return calls >= 2 ? prior_then : 0.0; }
};

latent::EMFit<latent::Mixture<Trick>> run(const Trick& family) {
  const auto rounds = latent::tosses({"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH"});
  latent::Mixture<Trick> model{Eigen::Vector2d(0.5, 0.5), family};
  model.family.probability = Eigen::Vector2d(0.6, 0.5);
  return latent::EM{.max_iterations = 20, .tolerance = 0}.fit(model, rounds);
}

}  // namespace

TEST_CASE("found by use: a label too large is refused by every fit, before any work") {
  const auto x = blobs();
  latent::Labels y = latent::Labels::Constant(60, -1);
  y[3] = 500000;
  CHECK_THAT(message_of<latent::DataError>(
                 [&] { latent::GaussianMixture<>{}.fit(latent::samples(x).labels(y)); }),
             latent_test::contains("labels(3) = 500000"));
  CHECK_THROWS_AS(latent::GaussianMixture<>{}.start(latent::samples(x).labels(y)),
                  latent::DataError);
  const RowMatrix<double> bits = (x.array() > 4).cast<double>().matrix();
  CHECK_THROWS_AS(latent::BernoulliMixture{}.fit(latent::samples(bits).labels(y)),
                  latent::DataError);
}

TEST_CASE("found by use: wide labels do not wrap into valid ones") {
  const auto x = blobs();
  using Wide = Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>;
  using Unsigned = Eigen::Matrix<unsigned, Eigen::Dynamic, 1>;
  CHECK_THROWS_AS(latent::samples(x).labels(Wide::Constant(60, std::int64_t{1} << 32)),
                  latent::DataError);
  CHECK_THROWS_AS(latent::samples(x).labels(Unsigned::Constant(60, ~0u)), latent::DataError);
  CHECK(latent::samples(x).labels(Wide::Constant(60, 7)).label(59) == 7);
}

TEST_CASE("found by use: a prior that excludes 0 and 1 is not defeated by rounding") {
  RowMatrix<float> b(1000, 3);
  for (Index i = 0; i < 1000; ++i)
    b.row(i) << 1.0f, static_cast<float>(i % 2), static_cast<float>(i / 2 % 2);
  for (const auto rule : {latent::Convergence::log_likelihood, latent::Convergence::q_function}) {
    const auto fit =
        latent::BernoulliMixture{.smoothing = 1e-10, .restarts = 1, .convergence = rule}.fit(b);
    CHECK(fit.report.converged());
    for (const auto& step : fit.report.trace) {
      CHECK(latent::is_finite(step.objective));
      CHECK(latent::is_finite(step.change));
    }
    CHECK(fit.model.family.probability.maxCoeff() < 1.0f);
  }
}

TEST_CASE(
    "found by use: a fall to -inf is not monotone, and a prior that is no number is a failure") {
  Trick impossible;
  impossible.impossible = true;
  const auto fell = run(impossible);
  CHECK(fell.report.status == latent::Status::not_monotone);
  CHECK(latent::is_finite(fell.log_likelihood));
  CHECK(fell.model.family.calls == 1);
  for (const double prior :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Trick broken;
    broken.prior_then = prior;
    const auto fit = run(broken);
    CHECK(fit.report.status == latent::Status::numerical_failure);
    for (const auto& step : fit.report.trace) CHECK(latent::is_finite(step.objective));
  }
  Trick zero_prior;
  zero_prior.prior_then = -std::numeric_limits<double>::infinity();
  CHECK(run(zero_prior).report.status == latent::Status::not_monotone);
}

TEST_CASE("found by use: one row at the end of the number range does not spoil its neighbours") {
  Eigen::Matrix2d c;
  c << 1e-4, 0.9e-4, 0.9e-4, 1e-4;
  RowMatrix<double> means(2, 2);
  means << 0, 0, 1, 1;
  const latent::Mixture<latent::Gaussian<>> model{Eigen::Vector2d(0.25, 0.75),
                                                  latent::Gaussian<>(means, {c, c})};
  RowMatrix<double> far(3, 2);
  far << 0, 0, 1, 1, 1e308, 1e308;
  const auto r = model.responsibilities(far);
  CHECK(r(0, 0) == 1.0);
  CHECK(r(1, 1) == 1.0);
  CHECK(r(2, 0) == 0.25);
  CHECK(latent::is_negative_infinity(model.log_likelihood(far)));
  CHECK_FALSE(latent::is_nan(model.icl(far)));
  // With weight 0 it is as if it were not there.
  const RowMatrix<double> two = far.topRows(2);
  CHECK(model.log_likelihood(latent::samples(far).weights(Eigen::Vector3d(1, 1, 0))) ==
        model.log_likelihood(two));
}

TEST_CASE("found by use: a start below its own floor is no failure of the M-step") {
  RowMatrix<double> x(40, 1);
  x << RowMatrix<double>::Zero(20, 1), RowMatrix<double>::Ones(20, 1);
  const latent::Mixture<latent::Gaussian<>> start{
      Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(Eigen::Vector2d(0, 1), 1e-14)};
  const auto fit = latent::EM{}.fit(start, x);
  CHECK(fit.report.status == latent::Status::degenerate);
  CHECK(fit.model.family.covariance(0)(0, 0) > 1e-12);
}

TEST_CASE("found by use: a start that met the floor is reported, even without an iteration") {
  const auto fit = latent::GaussianMixture<>{.components = 2, .max_iterations = 0}.fit(
      RowMatrix<double>::Ones(10, 2));
  CHECK(fit.report.status == latent::Status::degenerate);
  CHECK_FALSE(fit.report.notes.empty());
}

TEST_CASE(
    "found by use: float data of any ordinary size fit, and weights that float cannot hold are "
    "refused") {
  const RowMatrix<float> x = blobs().cast<float>();
  const auto plain = latent::GaussianMixture<>{}.fit(x);
  for (const int power : {-83, 83}) {
    const RowMatrix<float> scaled = x * std::ldexp(1.0f, power);
    const auto fit = latent::GaussianMixture<>{}.fit(scaled);
    CHECK(fit.model.predict(scaled) == plain.model.predict(x));
  }
  for (const double weight : {1e39, 1e-46}) {
    const latent::Vector<double> weights = latent::Vector<double>::Constant(60, weight);
    CHECK_THAT(message_of<latent::DataError>(
                   [&] { latent::GaussianMixture<>{}.fit(latent::samples(x).weights(weights)); }),
               latent_test::contains("weights of a float model"));
  }
}

TEST_CASE("found by use: criteria of no rows are refused, not minus infinity") {
  const auto fit = latent::GaussianMixture<>{}.fit(blobs());
  const RowMatrix<double> none(0, 2);
  CHECK_THROWS_AS(fit.model.aic(none), latent::InvalidArgument);
  CHECK_THROWS_AS(fit.model.bic(none), latent::InvalidArgument);
  CHECK_THROWS_AS(fit.model.icl(none), latent::InvalidArgument);
}

TEST_CASE("found by use: options are refused in the user's words, before any work") {
  const RowMatrix<double> bits = RowMatrix<double>::Ones(10, 2);
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::BernoulliMixture{.smoothing = -0.5}.fit(bits); }),
             latent_test::contains("smoothing must be finite and not negative; got -0.5"));
  RowMatrix<double> bad = blobs();
  bad(7, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<latent::DataError>([&] { latent::GaussianMixture<>{}.fit(bad); }),
             latent_test::contains("GaussianMixture: data must be finite"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::GaussianMixture<>{.tolerance = -1}.fit(bad); }),
             latent_test::contains("tolerance"));
}

TEST_CASE(
    "found by use: scaling all weights by a power of two changes no bit of a fit from random "
    "rows") {
  RowMatrix<double> counts(200, 2);
  for (Index i = 0; i < 200; ++i)
    counts.row(i) << static_cast<double>(i % 9), static_cast<double>(8 - i % 9);
  latent::Vector<double> weights(200);
  for (Index i = 0; i < 200; ++i) weights[i] = 1.0 + static_cast<double>(i % 3);
  const latent::Vector<double> scaled = weights * 1024.0;
  const latent::BinomialMixture options{.restarts = 2, .max_iterations = 10};
  const auto a = options.fit(latent::samples(counts).weights(weights));
  const auto b = options.fit(latent::samples(counts).weights(scaled));
  CHECK(latent_test::same_bits(a.model.parameters(), b.model.parameters()));
}

TEST_CASE("lower bound: the gap is finite where responsibilities were cut to zero") {
  RowMatrix<double> means(2, 1);
  means << 0, 100;
  using Bells = latent::Mixture<latent::Gaussian<>>;
  const Bells apart{Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(means, 1.0)};
  means << 0, 0;
  const Bells together{Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(means, 1.0)};
  const RowMatrix<double> x = RowMatrix<double>::Zero(1, 1);
  const auto bound = latent::lower_bound(apart, together, x);
  CHECK(latent::is_finite(bound.gap));
  CHECK(latent_test::close_on(5000.0, bound.bound + bound.gap, bound.log_likelihood, 1e-13));
}

namespace {

// A range whose strings exist while they are looked at: thirty heads, then forty.
struct Spoken {
  struct Iterator {
    std::size_t heads;
    std::string operator*() const { return std::string(heads, 'H'); }
    Iterator& operator++() {
      heads += 10;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return heads != other.heads; }
  };
  Iterator begin() const { return {30}; }
  Iterator end() const { return {50}; }
};

}  // namespace

TEST_CASE("found by reading: tosses of strings that live for a moment only") {
  const auto counts = latent::tosses(Spoken{});
  REQUIRE(counts.rows() == 2);
  CHECK(counts(0, 0) == 30);
  CHECK(counts(1, 0) == 40);
}

TEST_CASE("found by reading: labels and weights may be expressions, evaluated once") {
  const RowMatrix<double> x = blobs();
  const Eigen::MatrixXd a = Eigen::MatrixXd::Ones(60, 2);
  CHECK(latent::samples(x).weights(a * Eigen::Vector2d(1, 2)).weight(5) == 3.0);
  CHECK(latent::samples(x).labels(Eigen::VectorXi::Ones(60) * 2).label(59) == 2);
}

TEST_CASE("found by reading: parameters of another shape are refused by every question") {
  auto model = latent::GaussianMixture<>{}.fit(blobs()).model;
  model.family.means = RowMatrix<double>::Zero(3, 2);
  model.weights = Eigen::Vector3d(0.2, 0.3, 0.5);
  CHECK_THROWS_AS(model.predict(blobs()), latent::InvalidArgument);
  CHECK_THROWS_AS(model.log_density(blobs()), latent::InvalidArgument);
  CHECK_THROWS_AS(model.responsibilities(blobs()), latent::InvalidArgument);
  CHECK_THROWS_AS(model.log_likelihood(blobs()), latent::InvalidArgument);
}

TEST_CASE(
    "found by laws: a constant column under means that start elsewhere is floored, not lost") {
  for (const double away : {0.0, 1.0, 100.0}) {
    RowMatrix<double> x(200, 2);
    latent::Random random(3);
    for (Index i = 0; i < 200; ++i) {
      x(i, 0) = -0.1;
      x(i, 1) = random.normal() + 3.0 * static_cast<double>(i % 2);
    }
    RowMatrix<double> means(2, 2);
    means << -0.1 + away, 0.2, -0.1 - away, 2.5;
    const latent::Mixture<latent::Gaussian<>> start{Eigen::Vector2d(0.5, 0.5),
                                                    latent::Gaussian<>::isotropic(means, 1.0)};
    const auto fit = latent::EM{.max_iterations = 50, .tolerance = 0}.fit(start, x);
    CHECK(fit.report.status == latent::Status::degenerate);
    CHECK(fit.report.iterations == 50);
    // The floor is relative to the column that varies.
    CHECK(fit.model.family.covariance(0)(0, 0) > 1e-12);
  }
}

TEST_CASE("found by laws: rounding of rows that are nearly certain is no fall") {
  RowMatrix<double> x(2, 3);
  x << 1, 0, 1, 1, 0, 1;
  RowMatrix<double> p(2, 3);
  p << 0.9, 0.2, 0.7, 0.6, 0.3, 0.8;
  for (Index iterations = 1; iterations < 60; ++iterations) {
    const auto fit = latent::EM{.max_iterations = iterations, .tolerance = 0}.fit(
        latent::Mixture<latent::Bernoulli<double>>{Eigen::Vector2d(0.4, 0.6),
                                                   {p, {1.0 + 1e-12, 1.0}}},
        x);
    CHECK(fit.report.status == latent::Status::max_iterations);
  }
}
