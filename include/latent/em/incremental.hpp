// Incremental EM: the data in parts, each with its own latest statistics; a new E-step of one part
// replaces that part's share, and an M-step follows at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/report.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/batches.hpp"
#include "latent/em/check.hpp"
#include "latent/em/em.hpp"

LATENT_BEGIN

// All that incremental EM knows: a plain value, as OnlineState.
template <class Model>
struct IncrementalState {
  Model model;
  StatisticsOf<Model> total;               // of all parts
  std::vector<StatisticsOf<Model>> parts;  // the latest of each; zero where it was not seen
  std::vector<double> log_likelihoods;     // of each part, under the model that it met last
  Index steps = 0;
};

// Neal and Hinton 1998. Statistics out, statistics in:
//
//   total = total - part's old statistics + its new ones;   model = maximize(total).
//
// Each step raises the free energy of all parts seen: sum over parts of the lower bound of their
// log-likelihood under the posterior they were last given. A pass costs what an iteration of EM
// costs; where EM is slow it moves further, since later parts see what earlier ones taught. Memory:
// one set of statistics a part.
struct IncrementalEM {
  Index parts = 8;          // >= 1; for fit(); at most one a row
  Index max_passes = 1000;  // >= 0; for fit()
  double tolerance = 1e-8;  // >= 0; gain of a pass a unit of weight, of what the parts saw
  Index polish = 0;         // >= 0, iterations of EM on all data at the end of fit()
  std::uint64_t seed = 0;   // for the E-step variants that draw

  // A state of `count` parts that have not been seen.
  template <class Model>
  IncrementalState<Model> begin(const Model& start, Index count) const {
    static_assert(detail::is_latent_model<Model>());
    static_assert(detail::statistics_blend<Model>(),
                  "the statistics of this model belong to its present parameters: they cannot be "
                  "mixed with older ones");
    check();
    detail::require(count >= 1, "IncrementalEM: there must be at least one part; got ", count);
    return {detail::recentred(start), start.zero(),
            std::vector<StatisticsOf<Model>>(static_cast<std::size_t>(count), start.zero()),
            std::vector<double>(static_cast<std::size_t>(count), 0.0), 0};
  }

  // The rows of one part, for the first time or again. Costs one E-step over them. Throws as
  // EM::fit does, and leaves the state as it was; a part whose sums are not finite keeps what it had.
  template <class Model, class Data, class Exec = Threads, Assignment Assign = Soft>
  Status update(IncrementalState<Model>& state, Index part, const Data& x,
                const Exec& executor = {}, const Assign& assign = {}) const {
    check();
    detail::check_assignment(assign);
    detail::require(part >= 0 && part < static_cast<Index>(state.parts.size()),
                    "IncrementalEM: part must be in 0 ... ", state.parts.size() - 1, "; got ",
                    part);
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    detail::check_model_and_data(state.model, data, team, "IncrementalEM",
                                 detail::Weightless::allowed);
    return replace(state, part, data, assign, team);
  }

