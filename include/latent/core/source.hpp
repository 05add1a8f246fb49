// A source: rows of data with their weights and labels. Kernels get them in blocks: see blocks.hpp.
//
//   samples(x)                          a source over x (n x D, rows are samples)
//   samples(x).weights(w).labels(y)     w: n non-negative numbers; y: n labels, -1 = unknown
//   samples(x).sequences(lengths)       the rows form sequences of these lengths, one after another
//
// Lvalue matrices, Map and Ref are viewed: they must outlive the source and stay unchanged. Every
// other rvalue (a temporary matrix, a block, an expression) is owned, jointly by the copies of the
// source. Weights and labels are copied. Integers become double.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// Rows of S = float or double. Copying copies weights and labels, never the data.
template <class S>
class Samples {
 public:
  using Scalar = S;

  // A view of n x D numbers; element (i, j) at data[i * row_stride + j * column_stride].
  Samples(const S* data, Index rows, Index cols, Index row_stride, Index column_stride)
      : data_{data},
        rows_{rows},
        cols_{cols},
        row_stride_{row_stride},
        column_stride_{column_stride} {}

  explicit Samples(RowMatrix<S> owned)
      : owner_{std::make_shared<const RowMatrix<S>>(std::move(owned))},
        data_{owner_->data()},
        rows_{owner_->rows()},
        cols_{owner_->cols()},
        row_stride_{cols_} {}

  // One weight a row: a frequency, finite and not negative, with a positive sum. Copied.
  // Throws InvalidArgument (size) and DataError (values).
  template <class Derived>
  Samples weights(const Eigen::DenseBase<Derived>& values) && {
    set_weights(values);
    return std::move(*this);
  }
  template <class Derived>
  Samples weights(const Eigen::DenseBase<Derived>& values) const& {
    return Samples(*this).weights(values);
  }

  // One label a row: 0 ... K-1, or -1 for unknown. Copied. Throws InvalidArgument (size) and
  // DataError (below -1); the upper bound is checked by the fit, which knows K.
  template <class Derived>
  Samples labels(const Eigen::DenseBase<Derived>& values) && {
    set_labels(values);
    return std::move(*this);
  }
  template <class Derived>
  Samples labels(const Eigen::DenseBase<Derived>& values) const& {
    return Samples(*this).labels(values);
  }

  // The lengths of the sequences that the rows form, one after another: positive, of sum n. Copied.
  // Throws InvalidArgument.
  Samples sequences(const std::vector<Index>& lengths) && {
    set_sequences(lengths);
    return std::move(*this);
  }
  Samples sequences(const std::vector<Index>& lengths) const& {
    return Samples(*this).sequences(lengths);
  }

