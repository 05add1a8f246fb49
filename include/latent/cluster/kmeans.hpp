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

#include "latent/cluster/column_scale.hpp"
#include "latent/cluster/empty_clusters.hpp"
#include "latent/cluster/initialisation.hpp"
#include "latent/cluster/kmeans_checks.hpp"
#include "latent/cluster/kmeans_fit.hpp"
#include "latent/cluster/kmeans_model.hpp"
#include "latent/cluster/lloyd.hpp"
#include "latent/cluster/mini_batch.hpp"
#include "latent/cluster/restarts.hpp"
#include "latent/cluster/starts/own_start.hpp"
#include "latent/core/contiguous_rows.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

// Finds K centroids that make the inertia, the sum of w |x - nearest centroid|^2, small.
//
// Data: a matrix, an expression or a source (samples(x).weights(w)) of n x D finite numbers; labels
// of a source are ignored; rows of zero weight are labelled and otherwise take no part. float data
// give a float model; the distances that decide and the sums are taken in double. Sparse rows are taken
// by their stored entries; dense rows that do not lie side by side (column-major matrices, scaled
// columns) are copied once, except for mini_batch. The same input, seed and program give the same bits for any executor.
// O(n K D) an iteration at most; see KMeansAlgorithm for what is left out. docs/kmeans.md says what to
// call where k-means is weak.
//
// Throws InvalidArgument for options out of their range, shapes, and more clusters than rows of
// positive weight; DataError for NaN, infinities, magnitudes beyond 2^480, data all below 2^-480 and
// positive weights below 2^-480. A start that is a fixed point takes two iterations: the second sees that no label
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
  // Divides each column by its standard deviation (weighted, of the population); constant columns
  // stay as they are, with a note.
  bool standardize = false;
  // D numbers >= 0, not all 0; none = all ones. The squared distance is sum_j w_j (x_j - c_j)^2, so
  // a column of weight 0 is ignored. With `standardize`, of the standardized columns. For float data
  // within 2^-100 and 2^100.
  Vector<double> feature_weights = {};
  Index batch = 0;  // >= 0; rows of a batch of mini_batch; 0 = max(4096, 16 K)

  // The best of `restarts` runs; of equal inertia, the first. A run that the observer stops is the
  // last one, and the report says Status::stopped. Deterministic starts (see KMeansInit) run once,
  // whatever `restarts`: report.restarts has one entry, and a note says so.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& data, const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& given = detail::as_samples(data);
    const Index k_count = clusters == unset ? default_clusters : clusters;
    auto&& team = executor.team();
    const auto scaled = check_and_scale(given, k_count, 0.0, team);
    const bool once =
        restarts > 1 && algorithm != KMeansAlgorithm::mini_batch && detail::is_deterministic(init);
    auto fit = run(given, scaled, once ? 1 : restarts, team, observer, [&](Index restart) {
      const auto run_index = static_cast<std::uint64_t>(restart);
      if (algorithm != KMeansAlgorithm::mini_batch)
        return detail::initial_centroids(scaled.data, init, k_count, seed, run_index, team);
      const auto sample = detail::start_sample(scaled.data, k_count, batch, seed, run_index, team);
      return detail::initial_centroids(sample, init, k_count, seed, run_index, team);
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
    const auto& given = detail::as_samples(data);
    const auto start = detail::checked_start(centroids, clusters, given, "KMeans");
    auto&& team = executor.team();
    const auto scaled =
        check_and_scale(given, start.rows(), detail::largest_magnitude_of(start), team);
    const auto first = in_scale(scaled, start, team);
    return run(given, scaled, Index{1}, team, observer, [&](Index) { return first; });
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
    const auto& given = detail::as_samples(data);
    const Index k_count = clusters == unset ? default_clusters : clusters;
    auto&& team = executor.team();
    const auto scaled = check_and_scale(given, k_count, 0.0, team);
    return run(given, scaled, restarts, team, observer, [&](Index restart) {
      Random random{seed, Purpose::initialisation, static_cast<std::uint64_t>(restart)};
      return in_scale(scaled, detail::checked_start(start, given, k_count, random, restart, team),
                      team);
    });
  }

 private:
  // The data as distances are taken in, and the factors that lead there.
  template <class S>
  struct Scaled {
    detail::ColumnScale scale;
    Samples<S> data;
  };

  // start: the largest magnitude among given centroids.
  template <class S, class Team>
  Scaled<S> check_and_scale(const Samples<S>& given, Index k_count, double start,
                            Team& team) const {
    detail::check_kmeans_options(k_count, restarts, max_iterations, tolerance, "KMeans");
    detail::require(batch >= 0, "KMeans: batch must not be negative; got ", batch);
    detail::check_feature_weights<S>(feature_weights, given.cols());
    detail::check_kmeans_data(given, k_count, start, team);
    detail::ColumnScale scale = detail::column_scale(given, standardize, feature_weights, team);
    Samples<S> data = scale.apply(given);
    // Mini-batches touch few rows; the others read all of them in every pass.
    if (algorithm != KMeansAlgorithm::mini_batch) data = detail::with_contiguous_rows(data, team);
    if (!scale.none())
      detail::check_kmeans_data(data, k_count, 0.0, team, "KMeans: with the columns scaled");
    return {std::move(scale), std::move(data)};
  }

  template <class S, class Team>
  static RowMatrix<S> in_scale(const Scaled<S>& scaled, const RowMatrix<S>& start, Team& team) {
    if (scaled.scale.none()) return start;
    RowMatrix<S> first = scaled.scale.apply(start);
    detail::check_centroids(first, "KMeans");
    detail::check_reach(scaled.data, detail::largest_magnitude_of(first), team);
    return first;
  }

  template <class S, class Team, class Observer, class Start>
  KMeansFit<S> run(const Samples<S>& given, const Scaled<S>& scaled, Index runs, Team& team,
                   Observer& observer, const Start& start) const {
    const detail::Stopwatch watch;
    const detail::ColumnScale& scale = scaled.scale;
    const detail::KMeansObserver<S> observe = [&](const KMeansIteration<S>& view) {
      if (scale.none() || std::is_same_v<std::remove_cvref_t<Observer>, NoObserver>)
        return detail::observe(observer, view);
      const RowMatrix<S> before = scale.undo(view.centroids);
      const RowMatrix<S> after = scale.undo(view.next_centroids);
      return detail::observe(observer, KMeansIteration<S>{view.restart, view.index, before,
                                                          view.labels, view.inertia, after});
    };
    const double movement = detail::movement_limit(scaled.data, tolerance, team);
    detail::ScratchPool<S> pool;
    detail::LloydRun<S> best = detail::best_run(runs, watch, [&](Index restart) {
      const detail::LloydOptions options{.empty_cluster = empty_cluster,
                                         .max_iterations = max_iterations,
                                         .movement = movement,
                                         .restart = restart,
                                         .algorithm = algorithm,
                                         .batch = batch,
                                         .seed = seed};
      return algorithm == KMeansAlgorithm::mini_batch
                 ? detail::mini_batch(scaled.data, start(restart), options, observe, watch, pool,
                                      team)
                 : detail::lloyd(scaled.data, start(restart), options, observe, watch, pool, team);
    });
    best.report.notes.insert(best.report.notes.begin(), scale.notes.begin(), scale.notes.end());
    RowMatrix<S> centroids =
        detail::in_units_of_data(given, scale, best.centroids, best.labels, team);
    return {KMeansModel<S>{std::move(centroids), scale.factors, std::move(best.centroids)},
            std::move(best.labels), best.inertia, std::move(best.report)};
  }
};

LATENT_END

#ifdef LATENT_PRECOMPILED
#include "latent/precompiled/kmeans.hpp"
#endif
