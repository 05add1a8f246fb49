// Cholesky factors that never come from a singular covariance.
#pragma once

#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/cholesky.hpp"

LATENT_BEGIN

namespace detail {

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

// axes diag(variances) axes', symmetric to the bit.
template <class Axes, class Row>
RowMatrix<double> matrix_of(const Axes& axes, const Row& variances) {
  const Index d = axes.rows();
  RowMatrix<double> out(d, d);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j <= i; ++j) {
      double sum = 0.0;
      for (Index m = 0; m < d; ++m) sum += axes(i, m) * variances[m] * axes(j, m);
      out(i, j) = out(j, i) = sum;
    }
  return out;
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
  const RowMatrix<S> raised = matrix_of(vectors, values);
  // Where floor is near rounding, the raised matrix may still fail by an ulp.
  for (double more = 0.0; more < 1.0; more = std::max(2.0 * more, 1e-16))
    if (cholesky(raised, -more, factor)) return FloorOutcome::floored;
  return FloorOutcome::singular;
}

}  // namespace detail

LATENT_END
