// The Cholesky factor of a symmetric matrix, and its inverse.
#pragma once

#include <cmath>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The lower Cholesky factor of `matrix` - `shift` * identity; reads the lower triangle. False where
// a pivot is not positive or not a number: a library routine's "success" is no guard against NaN.
// Our own loop, so that the answer does not depend on how the program's linear algebra was built.
inline bool cholesky(const RowMatrix<double>& matrix, double shift, RowMatrix<double>& factor) {
  const Index d = matrix.rows();
  factor.setZero(d, d);
  for (Index j = 0; j < d; ++j) {
    for (Index i = j; i < d; ++i) {
      double sum = matrix(i, j);
      if (i == j) sum -= shift;
      for (Index m = 0; m < j; ++m) sum -= factor(i, m) * factor(j, m);
      if (i == j) {
        if (!(sum > 0.0) || !is_finite(sum)) return false;
        factor(j, j) = std::sqrt(sum);
      } else {
        factor(i, j) = sum / factor(j, j);
      }
    }
  }
  return true;
}

// inverse = factor^-1, both lower triangular.
inline void invert_lower(const RowMatrix<double>& factor, RowMatrix<double>& inverse) {
  const Index d = factor.rows();
  inverse.setZero(d, d);
  for (Index j = 0; j < d; ++j) {
    inverse(j, j) = 1.0 / factor(j, j);
    for (Index i = j + 1; i < d; ++i) {
      double sum = 0.0;
      for (Index m = j; m < i; ++m) sum -= factor(i, m) * inverse(m, j);
      inverse(i, j) = sum / factor(i, i);
    }
  }
}

}  // namespace detail

LATENT_END
