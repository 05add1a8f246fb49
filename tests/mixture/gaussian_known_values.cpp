// Gaussian mixtures: values known in closed form, and what float sums are worth.
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "latent/gaussian_mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Covariance;
using latent::Gaussian;
using latent::Index;
using latent::Mixture;
using latent::RowMatrix;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();

template <class S>
auto statistics_of(const Mixture<Gaussian<Covariance::full, S>>& model, const RowMatrix<S>& x) {
  return latent::expected_statistics(model, x, latent::Serial{}).family;
}

RowMatrix<float> three_clouds(Index n, Index d) {
  RowMatrix<float> x(n, d);
  const latent::Random stream(9, latent::Purpose::sampling);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    for (Index j = 0; j < d; ++j)
      x(i, j) = static_cast<float>(random.normal() + 6.0 * static_cast<double>((i + j) % 3));
  }
  return x;
}

}  // namespace

TEST_CASE("gaussian known values: the density of N(0, I) at 0 is 1 / (2 pi)") {
  const Mixture<Gaussian<>> one{Eigen::VectorXd::Ones(1),
                                Gaussian<>::isotropic(RowMatrix<double>::Zero(1, 2), 1.0)};
  const double found = one.log_density(RowMatrix<double>::Zero(1, 2))[0];
  CHECK(std::abs(std::exp(found) - 0.159154943091895) <= 1e-15);
  CHECK(std::abs(found + std::log(2.0 * std::numbers::pi)) <= 4.0 * eps);
}

TEST_CASE("gaussian known values: parameters of two components in five columns") {
  const RowMatrix<double> means = RowMatrix<double>::Zero(2, 5);
  const auto count = [&](Covariance form) {
    return Mixture<latent::GaussianFamily<double>>{
        Eigen::Vector2d(0.5, 0.5), latent::GaussianFamily<double>::isotropic(form, means, 1.0)}
        .free_parameters();
  };
  CHECK(count(Covariance::spherical) == 13);
  CHECK(count(Covariance::diagonal) == 21);
  CHECK(count(Covariance::tied) == 26);
  CHECK(count(Covariance::full) == 41);
}

TEST_CASE("gaussian known values: a row 1e5 deviations away is shared, and its density is finite") {
  RowMatrix<double> means(2, 2);
  means << 0, 0, 1, 0;
  const Mixture<Gaussian<>> model{Eigen::Vector2d(0.5, 0.5), Gaussian<>::isotropic(means, 1.0)};
  RowMatrix<double> far(2, 2);
  far << 0.5, 1e5, -1e5, 0;
  const RowMatrix<double> r = model.responsibilities(far);
  CHECK(std::abs(r(0, 0) - 0.5) <= 4.0 * eps);
  for (Index i = 0; i < 2; ++i) CHECK(std::abs(r.row(i).sum() - 1.0) <= 4.0 * eps);
  CHECK(r(1, 0) == 1.0);
  // -x^2 / 2 = -5e9; the rest is of the size of 1.
  CHECK(std::abs(model.log_density(far)[1] + 5e9) <= 10.0);
}

TEST_CASE("gaussian known values: a density above 1 makes a positive log-likelihood") {
  const RowMatrix<double> x = 1e-6 * RowMatrix<double>::Random(50, 2);
  const auto fit = latent::GaussianMixture<>{.components = 1}.fit(x);
  CHECK(fit.log_likelihood > 50.0);
  CHECK(fit.report.trace.back().log_likelihood == fit.log_likelihood);
}

TEST_CASE(
    "gaussian known values: covariances are symmetric to the bit, and inverted by the factor") {
  const RowMatrix<double> x = three_clouds(600, 7).cast<double>();
  const auto fit = latent::GaussianMixture<>{.components = 3}.fit(x);
  for (Index k = 0; k < 3; ++k) {
    const Eigen::MatrixXd covariance = fit.model.family.covariance(k);
    CHECK(covariance == covariance.transpose());
    const RowMatrix<double> factor = fit.model.family.cholesky_factor(k);
    const Eigen::MatrixXd back = factor * factor.transpose();
    CHECK((back - covariance).cwiseAbs().maxCoeff() <=
          16.0 * eps * covariance.cwiseAbs().maxCoeff());
  }
}

