// The posterior of a block of rows under Gaussian components and the statistics that it gives, on
// vectors whose lanes are rows.
//
// A block lies column by column, [column][row]. Densities keep the factor form, |L^-1 (x - m)|^2:
// six rows of a factor at a time, four vectors of rows each, stay in registers. Products that give
// the densities as one linear form of squares would lose digits as (spread / deviation)^2. Sums over
// a block are in the scalar of the data, those over blocks in double; the order of every sum is
// fixed.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/core/vectors.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr Index factor_rows = 6;  // of a factor that are multiplied together

// Inverse Cholesky factors for the kernel: [group of 6 rows][column][6], 0 above the diagonal and
// beyond the last row.
template <class S>
class PackedFactors {
 public:
  // whitening: B d x d, lower triangular.
  PackedFactors(const RowMatrix<S>& whitening, Index d)
      : groups_{(d + factor_rows - 1) / factor_rows},
        stride_{groups_ * d * factor_rows},
        numbers_(static_cast<std::size_t>(whitening.rows() / d * stride_), S(0)) {
    for (Index row = 0; row < whitening.rows(); ++row) {
      const Index i = row % d;
      S* to =
          numbers_.data() + row / d * stride_ + i / factor_rows * d * factor_rows + i % factor_rows;
      for (Index j = 0; j <= i; ++j) to[j * factor_rows] = whitening(row, j);
    }
  }

  // out[i] = |W z_i|^2 for `vectors_per_block` vectors of rows: z is [column][`stride`].
  void squares(Index block, Index d, const S* z, Index stride, S* out) const {
    using V = typename VectorOf<S>::Type;
    constexpr Index lanes = vector_lanes<S>;
    constexpr auto wide = static_cast<std::size_t>(vectors_per_block);
    V sums[wide] = {};
    const S* w = numbers_.data() + block * stride_;
    for (Index g = 0; g < groups_; ++g, w += d * factor_rows) {
      V y[static_cast<std::size_t>(factor_rows)][wide] = {};
      const Index last = std::min(d, (g + 1) * factor_rows);
      for (Index j = 0; j < last; ++j) {
        V x[wide];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < wide; ++v)
          x[v] = load(z + j * stride + static_cast<Index>(v) * lanes);
#pragma GCC unroll 6
        for (Index r = 0; r < factor_rows; ++r) {
          const S c = w[j * factor_rows + r];
#pragma GCC unroll 8
          for (std::size_t v = 0; v < wide; ++v) y[r][v] += x[v] * c;
        }
      }
#pragma GCC unroll 6
      for (Index r = 0; r < factor_rows; ++r)
#pragma GCC unroll 8
        for (std::size_t v = 0; v < wide; ++v) sums[v] += y[r][v] * y[r][v];
    }
    for (std::size_t v = 0; v < wide; ++v) store(out + static_cast<Index>(v) * lanes, sums[v]);
  }

 private:
  Index groups_;
  Index stride_;
  std::vector<S> numbers_;
};

// The lanes of a vector, in order.
template <class S>
double sum_of_lanes(const typename VectorOf<S>::Type& v) {
  S lane[static_cast<std::size_t>(vector_lanes<S>)];
  store(lane, v);
  double sum = 0.0;
  for (const S x : lane) sum += static_cast<double>(x);
  return sum;
}

// sum(i, j) += sum_t a_i[t] b_j[t], i < H, j < W, and j <= i if `lower`; rows are `stride` apart.
template <int H, int W, class S>
void add_dots(const S* a, const S* b, Index stride, Index count, bool lower, double* sum,
              Index sum_stride) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = vector_lanes<S>;
  V parts[static_cast<std::size_t>(H)][static_cast<std::size_t>(W)] = {};
  for (Index t = 0; t < count; t += lanes) {
    V y[static_cast<std::size_t>(W)];
#pragma GCC unroll 4
    for (int j = 0; j < W; ++j) y[j] = load(b + j * stride + t);
#pragma GCC unroll 4
    for (int i = 0; i < H; ++i) {
      const V x = load(a + i * stride + t);
#pragma GCC unroll 4
      for (int j = 0; j < W; ++j) parts[i][j] += x * y[j];
    }
  }
  for (int i = 0; i < H; ++i)
    for (int j = 0; j < (lower ? i + 1 : W); ++j)
      sum[i * sum_stride + j] += sum_of_lanes<S>(parts[i][j]);
}

