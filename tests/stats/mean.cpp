#include "latent/stats/mean.hpp"

#include <limits>

#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;

namespace {

const double eps = std::numeric_limits<double>::epsilon();

using Extended = long double;

// Of the stored numbers, in extended precision, two passes.
Extended exact_variance(const Eigen::VectorXd& x) {
  const auto first = static_cast<Extended>(x[0]);
  Extended mean = 0;
  for (const double value : x) mean += static_cast<Extended>(value) - first;
  mean = mean / static_cast<Extended>(x.size());
  Extended sum = 0;
  for (const double value : x) {
    const Extended gap = (static_cast<Extended>(value) - first) - mean;
    sum += gap * gap;
  }
  return sum / static_cast<Extended>(x.size() - 1);
}

double relative(double value, Extended reference) {
  return std::abs(static_cast<double>((static_cast<Extended>(value) - reference) / reference));
}

}  // namespace

TEST_CASE("mean and variance: the table of the lecture is met to a few eps") {
  Eigen::MatrixXd x(6, 2);
  x << 1, 7, 3, 11, 6, 17, 10, 25, 15, 35, 21, 47;
  const Eigen::VectorXd m = latent::mean(x);
  const Eigen::VectorXd v = latent::variance(x);
  CHECK(std::abs(m[0] - 28.0 / 3) <= 2 * eps * 28 / 3);
  CHECK(std::abs(m[1] - 71.0 / 3) <= 2 * eps * 71 / 3);
  CHECK(std::abs(v[0] - 868.0 / 15) <= 4 * eps * 868 / 15);
  CHECK(std::abs(v[1] - 3472.0 / 15) <= 4 * eps * 3472 / 15);
}

TEST_CASE("variance: an offset of 1e8 or 1e12 costs no digit") {
  const auto [offset, tolerance] =
      GENERATE(std::pair{0.0, 1e-13}, std::pair{1e8, 1e-13}, std::pair{1e12, 1e-12});
  const Eigen::MatrixXd x = latent_test::normal_rows(10000, 2, 7, offset);
  const Eigen::VectorXd v = latent::variance(x);
  CHECK(relative(v[0], exact_variance(x.col(0))) <= tolerance);
  CHECK(relative(v[1], exact_variance(x.col(1))) <= tolerance);
}

TEST_CASE("variance: NIST's NumAcc4 as stored is met to 1e-13") {
  Eigen::VectorXd x(1001);
  x[0] = 10000000.2;
  for (Index i = 1; i < 1001; ++i) x[i] = i % 2 == 1 ? 10000000.1 : 10000000.3;
  CHECK(relative(latent::variance(x)[0], exact_variance(x)) <= 1e-13);
  // The certified value is of the decimals: their rounding to double leaves 8.25 digits.
  CHECK(std::abs(std::sqrt(latent::variance(x)[0]) - 0.1) <= 0.1 * std::pow(10.0, -8.2));
}

TEST_CASE("variance: float data about 1e4 keep five digits") {
  const Eigen::MatrixXf x = latent_test::normal_rows(100000, 1, 3, 1e4).cast<float>();
  const Eigen::VectorXf v = latent::variance(x);
  CHECK(relative(static_cast<double>(v[0]), exact_variance(x.col(0).cast<double>())) <= 1e-6);
}

TEST_CASE("mean: 200000 rows of 0.1f give 0.1f, and variance exactly 0") {
  const Eigen::VectorXf x = Eigen::VectorXf::Constant(200000, 0.1f);
  CHECK(latent::mean(x)[0] == 0.1f);
  CHECK(latent::variance(x)[0] == 0.0f);
}

TEST_CASE("variance: a constant column has variance 0 whatever its value") {
  const double value = GENERATE(0.0, 0.1, -1e8 - 0.1, 1e300, 3e-320);
  Eigen::MatrixXd x = latent_test::normal_rows(3001, 2, 5);
  x.col(1).setConstant(value);
  CHECK(latent::variance(x)[1] == 0.0);
  CHECK(latent::mean(x)[1] == value);
}

TEST_CASE("mean and variance: a power of two as scale changes no bit but the exponent") {
  const int j = GENERATE(-400, -40, 3, 40, 400);
  const Eigen::MatrixXd x = latent_test::normal_rows(5000, 3, 11, 5.0);
  const Eigen::MatrixXd scaled = std::ldexp(1.0, j) * x;
  CHECK(latent::mean(scaled) == std::ldexp(1.0, j) * latent::mean(x));
  CHECK(latent::variance(scaled) == std::ldexp(1.0, 2 * j) * latent::variance(x));
}

