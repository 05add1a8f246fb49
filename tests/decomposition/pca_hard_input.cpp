// Input that breaks a careless PCA: offsets, constant columns, very wide rows, the ends of the range.
#include <cmath>
#include <limits>

#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::PCA;
using latent::PCASolver;
using latent::RowMatrix;
using latent_test::eps;

namespace {

constexpr PCASolver all_solvers[] = {PCASolver::automatic, PCASolver::covariance, PCASolver::gram,
                                     PCASolver::svd, PCASolver::randomized};

// n x d with singular values 1, 1e-2, ... 1e-12: cosines that sum to 0, and a reflection of them.
Eigen::MatrixXd decades(Index n, Index d) {
  const double turn = std::acos(-1.0) / static_cast<double>(n);
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(n, d);
  for (Index j = 0; j < 7; ++j)
    for (Index i = 0; i < n; ++i)
      x(i, j) = std::pow(10.0, -2.0 * static_cast<double>(j)) *
                std::sqrt(2.0 / static_cast<double>(n)) *
                std::cos(turn * static_cast<double>(j + 1) * (static_cast<double>(i) + 0.5));
  const Eigen::VectorXd h = Eigen::VectorXd::LinSpaced(d, 1.0, 2.0).normalized();
  return x - 2.0 * (x * h) * h.transpose();
}

}  // namespace

TEST_CASE("pca: a spectrum of decades about 1e4 is met as well as the numbers store it") {
  const Index n = GENERATE(60, 9);
  const Index d = n == 60 ? 7 : 50;
  const double offset = GENERATE(1e4, -1e8);
  const Eigen::MatrixXd moved = decades(n, d).array() + offset;
  const Eigen::MatrixXd stored = moved.array() - offset;  // exact: all lie within a factor of 2
  // What storing them has cost: half a unit in the last place of the offset, each.
  const double rounding = 0.5 * eps * std::abs(offset) * std::sqrt(static_cast<double>(n * d));
  for (const PCASolver solver : {PCASolver::svd, PCASolver::automatic}) {
    const PCA pca{.keep = 7, .solver = solver};
    const Eigen::VectorXd there = pca.fit(moved).model.singular_values();
    const Eigen::VectorXd here = pca.fit(stored).model.singular_values();
    for (Index j = 0; j < 7; ++j) {
      CHECK(std::abs(there[j] - here[j]) <= 10 * eps);
      CHECK(std::abs(there[j] - std::pow(10.0, -2.0 * static_cast<double>(j))) <=
            10 * eps + rounding);
    }
  }
}

TEST_CASE("pca: a spectrum of decades is met at any scale") {
  const double scale = GENERATE(1e-290, 1e-170, 1.0, 1e160, 1e290);
  for (const Index n : {60, 9}) {
    const Eigen::MatrixXd x = scale * decades(n, n == 60 ? 7 : 50);
    const Eigen::VectorXd sigma =
        PCA{.keep = 7, .solver = PCASolver::svd}.fit(x).model.singular_values();
    for (Index j = 0; j < 7; ++j)
      CHECK(std::abs(sigma[j] / scale - std::pow(10.0, -2.0 * static_cast<double>(j))) <= 10 * eps);
  }
}

TEST_CASE("pca: a constant column takes no part, whatever its value, by every solver") {
  const double value = GENERATE(0.1, -1e8 - 0.1, 1e300, 3e-320);
  const Index d = GENERATE(5, 90);  // plain products, and packed ones
  const Eigen::MatrixXd others = latent_test::normal_rows(200, d - 1, 3);
  Eigen::MatrixXd x(200, d);
  x << others.leftCols(2), Eigen::VectorXd::Constant(200, value), others.rightCols(d - 3);
  for (const PCASolver solver : all_solvers) {
    INFO("solver " << to_string(solver));
    const PCA pca{.keep = 4, .solver = solver, .accuracy = 1e-8};
    const auto [model, report] = pca.fit(x);
    const auto without = pca.fit(others).model;
    CHECK(report.converged());
    // A sum of 200 squares, or what was asked of the passes.
    const double amiss = solver == PCASolver::randomized ? 1e-8 : 200 * eps;
    CHECK((model.singular_values() - without.singular_values()).cwiseAbs().maxCoeff() <=
          amiss * without.singular_values()[0]);
    CHECK(std::abs(model.explained_variance_ratio().sum() -
                   without.explained_variance_ratio().sum()) <= amiss);
    CHECK(model.projection().row(2).norm() <= 10 * 200 * eps);
    CHECK(model.mean()[2] == value);
  }
}

TEST_CASE("pca: data that are constant have rank 0 and no NaN, by every solver") {
  const double value = GENERATE(0.0, 0.1, -1e8 - 0.1, 1e300, 3e-320);
  const Index d = GENERATE(3, 90);
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(120, d, value);
  for (const PCASolver solver : all_solvers) {
    INFO("solver " << to_string(solver));
    for (const bool standardize : {false, true}) {
      const auto [model, report] =
          PCA{.keep = 2, .solver = solver, .whiten = true, .standardize = standardize}.fit(x);
      CHECK(report.status == latent::Status::degenerate);
      CHECK(model.rank() == 0);
      CHECK(model.singular_values() == Eigen::Vector2d::Zero());
      CHECK(model.explained_variance_ratio() == Eigen::Vector2d::Zero());
      CHECK(model.noise_variance() == 0.0);
      CHECK(model.transform(x).cwiseAbs().maxCoeff() == 0.0);
      CHECK(model.inverse_transform(model.transform(x)) == x);
      CHECK_THROWS_AS(model.score(x), latent::DataError);
    }
  }
}

