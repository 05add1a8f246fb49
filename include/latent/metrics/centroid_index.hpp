// How many clusters are wrong altogether.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/cluster/kmeans_checks.hpp"

LATENT_BEGIN

namespace detail {

// The rows of b that are the nearest of no row of a.
inline Index orphans(const RowMatrix<double>& a, const RowMatrix<double>& b) {
  std::vector<char> wanted(static_cast<std::size_t>(b.rows()), 0);
  for (Index i = 0; i < a.rows(); ++i) {
    Index nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (Index k = 0; k < b.rows(); ++k) {
      const double distance =
          squared_distance(a.data() + i * a.cols(), b.data() + k * b.cols(), a.cols());
      if (distance < least) {
        least = distance;
        nearest = k;
      }
    }
    wanted[static_cast<std::size_t>(nearest)] = 1;
  }
  return static_cast<Index>(std::count(wanted.begin(), wanted.end(), char{0}));
}

}  // namespace detail

// a: K x D, b: L x D centroids. Every row of a goes to its nearest row of b (ties to the lowest
// index); those of b that get none are orphans. The larger number of orphans of both directions
// (Fraenti, Rezaei and Zhao 2014, "Centroid index: cluster level similarity measure"): 0 = every
// cluster of one has its counterpart in the other. Equal rows of one set count as one cluster and
// orphans. At least |K - L|. Symmetric. O(K L D).
// Throws InvalidArgument (no rows or columns, different D) and DataError (not finite, beyond 2^480,
// all below 2^-480).
template <class A, class B>
Index centroid_index(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  const RowMatrix<double> first = a.derived().matrix().template cast<double>();
  const RowMatrix<double> second = b.derived().matrix().template cast<double>();
  detail::require(first.size() > 0 && second.size() > 0 && first.cols() == second.cols(),
                  "centroid_index: centroids must have rows, and as many columns in both; got ",
                  first.rows(), " x ", first.cols(), " and ", second.rows(), " x ", second.cols());
  detail::check_centroids(first, "centroid_index");
  detail::check_centroids(second, "centroid_index");
  const double largest = std::max(first.cwiseAbs().maxCoeff(), second.cwiseAbs().maxCoeff());
  detail::require<DataError>(largest == 0.0 || largest >= detail::smallest_magnitude,
                             "centroid_index: the largest magnitude must be 0 or at least 2^-480, "
                             "about 3e-145; got ",
                             largest, "; scale the data up");
  return std::max(detail::orphans(first, second), detail::orphans(second, first));
}

LATENT_END
