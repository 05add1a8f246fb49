// Clusterings judged by their centroids: how far the clusters lie apart for how wide they are.
//
// Common to both: x is a matrix or source of n x D finite numbers, labels a vector of n integers of
// which only equality counts. Rows with label -1 (unknown, outlier) and rows of weight 0 take no
// part; an integer weight is a repeated row. float data; sums in double. The same bits for any
// executor. Throws InvalidArgument (shapes, fewer than 2 clusters) and DataError (labels below -1, not
// finite, magnitudes beyond 2^480 or all below 2^-480).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/core/executor.hpp"
#include "latent/metrics/labelled_rows.hpp"

LATENT_BEGIN

namespace detail {

// A centroid is its cluster's first row and an offset from there, which is as small as the cluster:
// both the widths of tight clusters far apart and the gaps between them keep their digits, and
// equal rows lie on their centroid exactly.
struct ClusterSpread {
  RowMatrix<double> anchors;  // K x D
  RowMatrix<double> offsets;  // K x D
  Vector<double> scatter;     // K: sum w |x - c|^2
  Vector<double> distances;   // K: sum w |x - c|

  ClusterSpread(Index clusters, Index cols)
      : offsets(RowMatrix<double>::Zero(clusters, cols)),
        scatter(Vector<double>::Zero(clusters)),
        distances(Vector<double>::Zero(clusters)) {}

  auto fields() { return std::tie(offsets, scatter, distances); }
};

// Two passes, O(n D).
template <class S, class Team>
ClusterSpread cluster_spread(const LabelledRows<S>& rows, Team& team) {
  const Index cols = rows.data.cols();
  RowMatrix<double> anchors(rows.clusters(), cols);
  std::vector<char> anchored(static_cast<std::size_t>(rows.clusters()), 0);
  for (Index i = 0; i < rows.data.rows(); ++i) {
    const Index k = rows.labels.id(i);
    if (k < 0 || std::exchange(anchored[static_cast<std::size_t>(k)], char{1})) continue;
    for (Index j = 0; j < cols; ++j) anchors(k, j) = static_cast<double>(rows.data(i, j));
  }
  const auto pass = [&](const auto& add) {
    return team.reduce(
        lanes_of(rows.data.rows()),
        [&] {
          return ClusterSpread{rows.clusters(), cols};
        },
        [&](Index lane, ClusterSpread& sums) {
          Vector<double> y(cols);
          for_each_block<double>(rows.data, lane, [&](const Block<double>& block) {
            for (Index i = 0; i < block.x.rows(); ++i) {
              const Index k = rows.labels.id(block.first_row + i);
              if (k < 0) continue;
              const double* x = block.x.data() + i * cols;
              const double* anchor = anchors.data() + k * cols;
              for (Index j = 0; j < cols; ++j) y[j] = x[j] - anchor[j];
              add(sums, y.data(), k, block.weights[i]);
            }
          });
        });
  };
  ClusterSpread centroids = pass([&](ClusterSpread& sums, const double* y, Index k, double weight) {
    double* to = sums.offsets.data() + k * cols;
    for (Index j = 0; j < cols; ++j) to[j] += weight * y[j];
  });
  for (Index k = 0; k < rows.clusters(); ++k) centroids.offsets.row(k) /= rows.weights[k];
  ClusterSpread spread = pass([&](ClusterSpread& sums, const double* y, Index k, double weight) {
    const double distance = squared_distance(y, centroids.offsets.data() + k * cols, cols);
    sums.scatter[k] += weight * distance;
    sums.distances[k] += weight * std::sqrt(distance);
  });
  spread.anchors = std::move(anchors);
  spread.offsets = std::move(centroids.offsets);
  return spread;
}

}  // namespace detail

// (B / (K - 1)) / (W / (n - K)): B = sum_k n_k |c_k - c|^2 between the K clusters, W = sum |x -
// c_k|^2 within them, n the number of rows (their weights) (Calinski and Harabasz 1974). Large is
// good. Infinite where W = 0; 0 where all rows are equal. Throws InvalidArgument where n <= K. O(n D).
template <class Data, class Derived, Executor Exec = Threads>
double calinski_harabasz(const Data& x, const Eigen::DenseBase<Derived>& labels,
                         const Exec& executor = {}) {
  auto&& team = executor.team();
  const auto rows = detail::labelled_rows(detail::as_samples(x), labels, team, "calinski_harabasz");
  const auto count = static_cast<double>(rows.clusters());
  detail::require(rows.total > count,
                  "calinski_harabasz: there must be more rows (by weight) than clusters; got ",
                  rows.total, " for ", rows.clusters(), " clusters");
  const detail::ClusterSpread spread = detail::cluster_spread(rows, team);
  RowMatrix<double> places = spread.offsets;  // about the shift
  for (Index k = 0; k < rows.clusters(); ++k)
    places.row(k) += spread.anchors.row(k) - rows.shift.transpose();
  const Vector<double> centre = places.transpose() * (rows.weights / rows.total);
  double between = 0.0;
  for (Index k = 0; k < rows.clusters(); ++k)
    between += rows.weights[k] * (places.row(k) - centre.transpose()).squaredNorm();
  double within = 0.0;
  for (Index k = 0; k < rows.clusters(); ++k) within += spread.scatter[k];
  if (!(between > 0.0)) return 0.0;
  if (!(within > 0.0)) return std::numeric_limits<double>::infinity();
  return between / (count - 1.0) / (within / (rows.total - count));
}

// The mean over the clusters of max_l (S_k + S_l) / |c_k - c_l|, where S_k is the mean distance of
// the rows of cluster k to its centroid c_k (Davies and Bouldin 1979, with p = 2, q = 1). Small is
// good: 0 = every cluster is a point. Infinite where clusters share a centroid. O(n D + K^2 D).
template <class Data, class Derived, Executor Exec = Threads>
double davies_bouldin(const Data& x, const Eigen::DenseBase<Derived>& labels,
                      const Exec& executor = {}) {
  auto&& team = executor.team();
  const auto rows = detail::labelled_rows(detail::as_samples(x), labels, team, "davies_bouldin");
  const detail::ClusterSpread spread = detail::cluster_spread(rows, team);
  Vector<double> apart(spread.offsets.cols());
  double sum = 0.0;
  for (Index k = 0; k < rows.clusters(); ++k) {
    double worst = 0.0;
    for (Index l = 0; l < rows.clusters(); ++l) {
      if (l == k) continue;
      for (Index j = 0; j < apart.size(); ++j)
        apart[j] = (spread.anchors(k, j) - spread.anchors(l, j)) +
                   (spread.offsets(k, j) - spread.offsets(l, j));
      const double distance = std::sqrt(detail::squared_norm(apart.data(), apart.size()));
      const double width =
          spread.distances[k] / rows.weights[k] + spread.distances[l] / rows.weights[l];
      worst = std::max(worst,
                       distance > 0.0 ? width / distance : std::numeric_limits<double>::infinity());
    }
    sum += worst;
  }
  return sum / static_cast<double>(rows.clusters());
}

LATENT_END
