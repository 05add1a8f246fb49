// HierarchicalKMeans: very many clusters, found and assigned through a tree of centroids.
//
//   auto fit = latent::HierarchicalKMeans{.clusters = 29000}.fit(documents);
//   fit.model.predict(more);  fit.labels;  fit.inertia;
//   fit.error.mislabelled;  fit.error.excess;       // what the tree costs in accuracy
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/cluster/hierarchical_kmeans_model.hpp"
#include "latent/cluster/tree_growth.hpp"
#include "latent/cluster/tree_refinement.hpp"

LATENT_BEGIN

// The labels are model.predict(data), the inertia is theirs. report.trace[0] is the tree as grown,
// trace[t] the tree after t iterations of refinement; report.evaluations counts the assignments of
// all rows through the tree. Status::converged: the last iteration changed no label, or, without
// refinement, every k-means that grew the tree converged.
template <class S>
struct HierarchicalKMeansFit {
  HierarchicalKMeansModel<S> model;
  Labels labels;  // n; 0 ... K-1
  double inertia = 0.0;
  Report report;
  AssignmentError error;  // of the labels, against the nearest of the K centroids
};

// K clusters where n K D is out of reach. A k-means divides the rows among B nodes; each node gets a
// share of the K clusters and divides its own rows, by the same k-means (Nister and Stewenius 2006,
// "Scalable recognition with a vocabulary tree", for the tree; the shares and the beam are not
// theirs). Two levels of about sqrt(K) cost 2 n sqrt(K) D an iteration instead of n K D; l levels
// l n K^(1/l) D. Then `refine` iterations of Lloyd in which rows find their centroid by the beam.
//
// Exactly K clusters, none empty where there are K different rows; where there are fewer the status
// is degenerate and a note has their number. The same input, seed and program give the same bits
// for any executor: each k-means below the top runs on one thread, many at once.
//
// Memory: labels, a distance and an index a row; one dense copy of the rows of the nodes in work (in
// all at most one of the data); the tree, about four times the K x D centroids. Never n x K.
//
// Data as in KMeans: rows of zero weight are labelled and otherwise take no part. Throws
// InvalidArgument for options out of their range, shapes, and more clusters than rows of positive
// weight; DataError as KMeans.
struct HierarchicalKMeans {
  static constexpr Index most_levels = 16;

  Index clusters = 8;   // K >= 1
  Index levels = 2;     // 1 ... 16; 1 = plain k-means
  Index branching = 0;  // >= 0: children of a node above the last level; 0 = about K^(1/levels)
  // >= 1: nodes that a row keeps at each level. 1 = fastest; as many as there are nodes = the exact
  // nearest centroid. The model keeps it: see with_beam().
  Index beam = 4;
  Index refine = 3;  // >= 0: iterations of Lloyd after the tree has grown
  ClusterShare share = ClusterShare::inertia;
  KMeansInit init = KMeansInit::plus_plus;  // of every k-means in the tree
  Index max_iterations = 10;                // >= 1, of every k-means in the tree
  double tolerance = 0.0;                   // >= 0, the same; see KMeans
  // >= 0: rows on which the error is measured, O(error_rows K D); 0 = it is not.
  Index error_rows = 2048;
  std::uint64_t seed = 0;  // any

  template <class Data, class Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    const auto& source = detail::as_samples(data);
    using S = typename std::remove_cvref_t<decltype(source)>::Scalar;
    check_options();
    const detail::Stopwatch watch;
    auto&& team = executor.team();
    using Team = std::remove_cvref_t<decltype(team)>;
    detail::check_kmeans_data(source, clusters, 0.0, team, "HierarchicalKMeans");

    const detail::GrowthOptions options{
        levels, branching, share,
        KMeans{.init = init, .max_iterations = max_iterations, .tolerance = tolerance}, seed};
    detail::TreeGrowth<S> growth{source, options};
    auto grown = growth.grow(clusters, team);
    detail::TreeRefinement<S, Team> tree{source, std::move(grown), beam, team};

    HierarchicalKMeansFit<S> fit;
    Report& report = fit.report;
    bool converged = growth.converged() && refine == 0;
    const auto record = [&] {
      report.trace.push_back({report.iterations, tree.inertia(), 0.0, 0.0, watch.seconds()});
    };
    fill_empty_clusters(tree, report);
    record();
    while (report.iterations < refine && !converged) {
      converged = tree.iterate() == 0;
      ++report.iterations;
      converged = fill_empty_clusters(tree, report) == 0 && converged;
      record();
    }
    report.status = converged ? Status::converged : Status::max_iterations;
    if (growth.distinct() < clusters || tree.empty() > 0) report.status = Status::degenerate;
    if (growth.distinct() < clusters)
      report.notes.push_back({report.iterations, -1, static_cast<double>(growth.distinct()),
                              "fewer distinct rows than clusters; value = distinct rows"});
    else if (tree.empty() > 0)
      report.notes.push_back({report.iterations, -1, static_cast<double>(tree.empty()),
                              "clusters stayed empty; value = their number"});

    fit.model = HierarchicalKMeansModel<S>{tree.tree(), beam};
    fit.labels = tree.labels();
    fit.inertia = tree.inertia();
    if (error_rows > 0)
      fit.error = fit.model.assignment_error(source, error_rows, seed, detail::Lent<Team>{team});
    report.evaluations = tree.assignments();
    report.seconds = watch.seconds();
    return fit;
  }

 private:
  void check_options() const {
    using detail::require;
    require(clusters >= 1, "HierarchicalKMeans: clusters must be at least 1; got ", clusters);
    require(levels >= 1 && levels <= most_levels, "HierarchicalKMeans: levels must be in 1 ... ",
            most_levels, "; got ", levels);
    require(branching >= 0, "HierarchicalKMeans: branching must be at least 0; got ", branching);
    require(beam >= 1, "HierarchicalKMeans: beam must be at least 1; got ", beam);
    require(refine >= 0, "HierarchicalKMeans: refine must be at least 0; got ", refine);
    require(max_iterations >= 1, "HierarchicalKMeans: max_iterations must be at least 1; got ",
            max_iterations);
    require(is_finite(tolerance) && tolerance >= 0.0,
            "HierarchicalKMeans: tolerance must be finite and not negative; got ", tolerance);
    require(error_rows >= 0, "HierarchicalKMeans: error_rows must be at least 0; got ", error_rows);
  }

  // Until no cluster is empty or none can be filled. A centroid put on a row may still lose it to a
  // tie, or leave another one empty, hence more than one pass. Returns how many moved.
  template <class Tree>
  static Index fill_empty_clusters(Tree& tree, Report& report) {
    constexpr int passes = 8;
    Index moved = 0;
    for (int pass = 0; pass < passes; ++pass) {
      const Index now = tree.fill_empty_clusters();
      moved += now;
      if (now == 0) break;
    }
    if (moved > 0)
      report.notes.push_back({report.iterations, -1, static_cast<double>(moved),
                              "empty clusters took distant rows; value = how many"});
    return moved;
  }
};

LATENT_END
