// Y Y' of the centred rows Y of dense data with fewer rows than columns, centred and packed on the
// way, and the axes that follow from its eigenvectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "latent/core/pool.hpp"
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
  static constexpr std::size_t most_looked_at = 8;
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
    looked_at_ = rows_to_look_at(data, most_looked_at);
    std::size_t few = most_looked_at;
    while (few > looked_at_.size()) few /= 2;
    looked_at_.resize(few);
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

  // The moments of up to `width` columns: turns over numbers that stay in the cache. False where
  // they are not finite.
  bool measure(Index first, Index count) {
    double* shift = products_.shift.data() + first;
    first_guess(first, count, shift);
    if (!sums_about(shift, first, count)) return false;
    // A guess far from the mean costs digits; the mean that came of it does not.
    bool near = true;
    for (Index j = first; j < first + count; ++j) {
      const double offset = products_.offset[j];
      if (!(weight_ * offset * offset > 16.0 * products_.squares[j])) continue;
      products_.shift[j] += offset / factor_;
      near = false;
    }
    return near || sums_about(shift, first, count);
  }

  // The centred numbers of a strip: out = sqrt(w) (x - mean) / unit of a row.
  class Centred {
   public:
    static constexpr Index width = ColumnStrips::width;

    Centred(const ColumnStrips& strips, Index first, Index count)
        : strips_{strips}, first_{first}, count_{count} {
      std::fill(unit_, unit_ + width, 1.0);
      const CrossProducts& moments = strips.products_;
      for (Index j = 0; j < count; ++j) {
        origin_[j] = moments.shift[first + j] * strips.factor_;
        offset_[j] = moments.offset[first + j];  // apart: far from the origin the sum would round
        if (!strips.standardize_) continue;
        const double spread = std::sqrt(moments.squares[first + j] / (strips.weight_ - 1.0));
        unit_[j] = spread > 0.0 ? spread : std::numeric_limits<double>::infinity();
      }
    }

    // Fills whole vectors: up to lanes - 1 numbers beyond the last are written, which are 0.
    template <class T>
    void row(Index i, T* out) const {
      part(i, 0, count_, out);
    }

    // Numbers first ... first + count - 1 of the strip alone; those beyond its last are 0.
    template <class T>
    void part(Index i, Index first, Index count, T* out) const {
      const double root = strips_.root_[i];
      const double factor = strips_.factor_;
      if (!(root > 0.0)) {
        std::fill(out, out + (count + lanes - 1) / lanes * lanes, T(0));
        return;
      }
      const S* x = strips_.data_.contiguous_row(i) + first_;
      const Index end = std::min(first + count, count_);
      for (Index j = first; j < end; j += lanes) {
        const Numbers numbers =
            j + lanes <= count_ ? load_doubles(x + j) : load_few(x + j, end - j);
        Numbers y = (numbers * factor - load(origin_ + j) - load(offset_ + j)) * root;
        if (strips_.standardize_) y /= load(unit_ + j);
        store_doubles(out + (j - first), y);
      }
      for (Index j = std::max(end - first, Index{0}); j < count; ++j) out[j] = T(0);
    }

   private:
    const ColumnStrips& strips_;
    Index first_;
    Index count_;
    double origin_[static_cast<std::size_t>(width)] = {};
    double offset_[static_cast<std::size_t>(width)] = {};
    double unit_[static_cast<std::size_t>(width)];
  };

 private:
  using Numbers = typename VectorOf<double>::Type;
  static constexpr Index lanes = vector_lanes<double>;
  static_assert(width % lanes == 0);
  static constexpr std::size_t some = 4;

  // Fewer than a vector has lanes; 0 beyond them.
  static Numbers load_few(const S* from, Index count) {
    S rest[static_cast<std::size_t>(lanes)] = {};
    std::copy(from, from + count, rest);
    return load_doubles(rest);
  }

  // The mean of a few rows. Of a constant column it is that constant: a power of two of rows, added
  // in pairs, rounds nowhere.
  void first_guess(Index first, Index count, double* shift) const {
    const auto rows = static_cast<std::ptrdiff_t>(looked_at_.size());
    for (Index j = 0; j < count; ++j) {
      double value[most_looked_at];
      for (std::ptrdiff_t i = 0; i < rows; ++i)
        value[i] = static_cast<double>(
            data_.contiguous_row(looked_at_[static_cast<std::size_t>(i)])[first + j]);
      for (std::ptrdiff_t step = 1; step < rows; step *= 2)
        for (std::ptrdiff_t i = 0; i < rows; i += 2 * step) value[i] += value[i + step];
      shift[j] = value[0] / static_cast<double>(rows);
    }
  }

  // offset and squares of a strip, from sums about the shift.
  bool sums_about(const double* shift, Index first, Index count) {
    double origin[static_cast<std::size_t>(width)] = {};
    double sum[static_cast<std::size_t>(width)] = {};
    double squares[static_cast<std::size_t>(width)] = {};
    double sizes[static_cast<std::size_t>(width)] = {};
    for (Index j = 0; j < count; ++j) origin[j] = shift[j] * factor_;
    const double factor = factor_;
    for (Index i = 0; i < data_.rows();) {
      // Some rows together: the sums are fetched and put back once for all of them.
      const S* rows[some] = {};
      double w[some] = {};
      std::size_t number = 0;
      for (; i < data_.rows() && number < some; ++i) {
        fetch(i + ahead, first, count);
        rows[number] = data_.contiguous_row(i) + first;
        w[number] = data_.weight(i);
        if (w[number] > 0.0)
          ++number;
        else if (!all_finite(rows[number], count))
          return false;
      }
      if (number == 0) break;
      for (std::size_t r = number; r < some; ++r) {
        rows[r] = rows[0];
        w[r] = 0.0;
      }
      const auto add = [&](Index j, const Numbers(&x)[some]) {
        const Numbers from = load(origin + j);
        Numbers s = load(sum + j);
        Numbers q = load(squares + j);
        Numbers a = load(sizes + j);
#pragma GCC unroll 4
        for (std::size_t r = 0; r < some; ++r) {
          const Numbers y = x[r] * factor - from;
          const Numbers weighted = y * w[r];
          s += weighted;
          q += weighted * y;
          a += weighted < 0.0 ? -weighted : weighted;
        }
        store(sum + j, s);
        store(squares + j, q);
        store(sizes + j, a);
      };
      Index j = 0;
      Numbers x[some];
      for (; j + lanes <= count; j += lanes) {
#pragma GCC unroll 4
        for (std::size_t r = 0; r < some; ++r) x[r] = load_doubles(rows[r] + j);
        add(j, x);
      }
      if (j < count) {
        for (std::size_t r = 0; r < some; ++r) x[r] = load_few(rows[r] + j, count - j);
        add(j, x);
      }
    }
    for (Index j = 0; j < count; ++j) {
      const double offset = sum[j] / weight_;
      products_.offset[first + j] = offset;
      products_.squares[first + j] = std::max(squares[j] - sum[j] * offset, 0.0);
      // Squares may have been lost to underflow.
      if (sizes[j] > 0.0 && squares[j] < smallest_packed_square) return false;
    }
    return all_finite(squares, count);
  }

  const Samples<S>& data_;
  double factor_;
  bool standardize_;
  double weight_ = 0.0;
  Vector<double> root_;  // n, of the weights
  std::vector<Index> looked_at_;
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

