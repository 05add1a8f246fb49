// The search that leaves out what bounds decide: each row keeps an upper bound on the distance to
// its own centroid and, for each group of centroids, a lower bound on the distance to the others
// of that group. Centroids move, and the bounds move with them by the triangle inequality; a group
// whose lower bound stays above the upper one cannot hold the nearest centroid. Rows that remain are
// gathered and go through the same kernel as all rows do otherwise.
//
// One group: Hamerly 2010, "Making k-means even faster". Several: Ding et al. 2015, "Yinyang
// k-means". The result is that of the exhaustive search, to the label:
//
//   - bounds are floats, rounded outwards at every step, in a unit near the size of the distances;
//   - a row is left out only where its bounds are apart by 2^-20 of their size, far more than what
//     the direct distances in double, which decide, can be wrong by.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/bound_steps.hpp"
#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/projected_search.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
class BoundSearch {
 public:
  static constexpr Index chunk = lane_rows;

  // scale: a typical distance, > 0. groups: which centroids form a group, all of them once.
  // projected, where given and there is one group: rows that remain are searched through it.
  BoundSearch(const Samples<S>& data, double scale, std::vector<std::vector<Index>> groups,
              const ProjectedRows<S>* projected = nullptr)
      : data_{data},
        projected_{projected},
        unit_{unit_of(scale)},
        groups_{std::move(groups)},
        upper_(Vector<float>::Constant(data.rows(), std::numeric_limits<float>::infinity())),
        lower_(RowMatrix<float>::Zero(data.rows(), group_count())) {
    Index clusters = 0;
    for (const auto& group : groups_) clusters += static_cast<Index>(group.size());
    group_of_.resize(clusters);
    for (Index g = 0; g < group_count(); ++g)
      for (const Index k : groups_[static_cast<std::size_t>(g)]) group_of_[k] = g;
  }

  Index group_count() const { return static_cast<Index>(groups_.size()); }

  // The centroids move from `before` to those of the table.
  void move(const RowMatrix<S>& before, const CentroidTable<S>& table) {
    find_movements(before, table, unit_, moved_);
    std::vector<Farthest> farthest(groups_.size());
    for (Index k = 0; k < table.clusters(); ++k)
      farthest[static_cast<std::size_t>(group_of_[k])].offer(k, moved_[k]);
    group_moved_.resize(group_count());
    for (Index g = 0; g < group_count(); ++g)
      group_moved_[g] = farthest[static_cast<std::size_t>(g)].first;
    others_moved_.resize(table.clusters());
    for (Index k = 0; k < table.clusters(); ++k)
      others_moved_[k] = farthest[static_cast<std::size_t>(group_of_[k])].without(k);
  }

  // What must follow each move, before find.
  template <class Team>
  void prepare(const CentroidTable<S>& table, ScratchPool<S>& pool, Team& team) {
    if (group_count() > 1) {
      packed_.resize(groups_.size());
      for (std::size_t g = 0; g < groups_.size(); ++g)
        packed_[g].pack(table.centred(), table.squared_norms(), groups_[g]);
    }
    if (projected_ == nullptr)
      separate(table, pool, team);
    else  // all pairs of centroids would cost more than they save
      separation_ = Vector<float>::Zero(table.clusters());
  }

  // What find() did since the last call.
  struct Work {
    Index tightened = 0;  // rows whose own distance was taken
    Index searched = 0;   // rows that went through the kernel
    Index pairs = 0;      // rows times centroids in it
  };
  Work take_work() {
    return {tightened_.exchange(0, std::memory_order_relaxed),
            searched_.exchange(0, std::memory_order_relaxed),
            pairs_.exchange(0, std::memory_order_relaxed)};
  }

  // These rows have other labels than find() gave them.
  void forget(const std::vector<Relocation>& moves) {
    for (const Relocation& move : moves) {
      upper_[move.row] = std::numeric_limits<float>::infinity();
      lower_.row(move.row).setZero();
    }
  }

  void find(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first, Index count,
            const int* labels, int* found) const;

