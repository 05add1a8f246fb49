// The two nearest centroids of a block of rows, on vectors whose lanes are rows.
//
// Rows are packed as [column][row], centroids as [group of 6][column][6]; a group keeps one
// accumulator a centroid and vector, the expanded values |c - s|^2 - 2 (x - s)(c - s), and the
// comparison follows while they are in registers. Many columns go in slices that stay in the first
// cache, the unfinished values of a block in the second.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "latent/cluster/vectors.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr Index group_size = 6;
inline constexpr Index columns_per_slice = 128;

// Centroids for the kernel: coefficients -2 (c - s) and constants |c - s|^2, the last group filled
// up with centroids that never win.
template <class S>
struct PackedCentroids {
  Index groups = 0;
  Index cols = 0;
  std::vector<S> coefficients;  // groups x D x 6
  std::vector<S> constants;     // groups x 6

  // members: which rows of `centred` to take, in this order.
  void pack(const RowMatrix<S>& centred, const Vector<S>& squared_norms,
            const std::vector<Index>& members) {
    const auto clusters = static_cast<Index>(members.size());
    cols = centred.cols();
    groups = (clusters + group_size - 1) / group_size;
    coefficients.assign(static_cast<std::size_t>(groups * cols * group_size), S(0));
    constants.assign(static_cast<std::size_t>(groups * group_size), std::numeric_limits<S>::max());
    for (Index k = 0; k < clusters; ++k) {
      const Index from = members[static_cast<std::size_t>(k)];
      constants[static_cast<std::size_t>(k)] = squared_norms[from];
      const Index first = (k / group_size) * cols * group_size + k % group_size;
      for (Index j = 0; j < cols; ++j)
        coefficients[static_cast<std::size_t>(first + j * group_size)] = S(-2) * centred(from, j);
    }
  }
};

// Of each row of a block: the two smallest values and the index of the smallest.
template <class S>
struct NearestTwo {
  static constexpr auto size = static_cast<std::size_t>(block_rows<S>);
  using Integer = typename VectorOf<S>::Integer;
  alignas(vector_bytes) S first[size];
  alignas(vector_bytes) S second[size];
  alignas(vector_bytes) Integer index[size];
};

// The same while it is being found.
template <class S>
class RunningTwo {
 public:
  using V = typename VectorOf<S>::Type;
  using M = typename VectorOf<S>::Mask;
  using Integer = typename VectorOf<S>::Integer;

  RunningTwo() {
#pragma GCC unroll 8
    for (int v = 0; v < vectors_per_block; ++v) {
      first_[v] = V{} + std::numeric_limits<S>::max();
      second_[v] = first_[v];
      index_[v] = M{};
    }
  }

  // Of equal values the one that came first stays.
  void offer(int v, const V& value, Index k) {
    const M better = value < first_[v];
    const V loser = better ? first_[v] : value;
    second_[v] = loser < second_[v] ? loser : second_[v];
    first_[v] = better ? value : first_[v];
    const M label = static_cast<Integer>(k) - M{};
    index_[v] = better ? label : index_[v];
  }

  void write(NearestTwo<S>& out) const {
    constexpr Index lanes = vector_lanes<S>;
    for (int v = 0; v < vectors_per_block; ++v) {
      store(out.first + v * lanes, first_[v]);
      store(out.second + v * lanes, second_[v]);
      std::memcpy(out.index + v * lanes, &index_[v], sizeof(M));
    }
  }

 private:
  V first_[vectors_per_block];
  V second_[vectors_per_block];
  M index_[vectors_per_block];
};

// sums += the columns' part of the values of one group. rows: columns x block_rows; coefficients:
// columns x 6.
template <class S>
[[gnu::always_inline]] inline void add_columns(
    const S* rows, const S* coefficients, Index columns,
    typename VectorOf<S>::Type (&sums)[group_size][vectors_per_block]) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = vector_lanes<S>;
  for (Index j = 0; j < columns; ++j) {
    V x[vectors_per_block];
#pragma GCC unroll 8
    for (int v = 0; v < vectors_per_block; ++v) x[v] = load(rows + j * block_rows<S> + v * lanes);
#pragma GCC unroll 6
    for (int r = 0; r < group_size; ++r) {
      const S c = coefficients[j * group_size + r];
#pragma GCC unroll 8
      for (int v = 0; v < vectors_per_block; ++v) sums[r][v] += x[v] * c;
    }
  }
}

