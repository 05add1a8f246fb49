// Clusters that are better one than two, put together.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "latent/core/report.hpp"
#include "latent/metrics/dispersion.hpp"
#include "latent/selection/cluster_bic.hpp"

LATENT_BEGIN

namespace detail {

// By how much the BIC of the whole clustering (kmeans_bic) falls when clusters a and b become one;
// not positive where it does not. The inertia grows by w_a w_b / (w_a + w_b) |c_a - c_b|^2 (Ward 1963).
struct MergeGain {
  const Vector<double>& weights;       // K
  const RowMatrix<double>& centroids;  // K x D
  double total = 0.0;                  // sum of weights
  double inertia = 0.0;
  Index features = 0;  // columns that count: at most D

  double growth(Index a, Index b) const {
    const Index cols = centroids.cols();
    return weights[a] / (weights[a] + weights[b]) * weights[b] *
           squared_distance(centroids.data() + a * cols, centroids.data() + b * cols, cols);
  }

  double operator()(Index a, Index b) const {
    const double more = growth(a, b);
    if (!(more > 0.0)) return std::numeric_limits<double>::max();  // the same place
    if (!(inertia > 0.0)) return 0.0;
    const double weight = weights[a] + weights[b];
    const auto D = static_cast<double>(features);
    return 2.0 * (xlogy(weight, weight) - xlogy(weights[a], weights[a]) -
                  xlogy(weights[b], weights[b])) +
           (D + 1.0) * std::log(total) - total * D * std::log1p(more / inertia);
  }
};

// The centroids of the clusters that have rows of positive weight, in the order of their labels.
template <class S>
RowMatrix<S> inhabited(const RowMatrix<S>& centroids, const Samples<S>& data,
                       const Labels& labels) {
  std::vector<char> found(static_cast<std::size_t>(centroids.rows()), 0);
  for (Index i = 0; i < data.rows(); ++i)
    if (data.weight(i) > 0.0) found[static_cast<std::size_t>(labels[i])] = 1;
  RowMatrix<S> kept = centroids;
  Index count = 0;
  for (Index k = 0; k < centroids.rows(); ++k)
    if (found[static_cast<std::size_t>(k)] != 0) kept.row(count++) = centroids.row(k);
  return kept.topRows(count);
}

// The centroids that are left (at most K x D) when empty clusters go and pairs are merged, the best
// first, for as long as the BIC falls. O(K^3 D).
template <class S, class Team>
RowMatrix<S> merge_clusters(const Samples<S>& data, const RowMatrix<S>& given, const Labels& labels,
                            Index features, Index round, std::vector<Note>& notes, Team& team) {
  if (RowMatrix<S> left = inhabited(given, data, labels); left.rows() < 2) return left;
  const auto rows = labelled_rows(data, labels, team, "GMeans");
  const ClusterSpread spread = cluster_spread(rows, team);
  Vector<double> weights = rows.weights;
  RowMatrix<double> centroids = spread.anchors + spread.offsets;
  MergeGain gain{weights, centroids, rows.total, spread.scatter.sum(), features};
  std::vector<int> names = rows.labels.values;
  for (Index left = weights.size(); left > 1; --left) {
    double most = 0.0;
    Index a = 0;
    Index b = 0;
    for (Index i = 0; i < left; ++i)
      for (Index j = 0; j < i; ++j)
        if (const double found = gain(j, i); found > most) {
          most = found;
          a = j;
          b = i;
        }
    if (!(most > 0.0)) break;
    const double share = weights[b] / (weights[a] + weights[b]);
    gain.inertia += gain.growth(a, b);
    centroids.row(a) += share * (centroids.row(b) - centroids.row(a));
    weights[a] += weights[b];
    notes.push_back({round, names[static_cast<std::size_t>(a)], most,
                     concat("merged with cluster ", names[static_cast<std::size_t>(b)],
                            ": the BIC is less; value = by how much")});
    const Index last = left - 1;
    weights[b] = weights[last];
    centroids.row(b) = centroids.row(last);
    names[static_cast<std::size_t>(b)] = names[static_cast<std::size_t>(last)];
    weights = Vector<double>(weights.head(last));
    centroids = RowMatrix<double>(centroids.topRows(last));
  }
  return centroids.template cast<S>();
}

}  // namespace detail

LATENT_END
