// Probabilistic PCA from a fitted PCA, and what it is asked: score, codes and their covariance.
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/LU>

#include "latent/decomposition/pca.hpp"
#include "latent/em/em.hpp"
#include "latent/models/probabilistic_pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::EM;
using latent::Index;
using latent::PCA;
using latent::RowMatrix;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::eps;
using PPCA = latent::ProbabilisticPCA<double>;

TEST_CASE("probabilistic PCA: the closed form has the density and the axes of the PCA") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  for (const Index l : {1, 2, 3, 4}) {
    INFO("components: " << l);
    const auto pca = PCA{.keep = l}.fit(x).model;
    const PPCA model = PPCA::from_pca(pca);
    CHECK(close(model.score(x), pca.score(x), 1e-13));
    CHECK(close(model.score(x), model.log_density(x).mean(), 1e-13));
    CHECK(close_matrix(model.explained_variance(), pca.explained_variance(), 1e-13));
    if (l < 4) CHECK(model.noise_variance == pca.noise_variance());
    const Index sure = l < 4 ? l : 3;  // the last axis of all has no loading
    CHECK(close_matrix(model.projection().leftCols(sure), pca.projection().leftCols(sure), 1e-12));
    CHECK(model.mean == pca.mean());
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(4, 4) * model.noise_variance;
    covariance += model.loadings * model.loadings.transpose();
    CHECK(close_matrix(model.covariance(), covariance, 4 * eps));
    if (l >= 3) CHECK(close_matrix(model.covariance(), latent::covariance(x), 1e-13));
  }
}

TEST_CASE("probabilistic PCA: no EM step moves the maximum-likelihood closed form") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  for (const Index l : {1, 2, 3}) {
    const PPCA model = PPCA::maximum_likelihood(PCA{.keep = l}.fit(x).model);
    const auto fit = EM{.max_iterations = 5, .tolerance = 0}.fit(model, x);
    CHECK(close(fit.log_likelihood, model.log_likelihood(x), 1e-13));
    CHECK(close_matrix(fit.model.covariance(), model.covariance(), 1e-12));
    CHECK(close(fit.model.noise_variance, model.noise_variance, 1e-12));
    // Any other divisor is less likely, and so is EM from elsewhere before it ends.
    CHECK(PPCA::from_pca(PCA{.keep = l}.fit(x).model).log_likelihood(x) <
          model.log_likelihood(x) - 1e-6);
    const auto climbing = EM{.max_iterations = 5, .tolerance = 0}.fit(PPCA::start(x, l, 3), x);
    CHECK(climbing.log_likelihood < model.log_likelihood(x));
  }
}

TEST_CASE("probabilistic PCA: the closed form fills in what is missing") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  const PPCA model = PPCA::maximum_likelihood(PCA{.keep = 2}.fit(x).model);
  RowMatrix<double> row = x.row(7);
  row(0, 2) = std::numeric_limits<double>::quiet_NaN();
  // E[x_2 | x_0, x_1, x_3] of the Gaussian written out.
  const Eigen::MatrixXd c = model.covariance();
  const std::vector<Index> seen = {0, 1, 3};
  const Eigen::MatrixXd among = c(seen, seen);
  const Eigen::VectorXd with = c(seen, std::vector<Index>{2});
  const Eigen::VectorXd gap = row.transpose()(seen, std::vector<Index>{0}) -
                              Eigen::MatrixXd(model.mean)(seen, std::vector<Index>{0});
  const double expected = model.mean[2] + with.dot(among.partialPivLu().solve(gap));
  CHECK(close(model.impute(row)(0, 2), expected, 1e-12));
  CHECK(model.impute(row)(0, 1) == row(0, 1));
}

TEST_CASE("probabilistic PCA: the posterior covariance of a complete row is that of the text") {
  const PPCA model(Eigen::Vector3d(1, 2, 3), RowMatrix<double>{{2, 0}, {0, 1}, {1, 1}}, 0.5);
  // sigma^2 M^-1 with M = W'W + sigma^2 I = [5.5 1, 1 2.5] (Tipping and Bishop 1999, section 3.1).
  const double determinant = 5.5 * 2.5 - 1.0;
  const Eigen::Matrix2d expected = 0.5 / determinant * Eigen::Matrix2d{{2.5, -1.0}, {-1.0, 5.5}};
  CHECK(close_matrix(model.posterior_covariance(), expected, 8 * eps));
}

TEST_CASE("probabilistic PCA: score weighs rows, also where numbers are missing") {
  RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  const PPCA model = PPCA::from_pca(PCA{.keep = 2}.fit(x).model);
  x(0, 1) = std::numeric_limits<double>::quiet_NaN();
  Eigen::VectorXd w = Eigen::VectorXd::Zero(150);
  w[0] = 2.0;
  w[7] = 1.0;
  const Eigen::VectorXd density = model.log_density(x);
  CHECK(
      close(model.score(latent::samples(x).weights(w)), (2 * density[0] + density[7]) / 3, 1e-13));
  CHECK_THROWS_AS(model.score(RowMatrix<double>(0, 4)), latent::InvalidArgument);
  CHECK_THROWS_AS(model.score(RowMatrix<double>(1, 3)), latent::InvalidArgument);
}

TEST_CASE("probabilistic PCA: a PCA that has no such form is an error") {
  const RowMatrix<double> x = latent_test::normal_rows(30, 4, 3);
  CHECK_THROWS_WITH(PPCA::from_pca(PCA{.keep = 2, .standardize = true}.fit(x).model),
                    contains("must not standardize"));
  RowMatrix<double> flat(30, 4);
  flat << x.leftCols(3), x.col(0) + x.col(1);
  CHECK_NOTHROW(PPCA::from_pca(PCA{.keep = 2}.fit(flat).model));
  for (const Index l : {3, 4})
    CHECK_THROWS_WITH(PPCA::from_pca(PCA{.keep = l}.fit(flat).model),
                      contains("rank 3 and 4 columns"));
  CHECK_THROWS_AS(PPCA::from_pca(PCA{.keep = 2}.fit(RowMatrix<double>(1e160 * x)).model),
                  latent::DataError);
  // Whitening is a matter of the scores alone.
  CHECK(PPCA::from_pca(PCA{.keep = 2, .whiten = true}.fit(x).model).loadings ==
        PPCA::from_pca(PCA{.keep = 2}.fit(x).model).loadings);
}

TEST_CASE("probabilistic PCA: the closed form of float data is a float model") {
  const RowMatrix<float> x = latent_test::normal_rows(500, 5, 3, 10.0).cast<float>();
  const auto pca = PCA{.keep = 2}.fit(x).model;
  const auto model = latent::ProbabilisticPCA<float>::from_pca(pca);
  CHECK(close(model.score(x), pca.score(x), 1e-6));
}

TEST_CASE("probabilistic PCA: what the closed form draws has the moments of the PCA") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  const PPCA model = PPCA::from_pca(PCA{.keep = 2}.fit(x).model);
  const RowMatrix<double> drawn = model.sample(40000, 5);
  const Eigen::MatrixXd covariance = latent::covariance(drawn);
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 4; ++j) {
      const double deviation = std::sqrt((model.covariance()(i, i) * model.covariance()(j, j) +
                                          std::pow(model.covariance()(i, j), 2)) /
                                         40000);
      CHECK(std::abs(covariance(i, j) - model.covariance()(i, j)) <= 5 * deviation);
    }
}
