// From data to a PCAModel: choose the solver, choose the number of components, assemble the model.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/contiguous_rows.hpp"
#include "latent/core/report.hpp"
#include "latent/decomposition/covariance_solver.hpp"
#include "latent/decomposition/gram_solver.hpp"
#include "latent/decomposition/keep.hpp"
#include "latent/decomposition/pca_model.hpp"
#include "latent/decomposition/randomized_solver.hpp"

LATENT_BEGIN

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
  std::uint64_t seed = 0;
  double accuracy = 1e-3;
};

// What a solver found, with the moments that belong to it.
struct PCASolution {
  Spectrum spectrum;
  Vector<double> mean;       // D
  Vector<double> deviation;  // D, of the columns
  double n = 0.0;
  PCASolver solver = PCASolver::automatic;
};

// min(n, D); n is the sum of the weights or the number of rows that have one, if that is larger.
inline Index most_components(double weight, double rows, Index columns) {
  const double samples = std::max(std::floor(weight), rows);
  return samples < static_cast<double>(columns) ? static_cast<Index>(samples) : columns;
}

inline void check_plan(const PCAPlan& plan, double weight, double rows, Index columns) {
  check_divisor(weight, plan.who);
  check_keep(plan.keep, most_components(weight, rows, columns), std::max(weight, rows), columns,
             plan.who);
  require(is_finite(plan.accuracy) && plan.accuracy > 0.0 && plan.accuracy < 1.0, plan.who,
          ": accuracy must be between 0 and 1; got ", plan.accuracy);
  require(plan.solver != PCASolver::randomized || std::holds_alternative<Index>(plan.keep),
          plan.who, ": solver randomized needs keep as a number of components");
}

template <class S>
double check_rows(const PCAPlan& plan, const Samples<S>& data) {
  check_shape(data, plan.who);
  double weight = 0.0;
  double rows = 0.0;
  for (Index i = 0; i < data.rows(); ++i) {
    weight += data.weight(i);
    rows += data.weight(i) > 0.0 ? 1.0 : 0.0;
  }
  check_plan(plan, weight, rows, data.cols());
  return rows;
}

// The number of axes that the plan asks for; deviation: of the columns, in the units of the data.
inline ChooseCount count_of(const PCAPlan& plan, Index most, double n,
                            const Vector<double>& deviation) {
  return [&plan, most, n, &deviation](const Spectrum& spectrum) {
    KeepContext context{n, {}, plan.standardize, plan.seed};
    if (std::holds_alternative<ParallelAnalysis>(plan.keep)) {
      context.deviation = deviation;
      for (double& value : context.deviation)
        value =
            plan.standardize ? (value > 0.0 ? 1.0 : 0.0) : std::ldexp(value, -spectrum.exponent);
    }
    const Index count = components_to_keep(plan.keep, spectrum.variance, most, context);
    return plan.within_rank ? std::clamp<Index>(spectrum.rank, 1, count) : count;
  };
}

// Every component asked for, as far as there can be one, lies so far above the floor that squaring
// the data cost it little: a relative error of its singular value below 1e-4.
inline bool safe(const Spectrum& spectrum, Index possible) {
  constexpr double above = 64.0;
  const Index asked = std::min(spectrum.axes.rows(), possible);
  if (asked == 0 || !(spectrum.variance[0] > 0.0)) return true;
  const double level = above * spectrum.floor;
  return spectrum.variance[asked - 1] >= level * level * spectrum.variance[0];
}

inline void describe(const PCAPlan& plan, const PCASolution& solution, Report& report) {
  const Spectrum& spectrum = solution.spectrum;
  report.status = spectrum.converged ? Status::converged : Status::max_iterations;
  const Index rank = spectrum.rank;
  const double floor = spectrum.floor * spectrum.deviation(0) * std::sqrt(solution.n - 1.0);
  if (!spectrum.converged)
    report.notes.push_back({spectrum.passes, -1, plan.accuracy,
                            concat(plan.who, ": accuracy ", plan.accuracy, " was not reached in ",
                                   spectrum.passes, " passes")});
  if (rank < spectrum.axes.rows() || (plan.within_rank && rank == 0)) {
    report.status = Status::degenerate;
    report.notes.push_back({0, rank, floor,
                            concat(plan.who, ": the rank is ", rank, "; components from ", rank,
                                   " on have singular values below the noise floor ", floor,
                                   " and are given variance 0")});
  }
  if (plan.solver == PCASolver::automatic &&
      (solution.solver == PCASolver::svd || solution.solver == PCASolver::randomized))
    report.notes.push_back(
        {0, -1, floor,
         concat(plan.who, ": automatic took the solver ", to_string(solution.solver),
                solution.solver == PCASolver::svd
                    ? ", since components asked for lie near the noise floor of squares"
                    : ", since a few components of large data are asked for",
                "; its noise floor is ", floor)});
}

