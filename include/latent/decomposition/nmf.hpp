// Non-negative matrix factorisation (Lee and Seung 1999).
//
//   const auto fit = NMF{.components = 36}.fit(x);   // x: n x D, no number below 0
//   fit.model.components();                          // L x D: the parts
//   fit.weights;                                     // n x L: how much of each a row has
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/observer.hpp"
#include "latent/decomposition/nmf/run.hpp"
#include "latent/decomposition/nmf_model.hpp"

LATENT_BEGIN

// report.trace[t] holds the objective after t iterations (loss and penalties, in the units of the
// data), which never rises but for rounding, 64 eps sum v x^2; `change` is what it fell by, relative
// to itself. report.evaluations counts passes over the data.
template <class S>
struct NMFFit {
  NMFModel<S> model;
  RowMatrix<S> weights;    // n x L
  double objective = 0.0;  // of the two, penalties included
  Report report;           // of the best run
};

// One iteration, as an observer sees it: on_iteration(const NMFIteration<S>&) -> void or bool.
template <class S>
struct NMFIteration {
  Index restart = 0;
  Index index = 0;                 // 1, 2, ...
  double objective = 0.0;          // after the iteration
  const RowMatrix<S>& components;  // L x D, after it
};

// Finds W >= 0 (n x L) and H >= 0 (L x D) that make
//
//   loss(X, W H) + D (l1_weights sum v w + l2_weights / 2 sum v w^2)
//                + sum v (l1_components sum h + l2_components / 2 sum h^2)
//
// small; see NMFLoss. The sizes make the solution the same where rows are repeated, and comparable
// where there are more of them: with scikit-learn, l1_weights = alpha_W l1_ratio and l2_weights =
// alpha_W (1 - l1_ratio), and likewise for the components. A minimum among others; W and H are
// determined up to the scale and order of the components even there.
//
// Data: a matrix, an expression or a source of n x D finite numbers, none below 0, dense or sparse;
// labels are ignored, weights v are frequencies. Dense rows that lie side by side are read in place;
// others are copied once. Sparse data are never made dense. float data give a float model; the sums
// over rows are taken in double. The same bits for any executor. A power of two as factor of the
// data is a factor of H alone, unless there are penalties. O(n D L) an iteration; for sparse data,
// entries take the place of n D.
//
// Throws InvalidArgument for options and shapes, DataError for negative numbers, NaN, infinities,
// and sums of squares that overflow. Rows and columns of zeros are met by zeros; data of zeros
// alone have the status degenerate, and are not iterated on.
struct NMF {
  Index components = 0;  // L >= 1; may exceed n and D with random starts
  NMFSolver solver = NMFSolver::automatic;
  NMFInit init = NMFInit::automatic;  // not used by fit_from
  NMFLoss loss = NMFLoss::frobenius;
  double l1_weights = 0.0;  // each >= 0
  double l2_weights = 0.0;
  double l1_components = 0.0;
  double l2_components = 0.0;
  Index restarts = 1;          // >= 1; runs of fit, the best is kept
  Index max_iterations = 500;  // >= 1, of each run
  // >= 0: a run ends when an iteration lowers the objective by no more than this times itself;
  // 0 = run max_iterations.
  double tolerance = 1e-5;
  std::uint64_t seed = 0;

