// The alternation of a non-negative factorisation, from a start to a fit.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "latent/core/report.hpp"
#include "latent/decomposition/nmf/extrapolation.hpp"
#include "latent/decomposition/nmf/start.hpp"

LATENT_BEGIN

namespace detail {

// Columns of H that one thread updates at a time.
inline constexpr Index nmf_strip = 192;

// The other half of the alternation: H from the statistics of W, in strips of columns.
template <class S, class Team>
void update_components(const NMFProblem& problem, const NMFStatistics& sums, RowMatrix<S>& h,
                       NMFPool<S>& pool, Team& team) {
  const NMFPenalty& penalty = problem.components;
  RowMatrix<double> turned_back;
  if (sums.turned) turned_back = sums.cross.transpose();
  const RowMatrix<double>& cross = sums.turned ? turned_back : sums.cross;
  const NonNegativeColumns<S> least_squares{sums.gram, penalty.l1, penalty.l2};
  const RowMatrix<S> gram = sums.gram.template cast<S>();
  team.for_each_lane((h.cols() + nmf_strip - 1) / nmf_strip, [&](Index strip) {
    const Index first = strip * nmf_strip;
    const Index count = std::min(nmf_strip, h.cols() - first);
    Eigen::Block<RowMatrix<S>> own(h, 0, first, h.rows(), count);
    if (!problem.frobenius())
      multiply_divergence(cross.middleCols(first, count), sums.totals, penalty, own);
    else if (!problem.hals())
      multiply_least_squares(gram, cross.middleCols(first, count), penalty, own);
    else
      borrow(pool, [&](NMFScratch<S>& scratch) {
        least_squares.solve(cross.data() + first, cross.cols(), own.data(), h.cols(), count,
                            problem.component_sweeps, problem.enough, scratch.buffer);
      });
  });
}

// The penalties of an objective in the units of NMFData.
template <class S>
double penalties(const NMFProblem& problem, const NMFStatistics& sums, const NMFPass<S>& pass) {
  const NMFPenalty& w = problem.weights;
  const NMFPenalty& h = problem.components;
  return w.l1 * sums.totals.sum() + 0.5 * w.l2 * sums.gram.trace() + h.l1 * pass.totals().sum() +
         0.5 * h.l2 * pass.gram().trace();
}

// 1/2 (|X|^2 - 2 <W'X, H> + <W'W, H H'>), which costs no pass over the data; exact to about
// eps |X|^2.
template <class S>
double expanded_loss(double squares, const NMFStatistics& sums, const RowMatrix<S>& h,
                     const RowMatrix<double>& gram) {
  double product = 0.0;
  for (Index k = 0; k < h.rows(); ++k) {
    double of_row = 0.0;
    for (Index j = 0; j < h.cols(); ++j)
      of_row += static_cast<double>(h(k, j)) * (sums.turned ? sums.cross(j, k) : sums.cross(k, j));
    product += of_row;
  }
  double both = 0.0;
  for (Index k = 0; k < h.rows(); ++k)
    for (Index l = 0; l < h.rows(); ++l) both += sums.gram(k, l) * gram(k, l);
  return std::max(0.0, 0.5 * (squares - 2.0 * product + both));
}

// The objective and what its rounding is measured by, in the units of NMFData.
template <class S>
double nmf_objective(const NMFData<S>& data, const NMFProblem& problem, const NMFStatistics& sums,
                     const RowMatrix<S>& h, const NMFPass<S>& pass) {
  const bool direct = !problem.frobenius() || data.masked();
  return (direct ? sums.loss : expanded_loss(data.squares, sums, h, pass.gram())) +
         penalties(problem, sums, pass);
}

template <class S>
struct NMFRun {
  NMFFactors<S> factors;
  double objective = 0.0;
  Report report;
};

struct NMFLimits {
  Index max_iterations = 1;
  double tolerance = 0.0;
};

// index, objective, components in the units of NMFData -> go on.
template <class S>
using NMFWatch = std::function<bool(Index, double, const RowMatrix<S>&)>;

// Each iteration updates H and then W, whose pass also finds the objective of both. Coordinate
// descent goes beyond what it finds, for as long as the objective falls; where it would rise, the
// step is taken again as it is.
template <class S, class Team>
NMFRun<S> nmf_run(NMFData<S>& data, const NMFProblem& problem, NMFFactors<S> start,
                  const NMFLimits& limits, const NMFWatch<S>& observer, const Stopwatch& watch,
                  NMFPool<S>& pool, Team& team) {
  NMFRun<S> run;
  Report& report = run.report;
  const auto in_units = [&](double f) { return in_data_units(problem.loss, f, data.exponent); };
  const double scale = problem.frobenius() ? data.squares : 2.0 * data.sum;
  const double rounding = 64.0 * static_cast<double>(std::numeric_limits<S>::epsilon()) * scale;
  NMFState<S> here{std::move(start.weights), std::move(start.components), {}, {0, 0, false}};
  NMFState<S> before = here;
  double objective = 0.0;
  {
    NMFPass<S> pass{data, problem, here.components};
    here.sums = pass.run(here.weights, false, pool, team);
    objective = nmf_objective(data, problem, here.sums, here.components, pass);
  }
  here.proposed = here.components;
  report.evaluations = 1;
  report.trace.push_back({0, in_units(objective), 0.0, 0.0, watch.seconds()});
  Reach reach;
  bool far = false;
  bool failed = false;
  for (Index index = 1; index <= limits.max_iterations;) {
    NMFState<S> next{here.weights, here.components, {}, {0, 0, false}};
    update_components(problem, far ? beyond(data, here, before, reach.length(), team) : here.sums,
                      next.components, pool, team);
    next.proposed = next.components;
    if (far) {
      next.components = beyond(next.proposed, here.proposed, reach.length());
      next.weights = beyond(here.weights, before.weights, reach.length());
    }
    NMFPass<S> pass{data, problem, next.components};
    next.sums = pass.run(next.weights, true, pool, team);
    const double found = nmf_objective(data, problem, next.sums, next.components, pass);
    ++report.evaluations;
    const bool finite = is_finite(found) && latent::all_finite(next.sums);
    if (far && !(finite && found < objective)) {
      reach.shorten();
      far = false;
      continue;
    }
    if (!finite || found > objective + std::max(rounding, 64.0 * 2.2e-16 * objective)) {
      report.status = finite ? Status::not_monotone : Status::numerical_failure;
      failed = true;
      break;
    }
    const double change = objective > 0.0 ? (objective - found) / objective : 0.0;
    objective = found;
    report.iterations = index;
    report.trace.push_back({index, in_units(objective), 0.0, change, watch.seconds()});
    before = std::move(here);
    here = std::move(next);
    if (!observer(index, in_units(objective), here.components)) {
      report.status = Status::stopped;
      break;
    }
    // A long step that hardly helps says little; a plain one decides.
    const bool small = limits.tolerance > 0.0 && change <= limits.tolerance;
    if (small && !far) {
      report.status = Status::converged;
      break;
    }
    if (far) reach.extend();
    far = problem.hals() && !small;
    ++index;
  }
  if (!failed && problem.frobenius() && !data.masked()) {
    // The last word comes from the residuals.
    NMFPass<S> pass{data, problem, here.components};
    objective = pass.loss(here.weights, pool, team) + penalties(problem, here.sums, pass);
    report.trace.back().objective = in_units(objective);
    ++report.evaluations;
  }
  run.factors = {std::move(here.weights), std::move(here.components)};
  run.objective = in_units(objective);
  return run;
}

}  // namespace detail

LATENT_END
