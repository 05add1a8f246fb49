// Rows of numbers turned into columns.
#pragma once

#include <algorithm>

#include "latent/core/types.hpp"
#include "latent/core/vectors.hpp"

LATENT_BEGIN

namespace detail {

// to(j, i) = from(i, j), i < rows, j < columns; strides are those between rows of each.
template <class S>
void transpose_into(const S* from, Index from_stride, Index rows, Index columns, S* to,
                    Index to_stride) {
  constexpr Index lanes = vector_lanes<S>;
  Index whole_rows = 0;
  Index whole_columns = 0;
  if constexpr (lanes > 1) {
    whole_rows = rows / lanes * lanes;
    whole_columns = columns / lanes * lanes;
    for (Index i = 0; i < whole_rows; i += lanes)
      for (Index j = 0; j < whole_columns; j += lanes) {
        typename VectorOf<S>::Type square[static_cast<std::size_t>(lanes)];
#pragma GCC unroll 16
        for (int r = 0; r < lanes; ++r) square[r] = load(from + (i + r) * from_stride + j);
        transpose<S>(square);
#pragma GCC unroll 16
        for (int r = 0; r < lanes; ++r) store(to + (j + r) * to_stride + i, square[r]);
      }
  }
  for (Index j = whole_columns; j < columns; ++j)
    for (Index i = 0; i < whole_rows; ++i) to[j * to_stride + i] = from[i * from_stride + j];
  for (Index j = 0; j < columns; ++j)
    for (Index i = whole_rows; i < rows; ++i) to[j * to_stride + i] = from[i * from_stride + j];
}

}  // namespace detail

LATENT_END
