// Which rows a trimmed mean leaves out.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/empty_clusters.hpp"

LATENT_BEGIN

namespace detail {

// labels[i] = the nearest centroid of row i, distances[i] = its squared distance.
template <class S, class T, class Team>
void assign_with_distances(const Samples<T>& data, const CentroidTable<S>& table, Labels& labels,
                           Vector<double>& distances, ScratchPool<S>& pool, Team& team) {
  const Index cols = table.cols();
  labels.resize(data.rows());
  distances.resize(data.rows());
  if constexpr (std::is_same_v<S, T>) {  // else rows must become those of S
    if (by_entries(data)) {
      for_each_nearest_by_entries(data, table.centroids(), team,
                                  [&](Index row, int label, double squared) {
                                    labels[row] = label;
                                    distances[row] = squared;
                                  });
      return;
    }
  }
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    const auto make = [&] { return std::make_unique<TileScratch<S>>(cols, table.clusters()); };
    pool.borrow(make, [&](TileScratch<S>& scratch) {
      for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
        data.read(first, rows, scratch.x);
        assign_tile(table, scratch, rows, labels.data() + first);
        for (Index i = 0; i < rows; ++i)
          distances[first + i] = squared_distance(scratch.x.data() + i * cols,
                                                  table.centroid(labels[first + i]), cols);
      });
    });
  });
}

// The rows that are kept, and how much of each.
struct Trimmed {
  std::vector<Index> rows;  // left out
  Index boundary = -1;      // the farthest row kept; -1 where nothing is trimmed
  double weight = 0.0;      // what is kept of its weight
};

// Leaves out the weight `excess`, the farthest rows first; of equal distances the highest index
// first. The row on the boundary is kept with what remains of its weight; shares that are rounding
// of the sums alone count as none or all. Selection, not sorting: O(n) on average.
template <class S>
Trimmed trim_farthest(const Samples<S>& data, const Vector<double>& distances, double excess,
                      double total) {
  Trimmed trimmed;
  const double rounding = 8.0 * std::numeric_limits<double>::epsilon() * total;
  if (!(excess > rounding)) return trimmed;
  std::vector<DistantRow> rows;
  rows.reserve(static_cast<std::size_t>(data.rows()));
  for (Index i = 0; i < data.rows(); ++i)
    if (data.weight(i) > 0.0) rows.push_back({distances[i], i});

  // Invariant: rows from `last` on are left out, `rest` is left to be taken from those before, and
  // first ... last - 1 have more than that. Rows before `first` are nearer than the boundary.
  auto first = rows.begin();
  auto last = rows.end();
  double rest = excess;
  while (last - first > 1) {
    const auto middle = first + (last - first) / 2;
    std::nth_element(first, middle, last);
    double upper = 0.0;
    for (auto row = middle; row != last; ++row) upper += data.weight(row->row);
    if (upper <= rest + rounding) {
      rest -= upper;
      last = middle;
    } else {
      first = middle;
    }
  }
  // One row is left, with more weight than has yet to go: at least where any row stays, and one does.
  if (data.weight(first->row) <= rest + rounding) rest = 0.0;
  trimmed.boundary = first->row;
  trimmed.weight = data.weight(first->row) - (rest > rounding ? rest : 0.0);
  for (auto row = last; row != rows.end(); ++row) trimmed.rows.push_back(row->row);
  std::sort(trimmed.rows.begin(), trimmed.rows.end());
  return trimmed;
}

// The data with the weights that are kept.
template <class S>
Samples<S> kept_samples(const Samples<S>& data, const Trimmed& trimmed) {
  if (trimmed.boundary < 0) return data;
  Vector<double> weights =
      data.has_weights() ? data.weights() : Vector<double>(Vector<double>::Ones(data.rows()));
  for (const Index row : trimmed.rows) weights[row] = 0.0;
  weights[trimmed.boundary] = trimmed.weight;
  return data.weights(weights);
}

}  // namespace detail

LATENT_END
