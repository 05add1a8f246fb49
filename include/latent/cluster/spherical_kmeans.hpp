// Spherical k-means: clusters of directions.
//
//   auto fit = latent::SphericalKMeans{.clusters = 20, .restarts = 5}.fit(counts);   // n x D
//   fit.model.centroids();  fit.labels;  fit.inertia;                // sum of w (1 - cosine)
//
// Dhillon and Modha 2001 ("Concept decompositions for large sparse text data using clustering"): the
// centroid of a cluster is the direction of its mean, and every row belongs to the centroid with
// which it has the largest cosine. On rows x and centroids c of length one
//
//   |x - c|^2 = 2 (1 - x c),
//
// so this is Lloyd's iteration on the rows divided by their lengths, with the means put back onto
// the sphere. How long a row is plays no part: documents of any length compare by their words.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/initialisation.hpp"
#include "latent/cluster/kmeans_checks.hpp"
#include "latent/cluster/kmeans_fit.hpp"
#include "latent/cluster/kmeans_model.hpp"
#include "latent/cluster/lloyd.hpp"
#include "latent/cluster/restarts.hpp"
#include "latent/cluster/unit_rows.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

// K directions. Immutable, safe to share between threads. Data are matrices, expressions or sources
// with D columns. Every method throws InvalidArgument where the number of columns differs or the
// model is empty, and DataError for NaN, infinities and rows of length zero; no rows give an empty
// result. O(n K D), and a copy of dense data.
template <class S>
class SphericalKMeansModel {
 public:
  using Scalar = S;

  // Empty: fit or assign one before use.
  SphericalKMeansModel() = default;

  // centroids: K x D, finite, of any length but zero (DataError). Those of length one, but for
  // rounding, are taken as they are.
  explicit SphericalKMeansModel(const RowMatrix<S>& centroids) : euclidean_{on_sphere(centroids)} {}

  const RowMatrix<S>& centroids() const { return euclidean_.centroids(); }  // K x D, of length one

  // The centroid of the largest cosine for each row, ties to the lowest index.
  template <class Data, class Exec = Threads>
  Labels predict(const Data& x, const Exec& executor = {}) const {
    return euclidean_.predict(directions(x, executor), executor);
  }

  // n x K: 1 - cosine, in 0 ... 2; what differs least from 0 is the nearest.
  template <class Data, class Exec = Threads>
  RowMatrix<S> transform(const Data& x, const Exec& executor = {}) const {
    RowMatrix<S> distances = euclidean_.transform(directions(x, executor), executor);
    return (S(0.5) * distances.array().square()).matrix();
  }

  // -sum of w (1 - cosine) over the rows, each with its own centroid.
  template <class Data, class Exec = Threads>
  double score(const Data& x, const Exec& executor = {}) const {
    return 0.5 * euclidean_.score(directions(x, executor), executor);
  }

 private:
  static RowMatrix<S> on_sphere(const RowMatrix<S>& centroids) {
    detail::check_centroids(centroids, "SphericalKMeansModel");
    const Index cols = centroids.cols();
    RowMatrix<S> unit = centroids;
    for (Index k = 0; k < unit.rows(); ++k) {
      const S* c = centroids.data() + k * cols;
      if (detail::is_unit<S>(c, cols)) continue;
      detail::require<DataError>(
          detail::normalise(c, cols, unit.data() + k * cols),
          "SphericalKMeansModel: centroids must have a direction; got length zero at row ", k);
    }
    return unit;
  }

  template <class Data, class Exec>
  auto directions(const Data& x, const Exec& executor) const {
    const auto& data = detail::as_samples(x);
    detail::require(centroids().rows() > 0,
                    "SphericalKMeansModel: fit it before use; it has no centroids");
    detail::require(data.cols() == centroids().cols(), "SphericalKMeansModel: data must have ",
                    centroids().cols(), " columns, as the centroids; got ", data.rows(), " x ",
                    data.cols());
    auto&& team = executor.team();
    return detail::unit_samples(data, "SphericalKMeansModel", team);
  }

  KMeansModel<S> euclidean_;
};

