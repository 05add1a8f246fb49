// The EM engine: Dempster, Laird and Rubin 1977, on statistics.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/report.hpp"
#include "latent/em/acceleration.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/check.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/convergence.hpp"
#include "latent/em/e_step.hpp"
#include "latent/em/lower_bound.hpp"
#include "latent/em/restarts.hpp"
#include "latent/em/run.hpp"

LATENT_BEGIN

struct EM {
  Index max_iterations = 1000;  // >= 0; 0 evaluates the start
  double tolerance = 1e-8;      // >= 0; 0 runs max_iterations; a gain below rounding counts as none
  Convergence convergence = Convergence::log_likelihood;
  Acceleration acceleration = Acceleration::none;
  std::uint64_t seed = 0;  // for the variants that draw; any value
  double time_limit =
      std::numeric_limits<double>::infinity();  // seconds, > 0; looked at after each
                                                // iteration; promises no quality

  // Fits a model to x (n x D; a matrix or a source) from start_model. The model returned is the
  // one whose log-likelihood is reported; an iteration costs one E-step, O(n) evaluations of the
  // model. For `assign` see em/assignment.hpp.
  //   Status::converged            the rule of `convergence` held
  //   Status::not_monotone         the objective fell by more than 64 eps sum (1 + |log p(x_i)|): an M-step
  //                                that is no maximiser; the better model is returned
  //   Status::numerical_failure    the sums stopped being finite; the last finite model is returned
  //   Status::degenerate           the M-step of the returned model had to mend something: see notes
  //   Status::stopped              an observer said so, or the time limit was reached: see notes
  // Throws InvalidArgument (options, shapes, the start's parameters) and DataError (NaN, infinite,
  // label out of range, what the family rejects) before any work; exceptions of the model's own
  // code pass through.
  template <class Model, class Data, class Exec = Threads, Assignment Assign = Soft,
            class Observer = NoObserver>
  EMFit<Model> fit(const Model& start_model, const Data& x, const Exec& executor = {},
                   const Assign& assign = {}, Observer&& observer = {}) const {
    return resume(detail::unstarted(start_model), x, executor, assign, observer);
  }

  // Goes on from where a fit of the same data and options ended: with the same bits as if it had not
  // been interrupted, whatever the E-step variant and the acceleration. max_iterations and time_limit
  // count from the fit's beginning, and the report covers all of it; the state costs one E-step to
  // take up. A fit that has converged is given back, unless the tolerance is smaller now; one that
  // failed always.
  template <class Model, class Data, class Exec = Threads, Assignment Assign = Soft,
            class Observer = NoObserver>
  EMFit<Model> resume(const EMFit<Model>& so_far, const Data& x, const Exec& executor = {},
                      const Assign& assign = {}, Observer&& observer = {}) const {
    static_assert(detail::is_latent_model<Model>());
    static_assert(Executor<Exec>, "an executor has team(); Serial{} and Threads{n} are");
    decltype(auto) data = detail::as_samples(x);
    check();
    detail::check_assignment(assign);
    check_rules<Model, Assign>();
    auto&& team = executor.team();
    detail::check_model_and_data(so_far.state.model, data, team, "EM");
    return detail::run_em(limits(), so_far, data, detail::total_weight(data, team), team, assign,
                          observer);
  }

