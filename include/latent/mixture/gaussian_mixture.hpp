// GaussianMixture: options in, a fitted Mixture<Gaussian> out.
//
//   auto fit = latent::GaussianMixture<>{.components = 3, .restarts = 5}.fit(x);
//   fit.model.predict(x);  fit.model.bic(x);  fit.log_likelihood;
#pragma once

#include <cstdint>

#include "latent/em/em.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/gaussian_fit.hpp"
#include "latent/mixture/gaussian_starts.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/normal_inverse_wishart.hpp"
#include "latent/mixture/singularity.hpp"

LATENT_BEGIN

// Fits a Gaussian mixture by EM, from starts of its own (GaussianStart) or a given one. Data with labels
// start the components that have labelled rows at the means of those rows. A component that collapses
// is dealt with as `singularity` says.
template <Covariance Form = Covariance::full>
struct GaussianMixture {
  Index components = 2;  // K, 1 ... n
  Index restarts = 1;    // >= 1; the best is kept, and the objective of each reported
  double floor =
      1e-10;  // in [0, 1): least eigenvalue of a covariance, relative to the data's variances
  std::uint64_t seed = 0;  // any
  Index max_iterations = 1000;
  double tolerance = 1e-8;  // see EM
  Convergence convergence = Convergence::log_likelihood;
  Weighting weighting = Weighting::estimated;
  double concentration = 1.0;  // Dirichlet prior on the weights, >= 1
  Acceleration acceleration = Acceleration::none;
  NormalInverseWishart prior{};  // on means and covariances
  GaussianStart init = GaussianStart::kmeans;
  // Many short runs, few long ones (Biernacki, Celeux and Govaert 2003, em-EM): so many starts are run
  // for short_iterations, and the best `restarts` of them to the end. 0 = none; else >= restarts.
  Index short_runs = 0;
  Index short_iterations = 10;  // >= 1
  Singularity singularity = Singularity::floor;
  Index subset = 2000;  // >= components; rows of a hierarchical start

  // The start of a restart. n x D, as for fit.
  template <class Data, class Exec = Threads>
  auto start(const Data& x, Index restart = 0, const Exec& executor = {}) const {
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    const auto inner = fitter(components);
    inner.check(data, team);
    return inner.start(data, restart, executor);
  }

  // Throws what KMeans and EM throw. Status and notes: see EM::fit.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& x, const Exec& executor = {}, Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    return fitter(components).fit(data, executor, observer);
  }

  // One run from `given`, whose components are as many as there will be; floor, prior, weighting and
  // concentration are those of these options. restarts, short_runs and init are not used, except that
  // Singularity::restart begins anew from `init`. Throws what EM throws.
  template <class S, class Data, class Exec = Threads, class Observer = NoObserver>
  EMFit<Mixture<Gaussian<Form, S>>> fit_from(const Mixture<Gaussian<Form, S>>& given, const Data& x,
                                             const Exec& executor = {},
                                             Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    return fitter(given.components()).fit_from(given, data, executor, observer);
  }

 private:
  auto fitter(Index count) const {
    return detail::GaussianFit{*this,
                               []<class S>(const RowMatrix<S>& means, double variance) {
                                 return Gaussian<Form, S>::isotropic(means, variance);
                               },
                               count};
  }
};

LATENT_END
