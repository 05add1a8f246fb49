// Y Y' of the centred rows Y of dense data with fewer rows than columns, centred and packed on the
// way, and the axes that follow from its eigenvectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "latent/core/product.hpp"
#include "latent/decomposition/packed_products.hpp"

LATENT_BEGIN

namespace detail {

// Strips of columns of the centred rows, in units of 2^exponent, or of the standard deviation of
// each column. Rows must lie side by side (contiguous_row).
template <class S>
class ColumnStrips {
 public:
  // Long enough runs of a row that memory gives them at its full rate.
  static constexpr Index width = 1024 / static_cast<Index>(sizeof(S));
  static constexpr Index ahead = 8;  // rows lie far apart: the processor does not foresee the next

  ColumnStrips(const Samples<S>& data, int exponent, bool standardize)
      : data_{data},
        factor_{std::ldexp(1.0, -exponent)},
        standardize_{standardize},
        root_(data.rows()) {
    for (Index i = 0; i < data.rows(); ++i) {
      weight_ += data.weight(i);
      root_[i] = std::sqrt(data.weight(i));
    }
    products_.exponent = exponent;
    products_.weight = weight_;
    products_.shift.resize(data.cols());
    products_.offset.resize(data.cols());
    products_.squares.resize(data.cols());
  }

  CrossProducts& products() { return products_; }

  // Row i, if there is one, will be read soon.
  void fetch(Index i, Index first, Index count) const {
    constexpr Index line = 64 / static_cast<Index>(sizeof(S));
    if (i >= data_.rows()) return;
    const S* x = data_.contiguous_row(i) + first;
    for (Index j = 0; j < count; j += line) prefetch(x + j);
  }

  // The moments of up to `width` columns, about their mean: turns over numbers that stay in the
  // cache. False where they are not finite.
  bool measure(Index first, Index count) {
    constexpr auto length = static_cast<std::size_t>(width);
    double mean[length] = {};
    double low[length];
    double high[length];
    std::fill(low, low + width, std::numeric_limits<double>::infinity());
    std::fill(high, high + width, -std::numeric_limits<double>::infinity());
    for (Index i = 0; i < data_.rows(); ++i) {
      const S* x = data_.contiguous_row(i) + first;
      fetch(i + ahead, first, count);
      if (!all_finite(x, count)) return false;
      const double share = data_.weight(i) / weight_;
      if (!(share > 0.0)) continue;
      for (Index j = 0; j < count; ++j) {
        const auto value = static_cast<double>(x[j]);
        mean[j] += share * value;
        low[j] = low[j] < value ? low[j] : value;
        high[j] = high[j] > value ? high[j] : value;
      }
    }
    double sum[length] = {};
    double squares[length] = {};
    double origin[length];
    for (Index j = 0; j < count; ++j) {
      mean[j] = std::clamp(mean[j], low[j], high[j]);
      origin[j] = mean[j] * factor_;
    }
    for (Index i = 0; i < data_.rows(); ++i) {
      const double w = data_.weight(i);
      if (!(w > 0.0)) continue;
      const S* x = data_.contiguous_row(i) + first;
      for (Index j = 0; j < count; ++j) {
        const double y = static_cast<double>(x[j]) * factor_ - origin[j];
        sum[j] += w * y;
        squares[j] += w * y * y;
      }
    }
    for (Index j = 0; j < count; ++j) {
      const double offset = sum[j] / weight_;
      products_.shift[first + j] = mean[j];
      products_.offset[first + j] = offset;
      products_.squares[first + j] = std::max(squares[j] - sum[j] * offset, 0.0);
      if (low[j] < high[j] && squares[j] < smallest_packed_square) return false;
    }
    return all_finite(squares, count);
  }

  // The centred numbers of a strip: out = sqrt(w) (x - mean) / unit of a row.
  class Centred {
   public:
    static constexpr Index width = ColumnStrips::width;

    Centred(const ColumnStrips& strips, Index first, Index count)
        : strips_{strips}, first_{first}, count_{count} {
      const CrossProducts& moments = strips.products_;
      for (Index j = 0; j < count; ++j) {
        origin_[j] = moments.shift[first + j] * strips.factor_;
        offset_[j] = moments.offset[first + j];  // apart: far from the origin the sum would round
        if (!strips.standardize_) continue;
        const double spread = std::sqrt(moments.squares[first + j] / (strips.weight_ - 1.0));
        unit_[j] = spread > 0.0 ? spread : std::numeric_limits<double>::infinity();
      }
    }

