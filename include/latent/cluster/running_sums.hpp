// The sums of k-means while they follow the labels. After the first pass only rows whose label
// changed are added and taken away, so that an iteration in which few change costs little.
//
// Rounding stays within some units in the last place of the whole inertia: numbers are kept as a sum
// of two (Knuth's two-sum), and the sums are taken anew once what was added and taken away outweighs
// what is there. A tight cluster among wide ones may have less of its own until then: a fit ends with
// fresh sums.
#pragma once

#include <algorithm>
#include <utility>

#include "latent/cluster/cluster_sums.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
class RunningSums {
 public:
  explicit RunningSums(const RowMatrix<S>& references)
      : references_{references},
        high_{references.rows(), references.rows(), references.cols()},
        low_{0, 0, 0},
        peak_(Vector<double>::Zero(references.rows())) {}

  // Sums of all rows about the references.
  RunningSums(const RowMatrix<S>& references, ClusterSums sums) : RunningSums{references} {
    renew(references, std::move(sums));
  }

  // K x D: what the sums are taken about.
  const RowMatrix<S>& references() const { return references_; }
  const Vector<double>& members() const { return high_.members; }  // K
  Index clusters() const { return references_.rows(); }
  double weight(Index k) const { return high_.weights[k] + (exact() ? low_.weights[k] : 0.0); }

  double mean(Index k, Index j) const {
    return static_cast<double>(references_(k, j)) + offset(k, j) / weight(k);
  }
  // As of the last renewal and the first addition after it, without what rounding took from them.
  const ClusterSums& leading() const { return high_; }

  // Sums of all rows about other references.
  void renew(const RowMatrix<S>& references, ClusterSums sums) {
    references_ = references;
    high_ = std::move(sums);
    low_ = ClusterSums{0, 0, 0};
    peak_ = high_.weights;
    churn_ = 0.0;
  }

  // The sums of what moved, about the same references.
  void add(const ClusterSums& moved) {
    if (!exact()) low_ = ClusterSums{clusters(), clusters(), references_.cols()};
    add_exactly(high_.offsets, low_.offsets, moved.offsets);
    add_exactly(high_.weights, low_.weights, moved.weights);
    add_exactly(high_.inertia, low_.inertia, moved.inertia);
    high_.members += moved.members;
    churn_ += moved.churn;
    for (Index k = 0; k < clusters(); ++k) {
      if (!(high_.members[k] > 0.5)) clear(k);
      peak_[k] = std::max(peak_[k], high_.weights[k]);
    }
  }

  // sum of w |x - c|^2 over all rows, for centroids near the references:
  // sum of w |x - r|^2 - sum over clusters of (2 (c - r) offset - weight |c - r|^2).
  double inertia(const RowMatrix<S>& centroids) const {
    double less = 0.0;
    for (Index k = 0; k < clusters(); ++k) {
      double cross = 0.0;
      double square = 0.0;
      for (Index j = 0; j < references_.cols(); ++j) {
        const double t =
            static_cast<double>(centroids(k, j)) - static_cast<double>(references_(k, j));
        cross += t * offset(k, j);
        square += t * t;
      }
      less += 2.0 * cross - weight(k) * square;
    }
    return (high_.inertia - less) + low_.inertia;
  }

  // True where the sums may have lost more than a few units in the last place of the inertia, or a
  // cluster nearly all of the weight it had.
  bool stale(double inertia) const {
    for (Index k = 0; k < clusters(); ++k)
      if (high_.members[k] > 0.5 && !(weight(k) >= 0x1p-20 * peak_[k])) return true;
    return !(churn_ / 16.0 + high_.inertia / 16.0 <= inertia);
  }

  // The weighted means; a cluster without rows keeps its centroid.
  RowMatrix<S> means(const RowMatrix<S>& centroids) const {
    RowMatrix<S> result = centroids;
    for (Index k = 0; k < clusters(); ++k) {
      if (!(high_.members[k] > 0.5)) continue;
      for (Index j = 0; j < result.cols(); ++j)
        result(k, j) =
            static_cast<S>(static_cast<double>(references_(k, j)) + offset(k, j) / weight(k));
    }
    return result;
  }

 private:
  // Fresh sums have no low parts yet.
  bool exact() const { return low_.weights.size() > 0; }
  double offset(Index k, Index j) const {
    return high_.offsets(k, j) + (exact() ? low_.offsets(k, j) : 0.0);
  }

  // high + low + b, exactly up to the rounding of low.
  static void add_exactly(double& high, double& low, double b) {
    const double sum = high + b;
    const double part = sum - high;
    low += (high - (sum - part)) + (b - part);
    high = sum;
  }
  template <class M>
  static void add_exactly(M& high, M& low, const M& b) {
    for (Index i = 0; i < high.size(); ++i) add_exactly(high.data()[i], low.data()[i], b.data()[i]);
  }

  void clear(Index k) {
    for (ClusterSums* sums : {&high_, &low_}) {
      sums->offsets.row(k).setZero();
      sums->weights[k] = 0.0;
    }
    high_.members[k] = 0.0;
  }

  RowMatrix<S> references_;
  ClusterSums high_;
  ClusterSums low_;
  Vector<double> peak_;  // K: the largest weight since the sums were taken anew
  double churn_ = 0.0;
};

}  // namespace detail

LATENT_END
