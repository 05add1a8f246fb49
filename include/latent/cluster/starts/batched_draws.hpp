// k-means++ at the price of about one assignment: rows are drawn by masses that are a batch of
// centres old, and a draw stands with the probability that its true mass has to the old one. That
// is rejection sampling: whatever the batches, each centre is drawn in proportion to its weight
// times its squared distance to all centres before it (Cohen-Addad, Lattanzi, Norouzi-Fard, Sohler
// and Svensson 2020 draw so from bounds in a tree; here the old masses are exact, and soon renewed).
//
// A batch has as many centres as there were before it: log2 K passes over the data instead of K.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "latent/cluster/starts/batch_distances.hpp"
#include "latent/cluster/starts/mass_sampler.hpp"
#include "latent/cluster/starts/tile_distances.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

namespace detail {

// Memory: a double a row.
template <class S, class Team>
class BatchedDraws {
 public:
  // Data with at least `clusters` rows of positive weight.
  BatchedDraws(const Samples<S>& data, Index clusters, Team& team)
      : data_{data},
        team_{team},
        centres_(clusters, data.cols()),
        squared_norms_(clusters),
        nearest_{data, team},
        sampler_{data.rows()},
        scratch_{data.cols(), by_entries(data)} {
    weigh();
  }

  // K x D. Where all distinct rows are centres, the first rows repeat.
  RowMatrix<S> run(std::uint64_t seed, std::uint64_t restart) {
    for (; drawn_ < centres_.rows(); ++drawn_) {
      if (drawn_ - known_ >= std::max<Index>(known_, 1)) learn();
      Random random{seed, Purpose::initialisation, restart, static_cast<std::uint64_t>(drawn_)};
      place(draw(random));
    }
    return std::move(centres_);
  }

 private:
  Index draw(Random& random) {
    const auto mass = [this](Index row) { return data_.weight(row) * nearest_[row]; };
    const Index most = 8 + data_.rows() / 256;  // what costs about as much as a pass
    for (Index refused = 0; drawn_ > known_ && refused < most && sampler_.total() > 0.0;
         ++refused) {
      const Index row = sampler_.draw(random.uniform(), mass);
      if (random.uniform() * nearest_[row] < true_distance(row)) return row;
    }
    if (drawn_ > known_) learn();
    return sampler_.total() > 0.0 ? sampler_.draw(random.uniform(), mass) : next_unused();
  }

  // Where all distinct rows are centres, any row does.
  Index next_unused() {
    while (!(data_.weight(unused_) > 0.0)) ++unused_;
    return unused_++;
  }

  void place(Index row) {
    RowMatrix<S> values(1, data_.cols());
    data_.read(row, 1, values);
    centres_.row(drawn_) = values;
    if (by_entries(data_)) squared_norms_[drawn_] = long_squared_norm(values.data(), data_.cols());
  }

  // The squared distance to the nearest of all centres.
  double true_distance(Index row) {
    double least = nearest_[row];
    scratch_.candidates[0] = 0;
    for (Index k = known_; k < drawn_; ++k)
      scratch_.measure(data_, centres_.data() + k * data_.cols(), squared_norms_[k], row, 1, 1,
                       [&](Index) { least = std::min(least, scratch_.distances[0]); });
    return least;
  }

  // The batch comes to the rows.
  void learn() {
    nearest_.add(centres_.middleRows(known_, drawn_ - known_), [](Index, int) {});
    weigh();
    known_ = drawn_;
  }

  void weigh() {
    const double* weights = data_.has_weights() ? data_.weights().data() : nullptr;
    team_.for_each_lane(lanes_of(data_.rows()), [&](Index lane) {
      for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
        double largest = 0.0;
        sampler_.tile(first / tile_rows) = tile_mass(
            nearest_.from(first), weights != nullptr ? weights + first : nullptr, count, largest);
      });
      sampler_.sum_lane(lane);
    });
  }

  const Samples<S>& data_;
  Team& team_;
  RowMatrix<S> centres_;
  Vector<double> squared_norms_;  // K: of the centres, where rows are taken by their entries
  Index drawn_ = 0;
  Index known_ = 0;  // of those drawn, what the rows have learnt of
  BatchDistances<S, Team> nearest_;
  MassSampler sampler_;
  TileDistances<S> scratch_;  // of the thread that draws
  Index unused_ = 0;
};

}  // namespace detail

LATENT_END
