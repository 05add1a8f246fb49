// Centroids that learn from batches: each is the weighted mean of all rows it ever got.
//
// Sculley 2010 ("Web-scale k-means clustering", algorithm 1) moves a centroid towards each row of
// its batch at the rate 1 / (rows it got so far). Labels are taken once a batch, so these steps are
// the running mean, here in one step: with N the weight so far and W that of the batch,
//
//   c' = c + sum w (x - c) / (N + W).
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/update.hpp"

LATENT_BEGIN

namespace detail {

// In double whatever the data: at the rate 1 / N, steps are soon below the spacing of floats.
struct RunningMeans {
  RowMatrix<double> centroids;  // K x D
  Vector<double> weights;       // K: of the rows behind each centroid
  Vector<double> idle;          // K: rows that came since it last got one

  RunningMeans() = default;
  explicit RunningMeans(RowMatrix<double> start)
      : centroids(std::move(start)),
        weights(Vector<double>::Zero(centroids.rows())),
        idle(Vector<double>::Zero(centroids.rows())) {}
};

// A centroid is starved when so many rows have come since it last got one: 100 a cluster. A cluster
// with a tenth of its fair share of the rows waits that long once in e^10 times.
inline constexpr double starved_after = 100.0;

struct BatchStep {
  Labels labels;         // of the batch, under the centroids before it
  double inertia = 0.0;  // of the same
  double weight = 0.0;
  std::vector<Relocation> moves;  // starved centroids and the rows of the batch they took
};

// Learns from a batch. Where `relocate`, starved centroids begin anew, without weight, at the rows
// that EmptyCluster::farthest would give them. May leave sums that are not finite, where weights
// overflow.
template <class S, class Team>
BatchStep learn(RunningMeans& means, const Samples<S>& batch, bool relocate, ScratchPool<S>& pool,
                Team& team) {
  const Index clusters = means.centroids.rows();
  const Index cols = means.centroids.cols();
  const CentroidTable<S> table{means.centroids.template cast<S>()};
  BatchStep step;
  const ClusterSums sums = label_rows(batch, table, step.labels, pool, team);
  step.inertia = sums.inertia;
  double rows = 0.0;  // of positive weight

  // The sums are about the centroids as S holds them.
  for (Index k = 0; k < clusters; ++k) {
    if (!(sums.members[k] > 0.0)) continue;
    rows += sums.members[k];
    const double weight = sums.weights[k];
    const double total = means.weights[k] + weight;
    for (Index j = 0; j < cols; ++j) {
      double& c = means.centroids(k, j);
      c += (sums.offsets(k, j) + weight * (static_cast<double>(table.centroid(k)[j]) - c)) / total;
    }
    means.weights[k] = total;
    step.weight += weight;
  }
  std::vector<Index> starved;
  for (Index k = 0; k < clusters; ++k) {
    means.idle[k] = sums.members[k] > 0.0 ? 0.0 : means.idle[k] + rows;
    if (relocate && means.idle[k] >= starved_after * static_cast<double>(clusters))
      starved.push_back(k);
  }
  if (starved.empty()) return step;

  step.moves = relocations(batch, table.centroids(), step.labels, starved, sums.members, team);
  RowMatrix<double> row(1, cols);
  for (const Relocation& move : step.moves) {
    batch.read(move.row, 1, row);
    means.centroids.row(move.cluster) = row;
    means.weights[move.cluster] = 0.0;
    means.idle[move.cluster] = 0.0;
  }
  return step;
}

}  // namespace detail

LATENT_END
