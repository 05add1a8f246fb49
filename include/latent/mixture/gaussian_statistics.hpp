// What an M-step of Gaussian components sees.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// Sums about a shift that is fixed for the whole fit and differs by component, so that they add up
// exactly like plain sums and stay accurate far from the origin. B matrices of scatter: one a
// component, or one for all.
struct GaussianStatistics {
  RowMatrix<double> sum;  // K x D: sum_i r(i,k) (x_i - shift_k)
  // sum_i r(i,k) (x_i - shift_k)(x_i - shift_k)': B D x D, lower triangles; or B x D, the diagonals
  // alone, where nothing else matters.
  RowMatrix<double> scatter;
  auto fields() { return std::tie(sum, scatter); }
};

namespace detail {

// Powers of two near the numbers of x, all positive: units by which one divides and multiplies again
// without a trace.
inline Vector<double> binary_units(const Vector<double>& x) {
  Vector<double> units(x.size());
  for (Index i = 0; i < x.size(); ++i) {
    int exponent = 0;
    (void)std::frexp(x[i], &exponent);
    units[i] = std::ldexp(1.0, exponent);
  }
  return units;
}

// The standard deviation of each column over all components together. A column that does not vary
// in S's digits is given the mean of those that do, or 1, so that a floor has a unit there too.
template <class S>
Vector<double> data_deviation(const RowMatrix<double>& shift, const Vector<double>& n,
                              const GaussianStatistics& s, bool diagonal) {
  const Index d = shift.cols();
  Vector<double> deviation(d);
  double total = 0.0;
  for (Index k = 0; k < shift.rows(); ++k) total += n[k];
  double varying = 0.0;
  Index count = 0;
  for (Index j = 0; j < d; ++j) {
    // About the first component's shift: the mean, then the spread within and between components.
    double mean = 0.0;
    double size = 0.0;
    for (Index k = 0; k < shift.rows(); ++k) {
      mean += n[k] * (shift(k, j) - shift(0, j)) + s.sum(k, j);
      size = std::max(size, std::abs(shift(k, j)));
    }
    mean /= total;
    double squares = 0.0;
    if (diagonal)
      squares = s.scatter.col(j).sum();
    else
      for (Index first = 0; first < s.scatter.rows(); first += d)
        squares += s.scatter(first + j, j);
    double terms = squares;  // without regard to sign: what rounding is relative to
    for (Index k = 0; k < shift.rows(); ++k) {
      const double offset = shift(k, j) - shift(0, j) - mean;
      squares += 2.0 * offset * s.sum(k, j) + n[k] * offset * offset;
      terms += n[k] * offset * offset;
    }
    const double variance = squares / total;
    const double noise = 8.0 * static_cast<double>(std::numeric_limits<S>::epsilon()) * size;
    const bool varies = is_finite(variance) && variance > noise * noise &&
                        squares > 64.0 * std::numeric_limits<double>::epsilon() * terms;
    deviation[j] = varies ? std::sqrt(variance) : 0.0;
    if (varies) {
      varying += variance;
      ++count;
    }
  }
  const double substitute = count > 0 ? std::sqrt(varying / static_cast<double>(count)) : 1.0;
  for (Index j = 0; j < d; ++j)
    if (!(deviation[j] > 0.0)) deviation[j] = substitute;
  return deviation;
}

}  // namespace detail

LATENT_END
