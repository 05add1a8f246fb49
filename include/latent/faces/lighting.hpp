// What is done about brightness and contrast before faces are compared.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/source.hpp"
#include "latent/faces/length.hpp"

LATENT_BEGIN

enum class Lighting {
  as_is,  // pixels are compared as they are
  // Each image less the mean of its pixels, divided by their standard deviation (divisor: the
  // pixels): faces under more or less light, or taken with another exposure, then agree. An image
  // without contrast becomes 0. Face space, its mean face and all distances are in these units.
  standardized,
};

namespace detail {

// pixel = mean + scale * standardised pixel.
struct ImageLight {
  double mean = 0.0;
  double scale = 1.0;
};

// pixel(i) for i < count. The scale is 0 where all that varies is rounding.
template <class Pixel>
ImageLight light_of(Index count, const Pixel& pixel) {
  const double share = 1.0 / static_cast<double>(count);
  ImageLight light;
  double largest = 0.0;
  for (Index i = 0; i < count; ++i) {
    light.mean += share * pixel(i);
    largest = std::max(largest, std::abs(pixel(i)));
  }
  const double root = std::sqrt(static_cast<double>(count));
  light.scale = length_of(count, [&](Index i) { return (pixel(i) - light.mean) / root; });
  const double rounding =
      static_cast<double>(count) * std::numeric_limits<double>::epsilon() * largest;
  if (!(light.scale > rounding)) light.scale = 0.0;
  return light;
}

inline double relit(double pixel, const ImageLight& light) {
  return light.scale > 0.0 ? (pixel - light.mean) / light.scale : 0.0;
}

template <class S>
struct LitImages {
  RowMatrix<S> images;            // n x D, standardised
  std::vector<ImageLight> light;  // n
};

// Throws DataError (not finite). O(n D).
template <class S, class Team>
LitImages<S> standardized(const Samples<S>& data, Team& team, std::string_view who) {
  LitImages<S> lit{RowMatrix<S>(data.rows(), data.cols()),
                   std::vector<ImageLight>(static_cast<std::size_t>(data.rows()))};
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    for_each_block<double>(data, lane, [&](const Block<double>& block) {
      if (!all_finite(block.x.data(), block.x.size()))
        check_finite(data, block.first_row, block.x.rows(), who);
      for (Index i = 0; i < block.x.rows(); ++i) {
        const Index row = block.first_row + i;
        const ImageLight light = light_of(data.cols(), [&](Index j) { return block.x(i, j); });
        lit.light[static_cast<std::size_t>(row)] = light;
        for (Index j = 0; j < data.cols(); ++j)
          lit.images(row, j) = static_cast<S>(relit(block.x(i, j), light));
      }
    });
  });
  return lit;
}

}  // namespace detail

LATENT_END
