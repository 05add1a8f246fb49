// The covariance and Pearson's correlation of all pairs of columns.
#pragma once

#include <algorithm>
#include <cmath>

#include "latent/stats/moments.hpp"

LATENT_BEGIN

namespace detail {

// Pearson's r from the scatter entries ii, jj and ij; 0 where a column is constant.
inline double pearson(double ii, double jj, double ij) {
  if (ii <= 0.0 || jj <= 0.0) return 0.0;
  return std::clamp(ij / (std::sqrt(ii) * std::sqrt(jj)), -1.0, 1.0);
}

}  // namespace detail

// D x D, symmetric, divisor sum w - 1, in the scalar of the data (double for integers). Throws
// InvalidArgument (no rows, no columns), DataError (not finite, sum w <= 1, overflow).
template <class Data, Executor Exec = Threads>
auto covariance(const Data& data, const Exec& executor = {}) {
  const auto& source = detail::as_samples(data);
  using S = typename detail::Bare<decltype(source)>::Scalar;
  auto&& team = executor.team();
  const Moments<S> sums = detail::moments_of(source, team, "covariance");
  detail::check_divisor(sums.n(), "covariance");
  return sums.template divided<S>(sums.n() - 1.0, "covariance");
}

// D x D, symmetric: r(i, j) = cov(i, j) / sqrt(var(i) var(j)), within [-1, 1], and 1 on the
// diagonal. A constant column correlates with no other column: 0 off the diagonal, never NaN.
// Throws as covariance(); nothing overflows.
template <class Data, Executor Exec = Threads>
auto correlation(const Data& data, const Exec& executor = {}) {
  const auto& source = detail::as_samples(data);
  using S = typename detail::Bare<decltype(source)>::Scalar;
  auto&& team = executor.team();
  const Moments<S> sums = detail::moments_of(source, team, "correlation");
  detail::check_divisor(sums.n(), "correlation");
  RowMatrix<S> result(sums.columns(), sums.columns());
  for (Index i = 0; i < sums.columns(); ++i) {
    for (Index j = 0; j < i; ++j) {
      result(i, j) = static_cast<S>(
          detail::pearson(sums.central(i, i), sums.central(j, j), sums.central(i, j)));
      result(j, i) = result(i, j);
    }
    result(i, i) = S{1};
  }
  return result;
}

LATENT_END