  // Passes over the parts of x (rows in order, as many in each) until a pass changes little, and
  // then the polish. trace[0] is the start; then an iteration is a pass, and its objective the sum of
  // what each part saw, under the model that it met: near the log-likelihood, and not monotone. The
  // last pass's row, and those of the polish, are of the model itself. The observer sees the polish.
  template <class Model, class Data, class Exec = Threads, Assignment Assign = Soft,
            class Observer = NoObserver>
  EMFit<Model> fit(const Model& start, const Data& x, const Exec& executor = {},
                   const Assign& assign = {}, Observer&& observer = {}) const {
    const detail::Stopwatch clock;
    check();
    detail::check_assignment(assign);
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    detail::check_model_and_data(start, data, team, "IncrementalEM");
    const double weight = detail::total_weight(data, team);
    const auto run = [&](EMFit<Model> so_far, Index limit, auto&& watcher) {
      const EM em{.max_iterations = limit, .tolerance = tolerance, .seed = seed};
      return detail::run_em(em.limits(), std::move(so_far), data, weight, team,
                            detail::polishing(assign), watcher);
    };
    NoObserver nobody;
    EMFit<Model> fit = run(detail::unstarted(start), 0, nobody);  // trace[0]
    if (fit.report.status == Status::numerical_failure) return fit;

    const auto starts = detail::part_starts<Model>(data, parts);
    IncrementalState<Model> state = begin(start, static_cast<Index>(starts.size()) - 1);
    Report& report = fit.report;
    double before = -std::numeric_limits<double>::infinity();
    while (report.iterations < max_passes && report.status == Status::max_iterations) {
      const bool settled = detail::comparable(assign, state.steps);
      ++report.iterations;
      ++report.evaluations;
      for (std::size_t b = 0; b + 1 < starts.size(); ++b)
        if (replace(state, static_cast<Index>(b), data.slice(starts[b], starts[b + 1] - starts[b]),
                    assign, team) == Status::numerical_failure)
          report.status = Status::numerical_failure;
      refresh(state);
      double seen = 0.0;
      for (const double value : state.log_likelihoods) seen += value;
      const double objective = seen + detail::log_prior(state.model);
      const double change = std::abs(detail::difference(objective, before)) / weight;
      before = objective;
      report.trace.push_back({report.iterations, objective, seen, change, clock.seconds()});
      if (settled && tolerance > 0.0 && report.iterations > 1 && is_finite(objective) &&
          change <= tolerance && report.status == Status::max_iterations)
        report.status = Status::converged;
    }

    // The last pass's row is that of the model which it made.
    const Status status = report.status;
    report.seconds = clock.seconds();
    fit.state = {state.model, report.iterations, 0, {}, false, 0, false};
    const Index passes = report.iterations;
    fit = run(std::move(fit), passes, nobody);
    report.trace.back().objective = fit.log_likelihood + detail::log_prior(fit.model);
    report.trace.back().log_likelihood = fit.log_likelihood;
    if (polish > 0 && status != Status::numerical_failure) {
      fit = run(std::move(fit), passes + polish, observer);
    } else if (report.status == Status::max_iterations) {
      report.status = status;
    }
    return fit;
  }

  // Throws InvalidArgument for an option out of its range.
  void check() const {
    detail::require(parts >= 1, "IncrementalEM: parts must be at least 1; got ", parts);
    detail::require(max_passes >= 0, "IncrementalEM: max_passes must not be negative; got ",
                    max_passes);
    detail::require(is_finite(tolerance) && tolerance >= 0.0,
                    "IncrementalEM: tolerance must be finite and not negative; got ", tolerance);
    detail::require(polish >= 0, "IncrementalEM: polish must not be negative; got ", polish);
  }

 private:
  template <class Model, class S, class Assign, class Team>
  Status replace(IncrementalState<Model>& state, Index part, const Samples<S>& data,
                 const Assign& assign, Team& team) const {
    auto step = detail::e_step(state.model, data, assign, Step{seed, 0, state.steps}, team);
    if (!latent::all_finite(step.statistics) || !detail::sound(step.sums.log_likelihood))
      return Status::numerical_failure;
    auto& old = state.parts[static_cast<std::size_t>(part)];
    StatisticsOf<Model> total = state.total;
    latent::add_scaled(total, -1.0, old);
    latent::merge(total, step.statistics);
    state.model = state.model.maximize(total);  // may throw: nothing was changed so far
    state.total = std::move(total);
    old = std::move(step.statistics);
    state.log_likelihoods[static_cast<std::size_t>(part)] = step.sums.log_likelihood;
    ++state.steps;
    return Status::max_iterations;
  }

  // Subtracting leaves rounding behind: once a pass the total is summed afresh.
  template <class Model>
  static void refresh(IncrementalState<Model>& state) {
    detail::set_zero(state.total);
    for (const auto& part : state.parts) latent::merge(state.total, part);
    state.model = state.model.maximize(state.total);
  }
};

LATENT_END