// The report is that of KMeans, with sums of w (1 - cosine) for inertias; `change` is the squared
// movement of the centroids. Cosines of float data are known to about the epsilon of float.
template <class S>
struct SphericalKMeansFit {
  SphericalKMeansModel<S> model;
  Labels labels;         // n; 0 ... K-1
  double inertia = 0.0;  // sum of w (1 - cosine)
  Report report;         // of the best run
};

// Finds K directions that make the sum of w (1 - cosine) small. Data, seeds, weights, empty clusters,
// restarts and observers are as in KMeans, and the starts are its starts on the rows divided by their
// lengths; observers see these rows' inertia, twice the sum here. Only directions count: scaling a
// row by a power of two changes no bit. A cluster whose rows cancel out keeps its centroid, with a
// Note. O(n K D) an iteration, and one copy of the data; of sparse rows O(K) a stored entry, and a
// factor a row.
//
// Throws InvalidArgument as KMeans does; DataError for NaN, infinities and rows of length zero, which
// have no direction, whatever their weight.
struct SphericalKMeans {
  static constexpr Index unset = detail::unset_clusters;  // as in KMeans
  static constexpr Index default_clusters = 8;

  Index clusters = unset;                               // K >= 1
  KMeansInit init = KMeansInit::plus_plus;              // not used by fit_from
  EmptyCluster empty_cluster = EmptyCluster::farthest;  // see there
  Index restarts = 1;                                   // >= 1; runs of fit, the best is kept
  Index max_iterations = 300;                           // >= 1, of each run
  double tolerance = 0.0;                               // >= 0; as in KMeans, of rows of length one
  std::uint64_t seed = 0;                               // any

  // The best of `restarts` runs; of equal sums, the first.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& data, const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    const Index k_count = clusters == unset ? default_clusters : clusters;
    auto&& team = executor.team();
    const auto unit = checked(source, k_count, team);
    return run(unit, restarts, team, observer, [&](Index restart) {
      return detail::initial_centroids(unit, init, k_count, seed,
                                       static_cast<std::uint64_t>(restart), team);
    });
  }

  // One run from the given centroids, K x D, of any length but zero.
  template <class Centroids, class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit_from(const Eigen::DenseBase<Centroids>& centroids, const Data& data,
                const Exec& executor = {}, Observer&& observer = {}) const {
    const auto& source = detail::as_samples(data);
    using S = typename std::remove_cvref_t<decltype(source)>::Scalar;
    const SphericalKMeansModel<S> start{
        detail::checked_start(centroids, clusters, source, "SphericalKMeans")};
    auto&& team = executor.team();
    const auto unit = checked(source, start.centroids().rows(), team);
    return run(unit, Index{1}, team, observer, [&](Index) { return start.centroids(); });
  }

 private:
  // The rows on the sphere.
  template <class S, class Team>
  Samples<S> checked(const Samples<S>& data, Index k_count, Team& team) const {
    constexpr const char* who = "SphericalKMeans";
    detail::check_kmeans_options(k_count, restarts, max_iterations, tolerance, who);
    detail::check_shape(data, who);
    Samples<S> unit = detail::unit_samples(data, who, team);
    detail::check_kmeans_data(unit, k_count, 1.0, team, who);
    return unit;
  }

  template <class S, class Team, class Observer, class Start>
  SphericalKMeansFit<S> run(const Samples<S>& unit, Index runs, Team& team, Observer& observer,
                            const Start& start) const {
    const detail::Stopwatch watch;
    const detail::KMeansObserver<S> observe = [&observer](const KMeansIteration<S>& view) {
      return detail::observe(observer, view);
    };
    const double movement = detail::movement_limit(unit, tolerance, team);
    detail::ScratchPool<S> pool;
    detail::LloydRun<S> best = detail::best_run(runs, watch, [&](Index restart) {
      const detail::LloydOptions options{.empty_cluster = empty_cluster,
                                         .max_iterations = max_iterations,
                                         .movement = movement,
                                         .restart = restart,
                                         .unit_centroids = true};
      return detail::lloyd(unit, start(restart), options, observe, watch, pool, team);
    });
    for (Iteration& entry : best.report.trace) entry.objective *= 0.5;
    for (double& sum : best.report.restarts) sum *= 0.5;
    return {SphericalKMeansModel<S>{best.centroids}, std::move(best.labels), 0.5 * best.inertia,
            std::move(best.report)};
  }
};

LATENT_END
