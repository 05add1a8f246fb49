// The R factor of a QR decomposition, of any number of rows: factors of parts merge.
#pragma once

#include <algorithm>
#include <cmath>
#include <tuple>

#include "latent/core/product.hpp"

LATENT_BEGIN

namespace detail {

// Templates, so that only who calls them compiles their products: S is always double.

// Reflects the columns of a narrow panel (m x b, m >= b) one by one: H_b ... H_1 panel = R, with
// H = I - tau v v', v(0) = 1. Leaves R above the diagonal and the vectors v, without their 1, below
// it; t (b x b, upper) becomes the factor of H_1 ... H_b = I - V T V' (Schreiber and Van Loan 1989).
template <class S>
void reflect_panel(RowMatrix<S>& panel, RowMatrix<S>& t) {
  const Index m = panel.rows();
  const Index b = panel.cols();
  Vector<S> along(b);
  t.setZero(b, b);
  for (Index c = 0; c < b; ++c) {
    double below = 0.0;
    for (Index i = c + 1; i < m; ++i) below += panel(i, c) * panel(i, c);
    if (!(below > 0.0)) continue;  // tau = 0: nothing to reflect
    const double head = panel(c, c);
    const double length = std::sqrt(head * head + below);
    const double beta = head > 0.0 ? -length : length;
    const double tau = (beta - head) / beta;
    for (Index i = c + 1; i < m; ++i) panel(i, c) /= head - beta;
    panel(c, c) = beta;
    // along(k) = v' times column k: of R's columns to the right, of earlier v to the left.
    for (Index k = 0; k < b; ++k) along[k] = panel(c, k);
    for (Index i = c + 1; i < m; ++i) {
      const double v = panel(i, c);
      for (Index k = 0; k < b; ++k) along[k] += v * panel(i, k);
    }
    for (Index k = c + 1; k < b; ++k) panel(c, k) -= tau * along[k];
    for (Index i = c + 1; i < m; ++i) {
      const double v = tau * panel(i, c);
      for (Index k = c + 1; k < b; ++k) panel(i, k) -= v * along[k];
    }
    t(c, c) = tau;
    for (Index k = 0; k < c; ++k) {
      double sum = 0.0;
      for (Index l = k; l < c; ++l) sum += t(k, l) * along[l];
      t(k, c) = -tau * sum;
    }
  }
}

// The upper trapezoid R (min(m, d) x d) of a = Q R, by blocked Householder reflections; a (m x d)
// is overwritten. Backward stable: singular values change by a few eps times the largest.
template <class S>
RowMatrix<S> householder_r(RowMatrix<S>& a) {
  constexpr Index width = 32;
  const Index m = a.rows();
  const Index d = a.cols();
  const Index steps = std::min(m, d);
  RowMatrix<S> panel, t;
  for (Index first = 0; first < steps; first += width) {
    const Index count = std::min(width, steps - first);
    const Index rest = d - first - count;
    panel = a.block(first, first, m - first, count);
    reflect_panel(panel, t);
    for (Index i = 0; i < count; ++i)
      for (Index j = i; j < count; ++j) a(first + i, first + j) = panel(i, j);
    if (rest == 0) continue;
    for (Index i = 0; i < count; ++i) {
      for (Index j = i + 1; j < count; ++j) panel(i, j) = 0.0;
      panel(i, i) = 1.0;
    }
    Eigen::Block<RowMatrix<S>> right(a, first, first + count, m - first, rest);
    const RowMatrix<S> along = product(t.transpose(), product(panel.transpose(), right));
    add_product(panel, along, right, -1.0);
  }
  RowMatrix<S> r = RowMatrix<S>::Zero(steps, d);
  for (Index i = 0; i < steps; ++i)
    for (Index j = i; j < d; ++j) r(i, j) = a(i, j);
  return r;
}

// As statistics of rows: R with R'R = sum of y y' over the rows, never formed as such.
template <class S>
struct TriangularFactor {
  RowMatrix<S> r;  // min(rows, D) x D; empty for no rows

  auto fields() { return std::tie(r); }

  friend void merge(TriangularFactor& a, const TriangularFactor& b) {
    RowMatrix<S> both(a.r.rows() + b.r.rows(), std::max(a.r.cols(), b.r.cols()));
    if (a.r.rows() > 0) both.topRows(a.r.rows()) = a.r;
    if (b.r.rows() > 0) both.bottomRows(b.r.rows()) = b.r;
    a.r = householder_r(both);
  }
};

}  // namespace detail

LATENT_END
