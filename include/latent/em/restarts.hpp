// Several runs of EM, of which the best is kept.
#pragma once

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/em/run.hpp"

LATENT_BEGIN

namespace detail {

// An executor that lends a team, so that what runs inside a fit uses the fit's threads.
template <class T>
struct Borrowed {
  T& lent;
  T& team() const { return lent; }
};
template <class T>
Borrowed(T&) -> Borrowed<T>;

// The objective of the model returned: where the last step was rejected, that of the step before.
inline double final_objective(const Report& report) {
  const std::size_t back = report.status == Status::not_monotone ? 2 : 1;
  return report.trace[report.trace.size() - back].objective;
}

template <class Model>
int rank_of(const EMFit<Model>& fit) {
  if (fit.report.status == Status::numerical_failure) return 0;
  return detail::degenerate(fit.model) || fit.report.status == Status::not_monotone ? 1 : 2;
}

// How many runs there are. With short runs, `short_runs` starts are run for `short_iterations` each
// and the best `restarts` of them are continued (Biernacki, Celeux and Govaert 2003).
struct RunPlan {
  Index restarts = 1;
  Index short_runs = 0;
  Index short_iterations = 0;
};

// Runs of EM as it is. What best_of asks for: begin(restart) makes a Run, which has a fit, and
// advance(limits, run) takes it to the limits, with the same bits in one go or in several.
template <class M, class Start, class S, class Team, class Assign, class Observer>
struct PlainRuns {
  using Model = M;
  static constexpr bool wander = std::is_same_v<Assign, Stochastic>;
  struct Run {
    EMFit<Model> fit;
  };

  const Start& start;
  const Samples<S>& data;
  double weight;
  Team& team;
  const Assign& assign;
  Observer& observer;

  Run begin(Index restart) const { return {unstarted<Model>(start(restart), restart)}; }
  void advance(const Limits& limits, Run& run) const {
    run.fit = detail::run_em(limits, std::move(run.fit), data, weight, team, assign, observer);
  }
};

// The best of the runs: see EM::fit_best. No checks.
template <class Runs>
EMFit<typename Runs::Model> best_of(const RunPlan& plan, const Limits& limits, const Runs& runs) {
  using Run = typename Runs::Run;
  const Stopwatch clock;
  const auto advance = [&](Run& run, Index most) {
    Limits rest = limits;
    rest.max_iterations = std::min(most, limits.max_iterations);
    rest.time_limit -= clock.seconds() - run.fit.report.seconds;
    runs.advance(rest, run);
  };
  // In stochastic EM the model returned is not the last one.
  const auto value = [](const Run& run) {
    return Runs::wander ? run.fit.log_likelihood + detail::log_prior(run.fit.model)
                        : detail::final_objective(run.fit.report);
  };
  const auto better = [&](const Run& a, const Run& b) {
    const int rank = rank_of(a.fit);
    const int other = rank_of(b.fit);
    return rank > other || (rank == other && value(a) > value(b));
  };

  std::optional<Run> best;
  bool stopped = false;
  const auto consider = [&](Run run) {
    stopped = run.fit.report.status == Status::stopped;
    const std::vector<Note> why = stopped ? run.fit.report.notes : std::vector<Note>{};
    if (!best || better(run, *best)) best = std::move(run);
    // The last run was cut, whichever is returned.
    if (stopped && best->fit.report.status != Status::stopped) {
      best->fit.report.status = Status::stopped;
      if (!why.empty()) best->fit.report.notes.push_back(why.back());
    }
  };

  std::vector<double> short_objectives;
  std::vector<Run> promising;  // the best of the short runs, best first; of equals, the earlier
  for (Index restart = 0; restart < plan.short_runs && !stopped; ++restart) {
    Run run = runs.begin(restart);
    advance(run, plan.short_iterations);
    short_objectives.push_back(value(run));
    if (run.fit.report.status == Status::stopped) {
      for (Run& other : promising) consider(std::move(other));
      consider(std::move(run));
      break;
    }
    promising.insert(std::upper_bound(promising.begin(), promising.end(), run, better),
                     std::move(run));
    if (static_cast<Index>(promising.size()) > plan.restarts) promising.pop_back();
  }

  std::vector<double> objectives;
  for (Index restart = 0; restart < plan.restarts && !stopped; ++restart) {
    Run run = plan.short_runs > 0 ? std::move(promising[static_cast<std::size_t>(restart)])
                                  : runs.begin(restart);
    advance(run, limits.max_iterations);
    objectives.push_back(value(run));
    consider(std::move(run));
  }
  EMFit<typename Runs::Model> fit = std::move(best->fit);
  fit.report.short_runs = std::move(short_objectives);
  fit.report.restarts = std::move(objectives);
  fit.report.seconds = clock.seconds();
  return fit;
}

// The best of `restarts` runs of EM as it is.
template <class Model, class Start, class S, class Team, class Assign, class Observer>
EMFit<Model> best_of(Index restarts, const Start& start, const Limits& limits,
                     const Samples<S>& data, Team& team, const Assign& assign, Observer& observer) {
  using Runs = PlainRuns<Model, Start, S, Team, Assign, Observer>;
  return best_of(RunPlan{restarts}, limits,
                 Runs{start, data, total_weight(data, team), team, assign, observer});
}

}  // namespace detail

LATENT_END
