// What a sweep over Gaussian mixtures finds: a row for each model, and the choice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/report.hpp"
#include "latent/core/table.hpp"
#include "latent/em/run.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/gaussian_family.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/selection/gaussian_models.hpp"

LATENT_BEGIN

// What decides. p parameters, n the sum of the weights, L the likelihood. Lower is better in the
// first three: mclust and others report them with the other sign.
enum class Criterion {
  bic,               // p log n - 2 log L: Schwarz 1978
  icl,               // bic + 2 entropy of the responsibilities: Biernacki, Celeux and Govaert 2000
  aic,               // 2 p - 2 log L: Akaike 1974
  cross_validation,  // log-likelihood of rows held out; higher is better: Smyth 2000
};

constexpr std::string_view to_string(Criterion criterion) {
  constexpr std::string_view names[] = {"BIC", "ICL", "AIC", "cross-validation"};
  return names[static_cast<std::size_t>(criterion)];
}

// One model: a form and a number of components. No number is NaN.
struct GaussianRow {
  Covariance form = Covariance::full;
  Index components = 0;
  double log_likelihood = 0.0;  // of the best run
  Index free_parameters = 0;
  double bic = 0.0;
  double icl = 0.0;
  double aic = 0.0;
  // Mean log density of a row held out, over all rows by their weights, and its standard error.
  // Without cross-validation none; without error where a row held out has none or all have one value.
  std::optional<double> cross_validated;
  std::optional<double> cross_validated_error;
  std::optional<double> stability;  // mean adjusted Rand index between seeds: 1 = all agree
  Status status = Status::max_iterations;
  bool degenerate = false;  // a covariance was mended, or the fit failed: see GaussianMixture

  // As criterion: none where there was no cross-validation.
  std::optional<double> value(Criterion criterion) const {
    switch (criterion) {
      case Criterion::bic:
        return bic;
      case Criterion::icl:
        return icl;
      case Criterion::aic:
        return aic;
      case Criterion::cross_validation:
        return cross_validated;
    }
    return {};
  }
};

// How many of the seeds would have chosen this model, each by its own runs alone.
struct GaussianVote {
  Covariance form = Covariance::full;
  Index components = 0;
  Index seeds = 0;
};

// The answer to "which Gaussian mixture?".
template <class S>
struct GaussianChoice {
  using Fit = EMFit<Mixture<GaussianFamily<S>>>;

  Covariance form;     // the choice
  Index components;    // the choice
  std::string reason;  // one to three sentences
  Criterion criterion;
  std::vector<GaussianVote> votes;  // most seeds first
  std::optional<double> stability;  // share of the seeds that would have made this choice
  std::optional<double> agreement;  // mean adjusted Rand index between what the seeds chose
  std::vector<GaussianRow> rows;    // different models, by components, then by form as listed
  Fit fit;                          // the best run of the choice
  std::vector<Covariance> forms;    // as listed

  // The row of a model; forms that coincide (all for one column but for their first letter; those of
  // one component but for sphere, axes along the columns, and any) share one. Throws InvalidArgument
  // for a model that was not tried.
  const GaussianRow& row(Covariance of_form, Index of_components) const {
    const Index d = fit.model.dimension();
    for (const GaussianRow& row : rows)
      if (row.components == of_components && detail::plainest(row.form, of_components, d) ==
                                                 detail::plainest(of_form, of_components, d))
        return row;
    detail::fail<InvalidArgument>("GaussianChoice: the model must be one that was tried; got ",
                                  latent::to_string(of_form), " with ", of_components,
                                  " components");
  }

  // One row a model.
  Table table() const {
    Table all{{{"form"},
               {"components"},
               {"log-likelihood", 3},
               {"parameters"},
               {"BIC", 3},
               {"ICL", 3},
               {"AIC", 3},
               {"held out", 4},
               {"error", 4},
               {"stability", 3},
               {"status"}}};
    const auto cell = [](const std::optional<double>& value) {
      return value ? Cell{*value} : Cell{};
    };
    for (const GaussianRow& row : rows)
      all.row({std::string(latent::to_string(row.form)), row.components, row.log_likelihood,
               row.free_parameters, row.bic, row.icl, row.aic, cell(row.cross_validated),
               cell(row.cross_validated_error), cell(row.stability),
               std::string(latent::to_string(row.status))});
    return all;
  }

  // One criterion: one row a number of components, one column a form. Empty where the fit was
  // degenerate.
  Table table(Criterion of_criterion) const {
    std::vector<Column> columns{{"components"}};
    for (const Covariance each : forms)
      columns.push_back({std::string(latent::to_string(each)),
                         of_criterion == Criterion::cross_validation ? 4 : 2});
    Table all{columns};
    for (Index k = rows.front().components; k <= rows.back().components; ++k) {
      std::vector<Cell> cells{Cell{k}};
      for (const Covariance each : forms) {
        const GaussianRow& found = row(each, k);
        const std::optional<double> value = found.value(of_criterion);
        cells.push_back(value && !found.degenerate ? Cell{*value} : Cell{});
      }
      all.row(std::move(cells));
    }
    return all;
  }
};

LATENT_END
