// The laws of latent models on Gaussian mixtures of float.
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/mixture.hpp"
#include "laws/obey.hpp"

namespace {

latent::Mixture<latent::Gaussian<latent::Covariance::full, float>> bells(double spread) {
  latent::RowMatrix<float> means(3, 4);
  for (latent::Index k = 0; k < 3; ++k)
    for (latent::Index j = 0; j < 4; ++j)
      means(k, j) = static_cast<float>(spread * static_cast<double>((k + 1) * (j + 2) % 5));
  return {Eigen::Vector3d(0.2, 0.3, 0.5),
          latent::Gaussian<latent::Covariance::full, float>::isotropic(means, 1.0f)};
}

}  // namespace

TEST_CASE("laws: Gaussian mixtures of float obey") {
  latent_test::obey(bells(2.0), bells(1.5));
}
