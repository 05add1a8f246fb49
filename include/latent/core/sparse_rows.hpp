// The rows of a sparse matrix, as a source holds them. They are read from the arrays that Eigen's
// sparse matrices share, so that programs without any do not pay for Eigen/SparseCore.
#pragma once

#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// The stored entries of one row; what is not stored is zero.
template <class S>
struct SparseRow {
  const int* indices = nullptr;  // columns, strictly increasing
  const S* values = nullptr;
  Index count = 0;
};

namespace detail {

template <class S>
struct SparseRows {
  std::vector<SparseRow<S>> rows;
  Index cols = 0;
  std::vector<int> indices;  // what the rows point to, unless they view the caller's
  std::vector<S> values;
};

// Where the entries of one row (column of a column-major matrix) lie in Eigen's arrays.
template <class X>
std::pair<Index, Index> stored_range(const X& x, Index outer) {
  const auto* starts = x.outerIndexPtr();
  if (starts == nullptr) return {0, x.nonZeros()};  // a sparse vector
  const auto* counts = x.innerNonZeroPtr();         // null where the matrix is compressed
  const auto begin = static_cast<Index>(starts[outer]);
  return {begin,
          counts != nullptr ? begin + Index{counts[outer]} : static_cast<Index>(starts[outer + 1])};
}

// A matrix built by hand may break what Eigen guarantees.
template <class X>
void check_sparse_row(const X& x, Index row) {
  const auto [begin, end] = stored_range(x, row);
  Index last = -1;
  for (Index p = begin; p < end; ++p) {
    const auto column = static_cast<Index>(x.innerIndexPtr()[p]);
    require<DataError>(column >= 0 && column < x.cols(), "samples: a sparse row must have columns ",
                       "in 0 ... ", x.cols() - 1, "; got ", column, " in row ", row);
    require<DataError>(column > last, "samples: the columns of a sparse row must increase and not ",
                       "repeat; got ", column, " after ", last, " in row ", row);
    last = column;
  }
}

// Each array is viewed where its type is that of the source, if `view` allows it.
template <class S, class X>
SparseRows<S> row_major_rows(const X& x, bool view) {
  SparseRows<S> out;
  out.cols = x.cols();
  out.rows.resize(static_cast<std::size_t>(x.rows()));
  Index stored = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    check_sparse_row(x, i);
    const auto [begin, end] = stored_range(x, i);
    SparseRow<S>& row = out.rows[static_cast<std::size_t>(i)];
    row.count = end - begin;
    stored += row.count;
    if constexpr (std::is_same_v<typename X::StorageIndex, int>)
      if (view) row.indices = x.innerIndexPtr() + begin;
    if constexpr (std::is_same_v<typename X::Scalar, S>)
      if (view) row.values = x.valuePtr() + begin;
  }
  const bool own_indices = !(view && std::is_same_v<typename X::StorageIndex, int>);
  const bool own_values = !(view && std::is_same_v<typename X::Scalar, S>);
  if (own_indices) out.indices.resize(static_cast<std::size_t>(stored));
  if (own_values) out.values.resize(static_cast<std::size_t>(stored));
  Index at = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const Index begin = stored_range(x, i).first;
    SparseRow<S>& row = out.rows[static_cast<std::size_t>(i)];
    for (Index p = 0; p < row.count; ++p) {
      const auto to = static_cast<std::size_t>(at + p);
      if (own_indices) out.indices[to] = static_cast<int>(x.innerIndexPtr()[begin + p]);
      if (own_values) out.values[to] = static_cast<S>(x.valuePtr()[begin + p]);
    }
    if (own_indices) row.indices = out.indices.data() + at;
    if (own_values) row.values = out.values.data() + at;
    at += row.count;
  }
  return out;
}

// Columns are visited in order, so those of a row come out in order.
template <class S, class X>
SparseRows<S> transposed_rows(const X& x) {
  SparseRows<S> out;
  out.cols = x.cols();
  out.rows.resize(static_cast<std::size_t>(x.rows()));
  const auto for_each_entry = [&](const auto& f) {
    for (Index j = 0; j < x.cols(); ++j) {
      const auto [begin, end] = stored_range(x, j);
      for (Index p = begin; p < end; ++p) f(static_cast<Index>(x.innerIndexPtr()[p]), j, p);
    }
  };
  std::size_t stored = 0;
  for_each_entry([&](Index row, Index column, Index) {
    require<DataError>(row >= 0 && row < x.rows(), "samples: a sparse column must have rows in ",
                       "0 ... ", x.rows() - 1, "; got ", row, " in column ", column);
    ++out.rows[static_cast<std::size_t>(row)].count;
    ++stored;
  });
  out.indices.resize(stored);
  out.values.resize(stored);
  Index at = 0;
  for (SparseRow<S>& row : out.rows) {
    row.indices = out.indices.data() + at;
    row.values = out.values.data() + at;
    at += std::exchange(row.count, 0);
  }
  for_each_entry([&](Index i, Index column, Index p) {
    SparseRow<S>& row = out.rows[static_cast<std::size_t>(i)];
    require<DataError>(row.count == 0 || row.indices[row.count - 1] < column,
                       "samples: a sparse column must not repeat a row; got row ", i,
                       " twice in column ", column);
    const auto to = static_cast<std::size_t>(row.indices - out.indices.data() + row.count++);
    out.indices[to] = static_cast<int>(column);
    out.values[to] = static_cast<S>(x.valuePtr()[p]);
  });
  return out;
}

// x has Eigen's arrays. O(n + entries), and that much memory for what is not viewed.
template <class S, class X>
SparseRows<S> sparse_rows(const X& x, bool view) {
  require(x.cols() <= std::numeric_limits<int>::max(),
          "samples: the columns of sparse data must fit an int; got ", x.cols());
  if constexpr ((int(X::Flags) & int(Eigen::RowMajorBit)) != 0)
    return row_major_rows<S>(x, view);
  else
    return transposed_rows<S>(x);
}

}  // namespace detail

LATENT_END
