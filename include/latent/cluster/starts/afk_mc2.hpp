// AFK-MC2: k-means++ whose draws come from a Markov chain instead of a pass over the data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "latent/cluster/starts/plus_plus.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr Index afk_mc2_chain = 200;

// Bachem, Lucic, Hassani and Krause 2016, algorithm 1. The first centre c1 is drawn by weight; each
// of the others is the last state of a Metropolis chain of `chain` rows y, proposed with
//
//   q(y) = 1/2 w d(y, c1)^2 / sum of w d(., c1)^2  +  1/2 w / sum of w
//
// and accepted against x with probability min(1, w(y) d(y, C)^2 q(x) / (w(x) d(x, C)^2 q(y))).
// Where a whole chain meets no row apart from all centres, k-means++ takes over for the rest.
template <class S, class Team>
class AfkMc2 {
 public:
  AfkMc2(const Samples<S>& data, Index clusters, Index chain, Team& team)
      : data_{data},
        team_{team},
        chain_{chain},
        centres_(clusters, data.cols()),
        squared_norms_(clusters),
        proposal_(data.rows()),
        sampler_{data.rows()} {}

  RowMatrix<S> run(std::uint64_t seed, std::uint64_t restart) {
    begin(seed, restart);
    for (Index k = 1; k < centres_.rows(); ++k) {
      const Random random =
          Random{seed, Purpose::initialisation, restart, static_cast<std::uint64_t>(k)}.at(1);
      const Index row = walk(k, random);
      if (row < 0) return finish(k, seed, restart);
      place(k, row);
    }
    return std::move(centres_);
  }

 private:
  struct State {
    Index row = -1;
    double squared = 0.0;
  };

  void place(Index k, Index row) {
    RowMatrix<S> values(1, data_.cols());
    data_.read(row, 1, values);
    centres_.row(k) = values.row(0);
    if (by_entries(data_)) squared_norms_[k] = long_squared_norm(values.data(), data_.cols());
  }

  // The first centre, and the proposal: per mean weight, so that weights cancel in the ratio.
  void begin(std::uint64_t seed, std::uint64_t restart) {
    NearestChosen<S, Team> first{data_, 1, team_};
    Random random{seed, Purpose::initialisation, restart};
    const double weight = first.mass();
    const Index row = first.draw(random.uniform());
    first.add_row(row);
    place(0, row);
    const double total = first.mass();
    team_.for_each_lane(lanes_of(data_.rows()), [&](Index lane) {
      for_each_tile(data_.rows(), lane, [&](Index begin, Index count) {
        double sum = 0.0;
        for (Index i = begin; i < begin + count; ++i) {
          proposal_[i] = 0.5 + (total > 0.0 ? 0.5 * (weight * first.nearest(i) / total) : 0.0);
          sum += data_.weight(i) * proposal_[i];
        }
        sampler_.tile(begin / tile_rows) = sum;
      });
      sampler_.sum_lane(lane);
    });
  }

  // The last state of a chain, -1 if it lies on a centre. The proposals do not depend on the states,
  // so they are drawn and measured before the chain is walked.
  Index walk(Index k, Random random) const {
    std::vector<State> proposed(static_cast<std::size_t>(chain_));
    std::vector<double> uniform(static_cast<std::size_t>(chain_));
    const auto mass = [this](Index i) { return data_.weight(i) * proposal_[i]; };
    for (std::size_t i = 0; i < proposed.size(); ++i) {
      proposed[i].row = sampler_.draw(random.uniform(), mass);
      uniform[i] = random.uniform();
    }
    measure(k, proposed);
    State state = proposed[0];
    for (std::size_t i = 1; i < proposed.size(); ++i) {
      const State& next = proposed[i];
      const double gain = next.squared * proposal_[state.row];
      const double loss = state.squared * proposal_[next.row];
      if (gain > 0.0 && gain > uniform[i] * loss) state = next;
    }
    return state.squared > 0.0 ? state.row : -1;
  }

  void measure(Index k, std::vector<State>& proposed) const {
    const auto count = static_cast<Index>(proposed.size());
    constexpr Index part = 16;  // rows a thread takes at once
    const Index cols = data_.cols();
    const bool sparse = by_entries(data_);
    const auto of_part = [&](Index index) {
      RowMatrix<S> row(1, sparse ? 0 : cols);
      Vector<S> zeros = Vector<S>::Zero(sparse ? cols : 0);
      std::vector<S> buffer;
      for (Index i = index * part; i < std::min(count, (index + 1) * part); ++i) {
        State& state = proposed[static_cast<std::size_t>(i)];
        SparseRow<S> stored;
        if (sparse)
          stored = data_.sparse_row(state.row, buffer);
        else
          data_.read(state.row, 1, row);
        state.squared = std::numeric_limits<double>::infinity();
        for (Index c = 0; c < k; ++c) {
          const S* centre = centres_.data() + c * cols;
          state.squared =
              std::min(state.squared,
                       sparse ? sparse_squared_distance(stored, centre, squared_norms_[c], zeros)
                              : squared_distance(row.data(), centre, cols));
        }
      }
    };
    const Index parts = (count + part - 1) / part;
    if (k * data_.cols() * count > Index{1} << 18) {  // else waking the team costs more
      team_.for_each_lane(parts, of_part);
    } else {
      for (Index index = 0; index < parts; ++index) of_part(index);
    }
  }

  // k centres stand; k-means++ draws the others.
  RowMatrix<S> finish(Index k, std::uint64_t seed, std::uint64_t restart) {
    NearestChosen<S, Team> chosen{data_, centres_.rows(), team_};
    for (Index c = 0; c < k; ++c) chosen.add(centres_.data() + c * data_.cols());
    draw_centres(chosen, 1, seed, restart);
    return chosen.take_centres();
  }

  const Samples<S>& data_;
  Team& team_;
  Index chain_;
  RowMatrix<S> centres_;
  Vector<double> squared_norms_;  // K: of the centres, where rows are taken by their entries
  Vector<double> proposal_;       // n: q(row) / w(row), times the sum of the weights
  MassSampler sampler_;
};

}  // namespace detail

LATENT_END
