// E-step variants: what becomes of a row of log p(x, z) over the values of z. All of them are one
// function on such a row.
//
//   Soft{}         the posterior                        maximises the log-likelihood
//   Hard{}         1 at the most probable z             maximises the classification log-likelihood
//   Stochastic{}   1 at a draw from the posterior       a chain around the maxima; the best is kept
//   Annealed{...}  the posterior of p(x, z)^beta        maximises the free energy; beta rises to 1
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/random.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

// The posterior itself: the EM of Dempster, Laird and Rubin 1977.
struct Soft {};

// Classification EM (Celeux and Govaert 1992): each row belongs wholly to its most probable
// component; ties go to the lowest index. The objective is sum_i w_i max_z log p(x_i, z), which
// never falls and stops moving after finitely many steps. It is biased where components overlap.
struct Hard {};

// Stochastic EM (Celeux and Diebolt 1985): each row belongs to a component drawn from its posterior.
// The draw of a row depends on the seed, the restart, the iteration and the row alone. The
// log-likelihood goes up and down, so a fit runs all its iterations, is never "converged", and
// returns the best model that it met: one that had nothing to mend before a degenerate one, whose
// likelihood may be an artefact; then the higher objective.
struct Stochastic {};

// Deterministic annealing (Ueda and Nakano 1998): the posterior of p(x, z)^beta, where beta grows
// from `start` by the factor `growth` every `hold` iterations until it is 1. A low beta makes all
// components alike, so that the answer depends less on the start. The objective is sum_i w_i / beta
// log sum_z p(x_i, z)^beta; it rises while beta stays, and values at different beta do not
// compare. A fit can converge only after beta has been 1 for a whole iteration.
struct Annealed {
  double start = 0.1;   // in (0, 1]
  double growth = 1.2;  // > 1
  Index hold = 1;       // >= 1, iterations at each beta

  // The exponent in an iteration; 1 once the schedule has run out.
  double beta(Index iteration) const {
    const double value = start * std::pow(growth, static_cast<double>(iteration / hold));
    return value < 1.0 ? value : 1.0;
  }
  void check() const {
    detail::require(is_finite(start) && start > 0.0 && start <= 1.0,
                    "Annealed: start must lie in (0, 1]; got ", start);
    detail::require(is_finite(growth) && growth > 1.0,
                    "Annealed: growth must be finite and above 1; got ", growth);
    detail::require(hold >= 1, "Annealed: hold must be at least 1; got ", hold);
  }
};

// The E-step variants.
template <class A>
concept Assignment = std::same_as<A, Soft> || std::same_as<A, Hard> ||
    std::same_as<A, Stochastic> || std::same_as<A, Annealed>;

