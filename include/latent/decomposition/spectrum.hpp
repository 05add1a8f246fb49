// What a solver of principal components hands over.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Variances below the noise floor are 0 here: the square of a floor in singular values.
struct Spectrum {
  Vector<double> variance;  // all that the solver sees, descending, in units of 4^exponent
  RowMatrix<double> axes;   // L x D, the rows orthonormal, signs by the rule
  int exponent = 0;
  Index rank = 0;         // variances above the floor
  double floor = 0.0;     // singular values below this times the largest are noise
  double rest = 0.0;      // variance of the components that the solver does not see
  bool complete = true;   // it sees all that differ from 0
  bool converged = true;  // false: an iteration was cut short
  Index passes = 0;       // over the rows, that an iteration took

  // The standard deviation along axis j in the units of the data.
  double deviation(Index j) const {
    return j < rank ? std::ldexp(std::sqrt(variance[j]), exponent) : 0.0;
  }
  double total() const { return variance.sum() + rest; }
};

// How many axes are wanted, once the variances are known.
using ChooseCount = std::function<Index(const Spectrum&)>;

// The dimension or the length of the sums, whichever is larger (sums of rows run over one lane and
// then up a tree, so no more than a lane counts).
inline double longest_sum(Index columns, double rows) {
  return std::max(static_cast<double>(columns), std::min(rows, static_cast<double>(lane_rows)));
}

// Floors in singular values, relative to the largest. What S cannot represent is noise as well.
template <class S>
double scalar_floor(Index columns, double rows) {
  const auto eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  if (eps <= std::numeric_limits<double>::epsilon()) return 0.0;
  return eps * std::sqrt(longest_sum(columns, rows));
}

// Where the rows are squared: eigenvalues of a cross-product matrix are exact to about eps m times
// the largest, hence singular values to its root.
template <class S>
double noise_floor(Index columns, double rows) {
  const double eps = std::numeric_limits<double>::epsilon();
  return std::max(std::sqrt(eps * longest_sum(columns, rows)), scalar_floor<S>(columns, rows));
}

// Where they are not: singular values are exact to about eps m times the largest.
template <class S>
double rounding_floor(Index columns, double rows) {
  const double eps = std::numeric_limits<double>::epsilon();
  return std::max(eps * longest_sum(columns, rows), scalar_floor<S>(columns, rows));
}

// Sets what lies below the floor to 0. `variance` descends. A rest that is rounding is 0 as well.
inline void cut_noise(Spectrum& spectrum, double floor, Index most) {
  Vector<double>& variance = spectrum.variance;
  spectrum.floor = floor;
  const double largest = variance.size() > 0 ? std::max(variance[0], 0.0) : 0.0;
  Index rank = 0;
  while (rank < std::min(variance.size(), most) && variance[rank] > floor * floor * largest) ++rank;
  variance.tail(variance.size() - rank).setZero();
  spectrum.rank = rank;
  if (rank < variance.size() || variance.size() >= most ||
      !(spectrum.rest > floor * floor * largest))
    spectrum.rest = 0.0;
}

}  // namespace detail

LATENT_END
