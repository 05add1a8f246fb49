// Every row with its squared distance to the nearest of the centres chosen so far: what most starts
// of k-means draw from, or take the largest of. A further centre costs one pass over the data that
// leaves out what cannot change; every distance that is kept is a direct difference in double, so
// that the outcome is the plain algorithm's to the bit.
//
// Memory: a double a row; from 8 columns on also D + 16 bytes (the filter). Sparse rows have no
// filter and are never made dense: a centre costs O(1) a stored entry, in tiles that the triangle
// inequality does not leave out as a whole.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/distance.hpp"
#include "latent/cluster/sparse_assignment.hpp"
#include "latent/cluster/sparse_sums.hpp"
#include "latent/cluster/starts/mass_sampler.hpp"
#include "latent/cluster/starts/row_filter.hpp"
#include "latent/cluster/starts/tile_distances.hpp"
#include "latent/core/executor.hpp"

LATENT_BEGIN

namespace detail {

template <class S, class Team>
class NearestChosen {
 public:
  // Room for `most` centres. Before the first, the mass of a row is its weight; afterwards its
  // weight times its squared distance to the nearest centre.
  NearestChosen(const Samples<S>& data, Index most, Team& team)
      : data_{data},
        team_{team},
        turned_{data.cols() <= most_turned_columns},
        by_entries_{!turned_ && detail::by_entries(data)},
        centres_(most, data.cols()),
        nearest_(Vector<double>::Constant(data.rows(), 1.0)),
        largest_(Vector<double>::Zero(tiles_of(data.rows()))),
        sampler_{data.rows()} {
    // A sketch pays where several centres use it.
    if (!turned_ && !by_entries_ && most >= 4) filter_ = RowFilter{data};
    for_each_lane([&](Index lane) {
      for_each_tile(data_.rows(), lane, [&](Index first, Index count) { weigh(first, count); });
      sampler_.sum_lane(lane);
    });
  }

  Index chosen() const { return count_; }
  bool complete() const { return count_ == centres_.rows(); }
  RowMatrix<S> take_centres() { return std::move(centres_); }
  double mass() const { return sampler_.total(); }
  // The squared distance of a row of positive weight from the nearest centre.
  double nearest(Index row) const { return nearest_[row]; }

  // A row with probability in proportion to its mass; mass() must be positive.
  Index draw(double uniform) const {
    return sampler_.draw(uniform, [this](Index row) { return data_.weight(row) * nearest_[row]; });
  }

  // The row of positive weight that is farthest from its nearest centre; of equals the first.
  Index farthest() const {
    Index tile = 0;
    for (Index t = 1; t < largest_.size(); ++t)
      if (largest_[t] > largest_[tile]) tile = t;
    Index row = tile * tile_rows;
    while (nearest_[row] != largest_[tile]) ++row;
    return row;
  }

  // Where all distinct rows are centres already, any row does: the next of positive weight. To be
  // called no more often than there are such rows.
  Index next_unused() {
    while (!(data_.weight(unused_) > 0.0)) ++unused_;
    return unused_++;
  }

  void add_row(Index row) {
    RowMatrix<S> values(1, data_.cols());
    data_.read(row, 1, values);
    add(values.data());
  }

  // x: D numbers.
  void add(const S* x) {
    const Probe probe = place(x);
    if (count_ > 1 && !(mass() > 0.0)) return;  // nothing can come nearer
    for_each_lane([&](Index lane) { update(lane, probe); });
  }

