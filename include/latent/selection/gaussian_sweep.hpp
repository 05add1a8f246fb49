// The fits of a sweep over Gaussian mixtures.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/check.hpp"
#include "latent/em/em.hpp"
#include "latent/em/restarts.hpp"
#include "latent/mixture/gaussian_family.hpp"
#include "latent/mixture/gaussian_fit.hpp"
#include "latent/mixture/gaussian_mixture.hpp"
#include "latent/mixture/starts.hpp"
#include "latent/selection/gaussian_models.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
using GaussiansFit = EMFit<Mixture<GaussianFamily<S>>>;

// body(GaussianFit) for these options with a form and a number of components of their own.
template <class Body>
decltype(auto) with_gaussian_fit(GaussianMixture<> options, const GaussianModel& model,
                                 const Body& body) {
  options.components = model.components;
  return body(GaussianFit{options,
                          [form = model.form]<class T>(const RowMatrix<T>& means, double variance) {
                            return GaussianFamily<T>::isotropic(form, means, variance);
                          }});
}

// GaussianMixture with the form chosen at run time.
template <class S, class Exec>
GaussiansFit<S> fit_gaussians(const GaussianMixture<>& options, const GaussianModel& model,
                              const Samples<S>& data, const Exec& executor) {
  return with_gaussian_fit(options, model, [&](const auto& fitter) {
    NoObserver none;
    return fitter.fit(data, executor, none);
  });
}

// A sound fit goes before another; then the higher objective.
template <class S>
bool better_fit(const GaussiansFit<S>& a, const GaussiansFit<S>& b) {
  if (rank_of(a) != rank_of(b)) return rank_of(a) > rank_of(b);
  return final_objective(a.report) > final_objective(b.report);
}

// The fit of a model from the responsibilities of another's.
template <class S, class Exec>
GaussiansFit<S> fit_from(const Mixture<GaussianFamily<S>>& other, const GaussianMixture<>& options,
                         const GaussianModel& model, const Samples<S>& data, const Exec& executor) {
  auto&& team = executor.team();
  const auto ready = other.prepare();
  const auto responsibilities = [&](const Block<S>& block) {
    RowMatrix<S> r;
    ready.log_joint(block.x, r);
    posterior(r, block, other.weights);
    return r;
  };
  return with_gaussian_fit(options, model, [&](const auto& fitter) {
    const RowMatrix<S> means = other.family.means;
    const auto start = maximize_known(
        fitter.isotropic(means, 1.0), "ChooseGaussianMixture",
        [&](const auto& about) { return statistics_under(about, data, team, responsibilities); });
    return em_of(options).fit(start, data, Borrowed{team});
  });
}

// `fits` are those of `models`, of which the ones with so many components count. A maximum of a model
// is at least that of a model that it contains: where a fit lies lower it stopped at another one,
// and is done again from the fit that shows it. What remains lower is degenerate, or of a form with
// common axes, whose M-step may itself stop at a local minimum.
template <class S, class Exec>
void lift_to_contained(std::vector<std::optional<GaussiansFit<S>>>& fits,
                       const std::vector<GaussianModel>& models, Index components,
                       const GaussianMixture<>& options, const Samples<S>& data,
                       const Exec& executor) {
  if (!options.prior.none()) return;  // of which each form has one of its own
  for (const Covariance form : every_covariance)
    for (std::size_t b = 0; b < models.size(); ++b) {
      if (models[b].form != form || models[b].components != components) continue;
      const GaussiansFit<S>* best = &*fits[b];
      for (std::size_t a = 0; a < models.size(); ++a)
        if (models[a].components == components && contains(form, models[a].form) &&
            better_fit<S>(*fits[a], *best))
          best = &*fits[a];
      if (best == &*fits[b]) continue;
      GaussiansFit<S> again = fit_from(best->model, options, models[b], data, executor);
      if (!better_fit<S>(again, *fits[b])) continue;
      again.report.restarts = std::move(fits[b]->report.restarts);
      again.report.restarts.push_back(final_objective(again.report));
      fits[b] = std::move(again);
    }
}

template <class S>
Index usable_rows(const Samples<S>& data) {
  return data.has_weights() ? static_cast<Index>((data.weights().array() > 0.0).count())
                            : data.rows();
}

// All that can be wrong with data and options of fits with `components` and more, before any work.
template <class S, class Team>
void check_gaussian_data(const GaussianMixture<>& options, const std::vector<Covariance>& forms,
                         Index components, const Samples<S>& data, Team& team,
                         std::string_view who) {
  em_of(options).check();
  require(options.restarts >= 1, who, ": mixture.restarts must be at least 1; got ",
          options.restarts);
  check_shape(data, who);
  for (const Covariance form : forms)
    with_gaussian_fit(options, {form, components}, [&](const auto& fitter) {
      const RowMatrix<S> means = RowMatrix<S>::Zero(components, data.cols());
      const auto model = fitter.isotropic(means, 1.0);
      if (form == forms.front())
        check_model_and_data(model, data, team, who);
      else
        check_model(model, data, who);
    });
}

}  // namespace detail

LATENT_END