 private:
  // Half the distance from each centroid to the nearest other one: a row closer than that has its
  // nearest centroid.
  template <class Team>
  void separate(const CentroidTable<S>& table, ScratchPool<S>& pool, Team& team) {
    const Index clusters = table.clusters();
    separation_.resize(clusters);
    team.for_each_lane((clusters + tile_rows - 1) / tile_rows, [&](Index tile) {
      const auto make = [&] { return std::make_unique<TileScratch<S>>(table.cols(), clusters); };
      pool.borrow(make, [&](TileScratch<S>& scratch) {
        const S* rows[tile_rows] = {};
        int nearest[tile_rows];
        double others[tile_rows];
        const Index first = tile * tile_rows;
        const Index count = std::min(tile_rows, clusters - first);
        for (Index k = 0; k < count; ++k) rows[k] = table.centroid(first + k);
        assign_rows(table, scratch, rows, count, true, nearest, {nullptr, others});
        for (Index k = 0; k < count; ++k)
          separation_[first + k] = round_down(0.5 * unit_ * std::sqrt(std::max(0.0, others[k])));
      });
    });
  }

  float own_upper(const CentroidTable<S>& table, const S* x, Index k) const {
    return distance_up(unit_, x, table.centroid(k), table.cols());
  }

  void follow_all(Index first, Index count, const int* labels, float* least) const;
  void follow_groups(Index first, Index count, const int* labels, float* least) const;
  void find_everywhere(const CentroidTable<S>& table, TileScratch<S>& scratch, const Index* active,
                       Index count, const S* const* rows, int* found) const;
  void find_in_groups(const CentroidTable<S>& table, TileScratch<S>& scratch, const Index* active,
                      Index count, const S* const* rows, const int* labels, int* found) const;

  const Samples<S>& data_;
  const ProjectedRows<S>* projected_;
  double unit_;
  std::vector<std::vector<Index>> groups_;
  std::vector<PackedCentroids<S>> packed_;  // of each group
  Vector<Index> group_of_;                  // K
  Vector<float> moved_;                     // K
  Vector<float> separation_;                // K
  Vector<float> others_moved_;              // K
  Vector<float> group_moved_;               // groups
  // Every row is of one lane, and no two threads have the same lane.
  mutable Vector<float> upper_;     // n
  mutable RowMatrix<float> lower_;  // n x groups
  mutable std::atomic<Index> tightened_{0};
  mutable std::atomic<Index> searched_{0};
  mutable std::atomic<Index> pairs_{0};
};

template <class S>
void BoundSearch<S>::find(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first,
                          Index count, const int* labels, int* found) const {
  const RowAccess<S> access{data_};
  float least[static_cast<std::size_t>(chunk)];  // of the lower bounds
  if (group_count() == 1)
    follow_all(first, count, labels, least);
  else
    follow_groups(first, count, labels, least);
  std::copy(labels, labels + count, found);

  Index undecided[static_cast<std::size_t>(chunk)];
  Index open = 0;
  const float* upper = upper_.data() + first;
  for (Index i = 0; i < count; ++i) {
    undecided[open] = first + i;
    open += upper[i] * bounds_apart < least[i] ? 0 : 1;
  }
  Index active = 0;
  for (Index u = 0; u < open; ++u) {
    const Index row = undecided[u];
    upper_[row] = own_upper(table, access(row), labels[row - first]);
    undecided[active] = row;
    active += upper_[row] * bounds_apart < least[row - first] ? 0 : 1;
  }
  tightened_.fetch_add(open, std::memory_order_relaxed);
  searched_.fetch_add(active, std::memory_order_relaxed);

  for_each_gathered(data_, undecided, active, scratch,
                    [&](const Index* part, Index rows, const S* const* pointers) {
                      int part_found[tile_rows];
                      if (group_count() == 1)
                        find_everywhere(table, scratch, part, rows, pointers, part_found);
                      else
                        find_in_groups(table, scratch, part, rows, pointers, labels - first,
                                       part_found);
                      for (Index i = 0; i < rows; ++i) {
                        if (part_found[i] == labels[part[i] - first]) continue;
                        upper_[part[i]] = own_upper(table, pointers[i], part_found[i]);
                        found[part[i] - first] = part_found[i];
                      }
                    });
}

template <class S>
void BoundSearch<S>::follow_all(Index first, Index count, const int* labels, float* least) const {
  float* upper = upper_.data() + first;
  float* lower = lower_.data() + first;
  const float* moved = moved_.data();
  const float* others = others_moved_.data();
  const float* separation = separation_.data();
  for (Index i = 0; i < count; ++i) {
    const int own = labels[i];
    upper[i] = (upper[i] + moved[own]) * bound_up;
    const float less = lower[i] - others[own];
    lower[i] = (less > 0.0f ? less : 0.0f) * bound_down;
    least[i] = lower[i] > separation[own] ? lower[i] : separation[own];
  }
}

