// The ways to principal components.
#pragma once

#include "latent/core/config.hpp"

LATENT_BEGIN

// What each reaches is in docs/pca.md. eps is that of double, m = max(D, min(n, 2048)), sigma_1 the
// largest singular value; for float data no floor is below eps_float sqrt(m) sigma_1.
//
// covariance, gram and randomized work with squares, which cost half the digits: singular values
// below the noise floor sqrt(eps m) sigma_1 are given as 0, and those above it are exact to the
// floor's square divided by themselves. svd is exact to about eps m sigma_1, and that is its floor.
enum class PCASolver {
  automatic,   // gram where n < D, else covariance, and svd where a component asked for lies so low
               // that squares would show (below 64 floors); randomized for a few components of
               // large sparse data
  covariance,  // D x D, O(n D^2), and O(D^3) for all components
  gram,        // n x n, O(n^2 D), and O(n^3) for all; never forms anything D x D
  svd,         // Householder QR of the centred rows, then their singular values: O(n D min(n, D))
  randomized,  // a few components by passes over the rows: O(n D L) each; see PCA::accuracy
};

inline const char* to_string(PCASolver solver) {
  switch (solver) {
    case PCASolver::automatic:
      return "automatic";
    case PCASolver::covariance:
      return "covariance";
    case PCASolver::gram:
      return "gram";
    case PCASolver::svd:
      return "svd";
    case PCASolver::randomized:
      return "randomized";
  }
  return "unknown";
}

LATENT_END
