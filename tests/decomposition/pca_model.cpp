#include "latent/decomposition/pca_model.hpp"

#include <limits>
#include <vector>

#include "decomposition/irises.hpp"
#include "latent/decomposition/pca.hpp"
#include "latent/stats/mean.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::PCA;
using latent::PCASolver;

namespace {

const double eps = std::numeric_limits<double>::epsilon();

}  // namespace

TEST_CASE("pca model: the mean has score 0, and inverse_transform undoes transform") {
  const bool whiten = GENERATE(false, true);
  const bool standardize = GENERATE(false, true);
  Eigen::MatrixXd x(150, 5);
  x << latent_test::irises(), Eigen::VectorXd::Constant(150, 3.0);
  x.array() += 1e4;
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto model =
        PCA{.keep = 4, .solver = solver, .whiten = whiten, .standardize = standardize}.fit(x).model;
    const double smallest = whiten ? 0.1 : 1.0;
    CHECK(model.transform(model.mean().transpose()).cwiseAbs().maxCoeff() <=
          16 * eps * 1e4 / smallest);
    const Eigen::MatrixXd z = model.transform(x);
    CHECK((model.inverse_transform(z) - x).cwiseAbs().maxCoeff() <= 16 * eps * 1e4);
    CHECK((model.transform(model.inverse_transform(z)) - z).cwiseAbs().maxCoeff() <=
          64 * eps * 1e4 / smallest);
    if (whiten) {
      CHECK((latent::variance(z).array() - 1.0).abs().maxCoeff() <= 1e-11);
    }
  }
}

TEST_CASE("pca model: a constant column is standardized by 1, never NaN") {
  Eigen::MatrixXd x(150, 5);
  x << latent_test::irises(), Eigen::VectorXd::Constant(150, 3.0);
  const auto model = PCA{.keep = 4, .standardize = true}.fit(x).model;
  for (Index j = 0; j < 4; ++j)
    CHECK(model.explained_variance()[j] ==
          Approx(latent_test::iris_standardized.variance[j]).epsilon(1e-12));
  CHECK(model.projection().row(4).cwiseAbs().maxCoeff() == 0.0);
  CHECK(model.parts().unit[4] == 1.0);
}

TEST_CASE("pca model: rows alone score as in a batch, and no rows score nothing") {
  const Eigen::MatrixXd x = latent_test::normal_rows(300, 6, 3, 10.0);
  const auto model = PCA{.keep = 3}.fit(x).model;
  const Eigen::MatrixXd batch = model.transform(x);
  for (Index i = 0; i < 300; i += 13)
    CHECK((model.transform(x.row(i)) - batch.row(i)).cwiseAbs().maxCoeff() <=
          1e-12 * batch.cwiseAbs().maxCoeff());
  CHECK(model.transform(Eigen::MatrixXd(0, 6)).rows() == 0);
  CHECK(model.transform(Eigen::MatrixXd(0, 6)).cols() == 3);
  CHECK(model.inverse_transform(Eigen::MatrixXd(0, 3)).cols() == 6);
}

TEST_CASE("pca model: shapes and numbers that do not fit are typed errors") {
  const Eigen::MatrixXd x = latent_test::normal_rows(30, 6, 3);
  const auto model = PCA{.keep = 3}.fit(x).model;
  CHECK_THROWS_AS(model.transform(x.leftCols(5)), latent::InvalidArgument);
  CHECK_THROWS_AS(model.transform(Eigen::MatrixXd(0, 5)), latent::InvalidArgument);
  CHECK_THROWS_WITH(model.transform(x.leftCols(5)),
                    latent_test::contains("6 columns") && latent_test::contains("30 x 5"));
  CHECK_THROWS_AS(model.inverse_transform(x), latent::InvalidArgument);
  CHECK_THROWS_AS(model.score(x.leftCols(5)), latent::InvalidArgument);
  CHECK_THROWS_AS(model.score(Eigen::MatrixXd(0, 6)), latent::InvalidArgument);
  Eigen::MatrixXd bad = x;
  bad(29, 5) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(model.transform(bad), latent_test::contains("NaN at row 29, column 5"));
  CHECK_THROWS_AS(model.score(bad), latent::DataError);
  CHECK_THROWS_AS(model.inverse_transform(bad.rightCols(3)), latent::DataError);
}

