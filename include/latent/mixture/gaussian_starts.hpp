// Where a mixture of Gaussians starts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "latent/cluster/initialisation.hpp"
#include "latent/cluster/kmeans.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "latent/em/e_step.hpp"
#include "latent/mixture/agglomeration.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/starts.hpp"

LATENT_BEGIN

// Each start is the M-step from a partition, or from responsibilities. All but hierarchical (on all
// rows) differ by restart; all have the same bits on any executor.
//
// kmeans:        the partition of k-means (30 iterations at most, from k-means++).
// plus_plus:     each row to the nearest of K rows drawn by k-means++. More various than k-means,
//                which often ends in one partition.
// random:        responsibilities drawn uniformly from the simplex, row by row. All components then
//                begin near the one Gaussian of all rows, a saddle, so that the data alone and many
//                iterations decide; a large tolerance may stop there.
// hierarchical:  model-based agglomeration of at most `subset` rows, drawn at random
//                (agglomeration.hpp; Banfield and Raftery 1993, Fraley 1998), in units of the
//                columns' deviations. On all rows there is one such start. O(subset^2 D + K^2 D^3).
enum class GaussianStart : std::uint8_t { kmeans, plus_plus, random, hierarchical };

namespace detail {

// Some rows with a label each, means of the groups, and the squared distances from them.
template <class S>
struct Partition {
  Samples<S> rows;
  Labels labels;
  RowMatrix<S> means;
  double inertia;
};

// An independent seed for each restart and each attempt at it.
inline std::uint64_t start_seed(std::uint64_t seed, Index restart, Index attempt) {
  return Random(seed, Purpose::initialisation, static_cast<std::uint64_t>(restart),
                static_cast<std::uint64_t>(attempt))
      .bits();
}

template <class S, class Exec>
Partition<S> kmeans_partition(const Samples<S>& data, Index components, std::uint64_t seed,
                              const Exec& executor) {
  auto clusters =
      KMeans{.clusters = components, .max_iterations = 30, .seed = seed}.fit(data, executor);
  return {data, std::move(clusters.labels), clusters.model.centroids(), clusters.inertia};
}

template <class S, class Exec>
Partition<S> plus_plus_partition(const Samples<S>& data, Index components, std::uint64_t seed,
                                 const Exec& executor) {
  auto&& team = executor.team();
  check_kmeans_data(data, components, 0.0, team, "GaussianMixture");
  const KMeansModel<S> nearest{
      initial_centroids(data, KMeansInit::plus_plus, components, seed, 0, team)};
  return {data, nearest.predict(data, executor), nearest.centroids(),
          -nearest.score(data, executor)};
}

// At most `subset` rows of positive weight, in their order.
template <class S>
Samples<S> some_rows(const Samples<S>& data, Index subset, std::uint64_t seed) {
  std::vector<Index> chosen = distinct_rows(data, subset, seed, 0);
  std::sort(chosen.begin(), chosen.end());
  const auto count = static_cast<Index>(chosen.size());
  RowMatrix<S> rows(count, data.cols());
  Vector<double> weights(count);
  RowMatrix<S> row(1, data.cols());
  for (Index i = 0; i < count; ++i) {
    data.read(chosen[static_cast<std::size_t>(i)], 1, row);
    rows.row(i) = row;
    weights[i] = data.weight(chosen[static_cast<std::size_t>(i)]);
  }
  return Samples<S>(std::move(rows)).weights(weights);
}

template <class S>
Partition<S> hierarchical_partition(Covariance form, const Samples<S>& data, Index components,
                                    Index subset, std::uint64_t seed) {
  const Samples<S> rows = some_rows(data, subset, seed);
  const Index m = rows.rows();
  const Index groups = std::min(components, m);
  const Vector<double>& weights = rows.weights();
  RowMatrix<double> x(m, data.cols());
  rows.read(0, m, x);
  const double total = weights.sum();
  const Vector<double> mean = x.transpose() * weights / total;
  x.rowwise() -= mean.transpose();
  // Units as those of the floor: a column's own, or one for all where the form mixes columns.
  Vector<double> deviation = (x.cwiseAbs2().transpose() * weights / total).cwiseSqrt();
  if (!keeps_form_by_column(form))
    deviation.setConstant(std::sqrt(deviation.squaredNorm() / static_cast<double>(x.cols())));
  RowMatrix<double> scaled = x;
  for (Index j = 0; j < x.cols(); ++j)
    if (deviation[j] > 0.0) scaled.col(j) /= deviation[j];
  Labels labels = agglomerate(form, scaled, weights, groups);
  RowMatrix<double> means = RowMatrix<double>::Zero(components, x.cols());
  Vector<double> sizes = Vector<double>::Zero(components);
  for (Index i = 0; i < m; ++i) {
    means.row(labels[i]) += weights[i] * x.row(i);
    sizes[labels[i]] += weights[i];
  }
  for (Index k = 0; k < groups; ++k) means.row(k) /= sizes[k];
  double inertia = 0.0;
  for (Index i = 0; i < m; ++i)
    inertia += weights[i] * (x.row(i) - means.row(labels[i])).squaredNorm();
  means.rowwise() += mean.transpose();
  return {rows, std::move(labels), means.template cast<S>(), inertia};
}

// The M-step from responsibilities drawn from the simplex; rows with labels have theirs.
template <class Model, class S, class Team>
Model random_responsibilities(const Model& rough, const Samples<S>& data, std::uint64_t seed,
                              Team& team) {
  using T = ScalarOf<Model>;
  const Index components = rough.components();
  const Random stream(seed, Purpose::initialisation);
  return maximize_known(rough, "GaussianMixture", [&](const Model& about) {
    return statistics_under(about, data, team, [&](const Block<T>& block) {
      RowMatrix<T> r = RowMatrix<T>::Zero(block.x.rows(), components);
      Vector<double> share(components);
      for (Index i = 0; i < r.rows(); ++i) {
        if (block.labels[i] >= 0) {
          r(i, block.labels[i]) = T(1);
          continue;
        }
        Random random = stream.at(static_cast<std::uint64_t>(block.first_row + i));
        for (Index k = 0; k < components; ++k) share[k] = -std::log(random.uniform_open());
        const double sum = share.sum();
        for (Index k = 0; k < components; ++k) r(i, k) = static_cast<T>(share[k] / sum);
      }
      return r;
    });
  });
}

}  // namespace detail

LATENT_END
