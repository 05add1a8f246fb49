// How many clusters? One call fits k-means for every k of a range and judges each.
//
//   auto choice = ChooseClusters{.from = 1, .to = 10}.fit(x);      // x: n x D
//   choice.clusters;  choice.reason;  choice.fit.labels;
//   choice.table().to_markdown();
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/kmeans.hpp"
#include "latent/metrics/dispersion.hpp"
#include "latent/metrics/silhouette.hpp"
#include "latent/selection/agreement.hpp"
#include "latent/selection/cluster_bic.hpp"
#include "latent/selection/cluster_votes.hpp"
#include "latent/selection/gap_reference.hpp"
#include "latent/selection/scaled_source.hpp"

LATENT_BEGIN

// Fits k-means for k = from ... to and chooses.
//
// For each k: the best of `seeds` fits (each with kmeans.restarts runs); its inertia; silhouette (of a
// sample where there are many rows), Calinski-Harabasz, Davies-Bouldin; BIC; the gap with its standard
// error; the stability, that is the mean adjusted Rand index of all pairs of the fits. The reason
// names what each criterion prefers:
//
//   one cluster or several?  the gap alone says (BIC, where references = 0)
//   how many?                the k with the most votes of gap, BIC, silhouette, Calinski-Harabasz and
//                            Davies-Bouldin; of equal votes, those of the criterion named first
//
// All these mean round clusters of similar width, which is what k-means finds. Stability has no vote:
// k = 1 is always stable, and a k that is not means that the starts were too few as often as that k is
// wrong. A low one is said in the reason.
//
// All criteria and the references are in the scale of kmeans.standardize and kmeans.feature_weights, in
// which the fits are; the model is in the units of the data.
//
// Weights count as rows, in silhouette, BIC and Calinski-Harabasz too: weights of another scale, which
// sum to less than to + 1 and than the number of rows of positive weight, are refused; labels of a
// source are ignored. O(sum of k) times (seeds + references)
// fits of k-means, each on one thread; memory n x (to - from + 1) x seeds labels, and n x D numbers for
// each thread. The same bits for any executor.
struct ChooseClusters {
  Index from = 1;  // >= 1
  Index to = 10;   // >= from, at most the rows of positive weight
  // How to fit; clusters must not be set. Fit s of each k has the seed kmeans.seed + s.
  KMeans kmeans = {.init = KMeansInit::greedy_plus_plus, .restarts = 3};
  // >= 1 fits a k; the stability needs 2. Starts that use no seed (see KMeansInit) are fitted once, and
  // have no stability.
  Index seeds = 5;
  Index references = 10;  // data sets without clusters, for the gap: 0 = no gap, else >= 2
  GapReference reference = GapReference::principal_axes;
  GapRule gap_rule = GapRule::highest;
  Index silhouette_rows = 2000;  // >= 2; of more rows, a sample of so many: SampledSilhouette

