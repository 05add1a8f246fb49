// The rows of a source as kernels get them: in tiles of a lane, or in whole sequences.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "latent/core/source.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// What a model sees: up to 256 rows, contiguous and aligned, with their weights (1 where the source
// has none) and labels (-1 where the source has none). `first_row` is the index of the first of
// them in the source. A model of sequences sees whole sequences, however long: `sequences` holds
// their lengths, which sum to n; for other models it is empty.
template <class S>
struct Block {
  Eigen::Ref<const RowMatrix<S>> x;          // n x D
  Eigen::Ref<const Vector<double>> weights;  // n
  Eigen::Ref<const Labels> labels;           // n
  Index first_row = 0;
  std::span<const Index> sequences{};
};

namespace detail {

// The tiles of one lane: f(first_row, rows).
template <class F>
void for_each_tile(Index rows, Index lane, F&& f) {
  const Index end = std::min(rows, (lane + 1) * lane_rows);
  for (Index first = lane * lane_rows; first < end; first += tile_rows)
    f(first, std::min(tile_rows, end - first));
}

// Hands out the blocks of a lane as a model of scalar T sees them. One buffer a lane.
template <class T, class S>
class BlockReader {
 public:
  explicit BlockReader(const Samples<S>& data) : data_{data} {
    resize(std::min(tile_rows, data.rows()));
  }

  Block<T> read(Index first, Index count) {
    if (count > tile_.rows()) resize(count);
    data_.read(first, count, tile_);
    if (data_.has_weights()) weights_.head(count) = data_.weights().segment(first, count);
    if (data_.has_labels()) labels_.head(count) = data_.labels().segment(first, count);
    return {tile_.topRows(count), weights_.head(count), labels_.head(count), first, {}};
  }

 private:
  void resize(Index rows) {
    tile_.resize(rows, data_.cols());
    weights_ = Vector<double>::Ones(rows);
    labels_ = Labels::Constant(rows, -1);
  }

  const Samples<S>& data_;
  RowMatrix<T> tile_;
  Vector<double> weights_;
  Labels labels_;
};

// Calls f(block) for each block of a lane.
template <class T, class S, class F>
void for_each_block(const Samples<S>& data, Index lane, F&& f) {
  BlockReader<T, S> reader{data};
  for_each_tile(data.rows(), lane, [&](Index first, Index count) { f(reader.read(first, count)); });
}

// The same in whole sequences, for models of sequences: a lane has the sequences that begin in it,
// and a block takes them until it has a tile's rows. A source without sequences is one sequence.
template <class T, class S, class F>
void for_each_sequence_block(const Samples<S>& data, Index lane, F&& f) {
  const std::vector<Index> one{0, data.rows()};
  const std::vector<Index>& starts = data.has_sequences() ? data.sequence_starts() : one;
  const auto begin_of = [&](Index row) {
    return std::lower_bound(starts.begin(), starts.end() - 1, row);
  };
  BlockReader<T, S> reader{data};
  std::vector<Index> lengths;
  const auto end = begin_of((lane + 1) * lane_rows);
  for (auto sequence = begin_of(lane * lane_rows); sequence < end;) {
    const Index first = *sequence;
    lengths.clear();
    do {
      lengths.push_back(*(sequence + 1) - *sequence);
      ++sequence;
    } while (sequence < end && *(sequence + 1) - first <= tile_rows);
    Block<T> block = reader.read(first, *sequence - first);
    block.sequences = lengths;
    f(block);
  }
}

// The sum of the weights, merged like every other statistic.
template <class S, class Team>
double total_weight(const Samples<S>& data, Team& team) {
  if (!data.has_weights()) return static_cast<double>(data.rows());
  return team.reduce(
      lanes_of(data.rows()), [] { return 0.0; },
      [&](Index lane, double& sum) {
        for_each_tile(data.rows(), lane, [&](Index first, Index count) {
          for (Index i = first; i < first + count; ++i) sum += data.weights()[i];
        });
      });
}

}  // namespace detail

LATENT_END
