// The nearest centroid of sparse rows, in O(K) a stored entry. The labels are those of the dense
// kernel: the argmin of the direct squared distances in double, ties to the lowest index.
//
//   |x - c|^2 - |x|^2 = |c|^2 - 2 x c,    and x c needs the stored entries of x alone
//
// Centroids lie transposed, D x K, so that each entry meets one run of K numbers. Where the two
// smallest values are closer than rounding can tell (`margin`), direct differences decide.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/cluster/vectors.hpp"
#include "latent/core/samples.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// |c|^2 in pieces of 512, so that the relative error stays below (70 + size / 512) eps / 2 in rows
// of any length.
template <class S>
double long_squared_norm(const S* c, Index size) {
  constexpr Index piece = 512;
  double sum = 0.0;
  for (Index j = 0; j < size; j += piece) sum += squared_norm(c + j, std::min(piece, size - j));
  return sum;
}

// Centroids prepared for one pass over sparse rows.
template <class S>
class TransposedCentroids {
 public:
  static constexpr Index lanes = vector_lanes<S>;

  explicit TransposedCentroids(const RowMatrix<S>& centroids)
      : clusters_{centroids.rows()},
        runs_(centroids.cols(), (clusters_ + lanes - 1) / lanes * lanes),
        squared_norms_(clusters_),
        starts_(Vector<S>::Constant(stride(), std::numeric_limits<S>::max())) {
    const Index width = stride();
    const Index cols = centroids.cols();
    runs_.rightCols(width - clusters_).setZero();
    constexpr Index strip = 16;  // columns at a time, so that the lines written stay in the cache
    for (Index begin = 0; begin < cols; begin += strip) {
      const Index end = std::min(cols, begin + strip);
      for (Index k = 0; k < clusters_; ++k)
        for (Index j = begin; j < end; ++j) runs_(j, k) = centroids(k, j);
    }
    for (Index k = 0; k < clusters_; ++k) {
      squared_norms_[k] = long_squared_norm(centroids.data() + k * cols, cols);
      starts_[k] = static_cast<S>(squared_norms_[k]);
    }
    radius_ = std::sqrt(squared_norms_.maxCoeff());
  }

  Index clusters() const { return clusters_; }
  Index cols() const { return runs_.rows(); }
  Index stride() const { return runs_.cols(); }  // K, in whole vectors
  const S* run(Index col) const { return runs_.data() + col * stride(); }
  const S* starts() const { return starts_.data(); }  // |c|^2, and numbers that never win
  double squared_norm_of(Index k) const { return squared_norms_[k]; }  // |c|^2 in double

  // Every centroid that can be the nearest by direct differences has an expanded value within this
  // margin of the smallest. With N entries in the row, G = max |c|, u the unit roundoff of S and u'
  // that of double: |c|^2 is within (D + 2)u' of its value and rounded once to S; N products added
  // to it, in any order, are within (N + 1)u of |c|^2 + 2 |x| |c| (Higham 2002, section 3.1); so a
  // value is within (N + 4)u (G^2 + 2 |x| G) + (D + 2)u' G^2. Direct differences round by at most
  // (D + 3)u' (|x| + G)^2. All count twice, for the two values compared. The last term covers what
  // underflows. Infinite where products could leave the range of S.
  double margin(double squared_norm_of_row, Index entries) const {
    constexpr double unit = 0.5 * static_cast<double>(std::numeric_limits<S>::epsilon());
    constexpr double unit_double = 0.5 * std::numeric_limits<double>::epsilon();
    constexpr double smallest = static_cast<double>(std::numeric_limits<S>::min());
    constexpr double largest = sizeof(S) == sizeof(float) ? 0x1p110 : 0x1p1000;
    const auto terms = static_cast<double>(entries + 8);
    const auto long_terms = static_cast<double>(2 * cols() + 16);
    if (!(squared_norm_of_row < largest && radius_ * radius_ < largest && terms * unit < 0.05))
      return std::numeric_limits<double>::infinity();
    const double gamma = terms * unit / (1.0 - terms * unit);
    const double row = std::sqrt(squared_norm_of_row);
    const double reach = row + radius_;
    return 2.1 * (gamma * radius_ * (radius_ + 2.0 * row) +
                  long_terms * unit_double * reach * reach) +
           4.0 * (terms + long_terms) * smallest;
  }