  // Fits from start(restart) for each restart in 0 ... restarts-1 and keeps the best: a fit that had
  // nothing to mend goes before a degenerate one, whose likelihood may be an artefact; then the
  // higher objective; then the earlier run. The report is that of the best run; report.restarts
  // holds the objective of every run. The data are checked once and one team of threads serves
  // all runs.
  template <class Start, class Data, class Exec = Threads, Assignment Assign = Soft,
            class Observer = NoObserver>
  auto fit_best(Index restarts, const Start& start, const Data& x, const Exec& executor = {},
                const Assign& assign = {}, Observer&& observer = {}) const {
    using Model = std::decay_t<decltype(start(Index{0}))>;
    static_assert(detail::is_latent_model<Model>());
    decltype(auto) data = detail::as_samples(x);
    check();
    detail::check_assignment(assign);
    check_rules<Model, Assign>();
    detail::require(restarts >= 1, "EM: restarts must be at least 1; got ", restarts);
    static_assert(Executor<Exec>, "an executor has team(); Serial{} and Threads{n} are");
    auto&& team = executor.team();
    return detail::best_of<Model>(
        restarts,
        [&](Index restart) {
          Model model = start(restart);
          if (restart == 0)
            detail::check_model_and_data(model, data, team, "EM");
          else
            detail::check_model(model, data, "EM");
          return model;
        },
        limits(), data, team, assign, observer);
  }

  // The same from each of `starts`.
  template <class Model, class Data, class Exec = Threads, Assignment Assign = Soft,
            class Observer = NoObserver>
  EMFit<Model> fit_best(const std::vector<Model>& starts, const Data& x, const Exec& executor = {},
                        const Assign& assign = {}, Observer&& observer = {}) const {
    return fit_best(
        static_cast<Index>(starts.size()),
        [&](Index restart) { return starts[static_cast<std::size_t>(restart)]; }, x, executor,
        assign, observer);
  }

  // Throws InvalidArgument for an option out of its range.
  void check() const {
    detail::require(max_iterations >= 0, "EM: max_iterations must not be negative; got ",
                    max_iterations);
    detail::require(is_finite(tolerance) && tolerance >= 0.0,
                    "EM: tolerance must be finite and not negative; got ", tolerance);
    detail::require(time_limit > 0.0, "EM: time_limit must be positive; got ", time_limit);
    detail::require(convergence != Convergence::aitken || acceleration == Acceleration::none,
                    "EM: Convergence::aitken extrapolates the rate of plain EM, which an "
                    "accelerated fit does not have");
  }

  detail::Limits limits() const {
    return {max_iterations, tolerance, convergence, acceleration, seed, time_limit};
  }

 private:
  template <class Model, class Assign>
  void check_rules() const {
    detail::require(convergence != Convergence::parameters || detail::HasParameters<Model>,
                    "EM: Convergence::parameters needs a model with parameters()");
    detail::require(convergence != Convergence::q_function || detail::HasLogJoint<Model>,
                    "EM: Convergence::q_function needs a model with log_joint(x, out) and weights, "
                    "such as a Mixture");
    detail::require(
        acceleration == Acceleration::none || !std::is_same_v<Assign, Stochastic>,
        "EM: stochastic EM has no fixed point to accelerate to; use Acceleration::none");
    detail::require(acceleration == Acceleration::none || detail::statistics_blend<Model>(),
                    "EM: the statistics of this model belong to its present parameters and cannot "
                    "be extrapolated; use Acceleration::none");
  }
};

// The closed-form fit where every row has a known label: one E-step, one M-step; for a family with
// recentred() twice, the second time about the means that the first found, so that no digit is lost
// to a start far away. For naive Bayes and discriminant analysis this is the supervised fit. Throws DataError for an unknown label (-1)
// or one that is too large, and InvalidArgument for a source without labels.
template <class Model, class Data, class Exec = Threads>
Model fit_complete(const Model& start_model, const Data& labelled, const Exec& executor = {}) {
  static_assert(detail::IsSamples<Data>::value, "fit_complete takes samples(x).labels(y)");
  auto&& team = executor.team();
  detail::check_model_and_data(start_model, labelled, team, "fit_complete");
  detail::require(labelled.has_labels(), "fit_complete: the source must have labels");
  for (Index i = 0; i < labelled.rows(); ++i)
    detail::require<DataError>(labelled.label(i) >= 0,
                               "fit_complete: every label must be known; got labels(", i,
                               ") = ", labelled.label(i));
  return detail::maximize_twice(start_model, [&](const Model& model) {
    return detail::e_step(model, labelled, Soft{}, Step{}, team).statistics;
  });
}

LATENT_END
