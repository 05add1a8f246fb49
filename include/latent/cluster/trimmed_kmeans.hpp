// Trimmed k-means: clusters that outliers cannot drag away.
//
//   auto fit = latent::TrimmedKMeans{.clusters = 3, .trim = 0.05}.fit(x);      // x: n x D
//   fit.model.centroids();  fit.labels;                                      // -1 = left out
//   fit.model.outliers(y);                                                   // of new rows
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "latent/cluster/initialisation.hpp"
#include "latent/cluster/kmeans_checks.hpp"
#include "latent/cluster/kmeans_fit.hpp"
#include "latent/cluster/kmeans_model.hpp"
#include "latent/cluster/restarts.hpp"
#include "latent/cluster/trimmed_lloyd.hpp"
#include "latent/core/contiguous_rows.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

// K centroids and the distance beyond which a row belongs to none. predict, transform and score are
// those of KMeansModel and know no outliers.
template <class S>
class TrimmedKMeansModel : public KMeansModel<S> {
 public:
  // Empty: fit or assign one before use.
  TrimmedKMeansModel() = default;

  // centroids: K x D, finite; threshold >= 0 and finite (InvalidArgument).
  TrimmedKMeansModel(RowMatrix<S> centroids, double threshold)
      : KMeansModel<S>{std::move(centroids)}, threshold_{threshold} {
    detail::require(is_finite(threshold) && threshold >= 0.0,
                    "TrimmedKMeansModel: threshold must be finite and not negative; got ",
                    threshold);
  }

  double threshold() const { return threshold_; }

  // True for each row whose distance to its nearest centroid is beyond the threshold. Throws as
  // predict does. O(n K D).
  template <class Data, class Exec = Threads>
  Eigen::Array<bool, Eigen::Dynamic, 1> outliers(const Data& x, const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    constexpr const char* who = "TrimmedKMeansModel";
    detail::require(this->centroids().rows() > 0, who, ": fit it before use; it has no centroids");
    detail::require(data.cols() == this->centroids().cols(), who, ": data must have ",
                    this->centroids().cols(), " columns, as the centroids; got ", data.rows(),
                    " x ", data.cols());
    auto&& team = executor.team();
    detail::check_all_magnitudes(data, team, who);
    const detail::CentroidTable<S> table{this->centroids()};
    detail::ScratchPool<S> pool;
    Labels labels;
    Vector<double> distances;  // squared
    detail::assign_with_distances(data, table, labels, distances, pool, team);
    return distances.array().sqrt() > threshold_;
  }

 private:
  double threshold_ = 0.0;
};

// The labels are the argmin of the distances to the centroids of the model, -1 where the row was left
// out; the inertia is that of the rows kept, the sum of w |x - c|^2 from direct differences, and the
// threshold the largest distance among them. Rows of zero weight are labelled, never left out.
//
// report.trace[t] holds that inertia for the centroids after t updates, under the rows that they
// keep: it never rises.
template <class S>
struct TrimmedKMeansFit {
  TrimmedKMeansModel<S> model;
  Labels labels;  // n; 0 ... K-1, or -1 = left out
  double inertia = 0.0;
  double threshold = 0.0;  // a distance, not squared
  Report report;           // of the best run
};

