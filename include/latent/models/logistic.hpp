// The logistic function, its quadratic bound, and the equations of a regression step.
#pragma once

#include <cmath>
#include <limits>

#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/cholesky.hpp"
#include "latent/models/cholesky_solve.hpp"

LATENT_BEGIN

namespace detail {

// 1 / (1 + e^-v), with full relative accuracy on both sides.
inline double sigmoid(double v) {
  const double e = std::exp(-std::abs(v));
  return (v >= 0.0 ? 1.0 : e) / (1.0 + e);
}

// log sigmoid(v); never overflows.
inline double log_sigmoid(double v) {
  return (v < 0.0 ? v : 0.0) - std::log1p(std::exp(-std::abs(v)));
}

// sigmoid(v) (1 - sigmoid(v)): the curvature of -log sigmoid.
inline double sigmoid_slope(double v) {
  const double e = std::exp(-std::abs(v));
  return e / ((1.0 + e) * (1.0 + e));
}

// 2 lambda(v) = tanh(v/2) / (2 v), the curvature of the parabola that touches log sigmoid at v and
// -v and lies below it everywhere else (Jaakkola and Jordan 2000).
inline double bound_curvature(double v) {
  if (std::abs(v) < 1e-2) return 0.25 - v * v * (1.0 / 48.0 - v * v / 480.0);
  return std::tanh(0.5 * v) / (2.0 * v);
}

// n x (D+1): the first D columns of x, then ones, which the intercept multiplies.
template <class S>
RowMatrix<double> with_ones(const Eigen::Ref<const RowMatrix<S>>& x, Index features) {
  RowMatrix<double> design(x.rows(), features + 1);
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < features; ++j) design(i, j) = static_cast<double>(x(i, j));
    design(i, features) = 1.0;
  }
  return design;
}

// Rows first ... of out += sum_i factor_i t_i t_i', t_i the rows of the design.
// A template, so that only who calls it compiles the product: S is always double.
template <class S>
void add_weighted_gram(const RowMatrix<S>& design, const Vector<S>& factor, RowMatrix<S>& out,
                       Index first = 0) {
  RowMatrix<S> weighted = design;
  for (Index i = 0; i < design.rows(); ++i)
    for (Index j = 0; j < design.cols(); ++j) weighted(i, j) *= factor[i];
  Eigen::Block<RowMatrix<S>> target(out, first, 0, design.cols(), design.cols());
  add_product(weighted.transpose(), design, target);
}

// matrix + ridge on every diagonal entry but the last, which is the intercept's.
inline void add_ridge(double ridge, RowMatrix<double>& matrix) {
  for (Index j = 0; j + 1 < matrix.rows(); ++j) matrix(j, j) += ridge;
}

enum class Curvature { sound, singular, useless };

// Solves matrix step = gradient for a symmetric matrix that should be positive definite (lower
// triangle read), in units in which its diagonal is 1. Where it is singular (1e-13) its diagonal is
// raised by 1e-8 of itself: the step is then shorter, and still climbs. `useless`: there is no
// step.
inline Curvature solve_curvature(const RowMatrix<double>& matrix, const Vector<double>& gradient,
                                 Vector<double>& step) {
  const Index n = matrix.rows();
  Vector<double> unit(n);
  for (Index j = 0; j < n; ++j) {
    const double size = matrix(j, j);
    if (!(size >= 0.0) || !is_finite(size)) return Curvature::useless;
    unit[j] = size > 0.0 ? 1.0 / std::sqrt(size) : 1.0;
  }
  RowMatrix<double> scaled(n, n);
  step.resize(n);
  for (Index i = 0; i < n; ++i) {
    step[i] = gradient[i] * unit[i];
    for (Index j = 0; j <= i; ++j) scaled(i, j) = matrix(i, j) * unit[i] * unit[j];
  }
  RowMatrix<double> factor(n, n);
  Curvature found = Curvature::sound;
  if (!cholesky(scaled, 1e-13, factor)) found = Curvature::singular;
  if (!cholesky(scaled, found == Curvature::sound ? 0.0 : -1e-8, factor)) return Curvature::useless;
  solve_cholesky(factor, step);
  for (Index j = 0; j < n; ++j) step[j] *= unit[j];
  return all_finite(step.data(), n) ? found : Curvature::useless;
}

// The diagonal of the inverse of such a matrix; infinite where it is singular.
inline Vector<double> inverse_diagonal(const RowMatrix<double>& matrix) {
  Vector<double> diagonal(matrix.rows());
  for (Index j = 0; j < matrix.rows(); ++j) {
    Vector<double> column;
    const Vector<double> unit = Vector<double>::Unit(matrix.rows(), j);
    const bool sound = solve_curvature(matrix, unit, column) == Curvature::sound;
    diagonal[j] = sound ? column[j] : std::numeric_limits<double>::infinity();
  }
  return diagonal;
}

}  // namespace detail

LATENT_END
