// The randomized solver: a block Krylov space of the centred rows.
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/SparseCore>

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

// Rows that sum to 0, x = q diag(sigma), with orthonormal columns of cosines in q (n x sigma.size()).
RowMatrix<double> cosines_of(Index n, const Eigen::VectorXd& sigma) {
  const double pi = 3.14159265358979323846;
  RowMatrix<double> x(n, sigma.size());
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < sigma.size(); ++j)
      x(i, j) = sigma[j] * std::sqrt(2.0 / static_cast<double>(n)) *
                std::cos(pi * (static_cast<double>(i) + 0.5) * static_cast<double>(j + 1) /
                         static_cast<double>(n));
  return x;
}

// The rows times I - 2 h h' / h'h: singular values stay.
RowMatrix<double> reflected(const RowMatrix<double>& x) {
  latent::Random random{4};
  Eigen::VectorXd h(x.cols());
  for (double& value : h) value = random.normal();
  return x - (x * h) * (2.0 / h.squaredNorm()) * h.transpose();
}

RowMatrix<double> sparse_rows(Index n, Index d) {
  latent::Random random{3};
  RowMatrix<double> x = RowMatrix<double>::Zero(n, d);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < d; ++j)
      if (random.below(8) == 0)
        x(i, j) = random.normal() * std::pow(0.9, static_cast<double>(j)) + 0.3;
  return x;
}

