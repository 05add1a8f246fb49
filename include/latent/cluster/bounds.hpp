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
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/projected_search.hpp"

LATENT_BEGIN

namespace detail {

// Floats that are surely not below, or not above, a number.
inline float round_up(double value) {
  const double more = value * (1.0 + 0x1p-22) + static_cast<double>(std::numeric_limits<float>::min());
  return more < 0x1p127 ? static_cast<float>(more) : std::numeric_limits<float>::infinity();
}
inline float round_down(double value) {
  const double less = value * (1.0 - 0x1p-22);
  return less > static_cast<double>(std::numeric_limits<float>::min())
             ? static_cast<float>(std::min(less, 0x1p127))
             : 0.0f;
}

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
        unit_{std::ldexp(1.0, -std::ilogb(scale))},
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
    const Index clusters = table.clusters();
    moved_.resize(clusters);
    for (Index k = 0; k < clusters; ++k)
      moved_[k] = round_up(unit_ * std::sqrt(squared_distance(before.data() + k * before.cols(),
                                                              table.centroid(k), table.cols())));
    farthest_.assign(static_cast<std::size_t>(group_count()), {});
    for (Index k = 0; k < clusters; ++k) {
      Farthest& far = farthest_[static_cast<std::size_t>(group_of_[k])];
      if (far.cluster < 0 || moved_[k] > far.first) {
        far.second = far.cluster < 0 ? 0.0f : far.first;
        far.first = moved_[k];
        far.cluster = k;
      } else {
        far.second = std::max(far.second, moved_[k]);
      }
    }
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
  struct Farthest {
    Index cluster = -1;
    float first = 0.0f;   // the largest movement in the group
    float second = 0.0f;  // and the next
  };

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
        assign_rows(table, scratch, rows, count, true, nearest, others);
        for (Index k = 0; k < count; ++k)
          separation_[first + k] =
              round_down(0.5 * unit_ * std::sqrt(std::max(0.0, others[k])));
      });
    });
  }

  float own_upper(const CentroidTable<S>& table, const S* x, Index k) const {
    return round_up(unit_ * std::sqrt(squared_distance(x, table.centroid(k), table.cols())));
  }

  void find_everywhere(const CentroidTable<S>& table, TileScratch<S>& scratch,
                       const std::vector<Index>& active, const S* const* rows, int* found) const;
  void find_in_groups(const CentroidTable<S>& table, TileScratch<S>& scratch,
                      const std::vector<Index>& active, const S* const* rows, const int* labels,
                      int* found) const;

  const Samples<S>& data_;
  const ProjectedRows<S>* projected_;
  double unit_;
  std::vector<std::vector<Index>> groups_;
  std::vector<PackedCentroids<S>> packed_;  // of each group
  Vector<Index> group_of_;                  // K
  Vector<float> moved_;                     // K
  Vector<float> separation_;                // K
  std::vector<Farthest> farthest_;          // of each group
  // Every row is of one lane, and no two threads have the same lane.
  mutable Vector<float> upper_;     // n
  mutable RowMatrix<float> lower_;  // n x groups
};

template <class S>
void BoundSearch<S>::find(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first,
                          Index count, const int* labels, int* found) const {
  constexpr float up = 1.0f + 0x1p-22f;
  constexpr float down = 1.0f - 0x1p-22f;
  constexpr float apart = 1.0f + 0x1p-20f;
  const Index groups = group_count();
  const RowAccess<S> access{data_};
  std::vector<Index> active;
  active.reserve(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) {
    found[i] = labels[i];
    const Index row = first + i;
    const Index own = labels[i];
    if (own < 0) {
      active.push_back(row);
      continue;
    }
    float* lower = lower_.data() + row * groups;
    float least = std::numeric_limits<float>::infinity();
    for (Index g = 0; g < groups; ++g) {
      const Farthest& far = farthest_[static_cast<std::size_t>(g)];
      const float step = far.cluster == own ? far.second : far.first;
      lower[g] = std::max(0.0f, lower[g] - step) * down;
      least = std::min(least, lower[g]);
    }
    upper_[row] = (upper_[row] + moved_[own]) * up;
    least = std::max(least, separation_[own]);
    if (upper_[row] * apart < least) continue;
    upper_[row] = own_upper(table, access(row), own);
    if (upper_[row] * apart < least) continue;
    active.push_back(row);
  }
  if (active.empty()) return;

  // Rows that do not lie side by side are copied, a block at a time.
  constexpr Index block = tile_rows;
  const S* rows[static_cast<std::size_t>(block)] = {};
  int block_found[static_cast<std::size_t>(block)];
  std::vector<Index> part;
  for (std::size_t from = 0; from < active.size(); from += static_cast<std::size_t>(block)) {
    const std::size_t to = std::min(active.size(), from + static_cast<std::size_t>(block));
    part.assign(active.begin() + static_cast<std::ptrdiff_t>(from),
                active.begin() + static_cast<std::ptrdiff_t>(to));
    for (std::size_t i = 0; i < part.size(); ++i) {
      rows[i] = data_.contiguous_row(part[i]);
      if (rows[i] != nullptr) continue;
      S* copy = scratch.x.data() + static_cast<Index>(i) * data_.cols();
      for (Index j = 0; j < data_.cols(); ++j) copy[j] = data_(part[i], j);
      rows[i] = copy;
    }
    if (groups == 1) {
      find_everywhere(table, scratch, part, rows, block_found);
    } else {
      find_in_groups(table, scratch, part, rows, labels - first, block_found);
    }
    for (std::size_t i = 0; i < part.size(); ++i) {
      const Index row = part[i];
      if (block_found[i] != labels[row - first])
        upper_[row] = own_upper(table, rows[i], block_found[i]);
      found[row - first] = block_found[i];
    }
  }
}

