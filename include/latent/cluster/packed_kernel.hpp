// The two nearest centroids of a block of rows, on vectors whose lanes are rows.
//
// Rows are packed as [column][row], centroids as [group of 6][column][6]; a group keeps one
// accumulator a centroid and vector, the expanded values |c - s|^2 - 2 (x - s)(c - s), and the
// comparison follows while they are in registers. Built on the vector extensions of GCC and clang.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "latent/core/types.hpp"

#if defined(__GNUC__)
#define LATENT_HAS_PACKED_KERNEL 1
#else
#define LATENT_HAS_PACKED_KERNEL 0
#endif

#if LATENT_HAS_PACKED_KERNEL

LATENT_BEGIN

namespace detail {

// The width follows Eigen's alignment, which is part of the inline namespace: units compiled for
// other machines do not meet this one.
inline constexpr int vector_bytes = EIGEN_MAX_ALIGN_BYTES > 16 ? EIGEN_MAX_ALIGN_BYTES : 16;
inline constexpr int vectors_per_block = vector_bytes >= 64 ? 4 : 2;  // 32 registers or 16

template <class S>
struct VectorOf;
template <>
struct VectorOf<double> {
  using Type = double __attribute__((vector_size(vector_bytes)));
  using Integer = std::int64_t;
  using Mask = std::int64_t __attribute__((vector_size(vector_bytes)));
};
template <>
struct VectorOf<float> {
  using Type = float __attribute__((vector_size(vector_bytes)));
  using Integer = std::int32_t;
  using Mask = std::int32_t __attribute__((vector_size(vector_bytes)));
};

// Rows that one call of the kernel handles.
template <class S>
inline constexpr Index block_rows = vectors_per_block* vector_bytes / Index{sizeof(S)};

inline constexpr Index group_size = 6;

// Centroids for the kernel: coefficients -2 (c - s) and constants |c - s|^2, the last group filled
// up with centroids that never win.
template <class S>
struct PackedCentroids {
  Index groups = 0;
  std::vector<S> coefficients;  // groups x D x 6
  std::vector<S> constants;     // groups x 6

