// One pass of Lloyd's iteration over sparse rows, in O(K) a stored entry: nothing is n x D or n x K.
//
// The sums about the present centroid, sum of w (x - c) over the rows of a cluster, run over stored
// entries and count what each column has stored; at the end, - c times the weight that did not
// store it. These are the terms of the dense sums, with equal ones taken together: a centroid on
// its only row stays there to the bit, and where every row stores a column, so do all bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>
#include <vector>

#include "latent/cluster/cluster_statistics.hpp"
#include "latent/cluster/sparse_assignment.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/pool.hpp"

LATENT_BEGIN

namespace detail {

// True where rows are taken by their stored entries; in a few columns nothing is gained by that.
template <class S>
bool by_entries(const Samples<S>& data) {
  return data.sparse() && data.cols() > direct_columns;
}

struct SparseClusterSums {
  ClusterSums sums;
  RowMatrix<double> stored;  // K x D: sum of w over the rows that store the column; or 0 x D

  SparseClusterSums(Index clusters, Index offset_rows, Index cols)
      : sums(clusters, offset_rows, cols), stored(RowMatrix<double>::Zero(offset_rows, cols)) {}

  auto fields() { return std::tie(sums, stored); }
};

// offset += weight (x - c) and stored += weight, at the stored entries.
template <class S>
void add_sparse_row(const SparseRow<S>& row, const S* c, double weight, double* offset,
                    double* stored) {
  for (Index p = 0; p < row.count; ++p) {
    const Index j = row.indices[p];
    offset[j] += weight * (static_cast<double>(row.values[p]) - static_cast<double>(c[j]));
    stored[j] += weight;
  }
}

// offset -= c times the weight that did not store the column. All D columns of one cluster.
template <class S>
void add_implicit_zeros(const S* c, Index cols, double weight, const double* stored,
                        double* offset) {
  for (Index j = 0; j < cols; ++j) offset[j] -= (weight - stored[j]) * static_cast<double>(c[j]);
}

// Adds `rows` rows from `first` on, labelled `labels`, to the sums; the offsets only where there
// are any. weights: one a row, or null for all ones. Rows of zero weight do not count.
template <class S>
void add_sparse_tile(const Samples<S>& data, const RowMatrix<S>& centroids,
                     const TransposedCentroids<S>& table, SparseScratch<S>& scratch, Index first,
                     Index rows, const int* labels, const double* weights,
                     SparseClusterSums& lane) {
  ClusterSums& sums = lane.sums;
  const Index cols = centroids.cols();
  for (Index i = 0; i < rows; ++i) {
    const double weight = weights != nullptr ? weights[i] : 1.0;
    if (!(weight > 0.0)) continue;
    const Index k = labels[i];
    const S* c = centroids.data() + k * cols;
    const SparseRow<S> row = data.sparse_row(first + i, scratch.buffer);
    sums.inertia +=
        weight * sparse_squared_distance(row, c, table.squared_norm_of(k), scratch.dense);
    sums.weights[k] += weight;
    sums.members[k] += 1.0;
    if (lane.stored.size() > 0)
      add_sparse_row(row, c, weight, sums.offsets.data() + k * cols, lane.stored.data() + k * cols);
  }
}

// Rows of positive weight, cluster by cluster, in the order of their index.
struct RowsByCluster {
  std::vector<Index> rows;
  std::vector<Index> begins;  // K + 1 places in rows

