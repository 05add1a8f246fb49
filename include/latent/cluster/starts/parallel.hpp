// k-means||: a few rounds that draw many rows each, and k-means++ on what they drew.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "latent/cluster/gather.hpp"
#include "latent/cluster/starts/batch_distances.hpp"
#include "latent/cluster/starts/plus_plus.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr int parallel_rounds = 5;
inline constexpr double parallel_oversampling = 2.0;  // expected rows a round and cluster

template <class S, class Team>
class ParallelStart {
 public:
  ParallelStart(const Samples<S>& data, Index clusters, Team& team)
      : data_{data},
        clusters_{clusters},
        team_{team},
        nearest_{data, team},
        owners_(Labels::Zero(data.rows())) {}

  RowMatrix<S> run(std::uint64_t seed, std::uint64_t restart) {
    {
      MassSampler sampler{data_.rows()};
      for_each_lane([&](Index lane) {
        for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
          for (Index i = first; i < first + count; ++i) sampler.tile(first / tile_rows) += mass(i);
        });
        sampler.sum_lane(lane);
      });
      Random random{seed, Purpose::initialisation, restart};
      const auto weight = [this](Index row) { return mass(row); };
      add({sampler.draw(random.uniform(), weight)});
    }
    for (int round = 1; round <= parallel_rounds; ++round) {
      const double total = total_mass();
      if (!(total > 0.0)) break;
      add(draw(Random{seed, Purpose::initialisation, restart, static_cast<std::uint64_t>(round)},
               total));
    }
    return recluster(seed, restart);
  }

 private:
  double mass(Index row) const { return data_.weight(row) * nearest_[row]; }

  template <class F>
  void for_each_lane(const F& f) const {
    team_.for_each_lane(lanes_of(data_.rows()), f);
  }

  // sum of w d^2.
  double total_mass() const {
    return team_.reduce(
        lanes_of(data_.rows()), [] { return 0.0; },
        [&](Index lane, double& sum) {
          for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
            for (Index i = first; i < first + count; ++i) sum += mass(i);
          });
        });
  }

  // Every row on its own, with probability min(1, 2 K w d^2 / sum of w d^2).
  std::vector<Index> draw(const Random& stream, double total) const {
    const double expected = parallel_oversampling * static_cast<double>(clusters_);
    std::vector<std::vector<Index>> lanes(static_cast<std::size_t>(lanes_of(data_.rows())));
    for_each_lane([&](Index lane) {
      for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
        for (Index i = first; i < first + count; ++i) {
          if (!(mass(i) > 0.0)) continue;
          // Row 0 of the streams belongs to k-means++.
          Random random = stream.at(static_cast<std::uint64_t>(i) + 1);
          if (random.uniform() < expected * (mass(i) / total))
            lanes[static_cast<std::size_t>(lane)].push_back(i);
        }
      });
    });
    std::vector<Index> rows;
    for (const auto& lane : lanes) rows.insert(rows.end(), lane.begin(), lane.end());
    return rows;
  }

  // The rows become candidates; every row of the data learns its nearest.
  void add(const std::vector<Index>& rows) {
    if (rows.empty()) return;
    const auto before = static_cast<Index>(candidates_.size());
    candidates_.insert(candidates_.end(), rows.begin(), rows.end());
    nearest_.add(values(rows),
                 [&](Index row, int k) { owners_[row] = static_cast<int>(before) + k; });
  }

  RowMatrix<S> values(const std::vector<Index>& rows) const {
    RowMatrix<S> values(static_cast<Index>(rows.size()), data_.cols());
    RowMatrix<S> row(1, data_.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      data_.read(rows[i], 1, row);
      values.row(static_cast<Index>(i)) = row;
    }
    return values;
  }

  // Greedy k-means++ on the candidates, each with the weight of the rows that it is nearest to.
  // Where fewer than K of them are distinct, k-means++ on the data goes on.
  RowMatrix<S> recluster(std::uint64_t seed, std::uint64_t restart) {
    Vector<double> weights = Vector<double>::Zero(static_cast<Index>(candidates_.size()));
    for (Index i = 0; i < data_.rows(); ++i) weights[owners_[i]] += data_.weight(i);
    const auto sources = gather(data_, candidates_, team_).weights(weights);
    const Index most = std::min<Index>(clusters_, sources.rows());
    NearestChosen<S, Team> few{sources, most, team_};
    draw_centres(few, greedy_candidates(clusters_), seed, restart, Repeats::refused);
    if (few.chosen() == clusters_) return few.take_centres();
    NearestChosen<S, Team> all{data_, clusters_, team_};
    const Index found = few.chosen();
    const RowMatrix<S> centres = few.take_centres();
    for (Index k = 0; k < found; ++k) all.add(centres.data() + k * data_.cols());
    draw_centres(all, 1, seed, restart);
    return all.take_centres();
  }

  const Samples<S>& data_;
  Index clusters_;
  Team& team_;
  std::vector<Index> candidates_;
  BatchDistances<S, Team> nearest_;  // to the nearest candidate
  Labels owners_;                    // n: that candidate
};

}  // namespace detail

LATENT_END
