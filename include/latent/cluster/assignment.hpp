// The assignment kernel: the nearest centroid of each row of a tile. The label is the argmin of the
// direct squared distances in double, ties to the lowest index, whichever way it is found.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "latent/cluster/centroid_table.hpp"
#include "latent/cluster/distance.hpp"
#include "latent/cluster/packed_kernel.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The buffers of one thread. `x` holds the rows of the tile as they are; the rest is the kernel's.
template <class S>
struct TileScratch {
  TileScratch(Index cols, Index clusters) : x(tile_rows, cols) {
#if LATENT_HAS_PACKED_KERNEL
    static_cast<void>(clusters);
    if (cols <= direct_columns)
      direct.resize(cols * block_rows<double>);
    else
      packed.resize(cols * block_rows<S>);
#else
    centred.resize(tile_rows, cols);
    scores.resize(tile_rows, clusters);
#endif
  }

  RowMatrix<S> x;  // rows x D
#if LATENT_HAS_PACKED_KERNEL
  Vector<double> direct;  // D x block
  Vector<S> packed;       // D x block: x - s
#else
  RowMatrix<S> centred;  // rows x D: x - s
  RowMatrix<S> scores;   // rows x K: the expanded form
#endif
};

// The argmin of the direct distances from x, ties to the lowest index.
template <class S>
int nearest_by_differences(const CentroidTable<S>& table, const S* x) {
  Index best = 0;
  double nearest = std::numeric_limits<double>::infinity();
  for (Index k = 0; k < table.clusters(); ++k) {
    const double distance = squared_distance(x, table.centroid(k), table.cols());
    if (distance < nearest) {
      nearest = distance;
      best = k;
    }
  }
  return static_cast<int>(best);
}

#if LATENT_HAS_PACKED_KERNEL

template <int Cols, class S>
void assign_directly(const CentroidTable<S>& table, TileScratch<S>& scratch, Index rows,
                     int* labels) {
  constexpr Index block = block_rows<double>;
  double* packed = scratch.direct.data();
  std::int64_t found[static_cast<std::size_t>(block)];
  for (Index first = 0; first < rows; first += block) {
    const Index count = std::min(block, rows - first);
    const S* x = scratch.x.data() + first * Cols;
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < Cols; ++j) packed[j * block + i] = static_cast<double>(x[i * Cols + j]);
    find_nearest_directly<Cols>(packed, table.columns().data(), table.clusters(), found);
    for (Index i = 0; i < count; ++i) labels[first + i] = static_cast<int>(found[i]);
  }
}

// labels[i] = the nearest centroid of row i of scratch.x, i < rows.
template <class S>
void assign_tile(const CentroidTable<S>& table, TileScratch<S>& scratch, Index rows, int* labels) {
  const Index cols = table.cols();
  static_assert(direct_columns == 4);
  if (cols == 1) return assign_directly<1>(table, scratch, rows, labels);
  if (cols == 2) return assign_directly<2>(table, scratch, rows, labels);
  if (cols == 3) return assign_directly<3>(table, scratch, rows, labels);
  if (cols == 4) return assign_directly<4>(table, scratch, rows, labels);

  constexpr Index block = block_rows<S>;
  S* packed = scratch.packed.data();
  NearestTwo<S> nearest;
  for (Index first = 0; first < rows; first += block) {
    const Index count = std::min(block, rows - first);
    const S* x = scratch.x.data() + first * cols;
    const S largest = pack_rows(x, table.shift().data(), count, cols, packed);
    find_nearest_two(packed, cols, table.packed(), nearest);
    const double margin = table.margin(static_cast<double>(largest));
    for (Index i = 0; i < count; ++i) {
      const double gap =
          static_cast<double>(nearest.second[i]) - static_cast<double>(nearest.first[i]);
      labels[first + i] = gap > margin ? static_cast<int>(nearest.index[i])
                                       : nearest_by_differences(table, x + i * cols);
    }
  }
}

#else

// labels[i] = the nearest centroid of row i of scratch.x, i < rows.
template <class S>
void assign_tile(const CentroidTable<S>& table, TileScratch<S>& scratch, Index rows, int* labels) {
  const Index k_count = table.clusters();
  const Index cols = table.cols();
  if (table.direct()) {
    for (Index i = 0; i < rows; ++i)
      labels[i] = nearest_by_differences(table, scratch.x.data() + i * cols);
    return;
  }
  const S* shift = table.shift().data();
  for (Index i = 0; i < rows; ++i) {
    const S* from = scratch.x.data() + i * cols;
    S* to = scratch.centred.data() + i * cols;
    for (Index j = 0; j < cols; ++j) to[j] = from[j] - shift[j];
    S* score = scratch.scores.data() + i * k_count;
    for (Index k = 0; k < k_count; ++k) score[k] = table.squared_norms()[k];
  }
  Eigen::Map<const RowMatrix<S>> centred(scratch.centred.data(), rows, cols);
  Eigen::Map<RowMatrix<S>> scores(scratch.scores.data(), rows, k_count);
  add_product(centred, table.centred().transpose(), scores, S(-2));

  for (Index i = 0; i < rows; ++i) {
    const S* score = scratch.scores.data() + i * k_count;
    Index best = 0;
    S first = score[0];
    S second = std::numeric_limits<S>::max();
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
    const double margin = table.margin(squared_norm(scratch.centred.data() + i * cols, cols));
    const double gap = static_cast<double>(second) - static_cast<double>(first);
    labels[i] = gap > margin ? static_cast<int>(best)
                             : nearest_by_differences(table, scratch.x.data() + i * cols);
  }
}

#endif

}  // namespace detail

LATENT_END
