// The most probable path of hidden states (Viterbi 1967; Forney 1973).
#pragma once

#include <algorithm>
#include <vector>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/models/forward_backward.hpp"
#include "latent/models/markov_chain.hpp"

LATENT_BEGIN

namespace detail {

// states(t): the path that maximises p(states, x). Of paths that tie, the one whose last state is
// lowest, then its state before, and so on. Returns the log-probability of the path, summed along
// it; -inf for a sequence that the chain cannot make, whose rows are then taken as absorb() says.
// O(T K^2); T x K integers.
inline SequenceLikelihood viterbi(const LogChain& chain, const Evidence& evidence, int* states) {
  const Index n = chain.size();
  const Index length = evidence.length;
  std::vector<int> from(static_cast<std::size_t>(length * n));
  Vector<double> prediction(n);
  Vector<double> best(n);  // log-probability of the best path into each state, its largest 0
  bool possible = true;
  for (Index t = 0; t < length; ++t) {
    if (t == 0) {
      std::copy(chain.log_initial.data(), chain.log_initial.data() + n, prediction.data());
    } else {
      int* origin = from.data() + t * n;
      // Where the chain is cut every state comes from the best one before.
      const auto leader = static_cast<int>(first_largest(best.data(), n));
      for (Index k = 0; k < n; ++k) {
        prediction[k] = impossible;
        origin[k] = leader;
      }
      for (Index j = 0; j < n; ++j) {
        const double* leave = chain.transition.log_row(j);
        double* reached = prediction.data();
        const double here = best[j];
        for (Index k = 0; k < n; ++k) {
          const double through = here + leave[k];
          origin[k] = through > reached[k] ? static_cast<int>(j) : origin[k];
          reached[k] = through > reached[k] ? through : reached[k];
        }
      }
    }
    if (is_negative_infinity(absorb(prediction.data(), evidence, t, best.data()))) possible = false;
  }
  auto state = static_cast<int>(first_largest(best.data(), n));
  for (Index t = length - 1; t >= 0; --t) {
    states[t] = state;
    if (t > 0) state = from[static_cast<std::size_t>(t * n + state)];
  }
  if (!possible) return {impossible, -impossible};
  LongSum sum;
  for (Index t = 0; t < length; ++t)
    sum.add(
        (t == 0 ? chain.log_initial[states[0]] : chain.transition.log(states[t - 1], states[t])) +
        evidence.row(t)[states[t]]);
  return {sum.value(), sum.magnitude()};
}

}  // namespace detail

LATENT_END
