// The sums behind Moments: weight, sum and scatter in the frame of a shift, how two of them merge,
// and how one is taken out of another.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "latent/stats/column_moments.hpp"
#include "latent/stats/recentre.hpp"
#include "latent/stats/scatter.hpp"

LATENT_BEGIN

namespace detail {

struct CentralSums {
  ColumnFrame frame;
  double weight = 0.0;
  Vector<double> sum;         // D, sum w y
  RowMatrix<double> scatter;  // D x D, sum w y y'; the lower triangle counts
  Vector<double> removed;     // D, the central squares from which something was taken; empty = 0

  CentralSums() = default;
  explicit CentralSums(ColumnFrame given)
      : frame(std::move(given)),
        sum(Vector<double>::Zero(frame.columns())),
        scatter(RowMatrix<double>::Zero(frame.columns(), frame.columns())) {}

  // Lanes of one fit share the frame, and merge field by field; others with merge_in.
  auto fields() { return std::tie(weight, sum, scatter); }

  Index columns() const { return sum.size(); }

  // Entry (i, j), i >= j, of the scatter about the mean.
  double central(Index i, Index j) const {
    const double value = scatter(i, j) - sum[i] * (sum[j] / weight);
    return i == j ? std::max(value, 0.0) : value;
  }
  double mean_of(Index j) const { return mean_in_range(frame, j, sum[j] / weight); }
  double removed_of(Index j) const { return removed.size() > 0 ? removed[j] : 0.0; }
  // By how much removals have made the error of column j larger; 1 where there was none.
  double cancellation(Index j) const {
    const double lost = removed_of(j);
    const double left = lost > 0.0 ? central(j, j) : 1.0;
    return left > 0.0 ? 1.0 + lost / left : std::numeric_limits<double>::infinity();
  }

  // Rows in the frame, y (rows x D), with their weights.
  template <class Weights>
  void add(const RowMatrix<double>& y, const Weights& weights) {
    const RowMatrix<double> weighted = weights.asDiagonal() * y;
    for (Index i = 0; i < y.rows(); ++i) weight += weights[i];
    for (Index i = 0; i < y.rows(); ++i) sum += weighted.row(i).transpose();
    add_scatter(y, weighted, scatter);
  }

  void check_columns(Index other) const {
    require(columns() == other || columns() == 0 || other == 0, "Moments: columns must agree; got ",
            columns(), " and ", other);
  }

  // Chan, Golub and LeVeque 1983, eq. 2.1, in a frame about the mean of both.
  void merge_in(const CentralSums& other) {
    check_columns(other.columns());
    if (other.weight == 0.0) return;
    if (weight == 0.0) {
      *this = other;
    } else if (frame.shift == other.frame.shift && frame.exponent == other.frame.exponent) {
      weight += other.weight;
      sum += other.sum;
      scatter += other.scatter;
      frame.rows += other.frame.rows;
      removed = sum_of_removed(removed, other.removed);
    } else {
      recentre(other, 1.0, weight + other.weight);
    }
  }

  // The reverse. Throws where `other` cannot have been in, and may then be left half done.
  void take_out(const CentralSums& other) {
    check_columns(other.columns());
    if (other.weight == 0.0) return;
    const double left = rows_left(weight, other.weight);
    if (left > 0.0)
      settle(recentre(other, -1.0, left));
    else
      take_all(other);
  }

 private:
  struct Sizes {
    Vector<double> added;  // D: what was added up in each column
    Vector<double> blur;   // D: what the rounding of means may have done to it, at worst
  };

