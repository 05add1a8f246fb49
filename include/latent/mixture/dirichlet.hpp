// Distributions over K outcomes: their check, and the symmetric Dirichlet prior on them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// Symmetric Dirichlet prior on the probabilities of a component; >= 1. 1 is flat: maximum
// likelihood. 1 + s is additive smoothing by s (Laplace: s = 1).
struct DirichletPrior {
  double concentration = 1.0;
};

namespace detail {

// p(k) = (counts(k) + concentration - 1) / sum, the mode under a symmetric Dirichlet prior. Where
// there is nothing to divide by, or the counts are odd, p stays as it was, and the answer is false.
inline bool dirichlet_mode(const double* counts, Index count, double concentration, double* p) {
  const auto mass = [&](Index k) { return std::max(counts[k] + (concentration - 1.0), 0.0); };
  double sum = 0.0;
  for (Index k = 0; k < count; ++k) sum += mass(k);
  if (!(sum > 0.0) || !is_finite(sum)) return false;
  for (Index k = 0; k < count; ++k) p[k] = mass(k) / sum;
  return true;
}

inline double dirichlet_log_density(const double* p, Index count, double concentration) {
  double sum = 0.0;
  if (concentration > 1.0)
    for (Index k = 0; k < count; ++k) sum += (concentration - 1.0) * std::log(p[k]);
  return sum;
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
