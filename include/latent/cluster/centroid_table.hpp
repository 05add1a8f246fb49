// Centroids prepared for one pass over the data, and the rounding bounds of the kernels.
//
//   |x - c|^2 - |x - s|^2 = |c - s|^2 - 2 (x - s) (c - s)        s = the mean of the centroids
//
// The right-hand side is a matrix product, and as wrong as the products are large: the shift s
// keeps them as small as the spread of the centroids, and `margin` says how wrong they can be.
#pragma once

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/cluster/packed_kernel.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
class CentroidTable {
 public:
  // for_kernels: false where only centroids() will be asked for.
  explicit CentroidTable(RowMatrix<S> centroids, bool for_kernels = true)
      : centroids_{std::move(centroids)} {
    if (!for_kernels) return;
    const Index k_count = clusters();
    const Index columns = cols();
    if (direct()) {
      columns_ = centroids_.transpose();
      return;
    }
    shift_.resize(columns);
    for (Index j = 0; j < columns; ++j) {
      double sum = 0.0;
      for (Index k = 0; k < k_count; ++k) sum += static_cast<double>(centroids_(k, j));
      shift_[j] = static_cast<S>(sum / static_cast<double>(k_count));
    }
    centred_.resize(k_count, columns);
    squared_norms_.resize(k_count);
    double largest = 0.0;
    for (Index k = 0; k < k_count; ++k) {
      S* to = centred_.data() + k * columns;
      const S* from = centroid(k);
      for (Index j = 0; j < columns; ++j) to[j] = from[j] - shift_[j];
      const double norm = squared_norm(to, columns);
      squared_norms_[k] = static_cast<S>(norm);
      largest = norm > largest ? norm : largest;
    }
    radius_ = std::sqrt(largest);
    std::vector<Index> all(static_cast<std::size_t>(k_count));
    std::iota(all.begin(), all.end(), Index{0});
    packed_.pack(centred_, squared_norms_, all);
  }

  Index clusters() const { return centroids_.rows(); }
  Index cols() const { return centroids_.cols(); }
  bool direct() const { return cols() <= direct_columns; }
  const RowMatrix<S>& centroids() const { return centroids_; }  // K x D
  const S* centroid(Index k) const { return centroids_.data() + k * cols(); }
  const RowMatrix<S>& columns() const { return columns_; }           // D x K; only where direct()
  const RowMatrix<S>& centred() const { return centred_; }           // K x D: c - s
  const Vector<S>& squared_norms() const { return squared_norms_; }  // K: |c - s|^2
  const PackedCentroids<S>& packed() const { return packed_; }
  const Vector<S>& shift() const { return shift_; }  // D

  // Every centroid that can be the nearest by direct differences has an expanded value within this
  // margin of the smallest. With y = x - s, g = c - s, G = max |g|, u the unit roundoff of S:
  // rounding y and g costs 2u each on y g and on |g|^2; a product in which no term meets more than T
  // additions and its sum with |g|^2 are within (T + 2)u of |g|^2 + 2 |y| |g| (Higham 2002, section
  // 3.1); so each value is within (T + 8)u (G^2 + 2 |y| G). Direct differences themselves round by
  // at most (D + 3)u' (|y| + G)^2, u' of double. Both count twice, for the two values compared. The
  // last term covers what underflows. Infinite where products could leave the range of S.
  double margin(double squared_norm_of_row) const {
    constexpr double unit = 0.5 * static_cast<double>(std::numeric_limits<S>::epsilon());
    constexpr double unit_double = 0.5 * std::numeric_limits<double>::epsilon();
    constexpr double smallest = static_cast<double>(std::numeric_limits<S>::min());
    constexpr double largest = sizeof(S) == sizeof(float) ? 0x1p110 : 0x1p1000;
    const auto terms = static_cast<double>(terms_in_a_chain(cols()) + 8);
    const auto columns = static_cast<double>(cols() + 8);
    if (!(squared_norm_of_row < largest && radius_ * radius_ < largest && terms * unit < 0.05))
      return std::numeric_limits<double>::infinity();
    const double gamma = terms * unit / (1.0 - terms * unit);
    const double row = std::sqrt(squared_norm_of_row);
    const double reach = row + radius_;
    return 2.1 * (gamma * radius_ * (radius_ + 2.0 * row) + columns * unit_double * reach * reach) +
           4.0 * columns * smallest;
  }

  // What squared norms of centred rows, summed in S, can be wrong by, as a factor.
  double norm_error() const {
    return static_cast<double>(cols() + 8) * static_cast<double>(std::numeric_limits<S>::epsilon());
  }

  // Where direct(): the larger of two squared distances taken in S may be taken for the smaller
  // while they are within so much of it, as a factor. Each has at most D + 2 roundings of u, and
  // the distances that decide, in double, no more.
  static constexpr double direct_margin = 4.2 * static_cast<double>(direct_columns + 2) *
                                          static_cast<double>(std::numeric_limits<S>::epsilon());

 private:
  RowMatrix<S> centroids_;
  RowMatrix<S> columns_;
  RowMatrix<S> centred_;
  Vector<S> squared_norms_;
  Vector<S> shift_;
  PackedCentroids<S> packed_;
  double radius_ = 0.0;
};

}  // namespace detail

LATENT_END
