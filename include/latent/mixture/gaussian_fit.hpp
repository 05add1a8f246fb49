// From options to a fitted mixture of Gaussians, whatever kind of family holds them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "latent/em/em.hpp"
#include "latent/mixture/gaussian_starts.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/repaired_runs.hpp"
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
  Index components = options.components;

  // Equal weights, and the same multiple of the identity for every component.
  template <class S>
  auto isotropic(const RowMatrix<S>& means, double variance) const {
    auto family = make(means, variance);
    family.floor = options.floor;
    family.prior = options.prior;
    const Index k = means.rows();
    return Mixture<decltype(family)>{Vector<double>::Constant(k, 1.0 / static_cast<double>(k)),
                                     std::move(family), options.weighting, options.concentration};
  }

  // All that can be wrong, before any work.
  template <class S, class Team>
  void check(const Samples<S>& data, Team& team) const {
    check_component_count(data, components, options.restarts, "GaussianMixture");
    require(options.short_runs == 0 || options.short_runs >= options.restarts,
            "GaussianMixture: short_runs must be 0 or at least restarts = ", options.restarts,
            "; got ", options.short_runs);
    require(options.short_iterations >= 1,
            "GaussianMixture: short_iterations must be at least 1; got ", options.short_iterations);
    require(options.subset >= components,
            "GaussianMixture: subset must be at least components = ", components, "; got ",
            options.subset);
    const RowMatrix<S> means = RowMatrix<S>::Zero(components, data.cols());
    check_model_and_data(isotropic(means, 1.0), data, team, "GaussianMixture");
  }

  // Whether every restart has the same start.
  template <class S>
  bool one_start(const Samples<S>& data) const {
    return options.init == GaussianStart::hierarchical && options.subset >= data.rows();
  }

  // The partition, as complete data. attempt: 0, or that which follows a run given up.
  template <class S, class Exec>
  auto start(const Samples<S>& data, Index restart, const Exec& executor, Index attempt = 0) const {
    auto&& team = executor.team();
    const std::uint64_t seed = start_seed(options.seed, restart, attempt);
    if (options.init == GaussianStart::random) {
      const RowMatrix<S> means = RowMatrix<S>::Zero(components, data.cols());
      return random_responsibilities(isotropic(means, 1.0), data, seed, team);
    }
    const Partition<S> parts = partition(data, seed, executor, attempt > 0 && one_start(data));
    const double spread =
        parts.inertia / (total_weight(parts.rows, team) * static_cast<double>(data.cols()));
    const double variance = spread > 0.0 ? spread : 1.0;
    const auto rough = isotropic(parts.means, variance);
    if (const Vector<double> labelled = labelled_weights(data); labelled.size() > 0) {
      RowMatrix<S> means = parts.means;
      const auto known = e_step(rough, data.weights(labelled), Soft{}, Step{}, team).statistics;
      for (Index k = 0; k < components; ++k)
        if (known.n[k] > 0.0)
          for (Index j = 0; j < data.cols(); ++j)
            means(k, j) += static_cast<S>(known.family.sum(k, j) / known.n[k]);
      return isotropic(means, variance);
    }
    return fit_complete(rough, parts.rows.labels(parts.labels), executor);
  }

  template <class S, class Exec, class Observer>
  auto fit(const Samples<S>& data, const Exec& executor, Observer& observer) const {
    const EM em = em_of(options);
    em.check();
    auto&& team = executor.team();
    check(data, team);
    const Borrowed lent{team};
    RunPlan plan{options.restarts, options.short_runs, options.short_iterations};
    const bool once = one_start(data) && std::max(plan.restarts, plan.short_runs) > 1;
    if (once) plan = {};
    auto fitted = runs(data, team, observer, plan, [&](Index restart, Index attempt) {
      return start(data, restart, lent, attempt);
    });
    if (once)
      fitted.report.notes.push_back(
          {0, -1, static_cast<double>(std::max(options.restarts, options.short_runs)),
           "the start is deterministic: one run; value = restarts"});
    return fitted;
  }

  // One run from a model given.
  template <class Model, class S, class Exec, class Observer>
  EMFit<Model> fit_from(Model given, const Samples<S>& data, const Exec& executor,
                        Observer& observer) const {
    const EM em = em_of(options);
    em.check();
    auto&& team = executor.team();
    given.family.floor = options.floor;
    given.family.prior = options.prior;
    given.weighting = options.weighting;
    given.concentration = options.concentration;
    check_model_and_data(given, data, team, "GaussianMixture");
    const Borrowed lent{team};
    return runs(data, team, observer, RunPlan{}, [&](Index restart, Index attempt) {
      if (attempt == 0) return given;
      if constexpr (std::is_same_v<ScalarOf<Model>, S>) {
        return start(data, restart, lent, attempt);
      } else {
        RowMatrix<ScalarOf<Model>> rows(data.rows(), data.cols());
        data.read(0, data.rows(), rows);
        Samples<ScalarOf<Model>> narrow{std::move(rows)};
        if (data.has_weights()) narrow = narrow.weights(data.weights());
        if (data.has_labels()) narrow = narrow.labels(data.labels());
        return start(narrow, restart, lent, attempt);
      }
    });
  }

 private:
  template <class S, class Exec>
  Partition<S> partition(const Samples<S>& data, std::uint64_t seed, const Exec& executor,
                         bool other_than_one) const {
    if (options.init == GaussianStart::plus_plus)
      return plus_plus_partition(data, components, seed, executor);
    if (options.init == GaussianStart::hierarchical && !other_than_one) {
      const Covariance form = make(RowMatrix<S>(RowMatrix<S>::Zero(1, data.cols())), 1.0).form();
      return hierarchical_partition(form, data, components, options.subset, seed);
    }
    return kmeans_partition(data, components, seed, executor);
  }

  template <class S, class Team, class Observer, class Starts>
  auto runs(const Samples<S>& data, Team& team, Observer& observer, const RunPlan& plan,
            const Starts& starts) const {
    using Model = std::decay_t<decltype(starts(Index{0}, Index{0}))>;
    std::optional<bool> known;
    const auto data_singular = [&] {
      if (!known) known = singular_together(data, team);
      return *known;
    };
    using Runs = RepairedRuns<Model, S, Team, Observer>;
    return best_of(plan, em_of(options).limits(),
                   Runs{options.singularity, starts, data_singular, data, total_weight(data, team),
                        team, observer});
  }

  // Whether one component on all rows would have to be mended.
  template <class S, class Team>
  bool singular_together(const Samples<S>& data, Team& team) const {
    const auto one = isotropic(RowMatrix<S>(RowMatrix<S>::Zero(1, data.cols())), 1.0);
    const Labels all = Labels::Zero(data.rows());
    return degenerate(fit_complete(one, data.labels(all), Borrowed{team}));
  }
};

template <class Options, class Make>
GaussianFit(const Options&, Make) -> GaussianFit<Options, Make>;
template <class Options, class Make>
GaussianFit(const Options&, Make, Index) -> GaussianFit<Options, Make>;

}  // namespace detail

LATENT_END
