// K components or K + 1? The likelihood ratio, judged by data drawn from the fit with K.
//
//   auto test = BootstrapLikelihoodRatio{.form = Covariance::EEE, .components = 1}.test(x);
//   test.statistic;  test.p;
//   auto steps = BootstrapLikelihoodRatio{.form = Covariance::EEE}.sequence(x, 9);
//   steps.components;
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/executor.hpp"
#include "latent/core/random.hpp"
#include "latent/core/table.hpp"
#include "latent/selection/gaussian_sweep.hpp"
#include "latent/selection/scaled_source.hpp"

LATENT_BEGIN

// One test. Notes tell where it means less than it seems: of degenerate fits, whose likelihood may be an artefact.
template <class S>
struct LikelihoodRatio {
  Covariance form;
  Index components;           // K, against K + 1
  double statistic;           // 2 (log L(K + 1) - log L(K)), at least 0
  double p;                   // (1 + replicates with at least that statistic) / (1 + replicates)
  Vector<double> replicates;  // B: the statistic of each
  Index degenerate;           // replicates of which a fit is degenerate
  std::vector<Note> notes;
  EMFit<Mixture<GaussianFamily<S>>> null;         // K components
  EMFit<Mixture<GaussianFamily<S>>> alternative;  // K + 1
};

// Tests of 1, 2, ... components, up to the first that is not rejected.
template <class S>
struct LikelihoodRatioSequence {
  Index components;  // the first K not rejected; the largest K + 1 tried where all were rejected
  bool rejected_all;
  std::vector<LikelihoodRatio<S>> tests;

  Table table() const {
    Table all{{{"components"}, {"against"}, {"statistic", 3}, {"p", 4}}};
    for (const auto& test : tests)
      all.row({test.components, test.components + 1, test.statistic, test.p});
    return all;
  }
};

// McLachlan 1987, "On bootstrapping the likelihood ratio test statistic for the number of components
// in a normal mixture": the ratio has no chi-squared law, since under K components the weight of
// one more lies on the border of its range. So its law is that of data drawn from the fit with K.
//
// All fits, of the data and of the replicates, are GaussianMixture's with the same options: the law
// is that of what these fits find, local maxima included. The larger model contains the smaller one,
// so that a ratio below 0 (its fits stopped lower) counts as 0.
//
// Weights count as rows: a replicate has as many rows as the weights sum to, rounded; weights of
// another scale are refused as in ChooseGaussianMixture, and sums above 1e8. Labels are refused: data
// drawn have none.
//
// O(replicates) fits with K and K + 1 components, each on one thread; memory n x D numbers for each
// thread. The same bits for any executor.
struct BootstrapLikelihoodRatio {
  Covariance form = Covariance::full;
  Index components = 1;   // K >= 1; K + 1 at most the rows of positive weight
  Index replicates = 99;  // 1 ... 1000000: p is at least 1 / (1 + replicates)
  // How to fit; components must not be set.
  GaussianMixture<> mixture = {.restarts = 3, .acceleration = Acceleration::anderson};
  std::uint64_t seed = 0;  // of the replicates; that of the starts is mixture.seed

  // K = components against K + 1. Throws as GaussianMixture, and InvalidArgument for options out of
  // their range and for labels.
  template <class Data, class Exec = Threads>
  auto test(const Data& data, const Exec& executor = {}) const {
    decltype(auto) source = detail::as_samples(data);
    auto&& team = executor.team();
    check(source, components, team);
    return one_test(source, components, fit(source, components, team),
                    fit(source, components + 1, team), team);
  }

  // K = components, components + 1, ... until K + 1 = most, or p > alpha. most > components, at most the
  // rows of positive weight; alpha in (0, 1). Throws as test.
  template <class Data, class Exec = Threads>
  auto sequence(const Data& data, Index most = 9, double alpha = 0.05,
                const Exec& executor = {}) const {
    decltype(auto) source = detail::as_samples(data);
    using S = typename std::decay_t<decltype(source)>::Scalar;
    auto&& team = executor.team();
    detail::require(most > components, who, ": most must be above components; got most = ", most,
                    ", components = ", components);
    detail::require(alpha > 0.0 && alpha < 1.0, who, ": alpha must lie in (0, 1); got ", alpha);
    check(source, most - 1, team);
    LikelihoodRatioSequence<S> steps{most, true, {}};
    auto null = fit(source, components, team);
    for (Index k = components; k < most; ++k) {
      auto alternative = fit(source, k + 1, team);
      steps.tests.push_back(one_test(source, k, std::move(null), alternative, team));
      if (!(steps.tests.back().p <= alpha)) {
        steps.components = k;
        steps.rejected_all = false;
        break;
      }
      null = std::move(alternative);
    }
    return steps;
  }

