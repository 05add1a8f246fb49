// Singular values and right singular vectors of a small matrix, to the last digit.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "latent/core/product.hpp"
#include "latent/decomposition/symmetric_eigen.hpp"

LATENT_BEGIN

namespace detail {

// Makes the rows of a orthogonal by rotating pairs of them, and rotates the rows of v likewise:
// one-sided Jacobi (Hestenes 1958; de Rijk 1989). Rows that are small beside others keep their
// relative accuracy.
template <class S>
void orthogonalise_rows(RowMatrix<S>& a, RowMatrix<S>& v) {
  constexpr int most_sweeps = 40;
  const Index m = a.rows();
  const Index p = a.cols();
  const double eps = std::numeric_limits<double>::epsilon();
  const double tolerance = eps * std::sqrt(static_cast<double>(p));
  Vector<double> squares(m);
  const auto rotate = [](S* x, S* y, Index count, double c, double s) {
    for (Index k = 0; k < count; ++k) {
      const double old = x[k];
      x[k] = c * old - s * y[k];
      y[k] = s * old + c * y[k];
    }
  };
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    bool rotated = false;
    for (Index i = 0; i < m; ++i) squares[i] = ordered_dot(&a(i, 0), &a(i, 0), p);
    const double nothing = squares.maxCoeff() * (eps * eps * 1e-4);
    for (Index i = 0; i < m; ++i) {
      for (Index j = i + 1; j < m; ++j) {
        if (squares[i] <= nothing || squares[j] <= nothing) continue;
        const double inner = ordered_dot(&a(i, 0), &a(j, 0), p);
        if (std::abs(inner) <= tolerance * std::sqrt(squares[i]) * std::sqrt(squares[j])) continue;
        const double zeta = (squares[j] - squares[i]) / (2.0 * inner);
        const double t =
            (zeta < 0.0 ? -1.0 : 1.0) / (std::abs(zeta) + std::sqrt(1.0 + zeta * zeta));
        const double c = 1.0 / std::sqrt(1.0 + t * t);
        rotate(&a(i, 0), &a(j, 0), p, c, c * t);
        rotate(&v(i, 0), &v(j, 0), v.cols(), c, c * t);
        squares[i] = ordered_dot(&a(i, 0), &a(i, 0), p);
        squares[j] = ordered_dot(&a(j, 0), &a(j, 0), p);
        rotated = true;
      }
    }
    if (!rotated) return;
  }
}

template <class S>
struct RightSingular {
  Vector<S> values;      // m, descending
  RowMatrix<S> vectors;  // m x m, one a row
};

// Of r (p x m), of moderate size: entries whose squares do not overflow. The eigenvectors of r'r
// bring the columns close to orthogonal, and Jacobi's rotations, few by then, recover what the
// square has lost: values are exact to a few eps times the largest. O(p m^2).
template <class S>
RightSingular<S> right_singular(const RowMatrix<S>& r) {
  const Index m = r.cols();
  const RowMatrix<S> gram = product(r.transpose(), r);
  const SymmetricEigen<S> eigen(gram);
  RowMatrix<S> v = eigen.vectors.transpose();
  RowMatrix<S> a = product(v, r.transpose());  // row j is r v_j
  orthogonalise_rows(a, v);
  Vector<S> lengths(m);
  for (Index j = 0; j < m; ++j) lengths[j] = std::sqrt(ordered_dot(&a(j, 0), &a(j, 0), a.cols()));
  std::vector<Index> order(static_cast<std::size_t>(m));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index i, Index j) { return lengths[i] > lengths[j]; });
  RightSingular<S> result{Vector<S>(m), RowMatrix<S>(m, m)};
  for (Index j = 0; j < m; ++j) {
    const Index from = order[static_cast<std::size_t>(j)];
    result.values[j] = lengths[from];
    result.vectors.row(j) = v.row(from);
  }
  return result;
}

}  // namespace detail

LATENT_END