// See exp_nonpositive in core/numeric.hpp: the same polynomial, for whole vectors.
template <class S>
typename VectorOf<S>::Type exp_of_nonpositive(const typename VectorOf<S>::Type& x) {
#if LATENT_HAS_VECTORS
  using V = typename VectorOf<S>::Type;
  using M = typename VectorOf<S>::Mask;
  constexpr bool narrow = sizeof(S) == sizeof(float);
  constexpr S smallest = narrow ? S(-69.0) : S(-667.7);
  constexpr S rounder = narrow ? S(12582912.0) : S(6755399441055744.0);  // 1.5 * 2^mantissa bits
  constexpr S high = narrow ? S(0.693359375) : S(6.93147180369123816490e-01);
  constexpr S low = narrow ? S(-2.12194440e-4) : S(1.90821492927058770002e-10);
  const M counts = x > smallest;
  const V y = counts ? x : V{} - S(1);
  const V shifted = y * S(1.4426950408889634) + rounder;  // its last bits are the nearest integer
  const V k = shifted - rounder;
  const V r = (y - k * high) - k * low;
  V p;
  if constexpr (narrow) {
    p = r * S(1.0 / 5040.0) + S(1.0 / 720.0);
  } else {
    p = r * S(1.0 / 6227020800.0) + S(1.0 / 479001600.0);
    p = p * r + S(1.0 / 39916800.0);
    p = p * r + S(1.0 / 3628800.0);
    p = p * r + S(1.0 / 362880.0);
    p = p * r + S(1.0 / 40320.0);
    p = p * r + S(1.0 / 5040.0);
    p = p * r + S(1.0 / 720.0);
  }
  p = p * r + S(1.0 / 120.0);
  p = p * r + S(1.0 / 24.0);
  p = p * r + S(1.0 / 6.0);
  p = p * r + S(0.5);
  p = p * r + S(1.0);
  p = p * r + S(1.0);
  constexpr int bits = narrow ? 23 : 52;
  constexpr int bias = narrow ? 127 : 1023;
  const V scale = std::bit_cast<V>(M((std::bit_cast<M>(shifted) + bias) << bits));
  return counts ? V(p * scale) : V{};
#else
  return exp_nonpositive(x);
#endif
}

// A block of rows with all that one E-step makes of it.
template <class S>
class GaussianBlock {
 public:
  using V = typename VectorOf<S>::Type;
  static constexpr Index lanes = vector_lanes<S>;
  static constexpr auto wide = static_cast<std::size_t>(vectors_per_block);
  static constexpr Index tile = Index{vectors_per_block} * lanes;

  // Rows are filled up to whole tiles with copies of the last, which have no weight.
  GaussianBlock(const Eigen::Ref<const RowMatrix<S>>& x, const Eigen::Ref<const Vector<double>>& w,
                Index components)
      : rows_{x.rows()},
        padded_{(rows_ + tile - 1) / tile * tile},
        stride_{padded_ + lanes},
        x_(x.cols(), stride_),
        joint_(components, stride_),
        z_(x.cols(), stride_),
        weighted_(x.cols(), stride_),
        weight_(padded_) {
    for (Index i = 0; i < rows_; ++i)
      for (Index j = 0; j < x.cols(); ++j) x_(j, i) = x(i, j);
    for (Index i = rows_; i < padded_; ++i) x_.col(i) = x_.col(rows_ - 1);
    weight_.setZero();
    for (Index i = 0; i < rows_; ++i) {
      weight_[i] = static_cast<S>(w[i]);
    }
  }

  // joint(k, i) = constant - |W (x_i - mean)|^2 / 2; -inf where that is no number.
  void add_density(Index k, Index block, const S* mean, S constant,
                   const PackedFactors<S>& factors) {
    centre(mean, z_);
    for (Index t = 0; t < padded_; t += tile) {
      factors.squares(block, x_.rows(), z_.data() + t, stride_, &joint_(k, t));
      finish_density(k, t, constant);
    }
  }

