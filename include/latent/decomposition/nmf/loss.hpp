// The losses of a non-negative factorisation from a reconstruction, entry by entry and in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "latent/core/product.hpp"
#include "latent/decomposition/nmf/hals.hpp"

LATENT_BEGIN

namespace detail {

// x / (W H) where x > 0, else 0; a reconstruction that has underflown counts as the least number.
template <class S>
double parts_ratio(double x, double reconstruction) {
  return x > 0.0 ? x / std::max(reconstruction, nmf_least<S>) : 0.0;
}

// x log(x / r) - x + r, with 0 log 0 = 0.
template <class S>
double divergence(double x, double r) {
  return x > 0.0 ? x * std::log(parts_ratio<S>(x, r)) + (r - x) : r;
}

// 1/2 sum (x unit - r)^2 of one row of n entries; observed: of the row, or null for all.
template <class S>
double squared_loss(const S* x, S unit, const S* r, const std::uint8_t* observed, Index n,
                    std::vector<double>& buffer) {
  buffer.resize(static_cast<std::size_t>(n));
  const auto scale = static_cast<double>(unit);
  for (Index j = 0; j < n; ++j)
    buffer[static_cast<std::size_t>(j)] =
        static_cast<double>(x[j]) * scale - static_cast<double>(r[j]);
  if (observed != nullptr)
    for (Index j = 0; j < n; ++j)
      if (observed[j] == 0) buffer[static_cast<std::size_t>(j)] = 0.0;
  return 0.5 * ordered_dot(buffer.data(), buffer.data(), n);
}

// The divergence of one row, and its ratios x / r in the place of r: 1 where nothing is observed,
// which is what a guess of r itself would give.
template <class S>
double divergence_and_ratios(const S* x, S unit, S* r, const std::uint8_t* observed, Index n) {
  const auto scale = static_cast<double>(unit);
  double sum = 0.0;
  for (Index j = 0; j < n; ++j) {
    if (observed != nullptr && observed[j] == 0) {
      r[j] = S(1);
      continue;
    }
    const double value = static_cast<double>(x[j]) * scale;
    const auto reconstruction = static_cast<double>(r[j]);
    const double ratio = parts_ratio<S>(value, reconstruction);
    sum += (value > 0.0 ? value * std::log(ratio) : 0.0) + (reconstruction - value);
    r[j] = static_cast<S>(ratio);
  }
  return sum;
}

}  // namespace detail

LATENT_END