double orthonormality(const Eigen::MatrixXd& v) {
  return (v.transpose() * v - Eigen::MatrixXd::Identity(v.cols(), v.cols())).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("pca randomized: a slow decay is met to 1e-2 by default, and to 1e-8 where asked") {
  Eigen::VectorXd sigma = Eigen::VectorXd::Zero(500);
  for (Index j = 0; j <= 250; ++j) sigma[j] = static_cast<double>(500 - j);
  const RowMatrix<double> x = reflected(cosines_of(1000, sigma));
  const double accuracy = GENERATE(1e-3, 1e-8);
  const auto [model, report] =
      PCA{.keep = 50, .solver = PCASolver::randomized, .accuracy = accuracy}.fit(x);
  CHECK(report.converged());
  CHECK(model.solver() == PCASolver::randomized);
  CHECK(model.components() == 50);
  for (Index j = 0; j < 50; ++j)
    CHECK(std::abs(model.singular_values()[j] / sigma[j] - 1.0) <= (accuracy < 1e-6 ? 1e-8 : 1e-2));
  CHECK(orthonormality(model.projection()) <= 10 * 1000 * eps);
  // What is not kept is known from the total.
  CHECK(model.noise_variance() * 450 * 999 ==
        Approx(sigma.tail(450).squaredNorm()).epsilon(accuracy < 1e-6 ? 1e-8 : 1e-2));
}

TEST_CASE("pca randomized: the values are those of svd where the spectrum falls") {
  const bool standardize = GENERATE(false, true);
  const double scale = GENERATE(1e-170, 1.0, 1e160);
  Eigen::VectorXd sigma(60);
  for (Index j = 0; j < 60; ++j) sigma[j] = std::pow(0.8, static_cast<double>(j));
  RowMatrix<double> x = reflected(cosines_of(3000, sigma));
  x.rowwise() += Eigen::RowVectorXd::LinSpaced(60, -1.0, 2.0);
  x *= scale;
  Eigen::VectorXd w(3000);
  for (Index i = 0; i < w.size(); ++i) w[i] = static_cast<double>(i % 3);
  const auto data = latent::samples(x).weights(w);
  const auto fast =
      PCA{.keep = 5, .solver = PCASolver::randomized, .standardize = standardize, .accuracy = 1e-8}
          .fit(data)
          .model;
  const auto exact =
      PCA{.keep = 5, .solver = PCASolver::svd, .standardize = standardize}.fit(data).model;
  CHECK((fast.singular_values() - exact.singular_values()).cwiseAbs().maxCoeff() <=
        1e-9 * exact.singular_values()[0]);
  CHECK((fast.projection() - exact.projection()).cwiseAbs().maxCoeff() <= 1e-5);
  CHECK((fast.explained_variance_ratio() - exact.explained_variance_ratio()).norm() <= 1e-9);
}

TEST_CASE("pca randomized: the same bits for any executor, other bits for another seed") {
  const Eigen::MatrixXd x = latent_test::normal_rows(9000, 60, 3, 20.0);
  const PCA pca{.keep = 4, .solver = PCASolver::randomized};
  const auto serial = pca.fit(x, latent::Serial{}).model;
  for (const int threads : {1, 2, 3, 8})
    CHECK(latent_test::same_bits(pca.fit(x, latent::Threads{threads}).model.projection(),
                                 serial.projection()));
  CHECK(latent_test::same_bits(pca.fit(RowMatrix<double>(x)).model.projection(),
                               serial.projection()));
  PCA other = pca;
  other.seed = 1;
  const auto model = other.fit(x).model;
  CHECK(!latent_test::same_bits(model.projection(), serial.projection()));
  CHECK(model.singular_values()[0] == Approx(serial.singular_values()[0]).epsilon(1e-3));
}

TEST_CASE("pca randomized: fewer rows than columns, and every component that there is") {
  const Eigen::MatrixXd x = latent_test::normal_rows(12, 300, 3, 5.0);
  const auto fast = PCA{.keep = 12, .solver = PCASolver::randomized}.fit(x);
  const auto exact = PCA{.keep = 12, .solver = PCASolver::svd}.fit(x).model;
  CHECK(fast.model.rank() == 11);
  CHECK(fast.report.status == latent::Status::degenerate);
  CHECK((fast.model.singular_values() - exact.singular_values()).cwiseAbs().maxCoeff() <=
        1e-12 * exact.singular_values()[0]);
  CHECK(orthonormality(fast.model.projection()) <= 10 * 300 * eps);
}

TEST_CASE("pca randomized: data without variance, and of low rank") {
  const auto flat =
      PCA{.keep = 2, .solver = PCASolver::randomized}.fit(Eigen::MatrixXd::Constant(6, 4, 0.1));
  CHECK(flat.model.rank() == 0);
  CHECK(flat.report.status == latent::Status::degenerate);
  CHECK(orthonormality(flat.model.projection()) <= 40 * eps);
  const Eigen::MatrixXd low =
      latent_test::normal_rows(300, 2, 1) * latent_test::normal_rows(80, 2, 2).transpose();
  const auto model = PCA{.keep = 6, .solver = PCASolver::randomized, .whiten = true}.fit(low).model;
  CHECK(model.rank() == 2);
  CHECK(model.transform(low).cwiseAbs().maxCoeff() < 10.0);
  CHECK(model.noise_variance() == 0.0);
}

TEST_CASE("pca randomized: sparse rows are centred without being filled in") {
  const RowMatrix<double> x = sparse_rows(2500, 70);
  const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = x.sparseView();
  const Eigen::VectorXd w = Eigen::VectorXd::LinSpaced(2500, 0.0, 2.0);
  const bool standardize = GENERATE(false, true);
  const PCA pca{
      .keep = 5, .solver = PCASolver::randomized, .standardize = standardize, .accuracy = 1e-6};
  const auto a = pca.fit(latent::samples(sparse).weights(w)).model;
  const auto b = pca.fit(latent::samples(x).weights(w)).model;
  CHECK((a.singular_values() - b.singular_values()).cwiseAbs().maxCoeff() <=
        1e-9 * b.singular_values()[0]);
  CHECK((a.explained_variance_ratio() - b.explained_variance_ratio()).norm() <= 1e-9);
  for (const int threads : {1, 2, 3, 8})
    CHECK(latent_test::same_bits(
        pca.fit(latent::samples(sparse).weights(w), latent::Threads{threads}).model.projection(),
        a.projection()));
  // Far from the origin entries alone would lose digits: rows are centred then.
  const RowMatrix<double> moved = x.array() + 1e6;
  const RowMatrix<double> stored = moved.array() - 1e6;
  const Eigen::SparseMatrix<double, Eigen::RowMajor> far = moved.sparseView();
  CHECK((pca.fit(far).model.singular_values() - pca.fit(stored).model.singular_values())
            .cwiseAbs()
            .maxCoeff() <= 1e-9 * b.singular_values()[0]);
}

TEST_CASE("pca randomized: automatic takes it for a few components of large sparse data") {
  latent::Random random{9};
  std::vector<Eigen::Triplet<double>> entries;
  for (int i = 0; i < 1500; ++i) {
    for (int k = 0; k < 12; ++k)
      entries.emplace_back(i, static_cast<int>(random.below(1100)), 0.1 * random.normal());
    entries.emplace_back(i, i % 5, 3.0 + static_cast<double>(i % 3));
  }
  Eigen::SparseMatrix<double, Eigen::RowMajor> x(1500, 1100);
  x.setFromTriplets(entries.begin(), entries.end());
  const auto [model, report] = PCA{.keep = 4}.fit(x);
  CHECK(report.converged());
  CHECK(model.solver() == PCASolver::randomized);
  REQUIRE(report.notes.size() == 1);
  const auto exact = PCA{.keep = 4, .solver = PCASolver::covariance}.fit(x).model;
  CHECK(exact.solver() == PCASolver::covariance);
  CHECK((model.singular_values() - exact.singular_values()).cwiseAbs().maxCoeff() <=
        1e-3 * exact.singular_values()[0]);
}

TEST_CASE("pca randomized: options out of range are typed errors") {
  const Eigen::MatrixXd x = latent_test::normal_rows(20, 4, 1);
  for (const double accuracy : {0.0, -1.0, 1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS((PCA{.keep = 2, .solver = PCASolver::randomized, .accuracy = accuracy}.fit(x)),
                    latent::InvalidArgument);
  CHECK_THROWS_WITH(PCA{.solver = PCASolver::randomized}.fit(x),
                    latent_test::contains("number of components"));
  for (const PCASolver solver : {PCASolver::randomized, PCASolver::svd, PCASolver::gram})
    CHECK_THROWS_WITH((PCA{.keep = 2, .solver = solver}.fit(latent::moments(x))),
                      latent_test::contains(to_string(solver)));
  Eigen::MatrixXd bad = x;
  bad(7, 2) = std::numeric_limits<double>::infinity();
  for (const PCASolver solver : {PCASolver::randomized, PCASolver::svd})
    CHECK_THROWS_WITH((PCA{.keep = 2, .solver = solver}.fit(bad)),
                      latent_test::contains("inf at row 7, column 2"));
}
