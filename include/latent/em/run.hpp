// The loop of the EM engine: from a state to a fit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "latent/core/observer.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/acceleration.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/convergence.hpp"
#include "latent/em/e_step.hpp"

LATENT_BEGIN

// Where a fit stands: what EM::resume needs to go on as if it had not been interrupted. A plain
// value, to be kept or stored.
template <class Model>
struct EMState {
  Model model;  // of the last iteration; in stochastic EM not always the best one
  Index iteration = 0;
  Index restart = 0;
  std::vector<detail::MapStep> memory;  // of the acceleration: packed statistics
  bool over = false;                    // converged or failed: there is nothing to go on with
  Index quiet = 0;                      // accelerated fits: iterations in a row that changed little
  bool expanding = false;               // ... and whether the map expands here
};

template <class Model>
struct EMFit {
  Model model;
  double log_likelihood = 0.0;  // the weighted total, of `model`
  Report report;
  EMState<Model> state;
};

// What an observer sees after an iteration: `statistics` are those from which the M-step made
// `after`; without acceleration they are the expected statistics of `before`.
template <class Model>
struct IterationView {
  Index index;
  const Model& before;
  const StatisticsOf<Model>& statistics;
  double log_likelihood;  // of `after`
  double objective;       // of `after`
  const Model& after;
  Index restart = 0;
};

