// A source: rows of data with their weights and labels. Kernels get them in blocks: see blocks.hpp.
//
//   samples(x)                          a source over x (n x D, rows are samples)
//   samples(x).weights(w).labels(y)     w: n non-negative numbers; y: n labels, -1 = unknown
//   samples(x).sequences(lengths)       the rows form sequences of these lengths, one after another
//   samples(x).scale_columns(a)         the numbers are x(i, j) a(j); x is not copied
//
// x is dense or sparse: one type of source for both, so that whatever takes one takes the other.
// Lvalue matrices, Map and Ref are viewed: they must outlive the source and stay unchanged. Every
// other rvalue (a temporary matrix, a block, an expression) is owned, jointly by the copies of the
// source. Weights and labels are copied. Integers become double.
#pragma once

#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/samples.hpp"
#include "latent/core/sparse_rows.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class T>
struct IsSamples : std::false_type {};
template <class S>
struct IsSamples<Samples<S>> : std::true_type {};

template <class T>
using Bare = std::remove_cv_t<std::remove_reference_t<T>>;

template <class T>
struct IsViewRvalue : std::false_type {};
template <class M, int O, class St>
struct IsViewRvalue<Eigen::Map<M, O, St>> : std::true_type {};
template <class M, int O, class St>
struct IsViewRvalue<Eigen::Ref<M, O, St>> : std::true_type {};
// A Ref to const may hold a copy of its own, which dies with it.
template <class M, int O, class St>
struct IsViewRvalue<Eigen::Ref<const M, O, St>> : std::false_type {};

// The scalar a source over X has: float stays float, everything else becomes double.
template <class X>
using SourceScalar = std::conditional_t<std::is_same_v<typename X::Scalar, float>, float, double>;

template <class Scalar>
constexpr void check_scalar() {
  static_assert(
      std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double> || std::is_integral_v<Scalar>,
      "samples: data must be float, double or integers");
}

}  // namespace detail

// A source over the rows of x: a dense Eigen matrix, array, map, block or expression of float,
// double or integers.
template <class X>
requires std::is_base_of_v<Eigen::DenseBase<detail::Bare<X>>, detail::Bare<X>>
auto samples(X&& x) {
  using Plain = detail::Bare<X>;
  using Scalar = typename Plain::Scalar;
  using S = detail::SourceScalar<Plain>;
  detail::check_scalar<Scalar>();
  // Slices claim direct access in their flags, yet have no data().
  constexpr bool direct = (int(Plain::Flags) & int(Eigen::DirectAccessBit)) != 0 && requires {
    x.data();
    x.innerStride();
  };
  constexpr bool outlives = std::is_lvalue_reference_v<X> || detail::IsViewRvalue<Plain>::value;
  if constexpr (direct && outlives && std::is_same_v<Scalar, S>) {
    const bool row_major = Plain::IsRowMajor;
    const Index row_stride = row_major ? x.outerStride() : x.innerStride();
    const Index column_stride = row_major ? x.innerStride() : x.outerStride();
    return Samples<S>(x.data(), x.rows(), x.cols(), row_stride, column_stride);
  } else if constexpr (std::is_same_v<Plain, RowMatrix<S>> && !std::is_lvalue_reference_v<X> &&
                       !std::is_const_v<std::remove_reference_t<X>>) {
    return Samples<S>(RowMatrix<S>(std::forward<X>(x)));
  } else {
    return Samples<S>(RowMatrix<S>(x.derived().matrix().template cast<S>()));
  }
}

// The same over a sparse matrix or expression, in any storage order, compressed or not. Row-major
// ones that outlive the source are viewed (those of integers or of another index than int in part);
// all others are converted once. Throws DataError for column indices out of range, not in order or
// repeated, which only matrices put together by hand can have. O(n + entries).
template <class X>
requires std::is_base_of_v<Eigen::SparseMatrixBase<detail::Bare<X>>, detail::Bare<X>>
auto samples(X&& x) {
  using Plain = detail::Bare<X>;
  using S = detail::SourceScalar<Plain>;
  detail::check_scalar<typename Plain::Scalar>();
  constexpr bool outlives = std::is_lvalue_reference_v<X> || detail::IsViewRvalue<Plain>::value;
  if constexpr (requires {
                  x.valuePtr();
                  x.innerIndexPtr();
                  x.outerIndexPtr();
                  x.innerNonZeroPtr();
                }) {
    return Samples<S>(detail::sparse_rows<S>(x, outlives));
  } else {
    const typename Plain::PlainObject evaluated = x;
    return Samples<S>(detail::sparse_rows<S>(evaluated, false));
  }
}

namespace detail {

// What the fits take: a matrix or a source. A source passes through, a matrix becomes one.
template <class Data>
decltype(auto) as_samples(const Data& data) {
  if constexpr (IsSamples<Data>::value) {
    return (data);
  } else {
    return samples(data);
  }
}

// Throws InvalidArgument for a source without rows or columns.
template <class S>
void check_shape(const Samples<S>& data, std::string_view who) {
  require(data.rows() > 0, who, ": data must have at least one row; got ", data.rows(), " x ",
          data.cols());
  require(data.cols() > 0, who, ": data must have at least one column; got ", data.rows(), " x ",
          data.cols());
}

// Throws DataError naming the first row and column that hold NaN or an infinity, among `count` rows.
template <class S>
void check_finite(const Samples<S>& data, Index first, Index count, std::string_view who) {
  std::vector<S> buffer;
  for (Index i = first; i < first + count; ++i) {
    const std::span<const S> row = data.row_values(i, buffer);
    if (all_finite(row.data(), static_cast<Index>(row.size()))) continue;
    for (Index j = 0; j < data.cols(); ++j) {
      const S value = data(i, j);
      if (!is_finite(value)) [[unlikely]]
        fail<DataError>(who, ": data must be finite; got ",
                        is_nan(value) ? "NaN" : (value < 0 ? "-inf" : "inf"), " at row ", i,
                        ", column ", j);
    }
  }
}

}  // namespace detail

LATENT_END