// Hilbert's matrices, 1 / (i + j + 1): det = c(n)^4 / c(2 n) with c(n) = prod_{i < n} i!, and the
// entries of the inverse sum to n^2 (Choi 1983).
TEST_CASE("gaussian known values: Hilbert's covariances to their condition numbers") {
  const double condition[] = {1.6e4, 1.5e7, 1.6e10};
  for (const Index d : {4, 6, 8}) {
    RowMatrix<double> hilbert(d, d);
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j < d; ++j) hilbert(i, j) = 1.0 / static_cast<double>(i + j + 1);
    const Gaussian<> family(RowMatrix<double>::Zero(1, d), std::vector<Eigen::MatrixXd>{hilbert});
    const Mixture<Gaussian<>> one{Eigen::VectorXd::Ones(1), family};
    const auto log_c = [](Index n) {
      double sum = 0.0;
      for (Index i = 1; i < n; ++i) sum += std::lgamma(static_cast<double>(i + 1));
      return sum;
    };
    const double log_determinant = 4.0 * log_c(d) - log_c(2 * d);
    const double at_mean = one.log_density(RowMatrix<double>::Zero(1, d))[0];
    const double half = 0.5 * static_cast<double>(d) * std::log(2.0 * std::numbers::pi);
    const double allowed = 16.0 * eps * condition[d / 2 - 2];
    INFO("d = " << d);
    CHECK(std::abs(-2.0 * (at_mean + half) - log_determinant) <= allowed);
    const double at_ones = one.log_density(RowMatrix<double>::Ones(1, d))[0];
    const double mahalanobis = 2.0 * (at_mean - at_ones);
    const double exact = static_cast<double>(d * d);
    CHECK(std::abs(mahalanobis - exact) <= allowed * exact);
  }
}

TEST_CASE("gaussian known values: sums of float rows are exact before the first M-step") {
  const RowMatrix<float> x = three_clouds(300, 6);
  RowMatrix<float> means = x.topRows(3);
  const Mixture<Gaussian<Covariance::full, float>> narrow{
      Eigen::VectorXd::Constant(3, 1.0 / 3.0),
      Gaussian<Covariance::full, float>::isotropic(means, 1.0)};
  const auto labelled = latent::samples(x).labels(
      latent::Labels::LinSpaced(300, 0, 299).unaryExpr([](int i) { return i % 3; }));
  const Mixture<Gaussian<>> wide{narrow.weights, Gaussian<>::isotropic(means.cast<double>(), 1.0)};
  const auto wide_rows =
      latent::samples(RowMatrix<double>(x.cast<double>()))
          .labels(latent::Labels::LinSpaced(300, 0, 299).unaryExpr([](int i) { return i % 3; }));
  const auto a = latent::expected_statistics(narrow, labelled, latent::Serial{});
  const auto b = latent::expected_statistics(wide, wide_rows, latent::Serial{});
  CHECK(latent_test::same_bits(a.n, b.n));
  const double scale = b.family.scatter.cwiseAbs().maxCoeff();
  CHECK((a.family.scatter - b.family.scatter).cwiseAbs().maxCoeff() <= 300.0 * eps * scale);
}

TEST_CASE("gaussian known values: sums in float move a fit by float's rounding") {
  const RowMatrix<float> x = three_clouds(6000, 6);
  const RowMatrix<double> wide = x.cast<double>();
  const latent::EM em{.max_iterations = 5, .tolerance = 0};
  const auto start = latent::GaussianMixture<>{.components = 3, .max_iterations = 0}.fit(wide);
  const Mixture<Gaussian<Covariance::full, float>> narrow{
      start.model.weights,
      Gaussian<Covariance::full, float>::isotropic(start.model.family.means.cast<float>(), 1.0)};
  const Mixture<Gaussian<>> same{
      start.model.weights,
      Gaussian<>::isotropic(RowMatrix<double>(narrow.family.means.cast<double>()), 1.0)};
  const auto a = em.fit(narrow, x);
  const auto b = em.fit(same, wide);
  for (Index k = 0; k < 3; ++k) {
    const Eigen::MatrixXd exact = b.model.family.covariance(k);
    const double gap = (a.model.family.covariance(k).cast<double>() - exact).cwiseAbs().maxCoeff();
    CHECK(gap <= 1e-5 * exact.cwiseAbs().maxCoeff());
  }
}
