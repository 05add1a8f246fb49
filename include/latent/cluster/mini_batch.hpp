// Mini-batch k-means (Sculley 2010): centroids learn from small batches of rows, drawn at random,
// long before all rows were seen; one exact iteration of Lloyd's closes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "latent/cluster/gather.hpp"
#include "latent/cluster/lloyd.hpp"
#include "latent/cluster/running_means.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

namespace detail {

// The rows of positive weight in random order, pass after pass, each once a pass (Fisher-Yates, done
// only as far as rows are asked for). 8 n bytes.
class ShuffledRows {
 public:
  template <class S>
  ShuffledRows(const Samples<S>& data, std::uint64_t seed, std::uint64_t restart)
      : seed_{seed}, restart_{restart} {
    order_.reserve(static_cast<std::size_t>(data.rows()));
    for (Index i = 0; i < data.rows(); ++i)
      if (data.weight(i) > 0.0) order_.push_back(i);
  }

  Index size() const { return static_cast<Index>(order_.size()); }
  Index passes() const { return pass_; }  // begun
  bool pass_is_over() const { return taken_ == size(); }

  // The next `count` rows of this pass, or what is left of it; after its end, of the next pass.
  std::span<const Index> next(Index count) {
    if (pass_ == 0 || pass_is_over()) {
      ++pass_;
      taken_ = 0;
    }
    const Index first = taken_;
    const Index last = std::min(size(), first + count);
    Random random{seed_, Purpose::batches, restart_, static_cast<std::uint64_t>(pass_),
                  static_cast<std::uint64_t>(first)};
    for (Index i = first; i < last; ++i)
      std::swap(order_[static_cast<std::size_t>(i)],
                order_[static_cast<std::size_t>(i + random.below(size() - i))]);
    taken_ = last;
    return {order_.data() + first, static_cast<std::size_t>(last - first)};
  }

 private:
  std::vector<Index> order_;
  std::uint64_t seed_;
  std::uint64_t restart_;
  Index pass_ = 0;
  Index taken_ = 0;
};

// Two lanes at least: smaller batches end sooner and worse. 16 rows a cluster, so that most get some.
inline Index batch_rows(Index batch, Index clusters) {
  return batch > 0 ? batch : std::max(2 * lane_rows, 16 * clusters);
}

// The rows that a start is drawn from, where going over all of them K times would cost more than
// all that follows: three batches, or 32 rows a cluster.
template <class S, class Team>
Samples<S> start_sample(const Samples<S>& data, Index clusters, Index batch, std::uint64_t seed,
                        std::uint64_t restart, Team& team) {
  const Index rows =
      std::max(3 * std::min(batch_rows(batch, clusters), data.rows()), 32 * clusters);
  if (rows >= data.rows()) return data;
  // Another seed, so that the rows are not those of the first batches.
  ShuffledRows order{data, ~seed, restart};
  return gather(data, order.next(rows), team);
}

// Tells when batches have stopped to improve. The inertia of a batch per weight, under the centroids
// before it, is a forecast on rows not yet learned from; an average in which a batch fades by e in
// `window` batches takes out most of its noise. When the average has set no new low for `window`
// batches, what there is left to learn is less than the noise.
class BatchProgress {
 public:
  static constexpr double window = 20.0;

  // `least` is the smallest fall that counts. True if the batches go on.
  bool add(double inertia, double least) {
    average_ =
        count_ == 0 ? inertia : average_ + (inertia - average_) / std::min(count_ + 1, window);
    count_ += 1.0;
    if (count_ == 1.0 || average_ < low_ - least) {
      low_ = average_;
      since_ = 0.0;
    } else {
      since_ += 1.0;
    }
    return since_ < window;
  }

  double average() const { return average_; }