// How many roundings a value of `cols` terms meets one after another: slices are summed apart.
inline Index terms_in_a_chain(Index cols) {
  return std::min(cols, columns_per_slice) + (cols + columns_per_slice - 1) / columns_per_slice;
}

// Packs slices of the rows and finds the nearest two. rows.pack(first, last, packed) fills packed
// with these columns; rows.fetch(after, part, parts) may bring part of what follows column `after`
// nearer; partial: groups x 6 x block_rows numbers, used where there is more than one slice.
template <class S, class Rows>
void find_nearest_two(const PackedCentroids<S>& centroids, const Rows& rows, S* packed, S* partial,
                      NearestTwo<S>& out) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = vector_lanes<S>;
  const Index cols = centroids.cols;
  RunningTwo<S> nearest;
  for (Index first = 0; first < cols; first += columns_per_slice) {
    const Index last = std::min(cols, first + columns_per_slice);
    rows.pack(first, last, packed);
    for (Index group = 0; group < centroids.groups; ++group) {
      rows.fetch(last, group, centroids.groups);
      V sums[group_size][vectors_per_block];
      S* kept = cols > columns_per_slice ? partial + group * group_size * block_rows<S> : nullptr;
      const S* constants = centroids.constants.data() + group * group_size;
#pragma GCC unroll 6
      for (int r = 0; r < group_size; ++r) {
        const S constant = first == 0 ? constants[r] : S(0);
#pragma GCC unroll 8
        for (int v = 0; v < vectors_per_block; ++v) sums[r][v] = constant - V{};
      }
      add_columns<S>(packed, centroids.coefficients.data() + (group * cols + first) * group_size,
                     last - first, sums);
      if (first > 0) {
#pragma GCC unroll 6
        for (int r = 0; r < group_size; ++r)
#pragma GCC unroll 8
          for (int v = 0; v < vectors_per_block; ++v)
            sums[r][v] += load(kept + r * block_rows<S> + v * lanes);
      }
      if (last == cols) {
#pragma GCC unroll 6
        for (int r = 0; r < group_size; ++r)
#pragma GCC unroll 8
          for (int v = 0; v < vectors_per_block; ++v)
            nearest.offer(v, sums[r][v], group * group_size + r);
      } else {
#pragma GCC unroll 6
        for (int r = 0; r < group_size; ++r)
#pragma GCC unroll 8
          for (int v = 0; v < vectors_per_block; ++v)
            store(kept + r * block_rows<S> + v * lanes, sums[r][v]);
      }
    }
  }
  nearest.write(out);
}

// The two nearest by squared direct differences, for a number of columns known when compiling.
// rows: Cols x block_rows; centroids: Cols x K.
template <int Cols, class S>
void find_nearest_two_directly(const S* rows, const S* centroids, Index clusters,
                               NearestTwo<S>& out) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = vector_lanes<S>;
  V x[static_cast<std::size_t>(Cols)][vectors_per_block];
  for (int v = 0; v < vectors_per_block; ++v)
    for (int j = 0; j < Cols; ++j) x[j][v] = load(rows + j * block_rows<S> + v * lanes);
  RunningTwo<S> nearest;
  for (Index k = 0; k < clusters; ++k) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors_per_block; ++v) {
      V sum = V{};
#pragma GCC unroll 8
      for (int j = 0; j < Cols; ++j) {
        const V t = x[j][v] - centroids[j * clusters + k];
        sum += t * t;
      }
      nearest.offer(v, sum, k);
    }
  }
  nearest.write(out);
}

}  // namespace detail

LATENT_END
