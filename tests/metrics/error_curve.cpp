#include "latent/metrics/error_curve.hpp"

#include <limits>

#include "latent/core/random.hpp"
#include "support/catch.hpp"

using latent::error_curve;
using latent::ErrorCurve;
using latent::Index;

TEST_CASE("error curve: every point is the count of its threshold") {
  const Eigen::Vector4d genuine(3, 1, 2, 2);
  const Eigen::RowVectorXd impostor = Eigen::RowVectorXd::LinSpaced(5, 2, 6);
  const ErrorCurve curve = error_curve(genuine, impostor);
  REQUIRE(curve.points.size() == 7);
  CHECK(curve.points[0].threshold == -std::numeric_limits<double>::infinity());
  const double expected[7][3] = {{0, 0, 1},  {1, 0, .75}, {2, .2, .25}, {3, .4, 0},
                                 {4, .6, 0}, {5, .8, 0},  {6, 1, 0}};
  for (std::size_t i = 0; i < 7; ++i) {
    if (i > 0) CHECK(curve.points[i].threshold == expected[i][0]);
    CHECK(curve.points[i].false_accept == expected[i][1]);
    CHECK(curve.points[i].false_reject == expected[i][2]);
  }
  // From (.2, .25) to (.4, 0) the errors meet after 1/9 of the way.
  CHECK(curve.equal_error_rate == Approx(.2 + .2 / 9).epsilon(1e-14));
  CHECK(curve.equal_error_threshold == Approx(2 + 1.0 / 9).epsilon(1e-14));
  // Of 20 pairs 2 + 2 ties of genuine 2 and one tie of genuine 3 with impostors: 2 and 3.
  CHECK(curve.area == Approx((5 + 4.5 + 4.5 + 3.5) / 20.0).epsilon(1e-14));
  CHECK(curve.at_false_accept(0.0) == 1);
  CHECK(curve.at_false_accept(0.19) == 1);
  CHECK(curve.at_false_accept(0.2) == 2);
  CHECK(curve.at_false_accept(1.0) == 6);
}

TEST_CASE("error curve: the area is the share of pairs in the right order") {
  latent::Random random{3};
  Eigen::VectorXd genuine(40);
  Eigen::VectorXd impostor(60);
  for (double& x : genuine) x = std::floor(8 * random.uniform());
  for (double& x : impostor) x = std::floor(12 * random.uniform());
  double pairs = 0.0;
  for (const double g : genuine)
    for (const double i : impostor) pairs += g < i ? 1.0 : (g == i ? 0.5 : 0.0);
  const ErrorCurve curve = error_curve(genuine, impostor);
  CHECK(curve.area == Approx(pairs / 2400.0).epsilon(1e-13));
  for (std::size_t k = 1; k < curve.points.size(); ++k) {
    const auto& point = curve.points[k];
    CHECK(point.false_accept ==
          static_cast<double>((impostor.array() <= point.threshold).count()) / 60.0);
    CHECK(point.false_reject ==
          static_cast<double>((genuine.array() > point.threshold).count()) / 40.0);
  }
}

TEST_CASE("error curve: separated distances have no error, reversed ones nothing else") {
  const Eigen::Vector2d low(1, 2);
  const Eigen::Vector3d high(5, 6, 7);
  const ErrorCurve apart = error_curve(low, high);
  CHECK(apart.equal_error_rate == 0.0);
  CHECK(apart.equal_error_threshold == 2.0);
  CHECK(apart.area == 1.0);
  const ErrorCurve reversed = error_curve(high, low);
  CHECK(reversed.equal_error_rate == 1.0);
  CHECK(reversed.area == 0.0);
  const ErrorCurve same = error_curve(Eigen::Vector2d(4, 4), Eigen::Vector2d(4, 4));
  CHECK(same.equal_error_rate == 0.5);
  CHECK(same.equal_error_threshold == 4.0);
  CHECK(same.area == 0.5);
}

TEST_CASE("error curve: shares of counts are met whatever their rounding") {
  Eigen::VectorXd impostor(300);
  for (Index i = 0; i < 300; ++i) impostor[i] = static_cast<double>(i);
  const ErrorCurve curve = error_curve(Eigen::VectorXd::Constant(1, 0.0), impostor);
  for (const int allowed : {0, 3, 21, 87, 300})
    CHECK(curve.at_false_accept(allowed / 100.0 / 3.0) == allowed);
}

TEST_CASE("error curve: bad distances are typed errors") {
  const Eigen::Vector2d good(1, 2);
  CHECK_THROWS_AS(error_curve(Eigen::VectorXd(), good), latent::InvalidArgument);
  CHECK_THROWS_AS(error_curve(good, Eigen::MatrixXd::Zero(2, 2)), latent::InvalidArgument);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(error_curve(good, Eigen::Vector2d(1, nan)), latent::DataError);
  const ErrorCurve curve = error_curve(good, good);
  for (const double share : {-0.1, 1.1, nan})
    CHECK_THROWS_AS(curve.at_false_accept(share), latent::InvalidArgument);
}
