// BisectingKMeans: clusters by repeated division in two.
//
//   auto fit = latent::BisectingKMeans{.clusters = 10}.fit(x);
//   fit.labels;  fit.labels_at(4);  fit.merges();
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/bisecting_fit.hpp"
#include "latent/cluster/kmeans.hpp"
#include "latent/cluster/row_groups.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

// Which cluster is divided next; of equal ones, that of the lowest number.
enum class BisectingSplit { largest_inertia, largest_weight };

namespace detail {

// One division of the rows of a part.
template <class S>
struct Halves {
  bool apart = false;  // two halves, neither empty
  bool converged = true;
  RowMatrix<S> centroids;      // 2 x D
  std::vector<Index> rows[2];  // in their order
  double weights[2] = {0.0, 0.0};
  double inertias[2] = {0.0, 0.0};
};

template <class S, class Team>
Halves<S> divide(const Samples<S>& data, const std::vector<Index>& rows, const KMeans& kmeans,
                 Team& team) {
  Halves<S> halves;
  const bool whole = static_cast<Index>(rows.size()) == data.rows();
  const Samples<S> part = whole ? data : gather_part(data, rows);
  const auto fit = kmeans.fit(part, Lent<Team>{team});
  // The half with the first row is the first.
  const bool swapped = fit.labels[0] != 0;
  RowMatrix<S> row(1, part.cols());
  halves.centroids.resize(2, part.cols());
  for (Index k = 0; k < 2; ++k)
    halves.centroids.row(k) = fit.model.centroids().row(swapped ? 1 - k : k);
  for (Index i = 0; i < part.rows(); ++i) {
    const int half = swapped ? 1 - fit.labels[i] : fit.labels[i];
    part.read(i, 1, row);
    halves.rows[half].push_back(rows[static_cast<std::size_t>(i)]);
    halves.weights[half] += part.weight(i);
    halves.inertias[half] +=
        part.weight(i) *
        squared_distance(row.data(), halves.centroids.data() + half * part.cols(), part.cols());
  }
  halves.apart = !halves.rows[0].empty() && !halves.rows[1].empty();
  halves.converged = fit.report.status != Status::max_iterations;
  return halves;
}

}  // namespace detail

// Begins with one cluster and divides one in two, by the best of `trials` runs of 2-means, until
// there are K (Steinbach, Karypis and Kumar 2000, "A comparison of document clustering techniques").
// Clusters are even in size more often than those of k-means, and nested: the fit has the splits, the
// clustering into any smaller number, and a dendrogram.
//
// Costs O(n D trials iterations) for each doubling of the clusters where they are even. Memory: one
// dense copy of the rows of the cluster divided, and of all rows where weights are 0.
//
// Where there are fewer different rows than clusters there are as many clusters as different rows,
// the status is degenerate, and a note has their number. Data, weights, errors and bits as in
// KMeans; rows of zero weight are labelled at last with the nearest centroid.
struct BisectingKMeans {
  Index clusters = 8;  // K >= 1
  BisectingSplit split = BisectingSplit::largest_inertia;
  Index trials = 3;            // >= 1: runs of each 2-means, the best is kept
  Index max_iterations = 100;  // >= 1, of each 2-means and of the refinement
  double tolerance = 1e-4;     // >= 0, the same; see KMeans
  KMeansInit init = KMeansInit::plus_plus;
  // Lloyd's iteration from the centroids at the end: less inertia, but clusters no longer nested.
  bool refine = false;
  std::uint64_t seed = 0;  // any

