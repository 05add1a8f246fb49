// Multiplicative updates (Lee and Seung 2001, theorems 1 and 2): each entry times a quotient of
// what pulls it up and what pushes it down. What is zero stays zero.
#pragma once

#include <cmath>

#include "latent/core/product.hpp"
#include "latent/decomposition/nmf/hals.hpp"
#include "latent/decomposition/nmf/problem.hpp"

LATENT_BEGIN

namespace detail {

// f up / (down + l1 + l2 f) for the least squares (Hoyer 2002 for l1); an entry that nothing pushes
// down stays as it is.
template <class S>
S multiply_entry(S f, double up, double down, double l1) {
  const double divisor = down + l1;
  if (!(divisor > 0.0)) return f;
  const double value = static_cast<double>(f) * up / divisor;
  return value > nmf_least<S> ? static_cast<S>(value) : S(0);
}

// F <- F P / (G F + l2 F + l1) for a block of columns: p and f are L x m, gram L x L.
template <class S, class P, class F>
void multiply_least_squares(const RowMatrix<S>& gram, const P& p, const NMFPenalty& penalty, F& f) {
  const RowMatrix<S> down = product(gram, f);
  for (Index k = 0; k < f.rows(); ++k)
    for (Index j = 0; j < f.cols(); ++j) {
      const auto own = static_cast<double>(f(k, j));
      f(k, j) = multiply_entry(f(k, j), static_cast<double>(p(k, j)),
                               static_cast<double>(down(k, j)) + penalty.l2 * own, penalty.l1);
    }
}

// The minimum over f' of -a log f' + b f' + l2/2 f'^2, a = f up: f up / b where l2 is 0.
template <class S>
S divergence_entry(S f, double up, double b, double l2) {
  const double a = static_cast<double>(f) * up;
  if (!(a > nmf_least<S>)) return S(0);
  const double divisor = b + std::sqrt(b * b + 4.0 * l2 * a);
  if (!(divisor > 0.0)) return f;
  const double value = 2.0 * a / divisor;
  return value > nmf_least<S> ? static_cast<S>(value) : S(0);
}

// The same for the divergence: up(k, j) is the sum of ratios, totals(k) that of the other factor.
template <class Up, class F>
void multiply_divergence(const Up& up, const Vector<double>& totals, const NMFPenalty& penalty,
                         F& f) {
  for (Index k = 0; k < f.rows(); ++k)
    for (Index j = 0; j < f.cols(); ++j)
      f(k, j) = divergence_entry(f(k, j), static_cast<double>(up(k, j)), totals[k] + penalty.l1,
                                 penalty.l2);
}

}  // namespace detail

LATENT_END
