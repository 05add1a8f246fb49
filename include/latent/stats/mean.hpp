// The mean and the variance of each column.
#pragma once

#include <cmath>

#include "latent/stats/column_moments.hpp"
#include "latent/stats/moments.hpp"

LATENT_BEGIN

// D, in the scalar of the data (double for integers): sum w x / sum w. Accumulated in double.
// Throws InvalidArgument (no rows, no columns) and DataError (not finite).
template <class Data, Executor Exec = Threads>
auto mean(const Data& data, const Exec& executor = {}) {
  const auto& source = detail::as_samples(data);
  using S = typename detail::Bare<decltype(source)>::Scalar;
  auto&& team = executor.team();
  return Vector<S>(detail::column_moments(source, team, "mean").mean().template cast<S>());
}

// D: sum w (x - mean)^2 / (sum w - 1). Weights are frequencies. Exactly 0 for a constant column.
// Throws as mean(), and DataError where sum w <= 1 or the result overflows.
template <class Data, Executor Exec = Threads>
auto variance(const Data& data, const Exec& executor = {}) {
  const auto& source = detail::as_samples(data);
  using S = typename detail::Bare<decltype(source)>::Scalar;
  auto&& team = executor.team();
  const detail::ColumnMoments sums = detail::column_moments(source, team, "variance");
  detail::check_divisor(sums.weight, "variance");
  Vector<S> values(source.cols());
  for (Index j = 0; j < values.size(); ++j) {
    values[j] = detail::in_units<S>(sums.squares[j] / (sums.weight - 1.0),
                                    2 * sums.frame.exponent[j], j, j, "variance");
  }
  return values;
}

LATENT_END
