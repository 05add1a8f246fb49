// The EM engine: Dempster, Laird and Rubin 1977, on statistics.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/convergence.hpp"
#include "latent/em/lower_bound.hpp"

LATENT_BEGIN

enum class Acceleration { none };

template <class Model>
struct EMFit {
  Model model;
  double log_likelihood = 0.0;  // the weighted total, of `model`
  Report report;
};

// What an observer sees after an iteration: `statistics` are those of `before`, from which the
// M-step made `after`.
template <class Model>
struct IterationView {
  Index index;
  const Model& before;
  const StatisticsOf<Model>& statistics;
  double log_likelihood;  // of `after`
  double objective;       // of `after`
  const Model& after;
};

namespace detail {

template <class Statistics>
struct EStep {
  Statistics statistics;
  Expectation sums;
  auto fields() { return std::tie(statistics, sums); }
};

template <class Prepared, class S, class Assign, class Statistics>
Expectation expect_block(const Prepared& model, const Block<S>& block, const Assign& assign,
                         const Step& step, Statistics& statistics) {
  if constexpr (requires { model.expect(block, assign, step, statistics); }) {
    return to_expectation(model.expect(block, assign, step, statistics));
  } else {
    static_assert(
        requires { model.expect(block, statistics); },
        "a latent model needs: double or Expectation expect(const Block<S>&, Statistics&) const");
    static_assert(std::is_same_v<Assign, Soft>,
                  "this model has no expect(block, assign, step, statistics): Soft only");
    return to_expectation(model.expect(block, statistics));
  }
}

template <class M, class S, class Assign, class Team>
EStep<StatisticsOf<M>> e_step(const M& model, const Samples<S>& data, const Assign& assign,
                              const Step& step, Team& team) {
  using T = ScalarOf<M>;
  using Sums = EStep<StatisticsOf<M>>;
  decltype(auto) ready = prepared(model);
  return team.reduce(
      lanes_of(data.rows()),
      [&] {
        return Sums{model.zero(), {}};
      },
      [&](Index lane, Sums& sums) {
        for_each_block<T>(data, lane, [&](const Block<T>& block) {
          merge(sums.sums, expect_block(ready, block, assign, step, sums.statistics));
        });
      });
}

template <class M>
concept HasParameters = requires(const M& model) {
  { model.parameters() } -> std::convertible_to<Vector<double>>;
};

template <class M>
concept HasLogJoint = requires(const M& model, const Eigen::Ref<const RowMatrix<ScalarOf<M>>>& x,
                               RowMatrix<ScalarOf<M>>& out) {
  prepared(model).log_joint(x, out);
  { model.weights } -> std::convertible_to<Vector<double>>;
};

}  // namespace detail

struct EM {
  Index max_iterations = 1000;  // >= 0; 0 evaluates the start
  double tolerance = 1e-8;      // >= 0; 0 runs max_iterations; a gain below rounding counts as none
  Convergence convergence = Convergence::log_likelihood;
  Acceleration acceleration = Acceleration::none;
  std::uint64_t seed = 0;  // for the variants that draw; any value

  // Fits a model to x (n x D; a matrix or a source) from start_model. The model returned is the
  // one whose log-likelihood is reported; an iteration costs one E-step, O(n) evaluations of the
  // model.
  //   Status::converged            the rule of `convergence` held
  //   Status::not_monotone         the objective fell by more than 64 eps sum |log p(x_i)|: an M-step
  //                                that is no maximiser; the better model is returned
  //   Status::numerical_failure    the sums stopped being finite; the last finite model is returned
  //   Status::degenerate           the M-step of the returned model had to mend something: see notes
  // Throws InvalidArgument (options, shapes, the start's parameters) and DataError (NaN, infinite,
  // label out of range, what the family rejects) before any work; exceptions of the model's own
  // code pass through.
  template <class Model, class Data, class Exec = Threads, class Assign = Soft,
            class Observer = NoObserver>
  EMFit<Model> fit(const Model& start_model, const Data& x, const Exec& executor = {},
                   const Assign& assign = {}, Observer&& observer = {}) const;

  // Throws InvalidArgument for an option out of its range.
  void check() const {
    detail::require(max_iterations >= 0, "EM: max_iterations must not be negative; got ",
                    max_iterations);
    detail::require(is_finite(tolerance) && tolerance >= 0.0,
                    "EM: tolerance must be finite and not negative; got ", tolerance);
  }

 private:
  template <class Model, class S, class Team>
  double change(const Model& before, const Model& after, double gain, double weight,
                const Samples<S>& data, Team& team) const;
};

// What the rule of convergence looks at.
template <class Model, class S, class Team>
double EM::change(const Model& before, const Model& after, double gain, double weight,
                  const Samples<S>& data, Team& team) const {
  if constexpr (detail::HasParameters<Model>) {
    if (convergence == Convergence::parameters) {
      const Vector<double> moved = after.parameters() - before.parameters();
      return std::sqrt(moved.squaredNorm());
    }
  }
  if constexpr (detail::HasLogJoint<Model>) {
    if (convergence == Convergence::q_function) {
      const detail::QSums sums = detail::q_sums(after, before, data, team);
      return std::abs(detail::difference(sums.next, sums.before) +
                      detail::difference(detail::log_prior(after), detail::log_prior(before))) /
             weight;
    }
  }
  return std::abs(gain) / weight;
}

