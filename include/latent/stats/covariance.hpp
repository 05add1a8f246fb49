// The covariance and Pearson's correlation of all pairs of columns.
#pragma once

#include "latent/stats/moments.hpp"

LATENT_BEGIN

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
  return RowMatrix<S>(sums.correlation().template cast<S>());
}

LATENT_END
