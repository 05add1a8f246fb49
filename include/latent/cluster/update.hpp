// The two halves of Lloyd's iteration: from centroids to labels and sums, and from these to the
// next centroids, empty clusters included.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/running_sums.hpp"
#include "latent/cluster/search.hpp"
#include "latent/cluster/unit_rows.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

// A search as the passes see it (see search.hpp): one of them is compiled for all searches.
template <class S>
struct LabelFinder {
  Index chunk;  // at most a lane
  std::function<void(TileScratch<S>&, Index first, Index count, const int* labels, int* found)>
      find;
};

template <class S, class Search>
LabelFinder<S> finder(const CentroidTable<S>& table, const Search& search) {
  return {Search::chunk, [&table, &search](TileScratch<S>& scratch, Index first, Index count,
                                           const int* labels, int* found) {
            search.find(table, scratch, first, count, labels, found);
          }};
}

// Labels every row; `sums` follow. labels: n, -1 where there is none yet. few: rows that move are
// expected to be few. Returns the number of rows
// of positive weight whose label changed. Zero-weight rows are labelled and take no further part.
template <class S, class Team>
double assign_all(const Samples<S>& data, const CentroidTable<S>& table,
                  const LabelFinder<S>& search, bool few, Labels& labels, RunningSums<S>& sums,
                  ScratchPool<S>& pool, Team& team) {
  const Index clusters = table.clusters();
  const Index cols = table.cols();
  const bool wide = few || wide_sums(clusters, cols);
  const Index lanes = lanes_of(data.rows());
  std::vector<std::vector<Move>> all_moves(wide ? static_cast<std::size_t>(lanes) : 0);
  const SumsOf<S> sums_of{data, sums.references()};
  const ClusterSums moved = team.reduce(
      lanes,
      [&] {
        return ClusterSums{wide ? 0 : clusters, wide ? 0 : clusters, cols};
      },
      [&](Index lane, ClusterSums& lane_sums) {
        const auto make = [&] { return std::make_unique<TileScratch<S>>(cols, clusters); };
        pool.borrow(make, [&](TileScratch<S>& scratch) {
          const RowAccess<S> access{data};
          std::vector<Move> lane_moves;
          int found[static_cast<std::size_t>(lane_rows)];
          const Index end = std::min(data.rows(), (lane + 1) * lane_rows);
          for (Index first = lane * lane_rows; first < end; first += search.chunk) {
            const Index count = std::min(search.chunk, end - first);
            int* chunk_labels = labels.data() + first;
            search.find(scratch, first, count, chunk_labels, found);
            if (!wide) lane_moves.clear();
            for (Index i = 0; i < count; ++i) {
              if (found[i] == chunk_labels[i]) continue;
              lane_moves.push_back({first + i, chunk_labels[i]});
              chunk_labels[i] = found[i];
              lane_sums.changed += data.weight(first + i) > 0.0 ? 1.0 : 0.0;
            }
            if (!wide) sums_of.shift(lane_moves, access, labels, lane_sums);
          }
          if (wide) all_moves[static_cast<std::size_t>(lane)] = std::move(lane_moves);
        });
      });
  if (wide) {
    const auto entries = [&](const TakeEntry& f) {
      for (const std::vector<Move>& lane_moves : all_moves)
        for (const Move& move : lane_moves) {
          if (move.from >= 0) f(Index{move.from}, move.row, -1);
          f(Index{labels[move.row]}, move.row, 1);
        }
    };
    sums.add(sum_by_cluster(data, sums.references(), entries, team));
  } else {
    sums.add(moved);
  }
  return moved.changed;
}

// Labels all rows, labels: n, and returns the sums about the centroids of the table.
template <class S, class Team>
ClusterSums label_rows(const Samples<S>& data, const CentroidTable<S>& table, Labels& labels,
                       ScratchPool<S>& pool, Team& team) {
  labels = Labels::Constant(data.rows(), -1);
  if (by_entries(data))
    return sum_sparse_clusters(data, table.centroids(), Labelling::assign, labels, team);
  RunningSums<S> sums{table.centroids()};
  const ExhaustiveSearch<S> search{data};
  const double changed =
      assign_all(data, table, finder(table, search), false, labels, sums, pool, team);
  ClusterSums all = sums.leading();
  all.changed = changed;
  return all;
}

