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
// projected: the bound of hamerly; for rows that it does not decide, lower bounds on all distances
//            from a projection on D / 4 axes, at most 64, rule out most centroids. Keeps
//            n x (axes + 3) floats. Below 16 columns, and for data without spread, hamerly.
// yinyang:   a lower bound a row and group of centroids (Ding et al. 2015).
enum class KMeansAlgorithm { automatic, lloyd, hamerly, projected, yinyang };

namespace detail {

// Sums anew, about the centroids of the table.
template <class S, class Team>
void refresh(const Samples<S>& data, const CentroidTable<S>& table, const Labels& labels,
             RunningSums<S>& sums, Team& team) {
  sums.renew(table.centroids(), sum_clusters(data, table.centroids(), labels, team));
}

template <class S>
class LabelSearch {
 public:
  LabelSearch(const Samples<S>& data, KMeansAlgorithm algorithm)
      : data_{data}, algorithm_{algorithm}, exhaustive_{data} {}

  // Labels every row, and the sums follow. Returns how many rows changed their label.
  template <class Team>
  double assign(const CentroidTable<S>& table, Labels& labels, RunningSums<S>& sums,
                ScratchPool<S>& pool, Team& team) {
    ++pass_;
    if (pass_ == 1) start_projection(table, team);
    if (projected_ && pass_ > 1) projected_->prepare(table, team);
    if (!bounds_ && wants_bounds()) start_bounds(table, sums);
    if (!bounds_ && projected_)
      return assign_all(data_, table, ProjectedSearch<S>{data_, *projected_}, labels, sums, pool,
                        team);
    if (!bounds_) return assign_all(data_, table, exhaustive_, labels, sums, pool, team);
    bounds_->move(before_, table);
    bounds_->prepare(table, pool, team);
    return assign_all(data_, table, *bounds_, labels, sums, pool, team);
  }

  // What became of the centroids and labels that assign() saw. before: the centroids it saw.
  void follow(const RowMatrix<S>& before, const std::vector<Relocation>& moves, bool dropped) {
    before_ = before;
    if (dropped) bounds_.reset();
    if (bounds_) bounds_->forget(moves);
  }

 private:
  bool wants_bounds() const {
    if (algorithm_ == KMeansAlgorithm::lloyd) return false;
    return pass_ > 1;
  }

  // `automatic` projects where a trial on a few rows and the first centroids promises to halve the
  // cost (later centroids are better separated), and where there is enough to save: finding the
  // axes costs about as much as 6 x 512 x 64 distances.
  template <class Team>
  void start_projection(const CentroidTable<S>& table, Team& team) {
    const bool automatic = algorithm_ == KMeansAlgorithm::automatic;
    if (!automatic && algorithm_ != KMeansAlgorithm::projected) return;
    if (automatic && (table.cols() < 64 || table.clusters() < 32 ||
                      data_.rows() * table.clusters() < (Index{1} << 19)))
      return;
    std::optional<Projection<S>> projection = Projection<S>::of(data_);
    if (!projection) return;
    projected_.emplace(data_, std::move(*projection));
    projected_->prepare(table, team);
    if (automatic && !(projected_->trial(table) < 0.5))
      projected_.reset();
    else
      projected_->project_rows(team);
  }

  void start_bounds(const CentroidTable<S>& table, const RunningSums<S>& sums) {
    double weight = 0.0;
    for (Index k = 0; k < sums.clusters(); ++k) weight += sums.weight(k);
    const double typical = std::sqrt(std::max(0.0, sums.inertia(before_)) / weight);
    const Index clusters = table.clusters();
    Index count = 1;
    if (algorithm_ == KMeansAlgorithm::yinyang && !table.direct())
      count = std::clamp<Index>(clusters / 10, 1, 32);
    std::vector<std::vector<Index>> groups(static_cast<std::size_t>(count));
    for (Index k = 0; k < clusters; ++k) groups[static_cast<std::size_t>(k * count / clusters)].push_back(k);
    bounds_.emplace(data_, typical > 0.0 && std::isfinite(typical) ? typical : 1.0,
                    std::move(groups), projected_ ? &*projected_ : nullptr);
  }

  const Samples<S>& data_;
  KMeansAlgorithm algorithm_;
  ExhaustiveSearch<S> exhaustive_;
  std::optional<ProjectedRows<S>> projected_;
  std::optional<BoundSearch<S>> bounds_;
  RowMatrix<S> before_;
  Index pass_ = 0;
};

}  // namespace detail

LATENT_END
