// What a solver of principal components hands over.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Variances below the noise floor are 0 here: the square of a floor in singular values.
struct Spectrum {
  Vector<double> variance;  // all that the solver sees, descending, in units of 4^exponent
  RowMatrix<double> axes;   // L x D, the rows orthonormal, signs by the rule
  int exponent = 0;
  Index rank = 0;      // variances above the floor
  double floor = 0.0;  // singular values below this times the largest are noise

  // The standard deviation along axis j in the units of the data.
  double deviation(Index j) const {
    return j < rank ? std::ldexp(std::sqrt(variance[j]), exponent) : 0.0;
  }
};

// The floor in singular values, relative to the largest. Eigenvalues of a cross-product matrix are
// exact to about eps m times the largest, hence singular values to its root; m is the dimension or
// the length of the sums, whichever is larger (sums of rows run over one lane and then up a tree,
// so no more than a lane counts). What S cannot represent is noise as well.
template <class S>
double noise_floor(Index columns, double rows) {
  const double longest =
      std::max(static_cast<double>(columns), std::min(rows, static_cast<double>(lane_rows)));
  return std::max(std::sqrt(std::numeric_limits<double>::epsilon() * longest),
                  static_cast<double>(std::numeric_limits<S>::epsilon()) * std::sqrt(longest));
}

// Sets what lies below the floor to 0. `variance` descends.
inline void cut_noise(Spectrum& spectrum, double floor, Index most) {
  Vector<double>& variance = spectrum.variance;
  spectrum.floor = floor;
  const double largest = variance.size() > 0 ? std::max(variance[0], 0.0) : 0.0;
  Index rank = 0;
  while (rank < std::min(variance.size(), most) && variance[rank] > floor * floor * largest) ++rank;
  variance.tail(variance.size() - rank).setZero();
  spectrum.rank = rank;
}

}  // namespace detail

LATENT_END
