// Data whose rows lie side by side in memory, for algorithms that read them again and again.
#pragma once

#include <utility>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/samples.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The data themselves where they are sparse or the numbers of a row follow each other, else (column
// by column, or scaled on the fly) a copy, n x D, with their weights and labels.
template <class S, class Team>
Samples<S> with_contiguous_rows(const Samples<S>& data, Team& team) {
  const Index rows = data.rows();
  if (data.sparse() || rows == 0 || data.contiguous_row(0) != nullptr) return data;
  RowMatrix<S> copy(rows, data.cols());
  team.for_each_lane(lanes_of(rows), [&](Index lane) {
    RowMatrix<S> tile(tile_rows, data.cols());
    for_each_tile(rows, lane, [&](Index first, Index count) {
      data.read(first, count, tile);
      copy.middleRows(first, count) = tile.topRows(count);
    });
  });
  Samples<S> result{std::move(copy)};
  if (data.has_weights()) result = std::move(result).weights(data.weights());
  if (data.has_labels()) result = std::move(result).labels(data.labels());
  return result;
}

}  // namespace detail

LATENT_END
