// What every fitted mixture must do with its input, over coins, words and Gaussians.
#include "latent/coins.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/gaussian.hpp"
#include "laws/conform.hpp"
#include "support/catch.hpp"

using latent::RowMatrix;

namespace {

using Coins = latent::Mixture<latent::Binomial<double>>;
using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

template <class Model>
Model made();

template <>
Coins made() {
  return {Eigen::Vector2d(0.4, 0.6), {Eigen::Vector2d(0.7, 0.3)}};
}
template <>
Words made() {
  RowMatrix<double> p(2, 5);
  p << 0.9, 0.2, 0.5, 0.6, 0.3, 0.1, 0.7, 0.4, 0.5, 0.8;
  return {Eigen::Vector2d(0.4, 0.6), {p}};
}
template <>
Bells made() {
  RowMatrix<double> means(2, 3);
  means << 0, 1, 2, 2, 0, -1;
  return {Eigen::Vector2d(0.4, 0.6), latent::Gaussian<>::isotropic(means, 1.5)};
}

}  // namespace

TEST_CASE("conformance: ties go to the lowest component") {
  const Coins twins{Eigen::Vector3d(0.2, 0.4, 0.4), {Eigen::Vector3d(0.5, 0.7, 0.7)}};
  const RowMatrix<double> x = latent::tosses({"HHHH", "TTTT"});
  CHECK(twins.predict(x)[0] == 1);
  const Coins certain{Eigen::Vector3d(0.2, 0.4, 0.4), {Eigen::Vector3d(1.0, 1.0, 1.0)}};
  CHECK(certain.predict(x)[1] == 1);  // impossible everywhere: the largest weight, then the lowest
}

TEST_CASE("conformance: binomial mixtures") {
  latent_test::conform(made<Coins>());
}
TEST_CASE("conformance: Bernoulli mixtures") {
  latent_test::conform(made<Words>());
}
TEST_CASE("conformance: Gaussian mixtures") {
  latent_test::conform(made<Bells>());
}