template <class Model, class Data, class Exec, class Assign, class Observer>
EMFit<Model> EM::fit(const Model& start_model, const Data& x, const Exec& executor,
                     const Assign& assign, Observer&& observer) const {
  static_assert(LatentModel<Model>,
                "a latent model needs zero(), expect(block, statistics) and maximize(statistics)");
  static_assert(Executor<Exec>, "an executor has team(); Serial{} and Threads{n} are");
  decltype(auto) data = detail::as_samples(x);
  const detail::Stopwatch clock;
  auto team = executor.team();
  check();
  detail::require(convergence != Convergence::parameters || detail::HasParameters<Model>,
                  "EM: Convergence::parameters needs a model with parameters()");
  detail::require(convergence != Convergence::q_function || detail::HasLogJoint<Model>,
                  "EM: Convergence::q_function needs a model with log_joint(x, out) and weights, "
                  "such as a Mixture");
  detail::check_model_and_data(start_model, data, team, "EM");

  const double weight = detail::total_weight(data, team);
  const double eps = static_cast<double>(std::numeric_limits<ScalarOf<Model>>::epsilon());
  EMFit<Model> fit{start_model, 0.0, {}};
  Report& report = fit.report;

  auto current = detail::e_step(fit.model, data, assign, Step{seed, 0, 0}, team);
  const auto objective_of = [](const Model& model, const Expectation& sums) {
    return sums.objective + detail::log_prior(model);
  };
  // Sums may be -inf (a row that nothing explains); NaN and +inf are nobody's objective.
  const auto sound = [](double value) { return is_finite(value) || is_negative_infinity(value); };
  const auto usable = [&](const auto& step, double value) {
    return all_finite(step.statistics) && sound(step.sums.log_likelihood) && sound(value);
  };
  double objective = objective_of(fit.model, current.sums);
  fit.log_likelihood = current.sums.log_likelihood;
  report.evaluations = 1;
  report.trace.push_back({0, objective, fit.log_likelihood, 0.0, clock.seconds()});

  detail::collect_notes(fit.model, 0, report.notes);
  if (!usable(current, objective)) {
    report.status = Status::numerical_failure;
    report.notes.push_back(
        {0, -1, 0.0, "the E-step of the start gave numbers that are not finite"});
    fit.log_likelihood = -std::numeric_limits<double>::infinity();
    report.trace.back().objective = report.trace.back().log_likelihood = fit.log_likelihood;
    report.seconds = clock.seconds();
    return fit;
  }

  report.status = Status::max_iterations;
  for (Index iteration = 1; iteration <= max_iterations; ++iteration) {
    Model next = fit.model.maximize(current.statistics);
    auto evaluated = detail::e_step(next, data, assign, Step{seed, 0, iteration}, team);
    ++report.evaluations;
    report.iterations = iteration;
    const double next_objective = objective_of(next, evaluated.sums);
    if (!usable(evaluated, next_objective)) {
      report.status = Status::numerical_failure;
      report.notes.push_back(
          {iteration, -1, 0.0,
           "the E-step gave numbers that are not finite; the model before is returned"});
      break;
    }
    const double gain = detail::difference(next_objective, objective);
    const double moved = change(fit.model, next, gain, weight, data, team);
    report.trace.push_back(
        {iteration, next_objective, evaluated.sums.log_likelihood, moved, clock.seconds()});
    const bool go_on = detail::observe(
        observer, IterationView<Model>{iteration, fit.model, current.statistics,
                                       evaluated.sums.log_likelihood, next_objective, next});

    const double rounding =
        64.0 * eps *
        (evaluated.sums.magnitude + std::abs(next_objective - evaluated.sums.objective));
    const bool lost = is_negative_infinity(next_objective) && is_finite(objective);
    // A start that breaks what the M-step keeps (a covariance below its floor) may lie higher.
    const bool excused = iteration == 1 && detail::degenerate(next);
    if (lost || (gain < -rounding && !excused)) {
      report.status = Status::not_monotone;
      report.notes.push_back(
          {iteration, -1, gain,
           "the objective fell by more than rounding; the model before is returned"});
      break;
    }
    detail::collect_notes(next, iteration, report.notes);
    fit.model = std::move(next);
    fit.log_likelihood = evaluated.sums.log_likelihood;
    objective = next_objective;
    current = std::move(evaluated);
    if (!go_on) {
      report.status = Status::stopped;
      break;
    }
    // While some row stays impossible there is nothing to compare. A gain below the rounding of the
    // sums says nothing, so that a float model is not asked for more than float can tell.
    const double told = convergence == Convergence::parameters
                            ? tolerance
                            : std::max(tolerance, eps * current.sums.magnitude / weight);
    if (tolerance > 0.0 && is_finite(next_objective) && moved <= told) {
      report.status = Status::converged;
      break;
    }
  }
  if ((report.status == Status::converged || report.status == Status::max_iterations) &&
      detail::degenerate(fit.model))
    report.status = Status::degenerate;
  report.seconds = clock.seconds();
  return fit;
}

// The closed-form fit where every row has a known label: one E-step, one M-step. For naive Bayes
// and discriminant analysis this is the supervised fit. Throws DataError for an unknown label (-1)
// or one that is too large, and InvalidArgument for a source without labels.
template <class Model, class Data, class Exec = Threads>
Model fit_complete(const Model& start_model, const Data& labelled, const Exec& executor = {}) {
  static_assert(detail::IsSamples<Data>::value, "fit_complete takes samples(x).labels(y)");
  auto team = executor.team();
  detail::check_model_and_data(start_model, labelled, team, "fit_complete");
  detail::require(labelled.has_labels(), "fit_complete: the source must have labels");
  for (Index i = 0; i < labelled.rows(); ++i)
    detail::require<DataError>(labelled.label(i) >= 0,
                               "fit_complete: every label must be known; got labels(", i,
                               ") = ", labelled.label(i));
  return start_model.maximize(
      detail::e_step(start_model, labelled, Soft{}, Step{}, team).statistics);
}

LATENT_END
