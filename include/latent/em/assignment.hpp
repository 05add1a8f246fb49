// E-step variants: what becomes of a row of log p(x, z) over the values of z. All of them are one
// function on such a row (em/respond.hpp).
//
//   Soft{}         the posterior                        maximises the log-likelihood
//   Hard{}         1 at the most probable z             maximises the classification log-likelihood
//   Stochastic{}   1 at a draw from the posterior       a chain around the maxima; the best is kept
//   Annealed{...}  the posterior of p(x, z)^beta        maximises the free energy; beta rises to 1
#pragma once

#include <cmath>
#include <concepts>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
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

}  // namespace detail

LATENT_END
