// Direct squared distances of some rows of a tile to one point, whatever the rows lie in: what a
// thread needs for them, and how they are taken.
#pragma once

#include <algorithm>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/cluster/sparse_assignment.hpp"
#include "latent/cluster/starts/tile_columns.hpp"
#include "latent/core/samples.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
struct TileDistances {
  // by_entries: the rows are sparse and are taken by their stored entries.
  TileDistances(Index cols, bool by_entries_of_rows) : by_entries{by_entries_of_rows} {
    if (by_entries)
      zeros.setZero(cols);
    else
      row.resize(1, cols);
  }

  // distances[i] to x, D numbers of that squared norm (used by entries only), for the `number`
  // candidates i of a tile, and then done(i) for each in turn. Where rows are not contiguous and
  // more than a few are asked for, `tile` holds the tile.
  template <class Done>
  void measure(const Samples<S>& data, const S* x, double squared_norm, Index first, Index count,
               int number, const Done& done) {
    const Index cols = data.cols();
    if (by_entries) {
      for (int c = 0; c < number; ++c) {
        const Index i = candidates[c];
        distances[i] =
            sparse_squared_distance(data.sparse_row(first + i, buffer), x, squared_norm, zeros);
        done(i);
      }
      return;
    }
    const bool in_place = data.contiguous_row(first) != nullptr;
    const bool whole = !in_place && (number > 8 || number == count);
    if (whole) {
      if (tile.rows() == 0) tile.resize(std::min(tile_rows, data.rows()), cols);
      data.read(first, count, tile);
    }
    const auto row_of = [&](Index i) {
      if (in_place) return data.contiguous_row(first + i);
      if (whole) return static_cast<const S*>(tile.data() + i * cols);
      data.read(first + i, 1, row);
      return static_cast<const S*>(row.data());
    };
    // All distances before the first decision: a branch that guesses wrong would wait for memory.
    for (int c = 0; c < number; ++c) {
      const Index i = candidates[c];
      distances[i] = squared_distance(row_of(i), x, cols);
    }
    for (int c = 0; c < number; ++c) done(Index{candidates[c]});
  }

  bool by_entries;
  TileColumns columns;    // few columns: the tile, turned
  RowMatrix<S> row;       // where rows are not contiguous: one of them
  RowMatrix<S> tile;      // or a tile
  Vector<S> zeros;        // by entries: D zeros
  std::vector<S> buffer;  // and the entries of a scaled row
  int candidates[tile_rows];
  double distances[tile_rows];
};

}  // namespace detail

LATENT_END
