// Lloyd's iteration where rows find their centroid through a tree, and what becomes of clusters
// that no row finds.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "latent/cluster/centroid_tree.hpp"
#include "latent/cluster/row_groups.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

// Every centroid to the weighted mean of its rows, c' = c + sum w (x - c) / sum w; one without rows
// of positive weight stays. Each cluster is summed by one thread in the order of its rows, so that
// one copy of the centroids is all it takes.
template <class S, class Team>
void move_to_means(const Samples<S>& data, const Labels& labels, RowMatrix<S>& centroids,
                   Team& team) {
  const Index clusters = centroids.rows();
  const Groups members = group_by(labels.data(), data.rows(), clusters);
  const Index ranges = std::min<Index>(clusters, 64);
  team.for_each_lane(ranges, [&](Index range) {
    Vector<double> offset(data.cols());
    RowMatrix<S> row(1, data.cols());
    for (Index k = range * clusters / ranges; k < (range + 1) * clusters / ranges; ++k) {
      double weight = 0.0;
      offset.setZero();
      S* c = centroids.data() + k * data.cols();
      for (const Index i : members.group(k)) {
        if (!(data.weight(i) > 0.0)) continue;
        data.read(i, 1, row);
        weight += data.weight(i);
        for (Index j = 0; j < data.cols(); ++j)
          offset[j] +=
              data.weight(i) * (static_cast<double>(row(0, j)) - static_cast<double>(c[j]));
      }
      if (!(weight > 0.0)) continue;
      for (Index j = 0; j < data.cols(); ++j)
        c[j] = static_cast<S>(static_cast<double>(c[j]) + offset[j] / weight);
    }
  });
}

// The tree with its labels, as it is refined.
template <class S, class Team>
class TreeRefinement {
 public:
  TreeRefinement(const Samples<S>& data, std::vector<TreeLevel<S>> levels, Index beam, Team& team)
      : data_{data},
        levels_{std::move(levels)},
        beam_{beam},
        team_{team},
        labels_(data.rows()),
        distances_(data.rows()) {
    assign();
  }

  // Centroids move, rows choose among the centroids below their beam. The nodes above stay, so that
  // a row has the same choice in every iteration and the inertia cannot rise. Returns how many rows
  // of positive weight changed their label.
  Index iterate() {
    const Labels before = labels_;
    move_to_means(data_, labels_, levels_.back().centroids, team_);
    assign();
    Index changed = 0;
    for (Index i = 0; i < data_.rows(); ++i)
      changed += data_.weight(i) > 0.0 && labels_[i] != before[i] ? 1 : 0;
    return changed;
  }

  // Centroids that no row chose go where rows are farthest from their own: the centroid becomes a
  // child of that row's node, at the row. The last child of a node stays with it. Returns how many
  // moved; clusters are numbered anew.
  Index fill_empty_clusters() {
    const TreeLevel<S>& leaves = levels_.back();
    const Index clusters = leaves.centroids.rows();
    std::vector<Index> members(static_cast<std::size_t>(clusters), 0);
    for (Index i = 0; i < data_.rows(); ++i)
      if (data_.weight(i) > 0.0) ++members[static_cast<std::size_t>(labels_[i])];
    std::vector<Index> parent_of(members.size());
    std::vector<Index> children;
    for (Index p = 0; p < leaves.parents(); ++p) {
      children.push_back(leaves.children(p));
      for (Index k = leaves.first_child(p); k < leaves.first_child(p + 1); ++k)
        parent_of[static_cast<std::size_t>(k)] = p;
    }
    std::vector<Index> empty;
    for (Index k = 0; k < clusters; ++k)
      if (members[static_cast<std::size_t>(k)] == 0) empty.push_back(k);
    empty_ = static_cast<Index>(empty.size());
    if (empty.empty()) return 0;

    std::vector<std::pair<double, Index>> far;  // (squared distance, -row)
    for (Index i = 0; i < data_.rows(); ++i)
      if (data_.weight(i) > 0.0 && distances_[i] > 0.0) far.emplace_back(distances_[i], -i);
    std::make_heap(far.begin(), far.end());
    std::vector<std::pair<Index, Index>> moves;  // (cluster, row)
    auto end = far.end();
    for (const Index k : empty) {
      Index& siblings = children[static_cast<std::size_t>(parent_of[static_cast<std::size_t>(k)])];
      if (siblings == 1) continue;
      while (end != far.begin()) {
        std::pop_heap(far.begin(), end);
        const Index row = -(--end)->second;
        const auto donor = static_cast<std::size_t>(labels_[row]);
        if (members[donor] < 2) continue;
        --members[donor];
        --siblings;
        parent_of[static_cast<std::size_t>(k)] = parent_of[donor];
        ++children[static_cast<std::size_t>(parent_of[donor])];
        moves.emplace_back(k, row);
        break;
      }
    }
    if (!moves.empty()) regroup(parent_of, children, moves);
    return static_cast<Index>(moves.size());
  }

  const Labels& labels() const { return labels_; }
  double inertia() const { return inertia_; }
  Index empty() const { return empty_; }  // clusters, when they were last counted
  Index assignments() const { return assignments_; }
  const std::shared_ptr<const CentroidTree<S>>& tree() const { return tree_; }

 private:
  void assign() {
    tree_ = std::make_shared<const CentroidTree<S>>(levels_);
    assign_by_tree(*tree_, data_, beam_, labels_, distances_.data(), team_);
    ++assignments_;
    inertia_ = team_.reduce(
        lanes_of(data_.rows()), [] { return 0.0; },
        [&](Index lane, double& sum) {
          for_each_tile(data_.rows(), lane, [&](Index first, Index rows) {
            for (Index i = first; i < first + rows; ++i) sum += data_.weight(i) * distances_[i];
          });
        });
  }

  // The last level with its centroids below the parents given, those of equal parent in their order.
  void regroup(const std::vector<Index>& parent_of, const std::vector<Index>& children,
               const std::vector<std::pair<Index, Index>>& moves) {
    TreeLevel<S>& leaves = levels_.back();
    RowMatrix<S> row(1, data_.cols());
    for (const auto& [cluster, from] : moves) {
      data_.read(from, 1, row);
      leaves.centroids.row(cluster) = row;
    }
    const std::vector<int> labels(parent_of.begin(), parent_of.end());
    const Groups sorted = group_by(labels.data(), static_cast<Index>(labels.size()),
                                   static_cast<Index>(children.size()));
    leaves.centroids = gather_rows<S>(samples(leaves.centroids), sorted.items);
    leaves.starts = sorted.starts;
    assign();
  }

  const Samples<S>& data_;
  std::vector<TreeLevel<S>> levels_;
  Index beam_;
  Team& team_;
  Labels labels_;
  Vector<double> distances_;  // n: squared, to the centroid of the label
  double inertia_ = 0.0;
  Index empty_ = 0;
  Index assignments_ = 0;
  std::shared_ptr<const CentroidTree<S>> tree_;
};

}  // namespace detail

LATENT_END
