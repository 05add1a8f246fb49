// Rows in groups, and a group as data of its own: what the trees of centroids are grown with.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "latent/cluster/kmeans_checks.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"

LATENT_BEGIN

namespace detail {

// items[starts[g]] ... items[starts[g + 1] - 1] are the items of group g, in their own order.
struct Groups {
  std::vector<Index> items;
  std::vector<Index> starts;

  std::span<const Index> group(Index g) const {
    const auto at = static_cast<std::size_t>(g);
    return std::span<const Index>(items).subspan(
        static_cast<std::size_t>(starts[at]),
        static_cast<std::size_t>(starts[at + 1] - starts[at]));
  }
  Index count() const { return static_cast<Index>(starts.size()) - 1; }
};

// The items 0 ... count-1 by their label, 0 ... groups-1: a counting sort, stable. O(count + groups).
inline Groups group_by(const int* labels, Index count, Index groups) {
  Groups sorted;
  sorted.items.resize(static_cast<std::size_t>(count));
  sorted.starts.assign(static_cast<std::size_t>(groups) + 1, 0);
  for (Index i = 0; i < count; ++i) ++sorted.starts[static_cast<std::size_t>(labels[i]) + 1];
  for (std::size_t g = 1; g < sorted.starts.size(); ++g) sorted.starts[g] += sorted.starts[g - 1];
  std::vector<Index> next = sorted.starts;
  for (Index i = 0; i < count; ++i)
    sorted.items[static_cast<std::size_t>(next[static_cast<std::size_t>(labels[i])]++)] = i;
  return sorted;
}

// The rows named, in this order, read in runs of neighbours.
template <class S, class T>
RowMatrix<S> gather_rows(const Samples<T>& data, std::span<const Index> rows) {
  const auto count = static_cast<Index>(rows.size());
  RowMatrix<S> gathered(count, data.cols());
  RowMatrix<S> tile(std::min(tile_rows, count), data.cols());
  for (Index i = 0; i < count;) {
    const Index first = rows[static_cast<std::size_t>(i)];
    Index run = 1;
    while (i + run < count && run < tile_rows &&
           rows[static_cast<std::size_t>(i + run)] == first + run)
      ++run;
    data.read(first, run, tile);
    gathered.middleRows(i, run) = tile.topRows(run);
    i += run;
  }
  return gathered;
}

// The rows named with their weights, as a source of its own. A part whose numbers are all so small
// that KMeans refuses them has rows that cannot be told apart by their squared distances: zeros.
template <class S>
Samples<S> gather_part(const Samples<S>& data, std::span<const Index> rows) {
  RowMatrix<S> x = gather_rows<S>(data, rows);
  if (static_cast<double>(x.cwiseAbs().maxCoeff()) < smallest_magnitude) x.setZero();
  Samples<S> part{std::move(x)};
  if (!data.has_weights()) return part;
  Vector<double> weights(static_cast<Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    weights[static_cast<Index>(i)] = data.weight(rows[i]);
  return std::move(part).weights(weights);
}

// All rows of positive weight.
template <class S>
std::vector<Index> usable_rows(const Samples<S>& data) {
  std::vector<Index> rows;
  rows.reserve(static_cast<std::size_t>(data.rows()));
  for (Index i = 0; i < data.rows(); ++i)
    if (data.weight(i) > 0.0) rows.push_back(i);
  return rows;
}

// A team lent to a fit within a fit: an executor that starts no threads of its own.
template <class Team>
struct Lent {
  Team& lender;
  Team& team() const { return lender; }
};

// One number a row, equal for equal rows; different rows share one with probability 2^-64.
template <class S, class Team>
std::vector<std::uint64_t> row_marks(const Samples<S>& data, Team& team) {
  std::vector<std::uint64_t> marks(static_cast<std::size_t>(data.rows()));
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    RowMatrix<S> tile(std::min(tile_rows, data.rows()), data.cols());
    for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
      data.read(first, rows, tile);
      for (Index i = 0; i < rows; ++i) {
        std::uint64_t mark = 0x9E3779B97F4A7C15u;
        for (Index j = 0; j < data.cols(); ++j) {
          // The finaliser of SplitMix64 (Steele, Lea and Flood 2014); -0 + 0 = 0.
          mark += std::bit_cast<std::uint64_t>(static_cast<double>(tile(i, j)) + 0.0) +
                  0x9E3779B97F4A7C15u;
          mark = (mark ^ (mark >> 30)) * 0xBF58476D1CE4E5B9u;
          mark = (mark ^ (mark >> 27)) * 0x94D049BB133111EBu;
          mark ^= mark >> 31;
        }
        marks[static_cast<std::size_t>(first + i)] = mark;
      }
    });
  });
  return marks;
}

// How many different rows there are among those named.
inline Index distinct_rows(const std::vector<std::uint64_t>& marks, std::span<const Index> rows) {
  std::vector<std::uint64_t> found;
  found.reserve(rows.size());
  for (const Index row : rows) found.push_back(marks[static_cast<std::size_t>(row)]);
  std::sort(found.begin(), found.end());
  return static_cast<Index>(std::unique(found.begin(), found.end()) - found.begin());
}

}  // namespace detail

LATENT_END
