// Gaussian mixtures, and data with holes.
#pragma once

#include <limits>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/mixture/incomplete_gaussian.hpp"
#include "latent/mixture/mixture.hpp"

namespace latent_test {

using Bells = latent::Mixture<latent::IncompleteGaussian<double>>;
using Plain = latent::Mixture<latent::GaussianFamily<double>>;

// Three components in four columns that lean on each other where the form lets them.
inline Bells bells(latent::Covariance form, double spread = 1.0) {
  latent::RowMatrix<double> means(3, 4);
  means << 0, 1, 2, 3, 4, 0, -2, 1, -1, -4, 3, 0;
  const auto isotropic = latent::GaussianFamily<double>::isotropic(form, means * spread, 1.0);
  std::vector<Eigen::MatrixXd> covariances;
  const bool shared = latent::detail::is_shared(form);
  for (int k = 0; k < (shared ? 1 : 3); ++k) {
    Eigen::MatrixXd c = Eigen::MatrixXd::Identity(4, 4) * (1.0 + 0.5 * k);
    if (!latent::detail::is_diagonal(form)) {
      c(0, 1) = c(1, 0) = 0.6;
      c(2, 3) = c(3, 2) = -0.4 - 0.2 * k;
      c(0, 2) = c(2, 0) = 0.3;
    } else if (!latent::detail::is_spherical(form)) {
      c(1, 1) += 0.5 + k;
    }
    covariances.push_back(c);
  }
  return {Eigen::Vector3d(0.2, 0.3, 0.5),
          latent::IncompleteGaussian<double>(
              latent::GaussianFamily<double>(form, isotropic.means, covariances))};
}

// Each number missing with probability `share`, whatever the others are.
template <class S>
latent::RowMatrix<S> with_gaps(latent::RowMatrix<S> x, double share, std::uint64_t seed) {
  for (latent::Index i = 0; i < x.rows(); ++i) {
    latent::Random random = latent::Random(seed).at(static_cast<std::uint64_t>(i));
    for (latent::Index j = 0; j < x.cols(); ++j)
      if (random.uniform() < share) x(i, j) = std::numeric_limits<S>::quiet_NaN();
  }
  return x;
}

}  // namespace latent_test
