// Moments of data that come in pieces: any cut gives the same numbers.
#include <vector>

#include "latent/stats/covariance.hpp"
#include "latent/stats/mean.hpp"
#include "latent/stats/moments.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::moments;
using latent::Serial;
using latent::Threads;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::eps;
using latent_test::same_bits;
using Moments = latent::Moments<double>;

namespace {

Moments streamed(const Eigen::MatrixXd& x, Index rows) {
  Moments sums;
  for (Index first = 0; first < x.rows(); first += rows)
    sums.add(x.middleRows(first, std::min(rows, x.rows() - first)));
  return sums;
}

// Variance of the stored numbers in extended precision.
double exact_variance(const Eigen::VectorXd& x) {
  const auto first = static_cast<long double>(x[0]);
  long double mean = 0;
  for (const double value : x) mean += static_cast<long double>(value) - first;
  mean /= static_cast<long double>(x.size());
  long double sum = 0;
  for (const double value : x) {
    const long double gap = (static_cast<long double>(value) - first) - mean;
    sum += gap * gap;
  }
  return static_cast<double>(sum / static_cast<long double>(x.size() - 1));
}

}  // namespace

TEST_CASE("moments: blocks of any size give those of all rows to 1e-12, at offset 1e6 and 1e12") {
  const double offset = GENERATE(0.0, 1e6, 1e12);
  const Index rows = GENERATE(1, 2, 7, 256, 2048, 2049, 5000);
  const Eigen::MatrixXd x = latent_test::normal_rows(5000, 5, 4, offset);
  const Moments whole = moments(x);
  const Moments parts = streamed(x, rows);
  CHECK(parts.n() == 5000.0);
  CHECK((parts.mean() - whole.mean()).cwiseAbs().maxCoeff() <= 4 * eps * (offset + 20));
  CHECK(close_matrix(parts.covariance(), whole.covariance(), 1e-12));
  for (Index j = 0; j < 5; ++j)
    CHECK(latent_test::close(parts.variance()[j], exact_variance(x.col(j)), 1e-12));
  CHECK(parts.cancellation() == 1.0);
}

TEST_CASE("moments: a drift of 1e8 over the blocks costs no digit") {
  Eigen::MatrixXd x = latent_test::normal_rows(4000, 2, 6);
  for (Index i = 0; i < 4000; ++i) x.row(i).array() += 25000.0 * static_cast<double>(i);
  const Moments parts = streamed(x, 10);
  for (Index j = 0; j < 2; ++j)
    CHECK(latent_test::close(parts.variance()[j], exact_variance(x.col(j)), 1e-12));
}

TEST_CASE("moments: no rows add nothing, before and after others") {
  const Eigen::MatrixXd x = latent_test::normal_rows(30, 3, 4);
  Moments sums;
  sums.add(Eigen::MatrixXd(0, 3));
  CHECK(sums.n() == 0.0);
  CHECK(sums.columns() == 0);
  sums.add(x).add(Eigen::MatrixXd(0, 3));
  CHECK(same_bits(latent::pack(sums), latent::pack(moments(x))));
  sums.remove(Eigen::MatrixXd(0, 3));
  CHECK(same_bits(latent::pack(sums), latent::pack(moments(x))));
  CHECK_THROWS_AS(sums.add(Eigen::MatrixXd(0, 2)), latent::InvalidArgument);
}

TEST_CASE("moments: a block that fails leaves the sums as they were") {
  const Eigen::MatrixXd x = latent_test::normal_rows(30, 3, 4);
  Moments sums = moments(x);
  const Eigen::VectorXd before = latent::pack(sums);
  Eigen::MatrixXd bad = x;
  bad(29, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(sums.add(bad), contains("Moments: add") && contains("NaN at row 29, column 2"));
  CHECK_THROWS_AS(sums.remove(bad), latent::DataError);
  CHECK_THROWS_WITH(sums.add(x.leftCols(2)), contains("columns must agree; got 3 and 2"));
  CHECK_THROWS_AS(sums.remove(moments(x.leftCols(2)).covariance()), latent::InvalidArgument);
  CHECK(same_bits(latent::pack(sums), before));
}

TEST_CASE("moments: weighted blocks, and a slice without weight") {
  const Eigen::MatrixXd x = latent_test::normal_rows(300, 3, 8, 1e3);
  Eigen::VectorXd w(300);
  for (Index i = 0; i < 300; ++i) w[i] = i < 100 ? 0.0 : 0.5 * static_cast<double>(i % 5);
  const auto source = latent::samples(x).weights(w);
  Moments sums;
  for (Index first = 0; first < 300; first += 50) sums.add(source.slice(first, 50));
  CHECK(sums.n() == w.sum());
  const Moments whole = moments(source);
  CHECK(close_matrix(sums.covariance(), whole.covariance(), 1e-12));
  CHECK(close_matrix(sums.mean(), whole.mean(), 4 * eps));
}

TEST_CASE("moments: streams give the same bits for any executor") {
  const Eigen::MatrixXd x = latent_test::normal_rows(20000, 6, 10, 3.0);
  const auto bits = [&](const auto& executor) {
    Moments sums;
    sums.add(x.topRows(9000), executor).add(x.bottomRows(11000), executor);
    sums.remove(x.middleRows(4000, 6000), executor);
    return Eigen::VectorXd(latent::pack(sums));
  };
  const Eigen::VectorXd serial = bits(Serial{});
  for (const int threads : {1, 2, 3, 8}) CHECK(same_bits(bits(Threads{threads}), serial));
}

TEST_CASE("moments: variance and correlation are those of the functions") {
  Eigen::MatrixXd x = latent_test::normal_rows(3000, 4, 12, 20.0);
  x.col(2).setConstant(0.1);
  const Moments sums = moments(x);
  CHECK(close_matrix(sums.variance(), latent::variance(x), 1e-14));
  CHECK(sums.variance()[2] == 0.0);
  CHECK(sums.variance() == sums.covariance().diagonal());
  CHECK(sums.correlation() == latent::correlation(x));
  CHECK(close_matrix(sums.standard_deviation().cwiseAbs2(), sums.variance(), 4 * eps));
  for (const auto& f : {+[](const Moments& m) { (void)m.variance(); },
                        +[](const Moments& m) { (void)m.correlation(); },
                        +[](const Moments& m) { (void)m.standard_deviation(); }}) {
    CHECK_THROWS_AS(f(moments(x.topRows(1))), latent::DataError);
    CHECK_THROWS_AS(f(Moments{}), latent::DataError);
  }
  const Moments huge = moments(1e160 * x);
  CHECK_THROWS_AS(huge.variance(), latent::DataError);
  CHECK(huge.standard_deviation().allFinite());
  CHECK(close_matrix(huge.correlation(), sums.correlation(), 1e-13));
}

TEST_CASE("moments: blocks of float rows are summed in double") {
  const Eigen::MatrixXf x = latent_test::normal_rows(4000, 2, 4, 1e4).cast<float>();
  latent::Moments<float> single;
  Moments twice;
  for (Index first = 0; first < 4000; first += 100) {
    single.add(x.middleRows(first, 100));
    twice.add(x.middleRows(first, 100).cast<double>());
  }
  CHECK(same_bits(single.covariance(), twice.covariance()));
}
