// What new centroids need: the sums of k-means, taken over rows with given labels, or changed by
// the rows whose label changed.
//
// Sums are taken about a reference, a centroid at which the cluster was or is: c' = r + sum w (x -
// r) / sum w. The differences are as small as the cluster, and near convergence the new centroid is
// the mean to the last digit (a corrected two-pass mean). A centroid that sits on its only row
// stays there to the bit.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "latent/cluster/cluster_statistics.hpp"
#include "latent/cluster/distance.hpp"
#include "latent/cluster/sparse_sums.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"

LATENT_BEGIN

namespace detail {

// Adds a row of weight `weight` (negative: takes it away) to cluster k. r: its reference; members:
// 1 or -1. Cols is the number of columns where it is known when compiling, else 0.
template <int Cols, class S>
void add_row(const S* x, const S* r, Index cols, double weight, double member, Index k,
             ClusterSums& sums) {
  double* offset = sums.offsets.data() + k * cols;
  double distance = 0.0;
  if constexpr (Cols > 0) {
    for (Index j = 0; j < Cols; ++j) {
      const double t = static_cast<double>(x[j]) - static_cast<double>(r[j]);
      distance += t * t;
      offset[j] += weight * t;
    }
  } else {
    PartialSums part;
    Index j = 0;
    for (; j + PartialSums::width <= cols; j += PartialSums::width)
      for (Index i = 0; i < PartialSums::width; ++i) {
        const double t = static_cast<double>(x[j + i]) - static_cast<double>(r[j + i]);
        part.part[i] += t * t;
        offset[j + i] += weight * t;
      }
    for (Index i = 0; j + i < cols; ++i) {
      const double t = static_cast<double>(x[j + i]) - static_cast<double>(r[j + i]);
      part.part[i] += t * t;
      offset[j + i] += weight * t;
    }
    distance = part.total();
  }
  sums.weights[k] += weight;
  sums.members[k] += member;
  sums.inertia += weight * distance;
  sums.churn += member * weight * distance;
}

// A row whose label changed.
struct Move {
  Index row;
  int from;  // -1: none
};

// Adds rows to the sums: all of them, or those that moved, to where they are and away from where
// they were. `row(i)` gives a pointer to the numbers of row i of the source. Rows of zero weight do
// not count.
template <class S>
class SumsOf {
 public:
  SumsOf(const Samples<S>& data, const RowMatrix<S>& references)
      : data_{data}, references_{references} {}

  template <class Row>
  void add(Index first, Index count, const Row& row, const int* labels, ClusterSums& sums) const {
    with_columns([&](auto cols) {
      for (Index i = first; i < first + count; ++i) {
        const double weight = data_.weight(i);
        if (weight > 0.0) put<decltype(cols)::value>(row(i), labels[i - first], weight, 1.0, sums);
      }
    });
  }

  template <class Row>
  void shift(const std::vector<Move>& moves, const Row& row, const Labels& labels,
             ClusterSums& sums) const {
    with_columns([&](auto cols) {
      for (const Move& move : moves) {
        const double weight = data_.weight(move.row);
        if (!(weight > 0.0)) continue;
        const S* x = row(move.row);
        if (move.from >= 0) put<decltype(cols)::value>(x, move.from, -weight, -1.0, sums);
        put<decltype(cols)::value>(x, labels[move.row], weight, 1.0, sums);
      }
    });
  }

 private:
  template <int Cols>
  void put(const S* x, Index k, double weight, double member, ClusterSums& sums) const {
    const Index cols = references_.cols();
    add_row<Cols>(x, references_.data() + k * cols, cols, weight, member, k, sums);
  }

  template <class F>
  void with_columns(const F& f) const {
    switch (references_.cols()) {
      case 1:
        return f(std::integral_constant<int, 1>{});
      case 2:
        return f(std::integral_constant<int, 2>{});
      case 3:
        return f(std::integral_constant<int, 3>{});
      case 4:
        return f(std::integral_constant<int, 4>{});
      default:
        return f(std::integral_constant<int, 0>{});
    }
  }

  const Samples<S>& data_;
  const RowMatrix<S>& references_;
};

// Reads single rows of a source, in place where it can.
template <class S>
class RowAccess {
 public:
  explicit RowAccess(const Samples<S>& data) : data_{data} {}

  const S* operator()(Index i) const {
    if (const S* row = data_.contiguous_row(i); row != nullptr) return row;
    if (copy_.size() == 0) copy_.resize(1, data_.cols());
    data_.read(i, 1, copy_);
    return copy_.data();
  }

