// The laws of latent models on Gaussian mixtures of every form of covariance.
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/mixture.hpp"
#include "laws/conform.hpp"
#include "laws/obey.hpp"

namespace {

latent::Mixture<latent::GaussianFamily<double>> bells(latent::Covariance form, double spread) {
  latent::RowMatrix<double> means(3, 4);
  for (latent::Index k = 0; k < 3; ++k)
    for (latent::Index j = 0; j < 4; ++j)
      means(k, j) = spread * static_cast<double>((k + 1) * (j + 2) % 5);
  return {Eigen::Vector3d(0.2, 0.3, 0.5),
          latent::GaussianFamily<double>::isotropic(form, means, 1.0)};
}

}  // namespace

TEST_CASE("laws: Gaussian mixtures of every form obey") {
  for (const latent::Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    latent_test::obey(bells(form, 2.0), bells(form, 1.5));
  }
}

TEST_CASE("conformance: Gaussian mixtures along the columns and with common axes") {
  latent::RowMatrix<double> means(2, 3);
  means << 2, 1, 1, 0.5, 1, 2.5;
  for (const latent::Covariance form : {latent::Covariance::VEI, latent::Covariance::VVE}) {
    INFO(std::string(to_string(form)));
    latent_test::conform(latent::Mixture{
        Eigen::Vector2d(0.4, 0.6), latent::GaussianFamily<double>::isotropic(form, means, 1.5)});
  }
}
