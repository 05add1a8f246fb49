#include "latent/stats/covariance.hpp"

#include <limits>

#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;

namespace {

const double eps = std::numeric_limits<double>::epsilon();

}  // namespace

TEST_CASE("covariance and correlation: the table of the lecture is met to a few eps") {
  Eigen::MatrixXd x(6, 2);
  x << 1, 7, 3, 11, 6, 17, 10, 25, 15, 35, 21, 47;
  const Eigen::MatrixXd c = latent::covariance(x);
  CHECK(std::abs(c(0, 0) - 868.0 / 15) <= 4 * eps * 868 / 15);
  CHECK(std::abs(c(0, 1) - 1736.0 / 15) <= 4 * eps * 1736 / 15);
  CHECK(c(1, 0) == c(0, 1));
  CHECK(std::abs(c(1, 1) - 3472.0 / 15) <= 4 * eps * 3472 / 15);
  const Eigen::MatrixXd r = latent::correlation(x);
  CHECK(std::abs(r(0, 1) - 1.0) <= 4 * eps);
  CHECK(r(0, 1) <= 1.0);
  CHECK(r(0, 0) == 1.0);
}

TEST_CASE("correlation: uncorrelated is not independent") {
  Eigen::MatrixXd x(5, 2);
  x << -2, 4, -1, 1, 0, 0, 1, 1, 2, 4;
  CHECK(std::abs(latent::covariance(x)(0, 1)) <= 4 * eps);
  CHECK(std::abs(latent::correlation(x)(0, 1)) <= 4 * eps);
}

TEST_CASE("correlation: a falling relation is negative") {
  Eigen::MatrixXd x(4, 2);
  x << 1, 9, 2, 7, 3, 4, 4, 4;
  CHECK(std::abs(latent::covariance(x)(0, 1) + 3.0) <= 12 * eps);
  CHECK(std::abs(latent::correlation(x)(0, 1) + 0.94868329805051379960) <= 4 * eps);
}

TEST_CASE("correlation: never beyond 1, never NaN, at any scale and offset") {
  const double scale = GENERATE(1e-170, 1e-3, 1.0, 1e160);
  const double offset = GENERATE(0.0, 1e4, 1e8);
  Eigen::MatrixXd x = latent_test::normal_rows(257, 4, 5, offset);
  x.col(1) = -3.0 * x.col(0);
  x.col(2).setConstant(0.1);
  x *= scale;
  const Eigen::MatrixXd r = latent::correlation(x);
  CHECK(r.cwiseAbs().maxCoeff() <= 1.0);
  CHECK(r(0, 1) == Approx(-1.0).epsilon(1e-6));
  CHECK(r.col(2) == Eigen::Vector4d(0, 0, 1, 0));
}

TEST_CASE("covariance: wide data agree with the sum written out") {
  const Index d = 300;  // more than one panel of columns
  const Eigen::MatrixXd x = latent_test::normal_rows(700, d, 8, 10.0);
  Eigen::MatrixXd centred = x;
  for (Index j = 0; j < d; ++j) centred.col(j).array() -= x.col(j).mean();
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(d, d);
  for (Index i = 0; i < x.rows(); ++i)
    expected += centred.row(i).transpose() * centred.row(i) / 699.0;
  const Eigen::MatrixXd c = latent::covariance(x);
  CHECK((c - expected).cwiseAbs().maxCoeff() <= 1e-12 * expected.cwiseAbs().maxCoeff());
  CHECK(c == c.transpose());
}

TEST_CASE("covariance: its diagonal is the variance, and columns may be permuted") {
  const Eigen::MatrixXd x = latent_test::normal_rows(3000, 5, 21, 1e6);
  const Eigen::MatrixXd c = latent::covariance(x);
  Eigen::MatrixXd reversed = x.rowwise().reverse();
  const Eigen::MatrixXd back = latent::covariance(reversed).reverse();
  CHECK((c - back).cwiseAbs().maxCoeff() <= 1e-12 * c.cwiseAbs().maxCoeff());
  for (Index j = 0; j < 5; ++j) {
    const double v = (x.col(j).array() - x.col(j)[0]).square().mean() -
                     std::pow((x.col(j).array() - x.col(j)[0]).mean(), 2);
    CHECK(c(j, j) == Approx(v * 3000 / 2999).epsilon(1e-10));
  }
}

TEST_CASE("covariance: rows in another order, or moved by a power of two, agree") {
  const Eigen::MatrixXd x = latent_test::normal_rows(5000, 3, 17);
  const Eigen::MatrixXd c = latent::covariance(x);
  const Eigen::MatrixXd turned = x.colwise().reverse();
  CHECK((latent::covariance(turned) - c).cwiseAbs().maxCoeff() <= 1e-12 * c.cwiseAbs().maxCoeff());
  // The numbers move with their rounding: 2^20 eps a number.
  const Eigen::MatrixXd moved = x.array() + std::ldexp(1.0, 20);
  const Eigen::MatrixXd stored = moved.array() - std::ldexp(1.0, 20);
  CHECK((latent::covariance(moved) - latent::covariance(stored)).cwiseAbs().maxCoeff() <=
        1e-12 * c.cwiseAbs().maxCoeff());
}

TEST_CASE("covariance: bad input is a typed error") {
  CHECK_THROWS_AS(latent::covariance(Eigen::MatrixXd(0, 2)), latent::InvalidArgument);
  CHECK_THROWS_AS(latent::covariance(Eigen::MatrixXd::Ones(1, 2)), latent::DataError);
  CHECK_THROWS_AS(latent::correlation(Eigen::MatrixXd::Ones(1, 2)), latent::DataError);
  Eigen::MatrixXd x = latent_test::normal_rows(10, 2, 1);
  x(3, 1) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(latent::correlation(x), latent_test::contains("inf at row 3, column 1"));
  CHECK_THROWS_AS(latent::covariance(1e160 * latent_test::normal_rows(10, 2, 1)),
                  latent::DataError);
}
