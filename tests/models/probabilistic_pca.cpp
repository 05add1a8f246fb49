// Probabilistic PCA against its closed form.
#include "latent/models/probabilistic_pca.hpp"

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <Eigen/Eigenvalues>

#include "latent/em/em.hpp"
#include "models/linear_reference.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using linear_reference::PPCA;

TEST_CASE("probabilistic PCA: the limit on complete data is Tipping and Bishop's closed form") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  const auto n = static_cast<double>(x.rows());
  const Vector<double> mean = x.colwise().mean().transpose();
  const RowMatrix<double> centred = x.rowwise() - mean.transpose();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      Eigen::MatrixXd(centred.transpose() * centred / n));
  const Eigen::VectorXd values = eigen.eigenvalues();  // ascending
  for (const Index l : {1, 2, 3}) {
    INFO("components: " << l);
    const auto fit =
        latent::EM{.max_iterations = 6000, .tolerance = 0}.fit(PPCA::start(x, l, 3), x);
    const PPCA& model = fit.model;
    const double noise = values.head(4 - l).mean();
    CHECK(close(model.noise_variance, noise, 1e-8));
    CHECK(close_matrix(model.mean, mean, 1e-12));
    const Eigen::MatrixXd axes = eigen.eigenvectors().rightCols(l);
    const Eigen::MatrixXd found = model.projection();
    CHECK(close_matrix(found * found.transpose(), axes * axes.transpose(), 1e-8));
    CHECK(close_matrix(found.transpose() * found, Eigen::MatrixXd::Identity(l, l), 1e-14));
    for (Index a = 0; a < l; ++a) CHECK(close(model.explained_variance()[a], values[3 - a], 1e-8));
    double logs = static_cast<double>(4 - l) * std::log(noise);
    for (Index a = 0; a < l; ++a) logs += std::log(values[3 - a]);
    // -n/2 (D log 2 pi + log det C + tr(C^-1 S)), where the trace is D at the maximum.
    const double exact = -0.5 * n * (4 * std::log(2 * std::numbers::pi) + logs + 4);
    CHECK(close(fit.log_likelihood, exact, 1e-13));
    CHECK(model.free_parameters() == 4 + 4 * l + 1 - l * (l - 1) / 2);
  }
}

TEST_CASE("probabilistic PCA: scores of complete rows are the posterior means of the closed form") {
  const PPCA model = linear_reference::made<PPCA>();
  const RowMatrix<double> x = model.sample(300, 1);
  const Eigen::MatrixXd m = model.loadings.transpose() * model.loadings +
                            model.noise_variance * Eigen::MatrixXd::Identity(2, 2);
  const RowMatrix<double> centred = x.rowwise() - model.mean.transpose();
  const RowMatrix<double> scores = centred * model.loadings * m.inverse();
  CHECK(close_matrix(model.transform(x), scores, 1e-13));
  const RowMatrix<double> rebuilt =
      (scores * model.loadings.transpose()).rowwise() + model.mean.transpose();
  CHECK(close_matrix(model.reconstruct(x), rebuilt, 1e-13));
  CHECK(close_matrix(model.impute(x), x, 0.0));
}

TEST_CASE("probabilistic PCA: data without noise meet the floor, and nothing is NaN") {
  const PPCA truth = linear_reference::made<PPCA>();
  RowMatrix<double> z(200, 2);
  latent::Random random(2);
  for (Index i = 0; i < z.size(); ++i) z.data()[i] = random.normal();
  const RowMatrix<double> x = z * truth.loadings.transpose();
  const auto fit = latent::EM{.max_iterations = 500, .tolerance = 0}.fit(PPCA::start(x, 2, 4), x);
  CHECK(fit.report.status == latent::Status::degenerate);
  CHECK_THAT(fit.report.notes.back().message, latent_test::contains("the noise variance met"));
  CHECK(fit.model.parameters().allFinite());
  CHECK(close_matrix(fit.model.reconstruct(x), x, 1e-4));
  const double typical = (x.rowwise() - x.colwise().mean()).squaredNorm() / 200 / 6;
  CHECK(close(fit.model.noise_variance, 1e-10 * typical, 1e-10));

  const RowMatrix<double> constant = RowMatrix<double>::Constant(20, 3, 7.0);
  const auto flat =
      latent::EM{.max_iterations = 50, .tolerance = 0}.fit(PPCA::start(constant, 1, 4), constant);
  CHECK(flat.report.status == latent::Status::degenerate);
  CHECK(flat.model.parameters().allFinite());
  CHECK(std::isfinite(flat.log_likelihood));
  PPCA bare = PPCA::start(constant, 1, 4);
  bare.floor = 0.0;
  CHECK(latent::EM{.max_iterations = 50, .tolerance = 0}
            .fit(bare, constant)
            .model.parameters()
            .allFinite());
}

TEST_CASE("probabilistic PCA: spreads that differ by 1e4 do not pass for a falling likelihood") {
  RowMatrix<double> x(500, 5);
  latent::Random random(5);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = random.normal();
  x.col(1) *= 1e4;
  x.col(2) += 5e-5 * x.col(1);
  const auto fit = latent::EM{.max_iterations = 500, .tolerance = 0}.fit(PPCA::start(x, 2, 1), x);
  CHECK(fit.report.status == latent::Status::max_iterations);
  CHECK(fit.report.iterations == 500);
}

TEST_CASE("probabilistic PCA: parameters have names") {
  const PPCA model(Eigen::Vector2d(1, 2), RowMatrix<double>{{3}, {4}}, 0.5);
  const std::vector<std::string> names = model.parameter_names();
  CHECK(names == std::vector<std::string>{"mean(0)", "mean(1)", "loading(0,0)", "loading(1,0)",
                                          "noise_variance"});
  CHECK(static_cast<Index>(names.size()) == model.parameters().size());
}
