// G-means: k-means that finds its own number of clusters. A cluster whose rows do not look normal is
// split in two, until all do.
//
//   auto fit = latent::GMeans{}.fit(x);      // x: n x D
//   fit.model.centroids();  fit.labels;  fit.report.notes;
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/kmeans.hpp"
#include "latent/decomposition/pca.hpp"
#include "latent/selection/anderson_darling.hpp"
#include "latent/selection/merge_clusters.hpp"
#include "latent/selection/scaled_source.hpp"

LATENT_BEGIN

namespace detail {

// What became of the test of one cluster.
template <class S>
struct SplitTest {
  double statistic = 0.0;  // A*^2
  bool tested = false;     // false: too few rows, or all are equal
  RowMatrix<S> children;   // 2 x D
};

// rows: m x D, those of one cluster that have a weight, with their weights.
template <class S>
SplitTest<S> test_split(const Samples<S>& rows, KMeans kmeans) {
  SplitTest<S> test;
  const Index cols = rows.cols();
  const auto axis = PCA{.keep = Index{1}}.fit(rows, Serial{}).model;
  // Where the halves of a normal cloud have their means: sd sqrt(2 / pi) from the middle.
  const double step = axis.parts().deviation[0] * std::sqrt(2.0 / std::numbers::pi);
  if (!(step > 0.0)) return test;
  RowMatrix<S> start(2, cols);
  for (Index j = 0; j < cols; ++j) {
    const double move = step * static_cast<double>(axis.projection()(j, 0));
    start(0, j) = static_cast<S>(axis.parts().mean[j] + move);
    start(1, j) = static_cast<S>(axis.parts().mean[j] - move);
  }
  kmeans.clusters = 2;
  test.children = kmeans.fit_from(start, rows, Serial{}).model.centroids();
  if (test.children.rows() < 2) return test;
  std::vector<std::pair<double, double>> along;
  for (Index i = 0; i < rows.rows(); ++i) {
    double value = 0.0;
    for (Index j = 0; j < cols; ++j)
      value +=
          (static_cast<double>(rows(i, j)) - axis.parts().mean[j]) / step *
          ((static_cast<double>(test.children(0, j)) - static_cast<double>(test.children(1, j))) /
           step);
    along.emplace_back(value, rows.weight(i));
  }
  test.statistic = anderson_darling(std::move(along));
  test.tested = true;
  return test;
}

}  // namespace detail

// Each round: for every cluster, two centroids are put where the halves of a normal cloud would have
// theirs along its principal component, 2-means runs on its rows, and the rows are projected on the
// line between the two. Where Anderson and Darling's A*^2 of the projections exceeds `critical`, the
// two replace the one. Then k-means runs on all rows from the new centroids. It ends when no cluster
// is split (Hamerly and Elkan 2003, "Learning the k in k-means").
//
// Splitting alone leaves pieces: a cut through a cluster that was made early is never mended, and
// clusters that are not quite normal fall apart, the more so the more rows they have. So in the end, with
// `merge`, pairs of clusters become one for as long as the BIC of the whole (round clouds of one common
// width, after Pelleg and Moore 2000) falls, and k-means runs once more. Long clusters, and such as are
// much wider than others, may stay in pieces; docs/kmeans.md has figures.
//
// The result is that of k-means with the final number of clusters: labels, inertia and trace are of the
// last run, evaluations of all. Notes, one for each split, for each cluster that was kept, and
// for each merging: iteration = round, component = the cluster's index in that round, value = A*^2 or
// the fall of BIC. Status max_iterations: a cluster would have been split but for max_clusters.
//
// All is done in the scale of kmeans.standardize and kmeans.feature_weights; the model is in the units
// of the data. Weights count as rows: such as sum to less than 8 and than the number of rows of
// positive weight are refused. Labels of a source are ignored. The same bits for any executor. O(n K D)
// an iteration of k-means, O(n D min(n, D)) for the principal components of a round.
struct GMeans {
  static constexpr double least_rows = 8.0;  // clusters of fewer rows (by weight) are not tested

  Index start = 1;  // >= 1 clusters to begin with
  // > 0. Of normal data, A*^2 exceeds 1.8692 with probability 0.0001 (Hamerly and Elkan), 1.092 with
  // 0.01, 0.787 with 0.05 (Stephens 1974). A round tests every cluster, hence the first.
  double critical = 1.8692;
  Index max_clusters = 1000;  // >= start
  KMeans kmeans = {};         // clusters must not be set; restarts concern the start
  bool merge = true;          // false: the algorithm of the paper, which only splits

