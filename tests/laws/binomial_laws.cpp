// The laws of latent models on mixtures of coins.
#include "latent/coins.hpp"
#include "laws/obey.hpp"

namespace {

template <class S>
latent::Mixture<latent::Binomial<S>> coins(double a, double b) {
  latent::Vector<S> p(2);
  p << static_cast<S>(a), static_cast<S>(b);
  return {Eigen::Vector2d(0.4, 0.6), {p}};
}

}  // namespace

TEST_CASE("laws: binomial mixtures obey") {
  latent_test::obey(coins<double>(0.7, 0.2), coins<double>(0.6, 0.5));
  latent_test::obey(coins<float>(0.7, 0.2), coins<float>(0.6, 0.5));
}

TEST_CASE("laws: binomial mixtures with priors or fixed weights obey") {
  const auto x = coins<double>(0.7, 0.2).sample(latent_test::law_rows, 7);
  auto model = coins<double>(0.6, 0.5);
  model.family.prior = {3.0, 2.0};
  model.concentration = 4.0;
  latent_test::obey_on("priors", model, x);
  model.weighting = latent::Weighting::fixed;
  latent_test::obey_on("fixed weights", model, x);
}

TEST_CASE("laws: coins that cannot fall on one side obey") {
  const auto x = coins<double>(0.7, 0.2).sample(latent_test::law_rows, 7);
  latent_test::obey_on("heads only", coins<double>(1.0, 0.3), x);
  latent_test::obey_on("alike", coins<double>(0.5, 0.5), x);  // a saddle point
  auto model = coins<double>(0.6, 0.5);
  model.weights = Eigen::Vector2d(0.0, 1.0);
  latent_test::obey_on("a component without weight", model, x);
}
