#include <algorithm>
#include <limits>

#include "latent/decomposition/gram_solver.hpp"
#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::PCA;
using latent::PCASolver;
using latent::VarianceRatio;

namespace {

const double eps = std::numeric_limits<double>::epsilon();

double orthonormality(const Eigen::MatrixXd& v) {
  return (v.transpose() * v - Eigen::MatrixXd::Identity(v.cols(), v.cols())).cwiseAbs().maxCoeff();
}

// The largest difference between the projectors onto two spans of orthonormal columns.
double between(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (b - a * (a.transpose() * b)).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("pca: gram and covariance find the same components") {
  const Index n = GENERATE(10, 33, 257);
  const Eigen::MatrixXd x = latent_test::normal_rows(n, 33, 3, 10.0);
  const Index keep = std::min<Index>(n - 1, 33);
  const auto gram = PCA{.keep = keep, .solver = PCASolver::gram}.fit(x).model;
  const auto covariance = PCA{.keep = keep, .solver = PCASolver::covariance}.fit(x).model;
  CHECK((gram.explained_variance() - covariance.explained_variance()).cwiseAbs().maxCoeff() <=
        1e-13 * covariance.explained_variance()[0]);
  CHECK(between(gram.projection(), covariance.projection()) <= 1e-8);
  CHECK((gram.transform(x) - covariance.transform(x)).cwiseAbs().maxCoeff() <= 1e-9);
  CHECK(orthonormality(gram.projection()) <= 10 * 257 * eps);
  CHECK(gram.rank() == covariance.rank());
}

TEST_CASE("pca: rows are centred exactly, also about 1e12") {
  const Eigen::MatrixXd moved = latent_test::normal_rows(9, 40, 3, 1e12);
  const Eigen::MatrixXd stored = moved.array() - 1e12;
  for (const PCASolver solver : {PCASolver::gram, PCASolver::covariance}) {
    const auto there = PCA{.keep = 8, .solver = solver}.fit(moved).model;
    const auto here = PCA{.keep = 8, .solver = solver}.fit(stored).model;
    CHECK((there.explained_variance() - here.explained_variance()).cwiseAbs().maxCoeff() <=
          1e-12 * here.explained_variance()[0]);
  }
}

TEST_CASE("pca: rows far away that weigh nothing cost no digits, wherever they stand") {
  const Index n = 80;
  Eigen::MatrixXd x = latent_test::normal_rows(n, 200, 3, 5.0);
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(n);
  const Index shift = GENERATE(0, 5);
  for (Index i = shift; i < n; i += 10) {
    x.row(i).array() += 1e10;
    weights[i] = 1e-30;  // 1e-30 (1e10)^2 is nothing beside the others' variance
  }
  const auto data = latent::samples(x).weights(weights);
  const auto gram = PCA{.keep = 10, .solver = PCASolver::gram}.fit(data).model;
  weights = (weights.array() < 1.0).select(0.0, weights);
  const auto others = latent::samples(x).weights(weights);
  const auto svd = PCA{.keep = 10, .solver = PCASolver::svd}.fit(others).model;
  CHECK((gram.explained_variance() - svd.explained_variance()).cwiseAbs().maxCoeff() <=
        1e-8 * svd.explained_variance()[0]);
  CHECK((gram.mean() - svd.mean()).cwiseAbs().maxCoeff() <= 1e-12);
}

TEST_CASE("pca: three rows of 2000 columns have two components and orthonormal axes") {
  const Eigen::MatrixXd x = latent_test::normal_rows(3, 2000, 5, 7.0);
  const auto [model, report] = PCA{}.fit(x);
  CHECK(report.status == latent::Status::degenerate);
  CHECK(model.components() == 3);
  CHECK(model.rank() == 2);
  CHECK(model.explained_variance()[1] > 0.0);
  CHECK(model.explained_variance()[2] == 0.0);
  CHECK(orthonormality(model.projection()) <= 10 * 2000 * eps);
  CHECK((model.inverse_transform(model.transform(x)) - x).norm() <= 35 * 2000 * eps * x.norm());
  CHECK(PCA{.keep = 2}.fit(x).report.converged());
}

TEST_CASE("pca: 40 rows of 20000 columns need no 20000 x 20000 matrix") {
  // Such a matrix is 3.2 GB, and its eigenvalues take hours.
  const Eigen::MatrixXd x = latent_test::normal_rows(40, 20000, 6, 1.0);
  const auto [model, report] = PCA{.keep = 39}.fit(x);
  CHECK(report.converged());
  CHECK(model.rank() == 39);
  CHECK(orthonormality(model.projection()) <= 10 * 20000 * eps);
  const Eigen::MatrixXd scores = model.transform(x);
  for (Index j = 0; j < 39; ++j)
    CHECK(scores.col(j).squaredNorm() / 39 == Approx(model.explained_variance()[j]).epsilon(1e-11));
}

TEST_CASE("pca: repeated rows add no components, by either solver") {
  Eigen::MatrixXd x(12, 50);
  x << latent_test::normal_rows(4, 50, 1), latent_test::normal_rows(4, 50, 1),
      latent_test::normal_rows(4, 50, 1);
  for (const PCASolver solver : {PCASolver::gram, PCASolver::covariance}) {
    const auto [model, report] = PCA{.keep = 12, .solver = solver}.fit(x);
    CHECK(model.rank() == 3);
    CHECK(report.status == latent::Status::degenerate);
    CHECK(report.notes.at(0).component == 3);
    CHECK(model.explained_variance().tail(9).cwiseAbs().maxCoeff() == 0.0);
    CHECK(orthonormality(model.projection()) <= 10 * 50 * eps);
    CHECK(PCA{.keep = VarianceRatio{1.0}, .solver = solver}.fit(x).model.components() == 3);
  }
}

TEST_CASE("pca: data without variance have rank 0, ratios 0 and orthonormal axes") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(3, 5, 0.1);
  for (const PCASolver solver : {PCASolver::gram, PCASolver::covariance}) {
    const auto [model, report] = PCA{.solver = solver}.fit(x);
    CHECK(report.status == latent::Status::degenerate);
    CHECK(model.rank() == 0);
    CHECK(model.explained_variance_ratio() == Eigen::Vector3d::Zero());
    CHECK(model.noise_variance() == 0.0);
    CHECK(orthonormality(model.projection()) <= 10 * 5 * eps);
    CHECK(model.transform(x).cwiseAbs().maxCoeff() == 0.0);
    CHECK(PCA{.keep = VarianceRatio{0.5}, .solver = solver}.fit(x).model.components() == 1);
    const auto whitened = PCA{.solver = solver, .whiten = true, .standardize = true}.fit(x).model;
    CHECK(whitened.transform(x).cwiseAbs().maxCoeff() == 0.0);
    CHECK(whitened.inverse_transform(whitened.transform(x)) == x);
  }
}

TEST_CASE("pca: the gram solver knows weights, standardising and scale as the covariance does") {
  const double scale = GENERATE(1e-170, 1.0, 1e160);
  const bool standardize = GENERATE(false, true);
  const Eigen::MatrixXd x = scale * latent_test::normal_rows(20, 30, 2, 5.0);
  Eigen::VectorXd w(20);
  for (Index i = 0; i < 20; ++i) w[i] = static_cast<double>(i % 4);
  const auto source = latent::samples(x).weights(w);
  const auto gram =
      PCA{.keep = 8, .solver = PCASolver::gram, .standardize = standardize}.fit(source).model;
  const auto covariance =
      PCA{.keep = 8, .solver = PCASolver::covariance, .standardize = standardize}.fit(source).model;
  CHECK(gram.rank() == 14);
  CHECK(covariance.rank() == 14);
  CHECK((gram.projection() - covariance.projection()).cwiseAbs().maxCoeff() <= 1e-10);
  CHECK((gram.singular_values() - covariance.singular_values()).cwiseAbs().maxCoeff() <=
        1e-12 * covariance.singular_values()[0]);
  CHECK((gram.mean() - covariance.mean()).cwiseAbs().maxCoeff() <= 4 * eps * 9 * scale);
}

TEST_CASE("pca: the gram solver gives the same bits for any executor and storage order") {
  const Eigen::MatrixXd x = latent_test::normal_rows(150, 1200, 9, 3.0);
  const PCA pca{.keep = 40, .solver = PCASolver::gram};
  const auto serial = pca.fit(x, latent::Serial{}).model;
  for (const int threads : {1, 2, 3, 8}) {
    const auto model = pca.fit(x, latent::Threads{threads}).model;
    CHECK(model.projection() == serial.projection());
    CHECK(model.explained_variance() == serial.explained_variance());
  }
  CHECK(pca.fit(latent::RowMatrix<double>(x)).model.projection() == serial.projection());
}