  // Throws as KMeans, and InvalidArgument for options out of their range.
  template <class Data, class Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    check();
    return sweep(detail::as_samples(data), executor);
  }

 private:
  template <class S, class Exec>
  ClusterChoice<S> sweep(const Samples<S>& given, const Exec& executor) const {
    auto&& team = executor.team();
    const auto scaled = detail::scaled_source(given, kmeans, to, "to", team, "ChooseClusters");
    const Samples<S>& source = scaled.data;
    detail::check_total_weight(given, static_cast<double>(to) + 1.0, team, "ChooseClusters");

    ClusterChoice<S> choice;
    const Index count = to - from + 1;
    const Index starts = starts_of_fit();
    std::vector<std::vector<KMeansFit<S>>> fits(static_cast<std::size_t>(count));
    for (auto& runs : fits) runs.resize(static_cast<std::size_t>(starts));
    // Fits are independent: they share the threads, and each runs on one.
    team.for_each_lane(count * starts, [&](Index job) {
      fits[static_cast<std::size_t>(job / starts)][static_cast<std::size_t>(job % starts)] =
          run(scaled.kmeans, source, from + job / starts, job % starts);
    });
    for (Index i = 0; i < count; ++i) {
      auto& runs = fits[static_cast<std::size_t>(i)];
      ClusterRow row;
      row.clusters = from + i;
      if (starts > 1) row.stability = agreement(source, runs, team);
      const auto best =
          std::min_element(runs.begin(), runs.end(),
                           [](const auto& a, const auto& b) { return a.inertia < b.inertia; });
      if (best != runs.begin()) runs.front() = std::move(*best);
      runs.resize(1);
      judge(scaled, runs.front(), row, executor);
      choice.rows.push_back(row);
    }
    if (references > 0) add_gaps(scaled, choice.rows, executor, team);
    choice.votes = detail::cluster_votes(choice.rows, gap_rule);
    detail::Decision decision = detail::decide(choice.rows, choice.votes);
    choice.clusters = decision.clusters;
    choice.reason = std::move(decision.reason) + remarks(choice.rows, choice.clusters);
    choice.fit = std::move(fits[static_cast<std::size_t>(choice.clusters - from)].front());
    scaled.return_to_units(choice.fit, team);
    return choice;
  }

  void check() const {
    detail::require(from >= 1, "ChooseClusters: from must be at least 1; got ", from);
    detail::require(to >= from, "ChooseClusters: to must be at least from; got from = ", from,
                    ", to = ", to);
    detail::require(kmeans.clusters == KMeans::unset,
                    "ChooseClusters: kmeans.clusters must not be set; got ", kmeans.clusters);
    detail::require(seeds >= 1, "ChooseClusters: seeds must be at least 1; got ", seeds);
    detail::require(references == 0 || references >= 2,
                    "ChooseClusters: references must be 0 or at least 2; got ", references);
    detail::require(silhouette_rows >= 2,
                    "ChooseClusters: silhouette_rows must be at least 2; got ", silhouette_rows);
  }

  // What one should know of the choice beside the votes.
  std::string remarks(const std::vector<ClusterRow>& rows, Index clusters) const {
    const ClusterRow& row = rows[static_cast<std::size_t>(clusters - from)];
    std::string text = ".";
    if (clusters == to && to > from) text += " It is the largest number tried: try more.";
    if (row.stability && *row.stability < 0.9)
      text += detail::concat(" Fits from different seeds agree only to ",
                             detail::finite_number(*row.stability, 2),
                             " (mean adjusted Rand index): more restarts may change the choice.");
    return text;
  }

  template <class S>
  static KMeansFit<S> run(KMeans options, const Samples<S>& data, Index clusters, Index seed) {
    options.clusters = clusters;
    options.seed += static_cast<std::uint64_t>(seed);
    return options.fit(data, Serial{});
  }

  // Fits that do not depend on the seed are all one: it would say nothing that they agree.
  Index starts_of_fit() const {
    const bool seeded =
        !detail::is_deterministic(kmeans.init) || kmeans.algorithm == KMeansAlgorithm::mini_batch;
    return seeded ? seeds : 1;
  }

  template <class S, class Team>
  static double agreement(const Samples<S>& data, const std::vector<KMeansFit<S>>& runs,
                          Team& team) {
    std::vector<Labels> labels;
    for (const KMeansFit<S>& fit : runs)
      labels.push_back(detail::labels_that_count(data, fit.labels));
    return detail::mean_agreement(labels, team);
  }

  template <class S, class Exec>
  void judge(const detail::ScaledSource<S>& scaled, const KMeansFit<S>& best, ClusterRow& row,
             const Exec& executor) const {
    const Samples<S>& data = scaled.data;
    row.inertia = best.inertia;
    Vector<double> weights = Vector<double>::Zero(row.clusters);
    for (Index i = 0; i < data.rows(); ++i) weights[best.labels[i]] += data.weight(i);
    const auto clusters = static_cast<double>((weights.array() > 0.0).count());
    if (!(weights.sum() > clusters)) return;
    row.bic = detail::kmeans_bic(best.inertia, weights, scaled.features);
    if (clusters < 2.0) return;
    row.silhouette = SampledSilhouette{.rows = silhouette_rows, .seed = kmeans.seed}
                         .estimate(data, best.labels, executor)
                         .value;
    row.calinski_harabasz = calinski_harabasz(data, best.labels, executor);
    row.davies_bouldin = davies_bouldin(data, best.labels, executor);
  }

  // gap(k) = mean_b log W_b(k) - log W(k), s(k) = sd_b sqrt(1 + 1 / B), over B references.
  template <class S, class Exec, class Team>
  void add_gaps(const detail::ScaledSource<S>& scaled, std::vector<ClusterRow>& rows,
                const Exec& executor, Team& team) const {
    const Samples<S>& data = scaled.data;
    const auto count = static_cast<Index>(rows.size());
    if (!rows.front().bic) return;  // no more rows than clusters
    const detail::ReferenceData<S> uniform{data, reference, kmeans.seed, executor};
    RowMatrix<double> logs(references, count);
    team.for_each_lane(references, [&](Index b) {
      Samples<S> drawn = samples(uniform.draw(b));
      if (data.has_weights()) drawn = drawn.weights(data.weights());
      for (Index i = 0; i < count; ++i)
        logs(b, i) = std::log(
            run(scaled.kmeans, drawn, rows[static_cast<std::size_t>(i)].clusters, 0).inertia);
    });
    for (Index i = 0; i < count; ++i) {
      ClusterRow& row = rows[static_cast<std::size_t>(i)];
      if (!row.bic) continue;
      double mean = 0.0;
      for (Index b = 0; b < references; ++b) mean += logs(b, i) / static_cast<double>(references);
      if (!is_finite(mean)) continue;  // the box has no room for k clusters: all rows are equal
      double variance = 0.0;
      for (Index b = 0; b < references; ++b)
        variance += (logs(b, i) - mean) * (logs(b, i) - mean) / static_cast<double>(references);
      row.gap = mean - std::log(row.inertia);
      row.gap_error = std::sqrt(variance * (1.0 + 1.0 / static_cast<double>(references)));
    }
  }
};

LATENT_END