  // Adds the one of the rows that takes the most from the mass; of equals the first.
  void add_best(std::vector<Index> rows) {
    std::vector<Index> distinct;
    for (const Index row : rows)
      if (std::find(distinct.begin(), distinct.end(), row) == distinct.end())
        distinct.push_back(row);
    if (distinct.size() == 1) return add_row(distinct[0]);
    const auto count = static_cast<Index>(distinct.size());
    RowMatrix<S> values(count, data_.cols());
    RowMatrix<S> row(1, data_.cols());
    std::vector<Probe> probes;
    for (Index c = 0; c < count; ++c) {
      data_.read(distinct[static_cast<std::size_t>(c)], 1, row);
      values.row(c) = row;
      probes.push_back(probe(values.data() + c * data_.cols()));
    }
    found_.resize(static_cast<std::size_t>(lanes_of(data_.rows())));
    const Vector<double> savings = team_.reduce(
        lanes_of(data_.rows()), [&] { return Vector<double>(Vector<double>::Zero(count)); },
        [&](Index lane, Vector<double>& sums) { try_all(lane, values, probes, sums); });
    Index best = 0;
    for (Index c = 1; c < count; ++c)
      if (savings[c] > savings[best]) best = c;
    const Probe probe = place(values.data() + best * data_.cols());
    for_each_lane([&](Index lane) {
      const Found& found = found_[static_cast<std::size_t>(lane)];
      if (turned_ || !found.complete)
        update(lane, probe);
      else
        adopt(lane, found, best);
    });
  }

 private:
  // The rows of a lane that came nearer, when candidates were tried: as many as the lane has rows,
  // where there were more they are found again.
  struct Entry {
    std::int32_t row;
    std::int32_t candidate;
    double squared;
  };
  struct Found {
    bool complete = true;
    std::vector<Entry> entries;
  };

  using Scratch = TileDistances<S>;

  template <class F>
  void for_each_lane(const F& f) const {
    team_.for_each_lane(lanes_of(data_.rows()), f);
  }

  Probe probe(const S* x) const {
    Probe probe = filter_.probe(x, centres_, count_);
    if (by_entries_) probe.squared_norm = long_squared_norm(x, data_.cols());
    return probe;
  }

  Probe place(const S* x) {
    Probe placed = probe(x);
    std::copy(x, x + data_.cols(), centres_.data() + count_ * data_.cols());
    ++count_;
    return placed;
  }

  template <class F>
  void borrow(const F& f) const {
    scratch_.borrow([&] { return std::make_unique<Scratch>(data_.cols(), by_entries_); }, f);
  }

  // Mass and largest distance of a tile, in the order of its rows.
  void weigh(Index first, Index count) {
    const Index tile = first / tile_rows;
    sampler_.tile(tile) =
        tile_mass(nearest_.data() + first, weights_of(first), count, largest_[tile]);
  }

  const double* weights_of(Index first) const {
    return data_.has_weights() ? data_.weights().data() + first : nullptr;
  }

