// Products of a few rows with the rows of a basis. General products pack both factors first, which
// for a few rows costs as much as the product.
#pragma once

#include <algorithm>
#include <cstddef>

#include "latent/core/types.hpp"
#include "latent/core/vectors.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr Index thin_rows = 4;  // rows that a step takes of either factor

// Pointers to thin_rows rows from `first`; beyond the last row, to the last.
template <class Rows>
void point_at_rows(const Rows& rows, Index first, Index column, const double** to) {
  for (Index i = 0; i < thin_rows; ++i)
    to[i] = rows.data() + std::min(first + i, rows.rows() - 1) * rows.outerStride() + column;
}

// sums[i][k] += a_i . b_k over `length` numbers.
inline void add_thin_dots(const double* const* a, const double* const* b, Index length,
                          double (*sums)[thin_rows]) {
  using V = typename VectorOf<double>::Type;
  constexpr Index lanes = vector_lanes<double>;
  V parts[thin_rows][thin_rows] = {};
  Index j = 0;
  for (; j + lanes <= length; j += lanes) {
    V x[thin_rows];
#pragma GCC unroll 4
    for (Index k = 0; k < thin_rows; ++k) x[k] = load(b[k] + j);
#pragma GCC unroll 4
    for (Index i = 0; i < thin_rows; ++i) {
      const V y = load(a[i] + j);
#pragma GCC unroll 4
      for (Index k = 0; k < thin_rows; ++k) parts[i][k] += x[k] * y;
    }
  }
  for (Index i = 0; i < thin_rows; ++i) {
    for (Index k = 0; k < thin_rows; ++k) {
      double lane[static_cast<std::size_t>(lanes)];
      store(lane, parts[i][k]);
      double sum = 0.0;
      for (const double part : lane) sum += part;
      for (Index t = j; t < length; ++t) sum += a[i][t] * b[k][t];
      sums[i][k] += sum;
    }
  }
}

// rows basis', (rows) x (rows of the basis): row-major factors with unit inner stride.
template <class Rows, class Basis>
RowMatrix<double> thin_dots(const Rows& rows, const Basis& basis) {
  constexpr Index chunk = 512;  // of columns: the basis is read from the cache again
  RowMatrix<double> result = RowMatrix<double>::Zero(rows.rows(), basis.rows());
  for (Index j = 0; j < rows.cols(); j += chunk) {
    const Index length = std::min(chunk, rows.cols() - j);
    for (Index i = 0; i < rows.rows(); i += thin_rows) {
      const double* a[thin_rows];
      point_at_rows(rows, i, j, a);
      for (Index k = 0; k < basis.rows(); k += thin_rows) {
        const double* b[thin_rows];
        point_at_rows(basis, k, j, b);
        double sums[thin_rows][thin_rows] = {};
        add_thin_dots(a, b, length, sums);
        for (Index r = 0; r < std::min(thin_rows, rows.rows() - i); ++r)
          for (Index c = 0; c < std::min(thin_rows, basis.rows() - k); ++c)
            result(i + r, k + c) += sums[r][c];
      }
    }
  }
  return result;
}

// rows -= along basis.
template <class Rows, class Basis>
void subtract_thin(Rows& rows, const RowMatrix<double>& along, const Basis& basis) {
  using V = typename VectorOf<double>::Type;
  constexpr Index lanes = vector_lanes<double>;
  constexpr Index width = Index{vectors_per_block} * lanes;
  const Index most = rows.rows() - 1;
  for (Index j = 0; j < rows.cols(); j += width) {
    const Index columns = std::min(width, rows.cols() - j);
    for (Index i = 0; i < rows.rows(); i += thin_rows) {
      if (columns < width) {
        for (Index r = i; r < std::min(i + thin_rows, rows.rows()); ++r)
          for (Index k = 0; k < basis.rows(); ++k)
            for (Index c = j; c < j + columns; ++c) rows(r, c) -= along(r, k) * basis(k, c);
        continue;
      }
      V sums[thin_rows][static_cast<std::size_t>(vectors_per_block)] = {};
      for (Index k = 0; k < basis.rows(); ++k) {
        const double* from = &basis.coeffRef(k, j);
        V x[static_cast<std::size_t>(vectors_per_block)];
#pragma GCC unroll 8
        for (int v = 0; v < vectors_per_block; ++v) x[v] = load(from + v * lanes);
#pragma GCC unroll 4
        for (Index r = 0; r < thin_rows; ++r) {
          const double c = along(std::min(i + r, most), k);
#pragma GCC unroll 8
          for (int v = 0; v < vectors_per_block; ++v) sums[r][v] += x[v] * c;
        }
      }
      for (Index r = 0; r < std::min(thin_rows, rows.rows() - i); ++r) {
        double* to = &rows(i + r, j);
        for (int v = 0; v < vectors_per_block; ++v)
          store(to + v * lanes, V(load(to + v * lanes) - sums[r][v]));
      }
    }
  }
}

}  // namespace detail

LATENT_END
