// k-means++ at the price of about one assignment: rows are drawn by masses that are a batch of
// centres old, and a draw stands with the probability that its true mass has to the old one. That
// is rejection sampling: whatever the batches, each centre is drawn in proportion to its weight
// times its squared distance to all centres before it (Cohen-Addad, Lattanzi, Norouzi-Fard, Sohler
// and Svensson 2020 draw from a tree so; here the old masses are exact, and soon renewed).
//
// A batch goes to the rows through the kernel of the assignment, and grows with the number of
// centres: log2 K passes instead of K. Every distance kept is a direct difference in double.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/starts/mass_sampler.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

namespace detail {

// Memory: a double a row, and K centres packed.
template <class S, class Team>
class BatchedDraws {
 public:
  // Dense data with at least `clusters` rows of positive weight.
  BatchedDraws(const Samples<S>& data, Index clusters, Team& team)
      : data_{data},
        team_{team},
        centres_(clusters, data.cols()),
        nearest_(Vector<double>::Constant(data.rows(), 1.0)),
        sampler_{data.rows()} {
    team_.for_each_lane(lanes_of(data_.rows()), [&](Index lane) {
      for_each_tile(data_.rows(), lane, [&](Index first, Index count) { weigh(first, count); });
      sampler_.sum_lane(lane);
    });
  }

  // K x D. Where all distinct rows are centres, the first rows repeat.
  RowMatrix<S> run(std::uint64_t seed, std::uint64_t restart) {
    for (; drawn_ < centres_.rows(); ++drawn_) {
      if (drawn_ - applied_ >= std::max<Index>(applied_, 1)) apply();
      Random random{seed, Purpose::initialisation, restart, static_cast<std::uint64_t>(drawn_)};
      place(draw(random));
    }
    return std::move(centres_);
  }

 private:
  Index draw(Random& random) {
    const auto mass = [this](Index row) { return data_.weight(row) * nearest_[row]; };
    const Index most = 8 + data_.rows() / 256;  // what costs about as much as a pass
    for (Index rejected = 0; drawn_ > applied_ && sampler_.total() > 0.0; ++rejected) {
      if (rejected == most) {
        apply();
        break;
      }
      const Index row = sampler_.draw(random.uniform(), mass);
      // Before the first centre the masses are weights, and only it is drawn by them.
      if (random.uniform() * nearest_[row] < squared_to_batch(row)) return row;
    }
    return sampler_.total() > 0.0 ? sampler_.draw(random.uniform(), mass) : next_unused();
  }

  Index next_unused() {
    while (!(data_.weight(unused_) > 0.0)) ++unused_;
    return unused_++;
  }

  void place(Index row) {
    RowMatrix<S> values(1, data_.cols());
    data_.read(row, 1, values);
    centres_.row(drawn_) = values;
  }

  // To the nearest of all centres.
  double squared_to_batch(Index row) {
    RowMatrix<S> values(1, data_.cols());
    data_.read(row, 1, values);
    double least = nearest_[row];
    for (Index k = applied_; k < drawn_; ++k)
      least = std::min(least, squared_distance(values.data(), centres_.data() + k * data_.cols(),
                                               data_.cols()));
    return least;
  }

  void weigh(Index first, Index count) {
    double largest = 0.0;
    sampler_.tile(first / tile_rows) = tile_mass(
        nearest_.data() + first, data_.has_weights() ? data_.weights().data() + first : nullptr,
        count, largest);
  }

  // The batch comes to the rows.
  void apply() {
    const CentroidTable<S> table{RowMatrix<S>(centres_.middleRows(applied_, drawn_ - applied_))};
    team_.for_each_lane(lanes_of(data_.rows()), [&](Index lane) {
      pool_.borrow(
          [&] { return std::make_unique<TileScratch<S>>(data_.cols(), table.clusters()); },
          [&](TileScratch<S>& scratch) {
            for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
              if (come_to(table, scratch, first, count)) weigh(first, count);
            });
          });
      sampler_.sum_lane(lane);
    });
    applied_ = drawn_;
  }

  // True if a row came nearer. Rows without weight never count: they are given no distance.
  bool come_to(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first,
               Index count) {
    const S* rows[tile_rows];
    int labels[tile_rows] = {};
    double squared[tile_rows];
    int near[tile_rows];
    double* nearest = nearest_.data() + first;
    const bool contiguous = point_at(data_, first, count, scratch.x, rows);
    int number = 0;
    if (applied_ == 0) {
      for (Index i = 0; i < count; ++i) {
        near[number] = static_cast<int>(i);
        number += data_.weight(first + i) > 0.0 ? 1 : 0;
      }
      std::fill(nearest, nearest + count, 0.0);
    } else {
      assign_rows(table, scratch, rows, count, contiguous, labels, {squared, nullptr});
      for (Index i = 0; i < count; ++i) {  // without branches, which nothing could predict
        near[number] = static_cast<int>(i);
        number += squared[i] >= nearest[i] ? 0 : 1;
      }
    }
    for (int n = 0; n < number; ++n) {
      const int i = near[n];
      squared[n] = squared_distance(rows[i], table.centroid(labels[i]), data_.cols());
    }
    bool changed = false;
    for (int n = 0; n < number; ++n) {
      double& own = nearest[near[n]];
      if (applied_ > 0 && !(squared[n] < own)) continue;
      own = squared[n];
      changed = true;
    }
    return changed;
  }

  const Samples<S>& data_;
  Team& team_;
  RowMatrix<S> centres_;
  Index drawn_ = 0;
  Index applied_ = 0;       // of those drawn, what the rows have come to know
  Vector<double> nearest_;  // n: squared distance to the nearest of those applied
  MassSampler sampler_;
  Index unused_ = 0;
  Pool<TileScratch<S>> pool_;
};

}  // namespace detail

LATENT_END
