// What BisectingKMeans returns: clusters, and the splits that led to them.
#pragma once

#include <algorithm>
#include <vector>

#include "latent/cluster/kmeans_model.hpp"
#include "latent/core/error.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

// One split. Before split number s, 0, 1, ..., there are the clusters 0 ... s; it divides `cluster`,
// whose second half becomes cluster s + 1. Of the halves, that with the lower first row keeps the
// number.
struct ClusterSplit {
  Index cluster = 0;
  double weight = 0.0;              // of the cluster divided
  double inertia = 0.0;             // of it about its centroid, the last that 2-means gave it
  double weights[2] = {0.0, 0.0};   // of the halves
  double inertias[2] = {0.0, 0.0};  // of the halves
};

// One line of a dendrogram: leaves are 0 ... K-1, merge t makes the node K + t.
struct ClusterMerge {
  Index first = 0;  // first < second
  Index second = 0;
  double height = 0.0;  // the inertia of the node, never less than that of its parts
  double weight = 0.0;
};

template <class S>
struct BisectingKMeansFit {
  KMeansModel<S> model;
  // n; 0 ... K-1. Without refinement where the splits led each row, so that clusters are nested, and
  // model.predict() may differ; with it the nearest centroid.
  Labels labels;
  double inertia = 0.0;  // of the labels
  Report report;
  std::vector<ClusterSplit> splits;  // K - 1, in the order they were made
  Labels tree_labels;                // n; where the splits led, refined or not

  // n labels of the clustering into k, 1 <= k <= K, that the splits passed through.
  Labels labels_at(Index k) const {
    const auto clusters = static_cast<Index>(splits.size()) + 1;
    detail::require(k >= 1 && k <= clusters, "BisectingKMeansFit: labels_at: k must be in 1 ... ",
                    clusters, "; got ", k);
    std::vector<int> ancestor(static_cast<std::size_t>(clusters));
    for (Index c = 0; c < clusters; ++c) {
      const auto at = static_cast<std::size_t>(c);
      ancestor[at] =
          c < k ? static_cast<int>(c) : ancestor[static_cast<std::size_t>(splits[at - 1].cluster)];
    }
    Labels coarse = tree_labels;
    for (Index i = 0; i < coarse.size(); ++i)
      coarse[i] = ancestor[static_cast<std::size_t>(coarse[i])];
    return coarse;
  }

  // The splits backwards: K - 1 merges, from the clusters to one.
  std::vector<ClusterMerge> merges() const {
    const auto clusters = static_cast<Index>(splits.size()) + 1;
    std::vector<Index> node(static_cast<std::size_t>(clusters));
    for (Index c = 0; c < clusters; ++c) node[static_cast<std::size_t>(c)] = c;
    std::vector<ClusterMerge> merges;
    for (Index s = clusters - 2; s >= 0; --s) {
      const ClusterSplit& split = splits[static_cast<std::size_t>(s)];
      Index& kept = node[static_cast<std::size_t>(split.cluster)];
      const Index other = node[static_cast<std::size_t>(s) + 1];
      merges.push_back({std::min(kept, other), std::max(kept, other), split.inertia, split.weight});
      kept = clusters + static_cast<Index>(merges.size()) - 1;
    }
    return merges;
  }
};

LATENT_END
