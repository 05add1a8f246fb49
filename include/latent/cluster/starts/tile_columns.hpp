// Squared distances of the rows of a tile from one point, for few columns: the tile is turned, so
// that vectors run over rows. The same sums as squared_distance() in the same order.
#pragma once

#include <algorithm>

#include "latent/core/source.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// From so many columns on, rows are compared one by one.
inline constexpr Index most_turned_columns = 7;

class TileColumns {
 public:
  template <class S>
  void read(const Samples<S>& data, Index first, Index count) {
    cols_ = data.cols();
    if (count < tile_rows)
      for (Index j = 0; j < cols_; ++j)
        std::fill(values_ + j * tile_rows + count, values_ + (j + 1) * tile_rows, 0.0);
    const S* x = data.contiguous_row(first);
    const bool dense = x != nullptr && (count == 1 || data.contiguous_row(first + 1) == x + cols_);
    if (!dense) {
      for (Index j = 0; j < cols_; ++j)
        for (Index i = 0; i < count; ++i)
          values_[j * tile_rows + i] = static_cast<double>(data(first + i, j));
      return;
    }
    static_assert(most_turned_columns == 7);
    switch (cols_) {
      case 1:
        return turn<1>(x, count);
      case 2:
        return turn<2>(x, count);
      case 3:
        return turn<3>(x, count);
      case 4:
        return turn<4>(x, count);
      case 5:
        return turn<5>(x, count);
      case 6:
        return turn<6>(x, count);
      default:
        return turn<7>(x, count);
    }
  }

  // out: one a row of a full tile; beyond the rows read, it holds numbers of no meaning.
  template <class S>
  void distances(const S* c, double* out) const {
    std::fill(out, out + tile_rows, 0.0);
    for (Index j = 0; j < cols_; ++j) {
      const double* column = values_ + j * tile_rows;
      const auto centre = static_cast<double>(c[j]);
      for (Index i = 0; i < tile_rows; ++i) {
        const double t = column[i] - centre;
        out[i] += t * t;
      }
    }
  }

 private:
  template <int Cols, class S>
  void turn(const S* x, Index count) {
    for (Index i = 0; i < count; ++i)
      for (int j = 0; j < Cols; ++j)
        values_[j * tile_rows + i] = static_cast<double>(x[i * Cols + j]);
  }

  Index cols_ = 0;
  double values_[most_turned_columns * tile_rows];  // D x 256
};

}  // namespace detail

LATENT_END