TEST_CASE("variance: what no double can hold is an error that names the column, never inf") {
  Eigen::MatrixXd x = latent_test::normal_rows(100, 2, 1);
  x.col(1) *= 1e160;
  CHECK_THROWS_AS(latent::variance(x), latent::DataError);
  CHECK_THROWS_WITH(latent::variance(x), latent_test::contains("columns 1 and 1"));
  CHECK(latent::mean(x).allFinite());
  // The mean of the extremes is finite, though their sum and their range are not.
  const double most = std::numeric_limits<double>::max();
  CHECK(latent::mean(Eigen::Vector3d(most, most, -most))[0] == Approx(most / 3));
}

TEST_CASE("mean and variance: weights are frequencies") {
  const Eigen::MatrixXd x = latent_test::normal_rows(5, 3, 2, 1e6);
  Eigen::VectorXd w(5);
  w << 2, 1, 0, 3, 1;
  Eigen::MatrixXd repeated(7, 3);
  repeated << x.row(0), x.row(0), x.row(1), x.row(3), x.row(3), x.row(3), x.row(4);
  const auto source = latent::samples(x).weights(w);
  CHECK((latent::mean(source) - latent::mean(repeated)).cwiseAbs().maxCoeff() <= 4 * eps * 1e6);
  CHECK((latent::variance(source) - latent::variance(repeated))
            .cwiseQuotient(latent::variance(repeated))
            .cwiseAbs()
            .maxCoeff() <= 1e-12);
  const auto ones = latent::samples(x).weights(Eigen::VectorXd::Ones(5));
  CHECK(latent::mean(ones) == latent::mean(x));
  CHECK(latent::variance(ones) == latent::variance(x));
}

TEST_CASE("mean: a row of weight 0 far away does not touch the accuracy of the others") {
  Eigen::MatrixXd x = latent_test::normal_rows(1000, 1, 9);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(1000);
  const double expected = latent::variance(x.topRows(999))[0];
  x(999, 0) = 1e300;
  w[999] = 0.0;
  CHECK(relative(latent::variance(latent::samples(x).weights(w))[0],
                 static_cast<Extended>(expected)) <= 1e-12);
}

TEST_CASE("mean: bytes become double before they are added") {
  Eigen::Matrix<unsigned char, Eigen::Dynamic, 1> x(4);
  x << 250, 251, 252, 253;
  const Eigen::VectorXd m = latent::mean(x);
  CHECK(m[0] == 251.5);
  CHECK(latent::mean(Eigen::Vector3i(1, 2, 2))[0] == 5.0 / 3);
}

TEST_CASE("mean and variance: bad input is a typed error that says what and where") {
  Eigen::MatrixXd x = latent_test::normal_rows(3000, 2, 4);
  CHECK_THROWS_AS(latent::mean(Eigen::MatrixXd(0, 3)), latent::InvalidArgument);
  CHECK_THROWS_AS(latent::mean(Eigen::MatrixXd(3, 0)), latent::InvalidArgument);
  CHECK_THROWS_WITH(latent::variance(x.topRows(1)), latent_test::contains("1 sample"));
  CHECK_THROWS_AS(latent::variance(x.topRows(1)), latent::DataError);
  CHECK(latent::mean(x.topRows(1)).transpose() == x.row(0));
  x(2999, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(latent::mean(x), latent_test::contains("NaN at row 2999, column 1"));
  x(2500, 0) = -std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(latent::variance(x), latent_test::contains("-inf at row 2500, column 0"));
}

TEST_CASE("mean and variance: any executor, storage order and alignment give the same bits") {
  const Eigen::MatrixXd x = latent_test::normal_rows(10000, 3, 13, 100.0);
  const Eigen::VectorXd m = latent::mean(x, latent::Serial{});
  const Eigen::VectorXd v = latent::variance(x, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    CHECK(latent::mean(x, latent::Threads{threads}) == m);
    CHECK(latent::variance(x, latent::Threads{threads}) == v);
  }
  CHECK(latent::variance(latent::RowMatrix<double>(x), {}) == v);
  CHECK(latent::variance(2.0 * x - x) == v);
  for (Index shift = 0; shift < 8; ++shift) {
    Eigen::VectorXd buffer(30000 + shift);
    Eigen::Map<Eigen::MatrixXd> moved(buffer.data() + shift, 10000, 3);
    moved = x;
    CHECK(latent::variance(moved) == v);
  }
}
