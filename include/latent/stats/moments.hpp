// Moments: the number of rows, the mean and the scatter of data, as statistics that add.
//
//   Moments<double> a = moments(x);       // n x D
//   a += moments(y);                      // now those of x and y together
//   a -= moments(z);                      // without z, if z was in
//   a.mean();  a.covariance();
#pragma once

#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>

#include "latent/core/product.hpp"
#include "latent/stats/column_moments.hpp"

LATENT_BEGIN

namespace detail {

// scatter += y' diag(w) y, lower triangle: panels of columns, so that the products skip most of
// the upper half. `weighted` holds diag(w) y.
template <class S>  // double
void add_scatter(const RowMatrix<S>& y, const RowMatrix<S>& weighted, RowMatrix<S>& scatter) {
  constexpr Index panel = 128;
  for (Index first = 0; first < y.cols(); first += panel) {
    const Index count = std::min(panel, y.cols() - first);
    Eigen::Block<RowMatrix<S>> target(scatter, first, 0, count, first + count);
    add_product(weighted.middleCols(first, count).transpose(), y.leftCols(first + count), target);
  }
}

// value 2^exponent as S. Throws DataError where S cannot hold it.
template <class S>
S in_units(double value, int exponent, Index i, Index j, std::string_view who) {
  const S scaled = static_cast<S>(std::ldexp(value, exponent));
  require<DataError>(is_finite(scaled), who,
                     ": the result overflows the floating-point range: ", value, " * 2^", exponent,
                     " for columns ", i, " and ", j, "; scale the data down");
  return scaled;
}

}  // namespace detail

// S is the scalar of the data; all sums are double. They are kept about a shift close to the mean
// (Chan, Golub and LeVeque 1983). Moments about different shifts merge with += and are taken out
// again with -=; both re-centre. The vector-space operations of core/statistics.hpp other than
// merge() need a common shift, which the lanes of one fit have.
template <class S>
class Moments {
 public:
  using Scalar = S;

  // Empty: the neutral element of merging.
  Moments() = default;
  explicit Moments(detail::ColumnFrame frame)
      : frame_(std::move(frame)),
        sum_(Vector<double>::Zero(frame_.columns())),
        scatter_(RowMatrix<double>::Zero(frame_.columns(), frame_.columns())) {}

  auto fields() { return std::tie(weight_, sum_, scatter_); }

  double n() const { return weight_; }  // rows, counted by weight
  Index columns() const { return sum_.size(); }

  // D. Throws DataError if empty.
  Vector<double> mean() const {
    detail::require<DataError>(weight_ > 0.0, "Moments: a mean needs at least one row; got n = 0");
    Vector<double> values(columns());
    for (Index j = 0; j < columns(); ++j)
      values[j] = detail::mean_in_range(frame_, j, sum_[j] / weight_);
    return values;
  }

  // D x D, sum w (x - mean)(x - mean)'. Throws DataError on overflow.
  RowMatrix<double> scatter() const { return divided<double>(1.0, "Moments"); }

  // D x D, divisor n - 1. Throws DataError for n <= 1 and on overflow.
  RowMatrix<double> covariance() const {
    detail::check_divisor(weight_, "Moments");
    return divided<double>(weight_ - 1.0, "Moments");
  }

  // What follows is in units where nothing overflows: column j in multiples of 2^exponents()[j].
  const Eigen::VectorXi& exponents() const { return frame_.exponent; }
  const detail::ColumnFrame& frame() const { return frame_; }

  // Entry (i, j), i >= j, of the scatter about the mean.
  double central(Index i, Index j) const {
    const double value = scatter_(i, j) - sum_[i] * (sum_[j] / weight_);
    return i == j ? std::max(value, 0.0) : value;
  }

  // The standard deviation of column j, divisor n - 1; finite wherever the data are.
  double deviation(Index j) const {
    return std::ldexp(std::sqrt(central(j, j) / (weight_ - 1.0)), frame_.exponent[j]);
  }

  // D x D in the units of the data.
  template <class T>
  RowMatrix<T> divided(double divisor, std::string_view who) const {
    RowMatrix<T> result(columns(), columns());
    for (Index i = 0; i < columns(); ++i) {
      for (Index j = 0; j <= i; ++j) {
        const int exponent = frame_.exponent[i] + frame_.exponent[j];
        result(i, j) = detail::in_units<T>(central(i, j) / divisor, exponent, i, j, who);
        result(j, i) = result(i, j);
      }
    }
    return result;
  }

  Moments& operator+=(const Moments& other) { return combine(other, 1.0); }
  // Takes out rows that are in. Throws InvalidArgument where `other` holds more than there is.
  Moments& operator-=(const Moments& other) { return combine(other, -1.0); }
  friend Moments operator+(Moments a, const Moments& b) { return std::move(a += b); }
  friend Moments operator-(Moments a, const Moments& b) { return std::move(a -= b); }
  friend void merge(Moments& a, const Moments& b) { a += b; }
  friend void remove(Moments& a, const Moments& b) { a -= b; }

