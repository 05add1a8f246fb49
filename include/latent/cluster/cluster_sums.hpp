// One pass of Lloyd's iteration over the data: labels, and what the new centroids need.
//
// Cluster sums are taken about the cluster's present centroid, c' = c + sum w (x - c) / sum w: the
// differences are at hand, they are as small as the cluster, and near convergence the new centroid
// is the mean to the last digit (a corrected two-pass mean). A centroid that sits on its only row
// stays there to the bit.
#pragma once

#include <algorithm>
#include <memory>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/cluster_statistics.hpp"
#include "latent/cluster/sparse_sums.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
using ScratchPool = Pool<TileScratch<S>>;

// |x - c|^2 of one row; where there is an offset, also offset += weight (x - c).
template <class S>
double add_row(const S* x, const S* c, Index cols, double weight, double* offset) {
  if (offset != nullptr)
    for (Index j = 0; j < cols; ++j)
      offset[j] += weight * (static_cast<double>(x[j]) - static_cast<double>(c[j]));
  return squared_distance(x, c, cols);
}

// Adds a tile to the sums. weights: one a row, or null for all ones; offsets: K x D, or null. Cols
// is the number of columns where it is known when compiling, else 0. Rows of zero weight do not
// count.
template <int Cols, class S>
void add_tile(const CentroidTable<S>& table, const S* x, Index rows, const int* labels,
              const double* weights, double* offsets, ClusterSums& sums) {
  const Index cols = Cols > 0 ? Cols : table.cols();
  double inertia = sums.inertia;
  for (Index i = 0; i < rows; ++i, x += cols) {
    const double weight = weights != nullptr ? weights[i] : 1.0;
    if (!(weight > 0.0)) continue;
    const Index label = labels[i];
    const S* c = table.centroid(label);
    if constexpr (Cols > 0) {
      double distance = 0.0;
      for (Index j = 0; j < Cols; ++j) {
        const double t = static_cast<double>(x[j]) - static_cast<double>(c[j]);
        distance += t * t;
        offsets[label * Cols + j] += weight * t;
      }
      inertia += weight * distance;
    } else {
      double* offset = offsets != nullptr ? offsets + label * cols : nullptr;
      inertia += weight * add_row(x, c, cols, weight, offset);
    }
    sums.weights[label] += weight;
    sums.members[label] += 1.0;
  }
  sums.inertia = inertia;
}

template <class S>
void add_tile_of(const CentroidTable<S>& table, const S* x, Index rows, const int* labels,
                 const double* weights, double* offsets, ClusterSums& sums) {
  if (offsets == nullptr) return add_tile<0>(table, x, rows, labels, weights, offsets, sums);
  switch (table.cols()) {
    case 1:
      return add_tile<1>(table, x, rows, labels, weights, offsets, sums);
    case 2:
      return add_tile<2>(table, x, rows, labels, weights, offsets, sums);
    case 3:
      return add_tile<3>(table, x, rows, labels, weights, offsets, sums);
    case 4:
      return add_tile<4>(table, x, rows, labels, weights, offsets, sums);
    default:
      return add_tile<0>(table, x, rows, labels, weights, offsets, sums);
  }
}

// Beyond so many doubles, one copy of the sums a thread is too much: rows are labelled in parallel
// first, and then every range of clusters is summed by one thread in the order of the rows.
inline constexpr Index wide_statistics = Index{16} * 1024 * 1024 / 8;

template <class S, class Team>
void add_wide_offsets(const Samples<S>& data, const CentroidTable<S>& table, const Labels& labels,
                      ClusterSums& sums, Team& team) {
  const Index clusters = table.clusters();
  const Index cols = table.cols();
  const Index ranges = std::min<Index>(clusters, 64);
  sums.offsets.setZero(clusters, cols);
  team.for_each_lane(ranges, [&](Index range) {
    const Index first = range * clusters / ranges;
    const Index last = (range + 1) * clusters / ranges;
    RowMatrix<S> row(1, cols);
    for (Index i = 0; i < data.rows(); ++i) {
      const Index label = labels[i];
      if (label < first || label >= last || !(data.weight(i) > 0.0)) continue;
      data.read(i, 1, row);
      add_row(row.data(), table.centroid(label), cols, data.weight(i),
              sums.offsets.data() + label * cols);
    }
  });
}

// labels: n. Zero-weight rows are labelled and take no further part.
template <class S, class Team>
ClusterSums sum_clusters(const Samples<S>& data, const CentroidTable<S>& table, Labelling labelling,
                         Labels& labels, ScratchPool<S>& pool, Team& team) {
  // In a few columns nothing is gained by zeros.
  if (data.sparse() && !table.direct())
    return sum_sparse_clusters(data, table.centroids(), labelling, labels, team);
  const Index clusters = table.clusters();
  const Index cols = table.cols();
  const bool wide = clusters * cols > wide_statistics;
  ClusterSums sums = team.reduce(
      lanes_of(data.rows()),
      [&] {
        return ClusterSums{clusters, wide ? 0 : clusters, cols};
      },
      [&](Index lane, ClusterSums& lane_sums) {
        const auto make = [&] { return std::make_unique<TileScratch<S>>(cols, clusters); };
        pool.borrow(make, [&](TileScratch<S>& scratch) {
          int found[tile_rows];
          for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
            data.read(first, rows, scratch.x);
            int* tile_labels = labels.data() + first;
            const double* weights = data.has_weights() ? data.weights().data() + first : nullptr;
            if (labelling == Labelling::assign) {
              assign_tile(table, scratch, rows, found);
              lane_sums.changed += static_cast<double>(relabel(found, rows, weights, tile_labels));
            }
            add_tile_of(table, scratch.x.data(), rows, tile_labels, weights,
                        wide ? nullptr : lane_sums.offsets.data(), lane_sums);
          });
        });
      });
  if (wide) add_wide_offsets(data, table, labels, sums, team);
  return sums;
}

// The weighted means; a cluster without rows keeps its centroid.
template <class S>
RowMatrix<S> weighted_means(const RowMatrix<S>& centroids, const ClusterSums& sums) {
  RowMatrix<S> means = centroids;
  for (Index k = 0; k < means.rows(); ++k) {
    if (!(sums.members[k] > 0.0)) continue;
    for (Index j = 0; j < means.cols(); ++j)
      means(k, j) = static_cast<S>(static_cast<double>(centroids(k, j)) +
                                   sums.offsets(k, j) / sums.weights[k]);
  }
  return means;
}

}  // namespace detail

LATENT_END
