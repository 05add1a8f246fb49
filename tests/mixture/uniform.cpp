// A box with a uniform density.
#include "latent/mixture/uniform.hpp"

#include <cmath>
#include <limits>

#include "latent/em.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;

namespace {

using Box = latent::Mixture<latent::Uniform<double>>;

Box box() {
  return {latent::Vector<double>::Ones(1), {Eigen::Vector2d(-1, 2), Eigen::Vector2d(3, 2.5)}};
}

}  // namespace

TEST_CASE("uniform: the density is 1 / volume inside, bounds included, and 0 outside") {
  RowMatrix<double> x(5, 2);
  x << 0, 2.25, -1, 2, 3, 2.5, 3.0000001, 2.25, 0, 1.999;
  const auto density = box().log_density(x);
  for (Index i = 0; i < 3; ++i) CHECK(close(density[i], -std::log(2.0), 1e-15));
  CHECK(latent::is_negative_infinity(density[3]));
  CHECK(latent::is_negative_infinity(density[4]));
}

TEST_CASE("uniform: around is the range of the rows that count, in double and float") {
  RowMatrix<double> x(4, 2);
  x << 1, 5, -2, 7, 4, 6, 100, 100;
  const auto around =
      latent::Uniform<>::around(latent::samples(x).weights(Eigen::Vector4d(1, 2, 0.5, 0)));
  CHECK(around.lower == Eigen::Vector2d(-2, 5));
  CHECK(around.upper == Eigen::Vector2d(4, 7));
  // Rounding to float keeps every row inside.
  const RowMatrix<double> third = (x.array() / 3.0).matrix();
  const auto narrow = latent::Uniform<float>::around(third);
  const latent::Mixture<latent::Uniform<float>> model{latent::Vector<double>::Ones(1), narrow};
  CHECK(latent::is_finite(model.log_likelihood(third)));
  x.col(1).setConstant(3);
  CHECK_THAT(message_of<latent::DataError>([&] { latent::Uniform<>::around(x); }),
             latent_test::contains("every column must vary; got only 3 in column 1"));
  x(2, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(latent::Uniform<>::around(x), latent::DataError);
  CHECK_THROWS_AS(latent::Uniform<>::around(RowMatrix<double>(0, 2)), latent::InvalidArgument);
}

TEST_CASE("uniform: samples fill the box, and a fit changes nothing") {
  const auto x = box().sample(5000, 3);
  CHECK(latent::is_finite(box().log_likelihood(x)));
  CHECK(std::abs(x.col(0).mean() - 1.0) < 5 * 4 / std::sqrt(12.0 * 5000));
  const auto fit = latent::EM{}.fit(box(), x);
  CHECK(fit.report.converged());
  CHECK(fit.model.family.upper == box().family.upper);
  CHECK(fit.model.free_parameters() == 0);
  CHECK(fit.model.parameters().size() == 1);  // the weight
}

TEST_CASE("uniform: bounds that are no box are refused by name and value") {
  Box bad = box();
  bad.family.upper[1] = 2;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { bad.sample(1, 1); }),
             latent_test::contains("lower(1) = 2 and upper(1) = 2"));
  bad.family.upper = Eigen::Vector3d(3, 3, 3);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { bad.sample(1, 1); }),
             latent_test::contains("one number a column; got 2 and 3"));
  bad.family.lower = Eigen::Vector2d(-1e308, 0);
  bad.family.upper = Eigen::Vector2d(1e308, 1);
  CHECK_THROWS_AS(bad.sample(1, 1), latent::InvalidArgument);
}
