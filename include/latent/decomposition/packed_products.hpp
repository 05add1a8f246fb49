// Y'Y and Y Y' of the centred rows Y of dense data, centred and packed on the way: the data are read
// once, in any number of pieces, and nothing of their size is kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "latent/decomposition/gram_kernel.hpp"
#include "latent/stats/column_moments.hpp"

LATENT_BEGIN

namespace detail {

// In units of 2^exponent, which serve all columns; y = (x - shift) 2^-exponent.
struct CrossProducts {
  int exponent = 0;
  double weight = 0.0;     // sum w
  Vector<double> shift;    // D
  Vector<double> offset;   // D, mean of y
  Vector<double> squares;  // D, sum w (y - offset)^2
  RowMatrix<double> gram;  // about the mean, lower triangle; D x D or n x n, and padding

  Vector<double> mean() const {
    Vector<double> values(shift.size());
    for (Index j = 0; j < shift.size(); ++j) values[j] = shift[j] + std::ldexp(offset[j], exponent);
    return values;
  }
  double deviation(Index j) const {
    return std::ldexp(std::sqrt(squares[j] / (weight - 1.0)), exponent);
  }
};

// A column whose squares sum to less may have lost them to underflow.
inline constexpr double smallest_packed_square = 1e-250;

// Some rows that count, spread over the data, of which to take a first look.
template <class S>
std::vector<Index> rows_to_look_at(const Samples<S>& data, Index most) {
  const Index step = std::max<Index>(data.rows() / most, 1);
  std::vector<Index> rows;
  for (Index i = 0; i < data.rows() && static_cast<Index>(rows.size()) < most; i += step)
    if (data.weight(i) > 0.0) rows.push_back(i);
  return rows;
}

// The mean and the range of those rows; no rows if some are not finite.
template <class S>
ColumnScan first_look(const Samples<S>& data, Index most) {
  const std::vector<Index> chosen = rows_to_look_at(data, most);
  ColumnScan scan(data.cols());
  double total = 0.0;
  for (const Index i : chosen) total += data.weight(i);
  RowMatrix<double> row(1, data.cols());
  for (const Index i : chosen) {
    data.read(i, 1, row);
    if (!all_finite(row.data(), row.size())) return ColumnScan(data.cols());
    scan.add(row.data(), data.weight(i) / total);
  }
  return scan;
}

// The exponent of the widest range; nothing if no column varies.
inline std::optional<int> widest_exponent(const ColumnScan& scan) {
  double widest = 0.0;
  for (Index j = 0; j < scan.mean.size(); ++j)
    widest = std::max(widest, 0.5 * scan.high[j] - 0.5 * scan.low[j]);
  if (scan.rows == 0.0 || !(widest > 0.0) || !is_finite(widest)) return std::nullopt;
  return exponent_above(widest);
}

// Packs rows first ... first + count - 1 as columns of panels of columns, and adds up sum w y.
template <class T, class S>
class RowPacker {
 public:
  RowPacker(const Samples<S>& data, const Vector<double>& shift, int exponent)
      : data_{data}, factor_{std::ldexp(1.0, -exponent)} {
    const Index padded = panels_of<T>(data.cols()) * panel_rows<T>;
    origin_ = Vector<double>::Zero(padded);
    origin_.head(data.cols()) = shift * factor_;
  }

  Index padded() const { return origin_.size(); }

  // at: the place of the first row in the panels. sums: padded(). False if a number is not finite.
  bool pack(Index first, Index count, Index at, Panels<T>& to, double* sums) const {
    constexpr Index few = 16;
    const Index D = data_.cols();
    RowMatrix<S> tile;
    const S* rows[static_cast<std::size_t>(few)];
    for (Index i = 0; i < count; i += few) {
      const Index number = std::min(few, count - i);
      const bool in_place = data_.contiguous_row(first + i) != nullptr;
      if (!in_place) {
        tile.resize(number, D);
        data_.read(first + i, number, tile);
      }
      for (Index r = 0; r < number; ++r) {
        rows[r] = in_place ? data_.contiguous_row(first + i + r) : tile.data() + r * D;
        if (!all_finite(rows[r], D)) return false;
      }
      for (Index p = 0; p < to.panels(); ++p)
        pack_panel(rows, first + i, number, p, to.panel(p) + (at + i) * panel_rows<T>, sums);
    }
    return true;
  }

 private:
  using Numbers = typename VectorOf<double>::Type;