  // The same with standard deviations along the columns: inverse(j) = 1 / deviation.
  void add_diagonal_density(Index k, const S* mean, const S* inverse, S constant) {
    for (Index t = 0; t < padded_; t += tile) {
      V sums[wide] = {};
      for (Index j = 0; j < x_.rows(); ++j) {
        const S m = mean[j];
        const S u = inverse[j];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < wide; ++v) {
          const V y = (load(&x_(j, t) + static_cast<Index>(v) * lanes) - m) * u;
          sums[v] += y * y;
        }
      }
      for (std::size_t v = 0; v < wide; ++v)
        store(&joint_(k, t) + static_cast<Index>(v) * lanes, sums[v]);
      finish_density(k, t, constant);
    }
  }

  // The joint densities become responsibilities times weights. False, and nothing is summed, if a
  // row is impossible under every component.
  bool respond(Expectation& sums) {
    const Index K = joint_.rows();
    double log_likelihood = 0.0;
    double magnitude = 0.0;
    for (Index t = 0; t < padded_; t += tile) {
      S top[static_cast<std::size_t>(tile)];
      S sum[static_cast<std::size_t>(tile)];
      for (std::size_t v = 0; v < wide; ++v) {
        const Index at = t + static_cast<Index>(v) * lanes;
        V largest = load(&joint_(0, at));
        for (Index k = 1; k < K; ++k) {
          const V a = load(&joint_(k, at));
          largest = a > largest ? a : largest;
        }
        V total{};
        for (Index k = 0; k < K; ++k) {
          const V e = exp_of_nonpositive<S>(V(load(&joint_(k, at)) - largest));
          store(&joint_(k, at), e);
          total += e;
        }
        const V scale = load(weight_.data() + at) / total;
        for (Index k = 0; k < K; ++k) store(&joint_(k, at), V(load(&joint_(k, at)) * scale));
        store(top + static_cast<Index>(v) * lanes, largest);
        store(sum + static_cast<Index>(v) * lanes, total);
      }
      const Index count = std::min(tile, rows_ - t);
      for (Index i = 0; i < count; ++i) {
        const auto peak = static_cast<double>(top[i]);
        if (!is_finite(peak)) return false;
        const auto w = static_cast<double>(weight_[t + i]);
        if (!(w > 0.0)) continue;
        const double row = peak + std::log(static_cast<double>(sum[i]));
        log_likelihood += w * row;
        magnitude += w * std::abs(row);
      }
    }
    sums.log_likelihood += log_likelihood;
    sums.objective += log_likelihood;
    sums.magnitude += magnitude;
    return true;
  }

  // n, sum and scatter (d x d, lower triangle; or d numbers) of component k about a shift. False if
  // no row belongs to it.
  void accumulate(Index k, const double* shift, double& n, double* sum, double* scatter,
                  Index stride, bool diagonal) {
    const Index d = x_.rows();
    const S* r = joint_.data() + k * stride_;
    V all{};
    for (Index t = 0; t < padded_; t += lanes) all += load(r + t);
    const double total = sum_of_lanes<S>(all);
    n += total;
    if (!(total > 0.0)) return;
    for (Index j = 0; j < d; ++j) {
      const auto m = static_cast<S>(shift[j]);
      V first{};
      V second{};
      S* z = z_.data() + j * stride_;
      S* rz = weighted_.data() + j * stride_;
      for (Index t = 0; t < padded_; t += lanes) {
        const V y = load(&x_(j, t)) - m;
        const V weighted = y * load(r + t);
        first += weighted;
        if (diagonal) {
          second += weighted * y;
        } else {
          store(z + t, y);
          store(rz + t, weighted);
        }
      }
      sum[j] += sum_of_lanes<S>(first);
      if (diagonal) scatter[j] += sum_of_lanes<S>(second);
    }
    if (!diagonal) add_triangle(scatter, stride);
  }

 private:
  // With row-major storage a row is a column of the data.
  void centre(const S* mean, RowMatrix<S>& z) const {
    for (Index j = 0; j < x_.rows(); ++j) {
      const S m = mean[j];
      for (Index t = 0; t < padded_; t += lanes) store(&z(j, t), V(load(&x_(j, t)) - m));
    }
  }

  void finish_density(Index k, Index t, S constant) {
    constexpr S largest = std::numeric_limits<S>::max();
    constexpr S none = -std::numeric_limits<S>::infinity();
    for (std::size_t v = 0; v < wide; ++v) {
      S* at = &joint_(k, t) + static_cast<Index>(v) * lanes;
      const V q = load(at);
      const V a = constant - q * S(0.5);
      store(at, V(q <= largest ? a : V{} + none));
    }
  }

  // scatter += weighted z', its lower triangle.
  void add_triangle(double* scatter, Index stride) {
    const Index d = x_.rows();
    const S* a = weighted_.data();
    const S* b = z_.data();
    Index i = 0;
    for (; i + 4 <= d; i += 4)
      for (Index j = 0; j <= i; j += 4)
        add_dots<4, 4>(a + i * stride_, b + j * stride_, stride_, padded_, i == j,
                       scatter + i * stride + j, stride);
    for (; i < d; ++i) {
      Index j = 0;
      for (; j + 4 <= i + 1; j += 4)
        add_dots<1, 4>(a + i * stride_, b + j * stride_, stride_, padded_, false,
                       scatter + i * stride + j, stride);
      for (; j <= i; ++j)
        add_dots<1, 1>(a + i * stride_, b + j * stride_, stride_, padded_, false,
                       scatter + i * stride + j, stride);
    }
  }

  Index rows_;
  Index padded_;
  Index stride_;        // no power of two, at which columns would share their places in the cache
  RowMatrix<S> x_;      // d x rows
  RowMatrix<S> joint_;  // K x rows
  RowMatrix<S> z_;      // d x rows
  RowMatrix<S> weighted_;  // d x rows
  Vector<S> weight_;
};

}  // namespace detail

LATENT_END
