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
#include "latent/cluster/starts/own_start.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

// automatic: the fastest exact method; lloyd: every row against every centroid. All exact methods
// give the clusters of Lloyd's iteration from the same start.
enum class KMeansAlgorithm { automatic, lloyd };

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
  static constexpr Index unset = std::numeric_limits<Index>::min();
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

  // The best of `restarts` runs; of equal inertia, the first. A run that the observer stops is the
  // last one, and the report says Status::stopped. Deterministic starts (see KMeansInit) run once,
  // whatever `restarts`: report.restarts has one entry, and a note says so.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& data, const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    const Index k_count = clusters == unset ? default_clusters : clusters;
    check_options(k_count);
    auto&& team = executor.team();
    detail::check_kmeans_data(source, k_count, 0.0, team);
    const bool once = restarts > 1 && detail::is_deterministic(init);
    auto fit = run(source, once ? 1 : restarts, team, observer, [&](Index restart) {
      return detail::initial_centroids(source, init, k_count, seed,
                                       static_cast<std::uint64_t>(restart), team);
    });
    if (once)
      fit.report.notes.push_back({0, -1, static_cast<double>(restarts),
                                  "the start is deterministic: one run; value = restarts"});
    return fit;
  }

  // One run from the given centroids, K x D. Throws InvalidArgument where they have another D than
  // the data, or another K than `clusters`, if that was given.
  template <class Centroids, class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit_from(const Eigen::DenseBase<Centroids>& centroids, const Data& data,
                const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    using S = SourceScalarOf<decltype(source)>;
    const RowMatrix<S> start = centroids.derived().matrix().template cast<S>();
    detail::require(clusters == unset || clusters == start.rows(),
                    "KMeans: the start must have as many rows as clusters; got ", start.rows(),
                    " rows for ", clusters, " clusters");
    check_options(start.rows());
    detail::require(start.cols() == source.cols(),
                    "KMeans: the start must have as many columns as the data; got ", start.rows(),
                    " x ", start.cols(), " for data of ", source.rows(), " x ", source.cols());
    detail::check_centroids(start, "KMeans");
    auto&& team = executor.team();
    const auto largest = static_cast<double>(start.size() > 0 ? start.cwiseAbs().maxCoeff() : S(0));
    detail::check_kmeans_data(source, start.rows(), largest, team);
    return run(source, Index{1}, team, observer, [&](Index) { return start; });
  }

  // The best of `restarts` runs from starts of your own, K = `clusters`:
  //
  //   start(const Samples<S>& data, Index clusters, Random& random) -> K x D dense expression
  //
  // called once before each run, on the calling thread; the random numbers are those of `seed` and
  // of the run. Throws InvalidArgument for another shape and DataError for numbers that a given
  // start must not hold; the message names the restart.
  template <class Start, class Data, class Exec = Threads, class Observer = NoObserver>
  requires detail::KMeansStart<Start, Data>
  auto fit_from(Start&& start, const Data& data, const Exec& executor = {},
                Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    const Index k_count = clusters == unset ? default_clusters : clusters;
    check_options(k_count);
    auto&& team = executor.team();
    detail::check_kmeans_data(source, k_count, 0.0, team);
    return run(source, restarts, team, observer, [&](Index restart) {
      Random random{seed, Purpose::initialisation, static_cast<std::uint64_t>(restart)};
      return detail::checked_start(start, source, k_count, random, restart, team);
    });
  }

 private:
  template <class Source>
  using SourceScalarOf = typename std::remove_cvref_t<Source>::Scalar;

  void check_options(Index k_count) const {
    detail::require(k_count >= 1, "KMeans: clusters must be at least 1; got ", k_count);
    detail::require(restarts >= 1, "KMeans: restarts must be at least 1; got ", restarts);
    detail::require(max_iterations >= 1, "KMeans: max_iterations must be at least 1; got ",
                    max_iterations);
    detail::require(is_finite(tolerance) && tolerance >= 0.0,
                    "KMeans: tolerance must be finite and not negative; got ", tolerance);
  }

  // The movement at which a run ends: tolerance times the mean variance of the columns, which is
  // the inertia of a single cluster per weight and column.
  template <class S, class Team>
  double movement_limit(const Samples<S>& data, Team& team) const {
    if (!(tolerance > 0.0)) return 0.0;
    detail::ScratchPool<S> pool;
    Labels labels = Labels::Zero(data.rows());
    RowMatrix<S> centre(1, data.cols());
    data.read(0, 1, centre);
    detail::ClusterSums sums{1, 1, data.cols()};
    for (int pass = 0; pass < 2; ++pass) {
      if (pass > 0) centre = detail::weighted_means(centre, sums);
      const detail::CentroidTable<S> table{centre};
      sums = detail::sum_clusters(data, table, detail::Labelling::keep, labels, pool, team);
    }
    return tolerance * (sums.inertia / sums.weights[0] / static_cast<double>(data.cols()));
  }

  template <class S, class Team, class Observer, class Start>
  KMeansFit<S> run(const Samples<S>& data, Index runs, Team& team, Observer& observer,
                   const Start& start) const {
    const detail::Stopwatch watch;
    const detail::KMeansObserver<S> observe = [&observer](const KMeansIteration<S>& view) {
      return detail::observe(observer, view);
    };
    const double movement = movement_limit(data, team);
    detail::ScratchPool<S> pool;
    detail::LloydRun<S> best;
    std::vector<double> inertias;
    bool stopped = false;
    for (Index restart = 0; restart < runs && !stopped; ++restart) {
      const detail::LloydOptions options{empty_cluster, max_iterations, movement, restart};
      detail::LloydRun<S> run =
          detail::lloyd(data, start(restart), options, observe, watch, pool, team);
      stopped = run.report.status == Status::stopped;
      inertias.push_back(run.inertia);
      if (restart == 0 || run.inertia < best.inertia) best = std::move(run);
    }
    if (stopped) best.report.status = Status::stopped;
    best.report.seconds = watch.seconds();
    best.report.restarts = std::move(inertias);
    return {KMeansModel<S>{std::move(best.centroids)}, std::move(best.labels), best.inertia,
            std::move(best.report)};
  }
};

LATENT_END
