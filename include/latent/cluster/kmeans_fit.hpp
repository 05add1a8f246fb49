// What KMeans returns, and what its observers see.
#pragma once

#include <cstdint>
#include <vector>

#include "latent/cluster/kmeans_model.hpp"
#include "latent/core/report.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// The result of a fit. The labels are the argmin of the distances to the centroids of the model,
// and the inertia is theirs: the sum of w |x - c|^2 from direct differences.
//
// report.trace[t] holds the inertia of the centroids after t updates, so trace[0] is the start,
// the trace never rises but for rounding, and its last entry is the inertia returned; `change` is the squared
// movement of the centroids that led there. report.evaluations counts the assignments. With
// KMeansAlgorithm::mini_batch the entries before the last two are estimates: see mini_batch().
template <class S>
struct KMeansFit {
  KMeansModel<S> model;
  Labels labels;  // n; 0 ... K-1
  double inertia = 0.0;
  Report report;  // of the best run
};

// One iteration, as an observer sees it: on_iteration(const KMeansIteration<S>&) -> void or bool.
template <class S>
struct KMeansIteration {
  Index restart = 0;
  Index index = 0;                     // 1, 2, ...
  const RowMatrix<S>& centroids;       // K x D, before the update
  const Labels& labels;                // n, the nearest of `centroids`
  double inertia = 0.0;                // of these two
  const RowMatrix<S>& next_centroids;  // after the update
};

LATENT_END
