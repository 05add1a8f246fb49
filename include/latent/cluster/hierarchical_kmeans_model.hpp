// The model of HierarchicalKMeans: K centroids and the tree through which rows reach them.
// Immutable, safe to share between threads; copies share the tree.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "latent/cluster/assignment_error.hpp"
#include "latent/cluster/centroid_tree.hpp"
#include "latent/cluster/kmeans_model.hpp"

LATENT_BEGIN

// Data are matrices, expressions or sources with D columns. Every method that takes some throws
// InvalidArgument where the number of columns differs or the model is empty, and DataError for NaN,
// infinities and magnitudes beyond 2^480; no rows give an empty result.
//
// A row descends: of each level it keeps the `beam` nearest among the children of the nodes kept
// above, and in the last level takes the nearest. That costs O(branching levels beam D) a row, far
// below K D, and the centroid found need not be the nearest of all: assignment_error() measures how
// often. beam = 1 is the fastest; with a beam of all nodes the labels are those of flat().predict().
// With two levels a larger beam never takes a row farther.
template <class S>
class HierarchicalKMeansModel {
 public:
  using Scalar = S;

  // Empty: fit or assign one before use.
  HierarchicalKMeansModel() = default;

  HierarchicalKMeansModel(std::shared_ptr<const detail::CentroidTree<S>> tree, Index beam)
      : tree_{std::move(tree)}, beam_{beam} {
    detail::require(tree_ != nullptr, "HierarchicalKMeansModel: there must be a tree; got none");
    detail::require(beam >= 1, "HierarchicalKMeansModel: beam must be at least 1; got ", beam);
  }

  const RowMatrix<S>& centroids() const { return tree().centroids(); }  // K x D
  Index beam() const { return beam_; }

  // The same tree with another beam, which must be at least 1.
  HierarchicalKMeansModel with_beam(Index beam) const {
    require_fitted();
    return HierarchicalKMeansModel{tree_, beam};
  }

  // The number of levels, and the nodes of each: level 0 is the top, the last holds the centroids.
  Index levels() const { return static_cast<Index>(tree().levels().size()); }
  const RowMatrix<S>& nodes(Index level) const { return at(level).centroids; }

  // The children of node `node` of `level`, any but the last: nodes first ... first + second - 1 of
  // level + 1.
  std::pair<Index, Index> children(Index level, Index node) const {
    detail::require(level >= 0 && level < levels() - 1,
                    "HierarchicalKMeansModel: children: level must lie above the last, ",
                    levels() - 1, "; got ", level);
    const detail::TreeLevel<S>& below = at(level + 1);
    detail::require(node >= 0 && node < below.parents(),
                    "HierarchicalKMeansModel: children: node must be in 0 ... ",
                    below.parents() - 1, "; got ", node, " of level ", level);
    return {below.first_child(node), below.children(node)};
  }

  // The model without its tree. O(K D).
  KMeansModel<S> flat() const { return KMeansModel<S>{centroids()}; }

  // n labels: the centroid that the descent finds.
  template <class Data, class Exec = Threads>
  Labels predict(const Data& x, const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    auto&& team = executor.team();
    Labels labels(data.rows());
    descend(data, labels, nullptr, team);
    return labels;
  }

  // The negative inertia of the rows: -sum of w |x - c|^2 over the centroid that each is given.
  template <class Data, class Exec = Threads>
  double score(const Data& x, const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    auto&& team = executor.team();
    Labels labels(data.rows());
    Vector<double> distances(data.rows());
    descend(data, labels, distances.data(), team);
    double sum = 0.0;
    for (Index i = 0; i < data.rows(); ++i) sum += data.weight(i) * distances[i];
    return -sum;
  }

  // How far predict() is from the nearest centroid, on a sample of `rows` rows of the data: see
  // AssignmentError. rows >= 1; all rows where there are fewer. O(rows K D).
  template <class Data, class Exec = Threads>
  AssignmentError assignment_error(const Data& x, Index rows = 2048, std::uint64_t seed = 0,
                                   const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    check_columns(data);
    detail::require(rows >= 1, "HierarchicalKMeansModel: the sample must have rows; got ", rows);
    auto&& team = executor.team();
    const auto labels_of = [&](const RowMatrix<S>& sample) {
      Labels labels(sample.rows());
      descend(samples(sample), labels, nullptr, team);
      return labels;
    };
    return detail::assignment_error(data, centroids(), labels_of, rows, seed, team);
  }

 private:
  void require_fitted() const {
    detail::require(tree_ != nullptr,
                    "HierarchicalKMeansModel: fit it before use; it has no centroids");
  }
  const detail::CentroidTree<S>& tree() const {
    require_fitted();
    return *tree_;
  }
  const detail::TreeLevel<S>& at(Index level) const {
    detail::require(level >= 0 && level < levels(),
                    "HierarchicalKMeansModel: level must be in 0 ... ", levels() - 1, "; got ",
                    level);
    return tree().levels()[static_cast<std::size_t>(level)];
  }
  template <class T>
  void check_columns(const Samples<T>& data) const {
    const Index cols = tree().cols();
    detail::require(data.cols() == cols, "HierarchicalKMeansModel: data must have ", cols,
                    " columns, as the centroids; got ", data.rows(), " x ", data.cols());
  }

  template <class T, class Team>
  void descend(const Samples<T>& data, Labels& labels, double* distances, Team& team) const {
    check_columns(data);
    const Index lanes = detail::lanes_of(data.rows());
    team.for_each_lane(lanes, [&](Index lane) {
      detail::for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
        detail::check_magnitudes(data, first, rows, "HierarchicalKMeansModel");
      });
    });
    detail::assign_by_tree(*tree_, data, beam_, labels, distances, team);
  }

  std::shared_ptr<const detail::CentroidTree<S>> tree_;
  Index beam_ = 1;
};

LATENT_END
