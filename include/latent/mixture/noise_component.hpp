// Gaussian mixtures with a noise component: a uniform density that takes the outliers.
//
//   auto fit = latent::NoisyGaussianMixture<>{.components = 3, .noise = 0.1}.fit(x);
//   fit.model.predict(x);                                  // 3 = noise
//   std::get<0>(fit.model.family.families).means;          // of the clusters
#pragma once

#include <cstdint>
#include <utility>

#include "latent/cluster/trimmed_kmeans.hpp"
#include "latent/core/error.hpp"
#include "latent/em/em.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/gaussian_mixture.hpp"
#include "latent/mixture/heterogeneous.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/starts.hpp"
#include "latent/mixture/uniform.hpp"

LATENT_BEGIN

// The mixture with one component more, the last: noise of density 1 / V, V the volume of the smallest
// box around the rows of positive weight of x (Banfield and Raftery 1993; Fraley and Raftery 1998),
// which no fit changes. The noise has the weight `share` and the others share the rest as before. A
// start for EM, or, with the share known, a model. Throws InvalidArgument (share outside (0, 1), as
// the mixture) and DataError (a column that does not vary, as Uniform::around).
template <class Family, class Data>
Mixture<Heterogeneous<Family, Uniform<ScalarOf<Family>>>> with_noise(const Mixture<Family>& mixture,
                                                                     const Data& x, double share) {
  using S = ScalarOf<Family>;
  mixture.check();
  detail::require(share > 0.0 && share < 1.0, "with_noise: share must lie in (0, 1); got ", share);
  const Index components = mixture.components();
  Vector<double> weights(components + 1);
  weights << (1.0 - share) * mixture.weights, share;
  return {std::move(weights), Heterogeneous(mixture.family, Uniform<S>::around(x)),
          mixture.weighting, mixture.concentration};
}

// Fits Gaussian clusters and noise by EM. The start must not be led astray by what it is to find:
// trimmed k-means leaves out the share `noise` of the rows, those that fit worst, and they begin as
// noise. How many end as noise the likelihood decides; a start with more than there are does little
// harm, one with fewer may leave a cluster stretched over outliers. Data with labels (K = noise, where
// it is known) start the components as GaussianMixture does, and the noise at the share `noise`.
// Options as in GaussianMixture; columns of very unequal units are better scaled first, for the start.
template <Covariance Form = Covariance::full>
struct NoisyGaussianMixture {
  Index components = 2;    // K clusters, 1 ... n; the noise is one more
  double noise = 0.1;      // in (0, 1): the share of the rows that begin as noise
  Index restarts = 1;      // >= 1; the best is kept
  double floor = 1e-10;    // in [0, 1), see GaussianMixture
  std::uint64_t seed = 0;  // any
  Index max_iterations = 1000;
  double tolerance = 1e-8;  // see EM
  Convergence convergence = Convergence::log_likelihood;
  Weighting weighting = Weighting::estimated;
  double concentration = 1.0;  // Dirichlet prior on the weights, >= 1
  Acceleration acceleration = Acceleration::none;
  NormalInverseWishart prior{};  // on means and covariances

  // The start of a restart. n x D, as for fit.
  template <class Data, class Exec = Threads>
  auto start(const Data& x, Index restart = 0, const Exec& executor = {}) const {
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    check(data, team);
    return start_of(data, restart, team);
  }

  // EMFit<Mixture<Heterogeneous<Gaussian<Form, S>, Uniform<S>>>>. Throws what GaussianMixture throws,
  // and DataError for a column that does not vary.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& x, const Exec& executor = {}, Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    const EM em = detail::em_of(*this);
    em.check();
    auto&& team = executor.team();
    check(data, team);
    using Model = decltype(start_of(data, Index{0}, team));
    return detail::best_of<Model>(
        restarts, [&](Index restart) { return start_of(data, restart, team); }, em.limits(), data,
        team, Soft{}, observer);
  }

 private:
  // Clusters at the given means (K x D) that all have one variance, and noise.
  template <class S>
  auto rough(const Samples<S>& data, const RowMatrix<S>& means, double variance) const {
    auto family = Gaussian<Form, S>::isotropic(means, variance);
    family.floor = floor;
    family.prior = prior;
    const Vector<double> equal =
        Vector<double>::Constant(components, 1.0 / static_cast<double>(components));
    return with_noise(
        Mixture<Gaussian<Form, S>>{equal, std::move(family), weighting, concentration}, data,
        noise);
  }

  template <class S, class Team>
  void check(const Samples<S>& data, Team& team) const {
    detail::check_component_count(data, components, restarts, "NoisyGaussianMixture");
    const auto any = rough(data, RowMatrix<S>(RowMatrix<S>::Zero(components, data.cols())), 1.0);
    detail::check_model_and_data(any, data, team, "NoisyGaussianMixture");
  }

  template <class S, class Team>
  auto start_of(const Samples<S>& data, Index restart, Team& team) const {
    const detail::Borrowed lent{team};
    const auto draw = [&] {
      return Random(seed, Purpose::initialisation, static_cast<std::uint64_t>(restart)).bits();
    };
    const auto noise_label = static_cast<int>(components);
    if (detail::labelled_weights(data).size() > 0) {
      Labels of_clusters = data.labels();
      for (Index i = 0; i < of_clusters.size(); ++i)
        if (of_clusters[i] == noise_label) of_clusters[i] = -1;
      const GaussianMixture<Form> clusters{.components = components,
                                           .floor = floor,
                                           .seed = seed,
                                           .weighting = weighting,
                                           .concentration = concentration,
                                           .prior = prior};
      return with_noise(clusters.start(data.labels(of_clusters), restart, lent), data, noise);
    }
    const auto trimmed =
        TrimmedKMeans{.clusters = components, .trim = noise, .seed = draw()}.fit(data, lent);
    const double spread = trimmed.inertia / (detail::total_weight(data, team) * (1.0 - noise) *
                                             static_cast<double>(data.cols()));
    Labels labels = trimmed.labels;
    for (Index i = 0; i < labels.size(); ++i)
      if (labels[i] < 0) labels[i] = noise_label;
    return start_from_labels(rough(data, trimmed.model.centroids(), spread > 0.0 ? spread : 1.0),
                             data.labels(labels), lent);
  }
};

LATENT_END
