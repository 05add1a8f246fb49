// The Bayesian information criterion of a clustering.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// -2 log L + p log n of K spherical Gaussians with one common variance, every row under the Gaussian
// of its cluster (the classification likelihood, after Pelleg and Moore 2000, section 3.2, with the
// maximum-likelihood variance W / (n D)): p = K D means, K - 1 weights, 1 variance. Minus infinity
// where W = 0.
inline double kmeans_bic(double inertia, const Vector<double>& weights, Index cols) {
  if (!(inertia > 0.0)) return -std::numeric_limits<double>::infinity();
  const double n = weights.sum();
  const auto D = static_cast<double>(cols);
  const auto K = static_cast<double>(weights.size());
  double likelihood = -0.5 * n * D * (std::log(2.0 * std::numbers::pi * (inertia / (n * D))) + 1.0);
  for (const double size : weights) likelihood += xlogy(size, size / n);
  return -2.0 * likelihood + (K * D + K) * std::log(n);
}

}  // namespace detail

LATENT_END
