// Which rows a further centre may be nearest to. Two bounds rule the others out, and no row is
// ruled out whose computed distance to the new centre is below that to its present one:
//
//   |c - c'| >= 2 |x - c'|                the triangle inequality (Elkan 2003; Raff 2021, "Exact
//                                         acceleration of k-means++ and k-means||")
//   the sketches of x and c               see row_sketch.hpp
//
// 2^-20 is left to rounding, where direct differences in double round by (D + 3) eps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/cluster/starts/row_sketch.hpp"

LATENT_BEGIN

namespace detail {

// Below this, the relative error of a squared distance is not bounded: differences underflow.
inline constexpr double smallest_square = 0x1p-900;

// A centre to be, as the filter compares it with the rows.
struct Probe {
  double quarter = 0.0;     // of the least squared distance to the centres chosen, less the margin
  std::vector<float> half;  // half the distance to each of them, in units, less the margin
  double squared_norm = 0.0;  // of the centre, where rows are taken by their stored entries
  RowSketch::Code code;

  // True if no row is nearer to the new centre than to its present one, for rows whose squared
  // distance to that is at most `largest`.
  bool leaves(double largest) const {
    return largest == 0.0 || (largest >= smallest_square && largest <= quarter);
  }
};

class RowFilter {
 public:
  // Without a sketch, only whole tiles are ruled out.
  RowFilter() = default;

  template <class S>
  explicit RowFilter(const Samples<S>& data)
      : sketch_{data},
        owners_(static_cast<std::size_t>(data.rows()), 0),
        roots_(static_cast<std::size_t>(data.rows()), 0.0f) {}

  template <class S>
  Probe probe(const S* x, const RowMatrix<S>& centres, Index count) const {
    Probe probe;
    double least = std::numeric_limits<double>::infinity();
    const bool rows = sketch_.usable();
    if (rows) probe.half.resize(static_cast<std::size_t>(count));
    for (Index k = 0; k < count; ++k) {
      const double d = squared_distance(x, centres.data() + k * centres.cols(), centres.cols());
      least = std::min(least, d);
      if (!rows) continue;
      const double half = 0.5 * std::sqrt(d) / sketch_.unit() * (1.0 - 0x1p-19);
      probe.half[static_cast<std::size_t>(k)] =
          static_cast<float>(std::min(half, 0.5 * static_cast<double>(out_of_reach)));
    }
    probe.quarter = 0.25 * least * (1.0 - 0x1p-19);
    probe.code = sketch_.code(x);
    return probe;
  }

  // Of the first centre: every row is its own.
  template <class S>
  void begin(Index row, const S* x, double squared) {
    if (!sketch_.usable()) return;
    sketch_.set(row, x);
    set_owner(row, 0, squared);
  }

  void set_owner(Index row, Index centre, double squared) {
    if (!sketch_.usable()) return;
    const auto i = static_cast<std::size_t>(row);
    owners_[i] = static_cast<std::int32_t>(centre);
    roots_[i] = squared == 0.0              ? 0.0f
                : squared < smallest_square ? out_of_reach
                                            : rounded_up(std::sqrt(squared) / sketch_.unit());
  }

  // The rows of a tile that the bounds leave over, in order; returns their number.
  int candidates(const Probe& probe, Index first, Index count, int* found) const {
    int number = 0;
    if (!sketch_.usable()) {
      for (Index i = 0; i < count; ++i) found[number++] = static_cast<int>(i);
      return number;
    }
    const float* half = probe.half.data();
    const float* roots = roots_.data() + first;
    const std::int32_t* owners = owners_.data() + first;
    for (Index i = 0; i < count; ++i) {  // without branches, which nothing could predict
      found[number] = static_cast<int>(i);
      number += static_cast<int>(roots[i] > half[owners[i]]);
    }
    return sketch_.within(first, probe.code, roots, number, found);
  }

 private:
  RowSketch sketch_;
  std::vector<std::int32_t> owners_;  // n: the nearest centre
  std::vector<float> roots_;          // n: the distance to it, in units, rounded up
};

}  // namespace detail

LATENT_END
