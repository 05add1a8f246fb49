// Densities on a grid, and ellipses.
#include "latent/mixture/density_grid.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include <Eigen/LU>

#include "latent/mixture/gaussian_parts.hpp"
#include "mixture/incomplete_data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::contains;
using latent_test::message_of;
using latent_test::same_bits;

TEST_CASE("density grid: values stand where their coordinates say, and integrate to 1") {
  const auto model = marginal(latent_test::bells(Covariance::full), {0, 3});
  const auto grid =
      density_grid(model, Eigen::Vector2d(-15, -12), Eigen::Vector2d(18, 14), {120, 101});
  REQUIRE(grid.first.size() == 120);
  REQUIRE(grid.second.size() == 101);
  REQUIRE(grid.log_density.rows() == 120);
  REQUIRE(grid.log_density.cols() == 101);
  CHECK(grid.first[0] == -15.0);
  CHECK(grid.first[119] == 18.0);
  CHECK(grid.second[0] == -12.0);
  CHECK(grid.second[100] == 14.0);
  for (const auto& [i, j] : {std::pair<Index, Index>{0, 0}, {3, 99}, {119, 0}, {60, 51}}) {
    const RowMatrix<double> point{{grid.first[i], grid.second[j]}};
    CHECK(close(grid.log_density(i, j), model.log_density(point)[0], 1e-13));
    const RowMatrix<double> table = grid.points();
    CHECK(table(i * 101 + j, 0) == grid.first[i]);
    CHECK(table(i * 101 + j, 1) == grid.second[j]);
    CHECK(table(i * 101 + j, 2) == std::exp(grid.log_density(i, j)));
    const RowMatrix<double> matrix = grid.matrix();
    CHECK(matrix(0, 0) == 120.0);
    CHECK(matrix(0, i + 1) == grid.first[i]);
    CHECK(matrix(j + 1, 0) == grid.second[j]);
    CHECK(close(matrix(j + 1, i + 1), std::exp(grid.log_density(i, j)), 1e-14));
  }
  const double cell = (33.0 / 119.0) * (26.0 / 100.0);
  CHECK(std::abs(grid.density().sum() * cell - 1.0) < 1e-10);

  const auto line = density_grid(marginal(model, {0}), Vector<double>::Constant(1, -15.0),
                                 Vector<double>::Constant(1, 18.0), {400});
  CHECK(line.second.size() == 0);
  CHECK(line.log_density.rows() == 400);
  CHECK(line.log_density.cols() == 1);
  CHECK(line.points().cols() == 2);
  CHECK(line.points()(7, 0) == line.first[7]);
  CHECK(std::abs(line.density().sum() * 33.0 / 399.0 - 1.0) < 1e-10);
  CHECK_THROWS_AS(line.matrix(), latent::InvalidArgument);
}

TEST_CASE("confidence ellipse: its points lie at the quantile, closed, and hold their share") {
  const Eigen::Vector2d mean(3.0, -7.0);
  Eigen::Matrix2d covariance;
  covariance << 4.0, -1.5, -1.5, 1.0;
  for (const double p : {0.1, 0.5, 0.95, 0.999}) {
    const RowMatrix<double> points = latent::confidence_ellipse(mean, covariance, p, 37);
    REQUIRE(points.rows() == 37);
    CHECK(same_bits(points.row(0).eval(), points.row(36).eval()));
    const Eigen::Matrix2d precision = covariance.inverse();
    for (Index i = 0; i < 37; ++i) {
      const Eigen::Vector2d away = points.row(i).transpose() - mean;
      CHECK(close(away.dot(precision * away), -2.0 * std::log(1.0 - p), 1e-12));
    }
    // Draws fall inside with that probability: five standard errors of a share.
    const latent::Mixture one{
        Vector<double>::Ones(1),
        latent::GaussianFamily<double>(Covariance::full, mean.transpose(), {covariance})};
    const Index n = 40000;
    const RowMatrix<double> x = one.sample(n, 12);
    Index inside = 0;
    for (Index i = 0; i < n; ++i) {
      const Eigen::Vector2d away = x.row(i).transpose() - mean;
      inside += away.dot(precision * away) <= -2.0 * std::log1p(-p) ? 1 : 0;
    }
    const auto share = static_cast<double>(inside) / static_cast<double>(n);
    CHECK(std::abs(share - p) < 5.0 * std::sqrt(p * (1.0 - p) / static_cast<double>(n)));
  }
  // A row of a model's means will do as well.
  const RowMatrix<double> rows{{3.0, -7.0}};
  CHECK(same_bits(latent::confidence_ellipse(rows.row(0), covariance, 0.5),
                  latent::confidence_ellipse(mean, covariance, 0.5)));
}

TEST_CASE("density grid and ellipse: what cannot be drawn is a typed error") {
  const auto model = latent_test::bells(Covariance::full);
  const auto pair = marginal(model, {0, 1});
  using latent::InvalidArgument;
  const Eigen::Vector2d low(0, 0);
  const Eigen::Vector2d high(1, 1);
  CHECK_THAT(message_of<InvalidArgument>([&] {
               density_grid(model, low, high, {5, 5});
             }),
             contains("one column or two (see marginal); got 4"));
  CHECK_THAT(message_of<InvalidArgument>([&] { density_grid(pair, low, high, {5}); }),
             contains("got 2, 2 and 1"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               density_grid(pair, low, high, {5, 1});
             }),
             contains("got counts(1) = 1"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               density_grid(pair, high, low, {5, 5});
             }),
             contains("got lower(0) = 1"));
  const double inf = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(density_grid(pair, low, Eigen::Vector2d(1, inf), {5, 5}), InvalidArgument);
  const Eigen::Matrix2d unit = Eigen::Matrix2d::Identity();
  for (const double p : {0.0, 1.0, -0.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(latent::confidence_ellipse(low, unit, p), InvalidArgument);
  CHECK_THROWS_AS(latent::confidence_ellipse(low, unit, 0.5, 3), InvalidArgument);
  CHECK_THROWS_AS(latent::confidence_ellipse(low, Eigen::Matrix2d::Zero(), 0.5), InvalidArgument);
  CHECK_THROWS_AS(latent::confidence_ellipse(low, Eigen::Matrix3d::Identity(), 0.5),
                  InvalidArgument);
  CHECK_THROWS_AS(latent::confidence_ellipse(Eigen::Vector2d(0, inf), unit, 0.5), InvalidArgument);
}
