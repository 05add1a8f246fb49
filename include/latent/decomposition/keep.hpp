// How many components to keep: a number, a share of the variance, all, or what a rule finds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <variant>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/decomposition/minka.hpp"
#include "latent/decomposition/parallel_analysis.hpp"

LATENT_BEGIN

// The fewest components that explain at least this share of the variance; 0 < ratio <= 1.
struct VarianceRatio {
  double ratio;
  constexpr explicit VarianceRatio(double share) : ratio{share} {}
};

// min(n, D) components. With n <= D the last of them has variance 0, since centring takes one.
struct All {};

// The number that is most probable under probabilistic PCA (Minka 2000, "Automatic choice of
// dimensionality for PCA"), by Laplace's approximation: 1 ... rank - 1. Needs n > D.
struct MinkaRule {};

// Components as long as each explains more than the same component of data of the same size whose
// columns are independent normals of the same variances (Horn 1965, with a quantile in place of the
// mean); at least 1. Draws from the seed of the fit. O(replicates D^2 min(n, D)).
struct ParallelAnalysis {
  double quantile = 0.95;  // of the replicates, in (0, 1); Horn's own rule is near 0.5
  Index replicates = 40;   // 1 ... 10000
};

using Keep = std::variant<Index, VarianceRatio, All, MinkaRule, ParallelAnalysis>;

namespace detail {

// Before any work: the rules that need no variances. `most` is min(n, D).
inline void check_keep(const Keep& keep, Index most, double rows, Index columns,
                       std::string_view who) {
  if (const Index* count = std::get_if<Index>(&keep)) {
    require(*count >= 1 && *count <= most, who,
            ": keep must be between 1 and min(samples, columns) = ", most, "; got ", *count);
  } else if (const VarianceRatio* share = std::get_if<VarianceRatio>(&keep)) {
    require(is_finite(share->ratio) && share->ratio > 0.0 && share->ratio <= 1.0, who,
            ": keep must be a variance ratio above 0 and at most 1; got ", share->ratio);
  } else if (const ParallelAnalysis* rule = std::get_if<ParallelAnalysis>(&keep)) {
    require(is_finite(rule->quantile) && rule->quantile > 0.0 && rule->quantile < 1.0, who,
            ": the quantile of ParallelAnalysis must be between 0 and 1; got ", rule->quantile);
    require(rule->replicates >= 1 && rule->replicates <= 10000, who,
            ": the replicates of ParallelAnalysis must be between 1 and 10000; got ",
            rule->replicates);
  } else if (std::holds_alternative<MinkaRule>(keep)) {
    require(rows > static_cast<double>(columns), who,
            ": MinkaRule needs more samples than columns; got ", rows, " x ", columns);
  }
}

// What a rule may look at beside the variances.
struct KeepContext {
  double n = 0.0;            // rows, counted by weight
  Vector<double> deviation;  // D, of the columns, in the units of the variances
  bool standardized = false;
  std::uint64_t seed = 0;
};

// The number of components, at least 1. `variances` are descending; what is left out is summed from
// the small end, so that a ratio of 1 - eps keeps a component of 2 eps.
template <class Context = KeepContext>  // a template, so that only fits compile the rules
Index components_to_keep(const Keep& keep, const Vector<double>& variances, Index most,
                         const Context& context = {}) {
  if (const Index* count = std::get_if<Index>(&keep)) return *count;
  if (std::holds_alternative<All>(keep)) return most;
  if (std::holds_alternative<MinkaRule>(keep))
    return std::min(minka_dimension(variances, context.n), most);
  if (const ParallelAnalysis* rule = std::get_if<ParallelAnalysis>(&keep)) {
    const Vector<double> random =
        independent_variances<double>(context.deviation, context.n, context.standardized,
                                      rule->replicates, rule->quantile, context.seed);
    const Index seen = std::min({variances.size(), random.size(), most});
    Index count = 0;
    while (count < seen && variances[count] > random[count]) ++count;
    return std::max<Index>(count, 1);
  }
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
