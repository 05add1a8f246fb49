// Distributions over K states, and the matrices whose rows they are.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// p(k) = (counts(k) + concentration - 1) / sum, the mode under a symmetric Dirichlet prior. Where
// there is nothing to divide by, or the counts are odd, p stays as it was.
inline void dirichlet_mode(const double* counts, Index count, double concentration, double* p) {
  const auto mass = [&](Index k) { return std::max(counts[k] + (concentration - 1.0), 0.0); };
  double sum = 0.0;
  for (Index k = 0; k < count; ++k) sum += mass(k);
  if (!(sum > 0.0) || !is_finite(sum)) return;
  for (Index k = 0; k < count; ++k) p[k] = mass(k) / sum;
}

inline double dirichlet_log_density(const double* p, Index count, double concentration) {
  double sum = 0.0;
  if (concentration > 1.0)
    for (Index k = 0; k < count; ++k) sum += (concentration - 1.0) * std::log(p[k]);
  return sum;
}

// K: the limit of the average of initial transition^t. By squaring the transition, made lazy so that
// cycles die out: a power of t = 2^64 after 64 products.
inline Vector<double> long_run_share(const Vector<double>& initial,
                                     const RowMatrix<double>& transition) {
  const Index n = initial.size();
  RowMatrix<double> power = transition;
  for (Index j = 0; j < n; ++j) power(j, j) += 1.0;
  const auto normalise = [n](double* p) {
    double sum = 0.0;
    for (Index k = 0; k < n; ++k) sum += p[k];
    for (Index k = 0; k < n; ++k) p[k] /= sum;
  };
  for (int doubling = 0; doubling < 64; ++doubling) {
    for (Index j = 0; j < n; ++j) normalise(power.data() + j * n);
    power = product(power, power);
  }
  Vector<double> share = Vector<double>::Zero(n);
  for (Index j = 0; j < n; ++j)
    for (Index k = 0; k < n; ++k) share[k] += initial[j] * power(j, k);
  normalise(share.data());
  return share;
}

// Throws InvalidArgument unless p, of `count` numbers, is a distribution. `name(k)` names a number.
template <class Name>
void check_distribution(const double* p, Index count, std::string_view who, std::string_view what,
                        const Name& name) {
  double sum = 0.0;
  for (Index k = 0; k < count; ++k) {
    if (!(is_finite(p[k]) && p[k] >= 0.0)) [[unlikely]]
      fail<InvalidArgument>(who, ": ", what, " must be finite and not negative; got ", name(k),
                            " = ", p[k]);
    sum += p[k];
  }
  if (!(std::abs(sum - 1.0) <= 1e-6)) [[unlikely]]
    fail<InvalidArgument>(who, ": ", what, " must sum to 1; got ", sum);
}

}  // namespace detail

LATENT_END
