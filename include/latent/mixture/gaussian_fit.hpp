// From options to a fitted mixture of Gaussians, whatever kind of family holds them.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "latent/cluster/kmeans.hpp"
#include "latent/em/em.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/starts.hpp"

LATENT_BEGIN

namespace detail {

// `make(means, variance)` answers the family with these means (K x D) whose covariances are `variance`
// times the identity: a Gaussian<Form, S>, or a GaussianFamily<S> of some form. Options: see
// GaussianMixture.
template <class Options, class Make>
struct GaussianFit {
  const Options& options;
  Make make;

  // Equal weights, and the same multiple of the identity for every component.
  template <class S>
  auto isotropic(const RowMatrix<S>& means, double variance) const {
    auto family = make(means, variance);
    family.floor = options.floor;
    family.prior = options.prior;
    const Index k = options.components;
    return Mixture<decltype(family)>{Vector<double>::Constant(k, 1.0 / static_cast<double>(k)),
                                     std::move(family), options.weighting, options.concentration};
  }

  // All that can be wrong, before any work.
  template <class S, class Team>
  void check(const Samples<S>& data, Team& team) const {
    check_component_count(data, options.components, options.restarts, "GaussianMixture");
    const RowMatrix<S> means = RowMatrix<S>::Zero(options.components, data.cols());
    check_model_and_data(isotropic(means, 1.0), data, team, "GaussianMixture");
  }

  // The k-means partition as complete data.
  template <class S, class Exec>
  auto start(const Samples<S>& data, Index restart, const Exec& executor) const {
    auto&& team = executor.team();
    const std::uint64_t draw =
        Random(options.seed, Purpose::initialisation, static_cast<std::uint64_t>(restart)).bits();
    const auto clusters =
        KMeans{.clusters = options.components, .max_iterations = 30, .seed = draw}.fit(data,
                                                                                       executor);
    RowMatrix<S> means = clusters.model.centroids();
    const double spread =
        clusters.inertia / (total_weight(data, team) * static_cast<double>(data.cols()));
    const double variance = spread > 0.0 ? spread : 1.0;
    const auto rough = isotropic(means, variance);
    if (const Vector<double> labelled = labelled_weights(data); labelled.size() > 0) {
      const auto known = e_step(rough, data.weights(labelled), Soft{}, Step{}, team).statistics;
      for (Index k = 0; k < options.components; ++k)
        if (known.n[k] > 0.0)
          for (Index j = 0; j < data.cols(); ++j)
            means(k, j) += static_cast<S>(known.family.sum(k, j) / known.n[k]);
      return isotropic(means, variance);
    }
    return fit_complete(rough, data.labels(clusters.labels), executor);
  }

  template <class S, class Exec, class Observer>
  auto fit(const Samples<S>& data, const Exec& executor, Observer& observer) const {
    const EM em = em_of(options);
    em.check();
    auto&& team = executor.team();
    check(data, team);
    const Borrowed lent{team};
    using Model = std::decay_t<decltype(start(data, Index{0}, lent))>;
    return best_of<Model>(
        options.restarts, [&](Index restart) { return start(data, restart, lent); }, em.limits(),
        data, team, Soft{}, observer);
  }
};

template <class Options, class Make>
GaussianFit(const Options&, Make) -> GaussianFit<Options, Make>;

}  // namespace detail

LATENT_END
