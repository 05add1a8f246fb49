// Minka 2000, "Automatic choice of dimensionality for PCA", eq. 74 to 80.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The k in 1 ... d - 1 of the largest evidence, where d variances (descending, the others 0) are
// positive; 1 where d < 2. With v the mean of the last d - k variances and l_j = variance_j, or v
// for j > k,
//   log p(k) = log p(U) - n/2 sum_{j <= k} log variance_j - n (d - k)/2 log v
//            + (m + k)/2 log 2 pi - log|A|/2 - k/2 log n,    m = d k - k (k + 1)/2,
//   p(U) = 2^-k prod_{i <= k} Gamma((d - i + 1)/2) pi^(-(d - i + 1)/2),
//   |A| = prod_{i <= k} prod_{i < j <= d} (1/l_j - 1/l_i) (variance_i - variance_j) n.
// Sums over pairs are carried from k to k + 1: O(d^2).
inline Index minka_dimension(const Vector<double>& variances, double n) {
  const double pi = 3.14159265358979323846;
  Index d = 0;
  while (d < variances.size() && variances[d] > 0.0) ++d;
  if (d < 2) return 1;
  const Vector<double> x = variances.head(d) / variances[0];
  // Equal variances would make a determinant vanish: they count as a rounding apart.
  const auto log_gap = [](double high, double low) {
    return std::log(std::max(high - low, std::numeric_limits<double>::epsilon() * high));
  };
  Vector<double> below(d);  // sum of the variances after j
  below[d - 1] = 0.0;
  for (Index j = d - 2; j >= 0; --j) below[j] = below[j + 1] + x[j + 1];

  double within = 0.0;  // sum over i < j <= k of log (1/x_j - 1/x_i) (x_i - x_j)
  double across = 0.0;  // sum over i <= k < j of log (x_i - x_j)
  double logs = 0.0;    // sum over j <= k of log x_j
  double log_u = 0.0;
  double best = -std::numeric_limits<double>::infinity();
  Index chosen = 1;
  for (Index k = 1; k < d; ++k) {
    const Index last = k - 1;
    for (Index i = 0; i < last; ++i) {
      const double gap = log_gap(x[i], x[last]);
      across -= gap;
      within += 2.0 * gap - std::log(x[i]) - std::log(x[last]);
    }
    for (Index j = k; j < d; ++j) across += log_gap(x[last], x[j]);
    logs += std::log(x[last]);
    const double degrees = static_cast<double>(d - last);
    log_u += std::lgamma(0.5 * degrees) - 0.5 * degrees * std::log(pi) - std::log(2.0);

    const double rest = static_cast<double>(d - k);
    const double v = below[last] / rest;
    double noise = 0.0;  // sum over i <= k of log (1/v - 1/x_i)
    for (Index i = 0; i < k; ++i) noise += log_gap(x[i], v) - std::log(x[i]) - std::log(v);
    const double size = static_cast<double>(k);
    const double m = static_cast<double>(d) * size - 0.5 * size * (size + 1.0);
    const double determinant = within + across + rest * noise + m * std::log(n);
    const double evidence = log_u - 0.5 * n * logs - 0.5 * n * rest * std::log(v) +
                            0.5 * (m + size) * std::log(2.0 * pi) - 0.5 * determinant -
                            0.5 * size * std::log(n);
    // Laplace's approximation fails where a component kept equals one left out.
    if (x[last] - x[k] > 1e-12 * x[last] && evidence > best) {
      best = evidence;
      chosen = k;
    }
  }
  return chosen;
}

}  // namespace detail

LATENT_END
