// What an M-step of Gaussian components sees.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// Sums about a shift that is fixed for the whole fit and differs by component, so that they add up
// exactly like plain sums and stay accurate far from the origin. B matrices of scatter: one a
// component, or one for all.
struct GaussianStatistics {
  RowMatrix<double> sum;  // K x D: sum_i r(i,k) (x_i - shift_k)
  // sum_i r(i,k) (x_i - shift_k)(x_i - shift_k)': B D x D, lower triangles; or B x D, the diagonals
  // alone, where nothing else matters.
  RowMatrix<double> scatter;
  auto fields() { return std::tie(sum, scatter); }
};

namespace detail {

// Rows first ... first+D-1 of scatter += rz' z, lower triangle.
template <class Columns>
void add_scatter(const Columns& z, const Columns& rz, Index first, RowMatrix<double>& scatter) {
  const Index d = z.cols();
  if (d <= 8) {
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j)
        scatter(first + i, j) += ordered_dot(rz.col(i).data(), z.col(j).data(), z.rows());
    return;
  }
  constexpr Index stripe = 32;  // rows, each stripe as wide as its last row
  for (Index i = 0; i < d; i += stripe) {
    const Index height = std::min(stripe, d - i);
    Eigen::Block<RowMatrix<double>> target(scatter, first + i, 0, height, i + height);
    add_product(rz.middleCols(i, height).transpose(), z.leftCols(i + height), target);
  }
}

// s += the sums of a tile. shared: all components add to one matrix of scatter.
template <class S>
void accumulate_about(const RowMatrix<double>& shift, const Eigen::Ref<const RowMatrix<S>>& x,
                      const RowMatrix<S>& r, bool shared, bool diagonal, GaussianStatistics& s) {
  using Columns = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  const Index d = x.cols();
  const Columns tile = x.template cast<double>();
  Columns z(x.rows(), d);
  Columns rz(x.rows(), d);
  Vector<double> weight(x.rows());
  for (Index k = 0; k < shift.rows(); ++k) {
    weight = r.col(k).template cast<double>();
    if (!(weight.maxCoeff() > 0.0)) continue;
    for (Index j = 0; j < d; ++j) {
      z.col(j).array() = tile.col(j).array() - shift(k, j);
      rz.col(j).array() = z.col(j).array() * weight.array();
      s.sum(k, j) += ordered_dot(weight.data(), z.col(j).data(), z.rows());
    }
    const Index block = shared ? 0 : k;
    if (diagonal) {
      for (Index j = 0; j < d; ++j)
        s.scatter(block, j) += ordered_dot(rz.col(j).data(), z.col(j).data(), z.rows());
    } else {
      add_scatter(z, rz, block * d, s.scatter);
    }
  }
}

// Powers of two near the numbers of x, all positive: units by which one divides and multiplies again
// without a trace.
inline Vector<double> binary_units(const Vector<double>& x) {
  Vector<double> units(x.size());
  for (Index i = 0; i < x.size(); ++i) {
    int exponent = 0;
    (void)std::frexp(x[i], &exponent);
    units[i] = std::ldexp(1.0, exponent);
  }
  return units;
}

// The standard deviation of each column over all components together. A column that does not vary
// in S's digits is given the mean of those that do, or 1, so that a floor has a unit there too.
template <class S>
Vector<double> data_deviation(const RowMatrix<double>& shift, const Vector<double>& n,
                              const GaussianStatistics& s, bool diagonal) {
  const Index d = shift.cols();
  Vector<double> deviation(d);
  double total = 0.0;
  for (Index k = 0; k < shift.rows(); ++k) total += n[k];
  double varying = 0.0;
  Index count = 0;
  for (Index j = 0; j < d; ++j) {
    // About the first component's shift: the mean, then the spread within and between components.
    double mean = 0.0;
    double size = 0.0;
    for (Index k = 0; k < shift.rows(); ++k) {
      mean += n[k] * (shift(k, j) - shift(0, j)) + s.sum(k, j);
      size = std::max(size, std::abs(shift(k, j)));
    }
    mean /= total;
    double squares = 0.0;
    if (diagonal)
      squares = s.scatter.col(j).sum();
    else
      for (Index first = 0; first < s.scatter.rows(); first += d)
        squares += s.scatter(first + j, j);
    double terms = squares;  // without regard to sign: what rounding is relative to
    for (Index k = 0; k < shift.rows(); ++k) {
      const double offset = shift(k, j) - shift(0, j) - mean;
      squares += 2.0 * offset * s.sum(k, j) + n[k] * offset * offset;
      terms += n[k] * offset * offset;
    }
    const double variance = squares / total;
    const double noise = 8.0 * static_cast<double>(std::numeric_limits<S>::epsilon()) * size;
    const bool varies = is_finite(variance) && variance > noise * noise &&
                        squares > 64.0 * std::numeric_limits<double>::epsilon() * terms;
    deviation[j] = varies ? std::sqrt(variance) : 0.0;
    if (varies) {
      varying += variance;
      ++count;
    }
  }
  const double substitute = count > 0 ? std::sqrt(varying / static_cast<double>(count)) : 1.0;
  for (Index j = 0; j < d; ++j)
    if (!(deviation[j] > 0.0)) deviation[j] = substitute;
  return deviation;
}

}  // namespace detail

LATENT_END
