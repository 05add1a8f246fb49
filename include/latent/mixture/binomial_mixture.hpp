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

// Starts each coin at the proportion of a random row, drawn towards the overall proportion.
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
    return detail::fit_from_rows(
        *this, "BinomialMixture", rough, data, executor, observer,
        [&](Model& model, Index k, Index row, const Vector<double>& sums, Random& random) {
          const double overall = detail::inner_proportion(sums[0], sums[0] + sums[1]);
          const auto heads = static_cast<double>(data(row, 0));
          const auto tails = static_cast<double>(data(row, 1));
          const double p = (heads + 2.0 * overall) / (heads + tails + 2.0);
          model.family.probability[k] = static_cast<S>(detail::jittered(p, 0.1, random));
        },
        [](Model& model, Index k, const auto& known) {
          const double heads = known.family(k, 0);
          model.family.probability[k] =
              static_cast<S>(detail::inner_proportion(heads, heads + known.family(k, 1)));
        });
  }
};

LATENT_END
