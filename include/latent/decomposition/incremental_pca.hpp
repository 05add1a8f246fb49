// Principal components of data that arrive in blocks and are not kept.
//
//   IncrementalPCA pca{.keep = 36};
//   IncrementalPCAState<double> state;                       // has seen nothing
//   while (next block) pca.partial_fit(state, block);        // m x D; m may be 1, and differ
//   const auto [model, report] = pca.finish(state);          // at any time: as PCA::fit gives it
#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/source.hpp"
#include "latent/decomposition/pca_fit.hpp"
#include "latent/decomposition/row_factor.hpp"
#include "latent/stats/moments.hpp"

LATENT_BEGIN

// All that incremental PCA knows of the rows so far. A plain value: a copy kept aside goes on with
// the same bits as the original. One of the two is filled, as IncrementalPCA{.exact} says. S is the
// scalar of the data.
template <class S>
struct IncrementalPCAState {
  detail::RowFactor<double> factor;
  Moments<S> moments;
  Index steps = 0;  // blocks so far

  double n() const { return factor.weight + moments.n(); }  // rows, counted by weight (and decay)
  Index columns() const { return std::max(factor.columns(), moments.columns()); }  // 0 at first
};

// What one block did.
struct IncrementalPCAStep {
  double weight = 0.0;  // of the block
  double cut = 0.0;     // the share of the variance of all rows so far that this step cut off
};

// The mean and `keep` directions with their variances are all that is held between two blocks: a
// block is stacked below them, with one row for the distance of the means, and the singular values
// and vectors of the stack are cut to `keep` again (Ross, Lim, Lin and Yang 2008). Nothing is
// squared, so that components are exact to eps of the largest, wherever the data lie.
//
// What was cut off cannot come back: a direction that is weak in each block and strong in all of them
// is underestimated. The variance that was cut off is summed up, so that shares of the variance and
// noise_variance() refer to all of it. Nothing is cut where `keep` is All{} or a VarianceRatio (up to
// D directions are held then), and the result is that of PCA::fit on all rows to rounding, however
// they are cut into blocks. rank() counts what is held, and one more where something was cut.
struct IncrementalPCA {
  Keep keep = All{};    // as in PCA; at most D
  bool whiten = false;  // as in PCA
  // Holds the D x D moments instead: nothing is cut, a block costs products alone, O(m D^2), and the
  // result is that of the covariance solver, with its noise floor. For small D.
  bool exact = false;
  double decay = 1.0;  // in (0, 1]: each block makes all rows before it count that much less

  // Learns from a block (any number of rows, none included; D columns; a matrix or a source, whose
  // weights are frequencies). Of m rows and L directions: O((m + L)^2 D) time for m + L < D, else
  // O((m + L) D^2 + D^3), and no more memory than a few times (m + L) D. The same bits for any
  // executor. Throws InvalidArgument (options; columns that differ from those before; a state of the
  // other kind) and DataError (not finite), and leaves the state as it was.
  template <class S, class Data, Executor Exec = Threads>
  IncrementalPCAStep partial_fit(IncrementalPCAState<S>& state, const Data& x,
                                 const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    static_assert(std::is_same_v<typename detail::Bare<decltype(data)>::Scalar, S>,
                  "IncrementalPCA: blocks must have the scalar of the state, float or double");
    check(state, data.cols());
    auto&& team = executor.team();
    const double weight = data.rows() > 0 ? detail::total_weight(data, team) : 0.0;
    if (!(weight > 0.0)) return {};
    if (exact) {
      const Moments<S> block = detail::moments_of(data, team, who);
      IncrementalPCAState<S> next = state;
      if (decay < 1.0) latent::scale(next.moments, decay);
      next.moments += block;
      return take(state, std::move(next), weight, 0.0);
    }
    return join(state, detail::factor_rows(data, team, who), decay);
  }

  // Adds what another state knows, as if its rows had come as one more block (without decay): of parts
  // that were seen by other threads or machines. Throws InvalidArgument (columns, kinds).
  template <class S>
  IncrementalPCAStep merge(IncrementalPCAState<S>& state,
                           const IncrementalPCAState<S>& other) const {
    if (!(other.n() > 0.0)) return {};
    check(other, other.columns());
    check(state, other.columns());
    if (!exact) return join(state, other.factor, 1.0);
    IncrementalPCAState<S> next = state;
    next.moments += other.moments;
    return take(state, std::move(next), other.n(), 0.0);
  }

  // The components of all rows so far. Fewer than `keep` where there are fewer rows: the status is
  // then degenerate, and a note says so. Otherwise as PCA::fit: components below the noise floor have
  // variance 0, and so on. O(L D), or O(D^3) where `exact`. Throws InvalidArgument (options) and
  // DataError (sum of weights, after decay, not above 1).
  template <class S>
  PCAFit<S> finish(const IncrementalPCAState<S>& state) const {
    const detail::Stopwatch watch;
    detail::check_divisor(state.n(), who);
    check(state, state.columns());
    const double members = exact ? state.moments.frame().rows : state.factor.members;
    const Index most = detail::most_components(state.n(), members, state.columns());
    detail::PCAPlan plan{.keep = keep, .whiten = whiten, .who = who};
    const Index* wanted = std::get_if<Index>(&keep);
    const bool few = wanted != nullptr && *wanted > most;
    if (few) plan.keep = most;
    PCAFit<S> fit =
        exact ? detail::fit_moments(plan, state.moments) : fit_factor<S>(plan, state.factor, most);
    if (few) {
      fit.report.status = Status::degenerate;
      fit.report.notes.push_back({0, -1, static_cast<double>(most),
                                  detail::concat(who, ": the rows so far allow for ", most,
                                                 " components; keep is ", *wanted)});
    }
    for (Note& note : state.moments.notes()) fit.report.notes.push_back(std::move(note));
    fit.report.evaluations = state.steps;
    fit.report.seconds = watch.seconds();
    return fit;
  }

