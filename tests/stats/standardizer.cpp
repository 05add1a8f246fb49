#include "latent/stats/standardizer.hpp"

#include <limits>

#include "latent/stats/mean.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::moments;
using latent::Serial;
using latent::Standardizer;
using latent::StandardizerModel;
using latent::Threads;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::eps;
using latent_test::same_bits;

TEST_CASE("standardizer: by hand") {
  // Mean 3, squares 4 + 0 + 4 over n - 1 = 2: deviation 2.
  const Eigen::Vector3d x(1, 3, 5);
  const auto [model, report] = Standardizer{}.fit(x);
  CHECK(report.converged());
  CHECK(report.notes.empty());
  CHECK(model.mean()[0] == 3.0);
  CHECK(model.deviation()[0] == 2.0);
  CHECK(model.transform(x) == Eigen::Vector3d(-1, 0, 1));
  CHECK(model.inverse_transform(Eigen::Vector2d(0.5, -2)) == Eigen::Vector2d(4, -1));
  CHECK(Standardizer{.centre = false}.fit(x).model.transform(x) == Eigen::Vector3d(0.5, 1.5, 2.5));
  CHECK(Standardizer{.scale = false}.fit(x).model.transform(x) == Eigen::Vector3d(-2, 0, 2));
  CHECK(Standardizer{.centre = false, .scale = false}.fit(x).model.transform(x) == x);
}

TEST_CASE("standardizer: columns get mean 0 and variance 1, and come back") {
  const double offset = GENERATE(0.0, 1e6);
  const double scale = GENERATE(1e-170, 1.0, 1e160);
  const Eigen::MatrixXd x = scale * latent_test::normal_rows(3000, 5, 3, offset);
  const auto model = Standardizer{}.fit(x).model;
  const latent::RowMatrix<double> z = model.transform(x);
  CHECK(latent::mean(z).cwiseAbs().maxCoeff() <= 4 * eps * (1.0 + offset));
  CHECK((latent::variance(z).array() - 1.0).abs().maxCoeff() <= 16 * eps * (1.0 + offset));
  CHECK(close_matrix(model.inverse_transform(z), x, 4 * eps));
}

TEST_CASE("standardizer: the wines' deviations are met, from rows and from moments in pieces") {
  const Eigen::MatrixXd x = latent_test::read_table("wine").leftCols(13);
  const auto model = Standardizer{}.fit(x).model;
  const Eigen::VectorXd deviation = latent::variance(x).cwiseSqrt();
  CHECK(close_matrix(model.deviation(), deviation, 4 * eps));
  latent::Moments<double> parts;
  for (Index first = 0; first < 178; first += 10)
    parts.add(x.middleRows(first, std::min<Index>(10, 178 - first)));
  const auto [from_parts, report] = Standardizer{}.fit(parts);
  CHECK(report.converged());
  CHECK((from_parts.deviation().array() / deviation.array() - 1.0).abs().maxCoeff() <= 1e-13);
  CHECK(close_matrix(from_parts.mean(), model.mean(), 4 * eps));
}

TEST_CASE("standardizer: a constant column becomes 0, comes back, and is noted") {
  Eigen::MatrixXd x = latent_test::normal_rows(50, 4, 3);
  x.col(1).setConstant(0.1);
  x.col(3).setConstant(-1e300);
  for (const bool by_moments : {false, true}) {
    const auto [model, report] =
        by_moments ? Standardizer{}.fit(moments(x)) : Standardizer{}.fit(x);
    CHECK(report.status == latent::Status::degenerate);
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0].value == 2.0);
    CHECK(report.notes[0].component == 1);
    CHECK_THAT(report.notes[0].message, contains("the first is column 1"));
    CHECK(model.deviation()[1] == 1.0);
    const auto z = model.transform(x);
    CHECK(z.col(1).cwiseAbs().maxCoeff() == 0.0);
    CHECK(z.col(3).cwiseAbs().maxCoeff() == 0.0);
    CHECK(model.inverse_transform(z).col(1) == x.col(1));
  }
  CHECK(Standardizer{.scale = false}.fit(x).report.converged());
}

