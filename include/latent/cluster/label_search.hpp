// Which search finds the labels of an iteration. All of them find the same.
#pragma once

#include <cmath>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "latent/cluster/bounds.hpp"
#include "latent/cluster/search.hpp"
#include "latent/cluster/update.hpp"

LATENT_BEGIN

// How k-means finds labels. All exact algorithms give the labels, centroids and iterations of
// Lloyd's from the same start.
//
// automatic: chosen by the sizes, and by what the first iterations show.
// lloyd:     every row against every centroid.
// hamerly:   one lower bound a row (Hamerly 2010); rows that it does not decide go through the
//            kernel of lloyd.
// yinyang:   a lower bound a row and group of centroids (Ding et al. 2015).
//
// mini_batch: approximate, for many rows: learns from batches drawn at random and closes with one
// iteration of Lloyd's. A few percent above the inertia of the exact methods, for the price of about
// three passes over the data; max_iterations and report.iterations count passes of the batches. See
// mini_batch() in cluster/mini_batch.hpp for the rule that ends it, and for its trace.
enum class KMeansAlgorithm { automatic, lloyd, hamerly, yinyang, mini_batch };

namespace detail {

// Sums anew, about the centroids of the table.
template <class S, class Team>
void refresh(const Samples<S>& data, const CentroidTable<S>& table, const Labels& labels,
             RunningSums<S>& sums, Team& team) {
  sums.renew(table.centroids(), sum_clusters(data, table.centroids(), labels, team));
}

// Groups of centroids that lie near each other: a few iterations of Lloyd over the centroids.
template <class S>
std::vector<std::vector<Index>> group_centroids(const RowMatrix<S>& centroids, Index count) {
  const Index clusters = centroids.rows();
  std::vector<Index> group(static_cast<std::size_t>(clusters), 0);
  if (count > 1) {
    RowMatrix<double> centres(count, centroids.cols());
    for (Index g = 0; g < count; ++g)
      centres.row(g) = centroids.row(g * clusters / count).template cast<double>();
    for (int iteration = 0; iteration < 5; ++iteration) {
      const CentroidTable<double> table{centres};
      RowMatrix<double> sums = RowMatrix<double>::Zero(count, centroids.cols());
      Vector<double> members = Vector<double>::Zero(count);
      for (Index k = 0; k < clusters; ++k) {
        const RowMatrix<double> centroid = centroids.row(k).template cast<double>();
        const int g = nearest_by_differences(table, centroid.data());
        group[static_cast<std::size_t>(k)] = g;
        sums.row(g) += centroid;
        members[g] += 1.0;
      }
      for (Index g = 0; g < count; ++g)
        if (members[g] > 0.0) centres.row(g) = sums.row(g) / members[g];
    }
  }
  std::vector<std::vector<Index>> groups(static_cast<std::size_t>(count));
  for (Index k = 0; k < clusters; ++k)
    groups[static_cast<std::size_t>(group[static_cast<std::size_t>(k)])].push_back(k);
  std::erase_if(groups, [](const auto& members) { return members.empty(); });
  return groups;
}

// What finding labels costs, in vector operations of the kernels; measured, and right to some 20 %.
template <class S>
struct SearchCost {
  Index cols = 0;
  Index clusters = 0;

  double pair() const {
    const auto d = static_cast<double>(cols);
    const double operations = cols <= direct_columns ? 2.0 * d + 5.0 : d + 5.0;
    return operations / static_cast<double>(vector_lanes<S>);
  }
  double exhaustive(Index rows) const { return static_cast<double>(rows * clusters) * pair(); }
  double bounded(Index rows, Index groups, const typename BoundSearch<S>::Work& work) const {
    const auto d = static_cast<double>(cols);
    return (16.0 + 2.0 * static_cast<double>(groups)) * static_cast<double>(rows) +
           (20.0 + 0.5 * d) * static_cast<double>(work.tightened) +
           (30.0 + d) * static_cast<double>(work.searched) +
           1.15 * pair() * static_cast<double>(work.pairs);
  }
};

template <class S>
class LabelSearch {
 public:
  LabelSearch(const Samples<S>& data, KMeansAlgorithm algorithm)
      : data_{data}, algorithm_{algorithm}, exhaustive_{data} {}

