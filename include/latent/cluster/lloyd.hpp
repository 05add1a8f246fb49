// Lloyd's iteration (Lloyd 1982): assign every row to its nearest centroid, move every centroid to
// the mean of its rows, until no label changes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

#include "latent/cluster/kmeans_fit.hpp"
#include "latent/cluster/label_search.hpp"
#include "latent/cluster/update.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

struct LloydOptions {
  EmptyCluster empty_cluster = EmptyCluster::farthest;
  Index max_iterations = 1;
  double movement = 0.0;  // stop when the centroids' squared movement is at most this; 0 = do not
  Index restart = 0;
  KMeansAlgorithm algorithm = KMeansAlgorithm::automatic;
  bool unit_centroids = false;  // means are projected onto the sphere; rows must be of length one
  Index batch = 0;              // of mini_batch; 0 = automatic
  std::uint64_t seed = 0;       // of mini_batch
};

template <class S>
struct LloydRun {
  RowMatrix<S> centroids;
  Labels labels;
  double inertia = 0.0;
  Report report;
};

template <class S>
using KMeansObserver = std::function<bool(const KMeansIteration<S>&)>;

// True if no entry differs by more than its rounding.
template <class S>
bool equal_within_rounding(const RowMatrix<S>& a, const RowMatrix<S>& b) {
  for (Index i = 0; i < a.size(); ++i)
    if (!(std::abs(a.data()[i] - b.data()[i]) <=
          std::numeric_limits<S>::epsilon() * std::abs(a.data()[i])))
      return false;
  return true;
}

// One run from the given centroids (K x D). What it returns is consistent: where the last update
// moved the centroids by more than rounding, a closing assignment follows.
template <class S, class Team>
LloydRun<S> lloyd(const Samples<S>& data, RowMatrix<S> start, const LloydOptions& options,
                  const KMeansObserver<S>& observer, const Stopwatch& watch, ScratchPool<S>& pool,
                  Team& team) {
  LloydRun<S> run;
  Report& report = run.report;
  run.labels = Labels::Constant(data.rows(), -1);
  double change = 0.0;
  const auto record = [&](Index updates) {
    report.trace.push_back({updates, run.inertia, 0.0, change, watch.seconds()});
  };
  RunningSums<S> sums{start};
  LabelSearch<S> search{data, options.algorithm};
  const auto assign = [&](const CentroidTable<S>& table) {
    const double changed = search.assign(table, run.labels, sums, pool, team);
    ++report.evaluations;
    if (sums.stale(sums.inertia(table.centroids()))) refresh(data, table, run.labels, sums, team);
    run.inertia = sums.inertia(table.centroids());
    return changed;
  };
  for (Index index = 1;; ++index) {
    const CentroidTable<S> table{std::move(start), !by_entries(data)};
    const double changed = assign(table);
    record(index - 1);
    const bool repeated = index > 1 && !(changed > 0.0);
    if (repeated) {
      // The last word: sums about these very centroids.
      refresh(data, table, run.labels, sums, team);
      run.inertia = sums.inertia(table.centroids());
      report.trace.back().objective = run.inertia;
    }
    Update<S> update =
        update_centroids(data, table.centroids(), run.labels, sums, options.empty_cluster,
                         options.unit_centroids, index, report.notes, team);
    report.iterations = index;
    change = update.movement;

    const bool go_on = observer(
        {options.restart, index, table.centroids(), run.labels, run.inertia, update.centroids});
    const bool still = options.movement > 0.0 && update.movement <= options.movement;
    const auto status = ending(update, go_on, repeated || still, index >= options.max_iterations);
    const bool stop = status.has_value();
    if (stop) report.status = *status;

    const bool relabelled = update.labels.size() > 0;
    if (!stop || !(update.failed || (repeated && !relabelled &&
                                     equal_within_rounding(table.centroids(), update.centroids)))) {
      start = std::move(update.centroids);
      if (relabelled) run.labels = std::move(update.labels);
      search.follow(table.centroids(), update.moves, update.dropped);
      if (!stop) continue;
      const CentroidTable<S> last{start, !by_entries(data)};
      assign(last);
      refresh(data, last, run.labels, sums, team);
      run.inertia = sums.inertia(last.centroids());
      run.centroids = last.centroids();
      if (update.exhausted) {
        double distinct = 0.0;
        for (Index k = 0; k < sums.clusters(); ++k) distinct += sums.members()[k] > 0.5 ? 1.0 : 0.0;
        report.notes.push_back(
            {index, -1, distinct, "fewer distinct rows than clusters; value = distinct rows"});
      }
    } else {
      if (update.failed) refresh(data, table, run.labels, sums, team);
      run.inertia = sums.inertia(table.centroids());
      run.centroids = table.centroids();
    }
    record(index);
    return run;
  }
}

}  // namespace detail

LATENT_END
