// Cholesky factors that never come from a singular covariance.
#pragma once

#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>

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

// The largest |m(i,j) - m(j,i)|, in units of sqrt(m(i,i) m(j,j)).
template <class S>
double asymmetry_of(const Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>& covariance) {
  double worst = 0.0;
  for (Index i = 0; i < covariance.rows(); ++i)
    for (Index j = 0; j < i; ++j) {
      const double size = std::sqrt(
          std::abs(static_cast<double>(covariance(i, i)) * static_cast<double>(covariance(j, j))));
      const double difference =
          std::abs(static_cast<double>(covariance(i, j)) - static_cast<double>(covariance(j, i)));
      if (difference > 0.0) worst = std::max(worst, size > 0.0 ? difference / size : 1.0);
    }
  return worst;
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

enum class FloorOutcome { sound, floored, singular };

// Factors a covariance (its lower triangle; in units of the data's deviations) whose eigenvalues
// are first raised to `floor` where they lie below it. That they lie above is tested without
// computing them: matrix - floor * I then has a Cholesky factor. S is always double: a template, so
// that only who calls it compiles the solver (CONTRIBUTING.md, Compile time).
template <class S>
FloorOutcome factor_above_floor(const RowMatrix<S>& matrix, double floor, RowMatrix<S>& factor) {
  if (cholesky(matrix, floor, factor) && cholesky(matrix, 0.0, factor)) {
    // Without a floor a pivot that has lost most of its digits does not count as positive.
    bool sound = true;
    constexpr double rounding = 1e-10;
    for (Index j = 0; j < matrix.rows(); ++j)
      sound = sound && factor(j, j) * factor(j, j) > rounding * matrix(j, j);
    if (floor > 0.0 || sound) return FloorOutcome::sound;
  }
  if (floor == 0.0 || !all_finite(matrix.data(), matrix.size())) return FloorOutcome::singular;
  using Square = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::SelfAdjointEigenSolver<Square> eigen(
      Square(matrix.template selfadjointView<Eigen::Lower>()));
  const Vector<S> values = eigen.eigenvalues().cwiseMax(floor);
  const Square& vectors = eigen.eigenvectors();
  const Index d = matrix.rows();
  RowMatrix<S> raised(d, d);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j <= i; ++j) {
      double sum = 0.0;
      for (Index m = 0; m < d; ++m) sum += vectors(i, m) * values[m] * vectors(j, m);
      raised(i, j) = sum;
    }
  // Where floor is near rounding, the raised matrix may still fail by an ulp.
  for (double more = 0.0; more < 1.0; more = std::max(2.0 * more, 1e-16))
    if (cholesky(raised, -more, factor)) return FloorOutcome::floored;
  return FloorOutcome::singular;
}

}  // namespace detail

LATENT_END