TEST_CASE("pca: a million rows of 0.1 have variance exactly 0") {
  // Added up plainly, they have a mean that is 3e-13 off, and with it a variance.
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(1000003, 1, 0.1);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::svd}) {
    const auto model = PCA{.solver = solver}.fit(x).model;
    CHECK(model.mean()[0] == 0.1);
    CHECK(model.explained_variance()[0] == 0.0);
    CHECK(model.explained_variance_ratio()[0] == 0.0);
  }
}

TEST_CASE("pca: three rows of a million columns need nothing of columns times columns") {
  // Such a matrix would be 8 TB. Rows u, -u and v with u'v = 0: the squared singular values are
  // 2 u'u and 2/3 v'v.
  const Index d = Index{1} << 20;
  RowMatrix<double> x(3, d);
  for (Index j = 0; j < d; ++j) {
    x(0, j) = 1.0;
    x(1, j) = -1.0;
    x(2, j) = j % 2 == 0 ? 1.0 : -1.0;
  }
  const double length = 1024.0;
  for (const PCASolver solver :
       {PCASolver::automatic, PCASolver::gram, PCASolver::svd, PCASolver::randomized}) {
    INFO("solver " << to_string(solver));
    const auto [model, report] = PCA{.keep = 3, .solver = solver}.fit(x);
    CHECK(report.status == latent::Status::degenerate);
    CHECK(model.rank() == 2);
    // A sum of 2^20 terms.
    const double rounding = 1024 * eps;
    CHECK(std::abs(model.singular_values()[0] / length - std::sqrt(2.0)) <= rounding);
    CHECK(std::abs(model.singular_values()[1] / length - std::sqrt(2.0 / 3)) <= rounding);
    CHECK(model.singular_values()[2] == 0.0);
    const RowMatrix<double> v = model.projection();
    CHECK((v.col(0).array() - 1 / length).abs().maxCoeff() <= rounding / length);
    CHECK((v.col(1) - x.row(2).transpose() / length).cwiseAbs().maxCoeff() <= rounding / length);
    CHECK(std::abs(v.col(2).norm() - 1.0) <= 10 * static_cast<double>(d) * eps);
    CHECK((v.leftCols(2).transpose() * v.col(2)).cwiseAbs().maxCoeff() <=
          10 * static_cast<double>(d) * eps);
    CHECK_THROWS_AS(model.score(x), latent::DataError);  // no density, and no NaN
  }
}

TEST_CASE("pca: subnormal numbers, and the largest there are, have the axes of their integers") {
  const int exponent = GENERATE(-1074, 1012);
  const Index n = GENERATE(30, 100);
  const Index d = n == 30 ? 5 : 70;  // plain products, and packed ones
  const Eigen::MatrixXd x = (2.0 * latent_test::normal_rows(n, d, 3).array()).round();
  const Eigen::MatrixXd scaled = x.unaryExpr([&](double v) { return std::ldexp(v, exponent); });
  // Of half the least number in the mean, and in a deviation before it is multiplied.
  const double least = std::numeric_limits<double>::denorm_min();
  const double rounding = exponent < 0 ? std::sqrt(static_cast<double>(n)) * least : 0.0;
  for (const PCASolver solver :
       {PCASolver::automatic, PCASolver::covariance, PCASolver::gram, PCASolver::svd}) {
    INFO("solver " << to_string(solver));
    const PCA pca{.keep = 4, .solver = solver};
    const auto base = pca.fit(x).model;
    const auto [model, report] = pca.fit(scaled);
    CHECK(report.converged());
    // Squares are exact to n eps of the largest, axes to that over the gaps, which are above 1/100.
    CHECK((model.projection() - base.projection()).cwiseAbs().maxCoeff() <=
          100 * static_cast<double>(n) * eps);
    if (exponent > 0) CHECK(latent_test::same_bits(model.projection(), base.projection()));
    for (Index j = 0; j < 4; ++j)
      CHECK(std::abs(model.singular_values()[j] -
                     std::ldexp(base.singular_values()[j], exponent)) <= rounding);
  }
}

TEST_CASE("pca: what no number can hold is an error, never inf or NaN") {
  const double most = std::numeric_limits<double>::max();
  Eigen::MatrixXd x(100, 2);
  for (Index i = 0; i < 100; ++i) x.row(i) << (i % 2 == 0 ? most : -most), (i % 2 == 0 ? 1.0 : 0.0);
  for (const PCASolver solver : all_solvers) {
    // With divisor n - 1, the deviation is larger than the largest number.
    CHECK_THROWS_AS((PCA{.keep = 1, .solver = solver}.fit(x)), latent::DataError);
    CHECK_THROWS_WITH((PCA{.keep = 1, .solver = solver, .standardize = true}.fit(x)),
                      latent_test::contains("deviation of column 0 overflows"));
    // Here it is not, but times sqrt(n - 1) it is.
    const Eigen::MatrixXd half = 0.5 * x;
    const auto model = PCA{.keep = 1, .solver = solver}.fit(half).model;
    CHECK_THROWS_AS(model.singular_values(), latent::DataError);
    CHECK(model.transform(half).allFinite());
    const auto unit = PCA{.keep = 1, .solver = solver, .standardize = true}.fit(half).model;
    CHECK(unit.inverse_transform(unit.transform(half)).allFinite());
    CHECK_THROWS_WITH(unit.inverse_transform(Eigen::MatrixXd::Constant(3, 1, 1e6)),
                      latent_test::contains("overflows in rows 0 to 2"));
  }
  CHECK_THROWS_AS(PCA{}.fit(latent::moments(x)), latent::DataError);
}
