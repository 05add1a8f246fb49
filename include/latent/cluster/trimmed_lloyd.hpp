// Lloyd's iteration on the rows that are left when the farthest are left out.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "latent/cluster/lloyd.hpp"
#include "latent/cluster/trimming.hpp"
#include "latent/cluster/update.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
struct TrimmedRun : LloydRun<S> {
  double threshold = 0.0;  // distance of the farthest row kept
};

// An assignment: labels of all rows, the rows left out, and the sums over those kept.
template <class S>
struct TrimmedPass {
  Labels nearest;  // n
  Labels labels;   // n: the same, -1 for the rows left out
  Trimmed trimmed;
  Samples<S> kept;
  RunningSums<S> sums;
  double inertia = 0.0;
  double threshold = 0.0;
};

template <class S, class Team>
TrimmedPass<S> trimmed_pass(const Samples<S>& data, const CentroidTable<S>& table, double trim,
                            double total, ScratchPool<S>& pool, Team& team) {
  Labels nearest;
  Vector<double> distances;
  assign_with_distances(data, table, nearest, distances, pool, team);
  Trimmed trimmed = trim_farthest(data, distances, trim * total, total);
  Samples<S> kept = kept_samples(data, trimmed);
  ClusterSums sums = sum_clusters(kept, table.centroids(), nearest, team);
  const double inertia = sums.inertia;
  double farthest = 0.0;
  for (Index i = 0; i < data.rows(); ++i)
    if (kept.weight(i) > 0.0) farthest = std::max(farthest, distances[i]);
  Labels labels = nearest;
  for (const Index row : trimmed.rows) labels[row] = -1;
  return {std::move(nearest),
          std::move(labels),
          std::move(trimmed),
          std::move(kept),
          RunningSums<S>{table.centroids(), std::move(sums)},
          inertia,
          std::sqrt(farthest)};
}

// True if some row of positive weight has another label, was or is left out, or if another row is
// on the boundary.
template <class S>
bool differs(const Samples<S>& data, const Labels& before, Index boundary_before,
             const TrimmedPass<S>& pass) {
  if (boundary_before != pass.trimmed.boundary) return true;
  for (Index i = 0; i < data.rows(); ++i)
    if (before[i] != pass.labels[i] && data.weight(i) > 0.0) return true;
  return false;
}

// One run from the given centroids (K x D). The steps and the rules of ending are those of lloyd(),
// whose result it gives, but for the rounding of sums, where trim = 0.
template <class S, class Team>
TrimmedRun<S> trimmed_lloyd(const Samples<S>& data, RowMatrix<S> start, double trim,
                            const LloydOptions& options, const KMeansObserver<S>& observer,
                            const Stopwatch& watch, ScratchPool<S>& pool, Team& team) {
  const double total = total_weight(data, team);
  TrimmedRun<S> run;
  Report& report = run.report;
  double change = 0.0;
  const auto evaluate = [&](const CentroidTable<S>& table) {
    TrimmedPass<S> pass = trimmed_pass(data, table, trim, total, pool, team);
    ++report.evaluations;
    return pass;
  };
  const auto record = [&](Index updates, double inertia) {
    report.trace.push_back({updates, inertia, 0.0, change, watch.seconds()});
  };
  const auto finish = [&](const CentroidTable<S>& table, TrimmedPass<S>& pass) {
    run.centroids = table.centroids();
    run.labels = std::move(pass.labels);
    run.inertia = pass.inertia;
    run.threshold = pass.threshold;
    record(report.iterations, run.inertia);
  };

  Labels before = Labels::Constant(data.rows(), -2);
  Index boundary = -1;
  for (Index index = 1;; ++index) {
    const CentroidTable<S> table{std::move(start)};
    TrimmedPass<S> pass = evaluate(table);
    record(index - 1, pass.inertia);
    Update<S> update =
        update_centroids(pass.kept, table.centroids(), pass.nearest, pass.sums,
                         options.empty_cluster, options.unit_centroids, index, report.notes, team);
    report.iterations = index;
    change = update.movement;

    const bool go_on = observer(
        {options.restart, index, table.centroids(), pass.labels, pass.inertia, update.centroids});
    const bool repeated = index > 1 && !differs(data, before, boundary, pass);
    const bool still = options.movement > 0.0 && update.movement <= options.movement;
    const auto status = ending(update, go_on, repeated || still, index >= options.max_iterations);
    const bool stop = status.has_value();
    if (stop) report.status = *status;

    if (!stop) {
      start = std::move(update.centroids);
      before = std::move(pass.labels);
      boundary = pass.trimmed.boundary;
      // The rows that moved to an empty cluster, or the numbers that dropping one changed.
      for (Index i = 0; i < update.labels.size(); ++i)
        if (before[i] >= 0) before[i] = update.labels[i];
      continue;
    }
    if (update.failed || (repeated && update.labels.size() == 0 &&
                          equal_within_rounding(table.centroids(), update.centroids))) {
      finish(table, pass);
      return run;
    }
    const CentroidTable<S> last{std::move(update.centroids)};
    TrimmedPass<S> closing = evaluate(last);
    finish(last, closing);
    if (update.exhausted) {
      const double distinct = (closing.sums.members().array() > 0.5).template cast<double>().sum();
      report.notes.push_back(
          {index, -1, distinct, "fewer distinct rows kept than clusters; value = distinct rows"});
    }
    return run;
  }
}

}  // namespace detail

LATENT_END
