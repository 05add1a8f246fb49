// Is a sample normal? The statistic of Anderson and Darling, mean and variance estimated.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// log of the standard normal distribution function. Far out it is the density over -z.
inline double log_normal_cdf(double z) {
  if (z < -30.0) return -0.5 * z * z - std::log(-z * std::sqrt(2.0 * std::numbers::pi));
  const double upper = 0.5 * std::erfc(z / std::numbers::sqrt2);  // 1 - F(z)
  return z > 0.0 ? std::log1p(-upper) : std::log(0.5 * std::erfc(-z / std::numbers::sqrt2));
}

// A*^2 = A^2 (1 + 4 / n - 25 / n^2), the form for mean and variance estimated from the sample
// (Stephens 1974), with
//
//   A^2 = -n - 1/n sum_i (2i - 1) (log F(z_i) + log(1 - F(z_(n+1-i))))      z sorted, standardised
//
// of (value, weight) pairs. A row of integer weight w counts as w equal rows: their terms 2i - 1 add up
// to differences of squares of the weight so far, which is how any weight is counted. 0 where the
// values are all equal. n = sum of weights > 1.
inline double anderson_darling(std::vector<std::pair<double, double>> sample) {
  std::sort(sample.begin(), sample.end());
  double n = 0.0;
  for (const auto& [value, weight] : sample) n += weight;
  // From here on weights are shares of n: their squares stay finite whatever the weights are.
  double mean = 0.0;
  for (const auto& [value, weight] : sample) mean += weight / n * value;
  double variance = 0.0;
  for (const auto& [value, weight] : sample)
    variance += weight / n * (value - mean) * (value - mean);
  const double deviation = std::sqrt(variance / (1.0 - 1.0 / n));
  if (!(deviation > 0.0)) return 0.0;
  double sum = 0.0;  // 1/n^2 of the sum above
  double before = 0.0;
  for (const auto& [value, weight] : sample) {
    const double z = (value - mean) / deviation;
    const double share = weight / n;
    const double after = before + share;
    sum += share * (before + after) * log_normal_cdf(z) +
           share * ((1.0 - before) + (1.0 - after)) * log_normal_cdf(-z);
    before = after;
  }
  return n * (-1.0 - sum) * (1.0 + 4.0 / n - 25.0 / n / n);
}

}  // namespace detail

LATENT_END
