// What a pass of k-means over the data gathers, and what such passes share.
#pragma once

#include <memory>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The statistics of k-means.
struct ClusterSums {
  RowMatrix<double> offsets;  // K x D: sum of w (x - c)
  Vector<double> weights;     // K: sum of w
  Vector<double> members;     // K: rows of positive weight
  double inertia = 0.0;       // sum of w |x - c|^2
  double changed = 0.0;       // rows of positive weight whose label changed

  ClusterSums(Index clusters, Index offset_rows, Index cols)
      : offsets(RowMatrix<double>::Zero(offset_rows, cols)),
        weights(Vector<double>::Zero(clusters)),
        members(Vector<double>::Zero(clusters)) {}

  auto fields() { return std::tie(offsets, weights, members, inertia, changed); }
};

// Buffers that outlive a lane: there are as many as threads.
template <class T>
class Pool {
 public:
  template <class Make, class Use>
  void borrow(const Make& make, const Use& use) {
    std::unique_ptr<T> item;
    {
      const std::lock_guard lock{mutex_};
      if (!idle_.empty()) {
        item = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!item) item = make();
    use(*item);
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(item));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

// assign: every row gets the label of its nearest centroid. keep: labels stay as given.
enum class Labelling { assign, keep };

// Stores the labels found. Returns how many rows of positive weight changed theirs.
inline Index relabel(const int* found, Index rows, const double* weights, int* labels) {
  Index changed = 0;
  for (Index i = 0; i < rows; ++i) {
    changed += int(found[i] != labels[i]) & int(weights == nullptr || weights[i] > 0.0);
    labels[i] = found[i];
  }
  return changed;
}

}  // namespace detail

LATENT_END
