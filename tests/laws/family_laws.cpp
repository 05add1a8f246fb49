// The laws of latent models, over the families of counts and waiting times, in double and float.
#include "latent/mixture/exponential.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/multinomial.hpp"
#include "latent/mixture/poisson.hpp"
#include "laws/obey.hpp"

using latent::Index;
using latent::Mixture;
using latent_test::obey;

namespace {

// K = 3, D = 5, no two rows alike.
template <class S>
latent::RowMatrix<S> table(double shift) {
  latent::RowMatrix<S> all(3, 5);
  for (Index k = 0; k < 3; ++k)
    for (Index j = 0; j < 5; ++j)
      all(k, j) = static_cast<S>(0.3 + shift + 0.7 * static_cast<double>((k * 2 + j) % 4));
  return all;
}

template <class S>
Mixture<latent::Multinomial<S>> words(double shift, double concentration = 1.0) {
  latent::RowMatrix<S> p = table<S>(shift);
  for (Index k = 0; k < 3; ++k) p.row(k) /= p.row(k).sum();
  return {Eigen::Vector3d(0.2, 0.3, 0.5), {p, {concentration}}};
}

template <class S>
Mixture<latent::Poisson<S>> counts(double shift, latent::GammaPrior prior = {}) {
  return {Eigen::Vector3d(0.2, 0.3, 0.5), {table<S>(shift), prior}};
}

template <class S>
Mixture<latent::Exponential<S>> times(double shift, latent::GammaPrior prior = {}) {
  return {Eigen::Vector3d(0.2, 0.3, 0.5), {table<S>(shift), prior}};
}

}  // namespace

TEST_CASE("laws: multinomial mixtures obey") {
  obey(words<double>(0.2), words<double>(0.0));
  obey(words<double>(0.2), words<double>(0.0, 2.5));
  obey(words<float>(0.2), words<float>(0.0));
}

TEST_CASE("laws: Poisson mixtures obey") {
  obey(counts<double>(0.2), counts<double>(0.0));
  obey(counts<double>(0.2), counts<double>(0.0, {3.0, 2.0}));
  obey(counts<float>(0.2), counts<float>(0.0));
}

TEST_CASE("laws: exponential mixtures obey") {
  obey(times<double>(0.2), times<double>(0.0));
  obey(times<double>(0.2), times<double>(0.0, {3.0, 2.0}));
  obey(times<float>(0.2), times<float>(0.0));
}
