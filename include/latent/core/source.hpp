// A source: rows of data with their weights and labels, handed to kernels tile by tile.
//
//   samples(x)                          a source over x (n x D, rows are samples)
//   samples(x).weights(w).labels(y)     w: n non-negative numbers; y: n labels, -1 = unknown
//
// Lvalue matrices, Map and Ref are viewed: they must outlive the source and stay unchanged. Every
// other rvalue (a temporary matrix, a block, an expression) is owned. Weights and labels are
// copied. Integers become double.
#pragma once

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// What a model sees: up to 256 rows, contiguous and aligned, with their weights (1 where the source
// has none) and labels (-1 where the source has none). `first_row` is the index of the first of
// them in the source.
template <class S>
struct Block {
  Eigen::Ref<const RowMatrix<S>> x;          // n x D
  Eigen::Ref<const Vector<double>> weights;  // n
  Eigen::Ref<const Labels> labels;           // n
  Index first_row = 0;
};

// Rows of S = float or double. Cheap to pass by reference; copying copies what it owns.
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
      : owned_{std::move(owned)}, owns_{true}, rows_{owned_.rows()}, cols_{owned_.cols()} {
    attach();
  }

  Samples(const Samples& other) = default;
  Samples(Samples&& other) noexcept = default;
  Samples& operator=(const Samples& other) = default;
  Samples& operator=(Samples&& other) noexcept = default;
  ~Samples() = default;

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

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  bool has_weights() const { return weights_.size() > 0; }
  bool has_labels() const { return labels_.size() > 0; }
  const Vector<double>& weights() const { return weights_; }  // empty = all ones
  const Labels& labels() const { return labels_; }            // empty = all unknown
  double weight(Index row) const { return has_weights() ? weights_[row] : 1.0; }
  int label(Index row) const { return has_labels() ? labels_[row] : -1; }

  // Copies rows first ... first+count-1 into the top of `tile` (at least count x D), cast to T.
  template <class T>
  void read(Index first, Index count, RowMatrix<T>& tile) const {
    const S* from = data() + first * row_stride_;
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
    return data()[row * row_stride_ + col * column_stride_];
  }

  // A pointer to row i where the numbers of a row lie side by side, else nullptr.
  const S* contiguous_row(Index row) const {
    return column_stride_ == 1 ? data() + row * row_stride_ : nullptr;
  }

 private:
  const S* data() const { return owns_ ? owned_.data() : data_; }
  void attach() {
    row_stride_ = cols_;
    column_stride_ = 1;
  }

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

  RowMatrix<S> owned_;
  bool owns_ = false;
  const S* data_ = nullptr;
  Index rows_ = 0;
  Index cols_ = 0;
  Index row_stride_ = 0;
  Index column_stride_ = 1;
  Vector<double> weights_;
  Labels labels_;
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

// The same where NaN stands for a number that is missing: only infinities are refused.
template <class S>
void check_not_infinite(const Samples<S>& data, Index first, Index count, std::string_view who) {
  for (Index i = first; i < first + count; ++i)
    for (Index j = 0; j < data.cols(); ++j) {
      const S value = data(i, j);
      if (!is_finite(value) && !is_nan(value)) [[unlikely]]
        fail<DataError>(who, ": data must be finite, or NaN where missing; got ",
                        value < 0 ? "-inf" : "inf", " at row ", i, ", column ", j);
    }
}

// The tiles of one lane: f(first_row, rows).
template <class F>
void for_each_tile(Index rows, Index lane, F&& f) {
  const Index end = std::min(rows, (lane + 1) * lane_rows);
  for (Index first = lane * lane_rows; first < end; first += tile_rows)
    f(first, std::min(tile_rows, end - first));
}

// Hands out the blocks of a lane as a model of scalar T sees them. One buffer a lane.
template <class T, class S>
class BlockReader {
 public:
  explicit BlockReader(const Samples<S>& data)
      : data_{data},
        tile_(std::min(tile_rows, data.rows()), data.cols()),
        weights_(Vector<double>::Ones(tile_.rows())),
        labels_(Labels::Constant(tile_.rows(), -1)) {}

  Block<T> read(Index first, Index count) {
    data_.read(first, count, tile_);
    if (data_.has_weights()) weights_.head(count) = data_.weights().segment(first, count);
    if (data_.has_labels()) labels_.head(count) = data_.labels().segment(first, count);
    return {tile_.topRows(count), weights_.head(count), labels_.head(count), first};
  }

 private:
  const Samples<S>& data_;
  RowMatrix<T> tile_;
  Vector<double> weights_;
  Labels labels_;
};

// Calls f(block) for each block of a lane.
template <class T, class S, class F>
void for_each_block(const Samples<S>& data, Index lane, F&& f) {
  BlockReader<T, S> reader{data};
  for_each_tile(data.rows(), lane, [&](Index first, Index count) { f(reader.read(first, count)); });
}

// The sum of the weights, merged like every other statistic.
template <class S, class Team>
double total_weight(const Samples<S>& data, Team& team) {
  if (!data.has_weights()) return static_cast<double>(data.rows());
  return team.reduce(
      lanes_of(data.rows()), [] { return 0.0; },
      [&](Index lane, double& sum) {
        for_each_tile(data.rows(), lane, [&](Index first, Index count) {
          for (Index i = first; i < first + count; ++i) sum += data.weights()[i];
        });
      });
}

}  // namespace detail

LATENT_END
