// The nearest centroid of rows. The label is the argmin of the direct squared distances in double,
// ties to the lowest index, whichever way it is found: a kernel in S proposes, and where its two
// best are within its rounding margin, the distances decide.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "latent/cluster/centroid_table.hpp"
#include "latent/cluster/distance.hpp"
#include "latent/cluster/packed_kernel.hpp"
#include "latent/core/pool.hpp"
#include "latent/core/source.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The buffers of one thread. `x` may hold a tile of rows; the rest is the kernel's.
template <class S>
struct TileScratch {
  TileScratch(Index cols, Index clusters)
      : x(tile_rows, cols), packed(std::min(cols, columns_per_slice) * block_rows<S>) {
    if (cols > columns_per_slice)
      partial.resize((clusters + group_size - 1) / group_size * group_size * block_rows<S>);
  }

  RowMatrix<S> x;     // rows x D
  Vector<S> packed;   // slice of columns x block: x - s
  Vector<S> partial;  // K x block
  NearestTwo<S> two;
  alignas(vector_bytes) S norms[static_cast<std::size_t>(block_rows<S>)];  // |x - s|^2
};

template <class S>
using ScratchPool = Pool<TileScratch<S>>;

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

// Points at rows first ... first + count - 1 of a source; rows whose numbers do not lie side by
// side are copied into `copy` (count x D). True if the rows follow each other in memory.
template <class S>
bool point_at(const Samples<S>& data, Index first, Index count, RowMatrix<S>& copy,
              const S** rows) {
  const bool in_place = data.contiguous_row(first) != nullptr;
  if (!in_place) data.read(first, count, copy);
  for (Index i = 0; i < count; ++i)
    rows[i] = in_place ? data.contiguous_row(first + i) : copy.data() + i * data.cols();
  return count < 2 || rows[1] - rows[0] == data.cols();
}

// Rows as find_nearest_two reads them: x - s, and |x - s|^2 as they pass.
template <class S>
struct ShiftedRows {
  const S* const* rows;
  Index count;
  Index next;  // rows that follow in `rows`, to be asked for next
  const Vector<S>& shift;
  S* norms;

  void pack(Index first, Index last, S* packed) const {
    pack_rows(rows, count, first, last, shift.data(), packed, norms);
  }

  // Short pieces of many rows are nothing that a processor foresees.
  void fetch(Index after, Index part, Index parts) const {
    constexpr Index line = 64 / static_cast<Index>(sizeof(S));
    const Index cols = shift.size();
    if (cols <= columns_per_slice) return;
    const bool same = after < cols;
    const S* const* from = same ? rows : rows + count;
    const Index number = same ? count : next;
    const Index begin = same ? after : 0;
    const Index end = std::min(cols, begin + columns_per_slice);
    for (Index i = part * number / parts; i < (part + 1) * number / parts; ++i)
      for (Index j = begin; j < end; j += line) prefetch(from[i] + j);
  }
};

// Fills scratch.two and scratch.norms for up to a block of rows. packed: which centroids; its
// indices are those of scratch.two. next: rows that follow these in `rows`, at most a block.
template <class S>
void propose(const CentroidTable<S>& table, const PackedCentroids<S>& packed,
             TileScratch<S>& scratch, const S* const* rows, Index count, Index next = 0) {
  std::fill(scratch.norms, scratch.norms + block_rows<S>, S(0));
  // A buffer of the pool may have been made when there were fewer clusters.
  const Index needed = packed.groups * group_size * block_rows<S>;
  if (table.cols() > columns_per_slice && scratch.partial.size() < needed)
    scratch.partial.resize(needed);
  find_nearest_two(packed, ShiftedRows<S>{rows, count, next, table.shift(), scratch.norms},
                   scratch.packed.data(), scratch.partial.data(), scratch.two);
}

