// Moments: the number of rows, the mean and the scatter of data, as statistics that add.
//
//   Moments<double> a = moments(x);       // n x D
//   a.add(y);                             // now those of x and y together; any number of rows
//   a += moments(z);                      // the same, with what another thread or machine found
//   a -= moments(x);                      // without x again
//   a.mean();  a.covariance();  a.correlation();
//   Moments<double>::from(a.n(), a.mean(), a.scatter());  // saved and read again
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/report.hpp"
#include "latent/stats/central_sums.hpp"
#include "latent/stats/given_moments.hpp"
#include "latent/stats/scatter.hpp"

LATENT_BEGIN

template <class S>
class Moments;

namespace detail {

template <class S, class Team>
Moments<S> moments_of(const Samples<S>& data, Team& team, std::string_view who);

}  // namespace detail

// S is the scalar of the data; all sums are double. They are kept about a shift close to the mean
// (Chan, Golub and LeVeque 1983). Moments about different shifts merge with += and are taken out
// again with -=; both re-centre, O(D^2). The vector-space operations of core/statistics.hpp other
// than merge() need a common shift, which the lanes of one fit have.
//
// However rows are cut into parts, merging gives the same n exactly, the same mean to a few eps of
// the largest number, and the same covariance to about eps times the number of parts.
//
// Taking out costs digits: the scatter that is left has the absolute error of the scatter before.
// cancellation() is the factor by which that is worse than moments taken afresh, for all removals so
// far: 1 where there was none, and about 1e16 where nothing is known any more.
template <class S>
class Moments {
 public:
  using Scalar = S;

  // Empty: the neutral element of merging.
  Moments() = default;
  explicit Moments(detail::CentralSums sums) : sums_(std::move(sums)) {}

  // Moments computed elsewhere, or saved: n > 0 rows counted by weight, mean (D) and scatter (D x D,
  // sum w (x - mean)(x - mean)'). n(), mean() and scatter() give them back to the bit (of an
  // unsymmetric pair, its mean). Throws InvalidArgument (n, shapes) and DataError unless the scatter
  // is finite and symmetric, its diagonal not negative, and |s(i, j)| <= sqrt(s(i, i) s(j, j)), the
  // last two to the root of eps of S. A negative eigenvalue is not looked for: PCA counts it as 0.
  static Moments from(double n, const Eigen::Ref<const Vector<double>>& mean,
                      const Eigen::Ref<const RowMatrix<double>>& scatter) {
    detail::check_given_moments(n, 0.0, mean, scatter, tolerance(), "scatter");
    return given(n, mean, scatter, std::sqrt(1.0 / n), 1.0);
  }
  // The same from a covariance with divisor n - 1; n > 1.
  static Moments from_covariance(double n, const Eigen::Ref<const Vector<double>>& mean,
                                 const Eigen::Ref<const RowMatrix<double>>& covariance) {
    detail::check_given_moments(n, 1.0, mean, covariance, tolerance(), "covariance");
    return given(n, mean, covariance, 1.0, n - 1.0);
  }

  auto fields() { return sums_.fields(); }

  double n() const { return sums_.weight; }  // rows, counted by weight
  Index columns() const { return sums_.columns(); }

  // D. Throws DataError if empty.
  Vector<double> mean() const {
    detail::require<DataError>(sums_.weight > 0.0,
                               "Moments: a mean needs at least one row; got n = 0");
    Vector<double> values(columns());
    for (Index j = 0; j < columns(); ++j) values[j] = sums_.mean_of(j);
    return values;
  }

  // D x D, sum w (x - mean)(x - mean)'. Throws DataError on overflow.
  RowMatrix<double> scatter() const { return divided<double>(1.0, "Moments"); }

  // What follows has divisor n - 1, and throws DataError for n <= 1.

  // D x D. Throws DataError on overflow.
  RowMatrix<double> covariance() const {
    detail::check_divisor(sums_.weight, "Moments");
    return divided<double>(sums_.weight - 1.0, "Moments");
  }
  // D: the diagonal of the covariance, exactly 0 for a constant column. Throws DataError on
  // overflow.
  Vector<double> variance() const {
    detail::check_divisor(sums_.weight, "Moments");
    Vector<double> values(columns());
    for (Index j = 0; j < columns(); ++j)
      values[j] = detail::in_units<double>(central(j, j) / (sums_.weight - 1.0),
                                           2 * sums_.frame.exponent[j], j, j, "Moments");
    return values;
  }
  // D; finite wherever the data are.
  Vector<double> standard_deviation() const {
    detail::check_divisor(sums_.weight, "Moments");
    Vector<double> values(columns());
    for (Index j = 0; j < columns(); ++j) values[j] = deviation(j);
    return values;
  }
  // D x D: cov(i, j) / sqrt(var(i) var(j)), within [-1, 1], and 1 on the diagonal. A constant column
  // correlates with no other: 0. Nothing overflows.
  RowMatrix<double> correlation() const {
    detail::check_divisor(sums_.weight, "Moments");
    RowMatrix<double> result(columns(), columns());
    for (Index i = 0; i < columns(); ++i) {
      for (Index j = 0; j < i; ++j)
        result(i, j) = result(j, i) = detail::pearson(central(i, i), central(j, j), central(i, j));
      result(i, i) = 1.0;
    }
    return result;
  }

