// Online k-means: learns from batches that arrive once and are not kept.
//
//   OnlineKMeans online{.clusters = 20};
//   auto state = online.begin(first_batch);              // a start; nothing is learned yet
//   while (next batch) online.update(state, batch);      // state.model may be used at any time
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/initialisation.hpp"
#include "latent/cluster/kmeans_checks.hpp"
#include "latent/cluster/kmeans_model.hpp"
#include "latent/cluster/running_means.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/core/statistics.hpp"

LATENT_BEGIN

// All that online k-means knows. A plain value: a copy kept aside goes on with the same bits as the
// original. `means` is in double; the model holds it rounded to S.
template <class S>
struct OnlineKMeansState {
  KMeansModel<S> model;
  detail::RunningMeans means;
  Index steps = 0;  // batches so far
};

// What one batch did.
struct OnlineKMeansStep {
  double inertia = 0.0;                    // of the batch, under the model before it: a forecast
  double weight = 0.0;                     // of the batch
  Status status = Status::max_iterations;  // numerical_failure: the batch was left out
  std::vector<Note> notes;                 // starved centroids that were moved
};

// Sculley 2010: every centroid is the weighted mean of all rows it ever got; `decay` < 1 makes what
// came before a batch count that much less, so that centroids follow data that drift. A centroid that
// got none of the last 100 K rows begins anew at a row of the batch, where `empty_cluster` is
// farthest; keep leaves it. KMeans{.algorithm = KMeansAlgorithm::mini_batch} is for data at hand.
//
// The answer depends on the order of the batches. Within a batch a weight of 3 is a row three times,
// and the bits do not depend on the executor.
struct OnlineKMeans {
  static constexpr Index unset = detail::unset_clusters;  // as in KMeans
  static constexpr Index default_clusters = 8;

  Index clusters = unset;                               // K >= 1
  KMeansInit init = KMeansInit::plus_plus;              // of begin
  EmptyCluster empty_cluster = EmptyCluster::farthest;  // farthest or keep
  double decay = 1.0;                                   // in (0, 1], a batch
  std::uint64_t seed = 0;                               // of begin; any

  // A state that has learned nothing: K rows drawn from x (n x D, n >= K). Throws as KMeans does.
  template <class Data, class Exec = Threads>
  auto begin(const Data& x, const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    check();
    const Index k_count = clusters == unset ? default_clusters : clusters;
    auto&& team = executor.team();
    detail::check_kmeans_data(data, k_count, 0.0, team, who);
    return state_of(detail::initial_centroids(data, init, k_count, seed, 0, team));
  }

  // A state that has learned nothing and starts from the given centroids, K x D, float or double:
  // finite (DataError), and as many as `clusters` where that is set (InvalidArgument).
  template <class Centroids>
  auto begin_from(const Eigen::DenseBase<Centroids>& centroids) const {
    check();
    using S = detail::SourceScalar<Centroids>;
    RowMatrix<S> start = detail::checked_start<S>(centroids, clusters, who);
    detail::require(start.rows() >= 1 && start.cols() >= 1, who,
                    ": the start must have at least one row and one column; got ", start.rows(),
                    " x ", start.cols());
    return state_of(std::move(start));
  }

  // Learns from a batch (any number of rows, D columns; a matrix or a source, with weights where it
  // has them). O(n K D). Throws InvalidArgument where D differs, DataError for NaN, infinities and
  // magnitudes beyond 2^480, and leaves the state as it was; so does a batch whose sums are not
  // finite, and the answer says so.
  template <class S, class Data, class Exec = Threads>
  OnlineKMeansStep update(OnlineKMeansState<S>& state, const Data& x,
                          const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    static_assert(std::is_same_v<typename std::remove_cvref_t<decltype(data)>::Scalar, S>,
                  "OnlineKMeans: batches must have the scalar of the state, float or double");
    check();
    detail::require(state.means.centroids.rows() >= 1, who,
                    ": the state must come from begin; got one without centroids");
    detail::require(clusters == unset || state.means.centroids.rows() == clusters, who,
                    ": the state must come from begin with as many clusters; got ",
                    state.means.centroids.rows(), " for ", clusters);
    detail::require(data.cols() == state.means.centroids.cols(), who, ": a batch must have ",
                    state.means.centroids.cols(), " columns, as the centroids; got ", data.rows(),
                    " x ", data.cols());
    auto&& team = executor.team();
    detail::check_all_magnitudes(data, team, who);
    detail::ScratchPool<S> pool;
    OnlineKMeansState<S> next = state;
    next.means.weights *= decay;
    const detail::BatchStep step =
        detail::learn(next.means, data, empty_cluster == EmptyCluster::farthest, pool, team);
    OnlineKMeansStep answer{step.inertia, step.weight, Status::max_iterations, {}};
    if (answer.weight == 0.0) return answer;
    if (!is_finite(step.inertia) || !latent::all_finite(next.means.weights) ||
        !latent::all_finite(next.means.centroids)) {
      answer.status = Status::numerical_failure;
      return answer;
    }
    ++next.steps;
    for (const detail::Relocation& move : step.moves)
      answer.notes.push_back({next.steps, move.cluster, std::sqrt(move.distance),
                              detail::concat("starved cluster took row ", move.row,
                                             " of the batch; value = its distance")});
    next.model = KMeansModel<S>{next.means.centroids.template cast<S>()};
    state = std::move(next);
    return answer;
  }

  // Throws InvalidArgument for an option out of its range.
  void check() const {
    detail::require(clusters == unset || clusters >= 1, who, ": clusters must be at least 1; got ",
                    clusters);
    detail::require(empty_cluster == EmptyCluster::farthest || empty_cluster == EmptyCluster::keep,
                    who,
                    ": empty_cluster must be farthest or keep: clusters may gain rows later; got ",
                    empty_cluster == EmptyCluster::drop ? "drop" : "fail");
    detail::require(is_finite(decay) && decay > 0.0 && decay <= 1.0, who,
                    ": decay must lie in (0, 1]; got ", decay);
  }

 private:
  static constexpr const char* who = "OnlineKMeans";

  template <class S>
  static OnlineKMeansState<S> state_of(RowMatrix<S> start) {
    detail::RunningMeans means{start.template cast<double>()};
    return {KMeansModel<S>{std::move(start)}, std::move(means), 0};
  }
};

LATENT_END
