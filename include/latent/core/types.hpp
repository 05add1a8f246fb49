// The names that every part of the library speaks in. Rows are samples, columns are dimensions.
#pragma once

#include "latent/core/config.hpp"

LATENT_BEGIN

using Index = Eigen::Index;

// One label a row; -1 = unknown.
using Labels = Eigen::VectorXi;

// S is float or double.
template <class S>
using RowMatrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class S>
using Vector = Eigen::Matrix<S, Eigen::Dynamic, 1>;

namespace detail {

// Kernels and models see a tile of rows; statistics are reduced by lane. Both are constants of the
// problem, never of the machine, which is what makes a result independent of the number of threads.
inline constexpr Index tile_rows = 256;
inline constexpr Index lane_rows = 2048;

constexpr Index lanes_of(Index rows) {
  return (rows + lane_rows - 1) / lane_rows;
}

}  // namespace detail

LATENT_END
