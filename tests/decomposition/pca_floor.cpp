// What squaring the data costs, and that the fit says so.
#include <limits>

#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::PCA;
using latent::PCASolver;

namespace {

const double eps = std::numeric_limits<double>::epsilon();

// n x d with orthonormal columns of mean 0.
Eigen::MatrixXd centred_orthonormal(Index n, Index d, std::uint64_t seed) {
  Eigen::MatrixXd q = latent_test::normal_rows(n, d, seed);
  for (int pass = 0; pass < 2; ++pass) {
    for (Index j = 0; j < d; ++j) {
      q.col(j).array() -= q.col(j).mean();
      for (Index k = 0; k < j; ++k) q.col(j) -= q.col(k).dot(q.col(j)) * q.col(k);
      q.col(j).normalize();
    }
  }
  return q;
}

}  // namespace

TEST_CASE("pca: Laeuchli's matrix is met to the noise floor, which the report gives") {
  const double e = GENERATE(1e-3, 1e-5, 1e-7, 1e-9);
  Eigen::MatrixXd x(4, 3);
  x << 1, 1, 1, e, 0, 0, 0, e, 0, 0, 0, e;
  const double sigma[3] = {1.5 - e / 2, e, e};
  const double floor = std::sqrt(4 * eps) * sigma[0];
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto [model, report] = PCA{.solver = solver}.fit(x);
    for (Index j = 0; j < 3; ++j)
      CHECK(std::abs(model.singular_values()[j] - sigma[j]) <= (j == 0 ? 8 * eps : floor));
    if (e < floor) {
      CHECK(model.rank() == 1);
      CHECK(report.status == latent::Status::degenerate);
      CHECK(report.notes.at(0).value == Approx(floor).epsilon(1e-6));
    } else {
      CHECK(model.rank() == 3);
      CHECK(report.converged());
    }
  }
}

TEST_CASE("pca: a spectrum of decades is met to the floor, and nothing below it is reported") {
  const double offset = GENERATE(0.0, 1e4);
  const Index n = 60;
  const Index d = 7;
  Eigen::VectorXd sigma(d);
  for (Index j = 0; j < d; ++j) sigma[j] = std::pow(10.0, -2.0 * static_cast<double>(j));
  const Eigen::MatrixXd q = centred_orthonormal(n, d, 5);
  Eigen::MatrixXd v = centred_orthonormal(d + 1, d, 6).topRows(d);
  for (int pass = 0; pass < 2; ++pass) {
    for (Index j = 0; j < d; ++j) {
      for (Index k = 0; k < j; ++k) v.col(j) -= v.col(k).dot(v.col(j)) * v.col(k);
      v.col(j).normalize();
    }
  }
  const Eigen::MatrixXd x = (q * sigma.asDiagonal() * v.transpose()).array() + offset;
  const double floor = std::sqrt(60 * eps);
  const double rounding = 60 * eps * (offset + 1.0);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto [model, report] = PCA{.solver = solver}.fit(x);
    CHECK(report.status == latent::Status::degenerate);
    CHECK(model.rank() == 4);
    for (Index j = 0; j < d; ++j)
      CHECK(std::abs(model.singular_values()[j] - sigma[j]) <= floor + rounding);
    // Well above the floor the error is floor^2 / sigma.
    for (Index j = 0; j < 3; ++j)
      CHECK(std::abs(model.singular_values()[j] - sigma[j]) <=
            2 * floor * floor / sigma[j] + rounding);
  }
}

TEST_CASE("pca: scales of 1e-170 and 1e160 give the same components") {
  const double scale = GENERATE(1e-170, 1e160);
  const Eigen::MatrixXd x = latent_test::normal_rows(30, 4, 3, 2.0);
  const Eigen::MatrixXd scaled = scale * x;
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto base = PCA{.solver = solver}.fit(x).model;
    const auto [model, report] = PCA{.solver = solver}.fit(scaled);
    CHECK(report.converged());
    CHECK((model.projection() - base.projection()).cwiseAbs().maxCoeff() <= 1e-12);
    CHECK((model.singular_values() / scale - base.singular_values()).norm() <= 1e-11);
    CHECK((model.explained_variance_ratio() - base.explained_variance_ratio()).norm() <= 1e-13);
    const auto whitened = PCA{.solver = solver, .whiten = true}.fit(scaled).model;
    CHECK((whitened.transform(scaled) -
           PCA{.solver = solver, .whiten = true}.fit(x).model.transform(x))
              .norm() <= 1e-10);
    if (scale > 1.0)
      CHECK_THROWS_AS(model.explained_variance(), latent::DataError);
    else
      CHECK(model.explained_variance().maxCoeff() == 0.0);
    // The density knows the scale: D log(scale).
    CHECK(PCA{.keep = 2}.fit(scaled).model.score(scaled) ==
          Approx(PCA{.keep = 2}.fit(x).model.score(x) - 4 * std::log(scale)).epsilon(1e-12));
  }
}

TEST_CASE("pca: a huge constant column hides no other") {
  Eigen::MatrixXd x = latent_test::normal_rows(30, 3, 3);
  const auto base = PCA{.keep = 2}.fit(x.leftCols(2)).model;
  x.col(2).setConstant(1e200);
  const auto model = PCA{.keep = 2}.fit(x).model;
  CHECK((model.explained_variance() - base.explained_variance()).norm() <= 1e-13);
  CHECK(model.projection().row(2).norm() <= 4 * eps);
}

TEST_CASE("pca: standardized columns may differ by hundreds of orders of magnitude") {
  Eigen::MatrixXd x = latent_test::normal_rows(40, 3, 3, 1.0);
  const auto base = PCA{.keep = 3, .standardize = true}.fit(x).model;
  x.col(0) *= std::ldexp(1.0, 900);
  x.col(2) *= std::ldexp(1.0, -900);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto model = PCA{.solver = solver, .standardize = true}.fit(x).model;
    CHECK((model.projection() - base.projection()).cwiseAbs().maxCoeff() <= 1e-11);
    CHECK((model.explained_variance() - base.explained_variance()).norm() <= 1e-13);
  }
}

TEST_CASE("pca: whitening data of low rank gives scores below 10, not 1e5") {
  const Eigen::MatrixXd x =
      latent_test::normal_rows(1000, 2, 1) * latent_test::normal_rows(10, 2, 2).transpose();
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto [model, report] = PCA{.solver = solver, .whiten = true}.fit(x);
    CHECK(model.rank() == 2);
    CHECK(report.status == latent::Status::degenerate);
    CHECK(model.transform(x).cwiseAbs().maxCoeff() < 10.0);
    CHECK(model.transform(x).rightCols(8).cwiseAbs().maxCoeff() == 0.0);
  }
  const Eigen::MatrixXf single = x.cast<float>();
  const auto model = PCA{.whiten = true}.fit(single).model;
  CHECK(model.rank() == 2);
  CHECK(model.transform(single).cwiseAbs().maxCoeff() < 10.0f);
}
