// Data for the tests of statistics: made by rule, the same everywhere.
#pragma once

#include <cstdint>

#include "latent/core/random.hpp"

namespace latent_test {

// n x d standard normal numbers, column j times 2^(j % 5), about `offset`.
inline Eigen::MatrixXd normal_rows(Eigen::Index n, Eigen::Index d, std::uint64_t seed,
                                   double offset = 0.0) {
  latent::Random random{seed};
  Eigen::MatrixXd x(n, d);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < d; ++j)
      x(i, j) = offset + random.normal() * static_cast<double>(1 << (j % 5));
  return x;
}

}  // namespace latent_test
