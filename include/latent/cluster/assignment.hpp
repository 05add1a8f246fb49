// The assignment kernel: the nearest centroid of each row of a tile. The label is the argmin of the
// direct squared distances in double, ties to the lowest index, whichever way it is found.
#pragma once

#include <limits>

#include "latent/cluster/centroid_table.hpp"
#include "latent/cluster/distance.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The buffers of one thread. `x` holds the rows of the tile as they are; the rest is the kernel's.
template <class S>
struct TileScratch {
  TileScratch(Index cols, Index clusters)
      : x(tile_rows, cols),
        centred(cols <= direct_columns ? 0 : tile_rows, cols),
        scores(cols <= direct_columns ? 0 : tile_rows, clusters),
        distances(clusters) {}

  RowMatrix<S> x;        // rows x D
  RowMatrix<S> centred;  // rows x D: x - s
  RowMatrix<S> scores;   // rows x K: the expanded form
  Vector<double> distances;
};

template <class S>
void assign_tile_directly(const CentroidTable<S>& table, TileScratch<S>& scratch, Index rows,
                          int* labels) {
  const Index k_count = table.clusters();
  const Index columns = table.cols();
  double* distances = scratch.distances.data();
  for (Index i = 0; i < rows; ++i) {
    const S* x = scratch.x.data() + i * columns;
    for (Index k = 0; k < k_count; ++k) distances[k] = 0.0;
    for (Index j = 0; j < columns; ++j) {
      const auto value = static_cast<double>(x[j]);
      const double* centroids = table.columns().data() + j * k_count;
      for (Index k = 0; k < k_count; ++k) {
        const double t = value - centroids[k];
        distances[k] += t * t;
      }
    }
    Index best = 0;
    for (Index k = 1; k < k_count; ++k)
      if (distances[k] < distances[best]) best = k;
    labels[i] = static_cast<int>(best);
  }
}

// labels[i] = the nearest centroid of row i of scratch.x, i < rows.
template <class S>
void assign_tile(const CentroidTable<S>& table, TileScratch<S>& scratch, Index rows, int* labels) {
  const Index k_count = table.clusters();
  const Index columns = table.cols();
  if (table.direct()) {
    assign_tile_directly(table, scratch, rows, labels);
    return;
  }
  const S* shift = table.shift().data();
  for (Index i = 0; i < rows; ++i) {
    const S* from = scratch.x.data() + i * columns;
    S* to = scratch.centred.data() + i * columns;
    for (Index j = 0; j < columns; ++j) to[j] = from[j] - shift[j];
    S* score = scratch.scores.data() + i * k_count;
    for (Index k = 0; k < k_count; ++k) score[k] = table.squared_norms()[k];
  }
  Eigen::Map<const RowMatrix<S>> centred(scratch.centred.data(), rows, columns);
  Eigen::Map<RowMatrix<S>> scores(scratch.scores.data(), rows, k_count);
  add_product(centred, table.centred().transpose(), scores, S(-2));

  for (Index i = 0; i < rows; ++i) {
    const S* score = scratch.scores.data() + i * k_count;
    Index best = 0;
    S first = score[0];
    S second = std::numeric_limits<S>::infinity();
    for (Index k = 1; k < k_count; ++k) {
      const S value = score[k];
      if (value < first) {
        second = first;
        first = value;
        best = k;
      } else if (value < second) {
        second = value;
      }
    }
    const double margin = table.margin(squared_norm(scratch.centred.data() + i * columns, columns));
    if (!(static_cast<double>(second) - static_cast<double>(first) > margin)) {
      const S* x = scratch.x.data() + i * columns;
      double nearest = std::numeric_limits<double>::infinity();
      for (Index k = 0; k < k_count; ++k) {
        if (static_cast<double>(score[k]) - static_cast<double>(first) > margin) continue;
        const double distance = squared_distance(x, table.centroid(k), columns);
        if (distance < nearest) {
          nearest = distance;
          best = k;
        }
      }
    }
    labels[i] = static_cast<int>(best);
  }
}

}  // namespace detail

LATENT_END
