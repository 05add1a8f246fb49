// A few components of many: packed products, and an iteration in place of the full decomposition.
#include <algorithm>
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

// Of moderate decay, about an offset.
RowMatrix<double> rows_of(Index n, Index d, double offset) {
  latent::Random random{7};
  const Index m = std::min<Index>(40, std::min(n, d));
  RowMatrix<double> x =
      latent_test::normal_rows(n, m, 1) * latent_test::normal_rows(d, m, 2).transpose() / 50.0;
  for (Index i = 0; i < x.size(); ++i) x.data()[i] += offset + random.normal();
  return x;
}

double orthonormality(const Eigen::MatrixXd& v) {
  return (v.transpose() * v - Eigen::MatrixXd::Identity(v.cols(), v.cols())).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("pca few: a few components are those of the accurate solver, tall and wide") {
  const bool tall = GENERATE(true, false);
  const bool standardize = GENERATE(false, true);
  const RowMatrix<double> x = tall ? rows_of(1300, 130, 100.0) : rows_of(130, 1300, 100.0);
  Eigen::VectorXd w(x.rows());
  for (Index i = 0; i < w.size(); ++i) w[i] = static_cast<double>(i % 3);
  const auto data = latent::samples(x).weights(w);
  const auto fast = PCA{.keep = 10, .standardize = standardize}.fit(data).model;
  const auto exact =
      PCA{.keep = 10, .solver = PCASolver::svd, .standardize = standardize}.fit(data).model;
  CHECK(fast.solver() == (tall ? PCASolver::covariance : PCASolver::gram));
  CHECK((fast.singular_values() - exact.singular_values()).cwiseAbs().maxCoeff() <=
        1e-12 * exact.singular_values()[0]);
  CHECK((fast.projection() - exact.projection()).cwiseAbs().maxCoeff() <= 1e-8);
  CHECK(orthonormality(fast.projection()) <= 10 * 1300 * eps);
  CHECK((fast.mean() - exact.mean()).cwiseAbs().maxCoeff() <= 8 * eps * 100);
  CHECK((fast.parts().unit - exact.parts().unit).norm() <= 1e-12);
  CHECK(fast.noise_variance() == Approx(exact.noise_variance()).epsilon(1e-11));
  CHECK((fast.explained_variance_ratio() - exact.explained_variance_ratio()).norm() <= 1e-12);
}

TEST_CASE("pca few: all components of packed products too, and by share of variance") {
  const bool tall = GENERATE(true, false);
  const RowMatrix<double> x = tall ? rows_of(400, 100, -3.0) : rows_of(100, 400, -3.0);
  const PCASolver solver = tall ? PCASolver::covariance : PCASolver::gram;
  const auto fast = PCA{.solver = solver}.fit(x).model;
  const auto exact = PCA{.solver = PCASolver::svd}.fit(x).model;
  CHECK(fast.rank() == exact.rank());
  CHECK((fast.singular_values() - exact.singular_values()).head(99).cwiseAbs().maxCoeff() <=
        1e-12 * exact.singular_values()[0]);
  CHECK(orthonormality(fast.projection()) <= 10 * 400 * eps);
  CHECK(
      PCA{.keep = latent::VarianceRatio{0.5}, .solver = solver}.fit(x).model.components() ==
      PCA{.keep = latent::VarianceRatio{0.5}, .solver = PCASolver::svd}.fit(x).model.components());
}

TEST_CASE("pca few: the same bits for any executor, storage order and alignment") {
  const bool tall = GENERATE(true, false);
  const RowMatrix<double> x = tall ? rows_of(9000, 100, 10.0) : rows_of(100, 3000, 10.0);
  const PCA pca{.keep = 7};
  const auto serial = pca.fit(x, latent::Serial{}).model;
  const auto same = [&](const latent::PCAModel<double>& model) {
    CHECK(latent_test::same_bits(model.projection(), serial.projection()));
    CHECK(latent_test::same_bits(model.parts().deviation, serial.parts().deviation));
    CHECK(latent_test::same_bits(model.parts().mean, serial.parts().mean));
  };
  for (const int threads : {1, 2, 3, 8}) same(pca.fit(x, latent::Threads{threads}).model);
  same(pca.fit(Eigen::MatrixXd(x)).model);
  Eigen::VectorXd buffer(x.size() + 8);
  for (Index shift = 1; shift < 8; shift += 3) {
    Eigen::Map<RowMatrix<double>> moved(buffer.data() + shift, x.rows(), x.cols());
    moved = x;
    same(pca.fit(moved).model);
  }
  same(pca.fit(latent::samples(x).weights(Eigen::VectorXd::Ones(x.rows()))).model);
  // A power of two as scale changes no bit of the axes.
  CHECK(latent_test::same_bits(pca.fit(RowMatrix<double>(x * 0x1p-560)).model.projection(),
                               serial.projection()));
}

TEST_CASE("pca few: float data agree with the same numbers in double, about 1e3") {
  const bool tall = GENERATE(true, false);
  const RowMatrix<float> x =
      (tall ? rows_of(4000, 120, 1e3) : rows_of(120, 4000, 1e3)).cast<float>();
  const auto single = PCA{.keep = 8}.fit(x).model;
  const auto exact = PCA{.keep = 8, .solver = PCASolver::svd}.fit(x.cast<double>()).model;
  for (Index j = 0; j < 8; ++j)
    CHECK(static_cast<double>(single.singular_values()[j]) ==
          Approx(exact.singular_values()[j]).epsilon(1e-5));
  const Eigen::MatrixXd v = single.projection().cast<double>();
  const Eigen::MatrixXd u = exact.projection();
  CHECK((v - u * (u.transpose() * v)).cwiseAbs().maxCoeff() <= 1e-5);
}

TEST_CASE("pca few: small components of float data are found by double products") {
  // Deviations 10^(-0.4 j), turned so that no column is small by itself: the squares of the tenth,
  // 6e-8 of the first, are what products in float round by.
  RowMatrix<double> base = latent_test::normal_rows(600, 120, 5);
  for (Index j = 0; j < 120; ++j)
    base.col(j) *= std::pow(10.0, -0.4 * static_cast<double>(std::min<Index>(j, 12)));
  const Eigen::VectorXd mirror = Eigen::VectorXd::LinSpaced(120, 1.0, 2.0).normalized();
  const RowMatrix<double> turned = base - 2.0 * (base * mirror) * mirror.transpose();
  const RowMatrix<float> x = turned.cast<float>();
  const auto single = PCA{.keep = 10}.fit(x).model;
  const auto exact = PCA{.keep = 10, .solver = PCASolver::svd}.fit(x.cast<double>()).model;
  CHECK(single.solver() == PCASolver::covariance);  // not the slow way round
  CHECK(single.rank() >= 10);
  for (Index j = 0; j < 10; ++j) {
    // The noise floor of squares in double, against the component.
    const double share = exact.singular_values()[j] / exact.singular_values()[0];
    CHECK(static_cast<double>(single.singular_values()[j]) ==
          Approx(exact.singular_values()[j]).epsilon(600 * eps / (share * share) + 4 * 6e-8));
  }
}

TEST_CASE("pca few: more equal variances than a step has vectors are all found") {
  // Variances 9 twenty times, then 1, exactly: cosines of whole periods.
  const Index n = 512;
  const Index d = 128;
  RowMatrix<double> x(n, d);
  const double pi = 3.14159265358979323846;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < d; ++j)
      x(i, j) = (j < 20 ? 3.0 : 1.0) *
                std::cos(pi * (static_cast<double>(i) + 0.5) * static_cast<double>(j + 1) / 512.0);
  const auto model = PCA{.keep = 20}.fit(x).model;
  const double variance = 9.0 * 256.0 / 511.0;
  CHECK((model.explained_variance().array() - variance).abs().maxCoeff() <= 1e-12);
  CHECK(model.projection().bottomRows(108).cwiseAbs().maxCoeff() <= 1e-9);
  CHECK(model.noise_variance() == Approx(variance / 9.0).epsilon(1e-11));
}