template <class S>
void BoundSearch<S>::find_everywhere(const CentroidTable<S>& table, TileScratch<S>& scratch,
                                     const std::vector<Index>& active, const S* const* rows,
                                     int* found) const {
  double others[static_cast<std::size_t>(tile_rows)];
  if (projected_ != nullptr) {
    double uppers[static_cast<std::size_t>(tile_rows)];
    for (std::size_t i = 0; i < active.size(); ++i) {
      const double upper = static_cast<double>(upper_[active[i]]) / unit_;
      uppers[i] = upper * upper;
    }
    projected_->nearest(table, scratch, active.data(), static_cast<Index>(active.size()), rows,
                        uppers, found, others);
  } else {
    assign_rows(table, scratch, rows, static_cast<Index>(active.size()), false, found, others);
  }
  for (std::size_t i = 0; i < active.size(); ++i)
    lower_(active[i], 0) = round_down(unit_ * std::sqrt(std::max(0.0, others[i])));
}

template <class S>
void BoundSearch<S>::find_in_groups(const CentroidTable<S>& table, TileScratch<S>& scratch,
                                    const std::vector<Index>& active, const S* const* rows,
                                    const int* labels, int* found) const {
  constexpr float apart = 1.0f + 0x1p-20f;
  constexpr auto size = static_cast<std::size_t>(tile_rows);
  constexpr Index block = block_rows<S>;
  // Of each row: the two smallest expanded values seen, and in the winning group the second.
  S first[size];
  S second[size];
  S runner_up[size];
  double norms[size];
  Index winner[size];
  std::fill(first, first + active.size(), std::numeric_limits<S>::max());
  std::fill(second, second + active.size(), std::numeric_limits<S>::max());
  std::fill(winner, winner + active.size(), Index{-1});
  double largest = 0.0;
  for (std::size_t i = 0; i < active.size(); ++i) {
    norms[i] = 0.0;
    const S* shift = table.shift().data();
    for (Index j = 0; j < table.cols(); ++j) {
      const double t = static_cast<double>(rows[i][j]) - static_cast<double>(shift[j]);
      norms[i] += t * t;
    }
    largest = std::max(largest, norms[i]);
  }
  const double margin = table.margin(largest * (1.0 + table.norm_error()));
  const auto bound = [&](double value, std::size_t i) {
    return round_down(unit_ *
                      std::sqrt(std::max(0.0, value + norms[i] * (1.0 - table.norm_error()) -
                                                  margin)));
  };

  std::vector<std::size_t> chosen;
  const S* gathered[static_cast<std::size_t>(block)] = {};
  for (Index g = 0; g < group_count(); ++g) {
    chosen.clear();
    for (std::size_t i = 0; i < active.size(); ++i) {
      const int own = labels[active[i]];
      if (own < 0 || group_of_[own] == g || !(upper_[active[i]] * apart < lower_(active[i], g)))
        chosen.push_back(i);
    }
    for (std::size_t from = 0; from < chosen.size(); from += static_cast<std::size_t>(block)) {
      const std::size_t count = std::min(static_cast<std::size_t>(block), chosen.size() - from);
      for (std::size_t i = 0; i < count; ++i) gathered[i] = rows[chosen[from + i]];
      propose(table, packed_[static_cast<std::size_t>(g)], scratch, gathered,
              static_cast<Index>(count));
      for (std::size_t b = 0; b < count; ++b) {
        const std::size_t i = chosen[from + b];
        const S value = scratch.two.first[b];
        const S next = scratch.two.second[b];
        lower_(active[i], g) = bound(static_cast<double>(value), i);
        if (value < first[i]) {
          second[i] = std::min(first[i], next);
          first[i] = value;
          runner_up[i] = next;
          winner[i] = g;
          found[i] = static_cast<int>(
              groups_[static_cast<std::size_t>(g)][static_cast<std::size_t>(scratch.two.index[b])]);
        } else {
          second[i] = std::min(second[i], value);
        }
      }
    }
  }
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (static_cast<double>(second[i]) - static_cast<double>(first[i]) > margin) {
      lower_(active[i], winner[i]) = bound(static_cast<double>(runner_up[i]), i);
    } else {
      found[i] = nearest_by_differences(table, rows[i]);
    }
  }
}

}  // namespace detail

LATENT_END
