// Where k-means starts: K rows of the data.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

// plus_plus:        each next row with probability in proportion to w times its squared distance to
//                   the rows chosen so far (Arthur and Vassilvitskii 2007). Expected inertia within
//                   8 (ln K + 2) of the optimum. O(n K D).
// greedy_plus_plus: of 2 + floor(ln K) such candidates, the one that leaves the least inertia
//                   (section 6 of the same).
// random:           distinct rows of positive weight, all equally likely.
enum class KMeansInit { plus_plus, greedy_plus_plus, random };

namespace detail {

// Draws rows in proportion to masses, with one uniform number: the lane by its total, then the row
// within the lane. The totals are sums in the order of the rows, whatever thread took them.
class MassSampler {
 public:
  explicit MassSampler(Index rows) : lanes_(Vector<double>::Zero(lanes_of(rows))), rows_{rows} {}

  double& lane(Index index) { return lanes_[index]; }

  double total() const {
    double sum = 0.0;
    for (Index lane = 0; lane < lanes_.size(); ++lane) sum += lanes_[lane];
    return sum;
  }

  // mass(row) as it went into the lanes. A row without mass is never drawn; total() must be > 0.
  template <class Mass>
  Index draw(double uniform, const Mass& mass) const {
    double target = uniform * total();
    const Index lane = pick(0, lanes_.size(), target, [&](Index i) { return lanes_[i]; });
    return pick(lane * lane_rows, std::min(rows_, (lane + 1) * lane_rows), target, mass);
  }

 private:
  // The first index whose mass exceeds what is left of the target; where rounding leaves a rest,
  // the last index with mass.
  template <class Mass>
  static Index pick(Index first, Index last, double& target, const Mass& mass) {
    Index chosen = first;
    for (Index i = first; i < last; ++i) {
      const double m = mass(i);
      if (!(m > 0.0)) continue;
      chosen = i;
      if (target < m) break;
      target -= m;
    }
    return chosen;
  }

  Vector<double> lanes_;
  Index rows_;
};

// One run of k-means++.
template <class S, class Team>
class PlusPlus {
 public:
  PlusPlus(const Samples<S>& data, Index clusters, Index candidates, Team& team)
      : data_{data},
        team_{team},
        candidates_{candidates},
        centroids_(clusters, data.cols()),
        nearest_(Vector<double>::Constant(data.rows(), 1.0)),
        sampler_{data.rows()} {}

  RowMatrix<S> run(std::uint64_t seed, std::uint64_t restart) {
    weigh();
    for (Index k = 0; k < centroids_.rows(); ++k) {
      Random random{seed, Purpose::initialisation, restart, static_cast<std::uint64_t>(k)};
      choose(k, k == 0 ? draw(random) : next(random));
    }
    return std::move(centroids_);
  }

 private:
  double mass(Index row) const { return data_.weight(row) * nearest_[row]; }

  Index draw(Random& random) const {
    return sampler_.draw(random.uniform(), [this](Index row) { return mass(row); });
  }

  Index next(Random& random) const {
    // All distinct rows are centroids already: any row does, the first will be told from the
    // others by its index alone.
    if (!(sampler_.total() > 0.0)) return first_unchosen();
    if (candidates_ == 1) return draw(random);
    std::vector<Index> drawn;
    for (Index c = 0; c < candidates_; ++c) drawn.push_back(draw(random));
    return best_of(drawn);
  }

  Index first_unchosen() const {
    Index row = 0;
    while (!(data_.weight(row) > 0.0) ||
           std::find(chosen_.begin(), chosen_.end(), row) != chosen_.end())
      ++row;
    return row;
  }

  // Lane totals of mass(row).
  void weigh() {
    for_each_lane([&](Index lane, Index first, Index last) {
      double sum = 0.0;
      for (Index i = first; i < last; ++i) sum += mass(i);
      sampler_.lane(lane) = sum;
    });
  }

