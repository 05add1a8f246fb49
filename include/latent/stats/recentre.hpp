// Means of parts that merge: each is a shift in the units of the data and a small offset beyond it
// in units of 2^exponent, so that no digit is lost far from the origin.
#pragma once

#include <cmath>

#include "latent/stats/column_frame.hpp"

LATENT_BEGIN

namespace detail {

// In units of 2^exponent, but for the shift.
struct MergedMean {
  double gap;    // from the mean of a to that of b
  double shift;  // close to the mean of both; in the units of the data
  double rest;   // of the mean of both, beyond that shift
};

// The least exponent in which the distance of the shifts neither overflows nor vanishes.
inline int exponent_of_gap(double a_shift, double b_shift) {
  return exponent_above(std::abs(0.5 * b_shift - 0.5 * a_shift));
}

// The offsets are those of the means of a and b beyond their shifts; `share` is the weight of b over
// that of the result (negative where b is taken out).
inline MergedMean merge_means(double a_shift, double a_offset, double b_shift, double b_offset,
                              double share, int exponent) {
  const double half = 0.5 * b_shift - 0.5 * a_shift;  // the whole may overflow
  const double gap = std::ldexp(half, 1 - exponent) + (b_offset - a_offset);
  const double mean = a_offset + share * gap;
  const double shift = a_shift + std::ldexp(mean, exponent);
  return {gap, shift, mean - std::ldexp(0.5 * shift - 0.5 * a_shift, 1 - exponent)};
}

}  // namespace detail

LATENT_END