  // Rows first ... first+count-1 as a source, with their weights and labels. The data are shared,
  // not copied. Throws InvalidArgument for a range outside 0 ... n, or one that cuts a sequence.
  Samples slice(Index first, Index count) const {
    detail::require(first >= 0 && count >= 0 && count <= rows_ - first,
                    "samples: a slice must lie within the ", rows_, " rows; got first = ", first,
                    ", count = ", count);
    Samples part = *this;
    part.data_ += first * row_stride_;
    part.rows_ = count;
    if (has_weights()) part.weights_ = Vector<double>(weights_.segment(first, count));
    if (has_labels()) part.labels_ = Labels(labels_.segment(first, count));
    if (has_sequences()) {
      const auto begin = std::lower_bound(starts_.begin(), starts_.end(), first);
      const auto end = std::lower_bound(begin, starts_.end(), first + count);
      detail::require(begin != starts_.end() && *begin == first && end != starts_.end() &&
                          *end == first + count,
                      "samples: a slice must not cut a sequence; got first = ", first,
                      ", count = ", count);
      part.starts_.assign(begin, end + 1);
      for (Index& start : part.starts_) start -= first;
    }
    return part;
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  bool has_weights() const { return weights_.size() > 0; }
  bool has_labels() const { return labels_.size() > 0; }
  bool has_sequences() const { return !starts_.empty(); }
  // The first row of each sequence, and n at the end; empty for a source without sequences.
  const std::vector<Index>& sequence_starts() const { return starts_; }
  const Vector<double>& weights() const { return weights_; }  // empty = all ones
  const Labels& labels() const { return labels_; }            // empty = all unknown
  double weight(Index row) const { return has_weights() ? weights_[row] : 1.0; }
  int label(Index row) const { return has_labels() ? labels_[row] : -1; }

  // Copies rows first ... first+count-1 into the top of `tile` (at least count x D), cast to T.
  template <class T>
  void read(Index first, Index count, RowMatrix<T>& tile) const {
    const S* from = data_ + first * row_stride_;
    if (column_stride_ == 1) {
      for (Index i = 0; i < count; ++i) {
        T* to = tile.data() + i * cols_;
        const S* row = from + i * row_stride_;
        for (Index j = 0; j < cols_; ++j) to[j] = static_cast<T>(row[j]);
      }
    } else {
      for (Index j = 0; j < cols_; ++j) {
        T* to = tile.data() + j;
        const S* column = from + j * column_stride_;
        for (Index i = 0; i < count; ++i) to[i * cols_] = static_cast<T>(column[i * row_stride_]);
      }
    }
  }

  S operator()(Index row, Index col) const {
    return data_[row * row_stride_ + col * column_stride_];
  }

  // A pointer to row i where the numbers of a row lie side by side, else nullptr.
  const S* contiguous_row(Index row) const {
    return column_stride_ == 1 ? data_ + row * row_stride_ : nullptr;
  }

 private:
  template <class Derived>
  void set_weights(const Eigen::DenseBase<Derived>& values) {
    const typename Derived::PlainObject given = values.derived();  // evaluated once
    detail::require(given.size() == rows_ && (given.cols() == 1 || given.rows() == 1),
                    "samples: there must be one weight a row; got ", given.rows(), " x ",
                    given.cols(), " weights for ", rows_, " rows");
    Vector<double> copy(rows_);
    for (Index i = 0; i < rows_; ++i)
      copy[i] = static_cast<double>(given.cols() == 1 ? given.coeff(i, 0) : given.coeff(0, i));
    double sum = 0.0;
    for (Index i = 0; i < rows_; ++i) {
      detail::require<DataError>(is_finite(copy[i]) && copy[i] >= 0.0,
                                 "samples: weights must be finite and not negative; got weights(",
                                 i, ") = ", copy[i]);
      sum += copy[i];
    }
    detail::require<DataError>(rows_ == 0 || (sum > 0.0 && is_finite(sum)),
                               "samples: weights must have a positive, finite sum; got ", sum);
    weights_ = std::move(copy);
  }

  template <class Derived>
  void set_labels(const Eigen::DenseBase<Derived>& values) {
    static_assert(std::is_integral_v<typename Derived::Scalar> &&
                      !std::is_same_v<typename Derived::Scalar, bool>,
                  "labels are integers; -1 = unknown");
    const typename Derived::PlainObject given = values.derived();  // evaluated once
    detail::require(given.size() == rows_ && (given.cols() == 1 || given.rows() == 1),
                    "samples: there must be one label a row; got ", given.rows(), " x ",
                    given.cols(), " labels for ", rows_, " rows");
    Labels copy(rows_);
    for (Index i = 0; i < rows_; ++i) {
      // Compared before it is narrowed: a wide integer must not wrap into a valid label.
      const auto label = given.cols() == 1 ? given.coeff(i, 0) : given.coeff(0, i);
      detail::require<DataError>(std::in_range<int>(label),
                                 "samples: labels must fit an int; got labels(", i, ") = ", label);
      copy[i] = static_cast<int>(label);
    }
    for (Index i = 0; i < rows_; ++i)
      detail::require<DataError>(copy[i] >= -1,
                                 "samples: labels must be -1 (unknown) or at least 0; got labels(",
                                 i, ") = ", copy[i]);
    labels_ = std::move(copy);
  }

  void set_sequences(const std::vector<Index>& lengths) {
    std::vector<Index> starts{0};
    starts.reserve(lengths.size() + 1);
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      detail::require(lengths[i] >= 1 && lengths[i] <= rows_ - starts.back(),
                      "samples: lengths of sequences must be positive and sum to the ", rows_,
                      " rows; got lengths[", i, "] = ", lengths[i], " after ", starts.back(),
                      " rows");
      starts.push_back(starts.back() + lengths[i]);
    }
    detail::require(starts.back() == rows_, "samples: lengths of sequences must sum to the ", rows_,
                    " rows; got ", starts.back());
    starts_ = std::move(starts);
  }

  std::shared_ptr<const RowMatrix<S>> owner_;  // empty for a view
  const S* data_ = nullptr;
  Index rows_ = 0;
  Index cols_ = 0;
  Index row_stride_ = 0;
  Index column_stride_ = 1;
  Vector<double> weights_;
  Labels labels_;
  std::vector<Index> starts_;
};

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

}  // namespace detail

// A source over the rows of x: a dense Eigen matrix, array, map, block or expression of float,
// double or integers.
template <class X>
requires std::is_base_of_v<Eigen::DenseBase<detail::Bare<X>>, detail::Bare<X>>
auto samples(X&& x) {
  using Plain = detail::Bare<X>;
  using Scalar = typename Plain::Scalar;
  using S = detail::SourceScalar<Plain>;
  static_assert(
      std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double> || std::is_integral_v<Scalar>,
      "samples: data must be float, double or integers");
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
  for (Index i = first; i < first + count; ++i) {
    if (const S* row = data.contiguous_row(i); row != nullptr && all_finite(row, data.cols()))
      continue;
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