    template <class T>
    void row(Index i, T* out) const {
      const double root = strips_.root_[i];
      if (!(root > 0.0)) {
        std::fill(out, out + count_, T(0));
        return;
      }
      const S* x = strips_.data_.contiguous_row(i) + first_;
      const double factor = strips_.factor_;
      const auto centred = [&](Index j) {
        return root * (static_cast<double>(x[j]) * factor - origin_[j] - offset_[j]);
      };
      if (strips_.standardize_)
        for (Index j = 0; j < count_; ++j) out[j] = static_cast<T>(centred(j) / unit_[j]);
      else
        for (Index j = 0; j < count_; ++j) out[j] = static_cast<T>(centred(j));
    }

   private:
    const ColumnStrips& strips_;
    Index first_;
    Index count_;
    double origin_[static_cast<std::size_t>(width)];
    double offset_[static_cast<std::size_t>(width)];
    double unit_[static_cast<std::size_t>(width)];
  };

 private:
  const Samples<S>& data_;
  double factor_;
  bool standardize_;
  double weight_ = 0.0;
  Vector<double> root_;  // n, of the weights
  CrossProducts products_;
};

// A strip of up to `width` columns of some rows, turned: out[column][row of the panel], 0 beyond the
// last row.
template <class T, class Centred>
void pack_panel(const Centred& centred, Index first, Index count, Index columns, T* out) {
  using V = typename VectorOf<T>::Type;
  constexpr Index rows = panel_rows<T>;
  constexpr Index lanes = vector_lanes<T>;
  constexpr Index width = Centred::width;
  static_assert(rows % lanes == 0 && width % lanes == 0);
  T y[static_cast<std::size_t>(lanes * width)] = {};
  for (Index v = 0; v < rows; v += lanes) {
    for (Index i = 0; i < lanes; ++i) {
      if (v + i < count)
        centred.row(first + v + i, y + i * width);
      else
        std::fill(y + i * width, y + i * width + columns, T(0));
    }
    for (Index t = 0; t < columns; t += lanes) {
      V square[static_cast<std::size_t>(lanes)];
#pragma GCC unroll 16
      for (Index i = 0; i < lanes; ++i) square[i] = load(y + i * width + t);
      transpose<T>(square);
#pragma GCC unroll 16
      for (Index i = 0; i < lanes; ++i)
        if (t + i < columns) store(out + (t + i) * rows + v, square[i]);
    }
  }
}

// Measures the columns and sums Y Y', n x n. False where numbers are not finite or do not fit the
// units.
template <class T, class S, class Team>
bool row_products(const Samples<S>& data, ColumnStrips<S>& strips, Team& team) {
  constexpr Index rows = panel_rows<T>;
  constexpr Index width = ColumnStrips<S>::width;
  constexpr Index piece = 2 * width;
  const Index n = data.rows();
  const Index D = data.cols();
  Panels<T> packed(n, std::min(piece, D) + 8);
  GramSum<T> gram(n);
  for (Index begin = 0; begin < D; begin += piece) {
    const Index columns = std::min(piece, D - begin);
    const Index count = (columns + width - 1) / width;
    std::vector<char> finite(static_cast<std::size_t>(count), 1);
    team.for_each_lane(count, [&](Index k) {
      const Index at = k * width;
      const Index wide = std::min(width, columns - at);
      finite[static_cast<std::size_t>(k)] = strips.measure(begin + at, wide);
      if (finite[static_cast<std::size_t>(k)] == 0) return;
      const typename ColumnStrips<S>::Centred centred(strips, begin + at, wide);
      for (Index p = 0; p < packed.panels(); ++p)
        pack_panel(centred, p * rows, std::min(rows, n - p * rows), wide,
                   packed.panel(p) + at * rows);
    });
    if (std::find(finite.begin(), finite.end(), 0) != finite.end()) return false;
    gram.add(packed, columns, team);
  }
  strips.products().gram = std::move(gram.sum);
  const double squares = strips.products().squares.sum();
  return is_finite(squares) && squares > 0.0;
}

// count x D: the first rows are weights (given x n) times the centred rows, the rest 0.
template <class S, class Team>
RowMatrix<double> axes_of_strips(const Samples<S>& data, const ColumnStrips<S>& strips,
                                 const RowMatrix<double>& weights, Index count, Team& team) {
  constexpr Index width = ColumnStrips<S>::width;
  const Index n = data.rows();
  RowMatrix<double> axes = RowMatrix<double>::Zero(count, data.cols());
  team.for_each_lane((data.cols() + width - 1) / width, [&](Index lane) {
    const Index first = lane * width;
    const Index wide = std::min(width, data.cols() - first);
    const typename ColumnStrips<S>::Centred centred(strips, first, wide);
    RowMatrix<double> y(n, wide);
    for (Index i = 0; i < n; ++i) {
      strips.fetch(i + ColumnStrips<S>::ahead, first, wide);
      centred.row(i, &y(i, 0));
    }
    Eigen::Block<RowMatrix<double>> target(axes, 0, first, weights.rows(), wide);
    add_product(weights, y, target);
  });
  return axes;
}

}  // namespace detail

LATENT_END
