// The frame in which sums over rows are safe: y = (x - shift) 2^-exponent, column by column.
//
// The shift is close to the column's mean, so that squares do not cancel far from the origin; the
// exponent comes from the column's range, so that squares neither overflow nor vanish. Both are
// exact operations on the numbers that are left: scaling the data by a power of two changes no bit
// of y. A column whose rows are all equal has y = 0 exactly.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"

LATENT_BEGIN

namespace detail {

// One pass over the rows that have a weight: their number, an approximate mean, and the range.
struct ColumnScan {
  double rows = 0.0;
  Vector<double> mean;  // D, sum of (w / sum w) x: does not overflow where the data do not
  Vector<double> low;   // D
  Vector<double> high;  // D

  explicit ColumnScan(Index columns)
      : mean(Vector<double>::Zero(columns)),
        low(Vector<double>::Zero(columns)),
        high(Vector<double>::Zero(columns)) {}

  auto fields() { return std::tie(rows, mean, low, high); }

  void add(const double* x, double share) {
    if (rows == 0.0) {
      for (Index j = 0; j < mean.size(); ++j) low[j] = high[j] = x[j];
    }
    rows += 1.0;
    for (Index j = 0; j < mean.size(); ++j) {
      mean[j] += share * x[j];
      low[j] = x[j] < low[j] ? x[j] : low[j];
      high[j] = x[j] > high[j] ? x[j] : high[j];
    }
  }

  // Found by argument-dependent lookup before the field-wise merge: a range does not add.
  friend void merge(ColumnScan& a, const ColumnScan& b) {
    if (b.rows == 0.0) return;
    if (a.rows == 0.0) {
      a = b;
      return;
    }
    a.rows += b.rows;
    for (Index j = 0; j < a.mean.size(); ++j) {
      a.mean[j] += b.mean[j];
      a.low[j] = std::min(a.low[j], b.low[j]);
      a.high[j] = std::max(a.high[j], b.high[j]);
    }
  }
};

// The smallest exponent e, within bounds that keep 2^e and 2^-e normal, such that half < 2^(e-1).
inline int exponent_above(double half) {
  constexpr int most = 1000;
  return half > 0.0 ? std::clamp(std::ilogb(half) + 2, -most, most) : -most;
}

struct ColumnFrame {
  double rows = 0.0;         // that have a weight
  Vector<double> shift;      // D
  Eigen::VectorXi exponent;  // D
  Vector<double> factor;     // D, 2^-exponent; 0 where the rows are all equal
  Vector<double> low;        // D, the range that the mean must lie in
  Vector<double> high;       // D

  ColumnFrame() = default;
  explicit ColumnFrame(const ColumnScan& scan)
      : rows{scan.rows},
        shift(scan.mean.size()),
        exponent(scan.mean.size()),
        factor(scan.mean.size()),
        low(scan.low),
        high(scan.high) {
    for (Index j = 0; j < shift.size(); ++j) {
      shift[j] = std::clamp(scan.mean[j], scan.low[j], scan.high[j]);
      exponent[j] = exponent_above(0.5 * scan.high[j] - 0.5 * scan.low[j]);
      factor[j] = scan.low[j] == scan.high[j] ? 0.0 : std::ldexp(1.0, -exponent[j]);
    }
  }

  Index columns() const { return shift.size(); }
};

// The frame of a source. Throws InvalidArgument (no rows, no columns) and DataError (not finite).
template <class S, class Team>
ColumnFrame column_frame(const Samples<S>& data, double total, Team& team, std::string_view who) {
  return ColumnFrame{team.reduce(
      lanes_of(data.rows()), [&] { return ColumnScan{data.cols()}; },
      [&](Index lane, ColumnScan& scan) {
        for_each_block<double>(data, lane, [&](const Block<double>& block) {
          if (!all_finite(block.x.data(), block.x.size()))
            check_finite(data, block.first_row, block.x.rows(), who);
          for (Index i = 0; i < block.x.rows(); ++i) {
            if (block.weights[i] > 0.0)
              scan.add(block.x.data() + i * data.cols(), block.weights[i] / total);
          }
        });
      })};
}

// Calls f(y, weights) for each tile of a lane, y in the frame (rows x D).
template <class S, class F>
void for_each_framed_tile(const Samples<S>& data, const ColumnFrame& frame, Index lane, F&& f) {
  const Index columns = data.cols();
  const Vector<double> origin = frame.shift.cwiseProduct(frame.factor);
  RowMatrix<double> tile;
  for_each_block<double>(data, lane, [&](const Block<double>& block) {
    tile.resize(block.x.rows(), columns);
    for (Index i = 0; i < tile.rows(); ++i) {
      const double* x = block.x.data() + i * columns;
      double* y = tile.data() + i * columns;
      // The frame fits the rows that count; another might overflow in it.
      const bool counts = block.weights[i] > 0.0;
      for (Index j = 0; j < columns; ++j) y[j] = counts ? x[j] * frame.factor[j] - origin[j] : 0.0;
    }
    f(tile, block.weights);
  });
}

}  // namespace detail

LATENT_END
