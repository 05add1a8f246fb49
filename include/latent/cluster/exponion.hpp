// Hamerly's bounds, and for the rows that they do not decide only the neighbours of the centroid
// each row had (Exponion: Newling and Fleuret 2016, "Fast k-means with accurate bounds").
//
// With u = |x - a| for the own centroid a, and s the distance from a to the nearest other one: the
// two nearest to x are within u + s of x, hence within 2 u + s of a. Whatever part of a's list is
// looked at, all others are at least its reach minus u away from x; where that is above u, they
// cannot be the nearest. Rows of which the lists say too little go through the kernel of Lloyd's.
//
// The lists sharpen the bounds as well: only those listed can come near, so that a lower bound
// shrinks by how far they moved, and not by how far any centroid did.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "latent/cluster/bound_steps.hpp"
#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/neighbour_lists.hpp"

LATENT_BEGIN

namespace detail {

// Its interface is that of BoundSearch.
template <class S>
class ExponionSearch {
 public:
  static constexpr Index chunk = lane_rows;

  // scale: a typical distance, > 0.
  ExponionSearch(const Samples<S>& data, double scale, Index clusters)
      : data_{data},
        unit_{unit_of(scale)},
        lists_{clusters, data.cols(), list_length(data.cols()), unit_},
        upper_(Vector<float>::Constant(data.rows(), std::numeric_limits<float>::infinity())),
        lower_(Vector<float>::Zero(data.rows())),
        missed_(Vector<Index>::Zero(lanes_of(data.rows()))) {}

  // The centroids move from `before` to those of the table.
  void move(const RowMatrix<S>& before, const CentroidTable<S>& table) {
    find_movements(before, table, unit_, moved_);
    farthest_ = {};
    for (Index k = 0; k < table.clusters(); ++k) farthest_.offer(k, moved_[k]);
  }

  // What must follow each move, before find.
  template <class Team>
  void prepare(const CentroidTable<S>& table, ScratchPool<S>& /*pool*/, Team& team) {
    // New lists pay when the rows that old ones missed, beyond what new ones miss, have cost more.
    const Index missed = missed_.sum();
    if (age_ == 1) missed_when_new_ = missed;
    excess_ += std::max<Index>(0, missed - missed_when_new_);
    if (age_ == 0 || excess_ > rows_per_list * table.clusters()) {
      lists_.build(table, team);
      age_ = 0;
      excess_ = 0;
    }
    ++age_;
    lists_.refresh(table, moved_, team);
  }

  // These rows have other labels than find() gave them.
  void forget(const std::vector<Relocation>& moves) {
    for (const Relocation& move : moves) {
      upper_[move.row] = std::numeric_limits<float>::infinity();
      lower_[move.row] = 0.0f;
    }
  }

  void find(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first, Index count,
            const int* labels, int* found) const;

 private:
  // As measured: how long lists should be, and what a list costs in rows through the dense kernel.
  static Index list_length(Index cols) { return std::clamp<Index>(16 * cols, 32, 64); }
  static constexpr Index rows_per_list = 8;

  // True if the bounds, moved along, leave the row with its label.
  bool settled(const CentroidTable<S>& table, const RowAccess<S>& access, Index row,
               Index own) const {
    const Surroundings& around = lists_.around(own);
    // Where nothing is left out of the list, silent is infinite, and the minimum `listed` even if
    // upper is infinite too.
    const float listed = lower_[row] - around.step;
    upper_[row] = (upper_[row] + moved_[own]) * bound_up;
    lower_[row] = std::max({0.0f, lower_[row] - farthest_.without(own),
                            std::min(listed, around.silent - upper_[row])}) *
                  bound_down;
    const float least = std::max(lower_[row], around.separation);
    if (upper_[row] * bounds_apart < least) return true;
    upper_[row] = distance_up(unit_, access(row), table.centroid(own), table.cols());
    return upper_[row] * bounds_apart < least;
  }

  // The nearest centroid by the list of the own one, or -1 if it says too little.
  int find_listed(const CentroidTable<S>& table, const S* x, Index row, Index own) const {
    const float* reach = lists_.reach(own);
    const float radius = 2.0f * (upper_[row] + lists_.around(own).separation);
    Index blocks = 1;
    while (blocks < lists_.blocks() && reach[blocks] < radius) ++blocks;
    const float beyond = (reach[blocks] - upper_[row]) * bound_down;
    if (!(upper_[row] * bounds_apart < beyond)) return -1;
    const ListedTwo<S> two = lists_.nearest_two(own, blocks, x);
    // Each squared distance in S has at most D + 2 roundings, as in CentroidTable::direct_margin;
    // the last term covers what underflows.
    const auto terms = static_cast<double>(table.cols() + 2);
    const double relative = 4.2 * terms * static_cast<double>(std::numeric_limits<S>::epsilon());
    const double margin = 16.0 * terms * static_cast<double>(std::numeric_limits<S>::min());
    const auto nearest = static_cast<double>(two.first);
    auto other = static_cast<double>(two.second);
    int winner = two.cluster;
    if (!(other - nearest > margin + relative * other)) {
      winner = nearest_by_differences(table, x);
      other = nearest;
    }
    lower_[row] = std::min(
        beyond, round_down(unit_ * std::sqrt(std::max(0.0, other * (1.0 - relative) - margin))));
    if (winner != own) upper_[row] = distance_up(unit_, x, table.centroid(winner), table.cols());
    return winner;
  }

  const Samples<S>& data_;
  double unit_;
  NeighbourLists<S> lists_;
  Vector<float> moved_;  // K
  Farthest farthest_;
  Index age_ = 0;  // of the lists, in iterations
  Index missed_when_new_ = 0;
  Index excess_ = 0;
  // Every row is of one lane, and no two threads have the same lane.
  mutable Vector<float> upper_;   // n
  mutable Vector<float> lower_;   // n
  mutable Vector<Index> missed_;  // of each lane: rows that went through the dense kernel
};

template <class S>
void ExponionSearch<S>::find(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first,
                             Index count, const int* labels, int* found) const {
  const RowAccess<S> access{data_};
  std::vector<Index> missed;
  for (Index i = 0; i < count; ++i) {
    const Index row = first + i;
    const Index own = labels[i];
    found[i] = labels[i];
    if (own < 0) {
      missed.push_back(row);
      continue;
    }
    if (settled(table, access, row, own)) continue;
    const int nearest = find_listed(table, access(row), row, own);
    if (nearest < 0)
      missed.push_back(row);
    else
      found[i] = nearest;
  }
  missed_[first / lane_rows] = static_cast<Index>(missed.size());
  for_each_gathered(data_, missed.data(), static_cast<Index>(missed.size()), scratch,
                    [&](const Index* indices, Index size, const S* const* rows) {
                      int nearest[tile_rows];
                      double others[tile_rows];
                      assign_rows(table, scratch, rows, size, false, nearest, {nullptr, others});
                      for (Index i = 0; i < size; ++i) {
                        const Index row = indices[i];
                        lower_[row] = round_down(unit_ * std::sqrt(std::max(0.0, others[i])));
                        if (nearest[i] != labels[row - first])
                          upper_[row] =
                              distance_up(unit_, rows[i], table.centroid(nearest[i]), table.cols());
                        found[row - first] = nearest[i];
                      }
                    });
}

}  // namespace detail

LATENT_END
