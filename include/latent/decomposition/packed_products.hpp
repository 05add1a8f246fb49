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
    constexpr Index rows = panel_rows<T>;
    constexpr Index few = 16;
    const Index D = data_.cols();
    RowMatrix<S> tile;
    for (Index i = 0; i < count; ++i) {
      const S* x = data_.contiguous_row(first + i);
      if (x == nullptr) {
        if (i % few == 0) {
          tile.resize(std::min(few, count - i), D);
          data_.read(first + i, tile.rows(), tile);
        }
        x = tile.data() + (i % few) * D;
      }
      if (!all_finite(x, D)) return false;
      const double weight = data_.weight(first + i);
      const double root = std::sqrt(weight);
      for (Index p = 0; p < to.panels(); ++p) {
        T* out = to.panel(p) + (at + i) * rows;
        const Index begin = p * rows;
        if (!(weight > 0.0)) {  // may not fit the units
          std::fill(out, out + rows, T(0));
        } else if (begin + rows <= D) {
          pack_panel(x + begin, origin_.data() + begin, weight, root, out, sums + begin);
        } else {
          S rest[static_cast<std::size_t>(rows)] = {};
          std::copy(x + begin, x + D, rest);
          pack_panel(rest, origin_.data() + begin, weight, root, out, sums + begin);
        }
      }
    }
    return true;
  }

 private:
  void pack_panel(const S* x, const double* origin, double weight, double root, T* out,
                  double* sums) const {
    constexpr Index rows = panel_rows<T>;
    constexpr auto length = static_cast<std::size_t>(rows);
    double y[length];
    double sum[length];
    for (Index i = 0; i < rows; ++i) y[i] = static_cast<double>(x[i]) * factor_ - origin[i];
    for (Index i = 0; i < rows; ++i) sum[i] = sums[i] + weight * y[i];
    for (Index i = 0; i < rows; ++i) sums[i] = sum[i];
    T packed[length];
    for (Index i = 0; i < rows; ++i) packed[i] = static_cast<T>(root * y[i]);
    std::copy(packed, packed + rows, out);
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
  const Index piece = std::clamp<Index>((Index{1} << 20) / D / tile * tile, 256, 4096);
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
