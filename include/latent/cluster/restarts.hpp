// What every fit of the k-means family does around its runs: the movement at which they end, and
// the choice of the best.
#pragma once

#include <utility>
#include <vector>

#include "latent/cluster/cluster_sums.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

// The squared movement at which a run ends: tolerance times the mean variance of the columns, which
// is the inertia of a single cluster per weight and column.
template <class S, class Team>
double movement_limit(const Samples<S>& data, double tolerance, Team& team) {
  if (!(tolerance > 0.0)) return 0.0;
  const Labels labels = Labels::Zero(data.rows());
  RowMatrix<S> centre(1, data.cols());
  data.read(0, 1, centre);
  ClusterSums sums{1, 1, data.cols()};
  for (int pass = 0; pass < 2; ++pass) {
    if (pass > 0) centre = weighted_means(centre, sums);
    sums = sum_clusters(data, centre, labels, team);
  }
  return tolerance * (sums.inertia / sums.weights[0] / static_cast<double>(data.cols()));
}

// The run of least inertia among run(0) ... run(count - 1); of equals, the first. A run that was
// stopped is the last one, and the report then says so.
template <class Run>
auto best_run(Index count, const Stopwatch& watch, const Run& run) {
  auto best = run(Index{0});
  std::vector<double> inertias{best.inertia};
  bool stopped = best.report.status == Status::stopped;
  for (Index restart = 1; restart < count && !stopped; ++restart) {
    auto next = run(restart);
    stopped = next.report.status == Status::stopped;
    inertias.push_back(next.inertia);
    if (next.inertia < best.inertia) best = std::move(next);
  }
  if (stopped) best.report.status = Status::stopped;
  best.report.seconds = watch.seconds();
  best.report.restarts = std::move(inertias);
  return best;
}

}  // namespace detail

LATENT_END
