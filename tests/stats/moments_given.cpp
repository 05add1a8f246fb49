// Moments that were computed elsewhere, or saved and read again.
#include <limits>
#include <string>

#include "latent/stats/moments.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::Index;
using latent::InvalidArgument;
using latent::moments;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::eps;
using latent_test::message_of;
using latent_test::same_bits;
using Moments = latent::Moments<double>;

TEST_CASE("moments: n, mean and scatter give them back to the bit") {
  const double offset = GENERATE(0.0, 1e6, -1e12);
  const double scale = GENERATE(1.0, 0x1p-400, 0x1p400);
  Eigen::MatrixXd x = scale * latent_test::normal_rows(500, 5, 3, offset);
  x.col(3).setConstant(scale);
  Vector<double> w = Vector<double>::Ones(500);
  w[7] = 0.375;
  const Moments before = moments(latent::samples(x).weights(w));
  const Moments after = Moments::from(before.n(), before.mean(), before.scatter());
  CHECK(after.n() == before.n());
  CHECK(same_bits(after.mean(), before.mean()));
  CHECK(same_bits(after.scatter(), before.scatter()));
  const Moments again = Moments::from(after.n(), after.mean(), after.scatter());
  CHECK(same_bits(again.covariance(), after.covariance()));
  CHECK(close_matrix(after.correlation(), before.correlation(), 4 * eps));
}

TEST_CASE("moments: those from elsewhere merge like those of rows") {
  const double offset = GENERATE(0.0, 1e6);
  const Eigen::MatrixXd x = latent_test::normal_rows(900, 4, 5, offset);
  const Moments head = moments(x.topRows(400));
  const Moments given = Moments::from_covariance(400, head.mean(), head.covariance());
  const Moments whole = moments(x);
  const Moments merged = given + moments(x.bottomRows(500));
  CHECK(merged.n() == 900.0);
  // The mean was rounded to eps offset: an error of that square, and of that times the gap.
  CHECK(close_matrix(merged.mean(), whole.mean(), 4 * eps));
  CHECK(close_matrix(merged.covariance(), whole.covariance(), 1e-12 + 4 * eps * offset));
  Moments rest = merged;
  rest -= given;
  CHECK(close_matrix(rest.covariance(), moments(x.bottomRows(500)).covariance(),
                     1e-12 + 16 * eps * offset));
}

TEST_CASE("moments: by hand, from the covariance of the lecture's table") {
  const Moments table = Moments::from_covariance(
      6, Eigen::Vector2d(28.0 / 3, 71.0 / 3),
      Eigen::Matrix2d{{868.0 / 15, 1736.0 / 15}, {1736.0 / 15, 3472.0 / 15}});
  CHECK(close_matrix(table.scatter(),
                     Eigen::Matrix2d{{868.0 / 3, 1736.0 / 3}, {1736.0 / 3, 3472.0 / 3}}, 4 * eps));
  CHECK(close_matrix(table.variance(), Eigen::Vector2d(868.0 / 15, 3472.0 / 15), 4 * eps));
  CHECK(close_matrix(table.standard_deviation(),
                     Eigen::Vector2d(std::sqrt(868.0 / 15), std::sqrt(3472.0 / 15)), 4 * eps));
  CHECK(std::abs(table.correlation()(1, 0) - 1.0) <= 4 * eps);
  CHECK(table.correlation()(1, 0) <= 1.0);
  // One row more, (10, 25): mean (66, 167) / 7, scatter + 6/7 gap gap'.
  Moments seven = table;
  seven.add(Eigen::RowVector2d(10, 25));
  CHECK(seven.n() == 7.0);
  CHECK(close_matrix(seven.mean(), Eigen::Vector2d(66.0 / 7, 167.0 / 7), 4 * eps));
  const double xx = 868.0 / 3 + 6.0 / 7 * (2.0 / 3) * (2.0 / 3);
  const double xy = 1736.0 / 3 + 6.0 / 7 * (2.0 / 3) * (4.0 / 3);
  CHECK(std::abs(seven.scatter()(0, 0) - xx) <= 8 * eps * xx);
  CHECK(std::abs(seven.scatter()(1, 0) - xy) <= 8 * eps * xy);
}

TEST_CASE("moments: numbers that no data could have are errors that say which") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const Eigen::Vector2d mean(1, 2);
  const Eigen::Matrix2d good{{4, 1}, {1, 9}};
  CHECK_NOTHROW(Moments::from(3, mean, good));
  const auto shape = [&](double n, const Eigen::VectorXd& m, const Eigen::MatrixXd& s) {
    return message_of<InvalidArgument>([&] { Moments::from(n, m, s); });
  };
  CHECK_THAT(shape(0, mean, good), contains("n must be finite and above 0; got 0"));
  CHECK_THAT(shape(-1, mean, good), contains("got -1"));
  CHECK_THAT(shape(nan, mean, good), contains("got nan"));
  CHECK_THAT(shape(3, Eigen::Vector3d(1, 2, 3), good), contains("got 2 x 2 and 3 means"));
  CHECK_THAT(shape(3, mean, Eigen::MatrixXd::Ones(2, 3)), contains("got 2 x 3"));
  CHECK_THAT(shape(3, Eigen::VectorXd(0), Eigen::MatrixXd(0, 0)), contains("D >= 1"));
  CHECK_THROWS_AS(Moments::from_covariance(1, mean, good), InvalidArgument);
  const auto value = [&](const Eigen::VectorXd& m, const Eigen::MatrixXd& s) {
    return message_of<DataError>([&] { Moments::from(3, m, s); });
  };
  CHECK_THAT(value(Eigen::Vector2d(1, nan), good), contains("mean[1]"));
  CHECK_THAT(value(mean, Eigen::Matrix2d{{4, 1}, {1, -1e-9}}),
             contains("not negative") && contains("(1, 1) = -1e-09"));
  CHECK_THAT(value(mean, Eigen::Matrix2d{{inf, 1}, {1, 9}}), contains("(0, 0) = inf"));
  CHECK_THAT(value(mean, Eigen::Matrix2d{{4, nan}, {1, 9}}), contains("must be finite"));
  CHECK_THAT(value(mean, Eigen::Matrix2d{{4, 1}, {1.001, 9}}),
             contains("symmetric") && contains("1.001"));
  CHECK_THAT(value(mean, Eigen::Matrix2d{{4, 6.01}, {6.01, 9}}),
             contains("must not exceed") && contains("6.01"));
  CHECK_THAT(value(mean, Eigen::Matrix2d{{0, 1e-9}, {1e-9, 9}}), contains("must not exceed"));
  CHECK_NOTHROW(Moments::from(3, mean, Eigen::Matrix2d{{4, 6}, {6, 9}}));
  CHECK_NOTHROW(Moments::from(3, mean, Eigen::Matrix2d{{4, 1}, {1 + 1e-9, 9}}));
  CHECK(Moments::from(3, mean, Eigen::Matrix2d{{4, 1}, {1 + 0x1p-30, 9}}).scatter()(0, 1) ==
        1 + 0x1p-31);
  // What float sums leave unsymmetric is taken by float moments alone.
  const Eigen::Matrix2d rough{{4, 1}, {1.0001, 9}};
  CHECK_NOTHROW(latent::Moments<float>::from(3, mean, rough));
  CHECK_THROWS_AS(Moments::from(3, mean, rough), DataError);
}
