// Draws rows in proportion to masses, with one uniform number: the lane by its mass, then the tile
// within the lane, then the row within the tile. The masses of tiles and lanes are sums in an order
// that depends on the rows alone, whatever thread took them.
#pragma once

#include <algorithm>
#include <cstddef>

#include "latent/cluster/distance.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr Index tiles_per_lane = lane_rows / tile_rows;

constexpr Index tiles_of(Index rows) {
  return (rows + tile_rows - 1) / tile_rows;
}

// f(row, part): the rows of a tile are dealt out to the partial sums in turn.
template <class F>
void for_each_part(Index count, const F& f) {
  constexpr Index width = PartialSums::width;
  Index i = 0;
  for (; i + width <= count; i += width)
    for (Index l = 0; l < width; ++l) f(i + l, l);
  for (Index l = 0; i + l < count; ++l) f(i + l, l);
}

// sum of w d of a tile, and the largest d. weights: null for all ones.
inline double tile_mass(const double* squared, const double* weights, Index count,
                        double& largest) {
  PartialSums sums;
  double most[static_cast<std::size_t>(PartialSums::width)] = {};
  for_each_part(count, [&](Index i, Index l) {
    sums.part[l] += weights != nullptr ? weights[i] * squared[i] : squared[i];
    most[l] = std::max(most[l], squared[i]);
  });
  largest = *std::max_element(most, most + PartialSums::width);
  return sums.total();
}

// sum of w max(0, d - d') of a tile.
inline double tile_saving(const double* squared, const double* other, const double* weights,
                          Index count) {
  PartialSums sums;
  for_each_part(count, [&](Index i, Index l) {
    const double saved = std::max(0.0, squared[i] - other[i]);
    sums.part[l] += weights != nullptr ? weights[i] * saved : saved;
  });
  return sums.total();
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
