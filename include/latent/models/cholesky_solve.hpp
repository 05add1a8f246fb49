// Solving with a Cholesky factor.
#pragma once

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Solves factor factor' x = b in place, factor lower triangular.
inline void solve_cholesky(const RowMatrix<double>& factor, Vector<double>& b) {
  const Index n = factor.rows();
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k < i; ++k) b[i] -= factor(i, k) * b[k];
    b[i] /= factor(i, i);
  }
  for (Index i = n - 1; i >= 0; --i) {
    for (Index k = i + 1; k < n; ++k) b[i] -= factor(k, i) * b[k];
    b[i] /= factor(i, i);
  }
}

}  // namespace detail

LATENT_END