TEST_CASE("standardizer: weights are frequencies, float stays float, any executor the same bits") {
  const Eigen::MatrixXf x = latent_test::normal_rows(9000, 3, 5, 1e3).cast<float>();
  Eigen::VectorXd w = Eigen::VectorXd::Ones(9000);
  w[0] = 3.0;
  w[1] = 0.0;
  Eigen::MatrixXd repeated(9001, 3);
  repeated << x.topRows(1).cast<double>(), x.topRows(1).cast<double>(), x.topRows(1).cast<double>(),
      x.bottomRows(8998).cast<double>();
  const auto source = latent::samples(x).weights(w);
  const auto serial = Standardizer{}.fit(source, Serial{}).model;
  static_assert(std::is_same_v<decltype(serial)::Scalar, float>);
  CHECK(close_matrix(serial.deviation(), Standardizer{}.fit(repeated).model.deviation(), 1e-12));
  const latent::RowMatrix<float> z = serial.transform(x, Serial{});
  const latent::RowMatrix<float> back = serial.inverse_transform(z, Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto model = Standardizer{}.fit(source, Threads{threads}).model;
    CHECK(same_bits(model.mean(), serial.mean()));
    CHECK(same_bits(model.deviation(), serial.deviation()));
    CHECK(same_bits(model.transform(x, Threads{threads}), z));
    CHECK(same_bits(model.inverse_transform(z, Threads{threads}), back));
  }
}

TEST_CASE("standardizer: bad input is a typed error that says what and where") {
  Eigen::MatrixXd x = latent_test::normal_rows(10, 2, 3);
  CHECK_THROWS_AS(Standardizer{}.fit(Eigen::MatrixXd(0, 2)), latent::InvalidArgument);
  CHECK_THROWS_AS(Standardizer{}.fit(Eigen::MatrixXd(2, 0)), latent::InvalidArgument);
  CHECK_THROWS_WITH(Standardizer{}.fit(x.topRows(1)), contains("1 sample"));
  CHECK_NOTHROW(Standardizer{.scale = false}.fit(x.topRows(1)));
  CHECK_THROWS_AS(Standardizer{}.fit(latent::Moments<double>{}), latent::DataError);
  CHECK_THROWS_AS(Standardizer{.scale = false}.fit(latent::Moments<double>{}), latent::DataError);
  const auto model = Standardizer{}.fit(x).model;
  CHECK_THROWS_WITH(model.transform(x.leftCols(1)), contains("2 columns") && contains("10 x 1"));
  CHECK_THROWS_AS(model.inverse_transform(x.leftCols(1)), latent::InvalidArgument);
  CHECK(model.transform(Eigen::MatrixXd(0, 2)).rows() == 0);
  x(9, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(Standardizer{}.fit(x), contains("NaN at row 9, column 1"));
  CHECK_THROWS_WITH(model.transform(x), contains("NaN at row 9, column 1"));
  CHECK_THROWS_WITH(model.inverse_transform(x), contains("NaN at row 9, column 1"));
  const StandardizerModel<double> small(Eigen::Vector2d(0, 0), Eigen::Vector2d(1e-200, 1));
  CHECK_THROWS_WITH(small.transform(Eigen::RowVector2d(1e200, 1)), contains("overflows in row 0"));
  using Model = StandardizerModel<double>;
  CHECK_THROWS_AS(Model(Eigen::Vector2d(0, 0), Eigen::Vector3d(1, 1, 1)), latent::InvalidArgument);
  CHECK_THROWS_WITH(Model(Eigen::Vector2d(0, 0), Eigen::Vector2d(1, 0)), contains("deviation[1]"));
  CHECK_THROWS_WITH(Model(Eigen::Vector2d(0, x(9, 1)), Eigen::Vector2d(1, 1)), contains("mean[1]"));
}
