// Sums of each column and of its squares: what means and variances need, without the D x D scatter.
#pragma once

#include <cmath>
#include <string_view>
#include <tuple>

#include "latent/stats/column_frame.hpp"

LATENT_BEGIN

namespace detail {

// In the coordinates y of a frame: sum w, sum w y, sum w y^2.
struct ColumnSums {
  double weight = 0.0;
  Vector<double> sum;      // D
  Vector<double> squares;  // D

  explicit ColumnSums(Index columns)
      : sum(Vector<double>::Zero(columns)), squares(Vector<double>::Zero(columns)) {}

  auto fields() { return std::tie(weight, sum, squares); }

  void add(const double* y, double w) {
    weight += w;
    for (Index j = 0; j < sum.size(); ++j) {
      const double wy = w * y[j];
      sum[j] += wy;
      squares[j] += wy * y[j];
    }
  }
};

// A mean in the units of the data: shift + 2^exponent offset, within the range of the column.
inline double mean_in_range(const ColumnFrame& frame, Index j, double offset) {
  const double mean = frame.shift[j] + std::ldexp(offset, frame.exponent[j]);
  return std::clamp(mean, frame.low[j], frame.high[j]);
}

// Moments of the columns, to the accuracy of the corrected two-pass formula (Chan, Golub and
// LeVeque 1983, eq. 1.7): the sum about an approximate mean corrects both mean and squares.
struct ColumnMoments {
  ColumnFrame frame;
  double weight = 0.0;     // sum w
  Vector<double> offset;   // D, mean in the frame
  Vector<double> squares;  // D, sum w (y - offset)^2

  ColumnMoments(ColumnFrame given, const ColumnSums& sums)
      : frame(std::move(given)),
        weight{sums.weight},
        offset(sums.sum / sums.weight),
        squares((sums.squares - sums.sum.cwiseProduct(offset)).cwiseMax(0.0)) {}

  Vector<double> mean() const {
    Vector<double> values(offset.size());
    for (Index j = 0; j < values.size(); ++j) values[j] = mean_in_range(frame, j, offset[j]);
    return values;
  }
  // The standard deviation of column j, divisor sum w - 1; finite wherever the data are.
  double deviation(Index j) const {
    return std::ldexp(std::sqrt(squares[j] / (weight - 1.0)), frame.exponent[j]);
  }
};

// Throws InvalidArgument (no rows, no columns) and DataError (not finite).
template <class S, class Team>
ColumnMoments column_moments(const Samples<S>& data, Team& team, std::string_view who) {
  check_shape(data, who);
  ColumnFrame frame = column_frame(data, total_weight(data, team), team, who);
  const ColumnSums sums = team.reduce(
      lanes_of(data.rows()), [&] { return ColumnSums{data.cols()}; },
      [&](Index lane, ColumnSums& lane_sums) {
        for_each_framed_tile(data, frame, lane, [&](const RowMatrix<double>& y, const auto& w) {
          for (Index i = 0; i < y.rows(); ++i) lane_sums.add(y.data() + i * y.cols(), w[i]);
        });
      });
  require<DataError>(latent::all_finite(sums), who, ": the weighted sums overflow; sum of weights ",
                     sums.weight);
  return ColumnMoments{std::move(frame), sums};
}

// Divisor sum w - 1: weights are frequencies.
inline void check_divisor(double weight, std::string_view who) {
  require<DataError>(weight > 1.0, who,
                     ": at least 2 samples are needed (divisor n - 1; weights are frequencies and "
                     "must sum to more than 1); got n = ",
                     weight, weight == 1.0 ? " (1 sample)" : "");
}

}  // namespace detail

LATENT_END
