// Which search finds the labels of an iteration. All of them find the same.
#pragma once

#include <cmath>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "latent/cluster/bounds.hpp"
#include "latent/cluster/exponion.hpp"
#include "latent/cluster/projected_search.hpp"
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
// exponion:  the same, and such rows are compared with the neighbours of their centroid alone
//            (Newling and Fleuret 2016). For many clusters in few columns; above 16, hamerly.
// yinyang:   a lower bound a row and group of centroids (Ding et al. 2015).
// projected: the bound of hamerly; for rows that it does not decide, lower bounds on all distances
//            from a projection on D / 4 axes, at most 64, rule out most centroids. Keeps
//            n x (axes + 3) floats. Below 16 columns, and for data without spread, hamerly.
//
// Sparse rows of more than four columns are searched exhaustively by their entries, whichever exact
// algorithm is asked for.
//
// mini_batch: approximate, for many rows: learns from batches drawn at random and closes with one
// iteration of Lloyd's. A few percent above the inertia of the exact methods, for the price of about
// three passes over the data; max_iterations and report.iterations count passes of the batches. See
// mini_batch() in cluster/mini_batch.hpp for the rule that ends it, and for its trace.
enum class KMeansAlgorithm { automatic, lloyd, hamerly, exponion, yinyang, mini_batch, projected };

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
  LabelSearch(const LabelSearch&) = delete;  // the bounds refer to the projection
  LabelSearch& operator=(const LabelSearch&) = delete;

  // Labels every row, and the sums follow. Returns how many rows changed their label.
  template <class Team>
  double assign(const CentroidTable<S>& table, Labels& labels, RunningSums<S>& sums,
                ScratchPool<S>& pool, Team& team) {
    if (by_entries(data_)) return assign_entries(table, labels, sums, team);
    // Where few rows change, as far as the last pass tells, lanes with copies of the sums are dear.
    const bool few = labelled_ && 8.0 * changed_ < static_cast<double>(lanes_of(data_.rows())) *
                                                       static_cast<double>(table.clusters());
    const auto with = [&](const auto& search) {
      return assign_all(data_, table, finder(table, search), few, labels, sums, pool, team);
    };
    const auto follow = [&](auto& search) {
      search.move(before_, table);
      search.prepare(table, pool, team);
      return with(search);
    };
    ++pass_;
    if (pass_ == 1) start_projection(table, team);
    if (projected_ && pass_ > 1) projected_->prepare(table, team);
    if (!bounds_ && !lists_ && wants_bounds(table)) start_bounds(table, sums);
    if (lists_) {
      changed_ = follow(*lists_);
    } else if (bounds_) {
      changed_ = follow(*bounds_);
      judge(table);
    } else if (projected_) {
      changed_ = with(ProjectedSearch<S>{data_, *projected_});
    } else {
      changed_ = with(exhaustive_);
    }
    labelled_ = true;
    return changed_;
  }

  // What became of the centroids and labels that assign() saw. before: the centroids it saw.
  void follow(const RowMatrix<S>& before, const std::vector<Relocation>& moves, bool dropped) {
    before_ = before;
    if (dropped) {
      bounds_.reset();
      lists_.reset();
      labelled_ = false;
    }
    if (bounds_) bounds_->forget(moves);
    if (lists_) lists_->forget(moves);
  }

 private:
  template <class Team>
  double assign_entries(const CentroidTable<S>& table, Labels& labels, RunningSums<S>& sums,
                        Team& team) const {
    ClusterSums fresh =
        sum_sparse_clusters(data_, table.centroids(), Labelling::assign, labels, team);
    const double changed = fresh.changed;
    sums.renew(table.centroids(), std::move(fresh));
    return changed;
  }

  bool automatic() const { return algorithm_ == KMeansAlgorithm::automatic; }

  // `automatic` projects where a trial on a few rows and the first centroids promises to halve the
  // cost (later centroids are better separated), and where there is enough to save: finding the
  // axes costs about as much as 6 x 512 x 64 distances.
  template <class Team>
  void start_projection(const CentroidTable<S>& table, Team& team) {
    if (!automatic() && algorithm_ != KMeansAlgorithm::projected) return;
    if (automatic() && (table.cols() < 64 || table.clusters() < 32 ||
                        data_.rows() * table.clusters() < (Index{1} << 19)))
      return;
    std::optional<Projection<S>> projection = Projection<S>::of(data_);
    if (!projection) return;
    projected_.emplace(data_, std::move(*projection));
    projected_->prepare(table, team);
    if (automatic() && !(projected_->trial(table) < 0.5))
      projected_.reset();
    else
      projected_->project_rows(team);
  }

  // The second pass of the bounds is the first that they save anything in. While many rows change
  // their label, centroids move too far for that, except where distances spread as in few columns.
  bool wants_bounds(const CentroidTable<S>& table) const {
    if (algorithm_ == KMeansAlgorithm::lloyd || !labelled_) return false;
    if (!automatic() || projected_) return true;
    if (SearchCost<S>{table.cols(), table.clusters()}.exhaustive(1) < 32.0) return false;
    const double share = changed_ / static_cast<double>(data_.rows());
    return share < retry_below_ && (table.direct() || share < 0.1);
  }

  // Bounds that cost more than they save, twice in a row, go, until half as many rows change.
  void judge(const CentroidTable<S>& table) {
    if (!automatic() || projected_) return;
    const SearchCost<S> cost{table.cols(), table.clusters()};
    const bool first = losses_ < 0;  // in the first pass every row is searched
    const bool lost = cost.bounded(data_.rows(), bounds_->group_count(), bounds_->take_work()) >
                      cost.exhaustive(data_.rows());
    losses_ = first || !lost ? 0 : losses_ + 1;
    if (losses_ < 2) return;
    retry_below_ = 0.5 * changed_ / static_cast<double>(data_.rows());
    bounds_.reset();
  }

  // Lists of neighbours pay where a row has few of them among many centroids, and rows are many
  // enough to pay for the lists (measured: docs/kmeans.md).
  bool wants_lists(const CentroidTable<S>& table, double typical) const {
    // Distances of lists are squares in S: far from 1 they would leave its range.
    if (!(typical > 0x1p-300 && typical < 0x1p300) || table.cols() > most_list_columns)
      return false;
    if (!automatic()) return algorithm_ == KMeansAlgorithm::exponion;
    return table.direct() && table.clusters() >= 200 &&
           data_.rows() * table.clusters() >= Index{40'000'000};
  }

  void start_bounds(const CentroidTable<S>& table, const RunningSums<S>& sums) {
    double weight = 0.0;
    for (Index k = 0; k < sums.clusters(); ++k) weight += sums.weight(k);
    double typical = std::sqrt(std::max(0.0, sums.inertia(sums.references())) / weight);
    if (!(typical > 0.0) || !std::isfinite(typical)) typical = 1.0;
    const Index clusters = table.clusters();
    if (wants_lists(table, typical)) {
      lists_.emplace(data_, typical, clusters);
      return;
    }
    // For floats the kernel is so fast that groups lose to a single bound.
    const bool many = algorithm_ == KMeansAlgorithm::yinyang ||
                      (automatic() && !projected_ && sizeof(S) == sizeof(double) &&
                       table.cols() >= 16 && clusters >= 768);
    const Index groups = many && !table.direct() ? std::clamp<Index>(clusters / 10, 1, 32) : 1;
    bounds_.emplace(data_, typical, group_centroids(table.centroids(), groups),
                    projected_ ? &*projected_ : nullptr);
    losses_ = -1;
  }

  static constexpr Index most_list_columns = 16;  // beyond, lists are long and say little

  const Samples<S>& data_;
  KMeansAlgorithm algorithm_;
  ExhaustiveSearch<S> exhaustive_;
  std::optional<ProjectedRows<S>> projected_;
  std::optional<BoundSearch<S>> bounds_;
  std::optional<ExponionSearch<S>> lists_;
  RowMatrix<S> before_;
  Index pass_ = 0;
  bool labelled_ = false;  // all rows; not after a cluster was dropped, which had rows of weight 0
  double changed_ = 0.0;   // rows that changed their label in the last pass
  double retry_below_ = 1.0;
  int losses_ = 0;
};

}  // namespace detail

LATENT_END