// Finds K centroids that make the inertia of the share 1 - trim of the weight small: the best rows
// to keep are found along with the centroids (Cuesta-Albertos, Gordaliza and Matran 1997, "Trimmed
// k-means: an attempt to robustify quantizers"). Each iteration keeps the rows nearest to their
// centroids, which then move to the means of what is kept: neither step raises the inertia, and the
// fit has converged when labels and rows kept repeat (the concentration steps of Garcia-Escudero,
// Gordaliza, Matran and Mayo-Iscar 2008, with equal spherical clusters).
//
// Exactly the share `trim` of the weight is left out, the farthest rows first; of equal distances
// the highest index first. The row on the boundary is kept with the rest of its weight, so that a
// weight of 3 is a row three times, and its label tells it as kept. Starts are drawn from all rows:
// k-means++ likes outliers, and a centroid that starts on one may stay there, which is why the
// default draws rows at random, ten times.
//
// Everything else is as in KMeans, whose result trim = 0 gives but for rounding; where empty clusters take
// distant rows, these are rows kept. O(n K D) an iteration, of sparse rows O(K) a
// stored entry; about 48 n bytes beside the data.
//
// Throws as KMeans does. Where fewer distinct rows are kept than there are clusters, the status is
// degenerate.
struct TrimmedKMeans {
  static constexpr Index unset = detail::unset_clusters;  // as in KMeans
  static constexpr Index default_clusters = 8;

  Index clusters = unset;                               // K >= 1
  double trim = 0.05;                                   // in [0, 1)
  KMeansInit init = KMeansInit::random;                 // not used by fit_from
  EmptyCluster empty_cluster = EmptyCluster::farthest;  // see there
  Index restarts = 10;                                  // >= 1; runs of fit, the best is kept
  Index max_iterations = 300;                           // >= 1, of each run
  double tolerance = 0.0;  // >= 0; as in KMeans, relative to the variance of all rows, outliers too
  std::uint64_t seed = 0;  // any

  // The best of `restarts` runs; of equal inertia, the first.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& data, const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    const Index k_count = clusters == unset ? default_clusters : clusters;
    check_options(k_count);
    auto&& team = executor.team();
    detail::check_kmeans_data(source, k_count, 0.0, team, who);
    return run(source, restarts, team, observer, [&](Index restart) {
      return detail::initial_centroids(source, init, k_count, seed,
                                       static_cast<std::uint64_t>(restart), team);
    });
  }

  // One run from the given centroids, K x D.
  template <class Centroids, class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit_from(const Eigen::DenseBase<Centroids>& centroids, const Data& data,
                const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    using S = typename std::remove_cvref_t<decltype(source)>::Scalar;
    const RowMatrix<S> start = detail::checked_start(centroids, clusters, source, who);
    check_options(start.rows());
    auto&& team = executor.team();
    const auto largest = static_cast<double>(start.size() > 0 ? start.cwiseAbs().maxCoeff() : S(0));
    detail::check_kmeans_data(source, start.rows(), largest, team, who);
    return run(source, Index{1}, team, observer, [&](Index) { return start; });
  }

 private:
  static constexpr const char* who = "TrimmedKMeans";

  void check_options(Index k_count) const {
    detail::check_kmeans_options(k_count, restarts, max_iterations, tolerance, who);
    detail::require(is_finite(trim) && trim >= 0.0 && trim < 1.0, who,
                    ": trim must lie in [0, 1); got ", trim);
  }

  template <class S, class Team, class Observer, class Start>
  TrimmedKMeansFit<S> run(const Samples<S>& given, Index runs, Team& team, Observer& observer,
                          const Start& start) const {
    const detail::Stopwatch watch;
    const Samples<S> data = detail::with_contiguous_rows(given, team);
    const detail::KMeansObserver<S> observe = [&observer](const KMeansIteration<S>& view) {
      return detail::observe(observer, view);
    };
    const double movement = detail::movement_limit(data, tolerance, team);
    detail::ScratchPool<S> pool;
    detail::TrimmedRun<S> best = detail::best_run(runs, watch, [&](Index restart) {
      const detail::LloydOptions options{.empty_cluster = empty_cluster,
                                         .max_iterations = max_iterations,
                                         .movement = movement,
                                         .restart = restart};
      return detail::trimmed_lloyd(data, start(restart), trim, options, observe, watch, pool, team);
    });
    return {TrimmedKMeansModel<S>{std::move(best.centroids), best.threshold},
            std::move(best.labels), best.inertia, best.threshold, std::move(best.report)};
  }
};

LATENT_END
