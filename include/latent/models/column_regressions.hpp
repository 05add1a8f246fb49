// The M-step of the linear Gaussian model: each column regressed on the expected (z, 1).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "latent/core/numeric.hpp"
#include "latent/mixture/cholesky.hpp"
#include "latent/models/cholesky_solve.hpp"
#include "latent/models/linear_gaussian.hpp"

LATENT_BEGIN

namespace detail {

struct ColumnRegressions {
  RowMatrix<double> coefficients;  // D x (L+1): loadings, then the mean's distance from the shift
  Vector<double> weight;          // D: of the rows with the column; 0 where it is to stay as it was
  Vector<double> residual;        // D: weighted sum of squares left, not negative
  Vector<double> variance;        // D: of the column; 0 where it does not vary beyond rounding
  double typical_variance = 1.0;  // the mean variance of the columns that vary
  bool sound = true;              // statistics that some rows could have given
};

// O(D L^2 + L^3) where all rows are complete, else O(D L^3). `eps` is the rounding of the data.
inline ColumnRegressions regress_columns(const LinearGaussianStatistics& s,
                                         const Vector<double>& shift, double eps) {
  const Index d = s.cross.rows();
  const Index side = s.cross.cols();
  ColumnRegressions found{RowMatrix<double>::Zero(d, side), Vector<double>::Zero(d),
                          Vector<double>::Zero(d), Vector<double>::Zero(d)};
  RowMatrix<double> shared(side, side);
  RowMatrix<double> own(side, side);
  RowMatrix<double> gram(side, side);
  const bool shared_solved = cholesky(s.gram, 0.0, shared);
  double varying = 0.0;
  Index count = 0;
  for (Index j = 0; j < d; ++j) {
    bool alone = false;
    for (Index a = 0, at = 0; a < side; ++a)
      for (Index b = 0; b <= a; ++b, ++at) {
        gram(a, b) = s.gram(a, b) + s.partial(j, at);
        alone = alone || s.partial(j, at) != 0.0;
      }
    const double weight = gram(side - 1, side - 1);
    if (weight == 0.0) continue;
    const RowMatrix<double>& factor = alone ? own : shared;
    if (!(weight > 0.0) || !(alone ? cholesky(gram, 0.0, own) : shared_solved)) {
      found.sound = false;
      continue;
    }
    Vector<double> w = s.cross.row(j).transpose();
    solve_cholesky(factor, w);
    // Sum of squares - 2 w'c + w'G w: right also where w is not quite the solution.
    double residual = s.squares[j];
    for (Index a = 0; a < side; ++a) {
      double sum = gram(a, a) * w[a] - 2.0 * s.cross(j, a);
      for (Index b = 0; b < a; ++b) sum += 2.0 * gram(a, b) * w[b];
      residual += w[a] * sum;
    }
    if (!is_finite(residual)) {
      found.sound = false;
      continue;
    }
    found.sound = found.sound && residual >= 0.0;
    found.coefficients.row(j) = w.transpose();
    found.weight[j] = weight;
    found.residual[j] = std::max(residual, 0.0);
    const double mean = s.cross(j, side - 1) / weight;
    const double variance = s.squares[j] / weight - mean * mean;
    // What rounding leaves of a column without variance: of its numbers, and of the difference.
    const double noise = 8.0 * eps * std::abs(shift[j]);
    constexpr double cancelled = 64.0 * std::numeric_limits<double>::epsilon();
    if (is_finite(variance) && variance > noise * noise + cancelled * mean * mean) {
      found.variance[j] = variance;
      varying += variance;
      ++count;
    }
  }
  if (count > 0) found.typical_variance = varying / static_cast<double>(count);
  return found;
}

}  // namespace detail

LATENT_END