  // Adds rows given in the frame, y (rows x D) with their weights.
  template <class Weights>
  void add(const RowMatrix<double>& y, const Weights& weights) {
    const RowMatrix<double> weighted = weights.asDiagonal() * y;
    for (Index i = 0; i < y.rows(); ++i) weight_ += weights[i];
    for (Index i = 0; i < y.rows(); ++i) sum_ += weighted.row(i).transpose();
    detail::add_scatter(y, weighted, scatter_);
  }

 private:
  bool same_frame(const Moments& other) const {
    return frame_.shift == other.frame_.shift && frame_.exponent == other.frame_.exponent;
  }

  // Chan, Golub and LeVeque 1983, eq. 2.1, in the frame of the result; sign -1 takes out.
  Moments& combine(const Moments& other, double sign) {
    detail::require(columns() == other.columns() || columns() == 0 || other.columns() == 0,
                    "Moments: columns must agree; got ", columns(), " and ", other.columns());
    if (other.weight_ == 0.0) return *this;
    if (weight_ == 0.0 && sign > 0.0) return *this = other;
    const double n = weight_ + sign * other.weight_;
    detail::require(n >= 0.0, "Moments: cannot take out more rows than are in; got ", other.weight_,
                    " out of ", weight_);
    if (n == 0.0) {
      detail::set_zero(*this);
    } else if (same_frame(other)) {
      weight_ = n;
      sum_ += sign * other.sum_;
      scatter_ += sign * other.scatter_;
    } else {
      recentre(other, sign, n);
    }
    return *this;
  }

  void recentre(const Moments& other, double sign, double n) {
    const Index D = columns();
    detail::ColumnFrame& mine = frame_;
    const detail::ColumnFrame& theirs = other.frame_;
    Vector<double> a(D), b(D);       // the factors into the units of the result
    Vector<double> gap(D), rest(D);  // between the means; of the new mean beyond the new shift
    for (Index j = 0; j < D; ++j) {
      const double half = 0.5 * theirs.shift[j] - 0.5 * mine.shift[j];
      const int e =
          std::max({mine.exponent[j], theirs.exponent[j], detail::exponent_above(std::abs(half))});
      a[j] = std::ldexp(1.0, mine.exponent[j] - e);
      b[j] = std::ldexp(1.0, theirs.exponent[j] - e);
      const double offset = a[j] * (sum_[j] / weight_);
      gap[j] = std::ldexp(half, 1 - e) + (b[j] * (other.sum_[j] / other.weight_) - offset);
      const double mean = offset + sign * (other.weight_ / n) * gap[j];
      const double shift = mine.shift[j] + std::ldexp(mean, e);
      rest[j] = mean - std::ldexp(0.5 * shift - 0.5 * mine.shift[j], 1 - e);
      mine.shift[j] = shift;
      mine.exponent[j] = e;
      mine.low[j] = std::min(mine.low[j], theirs.low[j]);
      mine.high[j] = std::max(mine.high[j], theirs.high[j]);
    }
    const double between = sign * weight_ * (other.weight_ / n);
    for (Index i = 0; i < D; ++i) {
      for (Index j = 0; j <= i; ++j) {
        scatter_(i, j) = (a[i] * a[j]) * central(i, j) +
                         sign * (b[i] * b[j]) * other.central(i, j) + between * gap[i] * gap[j] +
                         n * rest[i] * rest[j];
      }
    }
    mine.rows = std::max(0.0, mine.rows + sign * theirs.rows);
    sum_ = n * rest;
    weight_ = n;
  }

  detail::ColumnFrame frame_;
  double weight_ = 0.0;
  Vector<double> sum_;         // D, sum w y
  RowMatrix<double> scatter_;  // D x D, sum w y y'; the lower triangle counts
};

namespace detail {

template <class S, class Team>
Moments<S> moments_of(const Samples<S>& data, Team& team, std::string_view who) {
  check_shape(data, who);
  const ColumnFrame frame = column_frame(data, total_weight(data, team), team, who);
  Moments<S> result = team.reduce(
      lanes_of(data.rows()), [&] { return Moments<S>{frame}; },
      [&](Index lane, Moments<S>& lane_moments) {
        for_each_framed_tile(data, frame, lane, [&](const RowMatrix<double>& y, const auto& w) {
          lane_moments.add(y, w);
        });
      });
  require<DataError>(latent::all_finite(result), who,
                     ": the weighted sums overflow; sum of weights ", result.n());
  return result;
}

}  // namespace detail

// The moments of the rows of a matrix or source (n x D). Weights are frequencies, labels are
// ignored. Two passes, O(n D^2) time, O(D^2) memory a thread. The same bits for any executor.
// Throws InvalidArgument (no rows, no columns) and DataError (not finite).
template <class Data, Executor Exec = Threads>
auto moments(const Data& data, const Exec& executor = {}) {
  const auto& source = detail::as_samples(data);
  auto&& team = executor.team();
  return detail::moments_of(source, team, "moments");
}

LATENT_END
