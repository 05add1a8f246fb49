// Runs of EM that are mended where a component collapses.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "latent/core/observer.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/restarts.hpp"
#include "latent/em/run.hpp"
#include "latent/mixture/singularity.hpp"

LATENT_BEGIN

namespace detail {

// The report of a leg of a run after those of the legs before it. The first line of the later trace is
// the model that took the place of the one that collapsed, and so is numbered like it.
inline Report joined(Report before, Report after) {
  const auto first = static_cast<Index>(before.trace.size());
  if (!after.trace.empty()) after.trace.front().index = first;
  for (Iteration& at : after.trace) at.seconds += before.seconds;
  after.trace.insert(after.trace.begin(), before.trace.begin(), before.trace.end());
  after.notes.insert(after.notes.begin(), before.notes.begin(), before.notes.end());
  after.evaluations += before.evaluations;
  after.seconds += before.seconds;
  after.iterations = std::max(after.iterations, first);
  return after;
}

// What best_of asks for (em/restarts.hpp). A run consists of legs: the engine's loop, which knows
// nothing of this, goes on until an observer finds that the M-step had to mend a component; that
// iteration is taken back, a repaired model takes its place, and another leg begins from there, at
// the same iteration. So within a leg the objective never falls, every leg is recentred on its own
// means, and an interrupted run goes on with the same bits. An observer of the user sees the
// iterations that stay.
//
// starts(restart, attempt): the start of a run, attempt 0, and those of `restart`;
// data_singular(): whether one component on all rows would collapse as well.
template <class M, class S, class Team, class Observer>
struct RepairedRuns {
  using Model = M;
  static constexpr bool wander = false;
  struct Run {
    EMFit<Model> fit;
    Index repairs = 0;
    bool settled = false;  // there are no more repairs: the floor serves
  };

  Singularity policy;
  std::function<Model(Index, Index)> starts;
  std::function<bool()> data_singular;
  const Samples<S>& data;
  double weight;
  Team& team;
  Observer& observer;

  Run begin(Index restart) const { return {unstarted<Model>(starts(restart, 0), restart)}; }

  void advance(const Limits& limits, Run& run) const {
    Report before;  // of the legs that are over
    std::vector<Note> refusals;
    for (;;) {
      std::optional<Repair> repair;
      Watch watch{*this, run, refusals, repair};
      const bool fresh = run.fit.report.trace.empty();
      if (fresh) watch.look(run.fit.state.model, run.fit.state.iteration);
      if (!repair || policy == Singularity::fail) {
        Limits leg = limits;
        if (repair) leg.max_iterations = 0;  // the start has collapsed: it is evaluated, no more
        run.fit = detail::run_em(leg, std::move(run.fit), data, weight, team, Soft{}, watch);
      }
      if (!repair) break;
      if (policy == Singularity::fail) {
        give_up(run.fit, *repair);
        break;
      }
      Report over = std::move(run.fit.report);
      take_back(over, *repair);
      over = detail::joined(std::move(before), std::move(over));
      const Index restart = run.fit.state.restart;
      if (policy == Singularity::restart) {
        over.trace.clear();
        run.fit = unstarted<Model>(starts(restart, run.repairs), restart);
      } else {
        run.fit = unstarted<Model>(*repair->mended, restart);
        run.fit.state.iteration = repair->iteration;
      }
      before = std::move(over);
    }
    run.fit.report = detail::joined(std::move(before), std::move(run.fit.report));
    for (Note& refusal : refusals) run.fit.report.notes.push_back(std::move(refusal));
  }

 private:
  struct Repair {
    Index iteration;
    Model collapsed;
    std::optional<Model> sound;   // the model before the M-step
    std::optional<Model> mended;  // for drop and split
    Note note;                    // what is done
  };

  // Stops the leg at a collapse that can be repaired; hands on what is seen otherwise.
  struct Watch {
    const RepairedRuns& runs;
    Run& run;
    std::vector<Note>& refusals;
    std::optional<Repair>& repair;

    void look(const Model& model, Index iteration) {
      if (detail::degenerate(model)) repair = runs.decide(run, model, iteration, refusals);
    }
    bool on_iteration(const IterationView<Model>& view) {
      look(view.after, view.index);
      if (!repair) return detail::observe(runs.observer, view);
      repair->sound = view.before;
      return false;
    }
  };

  std::optional<Repair> decide(Run& run, const Model& model, Index iteration,
                               std::vector<Note>& refusals) const {
    if (policy == Singularity::floor || run.settled) return std::nullopt;
    Note note = detail::worst_collapse(model, iteration);
    const Index k = note.component;
    const auto refuse = [&](const std::string& why) {
      run.settled = true;
      note.message = concat("the floor serves from here on: ", why);
      refusals.push_back(note);
      return std::nullopt;
    };
    if (policy == Singularity::fail) {
      note.message = concat(note.message, ": the fit ends with the model before");
      return Repair{iteration, model, std::nullopt, std::nullopt, note};
    }
    if (policy != Singularity::drop && run.repairs == most_repairs)
      return refuse(concat("there were ", most_repairs, " repairs"));
    if (data_singular()) return refuse("the covariance of all rows together is singular");
    if (policy == Singularity::restart) {
      ++run.repairs;
      note.message =
          concat("the run begins anew, fresh start ", run.repairs, " of at most ", most_repairs);
      return Repair{iteration, model, std::nullopt, std::nullopt, note};
    }
    if (k < 0) return refuse("all components share the covariance that is singular");
    auto mending = policy == Singularity::drop ? detail::without_component(model, k, data)
                                               : detail::split_heaviest(model, k, data);
    if (!mending.model) return refuse(mending.what);
    ++run.repairs;
    note.message = std::move(mending.what);
    return Repair{iteration, model, std::nullopt, std::move(mending.model), note};
  }

  // The notes of the collapse, without the iteration that led to it.
  static void take_back(Report& report, const Repair& repair) {
    // A step that fell is not kept, and the engine takes no notes of it.
    const bool fell = report.status == Status::not_monotone;
    if (fell) report.notes.pop_back();
    if (fell || report.trace.empty())
      detail::collect_notes(repair.collapsed, repair.iteration, report.notes);
    report.notes.push_back(repair.note);
    if (!report.trace.empty()) report.trace.pop_back();
  }

  // Ends with the model before the collapse; of a start that has collapsed, with the start.
  static void give_up(EMFit<Model>& fit, const Repair& repair) {
    if (repair.sound) {
      take_back(fit.report, repair);
      fit.model = *repair.sound;
      fit.log_likelihood = fit.report.trace.back().log_likelihood;
    } else {
      fit.report.notes.push_back(repair.note);
    }
    fit.report.status = Status::numerical_failure;
    fit.state = {fit.model, repair.iteration, fit.state.restart, {}, true, 0, false};
  }
};

}  // namespace detail

LATENT_END
