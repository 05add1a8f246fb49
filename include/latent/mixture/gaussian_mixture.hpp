// GaussianMixture: options in, a fitted Mixture<Gaussian> out.
//
//   auto fit = latent::GaussianMixture<>{.components = 3, .restarts = 5}.fit(x);
//   fit.model.predict(x);  fit.model.bic(x);  fit.log_likelihood;
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "latent/cluster/kmeans.hpp"
#include "latent/em/em.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/starts.hpp"

LATENT_BEGIN

// Fits a Gaussian mixture from k-means (each restart with its own k-means++ start) by EM. Data with
// labels start the components that have labelled rows at the means of those rows.
template <Covariance Form = Covariance::full>
struct GaussianMixture {
  Index components = 2;  // K, 1 ... n
  Index restarts = 1;    // >= 1; the best is kept
  double floor =
      1e-10;  // in [0, 1): least eigenvalue of a covariance, relative to the data's variances
  std::uint64_t seed = 0;  // any
  Index max_iterations = 1000;
  double tolerance = 1e-8;  // see EM
  Convergence convergence = Convergence::log_likelihood;
  Weighting weighting = Weighting::estimated;
  double concentration = 1.0;  // Dirichlet prior on the weights, >= 1
  Acceleration acceleration = Acceleration::none;

  // The start of a restart: the k-means partition as complete data. n x D, as for fit.
  template <class Data, class Exec = Threads>
  auto start(const Data& x, Index restart = 0, const Exec& executor = {}) const {
    decltype(auto) data = detail::as_samples(x);
    using S = typename std::decay_t<decltype(data)>::Scalar;
    using Family = Gaussian<Form, S>;
    auto&& team = executor.team();
    check(data, team);
    const std::uint64_t draw =
        Random(seed, Purpose::initialisation, static_cast<std::uint64_t>(restart)).bits();
    const auto clusters =
        KMeans{.clusters = components, .max_iterations = 30, .seed = draw}.fit(data, executor);
    RowMatrix<S> means = clusters.model.centroids();
    const double spread =
        clusters.inertia / (detail::total_weight(data, team) * static_cast<double>(data.cols()));
    const double variance = spread > 0.0 ? spread : 1.0;
    Mixture<Family> rough{
        Vector<double>::Constant(components, 1.0 / static_cast<double>(components)),
        Family::isotropic(means, variance), weighting, concentration};
    rough.family.floor = floor;
    if (const Vector<double> labelled = detail::labelled_weights(data); labelled.size() > 0) {
      const auto known =
          detail::e_step(rough, data.weights(labelled), Soft{}, Step{}, team).statistics;
      for (Index k = 0; k < components; ++k)
        if (known.n[k] > 0.0)
          for (Index j = 0; j < data.cols(); ++j)
            means(k, j) += static_cast<S>(known.family.sum(k, j) / known.n[k]);
      rough.family = Family::isotropic(means, variance);
      rough.family.floor = floor;
      return rough;
    }
    return fit_complete(rough, data.labels(clusters.labels), executor);
  }

  // Throws what KMeans and EM throw. Status and notes: see EM::fit.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& x, const Exec& executor = {}, Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    const EM em = detail::em_of(*this);
    em.check();
    auto&& team = executor.team();
    check(data, team);
    const detail::Borrowed lent{team};
    using Model = std::decay_t<decltype(start(data))>;
    return detail::best_of<Model>(
        restarts, [&](Index restart) { return start(data, restart, lent); }, em.limits(), data,
        team, Soft{}, observer);
  }

 private:
  // All that can be wrong, before any work.
  template <class S, class Team>
  void check(const Samples<S>& data, Team& team) const {
    detail::check_component_count(data, components, restarts, "GaussianMixture");
    using Family = Gaussian<Form, S>;
    Mixture<Family> probe{
        Vector<double>::Constant(components, 1.0 / static_cast<double>(components)),
        Family::isotropic(RowMatrix<S>::Zero(components, data.cols()), 1.0), weighting,
        concentration};
    probe.family.floor = floor;
    detail::check_model_and_data(probe, data, team, "GaussianMixture");
  }
};

LATENT_END
