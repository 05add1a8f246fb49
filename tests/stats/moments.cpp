#include "latent/stats/moments.hpp"

#include <limits>

#include "latent/core/statistics.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::moments;

namespace {

const double eps = std::numeric_limits<double>::epsilon();

// `size` bounds the numbers that were added.
void check_same(const latent::Moments<double>& a, const latent::Moments<double>& b,
                double tolerance, double size) {
  CHECK(a.n() == b.n());
  CHECK((a.mean() - b.mean()).cwiseAbs().maxCoeff() <= 4 * eps * size);
  CHECK((a.covariance() - b.covariance()).cwiseAbs().maxCoeff() <=
        tolerance * b.covariance().cwiseAbs().maxCoeff());
}

}  // namespace

TEST_CASE("moments: those of two blocks merge into those of both, wherever the split") {
  const double offset = GENERATE(0.0, 1e6, 1e12);
  const Index split = GENERATE(1, 2, 500, 2998, 2999);
  const Eigen::MatrixXd x = latent_test::normal_rows(3000, 4, 3, offset);
  const latent::Moments<double> whole = moments(x);
  const latent::Moments<double> head = moments(x.topRows(split));
  const latent::Moments<double> tail = moments(x.bottomRows(3000 - split));
  check_same(head + tail, whole, 1e-12, offset + 20);
  check_same(tail + head, whole, 1e-12, offset + 20);
}

TEST_CASE("moments: blocks far apart merge without loss") {
  Eigen::MatrixXd x = latent_test::normal_rows(2000, 2, 3);
  x.topRows(1).array() += 1e8;
  check_same(moments(x.topRows(1)) + moments(x.bottomRows(1999)), moments(x), 1e-12, 1e8);
  // Taking the one row out again leaves what rounding of 1e8 leaves.
  latent::Moments<double> rest = moments(x);
  rest -= moments(x.topRows(1));
  const Eigen::MatrixXd expected = moments(x.bottomRows(1999)).covariance();
  CHECK((rest.covariance() - expected).cwiseAbs().maxCoeff() <= 16 * eps * 1e16 / 1999);
}

TEST_CASE("moments: merging is associative, and an empty part is neutral") {
  const double offset = GENERATE(1e3, 1e12);
  const Eigen::MatrixXd x = latent_test::normal_rows(90, 3, 5, offset);
  const latent::Moments<double> a = moments(x.topRows(10));
  const latent::Moments<double> b = moments(x.middleRows(10, 50));
  const latent::Moments<double> c = moments(x.bottomRows(30));
  check_same((a + b) + c, a + (b + c), 1e-12, offset);
  check_same((a + b) + c, moments(x), 1e-12, offset);
  const latent::Moments<double> none;
  CHECK((none + a).covariance() == a.covariance());
  CHECK((a + none).covariance() == a.covariance());
  CHECK((a - none).covariance() == a.covariance());
}

TEST_CASE("moments: constant blocks of different values merge") {
  const latent::Moments<double> low = moments(Eigen::MatrixXd::Constant(3, 1, 1e200));
  const latent::Moments<double> high = moments(Eigen::MatrixXd::Constant(1, 1, 1e200 + 4e199));
  CHECK((low + low).mean()[0] == 1e200);
  CHECK((low + low).covariance()(0, 0) == 0.0);
  const latent::Moments<double> both = low + high;
  CHECK(both.mean()[0] == Approx(1.1e200).epsilon(1e-14));
  CHECK(std::ldexp(std::sqrt(both.central(0, 0) / 3), both.exponents()[0]) ==
        Approx(2e199).epsilon(1e-14));
}

TEST_CASE("moments: a block taken out leaves the others") {
  const Eigen::MatrixXd x = latent_test::normal_rows(4000, 3, 6, 1e6);
  latent::Moments<double> rest = moments(x);
  rest -= moments(x.middleRows(100, 1500));
  Eigen::MatrixXd kept(2500, 3);
  kept << x.topRows(100), x.bottomRows(2400);
  check_same(rest, moments(kept), 1e-12, 1e6);
  rest -= moments(kept);
  CHECK(rest.n() == 0.0);
  CHECK_THROWS_AS(rest.mean(), latent::DataError);
  CHECK_THROWS_AS(rest -= moments(kept), latent::DataError);
  CHECK_THROWS_AS(rest += moments(x.leftCols(2)), latent::InvalidArgument);
}

TEST_CASE("moments: weights are frequencies, ones are no weights to the bit") {
  const Eigen::MatrixXd x = latent_test::normal_rows(300, 3, 8, 50.0);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(300);
  const latent::Moments<double> plain = moments(x);
  const latent::Moments<double> ones = moments(latent::samples(x).weights(w));
  CHECK(latent::pack(ones) == latent::pack(plain));
  w[7] = 2.0;
  w[9] = 0.0;
  Eigen::MatrixXd repeated = x;
  repeated.row(9) = x.row(7);
  check_same(moments(latent::samples(x).weights(w)), moments(repeated), 1e-12, 100.0);
}

TEST_CASE("moments: any executor and storage order give the same bits") {
  const Eigen::MatrixXd x = latent_test::normal_rows(10000, 6, 10, 3.0);
  const Eigen::VectorXd bits = latent::pack(moments(x, latent::Serial{}));
  for (const int threads : {1, 2, 3, 8})
    CHECK(latent::pack(moments(x, latent::Threads{threads})) == bits);
  CHECK(latent::pack(moments(latent::RowMatrix<double>(x))) == bits);
  CHECK(latent::pack(moments(x, {})) == bits);
}

TEST_CASE("moments: float data are summed in double") {
  const Eigen::MatrixXf x = latent_test::normal_rows(20000, 2, 4, 1e4).cast<float>();
  const latent::Moments<float> single = moments(x);
  const latent::Moments<double> exact = moments(x.cast<double>());
  CHECK(single.covariance() == exact.covariance());
}

TEST_CASE("moments: the lane statistics are a vector space") {
  const Eigen::MatrixXd x = latent_test::normal_rows(100, 2, 4);
  latent::Moments<double> a = moments(x);
  CHECK(latent::packed_size(a) == 1 + 2 + 4);
  const Eigen::MatrixXd before = a.covariance();
  latent::scale(a, 2.0);
  CHECK(a.n() == 200.0);
  CHECK((a.covariance() - before * (2.0 * 99 / 199)).cwiseAbs().maxCoeff() <=
        8 * eps * before.maxCoeff());
}
