// What every fitted mixture must do with its input, over counts, waiting times and tied Gaussians.
#include "latent/mixture/exponential.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/multinomial.hpp"
#include "latent/mixture/poisson.hpp"
#include "laws/conform.hpp"

using latent::Mixture;
using latent::RowMatrix;

namespace {

RowMatrix<double> table() {
  RowMatrix<double> all(2, 3);
  all << 0.5, 0.25, 0.25, 0.125, 0.25, 0.625;
  return all;
}

}  // namespace

TEST_CASE("conformance: multinomial mixtures") {
  latent_test::conform(Mixture{Eigen::Vector2d(0.4, 0.6), latent::Multinomial<double>{table()}});
}
TEST_CASE("conformance: Poisson mixtures") {
  latent_test::conform(Mixture{Eigen::Vector2d(0.4, 0.6), latent::Poisson<double>{table() * 8.0}});
}
TEST_CASE("conformance: exponential mixtures") {
  latent_test::conform(Mixture{Eigen::Vector2d(0.4, 0.6), latent::Exponential<double>{table()}});
}
TEST_CASE("conformance: tied Gaussian mixtures") {
  latent_test::conform(
      Mixture{Eigen::Vector2d(0.4, 0.6),
              latent::Gaussian<latent::Covariance::tied>::isotropic(table() * 4.0, 1.5)});
}