 private:
  static constexpr const char* who = "IncrementalPCA";

  // `columns` are those of what is to come.
  template <class S>
  void check(const IncrementalPCAState<S>& state, Index columns) const {
    detail::require(is_finite(decay) && decay > 0.0 && decay <= 1.0, who,
                    ": decay must lie in (0, 1]; got ", decay);
    detail::require(
        state.n() == 0.0 || (state.moments.n() > 0.0) == exact, who,
        ": the state must come from the same option `exact`; got one with exact = ", !exact);
    detail::require(state.columns() == 0 || state.columns() == columns, who, ": a block must have ",
                    state.columns(), " columns, as those before; got ", columns);
    detail::require(columns > 0, who, ": a block must have at least one column; got none");
    if (const Index* count = std::get_if<Index>(&keep))
      detail::require(*count >= 1 && *count <= columns, who,
                      ": keep must be between 1 and the number of columns, ", columns, "; got ",
                      *count);
    detail::require(exact || !(std::holds_alternative<MinkaRule>(keep) ||
                               std::holds_alternative<ParallelAnalysis>(keep)),
                    who, ": MinkaRule and ParallelAnalysis need all variances: set exact");
    detail::check_keep(keep, columns, static_cast<double>(columns) + 1.0, columns, who);
  }

  template <class S>
  static IncrementalPCAStep take(IncrementalPCAState<S>& state, IncrementalPCAState<S> next,
                                 double weight, double cut) {
    ++next.steps;
    state = std::move(next);
    return {weight, cut};
  }

  template <class S>
  IncrementalPCAStep join(IncrementalPCAState<S>& state, const detail::RowFactor<double>& block,
                          double fading) const {
    IncrementalPCAState<S> next = state;
    if (fading < 1.0) next.factor.scale(fading);
    detail::merge_rows(next.factor, block);
    detail::require<DataError>(next.factor.finite(), who,
                               ": the weighted sums overflow; sum of weights ", next.n());
    const double cut_before = next.factor.cut;
    const Index* count = std::get_if<Index>(&keep);
    detail::cut_to(next.factor, count != nullptr ? *count : next.columns());
    const double total = next.factor.total();
    const double share = total > 0.0 ? (next.factor.cut - cut_before) / total : 0.0;
    return take(state, std::move(next), block.weight, share);
  }

  // Singular values are exact to eps times the length of the sums, relative to the largest, and to
  // what S can represent.
  template <class S>
  static double floor_of(const detail::RowFactor<double>& factor) {
    const double longest =
        std::max(static_cast<double>(factor.columns()),
                 std::min(factor.members, static_cast<double>(detail::lane_rows)));
    return std::max(std::numeric_limits<double>::epsilon() * longest,
                    static_cast<double>(std::numeric_limits<S>::epsilon()) * std::sqrt(longest));
  }

  template <class S>
  static PCAFit<S> fit_factor(const detail::PCAPlan& plan, const detail::RowFactor<double>& factor,
                              Index most) {
    const Index D = factor.columns();
    const Index held = factor.rows.rows();
    detail::Spectrum spectrum;
    spectrum.exponent = factor.exponent;
    spectrum.variance.resize(held);
    for (Index j = 0; j < held; ++j) {
      const double* row = factor.rows.data() + j * D;
      spectrum.variance[j] = detail::ordered_dot(row, row, D) / (factor.weight - 1.0);
    }
    const double floor = floor_of<S>(factor);
    detail::cut_noise(spectrum, floor,
                      std::min(held, std::max<Index>(1, static_cast<Index>(factor.members)) - 1));
    const Index count = detail::components_to_keep(plan.keep, spectrum.variance, most);
    const Index given = std::min(count, spectrum.rank);
    spectrum.axes = RowMatrix<double>::Zero(count, D);
    for (Index j = 0; j < given; ++j) spectrum.axes.row(j) = factor.rows.row(j).normalized();
    detail::complete_axes(spectrum.axes, given);
    detail::apply_sign_rule(spectrum.axes);
    // All that was cut off counts as one more variance.
    const double cut = factor.cut / (factor.weight - 1.0);
    if (spectrum.rank == held && held > 0 && cut > floor * floor * spectrum.variance[0]) {
      Vector<double> all(held + 1);
      all << spectrum.variance, cut;
      spectrum.variance = std::move(all);
      ++spectrum.rank;
    }
    return detail::assemble<S>(plan, {std::move(spectrum), factor.mean(), Vector<double>(),
                                      factor.weight, PCASolver::svd});
  }
};

LATENT_END