  // Adds rows: a matrix or a source (n x D) with weights where it has them, of any number of rows,
  // none included. As moments() otherwise, and *this stays as it was where that throws.
  template <class Data, Executor Exec = Threads>
  Moments& add(const Data& x, const Exec& executor = {}) {
    const auto& data = detail::as_samples(x);
    check_rows(data);
    if (data.rows() == 0) return *this;
    auto&& team = executor.team();
    return *this += detail::moments_of(data, team, "Moments: add");
  }
  // Takes rows out, as -= does.
  template <class Data, Executor Exec = Threads>
  Moments& remove(const Data& x, const Exec& executor = {}) {
    const auto& data = detail::as_samples(x);
    check_rows(data);
    if (data.rows() == 0) return *this;
    auto&& team = executor.team();
    return *this -= detail::moments_of(data, team, "Moments: remove");
  }

  // Chan, Golub and LeVeque 1983, eq. 2.1. Throws InvalidArgument where the columns differ.
  Moments& operator+=(const Moments& other) {
    sums_.merge_in(other.sums_);
    return *this;
  }
  // Takes out rows that are in. Throws InvalidArgument where the columns differ, and DataError where
  // they cannot all have been in: more rows than there are, or a column left with a sum of squares
  // that is negative beyond rounding; *this then stays as it was. A column of which nothing but
  // rounding is left gets variance 0.
  Moments& operator-=(const Moments& other) {
    detail::CentralSums left = sums_;
    left.take_out(other.sums_);
    sums_ = std::move(left);
    return *this;
  }
  friend Moments operator+(Moments a, const Moments& b) { return std::move(a += b); }
  friend Moments operator-(Moments a, const Moments& b) { return std::move(a -= b); }
  friend void merge(Moments& a, const Moments& b) { a += b; }
  friend void remove(Moments& a, const Moments& b) { a -= b; }

  // 1 + the largest ratio, over the columns, of the sums of squares from which something was taken
  // out, in all, to the sum that is there now; infinite where a column has none left.
  double cancellation() const {
    double most = 1.0;
    for (Index j = 0; j < columns(); ++j) most = std::max(most, sums_.cancellation(j));
    return most;
  }
  // A note for each column of which removals have cost more than half of the digits: the column as
  // component, its cancellation as value.
  std::vector<Note> notes() const {
    const double half = 1.0 / std::sqrt(std::numeric_limits<double>::epsilon());
    std::vector<Note> found;
    for (Index j = 0; j < columns(); ++j)
      if (const double lost = sums_.cancellation(j); lost > half)
        found.push_back({0, j, lost,
                         detail::concat("Moments: what was taken out of column ", j,
                                        " cost more than half of the digits of its variance")});
    return found;
  }

  // What follows is in units where nothing overflows: column j in multiples of 2^exponents()[j].
  const Eigen::VectorXi& exponents() const { return sums_.frame.exponent; }
  const detail::ColumnFrame& frame() const { return sums_.frame; }

  // Entry (i, j), i >= j, of the scatter about the mean.
  double central(Index i, Index j) const { return sums_.central(i, j); }

  // The standard deviation of column j, divisor n - 1; finite wherever the data are.
  double deviation(Index j) const {
    return std::ldexp(std::sqrt(central(j, j) / (sums_.weight - 1.0)), sums_.frame.exponent[j]);
  }

  // D x D in the units of the data.
  template <class T>
  RowMatrix<T> divided(double divisor, std::string_view who) const {
    RowMatrix<T> result(columns(), columns());
    for (Index i = 0; i < columns(); ++i) {
      for (Index j = 0; j <= i; ++j) {
        const int exponent = sums_.frame.exponent[i] + sums_.frame.exponent[j];
        result(i, j) = detail::in_units<T>(central(i, j) / divisor, exponent, i, j, who);
        result(j, i) = result(i, j);
      }
    }
    return result;
  }

 private:
  static double tolerance() {
    return std::sqrt(static_cast<double>(std::numeric_limits<S>::epsilon()));
  }

  // `spread` times the roots of the diagonal are root mean squares; `factor` makes a scatter.
  static Moments given(double n, const Eigen::Ref<const Vector<double>>& mean,
                       const Eigen::Ref<const RowMatrix<double>>& matrix, double spread,
                       double factor) {
    detail::CentralSums sums{detail::frame_about(n, mean, spread * matrix.diagonal().cwiseSqrt())};
    const Eigen::VectorXi& exponent = sums.frame.exponent;
    for (Index i = 0; i < mean.size(); ++i)
      for (Index j = 0; j <= i; ++j)
        sums.scatter(i, j) = factor * std::ldexp(0.5 * matrix(i, j) + 0.5 * matrix(j, i),
                                                 -exponent[i] - exponent[j]);
    sums.weight = n;
    return Moments{std::move(sums)};
  }

  template <class T>
  void check_rows(const Samples<T>& data) const {
    static_assert(std::is_same_v<T, S>,
                  "Moments: rows must have the scalar of the moments, float or double");
    sums_.check_columns(data.cols());
  }

  detail::CentralSums sums_;
};

namespace detail {

template <class S, class Team>
Moments<S> moments_of(const Samples<S>& data, Team& team, std::string_view who) {
  check_shape(data, who);
  const ColumnFrame frame = column_frame(data, total_weight(data, team), team, who);
  CentralSums sums = team.reduce(
      lanes_of(data.rows()), [&] { return CentralSums{frame}; },
      [&](Index lane, CentralSums& lane_sums) {
        for_each_framed_tile(data, frame, lane, [&](const RowMatrix<double>& y, const auto& w) {
          lane_sums.add(y, w);
        });
      });
  require<DataError>(latent::all_finite(sums), who, ": the weighted sums overflow; sum of weights ",
                     sums.weight);
  return Moments<S>{std::move(sums)};
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
