// Incremental EM: the data in parts, each with its own latest statistics; a new E-step of one part
// replaces that part's share, and an M-step follows at once.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
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
// Each step raises the free energy of all data; a pass costs what an iteration of EM costs, and
// moves further, since later parts see what earlier ones taught. Memory: one set of statistics a part.
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
    detail::check_model_and_data(state.model, data, team, "IncrementalEM");
    return replace(state, part, data, assign, team);
  }

  // Passes over the parts of x (rows in order, as many in each) until a pass gains little, and then
  // the polish. The report covers both: an iteration is a pass, its objective what the parts saw
  // (plus the log prior), and the polish goes on counting; log_likelihood is that of the model
  // returned, which costs one more E-step.
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
    const Index count = std::min(parts, data.rows());
    const auto starts = detail::batch_starts<Model>(data, (data.rows() + count - 1) / count);
    IncrementalState<Model> state = begin(start, static_cast<Index>(starts.size()) - 1);
    const double weight = detail::total_weight(data, team);
    Report passes;
    double before = -std::numeric_limits<double>::infinity();
    bool settled = false;
    for (Index pass = 1; pass <= max_passes && !settled; ++pass) {
      for (std::size_t b = 0; b + 1 < starts.size(); ++b)
        if (replace(state, static_cast<Index>(b), data.slice(starts[b], starts[b + 1] - starts[b]),
                    assign, team) == Status::numerical_failure)
          passes.status = Status::numerical_failure;
      refresh(state);
      double seen = 0.0;
      for (const double value : state.log_likelihoods) seen += value;
      const double objective = seen + detail::log_prior(state.model);
      const double change = std::abs(detail::difference(objective, before)) / weight;
      before = objective;
      passes.trace.push_back({pass, objective, seen, change, clock.seconds()});
      ++passes.evaluations;
      passes.iterations = pass;
      if (passes.status == Status::numerical_failure) break;
      settled = tolerance > 0.0 && change <= tolerance;
    }
    const EM em{.max_iterations = polish, .tolerance = tolerance, .seed = seed};
    auto done = detail::run_em(em.limits(), detail::unstarted(state.model), data, weight, team,
                               assign, observer);
    return joined(std::move(done), std::move(passes), settled, clock.seconds());
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
    if (!latent::all_finite(step.statistics) || is_nan(step.sums.log_likelihood))
      return Status::numerical_failure;
    auto& old = state.parts[static_cast<std::size_t>(part)];
    add_scaled(state.total, -1.0, old);
    merge(state.total, step.statistics);
    old = std::move(step.statistics);
    state.log_likelihoods[static_cast<std::size_t>(part)] = step.sums.log_likelihood;
    ++state.steps;
    state.model = state.model.maximize(state.total);
    return Status::max_iterations;
  }

  // Subtracting leaves rounding behind: once a pass the total is summed afresh.
  template <class Model>
  static void refresh(IncrementalState<Model>& state) {
    detail::set_zero(state.total);
    for (const auto& part : state.parts) merge(state.total, part);
    state.model = state.model.maximize(state.total);
  }

  // The passes, then the polish, as one report.
  template <class Model>
  static EMFit<Model> joined(EMFit<Model> done, Report passes, bool settled, double seconds) {
    Report& report = done.report;
    const Index offset = passes.iterations;
    for (Iteration& iteration : report.trace) {
      iteration.index += offset;
      passes.trace.push_back(iteration);
    }
    for (Note& note : report.notes) note.iteration += offset;
    report.trace = std::move(passes.trace);
    report.evaluations += passes.evaluations;
    if (report.iterations == 0 && settled && report.status == Status::max_iterations)
      report.status = Status::converged;
    if (passes.status == Status::numerical_failure) report.status = Status::numerical_failure;
    report.iterations += offset;
    report.seconds = seconds;
    done.state.iteration += offset;
    return done;
  }
};

LATENT_END