// count x D: the first rows are weights (given x n) times the centred rows, the rest 0. T is the
// scalar of the products.
template <class T, class S, class Team>
RowMatrix<double> axes_of_strips(const Samples<S>& data, const ColumnStrips<S>& strips,
                                 const RowMatrix<double>& weights, Index count, Team& team) {
  constexpr Index columns = panel_rows<T>;
  constexpr Index width = ColumnStrips<S>::width / columns * columns;
  constexpr Index panels = width / columns;
  constexpr Index deep = 128;
  const Index n = data.rows();
  const Index given = weights.rows();
  const Index padded = (given + panel_step - 1) / panel_step * panel_step;
  RowMatrix<T> turned = RowMatrix<T>::Zero(n, padded);
  turned.leftCols(given) = weights.transpose().template cast<T>();
  RowMatrix<double> axes = RowMatrix<double>::Zero(count, data.cols());
  struct Strip {
    Panels<T> y;
    RowMatrix<double> sums;
  };
  Pool<Strip> buffers;
  team.for_each_lane((data.cols() + width - 1) / width, [&](Index lane) {
    const Index first = lane * width;
    const Index wide = std::min(width, data.cols() - first);
    const typename ColumnStrips<S>::Centred centred(strips, first, wide);
    const auto fill = [&](Strip& strip) {
      for (Index i = 0; i < n; ++i) {
        strips.fetch(i + ColumnStrips<S>::ahead, first, wide);
        for (Index p = 0; p < panels; ++p)
          centred.part(i, p * columns, columns, strip.y.panel(p) + i * columns);
      }
      strip.sums.setZero();
      for (Index p = 0; p < panels; ++p)
        for (Index t = 0; t < n; t += deep)
          for (Index r = 0; r < padded; r += panel_step)
            add_panel_product<panel_step>(strip.y.panel(p) + t * columns, &turned(t, r), padded,
                                          std::min(deep, n - t), &strip.sums(r, p * columns),
                                          width);
      axes.block(0, first, given, wide) = strip.sums.topLeftCorner(given, wide);
    };
    buffers.borrow(
        [&] {
          return std::make_unique<Strip>(Strip{Panels<T>(width, n), {padded, width}});
        },
        fill);
  });
  return axes;
}

}  // namespace detail

LATENT_END
