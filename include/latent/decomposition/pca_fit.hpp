// From data to a PCAModel: choose the solver, choose the number of components, assemble the model.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "latent/core/report.hpp"
#include "latent/decomposition/covariance_solver.hpp"
#include "latent/decomposition/gram_solver.hpp"
#include "latent/decomposition/keep.hpp"
#include "latent/decomposition/pca_model.hpp"

LATENT_BEGIN

// Both solvers square the data, which costs half the digits: singular values below the noise floor
// sqrt(eps max(D, min(n, 2048))) sigma_1, or eps sqrt(...) sigma_1 of the scalar if that is larger,
// are given as 0; those above it are exact to the floor's square divided by themselves.
enum class PCASolver {
  automatic,   // gram where n < D, else covariance
  covariance,  // D x D, O(n D^2 + D^3)
  gram,        // n x n, O(n^2 D + n^3); never forms anything D x D
};

template <class S>
struct PCAFit {
  PCAModel<S> model;
  Report report;
};

namespace detail {

struct PCAPlan {
  Keep keep;
  PCASolver solver = PCASolver::automatic;
  bool whiten = false;
  bool standardize = false;
  bool within_rank = false;  // drop components below the noise floor
  std::string_view who = "PCA";
};

// min(n, D); n is the sum of the weights or the number of rows that have one, if that is larger.
inline Index most_components(double weight, double rows, Index columns) {
  const double samples = std::max(std::floor(weight), rows);
  return samples < static_cast<double>(columns) ? static_cast<Index>(samples) : columns;
}

template <class S>
void check_rows(const PCAPlan& plan, const Samples<S>& data) {
  check_shape(data, plan.who);
  double weight = 0.0;
  double rows = 0.0;
  for (Index i = 0; i < data.rows(); ++i) {
    weight += data.weight(i);
    rows += data.weight(i) > 0.0 ? 1.0 : 0.0;
  }
  check_divisor(weight, plan.who);
  check_keep(plan.keep, most_components(weight, rows, data.cols()), plan.who);
}

inline Index select_components(const PCAPlan& plan, const Spectrum& spectrum, Index most) {
  const Index count = components_to_keep(plan.keep, spectrum.variance, most);
  return plan.within_rank ? std::clamp<Index>(spectrum.rank, 1, count) : count;
}

// D standard deviations as divisors, 1 for constant columns; empty where nothing is standardised.
template <class AnyMoments>
Vector<double> divisors(const PCAPlan& plan, const AnyMoments& moments, Index columns) {
  Vector<double> unit(plan.standardize ? columns : 0);
  for (Index j = 0; j < unit.size(); ++j) {
    const double deviation = moments.deviation(j);
    unit[j] = deviation > 0.0 ? deviation : 1.0;
  }
  return unit;
}

inline void describe(const PCAPlan& plan, const Spectrum& spectrum, double n, Report& report) {
  report.status = Status::converged;
  const Index rank = spectrum.rank;
  if (rank >= spectrum.axes.rows() && !(plan.within_rank && rank == 0)) return;
  report.status = Status::degenerate;
  const double largest = spectrum.deviation(0) * std::sqrt(n - 1.0);
  report.notes.push_back({0, rank, spectrum.floor * largest,
                          concat(plan.who, ": the rank is ", rank, "; components from ", rank,
                                 " on have singular values below the noise floor ",
                                 spectrum.floor * largest, " and are given variance 0")});
}

template <class S>
PCAFit<S> assemble(const PCAPlan& plan, const Spectrum& spectrum, Vector<double> mean,
                   Vector<double> unit, double n) {
  const Index D = mean.size();
  const Index L = spectrum.axes.rows();
  PCAParts<S> parts;
  parts.mean = std::move(mean);
  parts.unit = std::move(unit);
  parts.projection = spectrum.axes.transpose().template cast<S>();
  parts.deviation.resize(L);
  parts.ratio = Vector<double>::Zero(L);
  const double total = spectrum.variance.sum();
  for (Index j = 0; j < L; ++j) {
    parts.deviation[j] = spectrum.deviation(j);
    if (j < spectrum.rank) parts.ratio[j] = std::min(1.0, spectrum.variance[j] / total);
  }
  double discarded = 0.0;
  for (Index j = spectrum.rank - 1; j >= L; --j) discarded += spectrum.variance[j];
  if (L < D) {
    parts.noise_deviation =
        std::ldexp(std::sqrt(discarded / static_cast<double>(D - L)), spectrum.exponent);
  }
  parts.n = n;
  parts.rank = spectrum.rank;
  parts.whiten = plan.whiten;
  Report report;
  describe(plan, spectrum, n, report);
  return {PCAModel<S>{std::move(parts)}, std::move(report)};
}

template <class S>
PCAFit<S> fit_moments(const PCAPlan& plan, const Moments<S>& moments) {
  const Index most = most_components(moments.n(), moments.frame().rows, moments.columns());
  check_divisor(moments.n(), plan.who);
  check_keep(plan.keep, most, plan.who);
  const Spectrum spectrum = solve_covariance(
      moments, plan.standardize,
      [&](const Spectrum& variances) { return select_components(plan, variances, most); });
  Vector<double> unit = divisors(plan, moments, moments.columns());
  return assemble<S>(plan, spectrum, moments.mean(), std::move(unit), moments.n());
}

template <class S, class Team>
PCAFit<S> fit_gram(const PCAPlan& plan, const Samples<S>& data, Team& team) {
  const ColumnMoments moments = column_moments(data, team, plan.who);
  const Index most = most_components(moments.weight, moments.frame.rows, data.cols());
  const Spectrum spectrum = solve_gram(
      data, moments, plan.standardize, team,
      [&](const Spectrum& variances) { return select_components(plan, variances, most); });
  Vector<double> unit = divisors(plan, moments, data.cols());
  return assemble<S>(plan, spectrum, moments.mean(), std::move(unit), moments.weight);
}

template <class S, class Exec>
PCAFit<S> fit_rows(const PCAPlan& plan, const Samples<S>& data, const Exec& executor) {
  const Stopwatch watch;
  check_rows(plan, data);
  auto&& team = executor.team();
  const bool gram = plan.solver == PCASolver::gram ||
                    (plan.solver == PCASolver::automatic && data.rows() < data.cols());
  PCAFit<S> fit =
      gram ? fit_gram(plan, data, team) : fit_moments(plan, moments_of(data, team, plan.who));
  fit.report.evaluations = 2;
  fit.report.seconds = watch.seconds();
  return fit;
}

}  // namespace detail

LATENT_END
