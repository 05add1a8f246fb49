// Every row with its squared distance to the nearest centre, where centres come in batches: a batch
// goes through the kernel of the assignment, and costs as much as an assignment to so many
// centroids. Every distance kept is a direct difference in double, whatever the batches.
#pragma once

#include <memory>
#include <utility>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/sparse_sums.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"

LATENT_BEGIN

namespace detail {

// Memory: a double a row.
template <class S, class Team>
class BatchDistances {
 public:
  BatchDistances(const Samples<S>& data, Team& team)
      : data_{data}, team_{team}, nearest_(Vector<double>::Ones(data.rows())) {}

  // 1 before the first batch. Rows without weight never count: theirs is 0 from then on.
  double operator[](Index row) const { return nearest_[row]; }
  const double* from(Index row) const { return nearest_.data() + row; }

  // nearer(row, k) for every row that came nearer, and k of the batch that it is nearest to now, on
  // any thread; with the first batch for all rows.
  template <class Nearer>
  void add(RowMatrix<S> batch, const Nearer& nearer) {
    if (by_entries(data_)) {
      for_each_nearest_by_entries(data_, batch, team_, [&](Index row, int k, double squared) {
        offer(row, k, squared, nearer);
      });
    } else {
      const CentroidTable<S> table{std::move(batch)};
      team_.for_each_lane(lanes_of(data_.rows()), [&](Index lane) {
        pool_.borrow(
            [&] { return std::make_unique<TileScratch<S>>(data_.cols(), table.clusters()); },
            [&](TileScratch<S>& scratch) {
              for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
                add_to_tile(table, scratch, first, count, nearer);
              });
            });
      });
    }
    first_ = false;
  }

 private:
  template <class Nearer>
  void offer(Index row, int k, double squared, const Nearer& nearer) {
    if (first_)
      nearest_[row] = data_.weight(row) > 0.0 ? squared : 0.0;
    else if (squared < nearest_[row])
      nearest_[row] = squared;
    else
      return;
    nearer(row, k);
  }

  template <class Nearer>
  void add_to_tile(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first, Index count,
                   const Nearer& nearer) {
    const S* rows[tile_rows];
    int labels[tile_rows] = {};
    double squared[tile_rows];
    int near[tile_rows];
    const double* nearest = nearest_.data() + first;
    const bool contiguous = point_at(data_, first, count, scratch.x, rows);
    const bool all = first_ && table.clusters() == 1;
    if (!all) assign_rows(table, scratch, rows, count, contiguous, labels, {squared, nullptr});
    int number = 0;
    for (Index i = 0; i < count; ++i) {  // without branches, which nothing could predict
      near[number] = static_cast<int>(i);
      number += first_ || !(squared[i] >= nearest[i]) ? 1 : 0;
    }
    // All distances before the first decision: a branch that guesses wrong would wait for memory.
    for (int n = 0; n < number; ++n)
      squared[n] = squared_distance(rows[near[n]], table.centroid(labels[near[n]]), data_.cols());
    for (int n = 0; n < number; ++n) offer(first + near[n], labels[near[n]], squared[n], nearer);
  }

  const Samples<S>& data_;
  Team& team_;
  Vector<double> nearest_;  // n
  bool first_ = true;
  Pool<TileScratch<S>> pool_;
};

}  // namespace detail

LATENT_END
