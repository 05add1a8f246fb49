// Rows taken out of moments: what is left, what it costs, and what cannot have been in.
#include <cmath>
#include <cstdint>
#include <limits>

#include "latent/stats/moments.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::Index;
using latent::moments;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::eps;
using latent_test::same_bits;
using Moments = latent::Moments<double>;

TEST_CASE("moments: any block may be taken out, down to one row and to none") {
  const double offset = GENERATE(0.0, 1e6, 1e12);
  const Index rows = GENERATE(1, 2, 1000, 2997, 2998);
  const Eigen::MatrixXd x = latent_test::normal_rows(3000, 3, 6, offset);
  Moments rest = moments(x);
  rest.remove(x.topRows(rows));
  const Moments kept = moments(x.bottomRows(3000 - rows));
  CHECK(rest.n() == kept.n());
  // The error of the sums of all rows, over the rows left: of the mean and of squares (of 4, 2, 1
  // times a normal number), 1e-14 of them.
  const double left = static_cast<double>(3000 - rows);
  const double mean_error = 4 * eps * (offset + 20.0 * 3000 / left);
  CHECK((rest.mean() - kept.mean()).cwiseAbs().maxCoeff() <= mean_error);
  CHECK((rest.covariance() - kept.covariance()).cwiseAbs().maxCoeff() <=
        1e-14 * 16 * 3000 / (left - 1));
  rest.remove(x.bottomRows(3000 - rows).topRows(2999 - rows));
  CHECK(rest.n() == 1.0);
  CHECK((rest.mean() - x.bottomRows(1).transpose()).cwiseAbs().maxCoeff() <=
        4 * eps * (offset + 20.0 * 3000));
  rest.remove(x.bottomRows(1));
  CHECK(rest.n() == 0.0);
  CHECK(rest.columns() == 3);
  CHECK(rest.cancellation() == 1.0);
  rest.add(x.topRows(10));
  CHECK(same_bits(rest.covariance(), moments(x.topRows(10)).covariance()));
}

TEST_CASE("moments: a window that slides over the data stays accurate, and says how accurate") {
  const Eigen::MatrixXd x = latent_test::normal_rows(4000, 3, 7, 1e6);
  Moments window = moments(x.topRows(500));
  for (Index first = 0; first + 500 < 4000; first += 10) {
    window.add(x.middleRows(first + 500, 10));
    window.remove(x.middleRows(first, 10));
  }
  const Moments kept = moments(x.bottomRows(500));
  CHECK(window.n() == 500.0);
  CHECK(close_matrix(window.mean(), kept.mean(), 4 * eps));
  CHECK(close_matrix(window.covariance(), kept.covariance(), 1e-12));
  // 350 removals, each from about as much as there is now.
  CHECK(window.cancellation() > 300.0);
  CHECK(window.cancellation() < 500.0);
  CHECK(window.notes().empty());
}

TEST_CASE("moments: taking out what dwarfs the rest is noted, and the error is as large as noted") {
  Eigen::MatrixXd x = latent_test::normal_rows(2000, 2, 3);
  x.col(0).head(1).array() += 1e6;
  Moments rest = moments(x);
  CHECK(rest.cancellation() == 1.0);
  rest.remove(x.topRows(1));
  const Moments kept = moments(x.bottomRows(1999));
  const double lost = rest.cancellation();
  // The sums of squares before, 1e12, over those after, 2000.
  CHECK(lost == Approx(1e12 / (1999 * kept.variance()[0])).epsilon(0.01));
  CHECK(std::abs(rest.variance()[0] / kept.variance()[0] - 1.0) <= 4 * eps * lost);
  CHECK(std::abs(rest.variance()[1] / kept.variance()[1] - 1.0) <= 1e-12);
  REQUIRE(rest.notes().size() == 1);
  CHECK(rest.notes()[0].component == 0);
  CHECK(rest.notes()[0].value == lost);
  CHECK_THAT(rest.notes()[0].message, contains("column 0") && contains("half of the digits"));
  // Merging with others makes the loss matter less.
  rest.add(x.topRows(1));
  CHECK(rest.cancellation() == Approx(2.0).epsilon(0.01));
  CHECK(rest.notes().empty());
}

TEST_CASE("moments: a column of which nothing is left is constant, not rounding") {
  Eigen::MatrixXd x = latent_test::normal_rows(100, 3, 3, 1e3);
  x.col(1).tail(60).setConstant(1e3 + 0.1);
  Moments rest = moments(x);
  rest.remove(x.topRows(40));
  CHECK(rest.n() == 60.0);
  CHECK(rest.variance()[1] == 0.0);
  CHECK(rest.covariance().row(1).cwiseAbs().maxCoeff() == 0.0);
  CHECK(std::abs(rest.mean()[1] - (1e3 + 0.1)) <= 8 * eps * 1e3);
  CHECK(rest.correlation()(1, 0) == 0.0);
  CHECK(std::isinf(rest.cancellation()));
  CHECK(close_matrix(rest.covariance().block(2, 2, 1, 1),
                     moments(x.bottomRows(60)).covariance().block(2, 2, 1, 1), 1e-12));
  // Whatever the sign of the rounding that is left.
  for (std::uint64_t seed = 10; seed < 40; ++seed) {
    x = latent_test::normal_rows(100, 3, seed, 1.0);
    x.col(1).tail(60).setConstant(0.1 * static_cast<double>(seed));
    Moments flat = moments(x);
    flat.remove(x.topRows(40));
    CHECK(flat.variance()[1] == 0.0);
  }
  // Constant all along: nothing was lost.
  x.col(1).setConstant(0.1);
  rest = moments(x);
  rest.remove(x.topRows(40));
  CHECK(rest.variance()[1] == 0.0);
  CHECK(rest.mean()[1] == 0.1);
  CHECK(rest.cancellation() < 10.0);
}

TEST_CASE("moments: rows that cannot have been in are an error, and nothing changes") {
  const Eigen::MatrixXd x = latent_test::normal_rows(100, 2, 3, 50.0);
  Moments sums = moments(x);
  const Eigen::VectorXd before = latent::pack(sums);
  const auto check_refused = [&](const Moments& other, const std::string& why) {
    CHECK_THROWS_WITH(sums -= other, contains(why));
    CHECK_THROWS_AS(sums -= other, DataError);
    CHECK(same_bits(latent::pack(sums), before));
  };
  check_refused(moments(x) + moments(x.topRows(1)), "got 101 out of 100");
  // Too wide: its own squares are more than all.
  check_refused(moments(2.0 * x.topRows(60)), "column 0 is left with -");
  // Too far away: the squares between the means are more than all.
  check_refused(moments((x.topRows(10).array() + 1e3).matrix()), "must have been in");
  Eigen::MatrixXd second = x.topRows(10);
  second.col(1).array() += 1e3;
  check_refused(moments(second), "column 1 is left with -");
  // All rows, but not these.
  check_refused(moments((x.array() + 1.0).matrix()), "column 0 differs");
  check_refused(moments(1.5 * x), "column 0 differs");
  Moments none;
  CHECK_THROWS_AS(none -= sums, DataError);
}

TEST_CASE("moments: weights that do not add up to the bit still leave none") {
  const Eigen::MatrixXd x = latent_test::normal_rows(3, 2, 3);
  const auto part = [&](double w) {
    return moments(latent::samples(x).weights(Eigen::Vector3d::Constant(w)));
  };
  Moments sums = part(0.1) + part(0.2);
  sums -= part(0.3);
  CHECK(sums.n() == 0.0);
}