// D divisors, 1 for constant columns; empty where nothing is standardised.
inline Vector<double> divisors(const PCAPlan& plan, const Vector<double>& deviation) {
  if (!plan.standardize) return {};
  return (deviation.array() > 0.0).select(deviation, 1.0);
}

// Data near the ends of the range can have deviations that no double holds.
inline void check_deviations(const PCAPlan& plan, const PCASolution& solution) {
  require<DataError>(
      is_finite(solution.spectrum.deviation(0)), plan.who,
      ": the standard deviation along the first axis overflows; scale the data down");
  for (Index j = 0; plan.standardize && j < solution.deviation.size(); ++j)
    require<DataError>(is_finite(solution.deviation[j]), plan.who,
                       ": the standard deviation of column ", j, " overflows; scale the data down");
}

template <class S>
PCAFit<S> assemble(const PCAPlan& plan, const PCASolution& solution) {
  const Spectrum& spectrum = solution.spectrum;
  const Index D = solution.mean.size();
  const Index L = spectrum.axes.rows();
  check_deviations(plan, solution);
  PCAParts<S> parts;
  parts.mean = solution.mean;
  parts.unit = divisors(plan, solution.deviation);
  parts.projection = spectrum.axes.transpose().template cast<S>();
  parts.deviation.resize(L);
  parts.ratio = Vector<double>::Zero(L);
  const double total = spectrum.total();
  for (Index j = 0; j < L; ++j) {
    parts.deviation[j] = spectrum.deviation(j);
    if (j < spectrum.rank) parts.ratio[j] = std::min(1.0, spectrum.variance[j] / total);
  }
  double discarded = spectrum.rest;
  for (Index j = spectrum.rank - 1; j >= L; --j) discarded += spectrum.variance[j];
  if (L < D) {
    parts.noise_deviation =
        std::ldexp(std::sqrt(discarded / static_cast<double>(D - L)), spectrum.exponent);
  }
  parts.n = solution.n;
  parts.rank = spectrum.rank;
  parts.whiten = plan.whiten;
  parts.solver = solution.solver;
  parts.noise_floor = spectrum.floor * spectrum.deviation(0) * std::sqrt(solution.n - 1.0);
  Report report;
  describe(plan, solution, report);
  return {PCAModel<S>{std::move(parts)}, std::move(report)};
}

template <class AnyMoments>
Vector<double> deviations_of(const AnyMoments& moments, Index columns) {
  Vector<double> result(columns);
  for (Index j = 0; j < columns; ++j) result[j] = moments.deviation(j);
  return result;
}

template <class S>
PCASolution solution_of_moments(const PCAPlan& plan, const Moments<S>& moments) {
  PCASolution solution{{},
                       moments.mean(),
                       deviations_of(moments, moments.columns()),
                       moments.n(),
                       PCASolver::covariance};
  const Index most = most_components(moments.n(), moments.frame().rows, moments.columns());
  solution.spectrum = solve_covariance(moments, plan.standardize,
                                       count_of(plan, most, solution.n, solution.deviation));
  return solution;
}

template <class S>
PCAFit<S> fit_moments(const PCAPlan& plan, const Moments<S>& moments) {
  check_plan(plan, moments.n(), moments.frame().rows, moments.columns());
  PCAFit<S> fit = assemble<S>(plan, solution_of_moments(plan, moments));
  const std::vector<Note> notes = moments.notes();  // what taking rows out has cost
  fit.report.notes.insert(fit.report.notes.end(), notes.begin(), notes.end());
  return fit;
}

// By the solver given, from moments of the columns and one or more passes after.
template <class S, class Team>
PCASolution solution_of_rows(const PCAPlan& plan, const Samples<S>& data, PCASolver solver,
                             Team& team) {
  const ColumnMoments moments = column_moments(data, team, plan.who);
  const CentredRows<S> rows(data, moments, plan.standardize);
  PCASolution solution{
      {}, moments.mean(), deviations_of(moments, data.cols()), moments.weight, solver};
  const Index most = most_components(moments.weight, moments.frame.rows, data.cols());
  const ChooseCount select = count_of(plan, most, solution.n, solution.deviation);
  if (solver == PCASolver::svd)
    solution.spectrum = solve_svd(rows, team, select);
  else if (solver == PCASolver::gram)
    solution.spectrum = solve_gram(rows, team, select);
  else
    solution.spectrum =
        solve_randomized(rows, std::get<Index>(plan.keep), plan.accuracy, plan.seed, team);
  return solution;
}