TEST_CASE("pca few: a first look that misleads costs time, not digits") {
  // Sorted data, a column that begins constant, and one outlier of 1e30.
  RowMatrix<double> x = rows_of(3000, 70, 0.0);
  for (Index i = 0; i < 3000; ++i) {
    x(i, 0) = static_cast<double>(i);
    x(i, 1) = i < 2990 ? 5.0 : 6.0;
    x(i, 2) = 7.0;
  }
  x(2999, 3) = 1e30;
  const auto fast = PCA{.keep = 2, .standardize = true}.fit(x).model;
  const auto exact = PCA{.keep = 2, .solver = PCASolver::svd, .standardize = true}.fit(x).model;
  CHECK((fast.singular_values() - exact.singular_values()).norm() <=
        1e-12 * exact.singular_values()[0]);
  CHECK((fast.projection() - exact.projection()).cwiseAbs().maxCoeff() <= 1e-9);
  CHECK(fast.projection().row(2).norm() <= 1e-12);

  // What the look finds hardly counts: every eleventh of 3000 rows lies 1e6 away, and has no weight
  // to speak of. About those rows, squares would keep 4 of 16 digits.
  RowMatrix<double> y = rows_of(3000, 70, 0.0);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(3000);
  for (Index i = 0; i < 3000; i += 11) {
    y.row(i).array() += 1e6;
    w[i] = 1e-14;
  }
  const auto data = latent::samples(y).weights(w);
  const Eigen::VectorXd found = PCA{.keep = 5}.fit(data).model.explained_variance();
  const Eigen::VectorXd right =
      PCA{.keep = 5, .solver = PCASolver::svd}.fit(data).model.explained_variance();
  CHECK((found - right).cwiseAbs().maxCoeff() <= 1e-11 * right[0]);
}

