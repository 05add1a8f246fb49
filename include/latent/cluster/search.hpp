// The exhaustive search: every row against every centroid. What a search is for the loop of Lloyd:
//
//   Search::chunk                                   rows that find() is called for at most
//   search.find(table, scratch, first, count, labels, found)
//
// found[i] = the nearest centroid of row first + i; labels[i] = the label it had before, or -1.
#pragma once

#include "latent/cluster/assignment.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
class ExhaustiveSearch {
 public:
  static constexpr Index chunk = tile_rows;

  explicit ExhaustiveSearch(const Samples<S>& data) : data_{data} {}

  void find(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first, Index count,
            const int* /*labels*/, int* found) const {
    const S* rows[tile_rows];
    const bool contiguous = point_at(data_, first, count, scratch.x, rows);
    assign_rows(table, scratch, rows, count, contiguous, found);
  }

 private:
  const Samples<S>& data_;
};

}  // namespace detail

LATENT_END
