// The laws of latent models on Gaussian mixtures.
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/mixture.hpp"
#include "laws/obey.hpp"

namespace {

latent::Mixture<latent::Gaussian<>> bells(double spread) {
  latent::RowMatrix<double> means(3, 4);
  for (latent::Index k = 0; k < 3; ++k)
    for (latent::Index j = 0; j < 4; ++j)
      means(k, j) = spread * static_cast<double>((k + 1) * (j + 2) % 5);
  return {Eigen::Vector3d(0.2, 0.3, 0.5), latent::Gaussian<>::isotropic(means, 1.0)};
}

}  // namespace

TEST_CASE("laws: Gaussian mixtures obey") {
  latent_test::obey(bells(2.0), bells(1.5));
}

TEST_CASE("laws: Gaussian mixtures obey where columns differ in unit and place") {
  latent::RowMatrix<double> x = bells(2.0).sample(latent_test::law_rows, 7);
  latent::RowMatrix<double> means = bells(1.5).family.means;
  const Eigen::RowVector4d unit(1e-6, 1.0, 1e5, 1.0);
  const Eigen::RowVector4d place(0.0, 1e4, 0.0, -1e6);
  for (latent::Index i = 0; i < x.rows(); ++i)
    x.row(i) = (x.row(i).array() * unit.array() + place.array()).matrix().eval();
  for (latent::Index k = 0; k < 3; ++k)
    means.row(k) = (means.row(k).array() * unit.array() + place.array()).matrix().eval();
  const Eigen::Matrix4d covariance = unit.cwiseAbs2().asDiagonal();
  const latent::Mixture<latent::Gaussian<>> model{
      Eigen::Vector3d(0.2, 0.3, 0.5),
      latent::Gaussian<>(means, std::vector<Eigen::MatrixXd>(3, covariance))};
  latent_test::obey_on("units", model, x);
}
