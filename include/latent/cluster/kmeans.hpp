// KMeans: options in, KMeansFit out.
//
//   auto fit = latent::KMeans{.clusters = 3, .restarts = 10}.fit(x);    // x: n x D, rows = samples
//   fit.model.centroids();  fit.labels;  fit.inertia;  fit.report.converged();
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/initialisation.hpp"
#include "latent/cluster/kmeans_checks.hpp"
#include "latent/cluster/kmeans_fit.hpp"
#include "latent/cluster/kmeans_model.hpp"
#include "latent/cluster/lloyd.hpp"
#include "latent/cluster/mini_batch.hpp"
#include "latent/cluster/restarts.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

// automatic: the fastest exact method; lloyd: every row against every centroid. All exact methods
// give the clusters of Lloyd's iteration from the same start.
// mini_batch: approximate, for many rows: learns from batches drawn at random and closes with one
// iteration of Lloyd's. A few percent above the inertia of the exact methods, for the price of about
// three passes over the data; max_iterations and report.iterations count passes of the batches. See
// mini_batch() in cluster/mini_batch.hpp for the rule that ends it, and for its trace.
enum class KMeansAlgorithm { automatic, lloyd, mini_batch };

// Finds K centroids that make the inertia, the sum of w |x - nearest centroid|^2, small.
//
// Data: a matrix, an expression or a source (samples(x).weights(w)) of n x D finite numbers; labels
// of a source are ignored; rows of zero weight are labelled and otherwise take no part. float data
// give a float model; distances and sums are taken in double. The same input, seed and program give
// the same bits for any executor. O(n K D) an iteration.
//
// Throws InvalidArgument for options out of their range, shapes, and more clusters than rows of
// positive weight; DataError for NaN, infinities, magnitudes beyond 2^480 and data all below
// 2^-480. A start that is a fixed point takes two iterations: the second sees that no label
// changed.
struct KMeans {
  // The value of `clusters` that was not given: 8 in fit, the rows of the start in fit_from.
  static constexpr Index unset = detail::unset_clusters;
  static constexpr Index default_clusters = 8;

  Index clusters = unset;                                  // K >= 1
  KMeansInit init = KMeansInit::plus_plus;                 // not used by fit_from
  KMeansAlgorithm algorithm = KMeansAlgorithm::automatic;  // how, not what
  EmptyCluster empty_cluster = EmptyCluster::farthest;     // see there
  Index restarts = 1;                                      // >= 1; runs of fit, the best is kept
  Index max_iterations = 300;                              // >= 1, of each run
  // >= 0: a run also ends when the centroids' squared movement is at most this times the mean
  // variance of the columns; 0 = only when no label changes.
  double tolerance = 0.0;
  std::uint64_t seed = 0;  // any
  Index batch = 0;         // >= 0; rows of a batch of mini_batch; 0 = max(4096, 16 K)

  // The best of `restarts` runs; of equal inertia, the first. A run that the observer stops is the
  // last one, and the report says Status::stopped.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& data, const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    const Index k_count = clusters == unset ? default_clusters : clusters;
    check_options(k_count);
    auto&& team = executor.team();
    detail::check_kmeans_data(source, k_count, 0.0, team);
    return run(source, restarts, team, observer, [&](Index restart) {
      const auto run_index = static_cast<std::uint64_t>(restart);
      if (algorithm != KMeansAlgorithm::mini_batch)
        return detail::initial_centroids(source, init, k_count, seed, run_index, team);
      const auto sample = detail::start_sample(source, k_count, batch, seed, run_index, team);
      return detail::initial_centroids(sample, init, k_count, seed, run_index, team);
    });
  }

  // One run from the given centroids, K x D. Throws InvalidArgument where they have another D than
  // the data, or another K than `clusters`, if that was given.
  template <class Centroids, class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit_from(const Eigen::DenseBase<Centroids>& centroids, const Data& data,
                const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    using S = SourceScalarOf<decltype(source)>;
    const RowMatrix<S> start = detail::checked_start(centroids, clusters, source, "KMeans");
    check_options(start.rows());
    auto&& team = executor.team();
    const auto largest = static_cast<double>(start.size() > 0 ? start.cwiseAbs().maxCoeff() : S(0));
    detail::check_kmeans_data(source, start.rows(), largest, team);
    return run(source, Index{1}, team, observer, [&](Index) { return start; });
  }

 private:
  template <class Source>
  using SourceScalarOf = typename std::remove_cvref_t<Source>::Scalar;

  void check_options(Index k_count) const {
    detail::check_kmeans_options(k_count, restarts, max_iterations, tolerance, "KMeans");
    detail::require(batch >= 0, "KMeans: batch must not be negative; got ", batch);
  }

  template <class S, class Team, class Observer, class Start>
  KMeansFit<S> run(const Samples<S>& data, Index runs, Team& team, Observer& observer,
                   const Start& start) const {
    const detail::Stopwatch watch;
    const detail::KMeansObserver<S> observe = [&observer](const KMeansIteration<S>& view) {
      return detail::observe(observer, view);
    };
    const double movement = detail::movement_limit(data, tolerance, team);
    detail::ScratchPool<S> pool;
    detail::LloydRun<S> best = detail::best_run(runs, watch, [&](Index restart) {
      const detail::LloydOptions options{.empty_cluster = empty_cluster,
                                         .max_iterations = max_iterations,
                                         .movement = movement,
                                         .restart = restart,
                                         .batch = batch,
                                         .seed = seed};
      return algorithm == KMeansAlgorithm::mini_batch
                 ? detail::mini_batch(data, start(restart), options, observe, watch, pool, team)
                 : detail::lloyd(data, start(restart), options, observe, watch, pool, team);
    });
    return {KMeansModel<S>{std::move(best.centroids)}, std::move(best.labels), best.inertia,
            std::move(best.report)};
  }
};

LATENT_END