namespace detail {

struct Limits {
  Index max_iterations;
  double tolerance;
  Convergence convergence;
  Acceleration acceleration;
  std::uint64_t seed;
  double time_limit;
};

// What a log-likelihood may be: -inf where nothing explains a row; NaN and +inf are nobody's.
inline bool sound(double value) {
  return is_finite(value) || is_negative_infinity(value);
}

// A model with its E-step.
template <class Model>
struct Evaluated {
  Model model;
  EStep<StatisticsOf<Model>> step;
  double objective = 0.0;
  bool usable = false;  // sums may be -inf (a row that nothing explains), statistics not
};

template <class Model, class S, class Assign, class Team>
Evaluated<Model> evaluate(Model model, const Samples<S>& data, const Assign& assign, const Step& at,
                          Team& team, Report& report) {
  auto step = detail::e_step(model, data, assign, at, team);
  ++report.evaluations;
  const double objective = step.sums.objective + detail::log_prior(model);
  const bool usable =
      latent::all_finite(step.statistics) && sound(step.sums.log_likelihood) && sound(objective);
  return {std::move(model), std::move(step), objective, usable};
}

// A fall of the objective beyond what rounding explains: that of the rows' log-likelihoods and the
// prior, and, where p(x) is nearly 1, that of the parameters. A model that was mended (a floor far
// below the rest of a covariance) is known to less: its floor, to eps / floor.
template <class Model>
bool falls(const Evaluated<Model>& before, const Evaluated<Model>& after, double weight) {
  const double eps = static_cast<double>(std::numeric_limits<ScalarOf<Model>>::epsilon());
  const double magnitude = after.step.sums.magnitude;
  const double slack =
      detail::degenerate(after.model)
          ? 1e-6 * (magnitude + weight)
          : eps * (64.0 * (magnitude + std::abs(after.objective - after.step.sums.objective)) +
                   256.0 * weight);
  const bool lost = is_negative_infinity(after.objective) && is_finite(before.objective);
  return lost || detail::difference(after.objective, before.objective) < -slack;
}

// Acceleration waits until the plain steps gain less than this a unit of weight: which maximum is
// climbed is settled by then.
inline constexpr double acceleration_begins = 1e-4;

inline bool small_steps(const std::vector<Iteration>& trace, double weight) {
  if (trace.size() < 2) return false;
  return trace.back().objective - trace[trace.size() - 2].objective <= acceleration_begins * weight;
}

// The model of the first proposal that is not lower than `current`; empty where none is, and the
// plain step is next. `made_from` becomes the statistics that made it. A proposal that is lower at
// first, because it blew up what EM contracts fast, gets one plain step to settle.
template <class Model, class S, class Assign, class Team>
std::optional<Evaluated<Model>> accelerate(Accelerator& accelerator,
                                           const Evaluated<Model>& current,
                                           StatisticsOf<Model>& made_from, const Samples<S>& data,
                                           const Assign& assign, const Step& at, Team& team,
                                           Report& report) {
  StatisticsOf<Model> proposed = made_from;
  const auto rises = [&](const Evaluated<Model>& trial) {
    return trial.usable && trial.objective >= current.objective;
  };
  for (auto proposal = accelerator.propose(detail::metric_of(made_from)); proposal;
       proposal = accelerator.shorten()) {
    latent::unpack(*proposal, proposed);
    if (!detail::valid(current.model, proposed)) continue;
    Evaluated<Model> trial =
        detail::evaluate(current.model.maximize(proposed), data, assign, at, team, report);
    if (trial.usable && !rises(trial)) {
      MapStep first{latent::pack(proposed), latent::pack(trial.step.statistics)};
      proposed = trial.step.statistics;
      trial = detail::evaluate(trial.model.maximize(proposed), data, assign, at, team, report);
      if (rises(trial)) accelerator.observe(std::move(first));
    }
    if (rises(trial)) {
      made_from = std::move(proposed);
      return trial;
    }
  }
  return std::nullopt;
}

// A fit that has not begun.
template <class Model>
EMFit<Model> unstarted(const Model& start, Index restart = 0) {
  return {start, 0.0, {}, {detail::recentred(start), 0, restart, {}, false, 0, false}};
}

// Goes on from `so_far`. No checks: they are the caller's, once for all restarts.
template <class Model, class S, class Assign, class Team, class Observer>
EMFit<Model> run_em(const Limits& limits, EMFit<Model> so_far, const Samples<S>& data,
                    double weight, Team& team, const Assign& assign, Observer& observer) {
  const Stopwatch clock;
  EMState<Model> state = std::move(so_far.state);
  Report report = std::move(so_far.report);
  const double seconds_before = report.seconds;
  const auto seconds = [&] { return seconds_before + clock.seconds(); };
  const double eps = static_cast<double>(std::numeric_limits<ScalarOf<Model>>::epsilon());
  const auto at = [&](Index iteration) { return Step{limits.seed, state.restart, iteration}; };

  Evaluated<Model> current =
      detail::evaluate(std::move(state.model), data, assign, at(state.iteration), team, report);
  const bool fresh = report.trace.empty();
  if (fresh) {
    report.trace.push_back(
        {0, current.objective, current.step.sums.log_likelihood, 0.0, seconds()});
    detail::collect_notes(current.model, 0, report.notes);
  }
  if (!current.usable) {
    constexpr double lowest = -std::numeric_limits<double>::infinity();
    report.status = Status::numerical_failure;
    report.notes.push_back(
        {state.iteration, -1, 0.0, "the E-step of the start gave numbers that are not finite"});
    report.trace.back().objective = report.trace.back().log_likelihood = lowest;
    report.seconds = seconds();
    Model model = current.model;
    return {std::move(model),
            lowest,
            std::move(report),
            {std::move(current.model), state.iteration, state.restart, {}, true, 0, false}};
  }

  // Stochastic EM wanders: what it returns is the best that it met.
  constexpr bool wanders = std::is_same_v<Assign, Stochastic>;
  std::optional<std::pair<Model, double>> best;  // with its log-likelihood
  if constexpr (wanders) {
    if (fresh)
      best.emplace(current.model, current.step.sums.log_likelihood);
    else
      best.emplace(std::move(so_far.model), so_far.log_likelihood);
  }
  const auto better = [](const Model& a, double a_value, const Model& b, double b_value) {
    if (detail::degenerate(a) != detail::degenerate(b)) return detail::degenerate(b);
    return a_value + detail::log_prior(a) > b_value + detail::log_prior(b);
  };

  Accelerator accelerator{limits.acceleration, std::move(state.memory)};
  const bool accelerated = limits.acceleration != Acceleration::none;
  Index iteration = state.iteration;
  // While some row stays impossible there is nothing to compare. A gain below the rounding of the
  // sums says nothing, so that a float model is not asked for more than float can tell.
  const auto least = [&] { return 8.0 * eps * current.step.sums.magnitude / weight; };
  const auto little = [&](double moved) {
    const double told = limits.convergence == Convergence::parameters ? 0.0 : least();
    return limits.tolerance > 0.0 && is_finite(current.objective) &&
           moved <= std::max(limits.tolerance, told);
  };
  // An extrapolation may end as high as it began, on the far side of a maximum, or at a saddle. Where
  // it changed little, plain steps follow; the map must contract after a few of them, so that what
  // it contracts fast no longer hides what it expands slowly.
  constexpr Index plain_steps = 4;
  Index quiet = state.quiet;
  bool expanding = state.expanding;
  // A fit that has converged goes on where the tolerance is smaller now; one that failed does not.
  const bool failed =
      report.status == Status::not_monotone || report.status == Status::numerical_failure;
  bool over = !fresh && state.over && (failed || little(report.trace.back().change));
  if (!failed) report.status = over ? Status::converged : Status::max_iterations;
  while (!over && iteration < limits.max_iterations) {
    ++iteration;
    bool plain = true;
    StatisticsOf<Model> made_from = current.step.statistics;
    std::optional<Evaluated<Model>> next;
    const bool settled = comparable(assign, iteration);
    if (accelerated && settled && quiet == 0 && !expanding &&
        detail::small_steps(report.trace, weight)) {
      next = detail::accelerate(accelerator, current, made_from, data, assign, at(iteration), team,
                                report);
      plain = !next;
    }
    if (!next) {
      // A start may lie far from the data; what the first M-step made lies among them.
      Model made = current.model.maximize(made_from);
      if (iteration == 1) made = detail::recentred(made);
      next.emplace(detail::evaluate(std::move(made), data, assign, at(iteration), team, report));
      if constexpr (requires { current.model.maximize_safely(made_from); }) {
        if (settled && (!next->usable || detail::falls(current, *next, weight)))
          next.emplace(detail::evaluate(current.model.maximize_safely(made_from), data, assign,
                                        at(iteration), team, report));
      }
    }
    report.iterations = iteration;
    if (!next->usable) {
      report.status = Status::numerical_failure;
      report.notes.push_back(
          {iteration, -1, 0.0,
           "the E-step gave numbers that are not finite; the model before is returned"});
      break;
    }
    report.trace.push_back({iteration, next->objective, next->step.sums.log_likelihood, 0.0, 0.0});
    const bool three = comparable(assign, iteration - 1);
    const double moved = detail::change(limits.convergence, current.model, next->model,
                                        report.trace, weight, least(), three, data, team);
    report.trace.back().change = moved;
    report.trace.back().seconds = seconds();
    const bool go_on = detail::observe(
        observer,
        IterationView<Model>{iteration, current.model, made_from, next->step.sums.log_likelihood,
                             next->objective, next->model, state.restart});

    // A start that breaks what the M-step keeps (a covariance below its floor) may lie higher.
    const bool mended = detail::degenerate(next->model);
    const bool excused = iteration == 1 && mended;
    const bool stands_still =
        mended && !excused && next->objective < current.objective && limits.tolerance > 0.0;
    const bool lost = is_negative_infinity(next->objective) && is_finite(current.objective);
    if (settled && (lost || (detail::falls(current, *next, weight) && !excused))) {
      report.status = Status::not_monotone;
      report.notes.push_back(
          {iteration, -1, difference(next->objective, current.objective),
           "the objective fell by more than rounding; the model before is returned"});
      break;
    }
    detail::collect_notes(next->model, iteration, report.notes);
    if (accelerated && settled)
      accelerator.observe({latent::pack(made_from), latent::pack(next->step.statistics)});
    current = std::move(*next);
    if constexpr (wanders) {
      if (better(current.model, current.step.sums.log_likelihood, best->first, best->second))
        best.emplace(current.model, current.step.sums.log_likelihood);
    }
    bool converged = settled && (stands_still || little(moved));
    if (stands_still) report.trace.back().change = 0.0;
    if (accelerated && settled && !stands_still) {
      quiet = converged ? quiet + 1 : 0;
      const double ratio = plain ? accelerator.contraction(detail::metric_of(made_from)) : 1.0;
      if (expanding && ratio < 1.0) expanding = false;
      if (quiet > plain_steps && ratio >= 1.0 && !expanding) {
        expanding = true;
        accelerator.forget();
      }
      converged = quiet > plain_steps && ratio < 1.0;
    }
    over = converged;
    if (!go_on) {
      report.status = Status::stopped;
      break;
    }
    if (converged) {
      report.status = Status::converged;
      break;
    }
    if (seconds() > limits.time_limit) {
      report.status = Status::stopped;
      report.notes.push_back({iteration, -1, limits.time_limit, "the time limit was reached"});
      break;
    }
  }
  EMFit<Model> fit{
      best ? std::move(best->first) : current.model,
      best ? best->second : current.step.sums.log_likelihood,
      std::move(report),
      {current.model, iteration, state.restart, accelerator.memory(), over, quiet, expanding}};
  if (fit.report.status == Status::not_monotone || fit.report.status == Status::numerical_failure) {
    fit.state.over = true;
    fit.state.memory.clear();
  }
  if ((fit.report.status == Status::converged || fit.report.status == Status::max_iterations) &&
      detail::degenerate(fit.model))
    fit.report.status = Status::degenerate;
  fit.report.seconds = seconds();
  return fit;
}

}  // namespace detail

LATENT_END
