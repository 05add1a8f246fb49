// What the tests of HierarchicalKMeans share.
#pragma once

#include <algorithm>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/cluster/hierarchical_kmeans.hpp"
#include "support/compare.hpp"

namespace latent_test {

using latent::Labels;

// Rows of positive weight in each of K clusters.
inline std::vector<Index> sizes(const Labels& labels, Index clusters,
                                const Eigen::VectorXd& w = Eigen::VectorXd()) {
  std::vector<Index> count(static_cast<std::size_t>(clusters), 0);
  for (Index i = 0; i < labels.size(); ++i)
    if (w.size() == 0 || w[i] > 0.0) ++count[static_cast<std::size_t>(labels[i])];
  return count;
}

inline Index empty(const std::vector<Index>& sizes) {
  return static_cast<Index>(std::count(sizes.begin(), sizes.end(), Index{0}));
}

}  // namespace latent_test
