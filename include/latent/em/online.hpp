// Online EM: learns from batches that arrive once and are not kept.
//
//   OnlineEM online;
//   auto state = online.begin(start);
//   while (next batch) online.update(state, batch);      // state.model may be used at any time
//
// or, for data at hand, OnlineEM{.passes = 2, .polish = 20}.fit(start, x).
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

// All that online EM knows. A plain value: a copy kept aside goes on with the same bits as the
// original. From numbers, written to a file with pack(): begin() with the same start, unpack into
// `average`, set weight and steps, and model = model.maximize(average * weight); statistics have
// their meaning (a shift, say) from the start.
template <class Model>
struct OnlineState {
  Model model;
  StatisticsOf<Model> average;  // expected statistics a unit of weight
  double weight = 0.0;          // seen so far
  Index steps = 0;              // batches so far
};

// What one batch did.
struct OnlineStep {
  double log_likelihood = 0.0;             // of the batch, under the model before it: a forecast
  double weight = 0.0;                     // of the batch
  Status status = Status::max_iterations;  // numerical_failure: the batch was left out
};

// Stepwise EM (Cappe and Moulines 2009). After batch t = 0, 1, ... with expected statistics s_t a
// unit of weight,
//
//   average = (1 - g_t) average + g_t s_t,    g_t = ((t + delay) / delay)^-exponent,
//   model   = maximize(average * weight seen).
//
// g_t is that of a batch of the average weight; a batch of half that weight moves half as far.
// Priors count once: they are set against all the weight seen, or, in fit(), that of the data.
// Converges to a maximum as batches go on for ever; after finitely many the answer depends on their
// order and is near a maximum at best, which is what the closing polish is for.
struct OnlineEM {
  Index batch = 2048;       // >= 1, rows; for fit()
  double exponent = 0.6;    // in (1/2, 1]; lower forgets faster
  double delay = 1.0;       // >= 1, batches; higher forgets slower at first
  Index passes = 1;         // >= 1, over the data; for fit()
  Index polish = 0;         // >= 0, iterations of EM on all data at the end of fit()
  double tolerance = 1e-8;  // of the polish; see EM
  std::uint64_t seed = 0;   // for the E-step variants that draw

  // A state that has seen nothing.
  template <class Model>
  OnlineState<Model> begin(const Model& start) const {
    static_assert(detail::is_latent_model<Model>());
    static_assert(detail::statistics_blend<Model>(),
                  "the statistics of this model belong to its present parameters: they cannot be "
                  "blended with older ones");
    check();
    return {detail::recentred(start), start.zero(), 0.0, 0};
  }

  // Learns from a batch (n x D; a matrix or a source, with weights and labels where it has them). For
  // Annealed a batch is an iteration of the schedule.
  // Costs one E-step over it. Throws as EM::fit does, and leaves the state as it was; a batch
  // whose sums are not finite is left out, and the answer says so.
  template <class Model, class Data, class Exec = Threads, Assignment Assign = Soft>
  OnlineStep update(OnlineState<Model>& state, const Data& x, const Exec& executor = {},
                    const Assign& assign = {}) const {
    check();
    detail::check_assignment(assign);
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    detail::check_model_and_data(state.model, data, team, "OnlineEM", detail::Weightless::allowed);
    return learn(state, data, std::numeric_limits<double>::infinity(), assign, team);
  }

  // All of x, in batches in the order of the rows, `passes` times, and then the polish. The report
  // is that of the polish: trace[0] is the model that online EM made. evaluations counts passes.
  template <class Model, class Data, class Exec = Threads, Assignment Assign = Soft,
            class Observer = NoObserver>
  EMFit<Model> fit(const Model& start, const Data& x, const Exec& executor = {},
                   const Assign& assign = {}, Observer&& observer = {}) const {
    const detail::Stopwatch clock;
    OnlineState<Model> state = begin(start);
    detail::check_assignment(assign);
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    detail::check_model_and_data(start, data, team, "OnlineEM");
    const std::vector<Index> starts = detail::batch_starts<Model>(data, batch);
    const double weight = detail::total_weight(data, team);
    Index left_out = 0;
    for (Index pass = 0; pass < passes; ++pass)
      for (std::size_t b = 0; b + 1 < starts.size(); ++b) {
        const auto step =
            learn(state, data.slice(starts[b], starts[b + 1] - starts[b]), weight, assign, team);
        left_out += step.status == Status::numerical_failure ? 1 : 0;
      }
    const EM em{.max_iterations = polish, .tolerance = tolerance, .seed = seed};
    EMFit<Model> begun = detail::unstarted(state.model);
    begun.report.seconds = clock.seconds();
    auto done = detail::run_em(em.limits(), std::move(begun), data, weight, team,
                               detail::polishing(assign), observer);
    done.report.evaluations += passes;
    if (left_out > 0)
      done.report.notes.insert(done.report.notes.begin(),
                               {0, -1, static_cast<double>(left_out),
                                "batches whose sums were not finite were left out"});
    return done;
  }

  // Throws InvalidArgument for an option out of its range.
  void check() const {
    detail::require(batch >= 1, "OnlineEM: batch must be at least 1; got ", batch);
    detail::require(exponent > 0.5 && exponent <= 1.0,
                    "OnlineEM: exponent must lie in (1/2, 1]; got ", exponent);
    detail::require(is_finite(delay) && delay >= 1.0,
                    "OnlineEM: delay must be finite and at least 1; got ", delay);
    detail::require(passes >= 1, "OnlineEM: passes must be at least 1; got ", passes);
    detail::require(polish >= 0, "OnlineEM: polish must not be negative; got ", polish);
    detail::require(is_finite(tolerance) && tolerance >= 0.0,
                    "OnlineEM: tolerance must be finite and not negative; got ", tolerance);
  }

 private:
  template <class Model, class S, class Assign, class Team>
  OnlineStep learn(OnlineState<Model>& state, const Samples<S>& data, double most_weight,
                   const Assign& assign, Team& team) const {
    auto step = detail::e_step(state.model, data, assign, Step{seed, 0, state.steps}, team);
    OnlineStep answer{step.sums.log_likelihood, detail::total_weight(data, team),
                      Status::max_iterations};
    if (answer.weight == 0.0) return answer;
    if (!latent::all_finite(step.statistics) || !detail::sound(answer.log_likelihood)) {
      answer.status = Status::numerical_failure;
      answer.log_likelihood = -std::numeric_limits<double>::infinity();
      return answer;
    }
    const double seen = state.weight + answer.weight;
    const double usual = seen / static_cast<double>(state.steps + 1);
    const double gain =
        std::min(1.0, std::pow((static_cast<double>(state.steps) + delay) / delay, -exponent) *
                          (answer.weight / usual));
    StatisticsOf<Model> average = state.average;
    latent::scale(average, 1.0 - gain);
    latent::add_scaled(average, gain / answer.weight, step.statistics);
    StatisticsOf<Model> total = average;
    latent::scale(total, std::min(seen, most_weight));
    state.model = state.model.maximize(total);  // may throw: nothing was changed so far
    state.average = std::move(average);
    state.weight = seen;
    ++state.steps;
    return answer;
  }
};

LATENT_END
