// The forward-backward recursions of hidden Markov models (Baum, Petrie, Soules and Weiss 1970;
// L. R. Rabiner, "A tutorial on hidden Markov models", 1989, equations 19 to 27 and 37), on
// logarithms shifted row by row.
#pragma once

#include <algorithm>
#include <cmath>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/em/assignment.hpp"
#include "latent/models/markov_chain.hpp"

LATENT_BEGIN

namespace detail {

struct SequenceLikelihood {
  double log_likelihood = 0.0;
  double magnitude = 0.0;  // the sum of |terms|: the scale of the rounding error
};

// Forward: filtered(t, k) = log p(k at t | x_0 ... x_t) up to a constant a row, its largest 0; T x
// K. Returns log p(x), with the labels where there are any; -inf for a sequence that the chain
// cannot make: see absorb(). O(T K^2).
inline SequenceLikelihood filter(const LogChain& chain, const Evidence& evidence, double* filtered,
                                 LogProduct& work) {
  const Index n = chain.size();
  LongSum sum;
  bool possible = true;
  const double* prediction = chain.log_initial.data();
  double* state = filtered;
  for (Index t = 0; t < evidence.length; ++t, state += n) {
    if (t > 0) {
      chain.transition.multiply(state - n, work);
      prediction = work.log.data();
    }
    const double shift = absorb(prediction, evidence, t, state);
    if (is_negative_infinity(shift))
      possible = false;
    else
      sum.add(shift);
  }
  double rest = 0.0;
  for (Index k = 0; k < n; ++k) rest += exp_nonpositive(state[k - n]);
  sum.add(std::log(rest));
  if (!possible) return {impossible, -impossible};
  return {sum.value(), sum.magnitude()};
}

// Backward: turns `filtered` into gamma(t, k) = weight p(k at t | x), in place, and adds the
// expected transitions weight sum_t p(j at t, k at t + 1 | x) to `transitions` (K x K) unless that
// is null. Follows filter(). Where the chain was cut, the two sides are independent, and there is no
// transition between them unless both labels are known: such a step is seen. O(T K^2).
inline void smooth(const LogChain& chain, const Evidence& evidence, double weight, double* gamma,
                   RowMatrix<double>* transitions, LogProduct& work) {
  const Index n = chain.size();
  Vector<double> ahead(n);   // log p(x_t ... | k at t), up to a constant
  Vector<double> behind(n);  // log p(x_t+1 ... | k at t), up to a constant
  for (Index t = evidence.length - 1; t >= 0; --t) {
    double* row = gamma + t * n;
    bool cut = t == evidence.length - 1;
    if (!cut) {
      chain.transposed.multiply(ahead.data(), work);
      for (Index k = 0; k < n; ++k) behind[k] = row[k] + work.log[k];
      cut = !is_finite(behind[first_largest(behind.data(), n)]);
    }
    if (cut)
      for (Index k = 0; k < n; ++k) behind[k] = row[k];
    const double top = behind[first_largest(behind.data(), n)];
    double sum = 0.0;
    for (Index k = 0; k < n; ++k) {
      row[k] = exp_nonpositive(behind[k] - top);
      sum += row[k];
    }
    const double scale = weight / sum;
    for (Index k = 0; k < n; ++k) row[k] *= scale;

    if (transitions != nullptr && t + 1 < evidence.length) {
      const double* next = row + n;
      const double largest = ahead[first_largest(ahead.data(), n)];
      for (Index j = 0; j < n; ++j) {
        double* counts = transitions->data() + j * n;
        if (row[j] == 0.0) continue;
        if (cut) {
          if (evidence.labels[t] < 0 || evidence.labels[t + 1] < 0) break;
          for (Index k = 0; k < n; ++k) counts[k] += row[j] * (next[k] / weight);
        } else if (work.exact(j)) {
          const double factor = row[j] / work.sum[j];
          const double* p = chain.transition.row(j);
          const double* share = work.share.data();
          for (Index k = 0; k < n; ++k) counts[k] += factor * (p[k] * share[k]);
        } else {
          for (Index k = 0; k < n; ++k) {
            const double term = ahead[k] - largest + chain.transition.log(j, k);
            counts[k] += row[j] * exp_nonpositive(std::min(term - work.log[j], 0.0));
          }
        }
      }
    }
    const double* seen = evidence.row(t);
    double level = impossible;  // see absorb()
    for (Index k = 0; k < n; ++k)
      if (row[k] > 0.0 && seen[k] > level) level = seen[k];
    for (Index k = 0; k < n; ++k) ahead[k] = (seen[k] - level) + (cut ? 0.0 : work.log[k]);
  }
}

// Backward sampling (Frühwirth-Schnatter 1994): states(t), drawn from p(states | x). Follows
// filter(); uniform(t) gives the number for row t.
template <class Uniform>
void sample_states(const LogChain& chain, const double* filtered, Index length, int* states,
                   const Uniform& uniform) {
  const Index n = chain.size();
  Vector<double> logs(n);
  for (Index t = length - 1; t >= 0; --t) {
    const double* row = filtered + t * n;
    std::copy(row, row + n, logs.data());
    if (t + 1 < length) {
      const double* into = chain.transition.log_column(states[t + 1]);
      for (Index k = 0; k < n; ++k) logs[k] += into[k];
      if (!is_finite(logs[first_largest(logs.data(), n)]))  // the chain was cut
        std::copy(row, row + n, logs.data());
    }
    const double top = logs[first_largest(logs.data(), n)];
    double sum = 0.0;
    for (Index k = 0; k < n; ++k) {
      logs[k] = exp_nonpositive(logs[k] - top);
      sum += logs[k];
    }
    states[t] = static_cast<int>(draw(logs.data(), n, sum, uniform(t)));
  }
}

}  // namespace detail

LATENT_END
