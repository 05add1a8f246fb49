// Lengths of vectors of any magnitude.
#pragma once

#include <algorithm>
#include <cmath>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// sqrt(sum_i value(i)^2). Where squares over- or underflow, in units of the largest's power of two.
template <class Value>
double length_of(Index count, const Value& value) {
  double sum = 0.0;
  for (Index i = 0; i < count; ++i) {
    const double x = value(i);
    sum += x * x;
  }
  if (sum > 1e-250 && sum < 1e250) return std::sqrt(sum);
  double largest = 0.0;
  for (Index i = 0; i < count; ++i) largest = std::max(largest, std::abs(value(i)));
  if (largest == 0.0 || !is_finite(largest)) return largest;
  const int exponent = std::ilogb(largest);
  sum = 0.0;
  for (Index i = 0; i < count; ++i) {
    const double x = std::ldexp(value(i), -exponent);
    sum += x * x;
  }
  return std::ldexp(std::sqrt(sum), exponent);
}

// The Euclidean distance of two rows.
template <class A, class B>
double distance_between(const A* a, const B* b, Index count) {
  return length_of(count,
                   [&](Index i) { return static_cast<double>(a[i]) - static_cast<double>(b[i]); });
}

}  // namespace detail

LATENT_END