  // The newest centre comes to the rows of a lane.
  void update(Index lane, const Probe& probe) {
    const S* x = centres_.data() + (count_ - 1) * data_.cols();
    bool lane_changed = false;
    borrow([&](Scratch& scratch) {
      for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
        bool changed = true;
        if (count_ == 1) {
          begin(scratch, x, probe, first, count);
        } else {
          if (probe.leaves(largest_[first / tile_rows])) return;
          changed = turned_ ? update_turned(scratch, x, first, count)
                            : update_rows(scratch, x, probe, first, count);
        }
        if (!changed) return;
        weigh(first, count);
        lane_changed = true;
      });
    });
    if (lane_changed) sampler_.sum_lane(lane);
  }

  // The first centre. Rows without weight are given no distance, so that they never count.
  void begin(Scratch& scratch, const S* x, const Probe& probe, Index first, Index count) {
    if (turned_) {
      scratch.columns.read(data_, first, count);
      scratch.columns.distances(x, scratch.distances);
    } else {
      for (Index i = 0; i < count; ++i) scratch.candidates[i] = static_cast<int>(i);
      scratch.measure(data_, x, probe.squared_norm, first, count, static_cast<int>(count),
                      [&](Index i) {
                        if (!(data_.weight(first + i) > 0.0)) scratch.distances[i] = 0.0;
                      });
      for (Index i = 0; i < count && !by_entries_; ++i) {
        const S* row = data_.contiguous_row(first + i);
        if (row == nullptr) row = scratch.tile.data() + i * data_.cols();
        filter_.begin(first + i, row, scratch.distances[i]);
      }
    }
    for (Index i = 0; i < count; ++i)
      nearest_[first + i] = data_.weight(first + i) > 0.0 ? scratch.distances[i] : 0.0;
  }

  bool update_turned(Scratch& scratch, const S* x, Index first, Index count) {
    scratch.columns.read(data_, first, count);
    scratch.columns.distances(x, scratch.distances);
    double* nearest = nearest_.data() + first;
    int changed = 0;
    for (Index i = 0; i < count; ++i) {
      changed |= scratch.distances[i] < nearest[i] ? 1 : 0;
      nearest[i] = std::min(nearest[i], scratch.distances[i]);
    }
    return changed != 0;
  }

  bool update_rows(Scratch& scratch, const S* x, const Probe& probe, Index first, Index count) {
    const int number = filter_.candidates(probe, first, count, scratch.candidates);
    bool changed = false;
    scratch.measure(data_, x, probe.squared_norm, first, count, number, [&](Index i) {
      if (!(scratch.distances[i] < nearest_[first + i])) return;
      nearest_[first + i] = scratch.distances[i];
      filter_.set_owner(first + i, count_ - 1, scratch.distances[i]);
      changed = true;
    });
    return changed;
  }

  // sums[c] += what candidate c would take from the mass of the lane.
  void try_all(Index lane, const RowMatrix<S>& values, const std::vector<Probe>& probes,
               Vector<double>& sums) {
    Found& found = found_[static_cast<std::size_t>(lane)];
    found.complete = true;
    found.entries.clear();
    borrow([&](Scratch& scratch) {
      for_each_tile(data_.rows(), lane, [&](Index first, Index count) {
        const double largest = largest_[first / tile_rows];
        bool read = false;
        for (Index c = 0; c < values.rows(); ++c) {
          const Probe& probe = probes[static_cast<std::size_t>(c)];
          if (probe.leaves(largest)) continue;
          const S* x = values.data() + c * data_.cols();
          if (turned_) {
            if (!read) scratch.columns.read(data_, first, count);
            read = true;
            scratch.columns.distances(x, scratch.distances);
            sums[c] +=
                tile_saving(nearest_.data() + first, scratch.distances, weights_of(first), count);
          } else {
            sums[c] += saving_rows(scratch, x, probe, first, count, c, found);
          }
        }
      });
    });
  }

  double saving_rows(Scratch& scratch, const S* x, const Probe& probe, Index first, Index count,
                     Index candidate, Found& found) const {
    const int number = filter_.candidates(probe, first, count, scratch.candidates);
    PartialSums sums;
    scratch.measure(data_, x, probe.squared_norm, first, count, number, [&](Index i) {
      const Index row = first + i;
      const double squared = scratch.distances[i];
      if (!(squared < nearest_[row])) return;
      sums.part[i % PartialSums::width] += data_.weight(row) * (nearest_[row] - squared);
      if (static_cast<Index>(found.entries.size()) >= lane_rows)
        found.complete = false;
      else
        found.entries.push_back({static_cast<std::int32_t>(row % lane_rows),
                                 static_cast<std::int32_t>(candidate), squared});
    });
    return sums.total();
  }

  // As update(), with the distances at hand. A tile's entries of one candidate stand together.
  void adopt(Index lane, const Found& found, Index candidate) {
    const Index begin = lane * lane_rows;
    Index tile = -1;
    const auto finish = [&] {
      if (tile >= 0) weigh(tile * tile_rows, std::min(tile_rows, data_.rows() - tile * tile_rows));
    };
    for (const Entry& entry : found.entries) {
      if (entry.candidate != candidate) continue;
      const Index row = begin + entry.row;
      if (row / tile_rows != tile) {
        finish();
        tile = row / tile_rows;
      }
      nearest_[row] = entry.squared;
      filter_.set_owner(row, count_ - 1, entry.squared);
    }
    finish();
    if (tile >= 0) sampler_.sum_lane(lane);
  }

  const Samples<S>& data_;
  Team& team_;
  bool turned_;      // few columns: tiles are turned, and every row of them is measured
  bool by_entries_;  // sparse rows
  RowMatrix<S> centres_;
  Index count_ = 0;
  Vector<double> nearest_;  // n
  Vector<double> largest_;  // the largest of nearest_ in each tile
  MassSampler sampler_;
  RowFilter filter_;
  std::vector<Found> found_;  // one a lane
  Index unused_ = 0;
  mutable Pool<Scratch> scratch_;
};

}  // namespace detail

LATENT_END
