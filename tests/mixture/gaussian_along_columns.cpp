// Gaussians whose covariances lie along the columns, and how covariances come in.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/gaussian_mixture.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent_test::message_of;

TEST_CASE("gaussian along columns: diagonal variances keep the order of their columns") {
  RowMatrix<double> means(2, 3);
  means << 0, 0, 0, 50, 50, 50;
  RowMatrix<double> variances(2, 3);
  variances << 1, 100, 4, 9, 1, 0.25;
  const latent::Gaussian<Covariance::diagonal> family(means, variances);
  CHECK(family.covariance(0).diagonal() == variances.row(0).transpose());
  CHECK(family.parameter_names().back() == "variance(1,2)");
  const latent::Mixture<latent::Gaussian<Covariance::diagonal>> truth{Eigen::Vector2d(0.5, 0.5),
                                                                      family};
  const RowMatrix<double> x = truth.sample(40000, 5);
  const auto fit = latent::EM{.max_iterations = 30}.fit(truth, x);
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 3; ++j)  // the deviation of a variance from 20,000 rows is 1 %
      CHECK(std::abs(fit.model.family.covariance(k)(j, j) / variances(k, j) - 1.0) < 0.05);
}

TEST_CASE("gaussian along columns: densities are those of the covariance as a whole matrix") {
  RowMatrix<double> means(2, 3);
  means << 0, 1, 2, -3, 0, 4;
  RowMatrix<double> variances(2, 3);
  variances << 1, 100, 4, 9, 1, 0.25;
  const latent::Gaussian<Covariance::diagonal> family(means, variances);
  const latent::Gaussian<> whole(
      means, std::vector<Eigen::MatrixXd>{family.covariance(0), family.covariance(1)});
  const RowMatrix<double> x = latent_test::normal_rows(50, 3, 3, 0.0);
  RowMatrix<double> a(50, 2);
  RowMatrix<double> b(50, 2);
  family.log_density(x, a);
  whole.log_density(x, b);
  CHECK((a - b).cwiseAbs().maxCoeff() <= 1e-13 * b.cwiseAbs().maxCoeff());
  const latent::Gaussian<Covariance::spherical> round(means, Eigen::Vector2d(2.0, 3.0));
  CHECK((round.covariance(1) - 3.0 * Eigen::Matrix3d::Identity()).cwiseAbs().maxCoeff() <=
        8 * std::numeric_limits<double>::epsilon());
  CHECK(round.free_parameters() == 8);
  CHECK(round.parameters().size() == 8);
}

TEST_CASE("gaussian along columns: bad covariances are told apart") {
  const RowMatrix<double> means = RowMatrix<double>::Zero(2, 3);
  Eigen::Matrix3d tilted = Eigen::Matrix3d::Identity();
  tilted(1, 0) = tilted(0, 1) = 0.5;
  CHECK(message_of<latent::InvalidArgument>([&] {
          latent::Gaussian<Covariance::diagonal>(means, std::vector<Eigen::MatrixXd>(2, tilted));
        }).find("form VVI must be diagonal; got 0.5 at (1, 0)") != std::string::npos);
  CHECK(message_of<latent::InvalidArgument>([&] {
          latent::Gaussian<Covariance::diagonal>(means, RowMatrix<double>::Ones(2, 2));
        }).find("variances must be 2 x 3; got 2 x 2") != std::string::npos);
  CHECK(message_of<latent::InvalidArgument>([&] {
          latent::Gaussian<Covariance::spherical>(means, Eigen::Vector2d(1.0, -1.0));
        }).find("positive definite") != std::string::npos);
  CHECK(message_of<latent::InvalidArgument>([&] {
          latent::Gaussian<Covariance::EEI>(means, std::vector<Eigen::MatrixXd>(2, tilted));
        }).find("one covariance for all components") != std::string::npos);
}
