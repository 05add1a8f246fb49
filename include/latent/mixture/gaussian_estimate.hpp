// From the statistics of Gaussian components to a covariance.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "latent/core/types.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/covariance_floor.hpp"
#include "latent/mixture/covariance_forms.hpp"
#include "latent/mixture/gaussian_statistics.hpp"
#include "latent/mixture/normal_inverse_wishart.hpp"

LATENT_BEGIN

namespace detail {

// The covariance that components first ... last-1 share, from block b of the scatter, in units of
// `unit`: D x D, or its diagonal (1 x D). Returns its weight; 0 where nothing is known of it. Murphy 2012,
// section 4.6.3.4, with x the mean of a component's rows and m that of the prior:
//   (scale + sum_k (scatter_k about x + mean_weight n_k / (mean_weight + n_k) (x - m)(x - m)')) /
//   (degrees + D + 1 + sum_k (n_k + 1)),
// the 1 only where there is a prior on the means. Without a prior: scatter / n.
inline double estimate_covariance(const NormalInverseWishart& prior, const RowMatrix<double>& shift,
                                  const Vector<double>& n, const GaussianStatistics& s, Index first,
                                  Index last, Index b, const Vector<double>& unit, bool diagonal,
                                  RowMatrix<double>& out) {
  const Index d = shift.cols();
  const double pull = prior.mean_weight;
  const bool none = prior.none();
  double weight = 0.0;
  double divisor = none ? 0.0 : prior.degrees + static_cast<double>(d) + 1.0;
  out.setZero(diagonal ? 1 : d, d);
  const auto at = [&](Index i, Index j) -> double& { return out(diagonal ? 0 : i, j); };
  for (Index k = first; k < last; ++k) {
    if (pull > 0.0) divisor += 1.0;
    if (!(n[k] > 0.0)) continue;
    weight += n[k];
    const Vector<double> moved = s.sum.row(k).transpose() / n[k];
    for (Index i = 0; i < d; ++i)
      for (Index j = diagonal ? i : 0; j <= i; ++j) at(i, j) -= n[k] * moved[i] * moved[j];
    if (!(pull > 0.0)) continue;
    const Vector<double> away = shift.row(k).transpose() + moved - prior.mean;
    const double share = pull * (n[k] / (pull + n[k]));
    for (Index i = 0; i < d; ++i)
      for (Index j = diagonal ? i : 0; j <= i; ++j) at(i, j) += share * away[i] * away[j];
  }
  divisor += weight;
  for (Index i = 0; i < d; ++i)
    for (Index j = diagonal ? i : 0; j <= i; ++j) {
      double total = at(i, j) + (none ? 0.0 : prior.scale(i, j));
      if (weight > 0.0) total += diagonal ? s.scatter(b, j) : s.scatter(b * d + i, j);
      at(i, j) = total / divisor / (unit[i] * unit[j]);
      if (!diagonal) out(j, i) = out(i, j);
    }
  return none ? weight : divisor;
}

// What the data say of the covariances, for those that have rows, or a prior.
struct GaussianEstimates {
  std::vector<Index> blocks;                // which ones
  Vector<double> weights;                   // of each
  RowMatrix<double> along_columns;          // a row of variances each, for diagonal forms
  std::vector<RowMatrix<double>> matrices;  // a matrix each, for the others
  std::vector<char> raised;                 // met the floor on the way to the form
};

// In units of `unit`. axes: those of all components (EVE, VVE), where the search for them begins and
// then ends; empty = none yet. S is always double: a template, so that only who calls it compiles the
// eigensolver.
template <class S>
GaussianEstimates estimate_gaussians(Covariance form, const NormalInverseWishart& prior,
                                     double floor, const RowMatrix<double>& shift,
                                     const Vector<double>& n, const GaussianStatistics& s,
                                     const Vector<double>& unit, RowMatrix<S>& axes) {
  const bool shared = is_shared(form);
  const bool diagonal = is_diagonal(form);
  GaussianEstimates found;
  std::vector<double> weights;
  RowMatrix<double> own;
  for (Index b = 0; b < (shared ? 1 : shift.rows()); ++b) {
    const double weight = estimate_covariance(
        prior, shift, n, s, shared ? 0 : b, shared ? shift.rows() : b + 1, b, unit, diagonal, own);
    if (!(weight > 0.0)) continue;
    found.blocks.push_back(b);
    weights.push_back(weight);
    found.matrices.push_back(own);
  }
  const auto count = static_cast<Index>(weights.size());
  found.weights = Eigen::Map<const Vector<double>>(weights.data(), count);
  found.raised.assign(weights.size(), 0);
  if (count == 0) return found;
  const double least = 0.25 * floor;  // a unit is at most twice a deviation
  if (!diagonal) {
    impose_full_form(form, found.matrices, found.weights, least, found.raised, axes);
    return found;
  }
  found.along_columns.resize(count, shift.cols());
  for (Index i = 0; i < count; ++i)
    found.along_columns.row(i) = found.matrices[static_cast<std::size_t>(i)];
  found.matrices.clear();
  impose_diagonal_form(form, found.along_columns, found.weights, least, found.raised);
  return found;
}

// The Cholesky factor (D x D) or the standard deviations (1 x D) of one estimate, none below the
// floor. deviation: what the floor is relative to; unit: powers of two near it, the estimate's units.
template <class S>
struct MendedFactor {
  FloorOutcome outcome = FloorOutcome::sound;
  RowMatrix<S> factor;

  MendedFactor(const GaussianEstimates& found, std::size_t at, const Vector<S>& unit,
               const Vector<S>& deviation, double floor)
      : factor(found.matrices.empty() ? 1 : unit.size(), unit.size()) {
    const Vector<S> ratio = unit.cwiseQuotient(deviation);
    if (found.matrices.empty()) {
      for (Index j = 0; j < unit.size(); ++j) {
        const S variance = found.along_columns(static_cast<Index>(at), j);
        const bool above = variance * ratio[j] * ratio[j] >= floor && variance > 0.0;
        if (!above)
          outcome =
              floor > 0.0 && is_finite(variance) ? FloorOutcome::floored : FloorOutcome::singular;
        factor(0, j) = above ? std::sqrt(variance) * unit[j] : std::sqrt(floor) * deviation[j];
      }
      return;
    }
    const RowMatrix<S>& matrix = found.matrices[at];
    const RowMatrix<S> correlation = ratio.asDiagonal() * matrix * ratio.asDiagonal();
    outcome = factor_above_floor(correlation, floor, factor);
    // What needs no mending does not depend on the data's deviations, not even by a bit.
    RowMatrix<S> again(unit.size(), unit.size());
    if (outcome == FloorOutcome::sound && cholesky(matrix, 0.0, again))
      factor = unit.asDiagonal() * again;
    else
      factor = deviation.asDiagonal() * factor;
  }
};

// What a floor is relative to: the standard deviation of each column, or one for all where the form
// mixes columns.
template <class S>
Vector<double> unit_of_data(Covariance form, const RowMatrix<double>& shift,
                            const Vector<double>& n, const GaussianStatistics& s) {
  Vector<double> deviation = data_deviation<S>(shift, n, s, is_diagonal(form));
  if (keeps_form_by_column(form)) return deviation;
  const double size = deviation.maxCoeff();
  const double mean_square =
      (deviation / size).squaredNorm() / static_cast<double>(deviation.size());
  deviation.setConstant(size * std::sqrt(mean_square));
  return deviation;
}

}  // namespace detail

LATENT_END