 private:
  static constexpr std::string_view who = "BootstrapLikelihoodRatio";

  template <class S, class Team>
  void check(const Samples<S>& data, Index largest, Team& team) const {
    detail::require(components >= 1, who, ": components must be at least 1; got ", components);
    detail::require(replicates >= 1 && replicates <= 1000000, who,
                    ": replicates must lie in 1 ... 1000000; got ", replicates);
    detail::require(mixture.components == GaussianMixture<>{}.components, who,
                    ": mixture.components must not be set; got ", mixture.components);
    detail::require(!data.has_labels(), who,
                    ": data must have no labels, since data drawn from a mixture have none");
    detail::check_gaussian_data(mixture, {form}, components, data, team, who);
    const Index usable = detail::usable_rows(data);
    detail::require(largest < usable, who,
                    ": one component more must not exceed the number of rows of positive weight; "
                    "got ",
                    largest, " + 1 for ", usable, " such rows");
    detail::check_total_weight(data, static_cast<double>(largest) + 2.0, team, who);
    const double weight = detail::total_weight(data, team);
    detail::require<DataError>(
        weight <= 1e8, who, ": weights count as rows, and must sum to at most 1e8; got ", weight);
  }

  template <class S, class Team>
  auto fit(const Samples<S>& data, Index k, Team& team) const {
    return detail::fit_gaussians(mixture, {form, k}, data, detail::Borrowed{team});
  }

  template <class S>
  static double statistic_of(const EMFit<Mixture<GaussianFamily<S>>>& null,
                             const EMFit<Mixture<GaussianFamily<S>>>& alternative) {
    const double ratio = 2.0 * (alternative.log_likelihood - null.log_likelihood);
    return ratio > 0.0 ? ratio : 0.0;
  }

  template <class S, class Team>
  LikelihoodRatio<S> one_test(const Samples<S>& data, Index k,
                              EMFit<Mixture<GaussianFamily<S>>> null,
                              EMFit<Mixture<GaussianFamily<S>>> alternative, Team& team) const {
    const auto rows = static_cast<Index>(std::llround(detail::total_weight(data, team)));
    Vector<double> statistics(replicates);
    Vector<double> unsound(replicates);
    team.for_each_lane(replicates, [&](Index b) {
      const std::uint64_t draw = Random(seed, Purpose::sampling, static_cast<std::uint64_t>(k))
                                     .at(static_cast<std::uint64_t>(b))
                                     .bits();
      const Samples<S> drawn = samples(null.model.sample(rows, draw));
      detail::Team alone{1};
      const auto smaller = fit(drawn, k, alone);
      const auto larger = fit(drawn, k + 1, alone);
      statistics[b] = statistic_of<S>(smaller, larger);
      unsound[b] = detail::rank_of(smaller) < 2 || detail::rank_of(larger) < 2 ? 1.0 : 0.0;
    });
    const double statistic = statistic_of<S>(null, alternative);
    const auto reached = static_cast<double>((statistics.array() >= statistic).count());
    LikelihoodRatio<S> test{form,
                            k,
                            statistic,
                            (1.0 + reached) / (1.0 + static_cast<double>(replicates)),
                            std::move(statistics),
                            static_cast<Index>(unsound.sum()),
                            {},
                            std::move(null),
                            std::move(alternative)};
    if (detail::rank_of(test.null) < 2)
      test.notes.push_back({0, -1, static_cast<double>(k),
                            "the fit that replicates are drawn from is degenerate: see its notes"});
    if (detail::rank_of(test.alternative) < 2)
      test.notes.push_back({0, -1, static_cast<double>(k + 1),
                            "the fit with one component more is degenerate: the statistic may be "
                            "an artefact; see its notes"});
    if (test.degenerate > 0)
      test.notes.push_back({0, -1, static_cast<double>(test.degenerate),
                            detail::concat(test.degenerate, " of ", replicates,
                                           " replicates have a degenerate fit")});
    return test;
  }
};

LATENT_END