  // Some rows to one panel, out: [row][column of the panel]; what lies beyond the last column is 0.
  void pack_panel(const S* const* rows, Index first, Index number, Index panel, T* out,
                  double* sums) const {
    constexpr Index width = panel_rows<T>;
    constexpr Index lanes = vector_lanes<double>;
    constexpr auto vectors = static_cast<std::size_t>(width / lanes);
    const Index begin = panel * width;
    const Index columns = std::min(width, data_.cols() - begin);
    Numbers origin[vectors];
    Numbers sum[vectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < vectors; ++v) {
      origin[v] = load(origin_.data() + begin + static_cast<Index>(v) * lanes);
      sum[v] = load(sums + begin + static_cast<Index>(v) * lanes);
    }
    S rest[static_cast<std::size_t>(width)] = {};
    for (Index r = 0; r < number; ++r, out += width) {
      const double weight = data_.weight(first + r);
      if (!(weight > 0.0)) {  // may not fit the units
        std::fill(out, out + width, T(0));
        continue;
      }
      const S* x = rows[r] + begin;
      if (columns < width) {
        std::copy(x, x + columns, rest);
        x = rest;
      }
      const double root = std::sqrt(weight);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) {
        const Numbers y = load_doubles(x + static_cast<Index>(v) * lanes) * factor_ - origin[v];
        sum[v] += y * weight;
        store_doubles(out + static_cast<Index>(v) * lanes, Numbers(y * root));
      }
    }
#pragma GCC unroll 8
    for (std::size_t v = 0; v < vectors; ++v)
      store(sums + begin + static_cast<Index>(v) * lanes, sum[v]);
  }

  const Samples<S>& data_;
  double factor_;
  Vector<double> origin_;
};

// Y'Y, D x D, about a shift that a first look at the data gave, and then corrected: one pass. T is
// the scalar of the products. Nothing where that would cost digits, since the first look misled, or
// where numbers are not finite: who asks then takes the safe way.
template <class T, class S, class Team>
std::optional<CrossProducts> column_products(const Samples<S>& data, Team& team) {
  constexpr Index tile = 64;
  const Index D = data.cols();
  const ColumnScan scan = first_look(data, Index{256});
  const std::optional<int> exponent = widest_exponent(scan);
  if (!exponent) return std::nullopt;

  CrossProducts result;
  result.exponent = *exponent;
  result.shift.resize(D);
  for (Index j = 0; j < D; ++j)
    result.shift[j] = std::clamp(scan.mean[j], scan.low[j], scan.high[j]);
  const RowPacker<T, S> packer(data, result.shift, *exponent);
  // What fits the cache, and no fewer than make the sums worth fetching.
  constexpr Index numbers = (Index{1} << 20) / static_cast<Index>(sizeof(T));
  const Index piece = std::clamp<Index>(numbers / D / tile * tile, 256, 4096);
  // A few columns more, so that panels do not lie a power of two apart.
  Panels<T> packed(D, std::min(piece, data.rows()) + 8);
  GramSum<T> gram(D);
  Vector<double> sum = Vector<double>::Zero(packer.padded());
  for (Index first = 0; first < data.rows(); first += piece) {
    const Index count = std::min(piece, data.rows() - first);
    const Index tiles = (count + tile - 1) / tile;
    RowMatrix<double> sums = RowMatrix<double>::Zero(tiles, packer.padded());
    std::vector<char> finite(static_cast<std::size_t>(tiles), 1);
    team.for_each_lane(tiles, [&](Index k) {
      finite[static_cast<std::size_t>(k)] = packer.pack(
          first + k * tile, std::min(tile, count - k * tile), k * tile, packed, &sums(k, 0));
    });
    if (std::find(finite.begin(), finite.end(), 0) != finite.end()) return std::nullopt;
    for (Index k = 0; k < tiles; ++k) sum += sums.row(k).transpose();
    gram.add(packed, count, team);
  }

  result.weight = 0.0;
  for (Index i = 0; i < data.rows(); ++i) result.weight += data.weight(i);
  result.offset = sum.head(D) / result.weight;
  result.squares.resize(D);
  for (Index j = 0; j < D; ++j) {
    const double raw = gram.sum(j, j);
    const double shifted = result.weight * result.offset[j] * result.offset[j];
    result.squares[j] = std::max(raw - shifted, 0.0);
    if (!is_finite(raw) || !is_finite(shifted) || !(shifted <= 16.0 * result.squares[j]))
      return std::nullopt;
    if (result.squares[j] < smallest_packed_square && sum[j] != 0.0) return std::nullopt;
  }
  for (Index i = 0; i < D; ++i)
    for (Index j = 0; j <= i; ++j) gram.sum(i, j) -= sum[i] * result.offset[j];
  result.gram = std::move(gram.sum);
  return result;
}

}  // namespace detail

LATENT_END