 private:
  Index clusters_;
  RowMatrix<S> runs_;             // D x K in whole vectors
  Vector<double> squared_norms_;  // K
  Vector<S> starts_;
  double radius_ = 0.0;
};

// The buffers of one thread: D + K numbers.
template <class S>
struct SparseScratch {
  SparseScratch(Index cols, Index width) : dense(Vector<S>::Zero(cols)), values(width) {}

  Vector<S> dense;        // zero between calls
  Vector<S> values;       // the expanded values of one row
  std::vector<S> buffer;  // the entries of a scaled row
};

// f(x), where x is the row with its zeros.
template <class S, class F>
void with_dense_row(const SparseRow<S>& row, Vector<S>& dense, const F& f) {
  for (Index p = 0; p < row.count; ++p) dense[row.indices[p]] = row.values[p];
  f(static_cast<const S*>(dense.data()));
  for (Index p = 0; p < row.count; ++p) dense[row.indices[p]] = S(0);
}

// |x - c|^2 = sum of (x - c)^2 over the stored entries, + |c|^2 - sum of c^2 over the same.
//
// The difference cancels where c has little outside the entries of x. Its error is at most
// (N + 80 + D / 512) u' |c|^2, so the result keeps a relative error below 256 times that number of
// u' as long as it is at least |c|^2 / 256; below, direct differences are taken, in O(D). `dense`
// has D zeros, and has them again afterwards.
template <class S>
double sparse_squared_distance(const SparseRow<S>& row, const S* c, double squared_norm_of_c,
                               Vector<S>& dense) {
  double differences[4] = {};
  double squares[4] = {};
  const auto add = [&](Index p, std::size_t i) {
    const auto centre = static_cast<double>(c[row.indices[p]]);
    const double t = static_cast<double>(row.values[p]) - centre;
    differences[i] += t * t;
    squares[i] += centre * centre;
  };
  Index p = 0;
  for (; p + 4 <= row.count; p += 4)
    for (std::size_t i = 0; i < 4; ++i) add(p + static_cast<Index>(i), i);
  for (; p < row.count; ++p) add(p, 0);
  const double rest = squared_norm_of_c - ((squares[0] + squares[1]) + (squares[2] + squares[3]));
  double distance = ((differences[0] + differences[1]) + (differences[2] + differences[3])) + rest;
  if (distance * 256.0 < squared_norm_of_c)
    with_dense_row(row, dense,
                   [&](const S* x) { distance = squared_distance(x, c, dense.size()); });
  return distance;
}

template <class S>
struct NearestTwoOfRow {
  S first = std::numeric_limits<S>::max();
  S second = std::numeric_limits<S>::max();
  Index index = 0;

  void offer(S value, Index k) {
    if (value < first) {
      second = first;
      first = value;
      index = k;
    } else if (value < second) {
      second = value;
    }
  }
};

#if LATENT_HAS_VECTORS

template <class S>
struct NearestTwoOfLanes {
  typename VectorOf<S>::Type first;
  typename VectorOf<S>::Type second;
  typename VectorOf<S>::Mask index;  // the number of the vector
};

// The expanded values of Count vectors of centroids, from vector `begin` on.
template <int Count, class S>
void expand_vectors(const SparseRow<S>& row, const TransposedCentroids<S>& table, Index begin,
                    S* values, NearestTwoOfLanes<S>& nearest) {
  using V = typename VectorOf<S>::Type;
  using M = typename VectorOf<S>::Mask;
  using Integer = typename VectorOf<S>::Integer;
  constexpr Index lanes = TransposedCentroids<S>::lanes;
  const Index offset = begin * lanes;
  V sums[static_cast<std::size_t>(Count)];
#pragma GCC unroll 16
  for (int v = 0; v < Count; ++v)
    std::memcpy(&sums[v], table.starts() + offset + v * lanes, sizeof(V));
  for (Index p = 0; p < row.count; ++p) {
    const S* run = table.run(row.indices[p]) + offset;
    const S x = S(-2) * row.values[p];
#pragma GCC unroll 16
    for (int v = 0; v < Count; ++v) {
      V c;
      std::memcpy(&c, run + v * lanes, sizeof(V));
      sums[v] += c * x;
    }
  }
#pragma GCC unroll 16
  for (int v = 0; v < Count; ++v) {
    std::memcpy(values + offset + v * lanes, &sums[v], sizeof(V));
    const M number = static_cast<Integer>(begin + v) - M{};
    const M better = sums[v] < nearest.first;
    const V loser = better ? nearest.first : sums[v];
    nearest.second = loser < nearest.second ? loser : nearest.second;
    nearest.first = better ? sums[v] : nearest.first;
    nearest.index = better ? number : nearest.index;
  }
}