 private:
  const Samples<S>& data_;
  mutable RowMatrix<S> copy_;
};

// Beyond so many clusters or doubles, a copy of the sums a lane costs more than its rows: then the
// rows are sorted by cluster, and every cluster is summed by one thread in the order of its rows.
inline constexpr Index wide_clusters = 1024;
inline constexpr Index wide_statistics = Index{16} * 1024 * 1024 / 8;

inline bool wide_sums(Index clusters, Index cols) {
  return clusters > wide_clusters || clusters * cols > wide_statistics;
}

// A row's part in a cluster: +1 where it came, -1 where it left.
struct Entry {
  Index row;
  int sign;
};

using TakeEntry = std::function<void(Index cluster, Index row, int sign)>;

// for_each_entry(f) calls f for each entry in the order of the rows.
template <class S, class Team>
ClusterSums sum_by_cluster(const Samples<S>& data, const RowMatrix<S>& references,
                           const std::function<void(const TakeEntry&)>& for_each_entry,
                           Team& team) {
  const Index clusters = references.rows();
  const Index cols = references.cols();
  std::vector<Index> begins(static_cast<std::size_t>(clusters) + 1, 0);
  for_each_entry([&](Index k, Index, int) { ++begins[static_cast<std::size_t>(k) + 1]; });
  for (std::size_t k = 1; k < begins.size(); ++k) begins[k] += begins[k - 1];
  std::vector<Entry> entries(static_cast<std::size_t>(begins.back()));
  std::vector<Index> next(begins.begin(), begins.end() - 1);
  for_each_entry([&](Index k, Index row, int sign) {
    entries[static_cast<std::size_t>(next[static_cast<std::size_t>(k)]++)] = {row, sign};
  });

  ClusterSums sums{clusters, clusters, cols};
  const Index ranges = std::min<Index>(clusters, 256);
  Vector<double> inertia(clusters);
  Vector<double> churn(clusters);
  team.for_each_lane(ranges, [&](Index range) {
    const RowAccess<S> access{data};
    ClusterSums one{1, 1, cols};
    for (Index k = range * clusters / ranges; k < (range + 1) * clusters / ranges; ++k) {
      set_zero(one);
      for (Index e = begins[static_cast<std::size_t>(k)];
           e < begins[static_cast<std::size_t>(k) + 1]; ++e) {
        const auto [row, sign] = entries[static_cast<std::size_t>(e)];
        const double weight = data.weight(row);
        if (weight > 0.0)
          add_row<0>(access(row), references.data() + k * cols, cols, sign * weight, sign, 0, one);
      }
      sums.offsets.row(k) = one.offsets.row(0);
      sums.weights[k] = one.weights[0];
      sums.members[k] = one.members[0];
      inertia[k] = one.inertia;
      churn[k] = one.churn;
    }
  });
  for (Index k = 0; k < clusters; ++k) {
    sums.inertia += inertia[k];
    sums.churn += churn[k];
  }
  return sums;
}

// The sums of all rows about the references, K x D, as the labels (n) say.
template <class S, class Team>
ClusterSums sum_clusters(const Samples<S>& data, const RowMatrix<S>& references,
                         const Labels& labels, Team& team) {
  const Index clusters = references.rows();
  if (by_entries(data)) {
    Labels kept = labels;
    return sum_sparse_clusters(data, references, Labelling::keep, kept, team);
  }
  if (wide_sums(clusters, data.cols()))
    return sum_by_cluster(
        data, references,
        [&](const TakeEntry& f) {
          for (Index i = 0; i < labels.size(); ++i)
            if (data.weight(i) > 0.0) f(labels[i], i, 1);
        },
        team);
  return team.reduce(
      lanes_of(data.rows()),
      [&] {
        return ClusterSums{clusters, clusters, data.cols()};
      },
      [&](Index lane, ClusterSums& sums) {
        const RowAccess<S> access{data};
        const Index first = lane * lane_rows;
        SumsOf<S>{data, references}.add(first, std::min(lane_rows, data.rows() - first), access,
                                        labels.data() + first, sums);
      });
}

// The weighted means; a cluster without rows keeps its centroid.
template <class S>
RowMatrix<S> weighted_means(const RowMatrix<S>& references, const ClusterSums& sums) {
  RowMatrix<S> means = references;
  for (Index k = 0; k < means.rows(); ++k) {
    if (!(sums.members[k] > 0.5)) continue;
    for (Index j = 0; j < means.cols(); ++j)
      means(k, j) = static_cast<S>(static_cast<double>(references(k, j)) +
                                   sums.offsets(k, j) / sums.weights[k]);
  }
  return means;
}

}  // namespace detail

LATENT_END