template <class S>
void BoundSearch<S>::follow_groups(Index first, Index count, const int* labels,
                                   float* least) const {
  const Index groups = group_count();
  for (Index i = 0; i < count; ++i) {
    const Index own = labels[i];
    const Index own_group = group_of_[own];
    upper_[first + i] = (upper_[first + i] + moved_[own]) * bound_up;
    float* lower = lower_.data() + (first + i) * groups;
    const float mine = lower[own_group] - others_moved_[own];
    for (Index g = 0; g < groups; ++g) {
      const float less = lower[g] - group_moved_[g];
      lower[g] = (less > 0.0f ? less : 0.0f) * bound_down;
    }
    lower[own_group] = (mine > 0.0f ? mine : 0.0f) * bound_down;
    float smallest = lower[0];
    for (Index g = 1; g < groups; ++g) smallest = lower[g] < smallest ? lower[g] : smallest;
    least[i] = std::max(smallest, separation_[own]);
  }
}

template <class S>
void BoundSearch<S>::find_everywhere(const CentroidTable<S>& table, TileScratch<S>& scratch,
                                     const Index* active, Index count, const S* const* rows,
                                     int* found) const {
  double others[tile_rows];
  if (projected_ != nullptr) {
    double uppers[tile_rows];
    for (Index i = 0; i < count; ++i) {
      const double upper = static_cast<double>(upper_[active[i]]) / unit_;
      uppers[i] = upper * upper;
    }
    projected_->nearest(table, scratch, active, count, rows, uppers, found, others);
  } else {
    assign_rows(table, scratch, rows, count, false, found, {nullptr, others});
  }
  pairs_.fetch_add(count * table.clusters(), std::memory_order_relaxed);
  for (Index i = 0; i < count; ++i)
    lower_.data()[active[i]] = round_down(unit_ * std::sqrt(std::max(0.0, others[i])));
}

template <class S>
void BoundSearch<S>::find_in_groups(const CentroidTable<S>& table, TileScratch<S>& scratch,
                                    const Index* active, Index count, const S* const* rows,
                                    const int* labels, int* found) const {
  constexpr Index block = block_rows<S>;
  // Of each row: the two smallest expanded values seen, and in the winning group the second.
  struct Best {
    S first = std::numeric_limits<S>::max();
    S second = std::numeric_limits<S>::max();
    S runner_up = std::numeric_limits<S>::max();
    Index group = 0;
    double norm = 0.0;
    double margin = 0.0;
  };
  Best best[tile_rows];
  const auto bound = [&](S value, const Best& row) {
    return round_down(unit_ *
                      std::sqrt(std::max(0.0, static_cast<double>(value) + row.norm - row.margin)));
  };
  Index chosen[tile_rows];
  const S* gathered[static_cast<std::size_t>(block)] = {};
  for (Index g = 0; g < group_count(); ++g) {
    const auto& members = groups_[static_cast<std::size_t>(g)];
    Index open = 0;
    for (Index i = 0; i < count; ++i) {
      chosen[open] = i;
      open += group_of_[labels[active[i]]] != g &&
                      upper_[active[i]] * bounds_apart < lower_(active[i], g)
                  ? 0
                  : 1;
    }
    pairs_.fetch_add(open * static_cast<Index>(members.size()), std::memory_order_relaxed);
    for (Index from = 0; from < open; from += block) {
      const Index size = std::min(block, open - from);
      for (Index b = 0; b < size; ++b) gathered[b] = rows[chosen[from + b]];
      propose(table, packed_[static_cast<std::size_t>(g)], scratch, gathered, size);
      const S largest = *std::max_element(scratch.norms, scratch.norms + size);
      const double margin = table.margin(static_cast<double>(largest));
      for (Index b = 0; b < size; ++b) {
        const Index i = chosen[from + b];
        Best& row = best[i];
        row.norm = static_cast<double>(scratch.norms[b]) * (1.0 - table.norm_error());
        row.margin = std::max(row.margin, margin);
        const S value = scratch.two.first[b];
        lower_(active[i], g) = bound(value, row);
        if (value < row.first) {
          row.second = std::min(row.first, scratch.two.second[b]);
          row.first = value;
          row.runner_up = scratch.two.second[b];
          row.group = g;
          found[i] = static_cast<int>(members[static_cast<std::size_t>(scratch.two.index[b])]);
        } else {
          row.second = std::min(row.second, value);
        }
      }
    }
  }
  for (Index i = 0; i < count; ++i) {
    const Best& row = best[i];
    if (static_cast<double>(row.second) - static_cast<double>(row.first) > row.margin)
      lower_(active[i], row.group) = bound(row.runner_up, row);
    else
      found[i] = nearest_by_differences(table, rows[i]);
  }
}

}  // namespace detail

LATENT_END
