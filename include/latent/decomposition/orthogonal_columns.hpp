// Singular values by rotating columns until they are orthogonal.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "latent/core/error.hpp"
#include "latent/core/product.hpp"
#include "latent/decomposition/covariance_solver.hpp"

LATENT_BEGIN

namespace detail {

// Rotates columns i < j so that they are orthogonal and column i is the longer one; `squares` are
// their squared lengths. False where they were so already, to `tolerance` of the product of lengths,
// or the shorter one is noise: its square not above `noise`.
template <class S>
bool rotate_columns(Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>& columns, Vector<S>& squares,
                    Index i, Index j, double tolerance, double noise) {
  const Index n = columns.rows();
  S* a = columns.data() + i * n;
  S* b = columns.data() + j * n;
  if (squares[i] < squares[j]) {
    std::swap_ranges(a, a + n, b);
    std::swap(squares[i], squares[j]);
  }
  if (!(squares[j] > noise)) return false;
  const double dot = ordered_dot(a, b, n);
  if (!(std::abs(dot) > tolerance * (std::sqrt(squares[i]) * std::sqrt(squares[j])))) return false;
  // Rutishauser's formulas for the angle: t = tan of it, |t| <= 1.
  const double zeta = (squares[j] - squares[i]) / (2.0 * dot);
  const double t = (zeta < 0.0 ? -1.0 : 1.0) / (std::abs(zeta) + std::hypot(1.0, zeta));
  const double c = 1.0 / std::sqrt(1.0 + t * t);
  const double s = c * t;
  for (Index k = 0; k < n; ++k) {
    const S x = a[k];
    const S y = b[k];
    a[k] = c * x - s * y;
    b[k] = s * x + c * y;
  }
  squares[i] -= t * dot;
  squares[j] += t * dot;
  return true;
}

// One-sided Jacobi (Hestenes 1958; Demmel and Veselic 1992 for its accuracy): replaces columns (n x
// p, n >= p) by `columns` J, J orthogonal, which are orthogonal with descending lengths, the singular
// values. Returns their squares. Nothing is squared on the way to them but lengths, so that small
// ones are exact to eps of the largest. Many columns are first turned by the eigenvectors of their
// cross product, after which few sweeps are left. S is always double: see covariance_solver.hpp.
template <class S>
Vector<S> orthogonalise_columns(Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>& columns) {
  const Index n = columns.rows();
  const Index p = columns.cols();
  constexpr Index many = 24;
  if (p > many) {
    const SymmetricEigen<S> eigen(product(columns.transpose(), columns));
    columns = product(columns, eigen.vectors);
  }
  const double tolerance =
      std::numeric_limits<double>::epsilon() * static_cast<double>(std::max<Index>(p, 4));
  constexpr double least = std::numeric_limits<double>::epsilon() / 16.0;
  Vector<S> squares(p);
  constexpr int most_sweeps = 60;
  bool moved = true;
  for (int sweep = 0; moved; ++sweep) {
    require<DataError>(sweep < most_sweeps, "singular values: the rotations did not converge");
    moved = false;
    for (Index j = 0; j < p; ++j)
      squares[j] = ordered_dot(columns.data() + j * n, columns.data() + j * n, n);
    // Columns that others span are left with rounding alone, which would be turned for ever.
    const double noise = least * least * squares.maxCoeff();
    for (Index i = 0; i < p; ++i)
      for (Index j = i + 1; j < p; ++j)
        moved = rotate_columns(columns, squares, i, j, tolerance, noise) || moved;
  }
  return squares;
}

}  // namespace detail

LATENT_END