// values: the expanded value of every centroid.
template <class S>
NearestTwoOfRow<S> expand_row(const SparseRow<S>& row, const TransposedCentroids<S>& table,
                              S* values) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = TransposedCentroids<S>::lanes;
  constexpr int most = 4 * vectors_per_block;  // half of the registers
  const V highest = V{} + std::numeric_limits<S>::max();
  NearestTwoOfLanes<S> found{highest, highest, {}};
  const Index vectors = table.stride() / lanes;
  Index v = 0;
  for (; v + most <= vectors; v += most) expand_vectors<most>(row, table, v, values, found);
  if (most > 8 && v + 8 <= vectors) {
    expand_vectors<8>(row, table, v, values, found);
    v += 8;
  }
  if (v + 4 <= vectors) {
    expand_vectors<4>(row, table, v, values, found);
    v += 4;
  }
  if (v + 2 <= vectors) {
    expand_vectors<2>(row, table, v, values, found);
    v += 2;
  }
  if (v < vectors) expand_vectors<1>(row, table, v, values, found);

  NearestTwoOfRow<S> nearest;
  for (int lane = 0; lane < int{lanes}; ++lane) {
    nearest.offer(found.first[lane], Index{found.index[lane]} * lanes + lane);
    nearest.offer(found.second[lane], -1);  // comes after a smaller one of its lane
  }
  return nearest;
}

#else

// values: the expanded value of every centroid.
template <class S>
NearestTwoOfRow<S> expand_row(const SparseRow<S>& row, const TransposedCentroids<S>& table,
                              S* values) {
  const Index clusters = table.clusters();
  std::copy(table.starts(), table.starts() + clusters, values);
  for (Index p = 0; p < row.count; ++p) {
    const S* run = table.run(row.indices[p]);
    const S x = S(-2) * row.values[p];
    for (Index k = 0; k < clusters; ++k) values[k] += x * run[k];
  }
  NearestTwoOfRow<S> nearest;
  for (Index k = 0; k < clusters; ++k) nearest.offer(values[k], k);
  return nearest;
}

#endif

// The nearest centroid of one row. centroids: K x D, those of the table.
template <class S>
int nearest_of_sparse_row(const SparseRow<S>& row, const RowMatrix<S>& centroids,
                          const TransposedCentroids<S>& table, SparseScratch<S>& scratch) {
  const NearestTwoOfRow<S> nearest = expand_row(row, table, scratch.values.data());
  const double margin = table.margin(squared_norm(row.values, row.count), row.count);
  const auto smallest = static_cast<double>(nearest.first);
  if (static_cast<double>(nearest.second) - smallest > margin)
    return static_cast<int>(nearest.index);
  Index best = 0;
  double least = std::numeric_limits<double>::infinity();
  with_dense_row(row, scratch.dense, [&](const S* x) {
    for (Index k = 0; k < table.clusters(); ++k) {
      if (static_cast<double>(scratch.values[k]) - smallest > margin) continue;
      const double distance =
          squared_distance(x, centroids.data() + k * table.cols(), table.cols());
      if (distance < least) {
        least = distance;
        best = k;
      }
    }
  });
  return static_cast<int>(best);
}

// labels[i] = the nearest centroid of row first + i of a sparse source, i < rows. O(K) a stored
// entry, and O(D) for each centroid that rounding could make the nearest, where there are several.
template <class S>
void assign_sparse_tile(const Samples<S>& data, const RowMatrix<S>& centroids,
                        const TransposedCentroids<S>& table, SparseScratch<S>& scratch, Index first,
                        Index rows, int* labels) {
  for (Index i = 0; i < rows; ++i)
    labels[i] = nearest_of_sparse_row(data.sparse_row(first + i, scratch.buffer), centroids, table,
                                      scratch);
}

}  // namespace detail

LATENT_END
