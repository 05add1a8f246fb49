// The second half of Lloyd's iteration: from cluster sums to the next centroids, empty clusters
// included.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/unit_rows.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
struct Update {
  RowMatrix<S> centroids;  // the next ones
  Labels labels;           // where empty clusters changed them, else empty
  double movement = 0.0;   // sum of |c' - c|^2
  bool exhausted = false;  // an empty cluster found no row to take
  bool failed = false;     // EmptyCluster::fail met an empty cluster
};

template <class S>
double squared_movement(const RowMatrix<S>& before, const RowMatrix<S>& after) {
  double sum = 0.0;
  for (Index k = 0; k < before.rows(); ++k)
    sum += squared_distance(before.data() + k * before.cols(), after.data() + k * after.cols(),
                            before.cols());
  return sum;
}

// Every empty cluster takes a distant row; the donors' means are taken anew, since subtracting a
// row of large weight would leave nothing but rounding.
template <class S, class Team>
Update<S> relocate(const Samples<S>& data, const CentroidTable<S>& table, const Labels& labels,
                   const ClusterSums& sums, const std::vector<Index>& empty, Index iteration,
                   std::vector<Note>& notes, ScratchPool<S>& pool, Team& team, bool unit) {
  const RowMatrix<S>& before = table.centroids();
  const auto moves = relocations(data, before, labels, empty, sums, team);
  Update<S> update;
  update.labels = labels;
  for (const Relocation& move : moves) update.labels[move.row] = static_cast<int>(move.cluster);
  const auto means = [&](const ClusterSums& of) {
    return unit ? unit_means(before, of, iteration, notes) : weighted_means(before, of);
  };
  update.centroids =
      moves.empty() ? means(sums)
                    : means(sum_clusters(data, table, Labelling::keep, update.labels, pool, team));
  RowMatrix<S> row(1, data.cols());
  for (const Relocation& move : moves) {
    data.read(move.row, 1, row);
    update.centroids.row(move.cluster) = row;
    notes.push_back({iteration, move.cluster, std::sqrt(move.distance),
                     concat("empty cluster took row ", move.row, "; value = its distance")});
  }
  update.exhausted = moves.size() < empty.size();
  update.movement = squared_movement(before, update.centroids);
  return update;
}

// labels and sums belong to the centroids of the table. unit: rows and centroids are of length one.
template <class S, class Team>
Update<S> update_centroids(const Samples<S>& data, const CentroidTable<S>& table,
                           const Labels& labels, const ClusterSums& sums, EmptyCluster policy,
                           Index iteration, std::vector<Note>& notes, ScratchPool<S>& pool,
                           Team& team, bool unit = false) {
  const std::vector<Index> empty = empty_clusters(sums);
  if (!empty.empty() && policy == EmptyCluster::farthest)
    return relocate(data, table, labels, sums, empty, iteration, notes, pool, team, unit);

  Update<S> update;
  update.centroids = unit ? unit_means(table.centroids(), sums, iteration, notes)
                          : weighted_means(table.centroids(), sums);
  update.movement = squared_movement(table.centroids(), update.centroids);
  if (empty.empty()) return update;
  const char* message = policy == EmptyCluster::drop   ? "empty cluster was dropped"
                        : policy == EmptyCluster::keep ? "empty cluster kept its centroid"
                                                       : "empty cluster ended the fit";
  for (const Index cluster : empty) notes.push_back({iteration, cluster, 0.0, message});
  if (policy == EmptyCluster::drop) {
    update.labels = labels;
    drop_clusters(empty, update.centroids, update.labels);
  } else if (policy == EmptyCluster::fail) {
    update.centroids = table.centroids();
    update.movement = 0.0;
    update.failed = true;
  }
  return update;
}

}  // namespace detail

LATENT_END