  void pack(const RowMatrix<S>& centred, const Vector<S>& squared_norms) {
    const Index clusters = centred.rows();
    const Index cols = centred.cols();
    groups = (clusters + group_size - 1) / group_size;
    coefficients.assign(static_cast<std::size_t>(groups * cols * group_size), S(0));
    constants.assign(static_cast<std::size_t>(groups * group_size), std::numeric_limits<S>::max());
    for (Index k = 0; k < clusters; ++k) {
      constants[static_cast<std::size_t>(k)] = squared_norms[k];
      const Index first = (k / group_size) * cols * group_size + k % group_size;
      for (Index j = 0; j < cols; ++j)
        coefficients[static_cast<std::size_t>(first + j * group_size)] = S(-2) * centred(k, j);
    }
  }
};

// packed[j * block_rows + i] = x(i, j) - shift[j] for i < count, the rest 0. Returns the largest
// squared norm of a packed row.
template <class S>
S pack_rows(const S* x, const S* shift, Index count, Index cols, S* packed) {
  constexpr Index block = block_rows<S>;
  if (count < block) std::fill(packed, packed + cols * block, S(0));
  constexpr Index strip = 8;  // columns at a time, so that the lines written stay in the cache
  for (Index begin = 0; begin < cols; begin += strip) {
    const Index end = std::min(cols, begin + strip);
    for (Index i = 0; i < count; ++i)
      for (Index j = begin; j < end; ++j) packed[j * block + i] = x[i * cols + j] - shift[j];
  }
  S norms[static_cast<std::size_t>(block)] = {};
  for (Index j = 0; j < cols; ++j)
    for (Index i = 0; i < block; ++i) norms[i] += packed[j * block + i] * packed[j * block + i];
  return *std::max_element(norms, norms + block);
}

template <class S>
struct NearestTwo {
  static constexpr auto size = static_cast<std::size_t>(block_rows<S>);
  S first[size];
  S second[size];
  typename VectorOf<S>::Integer index[size];
};

// rows: D x block_rows.
template <class S>
void find_nearest_two(const S* rows, Index cols, const PackedCentroids<S>& centroids,
                      NearestTwo<S>& out) {
  using V = typename VectorOf<S>::Type;
  using M = typename VectorOf<S>::Mask;
  using Integer = typename VectorOf<S>::Integer;
  constexpr int count = vectors_per_block;
  constexpr Index lanes = vector_bytes / Index{sizeof(S)};
  V first[count];
  V second[count];
  M index[count];
  for (int v = 0; v < count; ++v) {
    first[v] = V{} + std::numeric_limits<S>::max();
    second[v] = first[v];
    index[v] = M{};
  }
  for (Index group = 0; group < centroids.groups; ++group) {
    const S* coefficients = centroids.coefficients.data() + group * cols * group_size;
    const S* constants = centroids.constants.data() + group * group_size;
    V sums[group_size][count];
#pragma GCC unroll 6
    for (int r = 0; r < group_size; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < count; ++v) sums[r][v] = constants[r] - V{};
    for (Index j = 0; j < cols; ++j) {
      V x[count];
#pragma GCC unroll 4
      for (int v = 0; v < count; ++v)
        std::memcpy(&x[v], rows + j * block_rows<S> + v * lanes, sizeof(V));
#pragma GCC unroll 6
      for (int r = 0; r < group_size; ++r) {
        const S c = coefficients[j * group_size + r];
#pragma GCC unroll 4
        for (int v = 0; v < count; ++v) sums[r][v] += x[v] * c;
      }
    }
#pragma GCC unroll 6
    for (int r = 0; r < group_size; ++r) {
      const M k = static_cast<Integer>(group * group_size + r) - M{};
#pragma GCC unroll 4
      for (int v = 0; v < count; ++v) {
        const V value = sums[r][v];
        const M better = value < first[v];
        const V loser = better ? first[v] : value;
        second[v] = loser < second[v] ? loser : second[v];
        first[v] = better ? value : first[v];
        index[v] = better ? k : index[v];
      }
    }
  }
  for (int v = 0; v < count; ++v) {
    std::memcpy(out.first + v * lanes, &first[v], sizeof(V));
    std::memcpy(out.second + v * lanes, &second[v], sizeof(V));
    std::memcpy(out.index + v * lanes, &index[v], sizeof(M));
  }
}

// The nearest centroid by direct differences, for a number of columns known when compiling.
// rows: Cols x block_rows; centroids: Cols x K. Ties go to the lowest index.
template <int Cols>
void find_nearest_directly(const double* rows, const double* centroids, Index clusters,
                           std::int64_t* nearest) {
  using V = VectorOf<double>::Type;
  using M = VectorOf<double>::Mask;
  constexpr int count = vectors_per_block;
  constexpr Index lanes = vector_bytes / Index{sizeof(double)};
  V x[static_cast<std::size_t>(Cols)][count];
  V first[count];
  M index[count];
  for (int v = 0; v < count; ++v) {
    for (int j = 0; j < Cols; ++j)
      std::memcpy(&x[j][v], rows + j * block_rows<double> + v * lanes, sizeof(V));
    first[v] = V{} + std::numeric_limits<double>::infinity();
    index[v] = M{};
  }
  for (Index k = 0; k < clusters; ++k) {
    const M label = static_cast<std::int64_t>(k) - M{};
#pragma GCC unroll 4
    for (int v = 0; v < count; ++v) {
      V sum = V{};
#pragma GCC unroll 4
      for (int j = 0; j < Cols; ++j) {
        const V t = x[j][v] - centroids[j * clusters + k];
        sum += t * t;
      }
      const M better = sum < first[v];
      first[v] = better ? sum : first[v];
      index[v] = better ? label : index[v];
    }
  }
  for (int v = 0; v < count; ++v) std::memcpy(nearest + v * lanes, &index[v], sizeof(M));
}

}  // namespace detail

LATENT_END

#endif
