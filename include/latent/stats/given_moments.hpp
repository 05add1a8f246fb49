// Moments that were computed elsewhere: what must hold for them, and their frame.
#pragma once

#include <cmath>
#include <limits>
#include <string_view>

#include "latent/stats/column_frame.hpp"

LATENT_BEGIN

namespace detail {

// Throws InvalidArgument (shapes, n) and DataError (values) unless some data of n rows could have
// this mean (D) and `matrix` (D x D), their scatter or covariance: finite, symmetric, the diagonal
// not negative, and no entry larger than the diagonal allows (Cauchy and Schwarz), both to
// `tolerance` of that bound. What is left to hold, no negative eigenvalue, would cost O(D^3).
inline void check_given_moments(double n, double least,
                                const Eigen::Ref<const Vector<double>>& mean,
                                const Eigen::Ref<const RowMatrix<double>>& matrix, double tolerance,
                                std::string_view what) {
  const Index D = mean.size();
  require(is_finite(n) && n > least, "Moments: n must be finite and above ", least, "; got ", n);
  require(D >= 1 && matrix.rows() == D && matrix.cols() == D, "Moments: the ", what,
          " must be D x D for D >= 1 means; got ", matrix.rows(), " x ", matrix.cols(), " and ", D,
          " means");
  Vector<double> root(D);
  for (Index j = 0; j < D; ++j) {
    require<DataError>(is_finite(mean[j]), "Moments: the mean must be finite; got mean[", j,
                       "] = ", mean[j]);
    require<DataError>(is_finite(matrix(j, j)) && matrix(j, j) >= 0.0, "Moments: the diagonal of ",
                       "the ", what, " must be finite and not negative; got (", j, ", ", j,
                       ") = ", matrix(j, j));
    root[j] = std::sqrt(matrix(j, j));
  }
  for (Index i = 0; i < D; ++i) {
    for (Index j = 0; j < i; ++j) {
      const double lower = matrix(i, j);
      const double upper = matrix(j, i);
      const double bound = root[i] * root[j];
      require<DataError>(is_finite(lower) && is_finite(upper), "Moments: the ", what,
                         " must be finite; got (", i, ", ", j, ") = ", lower, " and (", j, ", ", i,
                         ") = ", upper);
      require<DataError>(std::abs(0.5 * lower - 0.5 * upper) <= tolerance * bound, "Moments: the ",
                         what, " must be symmetric; got (", i, ", ", j, ") = ", lower, " and (", j,
                         ", ", i, ") = ", upper);
      require<DataError>(std::abs(lower) <= (1.0 + tolerance) * bound, "Moments: entry (", i, ", ",
                         j, ") of the ", what, " must not exceed the root of the product of its ",
                         "diagonal entries, ", bound, "; got ", lower);
    }
  }
}

// The frame about that mean for columns of that spread (D, root mean squares). How many rows there
// were, and what their range was, is not known.
inline ColumnFrame frame_about(double n, const Eigen::Ref<const Vector<double>>& mean,
                               const Vector<double>& spread) {
  constexpr double most = std::numeric_limits<double>::max();
  ColumnFrame frame;
  frame.rows = std::floor(n);
  frame.shift = mean;
  frame.exponent.resize(mean.size());
  frame.factor.resize(mean.size());
  frame.low = Vector<double>::Constant(mean.size(), -most);
  frame.high = Vector<double>::Constant(mean.size(), most);
  for (Index j = 0; j < mean.size(); ++j) {
    frame.exponent[j] = exponent_above(spread[j]);
    frame.factor[j] = spread[j] > 0.0 ? std::ldexp(1.0, -frame.exponent[j]) : 0.0;
  }
  return frame;
}

}  // namespace detail

LATENT_END