template <class S>
struct Update {
  RowMatrix<S> centroids;         // the next ones
  Labels labels;                  // where empty clusters changed them, else empty
  std::vector<Relocation> moves;  // rows that empty clusters took
  double movement = 0.0;          // sum of |c' - c|^2
  bool dropped = false;           // there are fewer centroids than before, and labels were renamed
  bool exhausted = false;         // an empty cluster found no row to take
  bool failed = false;            // EmptyCluster::fail met an empty cluster
};

// How an iteration ends the run, if it does. settled: labels repeated, or centroids stand still.
template <class S>
std::optional<Status> ending(const Update<S>& update, bool go_on, bool settled, bool last) {
  if (update.failed || update.exhausted) return Status::degenerate;
  if (!go_on) return Status::stopped;
  if (settled) return Status::converged;
  if (last) return Status::max_iterations;
  return std::nullopt;
}

template <class S>
double squared_movement(const RowMatrix<S>& before, const RowMatrix<S>& after) {
  double sum = 0.0;
  for (Index k = 0; k < before.rows(); ++k)
    sum += squared_distance(before.data() + k * before.cols(), after.data() + k * after.cols(),
                            before.cols());
  return sum;
}

template <class S>
RowMatrix<S> next_means(const RowMatrix<S>& before, const RunningSums<S>& sums, bool unit,
                        Index iteration, std::vector<Note>& notes) {
  return unit ? unit_means(before, sums, iteration, notes) : sums.means(before);
}

// Every empty cluster takes a distant row; the donors' means are taken anew, since subtracting a
// row of large weight would leave nothing but rounding.
template <class S, class Team>
void relocate(const Samples<S>& data, const RowMatrix<S>& before, const Labels& labels,
              RunningSums<S>& sums, const std::vector<Index>& empty, Index iteration,
              std::vector<Note>& notes, bool unit, Update<S>& update, Team& team) {
  update.moves = relocations(data, before, labels, empty, sums.members(), team);
  update.labels = labels;
  for (const Relocation& move : update.moves)
    update.labels[move.row] = static_cast<int>(move.cluster);
  if (!update.moves.empty()) sums.renew(before, sum_clusters(data, before, update.labels, team));
  update.centroids = next_means(before, sums, unit, iteration, notes);
  const RowAccess<S> access{data};
  for (const Relocation& move : update.moves) {
    const S* row = access(move.row);
    std::copy(row, row + data.cols(), update.centroids.data() + move.cluster * data.cols());
    notes.push_back({iteration, move.cluster, std::sqrt(move.distance),
                     concat("empty cluster took row ", move.row, "; value = its distance")});
  }
  update.exhausted = update.moves.size() < empty.size();
}

// labels and sums belong to the centroids `before`; the sums follow what becomes of empty clusters.
// unit: rows and centroids are of length one.
template <class S, class Team>
Update<S> update_centroids(const Samples<S>& data, const RowMatrix<S>& before, const Labels& labels,
                           RunningSums<S>& sums, EmptyCluster policy, bool unit, Index iteration,
                           std::vector<Note>& notes, Team& team) {
  const std::vector<Index> empty = empty_clusters(sums.members());
  Update<S> update;
  if (!empty.empty() && policy == EmptyCluster::farthest) {
    relocate(data, before, labels, sums, empty, iteration, notes, unit, update, team);
  } else if (!empty.empty() && policy == EmptyCluster::fail) {
    update.centroids = before;
    update.failed = true;
  } else {
    update.centroids = next_means(before, sums, unit, iteration, notes);
  }
  update.movement = squared_movement(before, update.centroids);
  if (empty.empty() || policy == EmptyCluster::farthest) return update;

  const char* message = policy == EmptyCluster::drop   ? "empty cluster was dropped"
                        : policy == EmptyCluster::keep ? "empty cluster kept its centroid"
                                                       : "empty cluster ended the fit";
  for (const Index cluster : empty) notes.push_back({iteration, cluster, 0.0, message});
  if (policy == EmptyCluster::drop) {
    update.labels = labels;
    drop_clusters(empty, update.centroids, update.labels);
    sums.renew(update.centroids, sum_clusters(data, update.centroids, update.labels, team));
    update.dropped = true;
  }
  return update;
}

}  // namespace detail

LATENT_END
