// How rows become the lanes of vectors (core/vectors.hpp): the kernels of k-means keep one row of
// the data a lane.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "latent/core/vectors.hpp"

LATENT_BEGIN

namespace detail {

// Rows that one call of a kernel handles.
template <class S>
inline constexpr Index block_rows = Index{vectors_per_block} * vector_lanes<S>;

#if LATENT_HAS_VECTORS

// Lane i of the result is lane i ^ Step, of numbers or of integers of their size.
template <class S, int Step, class V, std::size_t... E>
V swap_lanes(const V& v, std::index_sequence<E...> /*lanes*/) {
  return __builtin_shufflevector(v, v, (int{E} ^ Step)...);
}

template <class S, class V, int Step>
V swap_lanes(const V& v, std::integral_constant<int, Step> /*step*/) {
  return swap_lanes<S, Step>(v, std::make_index_sequence<std::size_t{vector_lanes<S>}>{});
}

// Column J of `lanes` rows of Cols <= 4 numbers, which lie one after another in Cols vectors.
template <class S, int Cols, int J, std::size_t... E>
typename VectorOf<S>::Type pick_column(const typename VectorOf<S>::Type* v,
                                       std::index_sequence<E...> /*lanes*/) {
  constexpr int lanes = vector_lanes<S>;
  if constexpr (Cols == 1) {
    return v[0];
  } else if constexpr (Cols == 2) {
    return __builtin_shufflevector(v[0], v[1], (int{E} * 2 + J)...);
  } else if constexpr (Cols == 3) {
    const auto front =
        __builtin_shufflevector(v[0], v[1], (int{E} * 3 + J < 2 * lanes ? int{E} * 3 + J : 0)...);
    return __builtin_shufflevector(
        front, v[2], (int{E} * 3 + J < 2 * lanes ? int{E} : int{E} * 3 + J - 2 * lanes + lanes)...);
  } else {
    const auto front =
        __builtin_shufflevector(v[0], v[1], (int{E} * 4 + J < 2 * lanes ? int{E} * 4 + J : 0)...);
    const auto back = __builtin_shufflevector(
        v[2], v[3], (int{E} * 4 + J < 2 * lanes ? 0 : int{E} * 4 + J - 2 * lanes)...);
    return __builtin_shufflevector(front, back,
                                   (int{E} * 4 + J < 2 * lanes ? int{E} : int{E} + lanes)...);
  }
}

#endif

// packed[j * block_rows + i] = x(i, j) - shift[j] for columns first ... last - 1 and rows
// i < count, the rest 0. rows: `count` pointers. norms (block_rows): the squares are added.
template <class S>
void pack_rows(const S* const* rows, Index count, Index first, Index last, const S* shift,
               S* packed, S* norms) {
  using V = typename VectorOf<S>::Type;
  constexpr Index block = block_rows<S>;
  constexpr Index lanes = vector_lanes<S>;
  Index whole = first;  // columns before it go in squares
  if (count == block && lanes > 1) {
    whole = last - (last - first) % lanes;
    for (int v = 0; v < vectors_per_block; ++v) {
      V sum = load(norms + v * lanes);
      for (Index j = first; j < whole; j += lanes) {
        const V s = load(shift + j);
        V square[static_cast<std::size_t>(lanes)];
#pragma GCC unroll 16
        for (Index i = 0; i < lanes; ++i) square[i] = load(rows[v * lanes + i] + j) - s;
        if constexpr (lanes > 1) transpose<S>(square);
#pragma GCC unroll 16
        for (Index i = 0; i < lanes; ++i) {
          store(packed + (j - first + i) * block + v * lanes, square[i]);
          sum += square[i] * square[i];
        }
      }
      store(norms + v * lanes, sum);
    }
  } else {
    std::fill(packed, packed + (last - first) * block, S(0));
  }
  if (whole == last) return;
  for (Index i = 0; i < count; ++i)
    for (Index k = whole; k < last; ++k) packed[(k - first) * block + i] = rows[i][k] - shift[k];
  for (int v = 0; v < vectors_per_block; ++v) {
    V sum = load(norms + v * lanes);
    for (Index k = whole; k < last; ++k) {
      const V x = load(packed + (k - first) * block + v * lanes);
      sum += x * x;
    }
    store(norms + v * lanes, sum);
  }
}

// The same for Cols <= 4 columns and without a shift. Where `contiguous`, the rows follow each
// other in memory.
template <int Cols, class S>
void pack_few_columns(const S* const* rows, Index count, bool contiguous, S* packed) {
  constexpr Index block = block_rows<S>;
#if LATENT_HAS_VECTORS
  if (count == block && contiguous) {
    using V = typename VectorOf<S>::Type;
    constexpr Index lanes = vector_lanes<S>;
    constexpr auto sequence = std::make_index_sequence<static_cast<std::size_t>(lanes)>{};
    for (int v = 0; v < vectors_per_block; ++v) {
      V from[static_cast<std::size_t>(Cols)];
      for (int j = 0; j < Cols; ++j) from[j] = load(rows[0] + (v * Cols + j) * lanes);
      store(packed + v * lanes, pick_column<S, Cols, 0>(from, sequence));
      if constexpr (Cols > 1)
        store(packed + block + v * lanes, pick_column<S, Cols, 1>(from, sequence));
      if constexpr (Cols > 2)
        store(packed + 2 * block + v * lanes, pick_column<S, Cols, 2>(from, sequence));
      if constexpr (Cols > 3)
        store(packed + 3 * block + v * lanes, pick_column<S, Cols, 3>(from, sequence));
    }
    return;
  }
#else
  static_cast<void>(contiguous);
#endif
  for (Index i = 0; i < block; ++i)
    for (Index j = 0; j < Cols; ++j) packed[j * block + i] = i < count ? rows[i][j] : S(0);
}

}  // namespace detail

LATENT_END
