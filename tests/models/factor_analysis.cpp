// Factor analysis: the equations of its limit, recovery, and Heywood cases.
#include "latent/models/factor_analysis.hpp"

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>

#include "latent/em/em.hpp"
#include "models/linear_reference.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::same_bits;
using linear_reference::FA;
using linear_reference::made;

namespace {

Eigen::MatrixXd covariance_of(const RowMatrix<double>& x) {
  const RowMatrix<double> centred = x.rowwise() - x.colwise().mean();
  return centred.transpose() * centred / static_cast<double>(x.rows());
}

}  // namespace

TEST_CASE("factor analysis: at the limit the likelihood equations hold") {
  const RowMatrix<double> x = made<FA>().sample(400, 1);
  const auto fit = latent::EM{.max_iterations = 6000, .tolerance = 0}.fit(FA::start(x, 2, 2), x);
  CHECK(fit.report.status == latent::Status::max_iterations);
  const Eigen::MatrixXd s = covariance_of(x);
  const Eigen::MatrixXd c = fit.model.covariance();
  // Joereskog 1967: diag(S) = diag(C), and S C^-1 W = W.
  CHECK(close_matrix(c.diagonal(), s.diagonal(), 1e-9));
  CHECK(close_matrix(s * c.inverse() * fit.model.loadings, fit.model.loadings, 1e-9));
  CHECK(close_matrix(fit.model.mean, x.colwise().mean().transpose(), 1e-12));
  const double n = 400;
  const double exact =
      -0.5 * n *
      (6 * std::log(2 * std::numbers::pi) + std::log(c.determinant()) + (c.inverse() * s).trace());
  CHECK(close(fit.log_likelihood, exact, 1e-12));
  CHECK(fit.model.free_parameters() == 6 + 12 + 6 - 1);
}

TEST_CASE("factor analysis: a simulated model is recovered, gaps or not") {
  const FA truth = made<FA>();
  constexpr Index n = 20000;
  for (const double share : {0.0, 0.2}) {
    const RowMatrix<double> x = linear_reference::with_gaps(truth.sample(n, 3), share, 4);
    const auto fit = latent::EM{.tolerance = 1e-9}.fit(FA::start(x, 2, 5), x);
    CHECK(fit.report.converged());
    // Standard errors are near sqrt(2/n) = 1 % of a variance, and more where a fifth is missing.
    CHECK(close_matrix(fit.model.covariance(), truth.covariance(), 0.05));
    for (Index j = 0; j < 6; ++j) {
      CHECK(close(fit.model.noise_variances[j], truth.noise_variances[j], 0.15));
      CHECK(std::abs(fit.model.communalities()[j] - truth.communalities()[j]) < 0.05);
    }
  }
}

TEST_CASE("factor analysis: a column in other units has its loadings in them, bit for bit") {
  const RowMatrix<double> x = linear_reference::with_gaps(made<FA>().sample(2500, 6), 0.1, 7);
  RowMatrix<double> scaled = x;
  scaled.col(1) *= 1024.0;
  scaled.col(4) *= 0x1p-30;
  const latent::EM em{.max_iterations = 30, .tolerance = 0};
  const FA one = em.fit(FA::start(x, 2, 8), x).model;
  const FA other = em.fit(FA::start(scaled, 2, 8), scaled).model;
  RowMatrix<double> expected = one.loadings;
  expected.row(1) *= 1024.0;
  expected.row(4) *= 0x1p-30;
  CHECK(same_bits(other.loadings, expected));
  CHECK(same_bits(other.transform(scaled), one.transform(x)));
}

TEST_CASE("factor analysis: Heywood cases meet the floor, are noted, and stay finite") {
  // Two columns that agree but for a hundredth, and noise: one factor would explain them whole.
  RowMatrix<double> x(120, 4);
  latent::Random random(9);
  for (Index i = 0; i < 120; ++i) {
    const double common = random.normal();
    x(i, 0) = common;
    x(i, 1) = 3.0 * common + 0.01 * random.normal();
    x(i, 2) = 0.5 * common + random.normal();
    x(i, 3) = random.normal();
  }
  const auto fit = latent::EM{.max_iterations = 3000, .tolerance = 0}.fit(FA::start(x, 2, 1), x);
  CHECK(fit.report.status == latent::Status::degenerate);
  CHECK_THAT(fit.report.notes.back().message,
             latent_test::contains("the noise variance of column"));
  CHECK(fit.model.parameters().allFinite());
  const Eigen::MatrixXd s = covariance_of(x);
  double least = 1.0;
  for (Index j = 0; j < 4; ++j) {
    const double share = fit.model.noise_variances[j] / s(j, j);
    CHECK(share >= 0.005 * (1 - 1e-12));
    least = std::min(least, share);
  }
  CHECK(close(least, 0.005, 1e-10));

  FA bare = FA::start(x, 2, 1);
  bare.floor = 0.0;
  x.col(2).setConstant(1e6);
  x.col(1) = 2.0 * x.col(0);
  for (const FA& start : {FA::start(x, 3, 1), bare}) {
    const auto hard = latent::EM{.max_iterations = 2000, .tolerance = 0}.fit(start, x);
    CHECK(hard.model.parameters().allFinite());
    CHECK(std::isfinite(hard.log_likelihood));
  }
}

TEST_CASE("factor analysis: spreads that differ by 1e8 do no harm") {
  RowMatrix<double> x = made<FA>().sample(500, 10);
  x.col(1) *= 1e8;
  const auto fit = latent::EM{.max_iterations = 500, .tolerance = 0}.fit(FA::start(x, 2, 1), x);
  CHECK(fit.report.status == latent::Status::max_iterations);
  CHECK(fit.report.iterations == 500);
}

TEST_CASE("factor analysis: parameters have names") {
  const FA model(Eigen::Vector2d(1, 2), RowMatrix<double>{{3}, {4}}, Eigen::Vector2d(5, 6));
  const std::vector<std::string> names = model.parameter_names();
  CHECK(names == std::vector<std::string>{"mean(0)", "mean(1)", "loading(0,0)", "loading(1,0)",
                                          "noise_variance(0)", "noise_variance(1)"});
  CHECK(static_cast<Index>(names.size()) == model.parameters().size());
}
