// BinomialMixture: coins from counts of heads and tails.
//
//   auto fit = latent::BinomialMixture{.components = 2}.fit(latent::tosses({"HTTH", ...}));
#pragma once

#include <cstdint>
#include <type_traits>

#include "latent/em/em.hpp"
#include "latent/mixture/binomial.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/starts.hpp"

LATENT_BEGIN

// Starts each coin halfway between all rows and a random one; coins with labelled rows start at those.
struct BinomialMixture {
  Index components = 2;  // K, 1 ... n
  double smoothing =
      0.0;  // >= 0; pseudo-counts of heads and of tails on each coin; 0 = maximum likelihood
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
    using Model = Mixture<Binomial<S>>;
    detail::check_component_count(data, components, restarts, "BinomialMixture");
    detail::require(is_finite(smoothing) && smoothing >= 0.0,
                    "BinomialMixture: smoothing must be finite and not negative; got ", smoothing);
    Model rough{Vector<double>::Constant(components, 1.0 / static_cast<double>(components)),
                {Vector<S>::Constant(components, S(0.5)), {1.0 + smoothing, 1.0 + smoothing}},
                weighting,
                concentration};
    return detail::fit_at_random(*this, "BinomialMixture", rough, data, executor, observer);
  }
};

LATENT_END
