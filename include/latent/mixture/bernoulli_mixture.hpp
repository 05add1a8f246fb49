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

  template <class Data, class Exec = Threads, class Observer = NoObserver>
  auto fit(const Data& x, const Exec& executor = {}, Observer&& observer = {}) const {
    decltype(auto) data = detail::as_samples(x);
    using S = typename std::decay_t<decltype(data)>::Scalar;
    using Model = Mixture<Bernoulli<S>>;
    detail::check_component_count(data, components, restarts, "BernoulliMixture");
    Model rough{Vector<double>::Constant(components, 1.0 / static_cast<double>(components)),
                {RowMatrix<S>::Constant(components, data.cols(), S(0.5)),
                 {1.0 + smoothing, 1.0 + smoothing}},
                weighting,
                concentration};
    auto team = executor.team();
    detail::check_model_and_data(rough, data, team, "BernoulliMixture");
    const Vector<double> sums = detail::column_sums(data, team);
    const double weight = sums[data.cols()];
    const Vector<double> labelled = detail::labelled_weights(data);
    const auto start = [&](Index restart) {
      Model model = rough;
      const auto rows = detail::distinct_rows(data, components, seed, restart);
      Random random(seed, Purpose::initialisation, static_cast<std::uint64_t>(restart), 1);
      for (Index k = 0; k < components; ++k) {
        const Index row = rows[static_cast<std::size_t>(k) % rows.size()];
        for (Index j = 0; j < data.cols(); ++j) {
          const double mean = (sums[j] + 1.0) / (weight + 2.0);
          const double p = 0.5 * (mean + (0.98 * static_cast<double>(data(row, j)) + 0.01));
          model.family.probability(k, j) = static_cast<S>(detail::jittered(p, 0.1, random));
        }
      }
      if (labelled.size() > 0) {
        const auto known =
            detail::e_step(model, data.weights(labelled), Soft{}, Step{}, team).statistics;
        for (Index k = 0; k < components; ++k)
          for (Index j = 0; j < data.cols() && known.n[k] > 0.0; ++j)
            model.family.probability(k, j) =
                static_cast<S>((known.family(k, j) + 1.0) / (known.n[k] + 2.0));
      }
      return model;
    };
    return detail::best_of(restarts,
                           EM{max_iterations, tolerance, convergence, Acceleration::none, seed},
                           start, data, executor, observer);
  }
};

LATENT_END