TEST_CASE("pca model: score is the mean log-density of the Gaussian written out") {
  const Index keep = GENERATE(1, 2, 4);
  const bool standardize = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::irises();
  const auto model = PCA{.keep = keep, .standardize = standardize}.fit(x).model;
  const Eigen::MatrixXd v = model.projection();
  Eigen::VectorXd unit = Eigen::VectorXd::Ones(4);
  if (standardize) unit = latent::variance(x).cwiseSqrt();
  Eigen::MatrixXd c = v * model.explained_variance().asDiagonal() * v.transpose();
  c += model.noise_variance() * (Eigen::MatrixXd::Identity(4, 4) - v * v.transpose());
  c = unit.asDiagonal() * c * unit.asDiagonal();
  double sum = 0.0;
  // Gauss-Jordan on the 4 x 4 covariance: the determinant is the product of the pivots.
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(4, 4);
  double determinant = 1.0;
  for (Index k = 0; k < 4; ++k) {
    const double pivot = c(k, k);
    determinant *= pivot;
    c.row(k) /= pivot;
    inverse.row(k) /= pivot;
    for (Index i = 0; i < 4; ++i) {
      if (i == k) continue;
      const double factor = c(i, k);
      c.row(i) -= factor * c.row(k);
      inverse.row(i) -= factor * inverse.row(k);
    }
  }
  for (Index i = 0; i < 150; ++i) {
    const Eigen::VectorXd gap = x.row(i).transpose() - model.mean();
    sum += -0.5 * (4 * std::log(2 * 3.14159265358979323846) + std::log(determinant) +
                   gap.dot(inverse * gap));
  }
  CHECK(model.score(x) == Approx(sum / 150).epsilon(1e-11));
}

TEST_CASE("pca model: score weighs rows, and whitening does not change it") {
  const Eigen::MatrixXd x = latent_test::irises();
  const auto model = PCA{.keep = 2}.fit(x).model;
  Eigen::VectorXd w = Eigen::VectorXd::Zero(150);
  w[0] = 2.0;
  w[7] = 1.0;
  Eigen::MatrixXd three(3, 4);
  three << x.row(0), x.row(0), x.row(7);
  CHECK(model.score(latent::samples(x).weights(w)) == Approx(model.score(three)).epsilon(1e-13));
  CHECK(PCA{.keep = 2, .whiten = true}.fit(x).model.score(x) == model.score(x));
}

TEST_CASE("pca model: more components never score the training data worse") {
  const Eigen::MatrixXd x = latent_test::irises();
  double last = -std::numeric_limits<double>::infinity();
  for (Index keep = 1; keep <= 3; ++keep) {
    const double score = PCA{.keep = keep}.fit(x).model.score(x);
    CHECK(score > last);
    last = score;
  }
  // One discarded dimension has a variance of its own: the same Gaussian as with none.
  CHECK(PCA{.keep = 4}.fit(x).model.score(x) == Approx(last).epsilon(1e-13));
}

TEST_CASE("pca model: a singular model has no density and says so") {
  Eigen::MatrixXd x(150, 5);
  x << latent_test::irises(), latent_test::irises().rowwise().sum();
  CHECK(PCA{.keep = 3}.fit(x).model.score(x) > -1e6);
  CHECK_THROWS_AS(PCA{.keep = 4}.fit(x).model.score(x), latent::DataError);
  CHECK_THROWS_AS(PCA{.keep = 5}.fit(x).model.score(x), latent::DataError);
  CHECK_THROWS_WITH(PCA{.keep = 5}.fit(x).model.score(x), latent_test::contains("rank 4"));
}

TEST_CASE("pca model: copies and moves are models like any other") {
  const Eigen::MatrixXd x = latent_test::irises();
  auto model = PCA{.keep = 2}.fit(x).model;
  const Eigen::MatrixXd scores = model.transform(x);
  std::vector<latent::PCAModel<double>> models;
  for (int i = 0; i < 5; ++i) models.push_back(model);
  const auto moved = std::move(model);
  model = models[3];
  CHECK(moved.transform(x) == scores);
  CHECK(model.transform(x) == scores);
}
