// Y Y' of the centred rows Y of dense data with fewer rows than columns, centred and packed on the
// way, and the axes that follow from its eigenvectors.
#pragma once

#include "latent/core/product.hpp"
#include "latent/decomposition/packed_products.hpp"

LATENT_BEGIN

namespace detail {

// Strips of columns of the centred rows, in units of 2^exponent, or of the standard deviation of
// each column. Rows must lie side by side (contiguous_row).
template <class S>
class ColumnStrips {
 public:
  static constexpr Index width = 64;

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

  // The moments of up to `width` columns, about their mean: three turns over numbers that stay in
  // the cache. False where they are not finite.
  bool measure(Index first, Index count) {
    double mean[width] = {};
    double low[width];
    double high[width];
    bool any = false;
    for (Index i = 0; i < data_.rows(); ++i) {
      const S* x = data_.contiguous_row(i) + first;
      if (!all_finite(x, count)) return false;
      const double share = data_.weight(i) / weight_;
      if (!(share > 0.0)) continue;
      for (Index j = 0; j < count; ++j) {
        const auto value = static_cast<double>(x[j]);
        mean[j] += share * value;
        low[j] = any && low[j] < value ? low[j] : value;
        high[j] = any && high[j] > value ? high[j] : value;
      }
      any = true;
    }
    double sum[width] = {};
    double squares[width] = {};
    for (Index j = 0; j < count; ++j) mean[j] = std::clamp(mean[j], low[j], high[j]);
    for (Index i = 0; i < data_.rows(); ++i) {
      const double w = data_.weight(i);
      if (!(w > 0.0)) continue;
      const S* x = data_.contiguous_row(i) + first;
      for (Index j = 0; j < count; ++j) {
        const double y = static_cast<double>(x[j]) * factor_ - mean[j] * factor_;
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

  // out[j] = sqrt(w) (x - mean) / unit of row i.
  void centre(Index i, Index first, Index count, double* out) const {
    if (!(root_[i] > 0.0)) {
      std::fill(out, out + count, 0.0);
      return;
    }
    const S* x = data_.contiguous_row(i) + first;
    for (Index j = 0; j < count; ++j)
      out[j] = root_[i] * (static_cast<double>(x[j]) * factor_ -
                           products_.shift[first + j] * factor_ - products_.offset[first + j]);
    if (!standardize_) return;
    for (Index j = 0; j < count; ++j) {
      const double spread = std::sqrt(products_.squares[first + j] / (weight_ - 1.0));
      out[j] = spread > 0.0 ? out[j] / spread : 0.0;
    }
  }

 private:
  const Samples<S>& data_;
  double factor_;
  bool standardize_;
  double weight_ = 0.0;
  Vector<double> root_;  // n, of the weights
  CrossProducts products_;
};

// Measures the columns and sums Y Y', n x n. False where numbers are not finite or do not fit the
// units.
template <class T, class S, class Team>
bool row_products(const Samples<S>& data, ColumnStrips<S>& strips, Team& team) {
  constexpr Index rows = panel_rows<T>;
  constexpr Index width = ColumnStrips<S>::width;
  constexpr Index piece = 8 * width;
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
      double y[static_cast<std::size_t>(rows * width)];
      for (Index p = 0; p < packed.panels(); ++p) {
        const Index height = std::min(rows, n - p * rows);
        for (Index i = 0; i < height; ++i)
          strips.centre(p * rows + i, begin + at, wide, y + i * width);
        T* to = packed.panel(p) + at * rows;
        for (Index t = 0; t < wide; ++t)
          for (Index i = 0; i < height; ++i) to[t * rows + i] = static_cast<T>(y[i * width + t]);
      }
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
  constexpr Index width = 2 * ColumnStrips<S>::width;
  const Index n = data.rows();
  RowMatrix<double> axes = RowMatrix<double>::Zero(count, data.cols());
  team.for_each_lane((data.cols() + width - 1) / width, [&](Index lane) {
    const Index first = lane * width;
    const Index wide = std::min(width, data.cols() - first);
    RowMatrix<double> y(n, wide);
    for (Index i = 0; i < n; ++i) strips.centre(i, first, wide, &y(i, 0));
    Eigen::Block<RowMatrix<double>> target(axes, 0, first, weights.rows(), wide);
    add_product(weights, y, target);
  });
  return axes;
}

}  // namespace detail

LATENT_END
