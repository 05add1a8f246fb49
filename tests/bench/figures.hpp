// What benchmarks share: made-up numbers, and what many measurements come down to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/core/types.hpp"

namespace bench {

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

inline double least(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

// rows x cols standard normals; row i is the same for any number of rows.
inline latent::RowMatrix<double> normals(latent::Index rows, latent::Index cols,
                                         std::uint64_t seed) {
  latent::RowMatrix<double> values(rows, cols);
  const latent::Random random(seed);
  for (latent::Index i = 0; i < rows; ++i) {
    latent::Random row = random.at(static_cast<std::uint64_t>(i));
    for (latent::Index j = 0; j < cols; ++j) values(i, j) = row.normal();
  }
  return values;
}

}  // namespace bench
