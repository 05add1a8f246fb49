// The density of Gaussian components on vectors whose lanes are rows.
//
// It keeps the factor form, |L^-1 (x - m)|^2: products that give the densities as one linear form of
// squares would lose digits as (spread / deviation)^2.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "latent/core/types.hpp"
#include "latent/core/vector_functions.hpp"
#include "latent/core/vectors.hpp"
#include "latent/em/component_tile.hpp"

LATENT_BEGIN

namespace detail {

// Covariances of up to so many columns have kernels in which the number is a constant.
inline constexpr Index few_columns = 4;

// Inverse Cholesky factors (B d x d, lower triangular) for the kernel: [group of 6 rows][column][6],
// 0 above the diagonal and beyond the last row.
template <class S>
class PackedFactors {
 public:
  static constexpr Index group = 6;  // rows of a factor whose sums stay in registers

  PackedFactors() = default;
  PackedFactors(const RowMatrix<S>& whitening, Index d)
      : groups_{(d + group - 1) / group},
        stride_{groups_ * d * group},
        numbers_(static_cast<std::size_t>(whitening.rows() / d * stride_), S(0)) {
    for (Index row = 0; row < whitening.rows(); ++row) {
      const Index i = row % d;
      S* to = numbers_.data() + row / d * stride_ + i / group * d * group + i % group;
      for (Index j = 0; j <= i; ++j) to[j * group] = whitening(row, j);
    }
  }

  // out[i] = |W z_i|^2 of one step of rows: z is [column][step].
  void squares(Index block, Index d, const S* z, S* out) const {
    using V = typename VectorOf<S>::Type;
    constexpr Index lanes = vector_lanes<S>;
    constexpr auto wide = static_cast<std::size_t>(vectors_per_block);
    V sums[wide] = {};
    const S* w = numbers_.data() + block * stride_;
    for (Index g = 0; g < groups_; ++g, w += d * group) {
      V y[static_cast<std::size_t>(group)][wide] = {};
      const Index last = std::min(d, (g + 1) * group);
      for (Index j = 0; j < last; ++j) {
        V x[wide];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < wide; ++v)
          x[v] = load(z + j * step_rows<S> + static_cast<Index>(v) * lanes);
#pragma GCC unroll 6
        for (Index r = 0; r < group; ++r) {
          const S c = w[j * group + r];
#pragma GCC unroll 8
          for (std::size_t v = 0; v < wide; ++v) y[r][v] += x[v] * c;
        }
      }
#pragma GCC unroll 6
      for (Index r = 0; r < group; ++r)
#pragma GCC unroll 8
        for (std::size_t v = 0; v < wide; ++v) sums[v] += y[r][v] * y[r][v];
    }
    for (std::size_t v = 0; v < wide; ++v) store(out + static_cast<Index>(v) * lanes, sums[v]);
  }

 private:
  Index groups_ = 0;
  Index stride_ = 0;
  std::vector<S> numbers_;
};

// What an E-step needs of the components: for each covariance the inverse of its Cholesky factor
// (diagonal: 1 over the standard deviations) and the constant of the density. There are B = K
// covariances, or B = 1 for all components.
template <class S>
struct GaussianDensity {
  const RowMatrix<S>& means;  // K x D
  RowMatrix<S> whitening;     // B D x D: inverse factors, lower triangular; or B x D
  Vector<S> constant;         // B: -D/2 log 2 pi - log det L
  bool diagonal = false;
  PackedFactors<S> factors{};  // of more than few_columns, not diagonal

  void pack() {
    if (!diagonal && means.cols() > few_columns)
      factors = PackedFactors<S>(whitening, means.cols());
  }
};

// log weight + log-density from squares: -inf where the square overflowed. In this order, which is that
// of any other family.
template <class S>
typename VectorOf<S>::Type log_joint_of_square(const typename VectorOf<S>::Type& square, S constant,
                                               S log_weight) {
  using V = typename VectorOf<S>::Type;
  const V a = constant - square * S(0.5);
  return (not_finite<S>(a) ? V{} - std::numeric_limits<S>::infinity() : a) + log_weight;
}

