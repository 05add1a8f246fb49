// The conjugate prior of rates.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// Gamma(shape, rate) prior on a rate v, density proportional to v^(shape - 1) e^(-rate v); shape >=
// 1, rate >= 0. {1, 0} is flat: maximum likelihood.
struct GammaPrior {
  double shape = 1.0;
  double rate = 0.0;
};

namespace detail {

inline void check_prior(const GammaPrior& prior, std::string_view who) {
  require(is_finite(prior.shape) && prior.shape >= 1.0, who,
          ": the Gamma prior's shape must be finite and at least 1; got ", prior.shape);
  require(is_finite(prior.rate) && prior.rate >= 0.0, who,
          ": the Gamma prior's rate must be finite and not negative; got ", prior.rate);
}

// log v^(shape - 1) e^(-rate v), without the constant.
inline double log_density_of(const GammaPrior& prior, double v) {
  double sum = -prior.rate * v;
  if (prior.shape != 1.0) sum += (prior.shape - 1.0) * std::log(v);
  return sum;
}

template <class S>
double log_density_of_all(const GammaPrior& prior, const RowMatrix<S>& rates) {
  double sum = 0.0;
  if (prior.shape == 1.0 && prior.rate == 0.0) return sum;
  for (Index i = 0; i < rates.size(); ++i)
    sum += log_density_of(prior, static_cast<double>(rates.data()[i]));
  return sum;
}

// The rate that maximises v^events e^(-exposure v) under the prior: (events + shape - 1) /
// (exposure + rate); `otherwise` where there is nothing to divide by or the sums are odd. Where the
// prior excludes 0, rounding must not reach it either.
template <class S>
S posterior_mode(const GammaPrior& prior, double events, double exposure, S otherwise) {
  const double top = std::max(events + (prior.shape - 1.0), 0.0);
  const double bottom = exposure + prior.rate;
  if (!is_finite(top) || !is_finite(bottom) || !(bottom > 0.0)) return otherwise;
  const double mode = top / bottom;
  if (!(mode <= static_cast<double>(std::numeric_limits<S>::max()))) return otherwise;
  const S rate = static_cast<S>(mode);
  return prior.shape > 1.0 && rate <= S(0) ? std::numeric_limits<S>::min() : rate;
}

}  // namespace detail

LATENT_END