TEST_CASE("pca few: NaN is found in packed data, with its place") {
  for (const bool tall : {true, false}) {
    RowMatrix<double> x = tall ? rows_of(700, 80, 1.0) : rows_of(80, 700, 1.0);
    x(71, 79) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(PCA{.keep = 3}.fit(x), latent_test::contains("NaN at row 71, column 79"));
    Eigen::VectorXd w = Eigen::VectorXd::Ones(x.rows());
    w[71] = 0.0;
    CHECK_THROWS_WITH(PCA{.keep = 3}.fit(latent::samples(x).weights(w)),
                      latent_test::contains("NaN at row 71, column 79"));
    // A row that does not count may hold what would overflow.
    x(71, 79) = 1e308;
    CHECK(PCA{.keep = 3}.fit(latent::samples(x).weights(w)).report.converged());
  }
}

TEST_CASE("pca few: scales of 1e-170 and 1e160, and columns that differ by 1e300") {
  const bool tall = GENERATE(true, false);
  const RowMatrix<double> x = tall ? rows_of(500, 100, 2.0) : rows_of(100, 500, 2.0);
  const auto base = PCA{.keep = 4}.fit(x).model;
  for (const double scale : {1e-170, 1e160}) {
    const auto model = PCA{.keep = 4}.fit(RowMatrix<double>(scale * x)).model;
    CHECK((model.projection() - base.projection()).cwiseAbs().maxCoeff() <= 1e-10);
    CHECK((model.singular_values() / scale - base.singular_values()).norm() <=
          1e-11 * base.singular_values()[0]);
  }
  RowMatrix<double> uneven = x;
  uneven.col(0) *= 1e150;
  uneven.col(1) *= 1e-150;
  const auto plain = PCA{.keep = 4, .standardize = true}.fit(x).model;
  const auto scaled = PCA{.keep = 4, .standardize = true}.fit(uneven).model;
  CHECK((scaled.projection() - plain.projection()).cwiseAbs().maxCoeff() <= 1e-9);
}
