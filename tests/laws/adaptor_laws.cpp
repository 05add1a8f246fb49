// The laws of latent models, over tied Gaussians, Gaussians with a prior, and adaptors.
#include <cmath>
#include <tuple>

#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/heterogeneous.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/per_component.hpp"
#include "latent/mixture/uniform.hpp"
#include "laws/obey.hpp"
#include "mixture/geometric.hpp"

using latent::Covariance;
using latent::Gaussian;
using latent::Index;
using latent::Mixture;
using latent_test::obey;

using latent_test::Geometric;

namespace {

template <class S>
latent::RowMatrix<S> centres(double spread) {
  latent::RowMatrix<S> means(3, 4);
  for (Index k = 0; k < 3; ++k)
    for (Index j = 0; j < 4; ++j)
      means(k, j) = static_cast<S>(spread * static_cast<double>((k + 1) * (j + 2) % 5));
  return means;
}

template <Covariance Form, class S>
Mixture<Gaussian<Form, S>> bells(double spread) {
  return {Eigen::Vector3d(0.2, 0.3, 0.5), Gaussian<Form, S>::isotropic(centres<S>(spread), S(1))};
}

template <class Model>
Model with_prior(Model model) {
  model.family.prior = {latent::Vector<double>::Ones(4), 0.5, 6.0,
                        latent::RowMatrix<double>::Identity(4, 4)};
  return model;
}

template <class S>
auto noisy(double spread) {
  return Mixture{
      Eigen::Vector4d(0.2, 0.3, 0.4, 0.1),
      latent::Heterogeneous{Gaussian<Covariance::tied, S>::isotropic(centres<S>(spread), 1),
                            latent::Uniform<S>{latent::Vector<S>::Constant(4, S(-30)),
                                               latent::Vector<S>::Constant(4, S(30))}}};
}

}  // namespace

TEST_CASE("laws: tied Gaussian mixtures obey") {
  obey(bells<Covariance::tied, double>(2.0), bells<Covariance::tied, double>(1.5));
  obey(bells<Covariance::tied, float>(2.0), bells<Covariance::tied, float>(1.5));
}

TEST_CASE("laws: Gaussian mixtures with a prior obey") {
  obey(bells<Covariance::full, double>(2.0), with_prior(bells<Covariance::full, double>(1.5)));
  obey(bells<Covariance::tied, double>(2.0), with_prior(bells<Covariance::tied, double>(1.5)));
}

TEST_CASE("laws: Gaussians beside a uniform noise component obey") {
  obey(noisy<double>(2.0), noisy<double>(1.5));
  obey(noisy<float>(2.0), noisy<float>(1.5));
}

TEST_CASE("laws: a family made of single components obeys") {
  const auto model = [](double a, double b) {
    return Mixture{Eigen::Vector2d(0.4, 0.6), latent::PerComponent<Geometric>{{{a}, {b}}}};
  };
  obey(model(0.2, 0.7), model(0.3, 0.5));
}