  // Labels every row, and the sums follow. Returns how many rows changed their label.
  template <class Team>
  double assign(const CentroidTable<S>& table, Labels& labels, RunningSums<S>& sums,
                ScratchPool<S>& pool, Team& team) {
    if (by_entries(data_)) {
      ClusterSums fresh =
          sum_sparse_clusters(data_, table.centroids(), Labelling::assign, labels, team);
      const double changed = fresh.changed;
      sums.renew(table.centroids(), std::move(fresh));
      return changed;
    }
    ++pass_;
    if (!bounds_ && wants_bounds(table)) start_bounds(table, sums);
    if (bounds_) {
      bounds_->move(before_, table);
      bounds_->prepare(table, pool, team);
      changed_ = assign_all(data_, table, *bounds_, labels, sums, pool, team);
      judge(table);
    } else {
      changed_ = assign_all(data_, table, exhaustive_, labels, sums, pool, team);
    }
    return changed_;
  }

  // What became of the centroids and labels that assign() saw. before: the centroids it saw.
  void follow(const RowMatrix<S>& before, const std::vector<Relocation>& moves, bool dropped) {
    before_ = before;
    if (dropped) bounds_.reset();
    if (bounds_) bounds_->forget(moves);
  }

 private:
  // The second pass of the bounds is the first that they save anything in. While many rows change
  // their label, centroids move too far for that, except where distances spread as in few columns.
  bool wants_bounds(const CentroidTable<S>& table) const {
    if (algorithm_ == KMeansAlgorithm::lloyd || pass_ < 2) return false;
    if (algorithm_ != KMeansAlgorithm::automatic) return true;
    if (SearchCost<S>{table.cols(), table.clusters()}.exhaustive(1) < 32.0) return false;
    const double share = changed_ / static_cast<double>(data_.rows());
    return share < retry_below_ && (table.direct() || share < 0.1);
  }

  // Bounds that cost more than they save, twice in a row, go, until half as many rows change.
  void judge(const CentroidTable<S>& table) {
    if (algorithm_ != KMeansAlgorithm::automatic) return;
    const SearchCost<S> cost{table.cols(), table.clusters()};
    const bool first = losses_ < 0;  // in the first pass every row is searched
    const bool lost = cost.bounded(data_.rows(), bounds_->group_count(), bounds_->take_work()) >
                      cost.exhaustive(data_.rows());
    losses_ = first || !lost ? 0 : losses_ + 1;
    if (losses_ < 2) return;
    retry_below_ = 0.5 * changed_ / static_cast<double>(data_.rows());
    bounds_.reset();
  }

  void start_bounds(const CentroidTable<S>& table, const RunningSums<S>& sums) {
    double weight = 0.0;
    for (Index k = 0; k < sums.clusters(); ++k) weight += sums.weight(k);
    const double typical = std::sqrt(std::max(0.0, sums.inertia(before_)) / weight);
    const Index clusters = table.clusters();
    const bool many = algorithm_ == KMeansAlgorithm::yinyang ||
                      (algorithm_ == KMeansAlgorithm::automatic && clusters >= 256);
    const Index groups = many && !table.direct() ? std::clamp<Index>(clusters / 10, 1, 32) : 1;
    bounds_.emplace(data_, typical > 0.0 && std::isfinite(typical) ? typical : 1.0,
                    group_centroids(table.centroids(), groups));
    losses_ = -1;
  }

  const Samples<S>& data_;
  KMeansAlgorithm algorithm_;
  ExhaustiveSearch<S> exhaustive_;
  std::optional<BoundSearch<S>> bounds_;
  RowMatrix<S> before_;
  Index pass_ = 0;
  double changed_ = 0.0;  // rows that changed their label in the last pass
  double retry_below_ = 1.0;
  int losses_ = 0;
};

}  // namespace detail

LATENT_END