  // Throws as KMeans, and InvalidArgument for options out of their range.
  template <class Data, class Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    detail::require(start >= 1, "GMeans: start must be at least 1; got ", start);
    detail::require(is_finite(critical) && critical > 0.0,
                    "GMeans: critical must be finite and positive; got ", critical);
    detail::require(max_clusters >= start, "GMeans: max_clusters must be at least start = ", start,
                    "; got ", max_clusters);
    detail::require(kmeans.clusters == KMeans::unset,
                    "GMeans: kmeans.clusters must not be set; got ", kmeans.clusters);
    return run(detail::as_samples(data), executor);
  }

 private:
  template <class S, class Exec>
  KMeansFit<S> run(const Samples<S>& given, const Exec& executor) const {
    const detail::Stopwatch watch;
    auto&& team = executor.team();
    const auto scaled = detail::scaled_source(given, kmeans, start, "start", team, "GMeans");
    const Samples<S>& source = scaled.data;
    detail::check_total_weight(given, least_rows, team, "GMeans");
    const KMeans& options = scaled.kmeans;
    KMeans first = options;
    first.clusters = start;
    KMeansFit<S> fit = first.fit(source, executor);
    std::vector<Note> notes;
    for (Index round = 1;; ++round) {
      const std::vector<detail::SplitTest<S>> tests = test_all(source, fit, options, team);
      Index splits = 0;
      bool full = false;
      RowMatrix<S> next = divide(fit.model.centroids(), tests, round, splits, full, notes);
      if (splits == 0) {
        conclude(tests, round, notes);
        if (merge && fit.model.centroids().rows() > 1) {
          next = detail::merge_clusters(source, fit.model.centroids(), fit.labels, scaled.features,
                                        round, notes, team);
          if (next.rows() < fit.model.centroids().rows())
            refit(fit, options, next, source, executor);
        }
        if (full) fit.report.status = Status::max_iterations;
        break;
      }
      const Index clusters = fit.model.centroids().rows();
      refit(fit, options, next, source, executor);
      // Empty clusters that are dropped could undo a split for ever.
      if (fit.model.centroids().rows() <= clusters) break;
    }
    fit.report.notes.insert(fit.report.notes.begin(), notes.begin(), notes.end());
    scaled.return_to_units(fit, team);
    fit.report.seconds = watch.seconds();
    return fit;
  }

  template <class S, class Exec>
  static void refit(KMeansFit<S>& fit, const KMeans& options, const RowMatrix<S>& start_at,
                    const Samples<S>& data, const Exec& executor) {
    const Index before = fit.report.evaluations;
    fit = options.fit_from(start_at, data, executor);
    fit.report.evaluations += before;
  }

  template <class S, class Team>
  std::vector<detail::SplitTest<S>> test_all(const Samples<S>& data, const KMeansFit<S>& fit,
                                             const KMeans& options, Team& team) const {
    const Index clusters = fit.model.centroids().rows();
    std::vector<std::vector<Index>> members(static_cast<std::size_t>(clusters));
    for (Index i = 0; i < data.rows(); ++i)
      if (data.weight(i) > 0.0) members[static_cast<std::size_t>(fit.labels[i])].push_back(i);
    std::vector<detail::SplitTest<S>> tests(members.size());
    team.for_each_lane(clusters, [&](Index k) {
      const std::vector<Index>& rows = members[static_cast<std::size_t>(k)];
      if (rows.size() < 2) return;
      RowMatrix<S> x(static_cast<Index>(rows.size()), data.cols());
      Vector<double> weights(x.rows());
      RowMatrix<S> one(1, x.cols());
      for (Index i = 0; i < x.rows(); ++i) {
        const Index row = rows[static_cast<std::size_t>(i)];
        data.read(row, 1, one);
        x.row(i) = one;
        weights[i] = data.weight(row);
      }
      if (weights.sum() < least_rows) return;
      tests[static_cast<std::size_t>(k)] =
          detail::test_split(samples(std::move(x)).weights(weights), options);
    });
    return tests;
  }

  // The centroids of the next round.
  template <class S>
  RowMatrix<S> divide(const RowMatrix<S>& centroids, const std::vector<detail::SplitTest<S>>& tests,
                      Index round, Index& splits, bool& full, std::vector<Note>& notes) const {
    RowMatrix<S> next(2 * centroids.rows(), centroids.cols());
    Index count = 0;
    for (Index k = 0; k < centroids.rows(); ++k) {
      const auto& test = tests[static_cast<std::size_t>(k)];
      const bool split = test.tested && test.statistic > critical;
      if (split && centroids.rows() + splits < max_clusters) {
        next.middleRows(count, 2) = test.children;
        count += 2;
        ++splits;
        notes.push_back({round, k, test.statistic, "split: not normal; value = A*^2"});
      } else {
        full = full || split;
        next.row(count++) = centroids.row(k);
      }
    }
    return next.topRows(count);
  }

  template <class S>
  void conclude(const std::vector<detail::SplitTest<S>>& tests, Index round,
                std::vector<Note>& notes) const {
    for (std::size_t k = 0; k < tests.size(); ++k)
      notes.push_back({round, static_cast<Index>(k), tests[k].statistic,
                       !tests[k].tested ? "kept: fewer than 8 rows (by weight), or all are equal"
                                        : (tests[k].statistic > critical
                                               ? "kept: max_clusters is reached; value = A*^2"
                                               : "kept: may be normal; value = A*^2")});
  }
};

LATENT_END
