// The sums of an M-step of Gaussian components over a tile, on vectors whose lanes are rows. They are
// in the scalar of the data within a tile and in double between tiles, always in the same order.
#pragma once

#include <algorithm>
#include <cstddef>

#include "latent/core/types.hpp"
#include "latent/core/vector_functions.hpp"
#include "latent/core/vectors.hpp"

LATENT_BEGIN

namespace detail {

// A tile of rows turned for the sums: column j at x + j * stride; `rows` is a multiple of a vector,
// and the responsibilities of rows that only fill up are 0.
template <class S>
struct TurnedRows {
  const S* x;
  Index stride;
  Index rows;
  Index columns;
};

// sum[i * sum_stride + j] += sum_t a_i[t] b_j[t], i < H, j < W, and j <= i if `lower`.
template <int H, int W, class S>
void add_dots(const S* a, const S* b, Index stride, Index count, bool lower, double* sum,
              Index sum_stride) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = vector_lanes<S>;
  constexpr int all = H * W;
  constexpr int room = whole_squares<S, all>;
  V parts[static_cast<std::size_t>(room)] = {};
  for (Index t = 0; t < count; t += lanes) {
    V y[static_cast<std::size_t>(W)];
#pragma GCC unroll 4
    for (int j = 0; j < W; ++j) y[j] = load(b + j * stride + t);
#pragma GCC unroll 4
    for (int i = 0; i < H; ++i) {
      const V x = load(a + i * stride + t);
#pragma GCC unroll 4
      for (int j = 0; j < W; ++j) parts[i * W + j] += x * y[j];
    }
  }
  S sums[static_cast<std::size_t>(room)];
  sums_of_lanes<all>(parts, sums);
  for (int i = 0; i < H; ++i)
    for (int j = 0; j < (lower ? i + 1 : W); ++j)
      sum[i * sum_stride + j] += static_cast<double>(sums[i * W + j]);
}

// The lower triangle of rz' z (d x d).
template <class S>
void add_triangle(const S* rz, const S* z, Index stride, Index rows, Index d, double* scatter) {
  Index i = 0;
  for (; i + 4 <= d; i += 4)
    for (Index j = 0; j <= i; j += 4)
      add_dots<4, 4>(rz + i * stride, z + j * stride, stride, rows, i == j, scatter + i * d + j, d);
  for (; i < d; ++i) {
    Index j = 0;
    for (; j + 4 <= i + 1; j += 4)
      add_dots<1, 4>(rz + i * stride, z + j * stride, stride, rows, false, scatter + i * d + j, d);
    for (; j <= i; ++j)
      add_dots<1, 1>(rz + i * stride, z + j * stride, stride, rows, false, scatter + i * d + j, d);
  }
}

// sum (D) and scatter (D x D) of one component with D known: all sums stay in registers.
template <int D, class S>
void add_few_columns(const TurnedRows<S>& tile, const double* shift, const S* r, double* sum,
                     double* scatter) {
  using V = typename VectorOf<S>::Type;
  constexpr auto d = static_cast<std::size_t>(D);
  constexpr int all = D + D * (D + 1) / 2;
  constexpr auto room = static_cast<std::size_t>(whole_squares<S, all>);
  V parts[room] = {};  // the sums, then the lower triangle of the scatter
  S m[d];
  for (std::size_t j = 0; j < d; ++j) m[j] = static_cast<S>(shift[j]);
  for (Index t = 0; t < tile.rows; t += vector_lanes<S>) {
    const V weight = load(r + t);
    V z[d];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < d; ++i) {
      z[i] = load(tile.x + static_cast<Index>(i) * tile.stride + t) - m[i];
      const V rz = z[i] * weight;
      parts[i] += rz;
#pragma GCC unroll 4
      for (std::size_t j = 0; j <= i; ++j) parts[d + i * (i + 1) / 2 + j] += rz * z[j];
    }
  }
  S sums[room];
  sums_of_lanes<all>(parts, sums);
  for (std::size_t i = 0; i < d; ++i) {
    sum[i] += static_cast<double>(sums[i]);
    for (std::size_t j = 0; j <= i; ++j)
      scatter[i * d + j] += static_cast<double>(sums[d + i * (i + 1) / 2 + j]);
  }
}

// The same for any number of columns. work: 2 x columns x stride.
template <class S>
void add_full(const TurnedRows<S>& tile, const double* shift, const S* r, double* sum,
              double* scatter, S* work) {
  using V = typename VectorOf<S>::Type;
  S* z = work;
  S* rz = work + tile.columns * tile.stride;
  for (Index j = 0; j < tile.columns; ++j) {
    const auto m = static_cast<S>(shift[j]);
    const S* x = tile.x + j * tile.stride;
    V first{};
    for (Index t = 0; t < tile.rows; t += vector_lanes<S>) {
      const V y = load(x + t) - m;
      const V weighted = y * load(r + t);
      first += weighted;
      store(z + j * tile.stride + t, y);
      store(rz + j * tile.stride + t, weighted);
    }
    sum[j] += sum_of_lanes<S>(first);
  }
  add_triangle(rz, z, tile.stride, tile.rows, tile.columns, scatter);
}

// sum and scatter along the columns of C components and J columns at once. Numbers of component c
// lie at r + c * r_stride, shift and sum + c * columns, scatter + c * scatter_stride.
template <int C, int J, class S>
void add_along_columns(const TurnedRows<S>& tile, Index j, const double* shift, const S* r,
                       Index r_stride, double* sum, double* scatter, Index scatter_stride) {
  using V = typename VectorOf<S>::Type;
  constexpr int each = C * J;
  constexpr auto room = static_cast<std::size_t>(whole_squares<S, 2 * each>);
  V parts[room] = {};  // the sums, then the scatter
  S m[static_cast<std::size_t>(C)][static_cast<std::size_t>(J)];
  for (int c = 0; c < C; ++c)
    for (int i = 0; i < J; ++i) m[c][i] = static_cast<S>(shift[c * tile.columns + j + i]);
  const S* x = tile.x + j * tile.stride;
  for (Index t = 0; t < tile.rows; t += vector_lanes<S>) {
    V y[static_cast<std::size_t>(J)];
#pragma GCC unroll 2
    for (int i = 0; i < J; ++i) y[i] = load(x + i * tile.stride + t);
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
      const V weight = load(r + c * r_stride + t);
#pragma GCC unroll 2
      for (int i = 0; i < J; ++i) {
        const V z = y[i] - m[c][i];
        const V rz = z * weight;
        parts[c * J + i] += rz;
        parts[each + c * J + i] += rz * z;
      }
    }
  }
  S sums[room];
  sums_of_lanes<2 * each>(parts, sums);
  for (int c = 0; c < C; ++c)
    for (int i = 0; i < J; ++i) {
      sum[c * tile.columns + j + i] += static_cast<double>(sums[c * J + i]);
      scatter[c * scatter_stride + j + i] += static_cast<double>(sums[each + c * J + i]);
    }
}

template <int C, class S>
void add_diagonals(const TurnedRows<S>& tile, const double* shift, const S* r, Index r_stride,
                   double* sum, double* scatter, Index scatter_stride) {
  Index j = 0;
  for (; j + 2 <= tile.columns; j += 2)
    add_along_columns<C, 2>(tile, j, shift, r, r_stride, sum, scatter, scatter_stride);
  if (j < tile.columns)
    add_along_columns<C, 1>(tile, j, shift, r, r_stride, sum, scatter, scatter_stride);
}

}  // namespace detail

LATENT_END
