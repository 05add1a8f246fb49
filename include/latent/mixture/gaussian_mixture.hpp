// GaussianMixture: options in, a fitted Mixture<Gaussian> out.
//
//   auto fit = latent::GaussianMixture<>{.components = 3, .restarts = 5}.fit(x);
//   fit.model.predict(x);  fit.model.bic(x);  fit.log_likelihood;
#pragma once

#include <cstdint>

#include "latent/em/em.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/gaussian_fit.hpp"
#include "latent/mixture/mixture.hpp"

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
  NormalInverseWishart prior{};  // on means and covariances

  // The start of a restart: the k-means partition as complete data. n x D, as for fit.
  template <class Data, class Exec = Threads>
  auto start(const Data& x, Index restart = 0, const Exec& executor = {}) const {
    decltype(auto) data = detail::as_samples(x);
    auto&& team = executor.team();
    const auto inner = fitter();
    inner.check(data, team);
    return inner.start(data, restart, executor);
  }

  // Throws what KMeans and EM throw. Status and notes: see EM::fit.
  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& x, const Exec& executor = {}, Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    return fitter().fit(data, executor, observer);
  }

 private:
  auto fitter() const {
    return detail::GaussianFit{*this, []<class S>(const RowMatrix<S>& means, double variance) {
                                 return Gaussian<Form, S>::isotropic(means, variance);
                               }};
  }
};

LATENT_END
