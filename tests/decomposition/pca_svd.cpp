// The accurate solver, and how `automatic` comes to it.
#include <cmath>
#include <string>

#include "latent/decomposition/pca.hpp"
#include "latent/decomposition/small_svd.hpp"
#include "latent/decomposition/svd_solver.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::PCA;
using latent::PCASolver;
using latent::RowMatrix;
using latent_test::eps;

namespace {

// n x d with orthonormal columns, of mean 0 where asked.
Eigen::MatrixXd orthonormal(Index n, Index d, std::uint64_t seed, bool centred) {
  Eigen::MatrixXd q = latent_test::normal_rows(n, d, seed);
  for (int pass = 0; pass < 3; ++pass) {
    for (Index j = 0; j < d; ++j) {
      if (centred) q.col(j).array() -= q.col(j).mean();
      for (Index k = 0; k < j; ++k) q.col(j) -= q.col(k).dot(q.col(j)) * q.col(k);
      q.col(j).normalize();
    }
  }
  return q;
}

Eigen::MatrixXd with_spectrum(Index n, Index d, const Eigen::VectorXd& sigma, std::uint64_t seed) {
  const Index m = sigma.size();
  return orthonormal(n, m, seed, true) * sigma.asDiagonal() *
         orthonormal(d, m, seed + 1, false).transpose();
}

Eigen::VectorXd decades(Index count) {
  Eigen::VectorXd sigma(count);
  for (Index j = 0; j < count; ++j) sigma[j] = std::pow(10.0, -2.0 * static_cast<double>(j));
  return sigma;
}

double orthonormality(const Eigen::MatrixXd& v) {
  return (v.transpose() * v - Eigen::MatrixXd::Identity(v.cols(), v.cols())).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("pca svd: Laeuchli's matrix is met to 4 eps, and by automatic as well as it says") {
  const double e = GENERATE(1e-3, 1e-5, 1e-7, 1e-9, 1e-10);
  Eigen::MatrixXd x(4, 3);
  x << 1, 1, 1, e, 0, 0, 0, e, 0, 0, 0, e;
  const double sigma[3] = {1.5 - e / 2, e, e};
  for (const PCASolver solver : {PCASolver::svd, PCASolver::automatic}) {
    const auto [model, report] = PCA{.solver = solver}.fit(x);
    CHECK(report.converged());
    CHECK(model.rank() == 3);
    for (Index j = 0; j < 3; ++j)
      CHECK(std::abs(model.singular_values()[j] - sigma[j]) <=
            (model.solver() == PCASolver::svd ? 4 * eps * 1.5 : 1e-4 * sigma[j]));
    CHECK(model.solver() ==
          (solver == PCASolver::svd || e < 2e-6 ? PCASolver::svd : PCASolver::covariance));
    CHECK(orthonormality(model.projection()) <= 40 * eps);
  }
}

TEST_CASE("pca svd: a spectrum of decades is met to 10 eps of the largest, tall and wide") {
  const Index n = GENERATE(60, 9);
  const Index d = n == 60 ? 7 : 50;
  const Eigen::VectorXd sigma = decades(7);
  const Eigen::MatrixXd x = with_spectrum(n, d, sigma, 5);
  for (const PCASolver solver : {PCASolver::svd, PCASolver::automatic}) {
    const auto [model, report] = PCA{.keep = 7, .solver = solver}.fit(x);
    CHECK(report.converged());
    CHECK(model.solver() == PCASolver::svd);
    CHECK(model.rank() == 7);
    for (Index j = 0; j < 7; ++j)
      CHECK(std::abs(model.singular_values()[j] - sigma[j]) <= 10 * eps);
    CHECK(orthonormality(model.projection()) <= 10 * 60 * eps);
    // Rows and their scores agree in every direction, the smallest ones too.
    const Eigen::MatrixXd z = model.transform(x);
    for (Index j = 0; j < 7; ++j) CHECK(std::abs(z.col(j).norm() - sigma[j]) <= 64 * eps);
  }
}

TEST_CASE("pca svd: far from the origin the spectrum is that of the stored numbers") {
  // Integers about 2^40: centring them is exact, so the same rows about 0 are the reference.
  const double offset = std::ldexp(1.0, 40);
  const Eigen::MatrixXd x = (16.0 * latent_test::normal_rows(64, 6, 3)).array().round();
  const auto here = PCA{.solver = PCASolver::svd}.fit(x).model;
  const auto there = PCA{.solver = PCASolver::svd}.fit(Eigen::MatrixXd(x.array() + offset)).model;
  CHECK((here.singular_values() - there.singular_values()).cwiseAbs().maxCoeff() <=
        32 * eps * here.singular_values()[0]);
}

TEST_CASE("pca svd: scale, weights and standardizing are those of the covariance") {
  const double scale = GENERATE(1e-170, 1.0, 1e160);
  const bool standardize = GENERATE(false, true);
  const bool tall = GENERATE(false, true);
  const Eigen::MatrixXd x = scale * (tall ? latent_test::normal_rows(40, 7, 2, 5.0)
                                          : latent_test::normal_rows(20, 30, 2));
  Eigen::VectorXd w(x.rows());
  for (Index i = 0; i < w.size(); ++i) w[i] = static_cast<double>(i % 4);
  const auto source = latent::samples(x).weights(w);
  const auto svd =
      PCA{.keep = 6, .solver = PCASolver::svd, .standardize = standardize}.fit(source).model;
  const auto covariance =
      PCA{.keep = 6, .solver = PCASolver::covariance, .standardize = standardize}.fit(source).model;
  CHECK(svd.rank() == covariance.rank());
  CHECK((svd.projection() - covariance.projection()).cwiseAbs().maxCoeff() <= 1e-10);
  CHECK((svd.singular_values() - covariance.singular_values()).cwiseAbs().maxCoeff() <=
        1e-12 * covariance.singular_values()[0]);
  CHECK((svd.mean() - covariance.mean()).cwiseAbs().maxCoeff() <= 4 * eps * 9 * scale);
}

TEST_CASE("pca svd: the same bits for any executor and storage order, tall and wide") {
  const bool tall = GENERATE(true, false);
  const Eigen::MatrixXd x = tall ? latent_test::normal_rows(9000, 40, 3, 20.0)
                                 : latent_test::normal_rows(30, 5000, 3, 20.0);
  const PCA pca{.keep = 12, .solver = PCASolver::svd};
  const auto serial = pca.fit(x, latent::Serial{}).model;
  for (const int threads : {1, 2, 3, 8}) {
    const auto model = pca.fit(x, latent::Threads{threads}).model;
    CHECK(latent_test::same_bits(model.projection(), serial.projection()));
    CHECK(latent_test::same_bits(model.parts().deviation, serial.parts().deviation));
  }
  CHECK(latent_test::same_bits(pca.fit(RowMatrix<double>(x)).model.projection(),
                               serial.projection()));
}

TEST_CASE("pca svd: all rows, their scores and axes make up the data at every shape") {
  const Index n = GENERATE(2, 3, 10, 257);
  const Index d = GENERATE(1, 2, 5, 33);
  const Eigen::MatrixXd x = latent_test::normal_rows(n, d, 77);
  const auto model = PCA{.solver = PCASolver::svd}.fit(x).model;
  CHECK(model.components() == std::min(n, d));
  CHECK(model.rank() == std::min(n - 1, d));
  const double size = static_cast<double>(std::max(n, d));
  CHECK(orthonormality(model.projection()) <= 10 * size * eps);
  const Eigen::MatrixXd centred = x.rowwise() - x.colwise().mean();
  CHECK((model.inverse_transform(model.transform(x)) - x).norm() <=
        35 * size * eps * std::max(centred.norm(), x.norm()));
}

TEST_CASE("pca svd: data of low rank have that rank, and their whitened scores are of size 1") {
  const Eigen::MatrixXd x =
      latent_test::normal_rows(1000, 2, 1) * latent_test::normal_rows(10, 2, 2).transpose();
  for (const PCASolver solver : {PCASolver::svd, PCASolver::automatic}) {
    const auto [model, report] = PCA{.solver = solver, .whiten = true}.fit(x);
    CHECK(model.rank() == 2);
    CHECK(report.status == latent::Status::degenerate);
    CHECK(model.transform(x).cwiseAbs().maxCoeff() < 10.0);
    CHECK(orthonormality(model.projection()) <= 10 * 1000 * eps);
  }
}

TEST_CASE("pca: automatic stays with squares where they are safe, and says what it took") {
  const Eigen::MatrixXd x = latent_test::normal_rows(50, 6, 9);
  const auto plain = PCA{}.fit(x);
  CHECK(plain.model.solver() == PCASolver::covariance);
  CHECK(plain.report.notes.empty());
  CHECK(plain.model.noise_floor() ==
        Approx(std::sqrt(50 * eps) * plain.model.singular_values()[0]).epsilon(1e-12));
  CHECK(PCA{.keep = 4}.fit(Eigen::MatrixXd(x.topRows(5))).model.solver() == PCASolver::gram);
  const Eigen::MatrixXd steep = with_spectrum(60, 7, decades(7), 5);
  CHECK(PCA{.keep = 2}.fit(steep).model.solver() == PCASolver::covariance);
  const auto careful = PCA{.keep = 4}.fit(steep);
  CHECK(careful.model.solver() == PCASolver::svd);
  REQUIRE(careful.report.notes.size() == 1);
  CHECK(careful.report.notes[0].message.find("solver svd") != std::string::npos);
  CHECK(careful.report.notes[0].value == Approx(60 * eps).epsilon(1e-3));
}

TEST_CASE("householder_r: R'R is the cross product, whatever the shape") {
  const Index m = GENERATE(1, 5, 40, 100);
  const Index d = GENERATE(1, 7, 33, 70);
  RowMatrix<double> a = latent_test::normal_rows(m, d, 4);
  const Eigen::MatrixXd expected = a.transpose() * a;
  const RowMatrix<double> r = latent::detail::householder_r(a);
  CHECK(r.rows() == std::min(m, d));
  CHECK((Eigen::MatrixXd(r.transpose() * r) - expected).norm() <=
        16 * eps * std::sqrt(static_cast<double>(m)) * expected.norm());
  for (Index i = 0; i < r.rows(); ++i)
    for (Index j = 0; j < i; ++j) CHECK(r(i, j) == 0.0);
}

TEST_CASE("right_singular: values of size 1e-15 beside 1 keep their digits in a graded matrix") {
  RowMatrix<double> r = RowMatrix<double>::Zero(3, 3);
  r(0, 0) = 1.0;
  r(1, 1) = 1e-12;
  r(2, 2) = 1e-15;
  const auto svd = latent::detail::right_singular(r);
  CHECK(svd.values[1] == Approx(1e-12).epsilon(1e-12));
  CHECK(svd.values[2] == Approx(1e-15).epsilon(1e-12));
}
