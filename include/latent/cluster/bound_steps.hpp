// What the searches with bounds share: numbers rounded outwards, how far the centroids moved, and
// rows that do not lie side by side.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "latent/cluster/assignment.hpp"

LATENT_BEGIN

namespace detail {

// Floats that are surely not below, or not above, a number.
inline float round_up(double value) {
  const double more =
      value * (1.0 + 0x1p-22) + static_cast<double>(std::numeric_limits<float>::min());
  return more < 0x1p127 ? static_cast<float>(more) : std::numeric_limits<float>::infinity();
}
inline float round_down(double value) {
  const double less = value * (1.0 - 0x1p-22);
  return less > static_cast<double>(std::numeric_limits<float>::min())
             ? static_cast<float>(std::min(less, 0x1p127))
             : 0.0f;
}

// Factors that make up for the rounding of a sum or difference of two floats.
inline constexpr float bound_up = 1.0f + 0x1p-22f;
inline constexpr float bound_down = 1.0f - 0x1p-22f;

// Bounds decide where they are apart by this factor: far more than what the direct distances in
// double can be wrong by.
inline constexpr float bounds_apart = 1.0f + 0x1p-20f;

// The power of two that brings a scale (> 0) near 1.
inline double unit_of(double scale) {
  return std::ldexp(1.0, -std::ilogb(scale));
}

// Not below the distance from a to b, times unit; squares that underflow included.
template <class S>
float distance_up(double unit, const S* a, const S* b, Index cols) {
  const double lost = 0x1p-511 * static_cast<double>(cols);
  return round_up(unit * (std::sqrt(squared_distance(a, b, cols)) + lost));
}

// moved[k]: not below how far centroid k moved, times unit.
template <class S>
void find_movements(const RowMatrix<S>& before, const CentroidTable<S>& table, double unit,
                    Vector<float>& moved) {
  moved.resize(table.clusters());
  const Index cols = table.cols();
  for (Index k = 0; k < table.clusters(); ++k) {
    const S* from = before.data() + k * cols;
    const S* to = table.centroid(k);
    moved[k] = std::equal(from, from + cols, to) ? 0.0f : distance_up(unit, from, to, cols);
  }
}

// The two largest movements of a group of centroids.
struct Farthest {
  Index cluster = -1;
  float first = 0.0f;
  float second = 0.0f;

  void offer(Index k, float moved) {
    if (cluster < 0 || moved > first) {
      second = cluster < 0 ? 0.0f : first;
      first = moved;
      cluster = k;
    } else {
      second = std::max(second, moved);
    }
  }

  // The largest but that of k.
  float without(Index k) const { return cluster == k ? second : first; }
};

// Calls body(indices, count, rows) for tiles of these rows of the data: rows[i] = row indices[i].
template <class S, class Body>
void for_each_gathered(const Samples<S>& data, const Index* indices, Index size,
                       TileScratch<S>& scratch, const Body& body) {
  const S* rows[static_cast<std::size_t>(tile_rows)] = {};
  for (Index from = 0; from < size; from += tile_rows) {
    const Index count = std::min(tile_rows, size - from);
    for (Index i = 0; i < count; ++i) {
      const Index row = indices[from + i];
      rows[i] = data.contiguous_row(row);
      if (rows[i] != nullptr) continue;
      S* copy = scratch.x.data() + i * data.cols();
      for (Index j = 0; j < data.cols(); ++j) copy[j] = data(row, j);
      rows[i] = copy;
    }
    body(indices + from, count, static_cast<const S* const*>(rows));
  }
}

}  // namespace detail

LATENT_END
