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
    Model rough{Vector<double>::Constant(components, 1.0 / static_cast<double>(components)),
                {Vector<S>::Constant(components, S(0.5)), {1.0 + smoothing, 1.0 + smoothing}},
                weighting,
                concentration};
    auto team = executor.team();
    detail::check_model_and_data(rough, data, team, "BinomialMixture");
    const Vector<double> sums = detail::column_sums(data, team);
    const double overall = (sums[0] + 1.0) / (sums[0] + sums[1] + 2.0);
    const Vector<double> labelled = detail::labelled_weights(data);
    const auto start = [&](Index restart) {
      Model model = rough;
      const auto rows = detail::distinct_rows(data, components, seed, restart);
      Random random(seed, Purpose::initialisation, static_cast<std::uint64_t>(restart), 1);
      for (Index k = 0; k < components; ++k) {
        const Index row = rows[static_cast<std::size_t>(k) % rows.size()];
        const auto heads = static_cast<double>(data(row, 0));
        const auto tails = static_cast<double>(data(row, 1));
        const double p = (heads + 2.0 * overall) / (heads + tails + 2.0);
        model.family.probability[k] = static_cast<S>(detail::jittered(p, 0.1, random));
      }
      if (labelled.size() > 0) {
        const auto known =
            detail::e_step(model, data.weights(labelled), Soft{}, Step{}, team).statistics;
        for (Index k = 0; k < components; ++k)
          if (known.n[k] > 0.0)
            model.family.probability[k] = static_cast<S>(
                (known.family(k, 0) + 1.0) / (known.family(k, 0) + known.family(k, 1) + 2.0));
      }
      return model;
    };
    return detail::best_of(restarts,
                           EM{max_iterations, tolerance, convergence, Acceleration::none, seed},
                           start, data, executor, observer);
  }
};

LATENT_END
