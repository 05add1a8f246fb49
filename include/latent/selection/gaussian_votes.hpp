// From the rows of a sweep over Gaussian mixtures to the choice, with the reason.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/table_text.hpp"
#include "latent/em/restarts.hpp"
#include "latent/selection/gaussian_choice.hpp"
#include "latent/selection/held_out.hpp"

LATENT_BEGIN

namespace detail {

// weight: n, the sum of the weights. A fit without a sound likelihood is marked degenerate.
template <class S>
GaussianRow judged(const GaussianModel& model, const EMFit<Mixture<GaussianFamily<S>>>& fit,
                   double entropy, double weight) {
  GaussianRow row;
  row.form = model.form;
  row.components = model.components;
  row.log_likelihood = fit.log_likelihood;
  row.free_parameters = fit.model.free_parameters();
  const auto p = static_cast<double>(row.free_parameters);
  row.bic = p * std::log(weight) - 2.0 * row.log_likelihood;
  row.icl = row.bic + 2.0 * entropy;
  row.aic = 2.0 * p - 2.0 * row.log_likelihood;
  row.status = fit.report.status;
  row.degenerate = rank_of(fit) < 2;
  return row;
}

inline void set_held_out(GaussianRow& row, const WeightedMean& mean) {
  row.cross_validated = mean.value;
  row.cross_validated_error = mean.error;
}

// Whether a goes before b: a sound fit before a degenerate one, whose likelihood may be an artefact;
// then by the criterion; one that has no value is last.
inline bool preferred(const GaussianRow& a, const GaussianRow& b, Criterion criterion) {
  if (a.degenerate != b.degenerate) return b.degenerate;
  const std::optional<double> of_a = a.value(criterion);
  const std::optional<double> of_b = b.value(criterion);
  if (!of_a || !of_b) return of_a.has_value() && !of_b;
  return criterion == Criterion::cross_validation ? *of_a > *of_b : *of_a < *of_b;
}

// The index of the row to choose, but for `without`; of equals the first. There is such a row.
inline std::size_t preferred_row(const std::vector<GaussianRow>& rows, Criterion criterion,
                                 std::size_t without = static_cast<std::size_t>(-1)) {
  std::size_t best = without == 0 ? 1 : 0;
  for (std::size_t i = best + 1; i < rows.size(); ++i)
    if (i != without && preferred(rows[i], rows[best], criterion)) best = i;
  return best;
}

// chosen[s]: the row that seed s would choose.
inline std::vector<GaussianVote> count_votes(const std::vector<GaussianRow>& rows,
                                             const std::vector<std::size_t>& chosen) {
  std::vector<GaussianVote> votes;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (const auto seeds = std::count(chosen.begin(), chosen.end(), i); seeds > 0)
      votes.push_back({rows[i].form, rows[i].components, static_cast<Index>(seeds)});
  std::stable_sort(votes.begin(), votes.end(),
                   [](const auto& a, const auto& b) { return a.seeds > b.seeds; });
  return votes;
}

inline std::string described(const GaussianRow& row) {
  return concat(latent::to_string(row.form), " with ", row.components,
                row.components == 1 ? " component" : " components");
}

// "VEV with 2 components has the lowest BIC, 561.73, by 0.82 before VEV with 3 components."
inline std::string reason_for(const std::vector<GaussianRow>& rows, std::size_t best,
                              Criterion criterion) {
  const GaussianRow& row = rows[best];
  const bool held_out = criterion == Criterion::cross_validation;
  const int decimals = held_out ? 4 : 2;
  const auto number = [&](double value) {
    return is_finite(value) ? finite_number(value, decimals) : std::string("infinite");
  };
  const std::string called = held_out ? "highest log-likelihood of rows held out"
                                      : "lowest " + std::string(latent::to_string(criterion));
  std::string text = described(row);
  const std::optional<double> value = row.value(criterion);
  if (value)
    text += " has the " + called + ", " + number(*value);
  else
    text += " is the first model: none has a finite log-likelihood of rows held out";
  if (rows.size() > 1 && value) {
    const GaussianRow& next = rows[preferred_row(rows, criterion, best)];
    const std::optional<double> behind = next.value(criterion);
    if (behind && next.degenerate == row.degenerate)
      text += ", by " + number(std::abs(*behind - *value)) + " before " + described(next);
  }
  text += ".";
  const auto artefacts =
      std::count_if(rows.begin(), rows.end(), [](const auto& each) { return each.degenerate; });
  if (row.degenerate)
    text += " Every fit is degenerate, this one too: its likelihood may be an artefact.";
  else if (artefacts > 0)
    text +=
        concat(" ", static_cast<Index>(artefacts), " of ", rows.size(),
               artefacts == 1 ? " fits is" : " fits are", " degenerate and could not be chosen.");
  if (row.components == rows.back().components && row.components > rows.front().components)
    text += " It is the largest number of components tried: try more.";
  return text;
}

}  // namespace detail

LATENT_END