  // Merges (sign 1) or takes out (sign -1), with n > 0 rows left, in a frame about the new mean.
  Sizes recentre(const CentralSums& other, double sign, double n) {
    const Index D = columns();
    const ColumnFrame& theirs = other.frame;
    Vector<double> a(D), b(D);       // the factors into the units of the result
    Vector<double> gap(D), rest(D);  // between the means; of the new mean beyond the new shift
    Vector<double> from(D);
    Sizes size{Vector<double>(D), Vector<double>(D)};
    const double between = sign * weight * (other.weight / n);
    for (Index j = 0; j < D; ++j) {
      const int e = std::max({frame.exponent[j], theirs.exponent[j],
                              exponent_of_gap(frame.shift[j], theirs.shift[j])});
      a[j] = std::ldexp(1.0, frame.exponent[j] - e);
      b[j] = std::ldexp(1.0, theirs.exponent[j] - e);
      const MergedMean mean =
          merge_means(frame.shift[j], a[j] * (sum[j] / weight), theirs.shift[j],
                      b[j] * (other.sum[j] / other.weight), sign * (other.weight / n), e);
      gap[j] = mean.gap;
      rest[j] = mean.rest;
      // Moments given from elsewhere know their mean to its rounding alone, and those of which
      // something was taken out have the rounding of what was there.
      const double blur = std::ldexp(mean_rounding(frame.shift[j], theirs.shift[j]), -e);
      const double before = a[j] * a[j] * removed_of(j) + b[j] * b[j] * other.removed_of(j);
      const double own = a[j] * a[j] * central(j, j);
      size.added[j] =
          own + b[j] * b[j] * other.central(j, j) + before + std::abs(between) * gap[j] * gap[j];
      size.blur[j] = std::abs(between) * (2.0 * std::abs(gap[j]) + blur) * blur;
      from[j] = sign < 0.0 ? before + own : before;
      frame.shift[j] = mean.shift;
      frame.exponent[j] = e;
      frame.low[j] = std::min(frame.low[j], theirs.low[j]);
      frame.high[j] = std::max(frame.high[j], theirs.high[j]);
    }
    for (Index i = 0; i < D; ++i) {
      for (Index j = 0; j <= i; ++j) {
        scatter(i, j) = (a[i] * a[j]) * central(i, j) + sign * (b[i] * b[j]) * other.central(i, j) +
                        between * gap[i] * gap[j] + n * rest[i] * rest[j];
      }
    }
    frame.rows = std::max(0.0, frame.rows + sign * theirs.rows);
    sum = n * rest;
    weight = n;
    removed = std::move(from);
    return size;
  }

  // After a removal from sums of the given sizes.
  void settle(const Sizes& size) {
    // The sums of a lane of 2048 rows are known to the root of that times eps, if not to worse.
    constexpr double rounding = 64.0 * std::numeric_limits<double>::epsilon();
    for (Index j = 0; j < columns(); ++j) {
      const double left = scatter(j, j) - sum[j] * (sum[j] / weight);
      require<DataError>(left >= -removal_slack * size.added[j] - size.blur[j],
                         "Moments: what is taken out must have been in; column ", j,
                         " is left with ", left, " as its sum of squares, of ", size.added[j],
                         " (in multiples of 4^", frame.exponent[j], ")");
      if (left > rounding * size.added[j]) continue;
      // Constant, as far as one can tell: about a mean beyond the shift, without a scatter.
      for (Index i = 0; i < columns(); ++i) {
        const Index row = std::max(i, j);
        const Index column = std::min(i, j);
        scatter(row, column) = sum[row] * (sum[column] / weight);
      }
    }
  }

  // Takes out all that is in, which `other` must be.
  void take_all(const CentralSums& other) {
    for (Index j = 0; j < columns(); ++j) {
      const double before = std::ldexp(std::sqrt(central(j, j)), frame.exponent[j]);
      const double past = std::ldexp(std::sqrt(removed_of(j)), frame.exponent[j]);
      const double out = std::ldexp(std::sqrt(other.central(j, j)), other.frame.exponent[j]);
      const double size = std::max({before, past, out});
      const double slack = std::sqrt(removal_slack) * size +
                           std::sqrt(weight) * mean_rounding(frame.shift[j], other.frame.shift[j]);
      require<DataError>(
          std::abs(before - out) <= slack &&
              std::sqrt(weight) * std::abs(mean_of(j) - other.mean_of(j)) <= slack,
          "Moments: what is taken out must have been in; all rows are taken, and column ", j,
          " differs");
    }
    *this = CentralSums{std::move(frame)};
    frame.rows = 0.0;
  }
};

}  // namespace detail

LATENT_END