  template <class Data, class Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    const auto& source = detail::as_samples(data);
    using S = typename std::remove_cvref_t<decltype(source)>::Scalar;
    check_options();
    const detail::Stopwatch watch;
    auto&& team = executor.team();
    detail::check_kmeans_data(source, clusters, 0.0, team, "BisectingKMeans");
    return run<S>(source, watch, team);
  }

 private:
  template <class S>
  struct Cluster {
    std::vector<Index> rows;
    RowMatrix<S> centroid;  // 1 x D
    double weight = 0.0;
    double inertia = 0.0;
    bool divisible = true;
    std::unique_ptr<detail::Halves<S>> halves;  // where they were found ahead
  };

  void check_options() const {
    using detail::require;
    require(clusters >= 1, "BisectingKMeans: clusters must be at least 1; got ", clusters);
    require(trials >= 1, "BisectingKMeans: trials must be at least 1; got ", trials);
    require(max_iterations >= 1, "BisectingKMeans: max_iterations must be at least 1; got ",
            max_iterations);
    require(is_finite(tolerance) && tolerance >= 0.0,
            "BisectingKMeans: tolerance must be finite and not negative; got ", tolerance);
  }

  template <class S, class Team>
  BisectingKMeansFit<S> run(const Samples<S>& data, const detail::Stopwatch& watch,
                            Team& team) const {
    BisectingKMeansFit<S> fit;
    Report& report = fit.report;
    std::vector<Cluster<S>> found;
    found.push_back(everything(data, team));
    double inertia = found[0].inertia;
    const auto record = [&] {
      report.trace.push_back({report.iterations, inertia, 0.0, 0.0, watch.seconds()});
    };
    record();
    bool converged = true;
    while (static_cast<Index>(found.size()) < clusters) {
      const Index chosen = next_to_divide(found);
      if (chosen < 0) break;
      Cluster<S>& parent = found[static_cast<std::size_t>(chosen)];
      if (!parent.halves) divide_ahead(data, chosen, found, team);
      detail::Halves<S> halves = std::move(*parent.halves);
      if (!halves.apart) {
        parent.divisible = false;
        continue;
      }
      converged = converged && halves.converged;
      fit.splits.push_back({chosen,
                            parent.weight,
                            parent.inertia,
                            {halves.weights[0], halves.weights[1]},
                            {halves.inertias[0], halves.inertias[1]}});
      parent = half_of(halves, 0);
      found.push_back(half_of(halves, 1));
      inertia = 0.0;
      for (const Cluster<S>& cluster : found) inertia += cluster.inertia;
      ++report.iterations;
      record();
    }

    const auto count = static_cast<Index>(found.size());
    RowMatrix<S> centroids(count, data.cols());
    for (Index k = 0; k < count; ++k)
      centroids.row(k) = found[static_cast<std::size_t>(k)].centroid;
    fit.model = KMeansModel<S>{std::move(centroids)};
    fit.tree_labels = labels_of(data, fit.model, found, team);
    fit.labels = fit.tree_labels;
    fit.inertia = inertia;
    report.evaluations = report.iterations;
    if (refine) {
      auto refined = KMeans{.max_iterations = max_iterations, .tolerance = tolerance}.fit_from(
          fit.model.centroids(), data, detail::Lent<Team>{team});
      converged = converged && refined.report.status != Status::max_iterations;
      fit.model = std::move(refined.model);
      fit.labels = std::move(refined.labels);
      fit.inertia = refined.inertia;
      report.evaluations += refined.report.evaluations;
      report.iterations += refined.report.iterations;
      report.trace.push_back({report.iterations, fit.inertia, 0.0, 0.0, watch.seconds()});
    }
    report.status = converged ? Status::converged : Status::max_iterations;
    if (count < clusters) {
      report.status = Status::degenerate;
      report.notes.push_back({report.iterations, -1, static_cast<double>(count),
                              "fewer distinct rows than clusters; value = distinct rows"});
    }
    report.seconds = watch.seconds();
    return fit;
  }

  // All rows of positive weight as one cluster.
  template <class S, class Team>
  Cluster<S> everything(const Samples<S>& data, Team& team) const {
    const auto one = KMeans{.clusters = 1}.fit(data, detail::Lent<Team>{team});
    Cluster<S> all;
    all.rows = detail::usable_rows(data);
    all.centroid = one.model.centroids();
    all.weight = detail::total_weight(data, team);
    all.inertia = one.inertia;
    return all;
  }

  template <class S>
  static Cluster<S> half_of(detail::Halves<S>& halves, int half) {
    Cluster<S> cluster;
    cluster.rows = std::move(halves.rows[half]);
    cluster.centroid = halves.centroids.row(half);
    cluster.weight = halves.weights[half];
    cluster.inertia = halves.inertias[half];
    return cluster;
  }

  template <class S>
  double size_of(const Cluster<S>& cluster) const {
    if (!cluster.divisible || !(cluster.inertia > 0.0)) return 0.0;
    return split == BisectingSplit::largest_inertia ? cluster.inertia : cluster.weight;
  }

  // -1 where no cluster can be divided.
  template <class S>
  Index next_to_divide(const std::vector<Cluster<S>>& found) const {
    Index chosen = -1;
    double largest = 0.0;
    for (std::size_t k = 0; k < found.size(); ++k) {
      if (!(size_of(found[k]) > largest)) continue;
      largest = size_of(found[k]);
      chosen = static_cast<Index>(k);
    }
    return chosen;
  }

  // Divides a cluster: a large one with all threads, a small one together with others that will
  // probably be next, one a thread. What comes out depends on the cluster alone.
  template <class S, class Team>
  void divide_ahead(const Samples<S>& data, Index chosen, std::vector<Cluster<S>>& found,
                    Team& team) const {
    constexpr std::size_t most = 64;
    const auto divide = [&](Cluster<S>& cluster, auto& workers) {
      // Clusters are nested or disjoint: the first row and the number of rows tell them apart.
      const std::uint64_t own_seed =
          Random{seed, Purpose::initialisation, static_cast<std::uint64_t>(cluster.rows.front()),
                 static_cast<std::uint64_t>(cluster.rows.size())}
              .bits();
      const KMeans halving{.clusters = 2,
                           .init = init,
                           .restarts = trials,
                           .max_iterations = max_iterations,
                           .tolerance = tolerance,
                           .seed = own_seed};
      cluster.halves =
          std::make_unique<detail::Halves<S>>(detail::divide(data, cluster.rows, halving, workers));
    };
    Cluster<S>& first = found[static_cast<std::size_t>(chosen)];
    if (static_cast<Index>(first.rows.size()) > detail::lane_rows) return divide(first, team);

    std::vector<std::size_t> ahead;
    for (std::size_t k = 0; k < found.size(); ++k)
      if (!found[k].halves && size_of(found[k]) > 0.0 &&
          static_cast<Index>(found[k].rows.size()) <= detail::lane_rows)
        ahead.push_back(k);
    std::stable_sort(ahead.begin(), ahead.end(), [&](std::size_t a, std::size_t b) {
      return size_of(found[a]) > size_of(found[b]);
    });
    // Not more than a part of the divisions still to make, or some would be for nothing.
    const auto left = static_cast<std::size_t>(clusters) - found.size();
    ahead.resize(std::min({ahead.size(), most, 1 + left / 4}));
    team.for_each_lane(static_cast<Index>(ahead.size()), [&](Index i) {
      detail::Team alone{1};
      divide(found[ahead[static_cast<std::size_t>(i)]], alone);
    });
  }

  template <class S, class Team>
  static Labels labels_of(const Samples<S>& data, const KMeansModel<S>& model,
                          const std::vector<Cluster<S>>& found, Team& team) {
    Labels labels = Labels::Constant(data.rows(), -1);
    for (std::size_t k = 0; k < found.size(); ++k)
      for (const Index row : found[k].rows) labels[row] = static_cast<int>(k);
    if (data.has_weights() && (data.weights().array() <= 0.0).any()) {
      const Labels nearest = model.predict(data, detail::Lent<Team>{team});
      for (Index i = 0; i < data.rows(); ++i)
        if (labels[i] < 0) labels[i] = nearest[i];
    }
    return labels;
  }
};

LATENT_END