  template <class S>
  RowsByCluster(const Samples<S>& data, const Labels& labels, Index clusters)
      : begins(static_cast<std::size_t>(clusters) + 1, 0) {
    const auto usable = [&](Index i) { return data.weight(i) > 0.0; };
    for (Index i = 0; i < data.rows(); ++i)
      if (usable(i)) ++begins[static_cast<std::size_t>(labels[i]) + 1];
    for (std::size_t k = 1; k < begins.size(); ++k) begins[k] += begins[k - 1];
    rows.resize(static_cast<std::size_t>(begins.back()));
    std::vector<Index> next(begins.begin(), begins.end() - 1);
    for (Index i = 0; i < data.rows(); ++i)
      if (usable(i))
        rows[static_cast<std::size_t>(next[static_cast<std::size_t>(labels[i])]++)] = i;
  }
};

// The offsets of all clusters where K x D numbers a lane would cost more than its rows: each
// cluster is summed by one thread, in the order of its rows.
template <class S, class Team>
void add_wide_sparse_offsets(const Samples<S>& data, const RowMatrix<S>& centroids,
                             const Labels& labels, ClusterSums& sums, Team& team) {
  struct Buffers {
    Vector<double> stored;
    std::vector<S> values;
  };
  const Index cols = centroids.cols();
  const RowsByCluster order{data, labels, centroids.rows()};
  sums.offsets.setZero(centroids.rows(), cols);
  Pool<Buffers> pool;
  team.for_each_lane(centroids.rows(), [&](Index k) {
    pool.borrow([] { return std::make_unique<Buffers>(); },
                [&](Buffers& buffers) {
                  buffers.stored.setZero(cols);
                  const S* c = centroids.data() + k * cols;
                  double* offset = sums.offsets.data() + k * cols;
                  double weight = 0.0;
                  const auto begin = static_cast<std::size_t>(k);
                  for (Index at = order.begins[begin]; at < order.begins[begin + 1]; ++at) {
                    const Index i = order.rows[static_cast<std::size_t>(at)];
                    weight += data.weight(i);
                    add_sparse_row(data.sparse_row(i, buffers.values), c, data.weight(i), offset,
                                   buffers.stored.data());
                  }
                  add_implicit_zeros(c, cols, weight, buffers.stored.data(), offset);
                });
  });
}

// sum_clusters for a sparse source. centroids: K x D; labels: n. Without offsets, the sums hold
// everything but these.
template <class S, class Team>
ClusterSums sum_sparse_clusters(const Samples<S>& data, const RowMatrix<S>& centroids,
                                Labelling labelling, Labels& labels, Team& team,
                                bool offsets = true) {
  const Index clusters = centroids.rows();
  const Index cols = centroids.cols();
  // Merging lanes must not cost more than their entries do.
  const double copies = static_cast<double>(clusters * cols) * static_cast<double>(data.rows());
  const bool narrow =
      offsets && copies <= static_cast<double>(data.stored_entries()) * double{lane_rows};
  const TransposedCentroids<S> table{centroids};
  Pool<SparseScratch<S>> pool;
  SparseClusterSums all = team.reduce(
      lanes_of(data.rows()),
      [&] {
        return SparseClusterSums{clusters, narrow ? clusters : 0, cols};
      },
      [&](Index lane, SparseClusterSums& lane_sums) {
        const auto make = [&] { return std::make_unique<SparseScratch<S>>(cols, table.stride()); };
        pool.borrow(make, [&](SparseScratch<S>& scratch) {
          int found[tile_rows];
          for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
            int* tile_labels = labels.data() + first;
            const double* weights = data.has_weights() ? data.weights().data() + first : nullptr;
            if (labelling == Labelling::assign) {
              assign_sparse_tile(data, centroids, table, scratch, first, rows, found);
              lane_sums.sums.changed +=
                  static_cast<double>(relabel(found, rows, weights, tile_labels));
            }
            add_sparse_tile(data, centroids, table, scratch, first, rows, tile_labels, weights,
                            lane_sums);
          });
        });
      });
  if (narrow)
    for (Index k = 0; k < clusters; ++k)
      add_implicit_zeros(centroids.data() + k * cols, cols, all.sums.weights[k],
                         all.stored.data() + k * cols, all.sums.offsets.data() + k * cols);
  else if (offsets)
    add_wide_sparse_offsets(data, centroids, labels, all.sums, team);
  all.sums.churn = all.sums.inertia;
  return std::move(all.sums);
}

// f(row, label, squared distance) for every row of a sparse source and the nearest of the centroids,
// K x D; on any thread, in order within a lane.
template <class S, class Team, class F>
void for_each_nearest_by_entries(const Samples<S>& data, const RowMatrix<S>& centroids, Team& team,
                                 const F& f) {
  const Index cols = centroids.cols();
  const TransposedCentroids<S> table{centroids};
  Pool<SparseScratch<S>> pool;
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    const auto make = [&] { return std::make_unique<SparseScratch<S>>(cols, table.stride()); };
    pool.borrow(make, [&](SparseScratch<S>& scratch) {
      const Index last = std::min(data.rows(), (lane + 1) * lane_rows);
      for (Index i = lane * lane_rows; i < last; ++i) {
        const SparseRow<S> row = data.sparse_row(i, scratch.buffer);
        const int k = nearest_of_sparse_row(row, centroids, table, scratch);
        f(i, k,
          sparse_squared_distance(row, centroids.data() + k * cols, table.squared_norm_of(k),
                                  scratch.dense));
      }
    });
  });
}

// distances = |x - c|, n x K, of the rows of a sparse source. O(n K) and the stored entries K times.
template <class S, class Team>
void sparse_distances(const Samples<S>& data, const RowMatrix<S>& centroids,
                      RowMatrix<S>& distances, Team& team) {
  const Index clusters = centroids.rows();
  const Index cols = centroids.cols();
  Vector<double> squared_norms(clusters);
  for (Index k = 0; k < clusters; ++k)
    squared_norms[k] = long_squared_norm(centroids.data() + k * cols, cols);
  Pool<SparseScratch<S>> pool;
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    pool.borrow([&] { return std::make_unique<SparseScratch<S>>(cols, clusters); },
                [&](SparseScratch<S>& scratch) {
                  const Index last = std::min(data.rows(), (lane + 1) * lane_rows);
                  for (Index i = lane * lane_rows; i < last; ++i) {
                    const SparseRow<S> row = data.sparse_row(i, scratch.buffer);
                    for (Index k = 0; k < clusters; ++k) {
                      const double squared = sparse_squared_distance(
                          row, centroids.data() + k * cols, squared_norms[k], scratch.dense);
                      distances(i, k) = static_cast<S>(std::sqrt(squared));
                      require<DataError>(is_finite(distances(i, k)),
                                         "KMeansModel: transform: a distance overflows in row ", i);
                    }
                  }
                });
  });
}

}  // namespace detail

LATENT_END
