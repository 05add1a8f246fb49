// Arithmetic on the entries of a scatter matrix.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"

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

// Pearson's r from the scatter entries ii, jj and ij; 0 where a column is constant.
inline double pearson(double ii, double jj, double ij) {
  if (ii <= 0.0 || jj <= 0.0) return 0.0;
  return std::clamp(ij / (std::sqrt(ii) * std::sqrt(jj)), -1.0, 1.0);
}

// What follows is about taking rows out of sums.

// Sums of squares are known to this share at worst: they run over a lane of 2048 rows and then up a
// tree.
inline constexpr double removal_slack =
    2.0 * static_cast<double>(lane_rows) * std::numeric_limits<double>::epsilon();

// What rounding may have done to means of about these sizes.
inline double mean_rounding(double a, double b) {
  return 4.0 * std::numeric_limits<double>::epsilon() * std::max(std::abs(a), std::abs(b));
}

// The weight that is left, 0 below rounding. Throws DataError where more is taken than there is.
inline double rows_left(double before, double taken) {
  const double left = before - taken;
  const double rounding = 16.0 * std::numeric_limits<double>::epsilon() * before;
  require<DataError>(left >= -rounding, "Moments: cannot take out more rows than are in; got ",
                     taken, " out of ", before);
  return left > rounding ? left : 0.0;
}

// Either may be empty, which stands for zeros.
inline Vector<double> sum_of_removed(const Vector<double>& a, const Vector<double>& b) {
  if (a.size() == 0 || b.size() == 0) return a.size() == 0 ? b : a;
  return a + b;
}

}  // namespace detail

LATENT_END