namespace detail {

template <Assignment A>
void check_assignment(const A& assign) {
  if constexpr (requires { assign.check(); }) assign.check();
}

// The power to which an E-step raises p(x, z).
template <Assignment A>
double exponent(const A& assign, const Step& step) {
  if constexpr (std::same_as<A, Annealed>) {
    return assign.beta(step.iteration);
  } else {
    return 1.0;
  }
}

// The variant for iterations of EM that follow others: a schedule does not begin again.
template <Assignment A>
auto polishing(const A& assign) {
  if constexpr (std::same_as<A, Annealed>) {
    return Soft{};
  } else {
    return assign;
  }
}

// Whether the objectives of this iteration and the one before are those of one function, which EM
// maximises: then a fall is an error, and a small gain is convergence.
template <Assignment A>
bool comparable(const A& assign, Index iteration) {
  if constexpr (std::same_as<A, Stochastic>) {
    return false;
  } else if constexpr (std::same_as<A, Annealed>) {
    return iteration >= 1 && assign.beta(iteration - 1) == 1.0;
  } else {
    return true;
  }
}

// Turns a tile of log joint densities (n x K) into responsibilities, in place, and returns the
// tile's sums.
//   known label y:          r = 1 at y;                  log p(x, y), also as objective
//   row impossible under
//   every component:        r = prior weights;           -inf
//   else:                   r as `assign` says           log p(x) = log sum_k p(x, k)
// Rows of weight 0 count for nothing, whatever their densities. With `weighted` the weights are
// multiplied into r. A row with NaN or +inf among the log densities that matter to it has r = 0 and
// the log-likelihood NaN, which reaches the sums, and the engine reports it.
template <class S, Assignment A>
Expectation respond(RowMatrix<S>& joint, const Block<S>& block, const Vector<double>& prior,
                    bool weighted, const A& assign, const Step& step,
                    Vector<double>* row_log_likelihood = nullptr) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr bool annealed = std::same_as<A, Annealed>;
  const Index rows = joint.rows();
  const Index components = joint.cols();
  const double beta = exponent(assign, step);
  Vector<double> largest(rows);  // the row's maximum; for a known label, its log joint density
  Vector<Index> peak(rows);      // where that is
  Vector<double> untempered(annealed ? rows : Index{0});  // log sum_k e^(a_k - max)
  for (Index i = 0; i < rows; ++i) {
    S* row = joint.data() + i * components;
    const int label = block.labels[i];
    peak[i] = std::max(label, 0);
    bool sound = true;
    if (label < 0) {
      for (Index k = 0; k < components; ++k) {
        sound = sound && (is_finite(row[k]) || is_negative_infinity(row[k]));
        peak[i] = row[k] > row[peak[i]] ? k : peak[i];
      }
    }
    const S top = row[peak[i]];
    sound = sound && (is_finite(top) || is_negative_infinity(top));
    largest[i] = sound ? static_cast<double>(top) : nan;
    if (label >= 0 || !is_finite(largest[i])) {  // settled below, without exponentials
      for (Index k = 0; k < components; ++k) row[k] = S(0);
      continue;
    }
    for (Index k = 0; k < components; ++k) row[k] -= top;
    if constexpr (annealed) {
      S sum = 0;
      for (Index k = 0; k < components; ++k) sum += exp_nonpositive(row[k]);
      untempered[i] = std::log(static_cast<double>(sum));
      for (Index k = 0; k < components; ++k) row[k] *= static_cast<S>(beta);
    }
  }
  S* all = joint.data();
  for (Index e = 0; e < rows * components; ++e) all[e] = exp_nonpositive(all[e]);

  const Random stream(step.seed, Purpose::assignment, static_cast<std::uint64_t>(step.restart),
                      static_cast<std::uint64_t>(step.iteration));
  if (row_log_likelihood != nullptr) row_log_likelihood->resize(rows);
  Expectation sums;
  for (Index i = 0; i < rows; ++i) {
    S* row = joint.data() + i * components;
    const double weight = block.weights[i];
    const S factor = weighted ? static_cast<S>(weight) : S(1);
    const int label = block.labels[i];
    double log_likelihood = largest[i];
    double objective = largest[i];
    Index chosen = label;  // the one component that has the whole row; -1 = shared
    if (is_nan(log_likelihood)) {
      for (Index k = 0; k < components; ++k) row[k] = S(0);
    } else if (label < 0 && !is_finite(log_likelihood)) {
      for (Index k = 0; k < components; ++k) row[k] = factor * static_cast<S>(prior[k]);
    } else if (label < 0) {
      S sum = 0;
      for (Index k = 0; k < components; ++k) sum += row[k];
      const double log_sum = std::log(static_cast<double>(sum));
      if constexpr (annealed) {
        log_likelihood += untempered[i];
        objective += log_sum / beta;
      } else {
        log_likelihood += log_sum;
        if constexpr (!std::same_as<A, Hard>) objective = log_likelihood;
      }
      if constexpr (std::same_as<A, Hard>) {
        chosen = peak[i];
      } else if constexpr (std::same_as<A, Stochastic>) {
        const auto place = static_cast<std::uint64_t>(block.first_row + i);
        chosen = draw(row, components, static_cast<double>(sum), stream.at(place).uniform());
      } else {
        const S scale = factor / sum;
        for (Index k = 0; k < components; ++k) row[k] *= scale;
      }
    }
    if (chosen >= 0 && !is_nan(log_likelihood))
      for (Index k = 0; k < components; ++k) row[k] = k == chosen ? factor : S(0);
    if (row_log_likelihood != nullptr) (*row_log_likelihood)[i] = log_likelihood;
    if (weight > 0.0) {
      sums.log_likelihood += weight * log_likelihood;
      sums.objective += weight * objective;
      sums.magnitude += weight * std::abs(log_likelihood);
    }
  }
  return sums;
}

// The posterior of a tile, unweighted, for those who ask a model.
template <class S>
Expectation posterior(RowMatrix<S>& joint, const Block<S>& block, const Vector<double>& prior,
                      Vector<double>* row_log_likelihood = nullptr) {
  return respond(joint, block, prior, false, Soft{}, Step{}, row_log_likelihood);
}

}  // namespace detail

LATENT_END
