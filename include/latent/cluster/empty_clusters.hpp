// What becomes of a cluster that no row (of positive weight) chose.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

// farthest: it takes the row farthest from its own centroid. Distance alone decides, not weight;
//           equal distances go to the highest index, so that early rows stay with early clusters.
//           Several empty clusters take the farthest, the second farthest, ... in the order of
//           their index. A row on its own centroid, of zero weight or alone in its cluster is
//           never taken; when none is left, there are fewer distinct rows than clusters, and the
//           fit ends with Status::degenerate.
// drop:     it is removed, and the model has fewer centroids.
// keep:     it keeps its centroid, and may gain rows later.
// fail:     the fit ends with Status::degenerate and the centroids it has.
enum class EmptyCluster { farthest, drop, keep, fail };

namespace detail {

// members: K, rows of positive weight in each cluster.
inline std::vector<Index> empty_clusters(const Vector<double>& members) {
  std::vector<Index> empty;
  for (Index k = 0; k < members.size(); ++k)
    if (!(members[k] > 0.5)) empty.push_back(k);
  return empty;
}

struct DistantRow {
  double distance;  // squared
  Index row;

  friend bool operator<(const DistantRow& a, const DistantRow& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  }
};

// All rows that may move, in heap order: the farthest in front.
template <class S, class Team>
std::vector<DistantRow> distant_rows(const Samples<S>& data, const RowMatrix<S>& centroids,
                                     const Labels& labels, Team& team) {
  std::vector<DistantRow> rows(static_cast<std::size_t>(data.rows()));
  const Index cols = data.cols();
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    // Sparse rows one by one: they may be too long for a tile of them.
    const Index at_once = data.sparse() ? 1 : std::min(tile_rows, data.rows());
    RowMatrix<S> tile(at_once, cols);
    for_each_tile(data.rows(), lane, [&](Index first, Index count) {
      for (Index i = 0; i < count; ++i) {
        const Index row = first + i;
        if (i % at_once == 0) data.read(row, std::min(at_once, count - i), tile);
        const double distance =
            data.weight(row) > 0.0
                ? squared_distance(tile.data() + i % at_once * cols,
                                   centroids.data() + Index{labels[row]} * cols, cols)
                : 0.0;
        rows[static_cast<std::size_t>(row)] = {distance, row};
      }
    });
  });
  std::erase_if(rows, [](const DistantRow& row) { return !(row.distance > 0.0); });
  std::make_heap(rows.begin(), rows.end());
  return rows;
}

struct Relocation {
  Index cluster;
  Index row;
  double distance;  // squared
};

// Which row moves to which empty cluster. Fewer than asked for where rows run out. A donor keeps
// at least one row of positive weight.
template <class S, class Team>
std::vector<Relocation> relocations(const Samples<S>& data, const RowMatrix<S>& centroids,
                                    const Labels& labels, const std::vector<Index>& empty,
                                    Vector<double> members, Team& team) {
  std::vector<DistantRow> rows = distant_rows(data, centroids, labels, team);
  std::vector<Relocation> moves;
  auto end = rows.end();
  for (const Index cluster : empty) {
    bool found = false;
    while (!found && end != rows.begin()) {
      std::pop_heap(rows.begin(), end);
      --end;
      double& left = members[labels[end->row]];
      if (left < 1.5) continue;
      left -= 1.0;
      moves.push_back({cluster, end->row, end->distance});
      found = true;
    }
  }
  return moves;
}

// Centroids and labels without the empty clusters; the order of the others stays.
template <class S>
void drop_clusters(const std::vector<Index>& empty, RowMatrix<S>& centroids, Labels& labels) {
  std::vector<int> renamed(static_cast<std::size_t>(centroids.rows()), -1);
  RowMatrix<S> kept(centroids.rows() - static_cast<Index>(empty.size()), centroids.cols());
  Index next = 0;
  for (Index k = 0; k < centroids.rows(); ++k) {
    if (std::binary_search(empty.begin(), empty.end(), k)) continue;
    kept.row(next) = centroids.row(k);
    renamed[static_cast<std::size_t>(k)] = static_cast<int>(next++);
  }
  for (Index i = 0; i < labels.size(); ++i)
    labels[i] = renamed[static_cast<std::size_t>(labels[i])];
  centroids = std::move(kept);
}

}  // namespace detail

LATENT_END