template <int Cols, class S>
void propose_directly(const CentroidTable<S>& table, TileScratch<S>& scratch, const S* const* rows,
                      Index count, bool contiguous) {
  pack_few_columns<Cols>(rows, count, contiguous, scratch.packed.data());
  find_nearest_two_directly<Cols>(scratch.packed.data(), table.columns().data(), table.clusters(),
                                  scratch.two);
}

// What squared distances are at least, where asked for: own[i] from row i to its own centroid,
// others[i] to any other.
struct LeastSquares {
  double* own = nullptr;
  double* others = nullptr;

  LeastSquares after(Index rows) const {
    return {own != nullptr ? own + rows : nullptr, others != nullptr ? others + rows : nullptr};
  }
};

// Labels of up to a block of rows. `contiguous`: the rows follow each other. next: as in propose().
template <class S>
void assign_block(const CentroidTable<S>& table, TileScratch<S>& scratch, const S* const* rows,
                  Index count, Index next, bool contiguous, int* labels,
                  const LeastSquares& least) {
  static_assert(direct_columns == 4);
  S margin;    // absolute
  S relative;  // of the second
  if (table.direct()) {
    switch (table.cols()) {
      case 1:
        propose_directly<1>(table, scratch, rows, count, contiguous);
        break;
      case 2:
        propose_directly<2>(table, scratch, rows, count, contiguous);
        break;
      case 3:
        propose_directly<3>(table, scratch, rows, count, contiguous);
        break;
      default:
        propose_directly<4>(table, scratch, rows, count, contiguous);
    }
    margin = S(64) * std::numeric_limits<S>::min();
    relative = static_cast<S>(CentroidTable<S>::direct_margin);
  } else {
    propose(table, table.packed(), scratch, rows, count, next);
    const S largest = *std::max_element(scratch.norms, scratch.norms + count);
    margin = static_cast<S>(table.margin(static_cast<double>(largest)));
    relative = 0;
  }
  const NearestTwo<S>& two = scratch.two;
  int close = 0;
  for (Index i = 0; i < count; ++i) {
    close += two.second[i] - two.first[i] > margin + relative * two.second[i] ? 0 : 1;
    labels[i] = static_cast<int>(two.index[i]);
  }
  const auto bound = [&](S value, Index i) {
    const auto norm = table.direct() ? 0.0 : static_cast<double>(scratch.norms[i]);
    return static_cast<double>(value) * (1.0 - static_cast<double>(relative)) +
           norm * (1.0 - table.norm_error()) - static_cast<double>(margin);
  };
  if (least.own != nullptr)
    for (Index i = 0; i < count; ++i) least.own[i] = bound(two.first[i], i);
  if (least.others != nullptr)
    for (Index i = 0; i < count; ++i) least.others[i] = bound(two.second[i], i);
  if (close == 0) return;
  for (Index i = 0; i < count; ++i) {
    if (two.second[i] - two.first[i] > margin + relative * two.second[i]) continue;
    labels[i] = nearest_by_differences(table, rows[i]);
    if (least.others != nullptr)
      least.others[i] -= static_cast<double>(two.second[i]) - static_cast<double>(two.first[i]);
  }
}

// The same for any number of rows.
template <class S>
void assign_rows(const CentroidTable<S>& table, TileScratch<S>& scratch, const S* const* rows,
                 Index count, bool contiguous, int* labels, const LeastSquares& least = {}) {
  constexpr Index block = block_rows<S>;
  for (Index first = 0; first < count; first += block) {
    const Index size = std::min(block, count - first);
    assign_block(table, scratch, rows + first, size, std::min(block, count - first - size),
                 contiguous, labels + first, least.after(first));
  }
}

// labels[i] = the nearest centroid of row i of scratch.x, i < rows.
template <class S>
void assign_tile(const CentroidTable<S>& table, TileScratch<S>& scratch, Index rows, int* labels) {
  const S* pointers[tile_rows];
  for (Index i = 0; i < rows; ++i) pointers[i] = scratch.x.data() + i * table.cols();
  assign_rows(table, scratch, pointers, rows, true, labels);
}

}  // namespace detail

LATENT_END
