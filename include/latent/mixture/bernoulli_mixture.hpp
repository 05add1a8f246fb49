// BernoulliMixture: naive Bayes on binary rows, without labels, with some, or with all.
//
//   auto fit = latent::BernoulliMixture{.components = 20, .smoothing = 1}.fit(x);
#pragma once

#include <cstdint>
#include <type_traits>

#include "latent/em/em.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/starts.hpp"

LATENT_BEGIN

// Starts each component halfway between the column means and a random row. Data with labels start
// the components that have labelled rows at the smoothed means of those rows.
struct BernoulliMixture {
  Index components = 2;  // K, 1 ... n
  double smoothing =
      0.0;  // >= 0; pseudo-counts of ones and of zeros on each probability (Laplace: 1); 0 = none
  Index restarts = 10;     // >= 1; the best is kept
  std::uint64_t seed = 0;  // any
  Index max_iterations = 1000;
  double tolerance = 1e-8;  // see EM
  Convergence convergence = Convergence::log_likelihood;
  Weighting weighting = Weighting::estimated;
  double concentration = 1.0;  // Dirichlet prior on the weights, >= 1
  Acceleration acceleration = Acceleration::none;

  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& x, const Exec& executor = {}, Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    using S = typename std::decay_t<decltype(data)>::Scalar;
    using Model = Mixture<Bernoulli<S>>;
    detail::check_component_count(data, components, restarts, "BernoulliMixture");
    detail::require(is_finite(smoothing) && smoothing >= 0.0,
                    "BernoulliMixture: smoothing must be finite and not negative; got ", smoothing);
    Model rough{Vector<double>::Constant(components, 1.0 / static_cast<double>(components)),
                {RowMatrix<S>::Constant(components, data.cols(), S(0.5)),
                 {1.0 + smoothing, 1.0 + smoothing}},
                weighting,
                concentration};
    return detail::fit_at_random(*this, "BernoulliMixture", rough, data, executor, observer);
  }
};

LATENT_END
