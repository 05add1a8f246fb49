// The centred rows of a source, in units in which no product overflows or vanishes.
#pragma once

#include <cmath>

#include "latent/stats/column_moments.hpp"

LATENT_BEGIN

namespace detail {

// The exponent of the widest column that varies.
inline int common_exponent(const Eigen::VectorXi& exponents) {
  return exponents.maxCoeff();
}

// Row i is sqrt(w_i) (x_i - mean) / unit, where the unit of column j is its standard deviation or,
// for all columns, 2^exponent. Constant columns are 0. Rows are computed where they are read.
template <class S>
class CentredRows {
 public:
  CentredRows(const Samples<S>& data, const ColumnMoments& moments, bool standardize)
      : data_{data},
        moments_{moments},
        exponent_{standardize ? 0 : common_exponent(moments.frame.exponent)},
        factor_(data.cols()) {
    for (Index j = 0; j < data.cols(); ++j) {
      const double spread = std::sqrt(moments.squares[j] / (moments.weight - 1.0));
      if (standardize)
        factor_[j] = spread > 0.0 ? 1.0 / spread : 0.0;
      else
        factor_[j] = std::ldexp(1.0, moments.frame.exponent[j] - exponent_);
    }
  }

  Index rows() const { return data_.rows(); }
  Index cols() const { return data_.cols(); }
  Index lanes() const { return lanes_of(rows()); }
  int exponent() const { return exponent_; }  // the unit; 0 where columns are standardised
  const Samples<S>& data() const { return data_; }
  const ColumnMoments& moments() const { return moments_; }
  const Vector<double>& factor() const { return factor_; }  // D, from the frame into the unit

  // The sum of the squares of all entries.
  double squares() const {
    double sum = 0.0;
    for (Index j = 0; j < cols(); ++j) sum += moments_.squares[j] * (factor_[j] * factor_[j]);
    return sum;
  }

  // f(y, first_row) for each tile of a lane; y: rows x D, and may be written to.
  template <class F>
  void for_each_tile(Index lane, F&& f) const {
    RowMatrix<double> centred;
    Index first = lane * lane_rows;
    for_each_framed_tile(data_, moments_.frame, lane, [&](const auto& y, const auto& weights) {
      centred.resize(y.rows(), y.cols());
      for (Index i = 0; i < y.rows(); ++i) {
        const double root = std::sqrt(weights[i]);
        for (Index j = 0; j < y.cols(); ++j)
          centred(i, j) = root * ((y(i, j) - moments_.offset[j]) * factor_[j]);
      }
      f(centred, first);
      first += y.rows();
    });
  }

  // All of them: n x D.
  template <class Team>
  RowMatrix<double> all(Team& team) const {
    RowMatrix<double> rows_of_all(rows(), cols());
    team.for_each_lane(lanes(), [&](Index lane) {
      for_each_tile(lane, [&](const RowMatrix<double>& y, Index first) {
        rows_of_all.middleRows(first, y.rows()) = y;
      });
    });
    return rows_of_all;
  }

 private:
  const Samples<S>& data_;
  const ColumnMoments& moments_;
  int exponent_ = 0;
  Vector<double> factor_;
};

}  // namespace detail

LATENT_END
