// Several runs of EM, of which the best is kept.
#pragma once

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

// See EM::fit_best. No checks.
template <class Model, class Start, class S, class Team, class Assign, class Observer>
EMFit<Model> best_of(Index restarts, const Start& start, const Limits& limits,
                     const Samples<S>& data, Team& team, const Assign& assign, Observer& observer) {
  const Stopwatch clock;
  const double weight = total_weight(data, team);
  const auto run = [&](Index restart) {
    EMFit<Model> first = unstarted<Model>(start(restart), restart);
    Limits rest = limits;
    rest.time_limit -= clock.seconds();
    return detail::run_em(rest, std::move(first), data, weight, team, assign, observer);
  };
  // In stochastic EM the model returned is not the last one.
  const auto value = [](const EMFit<Model>& fit) {
    return std::is_same_v<Assign, Stochastic> ? fit.log_likelihood + detail::log_prior(fit.model)
                                              : detail::final_objective(fit.report);
  };
  EMFit<Model> best = run(0);
  std::vector<double> objectives{value(best)};
  bool stopped = best.report.status == Status::stopped;
  for (Index restart = 1; restart < restarts && !stopped; ++restart) {
    EMFit<Model> fit = run(restart);
    objectives.push_back(value(fit));
    stopped = fit.report.status == Status::stopped;
    const std::vector<Note> why = stopped ? fit.report.notes : std::vector<Note>{};
    const int rank = rank_of(fit);
    const int best_rank = rank_of(best);
    if (rank > best_rank || (rank == best_rank && value(fit) > value(best))) best = std::move(fit);
    // The last run was cut, whichever is returned.
    if (stopped && best.report.status != Status::stopped) {
      best.report.status = Status::stopped;
      if (!why.empty()) best.report.notes.push_back(why.back());
    }
  }
  best.report.restarts = std::move(objectives);
  best.report.seconds = clock.seconds();
  return best;
}

}  // namespace detail

LATENT_END