  // The best of `restarts` runs; of equal objectives, the first. Starts that are the same for every
  // seed run once, and a note says so.
  template <class Data, Executor Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& data, const Exec& executor = {}, Observer&& observer = {}) const {
    return fit_observed(detail::as_samples(data), {}, executor, observer);
  }

  // The same where only entries with `observed` (n x D) 1 count, 0 standing for missing: what the
  // data hold there is not looked at, and may be NaN. Rows and columns without any get zeros, with
  // a note. The data are copied, and taken as dense. For least squares, the missing entries are
  // filled from W H again before each update (so the more are missing, the more iterations it
  // takes); for the divergence, likewise their ratios are 1.
  template <class Data, class Mask, Executor Exec = Threads, class Observer = NoObserver>
  auto fit_masked(const Data& data, const Eigen::DenseBase<Mask>& observed,
                  const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& given = detail::as_samples(data);
    return fit_observed(given, detail::checked_observed(observed, given, "NMF"), executor,
                        observer);
  }

  // One run from the given factors, n x L and L x D; `components` is L or not given. An iteration
  // updates the components first, then the weights.
  template <class W, class H, class Data, Executor Exec = Threads, class Observer = NoObserver>
  auto fit_from(const Eigen::DenseBase<W>& start_weights,
                const Eigen::DenseBase<H>& start_components, const Data& data,
                const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& given = detail::as_samples(data);
    using S = typename detail::Bare<decltype(given)>::Scalar;
    const RowMatrix<S> w = start_weights.derived().matrix().template cast<S>();
    const RowMatrix<S> h = start_components.derived().matrix().template cast<S>();
    detail::require(w.rows() == given.rows() && h.cols() == given.cols() && w.cols() == h.rows(),
                    "NMF: the start must be n x L and L x D for data of ", given.rows(), " x ",
                    given.cols(), "; got ", w.rows(), " x ", w.cols(), " and ", h.rows(), " x ",
                    h.cols());
    detail::require(components == 0 || components == h.rows(),
                    "NMF: the start must have as many components as the options; got ", h.rows(),
                    " for ", components);
    check_options(h.rows());
    detail::check_factor(w, "start weights", "NMF");
    detail::check_factor(h, "start components", "NMF");
    const detail::Stopwatch watch;
    auto&& team = executor.team();
    detail::NMFData<S> prepared = detail::nmf_data(given, {}, team, "NMF");
    return best(prepared, h.rows(), 1, watch, team, observer, [&](Index, detail::NMFPool<S>&) {
      return detail::NMFFactors<S>{w.transpose(),
                                   detail::times_power_of_two(h, -prepared.exponent, "NMF")};
    });
  }

 private:
  bool least_squares() const { return loss == NMFLoss::frobenius; }
  NMFSolver chosen() const {
    if (solver != NMFSolver::automatic) return solver;
    return least_squares() ? NMFSolver::hals : NMFSolver::multiplicative;
  }

  void check_options(Index count) const {
    detail::require(count >= 1, "NMF: components must be at least 1; got ", count);
    detail::require(restarts >= 1, "NMF: restarts must be at least 1; got ", restarts);
    detail::require(max_iterations >= 1, "NMF: max_iterations must be at least 1; got ",
                    max_iterations);
    detail::require(is_finite(tolerance) && tolerance >= 0.0,
                    "NMF: tolerance must be finite and not negative; got ", tolerance);
    const std::pair<const char*, double> penalties[] = {{"l1_weights", l1_weights},
                                                        {"l2_weights", l2_weights},
                                                        {"l1_components", l1_components},
                                                        {"l2_components", l2_components}};
    for (const auto& [name, value] : penalties)
      detail::require(is_finite(value) && value >= 0.0, "NMF: ", name,
                      " must be finite and not negative; got ", value);
    detail::require(least_squares() || solver != NMFSolver::hals,
                    "NMF: solver hals is for loss frobenius; got kullback_leibler");
  }

  template <class S, class Exec, class Observer>
  NMFFit<S> fit_observed(const Samples<S>& given, detail::Observed observed, const Exec& executor,
                         Observer& observer) const {
    check_options(components);
    detail::check_shape(given, "NMF");
    const NMFInit start = detail::settled(init, components, given.rows(), given.cols());
    detail::require(start == NMFInit::random || components <= std::min(given.rows(), given.cols()),
                    "NMF: nndsvd starts need components <= min(n, D); got ", components, " for ",
                    given.rows(), " x ", given.cols());
    const detail::Stopwatch watch;
    auto&& team = executor.team();
    detail::NMFData<S> data = detail::nmf_data(given, std::move(observed), team, "NMF");
    const bool once = restarts > 1 && (start == NMFInit::nndsvd || start == NMFInit::nndsvda);
    auto fit = best(data, components, once ? 1 : restarts, watch, team, observer,
                    [&](Index restart, detail::NMFPool<S>& pool) {
                      return detail::nmf_start(data, start, components, seed, restart, pool, team);
                    });
    if (once)
      fit.report.notes.push_back({0, -1, static_cast<double>(restarts),
                                  "the start is deterministic: one run; value = restarts"});
    if (start == NMFInit::nndsvd && chosen() == NMFSolver::multiplicative)
      fit.report.notes.push_back(
          {0, -1, 0.0, "multiplicative updates keep the zeros of an nndsvd start for ever"});
    return fit;
  }

  template <class S>
  detail::NMFProblem problem_for(const detail::NMFData<S>& data, Index count) const {
    detail::NMFProblem problem;
    problem.loss = loss;
    problem.solver = chosen();
    problem.weights = detail::weight_penalty(loss, l1_weights, l2_weights, data.cols(),
                                             data.exponent, data.exponent);
    problem.components =
        detail::component_penalty(loss, l1_components, l2_components, data.weight, data.exponent);
    problem.weight_sweeps = detail::sweeps_beside(data.cols(), count);
    problem.component_sweeps = detail::sweeps_beside(data.rows(), count);
    return problem;
  }

  template <class S, class Team, class Observer, class Start>
  NMFFit<S> best(detail::NMFData<S>& data, Index count, Index runs, const detail::Stopwatch& watch,
                 Team& team, Observer& observer, const Start& start) const {
    const detail::NMFProblem problem = problem_for(data, count);
    detail::require<DataError>(
        is_finite(detail::in_data_units(loss, 4.0 * (data.squares + data.sum), data.exponent)),
        "NMF: the sum of squares overflows; scale the data down");
    detail::NMFRun<S> chosen_run;
    std::vector<double> objectives;
    detail::NMFPool<S> pool;
    for (Index restart = 0; restart < runs; ++restart) {
      detail::NMFRun<S> run;
      if (data.sum > 0.0) {
        const detail::NMFWatch<S> watcher = [&](Index index, double objective,
                                                const RowMatrix<S>& h) {
          if constexpr (std::is_same_v<std::remove_cvref_t<Observer>, NoObserver>) return true;
          const RowMatrix<S> parts = detail::times_power_of_two(h, data.exponent, "NMF");
          return detail::observe(observer, NMFIteration<S>{restart, index, objective, parts});
        };
        detail::NMFFactors<S> factors = start(restart, pool);
        clear_unobserved(data, factors);
        run = detail::nmf_run(data, problem, std::move(factors), {max_iterations, tolerance},
                              watcher, watch, pool, team);
      } else {
        run.factors = {RowMatrix<S>::Zero(count, data.rows()),
                       RowMatrix<S>::Zero(count, data.cols())};
        run.report.status = Status::degenerate;
        run.report.trace.push_back({0, 0.0, 0.0, 0.0, watch.seconds()});
        run.report.notes.push_back({0, -1, 0.0, "all data that count are zero, and so is the fit"});
      }
      const bool stopped = run.report.status == Status::stopped;
      objectives.push_back(run.objective);
      if (restart == 0 || run.objective < chosen_run.objective) chosen_run = std::move(run);
      if (stopped) {
        chosen_run.report.status = Status::stopped;
        break;
      }
    }
    // Weights of a component that is 0 are anything, and rows of zeros are to have none.
    for (Index k = 0; k < count; ++k)
      if (!(chosen_run.factors.components.row(k).maxCoeff() > S(0)))
        chosen_run.factors.weights.row(k).setZero();
    Report& report = chosen_run.report;
    report.restarts = std::move(objectives);
    describe(data, chosen_run.factors, report);
    report.seconds = watch.seconds();
    return {
        NMFModel<S>{detail::times_power_of_two(chosen_run.factors.components, data.exponent, "NMF"),
                    loss, l1_weights, l2_weights},
        chosen_run.factors.weights.transpose(), chosen_run.objective, std::move(report)};
  }

  template <class S>
  static void clear_unobserved(const detail::NMFData<S>& data, detail::NMFFactors<S>& factors) {
    detail::clear_unobserved_rows(data, factors.weights);
    for (Index j = 0; j < data.observed.cols(); ++j)
      if (data.observed.col(j).maxCoeff() == 0) factors.components.col(j).setZero();
  }

  template <class S>
  static void describe(const detail::NMFData<S>& data, const detail::NMFFactors<S>& factors,
                       Report& report) {
    Index rows = 0;
    Index columns = 0;
    for (Index i = 0; i < data.observed.rows(); ++i)
      rows += data.observed.row(i).maxCoeff() == 0 ? 1 : 0;
    for (Index j = 0; j < data.observed.cols(); ++j)
      columns += data.observed.col(j).maxCoeff() == 0 ? 1 : 0;
    if (rows > 0)
      report.notes.push_back({0, -1, static_cast<double>(rows),
                              "rows without an observed entry have weights of 0; value = rows"});
    if (columns > 0)
      report.notes.push_back({0, -1, static_cast<double>(columns),
                              "columns without an observed entry are 0 in every component; "
                              "value = columns"});
    if (report.status == Status::degenerate) return;
    for (Index k = 0; k < factors.components.rows(); ++k)
      if (!(factors.components.row(k).maxCoeff() > S(0)) ||
          !(factors.weights.row(k).maxCoeff() > S(0)))
        report.notes.push_back({report.iterations, k, 0.0,
                                "the component takes no part: it, or "
                                "its weights, are all 0"});
  }
};

LATENT_END
