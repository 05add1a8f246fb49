// What a non-negative factorisation minimises, and how.
#pragma once

#include <algorithm>
#include <cmath>

#include "latent/core/types.hpp"

LATENT_BEGIN

// What is minimised over W >= 0 (n x L) and H >= 0 (L x D), v being the weights of the rows and the
// sums running over the entries that are observed.
enum class NMFLoss {
  frobenius,         // 1/2 sum v (x - (W H))^2
  kullback_leibler,  // sum v (x log(x / (W H)) - x + W H); for counts
};

enum class NMFSolver {
  automatic,       // hals for frobenius, multiplicative for kullback_leibler
  hals,            // coordinate descent; frobenius only
  multiplicative,  // Lee and Seung 2001; what is zero stays zero
};

namespace detail {

struct NMFPenalty {
  double l1 = 0.0;
  double l2 = 0.0;
};

// In the units of NMFData: X = 2^exponent X', H = 2^exponent H', W = W'.
struct NMFProblem {
  NMFLoss loss = NMFLoss::frobenius;
  NMFSolver solver = NMFSolver::hals;
  NMFPenalty weights;     // a row
  NMFPenalty components;  // in all
  Index weight_sweeps = 1;
  Index component_sweeps = 1;
  double enough = 0.1;

  bool frobenius() const { return loss == NMFLoss::frobenius; }
  bool hals() const { return solver == NMFSolver::hals; }
  bool penalised() const {
    return weights.l1 > 0.0 || weights.l2 > 0.0 || components.l1 > 0.0 || components.l2 > 0.0;
  }
};

// Sweeps of coordinate descent for each product with the data, whose cost is to theirs as `length` to
// `components`: half as many as cost the same (Gillis and Glineur 2012), but few.
inline Index sweeps_beside(Index length, Index components) {
  constexpr Index most = 8;
  return std::clamp<Index>(1 + length / (2 * components), 1, most);
}

// The penalties as the caller gave them, times the sizes they are scaled with, in the units where
// X = 2^e X' and H = 2^h H', and so W = 2^(e - h) W'.
inline NMFPenalty weight_penalty(NMFLoss loss, double l1, double l2, Index columns, int e, int h) {
  const auto size = static_cast<double>(columns);
  return loss == NMFLoss::frobenius
             ? NMFPenalty{std::ldexp(size * l1, -e - h), std::ldexp(size * l2, -2 * h)}
             : NMFPenalty{std::ldexp(size * l1, -h), std::ldexp(size * l2, e - 2 * h)};
}
inline NMFPenalty component_penalty(NMFLoss loss, double l1, double l2, double weight, int e) {
  return loss == NMFLoss::frobenius ? NMFPenalty{std::ldexp(weight * l1, -e), weight * l2}
                                    : NMFPenalty{weight * l1, std::ldexp(weight * l2, e)};
}

// An objective in the units of X' in those of X.
inline double in_data_units(NMFLoss loss, double objective, int exponent) {
  return std::ldexp(objective, loss == NMFLoss::frobenius ? 2 * exponent : exponent);
}

}  // namespace detail

LATENT_END
