// Principal axes as the rows of a matrix: their signs, and making them orthonormal.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "latent/core/product.hpp"
#include "latent/core/types.hpp"
#include "latent/decomposition/thin_products.hpp"

LATENT_BEGIN

namespace detail {

// Templates, so that only who calls them compiles their products: S is always double.

// The sign rule of the library, the same in every solver: the entry of largest magnitude of each
// axis is positive. Entries within 1e-8 of the largest, relatively, count as tied, and the first of
// them decides.
template <class S>
void apply_sign_rule(RowMatrix<S>& axes) {
  for (Index i = 0; i < axes.rows(); ++i) {
    const double largest = axes.row(i).cwiseAbs().maxCoeff();
    Index j = 0;
    while (j + 1 < axes.cols() && std::abs(axes(i, j)) < (1.0 - 1e-8) * largest) ++j;
    if (axes(i, j) < 0.0) axes.row(i) = -axes.row(i);
  }
}

// Makes row i orthogonal to rows first ... i-1 and of length 1; returns the length it had left.
template <class S>
double orthonormalise_row(RowMatrix<S>& axes, Index first, Index i) {
  for (Index k = first; k < i; ++k) axes.row(i) -= axes.row(i).dot(axes.row(k)) * axes.row(k);
  const double length = axes.row(i).norm();
  if (length > 0.0) axes.row(i) /= length;
  return length;
}

// Turns the first `given` rows, which are linearly independent, into an orthonormal set that spans
// the same flag of subspaces: Gram-Schmidt by panels of rows, twice (Giraud, Langou and Rozloznik
// 2005: twice is enough).
template <class S>
void orthonormalise(RowMatrix<S>& axes, Index given) {
  constexpr Index panel = 32;
  for (Index first = 0; first < given; first += panel) {
    const Index count = std::min(panel, given - first);
    Eigen::Block<RowMatrix<S>> rows(axes, first, 0, count, axes.cols());
    for (int pass = 0; pass < 2; ++pass) {
      if (first > 0) {
        const RowMatrix<S> along = product(rows, axes.topRows(first).transpose());
        add_product(along, axes.topRows(first), rows, -1.0);
      }
      for (Index i = first; i < first + count; ++i) {
        orthonormalise_row(axes, first, i);
        orthonormalise_row(axes, first, i);
      }
    }
  }
}

// The same for rows that are nearly orthonormal, as computed eigenvectors are: Newton's iteration for
// the polar factor, V <- (3 I - V V') V / 2 (Higham 1986), each step of which squares what is amiss.
// False, and nothing changed, where too much is amiss.
template <class S>
bool polish_orthonormal(RowMatrix<S>& axes, Index given) {
  constexpr double most = 1e-3;
  constexpr double enough = 1e-8;
  const double nothing = std::numeric_limits<S>::epsilon() * static_cast<double>(axes.cols());
  for (double amiss_before = most; given > 0 && amiss_before > enough;) {
    RowMatrix<S> amiss = thin_dots(axes.topRows(given), axes.topRows(given));
    amiss.diagonal().array() -= 1.0;
    const double norm = amiss.cwiseAbs().rowwise().sum().maxCoeff();
    if (!(norm <= amiss_before)) return false;
    if (norm <= nothing) return true;
    amiss *= 0.5;
    constexpr Index chunk = 512;  // of columns
    for (Index j = 0; j < axes.cols(); j += chunk) {
      Eigen::Block<RowMatrix<S>> rows(axes, 0, j, given, std::min(chunk, axes.cols() - j));
      const RowMatrix<S> before = rows;
      subtract_thin(rows, amiss, before);
    }
    amiss_before = norm;
  }
  return true;
}

// Fills rows `given` ... with axes that complete an orthonormal set: each time the coordinate axis
// that lies furthest outside the span, the first of them on a tie.
template <class S>
void complete_axes(RowMatrix<S>& axes, Index given) {
  Vector<S> inside = Vector<S>::Zero(axes.cols());
  for (Index i = 0; i < given; ++i) inside += axes.row(i).cwiseAbs2().transpose();
  for (Index i = given; i < axes.rows(); ++i) {
    Index outermost = 0;
    for (Index j = 1; j < axes.cols(); ++j)
      if (inside[j] < inside[outermost] - 1e-8) outermost = j;
    axes.row(i).setZero();
    axes(i, outermost) = 1.0;
    for (int pass = 0; pass < 3; ++pass) orthonormalise_row(axes, 0, i);
    inside += axes.row(i).cwiseAbs2().transpose();
  }
}

}  // namespace detail

LATENT_END
