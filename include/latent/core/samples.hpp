// Samples: the rows of dense or sparse data with what belongs to each. source.hpp makes them.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/source_parts.hpp"
#include "latent/core/sparse_rows.hpp"
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

  explicit Samples(detail::SparseRows<S> rows)
      : sparse_{std::make_shared<const detail::SparseRows<S>>(std::move(rows))},
        rows_{static_cast<Index>(sparse_->rows.size())},
        cols_{sparse_->cols} {}

  // One weight a row: a frequency, finite and not negative, with a positive sum. Copied.
  // Throws InvalidArgument (size) and DataError (values).
  template <class Derived>
  Samples weights(const Eigen::DenseBase<Derived>& values) && {
    weights_ = detail::checked_weights(values, rows_);
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
    labels_ = detail::checked_labels(values, rows_);
    return std::move(*this);
  }
  template <class Derived>
  Samples labels(const Eigen::DenseBase<Derived>& values) const& {
    return Samples(*this).labels(values);
  }

  // The lengths of the sequences that the rows form, one after another: positive, of sum n. Copied.
  // Throws InvalidArgument.
  Samples sequences(const std::vector<Index>& lengths) && {
    starts_ = detail::checked_starts(lengths, rows_);
    return std::move(*this);
  }
  Samples sequences(const std::vector<Index>& lengths) const& {
    return Samples(*this).sequences(lengths);
  }

  // A source whose numbers are x(i, j) times a factor of the column, or of the row, computed in
  // double and rounded once to S wherever they are read: the data are not copied. Repeated factors
  // multiply. Throws InvalidArgument (size) and DataError (not finite).
  Samples scale_columns(const Vector<double>& factors) const {
    Samples source = *this;
    source.column_factors_ = detail::checked_factors(factors, column_factors_, cols_, "column");
    return source;
  }
  Samples scale_rows(const Vector<double>& factors) const {
    Samples source = *this;
    source.row_factors_ = detail::checked_factors(factors, row_factors_, rows_, "row");
    if (!scaled()) source.column_factors_ = Vector<double>::Ones(cols_);
    return source;
  }

  // Rows first ... first+count-1 as a source, with their weights and labels. The data are shared,
  // not copied. Throws InvalidArgument for a range outside 0 ... n, or one that cuts a sequence.
  Samples slice(Index first, Index count) const {
    detail::require(first >= 0 && count >= 0 && count <= rows_ - first,
                    "samples: a slice must lie within the ", rows_, " rows; got first = ", first,
                    ", count = ", count);
    Samples part = *this;
    part.data_ += first * row_stride_;
    part.first_ += first;
    part.rows_ = count;
    if (row_factors_.size() > 0)
      part.row_factors_ = Vector<double>(row_factors_.segment(first, count));
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
    if (sparse())
      read_sparse(first, count, tile);
    else if (scaled())
      read_dense(first, count, tile,
                 [&](S x, Index i, Index j) { return scaled_value(x, first + i, j); });
    else
      read_dense(first, count, tile, [](S x, Index, Index) { return x; });
  }

  S operator()(Index row, Index col) const {
    const S x = sparse() ? stored_value(row, col) : data_[row * row_stride_ + col * column_stride_];
    return scaled() ? scaled_value(x, row, col) : x;
  }

  // A pointer to row i where its numbers lie side by side as they are, else nullptr: those of a
  // sparse or scaled source do not.
  const S* contiguous_row(Index row) const {
    return column_stride_ == 1 && data_ != nullptr && !scaled() ? data_ + row * row_stride_
                                                                : nullptr;
  }

  // True for a source over a sparse matrix. Its rows can be read like any others; who gains by it
  // asks for sparse_row.
  bool sparse() const { return sparse_ != nullptr; }
  // True if a factor multiplies columns or rows.
  bool scaled() const { return column_factors_.size() > 0; }

  // The number of entries that a sparse source stores. O(n).
  Index stored_entries() const {
    Index sum = 0;
    for (Index i = first_; i < first_ + rows_; ++i)
      sum += sparse_->rows[static_cast<std::size_t>(i)].count;
    return sum;
  }

  // The stored entries of row i of a sparse source. The values of a scaled source are written to
  // `buffer`, to which the answer then points.
  SparseRow<S> sparse_row(Index row, std::vector<S>& buffer) const {
    SparseRow<S> stored = sparse_->rows[static_cast<std::size_t>(first_ + row)];
    if (!scaled()) return stored;
    buffer.resize(static_cast<std::size_t>(stored.count));
    for (Index p = 0; p < stored.count; ++p)
      buffer[static_cast<std::size_t>(p)] = scaled_value(stored.values[p], row, stored.indices[p]);
    stored.values = buffer.data();
    return stored;
  }

  // The numbers of row i, but for the zeros that a sparse source does not store; through `buffer`
  // where they do not lie side by side.
  std::span<const S> row_values(Index row, std::vector<S>& buffer) const {
    if (const S* numbers = contiguous_row(row); numbers != nullptr)
      return {numbers, static_cast<std::size_t>(cols_)};
    if (sparse()) {
      const SparseRow<S> stored = sparse_row(row, buffer);
      return {stored.values, static_cast<std::size_t>(stored.count)};
    }
    buffer.resize(static_cast<std::size_t>(cols_));
    const S* from = data_ + row * row_stride_;
    for (Index j = 0; j < cols_; ++j) {
      const S x = from[j * column_stride_];
      buffer[static_cast<std::size_t>(j)] = scaled() ? scaled_value(x, row, j) : x;
    }
    return buffer;
  }

 private:
  // x times the factors of its place, rounded once to S.
  S scaled_value(S x, Index row, Index col) const {
    const double of_row = row_factors_.size() > 0 ? row_factors_[row] : 1.0;
    return static_cast<S>(static_cast<double>(x) * column_factors_[col] * of_row);
  }

  S stored_value(Index row, Index col) const {
    const SparseRow<S>& stored = sparse_->rows[static_cast<std::size_t>(first_ + row)];
    const int* end = stored.indices + stored.count;
    const int* found = std::lower_bound(stored.indices, end, col);
    return found != end && *found == col ? stored.values[found - stored.indices] : S(0);
  }

  template <class T>
  void read_sparse(Index first, Index count, RowMatrix<T>& tile) const {
    std::fill(tile.data(), tile.data() + count * cols_, T(0));
    std::vector<S> buffer;
    for (Index i = 0; i < count; ++i) {
      const SparseRow<S> stored = sparse_row(first + i, buffer);
      T* to = tile.data() + i * cols_;
      for (Index p = 0; p < stored.count; ++p)
        to[stored.indices[p]] = static_cast<T>(stored.values[p]);
    }
  }

  // number(x, i, j) is what becomes of the number x of row first + i.
  template <class T, class F>
  void read_dense(Index first, Index count, RowMatrix<T>& tile, const F& number) const {
    const S* from = data_ + first * row_stride_;
    if (column_stride_ == 1) {
      for (Index i = 0; i < count; ++i) {
        T* to = tile.data() + i * cols_;
        const S* row = from + i * row_stride_;
        for (Index j = 0; j < cols_; ++j) to[j] = static_cast<T>(number(row[j], i, j));
      }
    } else {
      for (Index j = 0; j < cols_; ++j) {
        T* to = tile.data() + j;
        const S* column = from + j * column_stride_;
        for (Index i = 0; i < count; ++i)
          to[i * cols_] = static_cast<T>(number(column[i * row_stride_], i, j));
      }
    }
  }

  std::shared_ptr<const RowMatrix<S>> owner_;            // empty for a view
  std::shared_ptr<const detail::SparseRows<S>> sparse_;  // empty for a dense source
  const S* data_ = nullptr;
  Index rows_ = 0;
  Index cols_ = 0;
  Index row_stride_ = 0;
  Index column_stride_ = 1;
  Index first_ = 0;                // the row of sparse_ with which the source begins
  Vector<double> column_factors_;  // empty where nothing is scaled, ones where only rows are
  Vector<double> row_factors_;     // empty = ones
  Vector<double> weights_;
  Labels labels_;
  std::vector<Index> starts_;
};

LATENT_END
