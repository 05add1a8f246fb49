// Clusterings judged by their centroids: how far the clusters lie apart for how wide they are.
//
// Common to both: x is a matrix or source of n x D finite numbers, labels a vector of n integers of
// which only equality counts. Rows with label -1 (unknown, outlier) and rows of weight 0 take no
// part; an integer weight is a repeated row. float data; sums in double. The same bits for any
// executor. Throws InvalidArgument (shapes, fewer than 2 clusters) and DataError (labels below -1, not
// finite, magnitudes beyond 2^480 or all below 2^-480).
#pragma once

#include <cmath>
#include <limits>
#include <tuple>

#include "latent/cluster/distance.hpp"
#include "latent/core/executor.hpp"
#include "latent/metrics/labelled_rows.hpp"

LATENT_BEGIN

namespace detail {

struct ClusterSpread {
  RowMatrix<double> offsets;  // K x D: centroids, from the common shift
  Vector<double> scatter;     // K: sum w |x - c|^2
  Vector<double> distances;   // K: sum w |x - c|

  ClusterSpread(Index clusters, Index cols)
      : offsets(RowMatrix<double>::Zero(clusters, cols)),
        scatter(Vector<double>::Zero(clusters)),
        distances(Vector<double>::Zero(clusters)) {}

  auto fields() { return std::tie(offsets, scatter, distances); }
};

// Two passes: the centroids, then what is about them. O(n D).
template <class S, class Team>
ClusterSpread cluster_spread(const LabelledRows<S>& rows, Team& team) {
  const Index cols = rows.data.cols();
  const auto pass = [&](Index cluster_rows, const auto& add) {
    return team.reduce(
        lanes_of(rows.data.rows()),
        [&] {
          return ClusterSpread{cluster_rows, cols};
        },
        [&](Index lane, ClusterSpread& sums) {
          for_each_block<double>(rows.data, lane, [&](const Block<double>& block) {
            for (Index i = 0; i < block.x.rows(); ++i)
              if (block.weights[i] > 0.0)
                add(sums, block.x.data() + i * cols, rows.labels.id(block.first_row + i),
                    block.weights[i]);
          });
        });
  };
  ClusterSpread centroids =
      pass(rows.clusters(), [&](ClusterSpread& sums, const double* x, Index k, double weight) {
        double* to = sums.offsets.data() + k * cols;
        for (Index j = 0; j < cols; ++j) to[j] += weight * (x[j] - rows.shift[j]);
      });
  RowMatrix<double> places(rows.clusters(), cols);
  for (Index k = 0; k < rows.clusters(); ++k) {
    centroids.offsets.row(k) /= rows.weights[k];
    places.row(k) = rows.shift.transpose() + centroids.offsets.row(k);
  }
  ClusterSpread spread =
      pass(rows.clusters(), [&](ClusterSpread& sums, const double* x, Index k, double weight) {
        const double distance = squared_distance(x, places.data() + k * cols, cols);
        sums.scatter[k] += weight * distance;
        sums.distances[k] += weight * std::sqrt(distance);
      });
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
  const Vector<double> centre = spread.offsets.transpose() * (rows.weights / rows.total);
  double between = 0.0;
  for (Index k = 0; k < rows.clusters(); ++k)
    between += rows.weights[k] *
               detail::squared_distance(spread.offsets.data() + k * spread.offsets.cols(),
                                        centre.data(), centre.size());
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
  const Index cols = spread.offsets.cols();
  double sum = 0.0;
  for (Index k = 0; k < rows.clusters(); ++k) {
    double worst = 0.0;
    for (Index l = 0; l < rows.clusters(); ++l) {
      if (l == k) continue;
      const double apart = std::sqrt(detail::squared_distance(
          spread.offsets.data() + k * cols, spread.offsets.data() + l * cols, cols));
      const double width =
          spread.distances[k] / rows.weights[k] + spread.distances[l] / rows.weights[l];
      worst =
          std::max(worst, apart > 0.0 ? width / apart : std::numeric_limits<double>::infinity());
    }
    sum += worst;
  }
  return sum / static_cast<double>(rows.clusters());
}

LATENT_END
