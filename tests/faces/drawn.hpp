// Small made-up faces: blobs, one place a person.
#pragma once

#include <cstdint>

#include "latent/core/random.hpp"
#include "latent/core/types.hpp"

namespace latent_test {

using latent::Index;
using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline constexpr Index down = 6;
inline constexpr Index across = 4;

// `people` blobs of their own place, `each` noisy images of everyone.
inline Bytes drawn_faces(Index people, Index each, std::uint64_t seed) {
  latent::Random random{seed};
  Bytes images(people * each, down * across);
  for (Index i = 0; i < images.rows(); ++i) {
    const double row = static_cast<double>(i / each % down);
    const double col = static_cast<double>(i / each % across);
    for (Index p = 0; p < images.cols(); ++p) {
      const double r = static_cast<double>(p / across) - row;
      const double c = static_cast<double>(p % across) - col;
      images(i, p) =
          static_cast<std::uint8_t>(40 + 150 / (1 + r * r + c * c) + 20 * random.uniform());
    }
  }
  return images;
}

inline Eigen::VectorXi names(Index people, Index each) {
  Eigen::VectorXi labels(people * each);
  for (Index i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i / each);
  return labels;
}

}  // namespace latent_test
