// The laws of latent models on mixtures of binary rows.
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/mixture.hpp"
#include "laws/obey.hpp"

namespace {

template <class S>
latent::Mixture<latent::Bernoulli<S>> words(double shift) {
  latent::RowMatrix<S> p(3, 7);
  for (latent::Index k = 0; k < 3; ++k)
    for (latent::Index j = 0; j < 7; ++j)
      p(k, j) = static_cast<S>(0.1 + shift + 0.2 * static_cast<double>((k * 2 + j) % 4));
  return {Eigen::Vector3d(0.2, 0.3, 0.5), {p}};
}

}  // namespace

TEST_CASE("laws: Bernoulli mixtures obey") {
  latent_test::obey(words<double>(0.05), words<double>(0.0));
  latent_test::obey(words<float>(0.05), words<float>(0.0));
}

TEST_CASE("laws: Bernoulli mixtures with priors and with certain columns obey") {
  auto x = words<double>(0.05).sample(latent_test::law_rows, 7);
  auto model = words<double>(0.0);
  model.family.prior = {2.0, 2.0};
  model.concentration = 1.5;
  latent_test::obey_on("priors", model, x);
  x.col(3).setZero();
  x.col(5).setOnes();
  latent_test::obey_on("certain columns", words<double>(0.0), x);
}
