// A start of the user's own, and what it must return.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "latent/cluster/kmeans_checks.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

namespace detail {

template <class Data>
using SamplesOf = std::remove_cvref_t<decltype(as_samples(std::declval<const Data&>()))>;

// start(const Samples<S>&, Index clusters, Random&) -> a dense matrix.
template <class Start, class Data>
concept KMeansStart = requires(Start& start, const SamplesOf<Data>& data, Index clusters,
                               Random& random) {
  { start(data, clusters, random).rows() } -> std::convertible_to<Index>;
};

// What start() returns, as the rows of a run: K x D, finite, no magnitude out of range.
template <class Start, class S, class Team>
RowMatrix<S> checked_start(Start& start, const Samples<S>& data, Index clusters, Random& random,
                           Index restart, Team& team) {
  const RowMatrix<S> centroids = start(data, clusters, random).matrix().template cast<S>();
  require(centroids.rows() == clusters && centroids.cols() == data.cols(),
          "KMeans: the start must be clusters x columns, ", clusters, " x ", data.cols(), "; got ",
          centroids.rows(), " x ", centroids.cols(), " for restart ", restart);
  check_centroids(centroids, concat("KMeans: start of restart ", restart));
  check_reach(data, static_cast<double>(centroids.cwiseAbs().maxCoeff()), team);
  return centroids;
}

}  // namespace detail

LATENT_END