// joint[i] = log p(x_i | component k) + log weight of `rows` rows, a multiple of a step. x: [column]
// [x_stride].
template <int D, class S>
void few_columns_density(const GaussianDensity<S>& density, Index k, S log_weight, const S* x,
                         Index x_stride, Index rows, S* joint) {
  using V = typename VectorOf<S>::Type;
  constexpr auto d = static_cast<std::size_t>(D);
  const Index block = density.constant.size() == 1 ? 0 : k;
  const S constant = density.constant[block];
  S mean[d];
  S w[d][d];
  for (std::size_t i = 0; i < d; ++i) {
    mean[i] = density.means(k, static_cast<Index>(i));
    for (std::size_t j = 0; j <= i; ++j)
      w[i][j] = density.whitening(block * D + static_cast<Index>(i), static_cast<Index>(j));
  }
  for (Index t = 0; t < rows; t += vector_lanes<S>) {
    V z[d];
    V sum{};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < d; ++i) {
      z[i] = load(x + static_cast<Index>(i) * x_stride + t) - mean[i];
      V y = z[0] * w[i][0];
#pragma GCC unroll 4
      for (std::size_t j = 1; j <= i; ++j) y += z[j] * w[i][j];
      sum += y * y;
    }
    store(joint + t, log_joint_of_square<S>(sum, constant, log_weight));
  }
}

// The same for one step of rows and any number of columns.
template <class S>
void step_density(const GaussianDensity<S>& density, Index k, S log_weight, const S* x,
                  Index x_stride, S* z, S* joint) {
  using V = typename VectorOf<S>::Type;
  constexpr Index lanes = vector_lanes<S>;
  constexpr auto wide = static_cast<std::size_t>(vectors_per_block);
  const Index d = density.means.cols();
  const Index block = density.constant.size() == 1 ? 0 : k;
  const S constant = density.constant[block];
  const S* mean = density.means.data() + k * d;
  V sums[wide] = {};
  if (density.diagonal) {
    const S* w = density.whitening.data() + block * d;
    for (Index j = 0; j < d; ++j) {
      const S m = mean[j];
      const S u = w[j];
#pragma GCC unroll 8
      for (std::size_t v = 0; v < wide; ++v) {
        const V y = (load(x + j * x_stride + static_cast<Index>(v) * lanes) - m) * u;
        sums[v] += y * y;
      }
    }
  } else {
    for (Index j = 0; j < d; ++j) {
      const S m = mean[j];
#pragma GCC unroll 8
      for (std::size_t v = 0; v < wide; ++v)
        store(z + j * step_rows<S> + static_cast<Index>(v) * lanes,
              V(load(x + j * x_stride + static_cast<Index>(v) * lanes) - m));
    }
    S squares[static_cast<std::size_t>(step_rows<S>)];
    density.factors.squares(block, d, z, squares);
    for (std::size_t v = 0; v < wide; ++v) sums[v] = load(squares + static_cast<Index>(v) * lanes);
  }
  for (std::size_t v = 0; v < wide; ++v)
    store(joint + static_cast<Index>(v) * lanes,
          log_joint_of_square<S>(sums[v], constant, log_weight));
}

// joint[k * stride + i] for all components; `rows` is a multiple of a step.
template <class S>
void log_joint_of(const GaussianDensity<S>& density, const S* log_weights, const S* x,
                  Index x_stride, Index rows, S* joint, Index stride) {
  const Index components = density.means.rows();
  const Index d = density.means.cols();
  if (!density.diagonal && d <= few_columns) {
    for (Index k = 0; k < components; ++k) {
      const auto one = [&]<int D>(std::integral_constant<int, D> /*columns*/) {
        few_columns_density<D>(density, k, log_weights[k], x, x_stride, rows, joint + k * stride);
      };
      if (d == 1) one(std::integral_constant<int, 1>{});
      if (d == 2) one(std::integral_constant<int, 2>{});
      if (d == 3) one(std::integral_constant<int, 3>{});
      if (d == 4) one(std::integral_constant<int, 4>{});
    }
    return;
  }
  Vector<S> z(density.diagonal ? 0 : d * step_rows<S>);
  for (Index t = 0; t < rows; t += step_rows<S>)
    for (Index k = 0; k < components; ++k)
      step_density(density, k, log_weights[k], x + t, x_stride, z.data(), joint + k * stride + t);
}

}  // namespace detail

LATENT_END
