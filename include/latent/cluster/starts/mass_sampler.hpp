// Draws rows in proportion to masses, with one uniform number: the lane by its mass, then the tile
// within the lane, then the row within the tile. The masses of tiles and lanes are sums in an order
// that depends on the rows alone, whatever thread took them.
#pragma once

#include <algorithm>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr Index tiles_per_lane = lane_rows / tile_rows;

constexpr Index tiles_of(Index rows) {
  return (rows + tile_rows - 1) / tile_rows;
}

class MassSampler {
 public:
  explicit MassSampler(Index rows)
      : lanes_(Vector<double>::Zero(lanes_of(rows))),
        tiles_(Vector<double>::Zero(tiles_of(rows))),
        rows_{rows} {}

  double& tile(Index index) { return tiles_[index]; }

  // To be called where the mass of a tile of the lane changed.
  void sum_lane(Index lane) {
    const Index end = std::min(tiles_.size(), (lane + 1) * tiles_per_lane);
    double sum = 0.0;
    for (Index tile = lane * tiles_per_lane; tile < end; ++tile) sum += tiles_[tile];
    lanes_[lane] = sum;
  }

  double total() const {
    double sum = 0.0;
    for (Index lane = 0; lane < lanes_.size(); ++lane) sum += lanes_[lane];
    return sum;
  }

  // mass(row) as it went into the tiles. A row without mass is never drawn; total() must be > 0.
  // O(n / 2048 + 264).
  template <class Mass>
  Index draw(double uniform, const Mass& mass) const {
    double target = uniform * total();
    const Index lane = pick(0, lanes_.size(), target, [&](Index i) { return lanes_[i]; });
    const Index first_tile = lane * tiles_per_lane;
    const Index tile = pick(first_tile, std::min(tiles_.size(), first_tile + tiles_per_lane),
                            target, [&](Index i) { return tiles_[i]; });
    return pick(tile * tile_rows, std::min(rows_, (tile + 1) * tile_rows), target, mass);
  }

 private:
  // The first index whose mass exceeds what is left of the target; where rounding leaves a rest,
  // the last index with mass.
  template <class Mass>
  static Index pick(Index first, Index last, double& target, const Mass& mass) {
    Index chosen = first;
    for (Index i = first; i < last; ++i) {
      const double m = mass(i);
      if (!(m > 0.0)) continue;
      chosen = i;
      if (target < m) break;
      target -= m;
    }
    return chosen;
  }

  Vector<double> lanes_;
  Vector<double> tiles_;
  Index rows_;
};

}  // namespace detail

LATENT_END
