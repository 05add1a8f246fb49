// What a pass of k-means over the data gathers, and what such passes share.
#pragma once

#include <tuple>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The statistics of k-means. r: the reference of the row's cluster.
struct ClusterSums {
  RowMatrix<double> offsets;  // K x D: sum of w (x - r)
  Vector<double> weights;     // K: sum of w
  Vector<double> members;     // K: rows of positive weight
  double inertia = 0.0;       // sum of w |x - r|^2
  double churn = 0.0;         // the same, what was taken away counted as if added
  double changed = 0.0;       // rows of positive weight whose label changed

  ClusterSums(Index clusters, Index offset_rows, Index cols)
      : offsets(RowMatrix<double>::Zero(offset_rows, cols)),
        weights(Vector<double>::Zero(clusters)),
        members(Vector<double>::Zero(clusters)) {}

  auto fields() { return std::tie(offsets, weights, members, inertia, churn, changed); }
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