 private:
  double average_ = 0.0;
  double low_ = 0.0;
  double count_ = 0.0;
  double since_ = 0.0;
};

// One run from the given centroids (K x D), as lloyd() takes and returns it.
//
// Batches are pieces of nearly equal size of a random order of the rows of positive weight; each
// pass has a new order, so every row is seen once a pass. max_iterations counts passes. A centroid
// that starves (see learn()) is moved where the policy is EmptyCluster::farthest. Batches end as
// BatchProgress says, with options.movement the fall that counts.
//
// Then lloyd() makes one iteration over all rows: the centroids become the means of their rows, the
// policy for empty clusters holds, and labels and inertia are those of the centroids returned.
//
// trace[t].objective for batch t = 0, 1, ...: the forecast average times the weight of all rows, an
// estimate of the inertia after t batches, which may rise. The last two entries are exact inertias:
// of the centroids that the batches left, and of those returned. Observers see every batch, with the
// label that each row last got (-1 = not drawn so far). O(K D) a row, of sparse ones O(K) a stored
// entry; 8 n bytes beside the labels, and a copy of a batch, sparse where the data are.
template <class S, class Team>
LloydRun<S> mini_batch(const Samples<S>& data, RowMatrix<S> start, const LloydOptions& options,
                       const KMeansObserver<S>& observer, const Stopwatch& watch,
                       ScratchPool<S>& pool, Team& team) {
  const Index clusters = start.rows();
  const double weight = total_weight(data, team);
  ShuffledRows order{data, options.seed, static_cast<std::uint64_t>(options.restart)};
  const Index most = std::min(batch_rows(options.batch, clusters), order.size());
  const Index pieces = (order.size() + most - 1) / most;
  const Index rows_a_batch = (order.size() + pieces - 1) / pieces;

  RunningMeans means{start.template cast<double>()};
  BatchProgress progress;
  Labels labels = Labels::Constant(data.rows(), -1);
  Report report;
  Index batches = 0;
  double change = 0.0;
  bool better = true;
  bool go_on = true;
  do {
    const std::span<const Index> rows = order.next(rows_a_batch);
    const BatchStep step = learn(means, gather(data, rows, team),
                                 options.empty_cluster == EmptyCluster::farthest, pool, team);
    for (std::size_t i = 0; i < rows.size(); ++i)
      labels[rows[i]] = step.labels[static_cast<Index>(i)];
    for (const Relocation& move : step.moves)
      report.notes.push_back(
          {batches + 1, move.cluster, std::sqrt(move.distance),
           concat("starved cluster took row ", rows[static_cast<std::size_t>(move.row)],
                  "; value = its distance")});
    better = progress.add(step.inertia / step.weight, options.movement);
    const double estimate = progress.average() * weight;
    report.trace.push_back({batches, estimate, 0.0, change, watch.seconds()});
    ++batches;
    RowMatrix<S> next = means.centroids.template cast<S>();
    change = squared_movement(start, next);
    go_on = observer({options.restart, batches, start, labels, estimate, next});
    start = std::move(next);
  } while (go_on && better && !(order.passes() >= options.max_iterations && order.pass_is_over()));

  LloydOptions closing = options;
  closing.max_iterations = 1;
  closing.algorithm = KMeansAlgorithm::automatic;
  const KMeansObserver<S> watcher = [&](const KMeansIteration<S>& view) {
    return !go_on || observer({view.restart, batches + view.index, view.centroids, view.labels,
                               view.inertia, view.next_centroids});
  };
  LloydRun<S> run = lloyd(data, std::move(start), closing, watcher, watch, pool, team);
  for (Iteration& entry : run.report.trace) entry.index += batches;
  for (Note& note : run.report.notes) note.iteration += batches;
  run.report.trace.front().change = change;
  run.report.trace.insert(run.report.trace.begin(), report.trace.begin(), report.trace.end());
  run.report.notes.insert(run.report.notes.begin(), report.notes.begin(), report.notes.end());
  run.report.iterations = order.passes();
  run.report.evaluations += order.passes();
  if (!go_on)
    run.report.status = Status::stopped;
  else if (run.report.status == Status::max_iterations && !better)
    run.report.status = Status::converged;
  return run;
}

}  // namespace detail

LATENT_END
