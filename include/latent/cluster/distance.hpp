// Squared distances by direct differences, in double whatever the scalar of the data. These are the
// distances that decide: the expanded form only proposes candidates.
#pragma once

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Up to so many columns, direct differences cost no more than a product.
inline constexpr Index direct_columns = 4;

// Eight partial sums: an order of summation that vectorises and does not depend on the address.
struct PartialSums {
  static constexpr Index width = 8;
  double part[width] = {};

  double total() const {
    return ((part[0] + part[4]) + (part[2] + part[6])) +
           ((part[1] + part[5]) + (part[3] + part[7]));
  }
};

// |a - b|^2 of two rows of length `size`. The relative error is below (size + 2) eps / 2; equal
// rows give exactly 0.
template <class S>
double squared_distance(const S* a, const S* b, Index size) {
  constexpr Index width = PartialSums::width;
  if (size < width) {
    double sum = 0.0;
    for (Index j = 0; j < size; ++j) {
      const double t = static_cast<double>(a[j]) - static_cast<double>(b[j]);
      sum += t * t;
    }
    return sum;
  }
  PartialSums sums;
  Index j = 0;
  for (; j + width <= size; j += width)
    for (Index i = 0; i < width; ++i) {
      const double t = static_cast<double>(a[j + i]) - static_cast<double>(b[j + i]);
      sums.part[i] += t * t;
    }
  for (Index i = 0; j + i < size; ++i) {
    const double t = static_cast<double>(a[j + i]) - static_cast<double>(b[j + i]);
    sums.part[i] += t * t;
  }
  return sums.total();
}

// |a|^2 of a row, in double.
template <class S>
double squared_norm(const S* a, Index size) {
  constexpr Index width = PartialSums::width;
  PartialSums sums;
  Index j = 0;
  for (; j + width <= size; j += width)
    for (Index i = 0; i < width; ++i) {
      const auto t = static_cast<double>(a[j + i]);
      sums.part[i] += t * t;
    }
  for (Index i = 0; j + i < size; ++i) {
    const auto t = static_cast<double>(a[j + i]);
    sums.part[i] += t * t;
  }
  return sums.total();
}

}  // namespace detail

LATENT_END