  void choose(Index k, Index row) {
    RowMatrix<S> values(1, data_.cols());
    data_.read(row, 1, values);
    centroids_.row(k) = values.row(0);
    chosen_.push_back(row);
    const Index cols = data_.cols();
    for_each_lane([&](Index lane, Index lane_first, Index last) {
      RowMatrix<S> tile(std::min(tile_rows, last - lane_first), cols);
      double sum = 0.0;
      for (Index first = lane_first; first < last; first += tile_rows) {
        const Index count = std::min(tile_rows, last - first);
        data_.read(first, count, tile);
        for (Index i = 0; i < count; ++i) {
          const double distance =
              squared_distance(tile.data() + i * cols, centroids_.data() + k * cols, cols);
          double& nearest = nearest_[first + i];
          nearest = k == 0 ? distance : std::min(nearest, distance);
          sum += mass(first + i);
        }
      }
      sampler_.lane(lane) = sum;
    });
  }

  // The candidate that leaves the least inertia; the first of equals.
  Index best_of(const std::vector<Index>& drawn) const {
    const auto count = static_cast<Index>(drawn.size());
    const Index cols = data_.cols();
    RowMatrix<S> rows(count, cols);
    RowMatrix<S> row(1, cols);
    for (Index c = 0; c < count; ++c) {
      data_.read(drawn[static_cast<std::size_t>(c)], 1, row);
      rows.row(c) = row;
    }
    const Vector<double> inertia = team_.reduce(
        lanes_of(data_.rows()), [&] { return Vector<double>(Vector<double>::Zero(count)); },
        [&](Index lane, Vector<double>& sums) {
          RowMatrix<S> tile(std::min(tile_rows, data_.rows()), cols);
          for_each_tile(data_.rows(), lane, [&](Index first, Index tile_count) {
            data_.read(first, tile_count, tile);
            for (Index i = 0; i < tile_count; ++i)
              for (Index c = 0; c < count; ++c)
                sums[c] +=
                    data_.weight(first + i) *
                    std::min(nearest_[first + i], squared_distance(tile.data() + i * cols,
                                                                   rows.data() + c * cols, cols));
          });
        });
    Index best = 0;
    for (Index c = 1; c < count; ++c)
      if (inertia[c] < inertia[best]) best = c;
    return drawn[static_cast<std::size_t>(best)];
  }

  template <class F>
  void for_each_lane(const F& f) const {
    team_.for_each_lane(lanes_of(data_.rows()), [&](Index lane) {
      f(lane, lane * lane_rows, std::min(data_.rows(), (lane + 1) * lane_rows));
    });
  }

  const Samples<S>& data_;
  Team& team_;
  Index candidates_;
  RowMatrix<S> centroids_;
  Vector<double>
      nearest_;  // n: squared distance to the nearest centroid so far; 1 before the first
  MassSampler sampler_;
  std::vector<Index> chosen_;
};

template <class S>
RowMatrix<S> random_rows(const Samples<S>& data, Index clusters, std::uint64_t seed,
                         std::uint64_t restart) {
  std::vector<Index> usable;
  for (Index i = 0; i < data.rows(); ++i)
    if (data.weight(i) > 0.0) usable.push_back(i);
  Random random{seed, Purpose::initialisation, restart};
  RowMatrix<S> centroids(clusters, data.cols());
  RowMatrix<S> row(1, data.cols());
  const auto count = static_cast<Index>(usable.size());
  for (Index k = 0; k < clusters; ++k) {
    // The first K places of a Fisher-Yates shuffle.
    std::swap(usable[static_cast<std::size_t>(k)],
              usable[static_cast<std::size_t>(k + random.below(count - k))]);
    data.read(usable[static_cast<std::size_t>(k)], 1, row);
    centroids.row(k) = row;
  }
  return centroids;
}

// K x D: rows of the data with at least `clusters` rows of positive weight.
template <class S, class Team>
RowMatrix<S> initial_centroids(const Samples<S>& data, KMeansInit init, Index clusters,
                               std::uint64_t seed, std::uint64_t restart, Team& team) {
  if (init == KMeansInit::random) return random_rows(data, clusters, seed, restart);
  const auto more = static_cast<Index>(std::log(static_cast<double>(clusters)));
  const Index candidates = init == KMeansInit::plus_plus ? 1 : 2 + more;
  return PlusPlus<S, Team>{data, clusters, candidates, team}.run(seed, restart);
}

}  // namespace detail

LATENT_END
