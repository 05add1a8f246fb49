// How many components to keep: a number, a share of the variance, or all.
#pragma once

#include <string_view>
#include <variant>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// The fewest components that explain at least this share of the variance; 0 < ratio <= 1.
struct VarianceRatio {
  double ratio;
  constexpr explicit VarianceRatio(double share) : ratio{share} {}
};

// min(n, D) components. With n <= D the last of them has variance 0, since centring takes one.
struct All {};

using Keep = std::variant<Index, VarianceRatio, All>;

namespace detail {

// Before any work: the rules that need no variances. `most` is min(n, D).
inline void check_keep(const Keep& keep, Index most, std::string_view who) {
  if (const Index* count = std::get_if<Index>(&keep)) {
    require(*count >= 1 && *count <= most, who,
            ": keep must be between 1 and min(samples, columns) = ", most, "; got ", *count);
  } else if (const VarianceRatio* share = std::get_if<VarianceRatio>(&keep)) {
    require(is_finite(share->ratio) && share->ratio > 0.0 && share->ratio <= 1.0, who,
            ": keep must be a variance ratio above 0 and at most 1; got ", share->ratio);
  }
}

// The number of components, at least 1. `variances` are descending; what is left out is summed from
// the small end, so that a ratio of 1 - eps keeps a component of 2 eps.
inline Index components_to_keep(const Keep& keep, const Vector<double>& variances, Index most) {
  if (const Index* count = std::get_if<Index>(&keep)) return *count;
  if (std::holds_alternative<All>(keep)) return most;
  const double allowed = (1.0 - std::get<VarianceRatio>(keep).ratio) * variances.sum();
  double left_out = 0.0;
  Index count = variances.size();
  while (count > 1) {
    left_out += variances[count - 1];
    if (left_out > allowed) break;
    --count;
  }
  return count;
}

}  // namespace detail

LATENT_END