// Squares of dense data of some size, packed in scalar T. Nothing where the data need more care.
template <class T, class S, class Team>
std::optional<PCASolution> packed_solution(const PCAPlan& plan, const Samples<S>& data, bool gram,
                                           double rows, Index few, Team& team) {
  std::optional<ColumnStrips<S>> strips;
  std::optional<CrossProducts> products;
  if (gram) {
    const std::optional<int> exponent = widest_exponent(first_look(data, 4));
    if (!exponent) return std::nullopt;
    strips.emplace(data, *exponent, plan.standardize);
    if (!row_products<T>(data, *strips, team)) return std::nullopt;
  } else {
    products = column_products<T>(data, team);
    if (!products) return std::nullopt;
  }
  const CrossProducts& found = gram ? strips->products() : *products;
  PCASolution solution{{},
                       found.mean(),
                       deviations_of(found, data.cols()),
                       found.weight,
                       gram ? PCASolver::gram : PCASolver::covariance};
  const Index most = most_components(found.weight, rows, data.cols());
  const ChooseCount select = count_of(plan, most, solution.n, solution.deviation);
  solution.spectrum = gram ? solve_strips<T>(data, *strips, plan.standardize, few, team, select)
                           : solve_products<T, S>(*products, plan.standardize, few, team, select);
  return solution;
}

// By squares: packed where the data are dense and of some size. Float data in float products first,
// if few components are wanted, and if their noise floor then lets them stand.
template <class S, class Team>
PCASolution solution_of_squares(const PCAPlan& plan, const Samples<S>& data, bool gram, double rows,
                                Team& team) {
  constexpr Index some = 64;
  const Index size = gram ? data.rows() : data.cols();
  if (!data.sparse() && size >= some) {
    const Index* count = std::get_if<Index>(&plan.keep);
    const Index few = count != nullptr && few_wanted(*count, size) ? *count : 0;
    const bool copied = gram && data.contiguous_row(0) == nullptr;
    const Samples<S> dense = copied ? with_contiguous_rows(data, team) : data;
    if constexpr (std::is_same_v<S, float>) {
      if (few > 0) {
        auto solution = packed_solution<float>(plan, dense, gram, rows, few, team);
        if (solution && safe(solution->spectrum, few)) return std::move(*solution);
      }
    }
    if (auto solution = packed_solution<double>(plan, dense, gram, rows, few, team))
      return std::move(*solution);
  }
  if (gram) return solution_of_rows(plan, data, PCASolver::gram, team);
  return solution_of_moments(plan, moments_of(data, team, plan.who));
}

// A few components of data so large, or so sparse, that passes over them are cheaper than squares.
template <class S>
bool passes_pay(const PCAPlan& plan, const Samples<S>& data) {
  const Index* count = std::get_if<Index>(&plan.keep);
  const Index size = std::min(data.rows(), data.cols());
  return count != nullptr && few_wanted(*count, size) && size >= (data.sparse() ? 1000 : 10000);
}

template <class S, class Exec>
PCAFit<S> fit_rows(const PCAPlan& plan, const Samples<S>& data, const Exec& executor) {
  const Stopwatch watch;
  const double rows = check_rows(plan, data);
  auto&& team = executor.team();
  const bool automatic = plan.solver == PCASolver::automatic;
  const auto solve = [&] {
    if (plan.solver == PCASolver::svd || plan.solver == PCASolver::randomized)
      return solution_of_rows(plan, data, plan.solver, team);
    if (automatic && passes_pay(plan, data)) {
      PCASolution solution = solution_of_rows(plan, data, PCASolver::randomized, team);
      if (solution.spectrum.converged) return solution;
    }
    const bool gram = plan.solver == PCASolver::gram || (automatic && data.rows() < data.cols());
    PCASolution solution = solution_of_squares(plan, data, gram, rows, team);
    const Index possible = std::min(data.cols(), static_cast<Index>(rows) - 1);
    if (automatic && !plan.within_rank && !safe(solution.spectrum, possible))
      return solution_of_rows(plan, data, PCASolver::svd, team);
    return solution;
  };
  const PCASolution solution = solve();
  PCAFit<S> fit = assemble<S>(plan, solution);
  fit.report.evaluations = 2 + solution.spectrum.passes;
  fit.report.seconds = watch.seconds();
  return fit;
}

}  // namespace detail

LATENT_END

#ifdef LATENT_PRECOMPILED
#include "latent/precompiled/pca.hpp"
#endif
