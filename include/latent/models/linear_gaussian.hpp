// The E-step of the linear Gaussian model, for complete and incomplete rows:
//
//   x = mean + loadings z + noise,   z ~ N(0, I),   noise ~ N(0, diag(psi)).
//
// A row with the columns O observed has the posterior (Rubin and Thayer 1982; Ghahramani and Jordan
// 1994 for what is missing)
//   cov(z | x) = P^-1,   P = I + sum_(j in O) w_j w_j' / psi_j,   w_j the rows of the loadings,
//   E[z | x]   = P^-1 sum_(j in O) w_j (x_j - mean_j) / psi_j.
// All complete rows share one P. What is missing is integrated out, never filled in.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/em/concepts.hpp"
#include "latent/mixture/cholesky.hpp"

LATENT_BEGIN

// With t = (z, 1), its expectations given x, and y = x - shift for a shift that is fixed for the
// whole fit: sums that regress each column on t. They hold D L^2 / 2 numbers.
struct LinearGaussianStatistics {
  RowMatrix<double> gram;     // (L+1) x (L+1), lower: sum_i w_i E[t t'] over complete rows
  RowMatrix<double> cross;    // D x (L+1): sum_i w_i y(i,j) E[t]' over rows with column j
  Vector<double> squares;     // D: sum_i w_i y(i,j)^2 over rows with column j
  RowMatrix<double> partial;  // D x (L+1)(L+2)/2: sum_i w_i E[t t'] over the incomplete rows with
                              // column j, the lower triangle row after row
  auto fields() { return std::tie(gram, cross, squares, partial); }
};

namespace detail {

constexpr Index triangle(Index side) {
  return side * (side + 1) / 2;
}

inline LinearGaussianStatistics zero_linear_gaussian(Index columns, Index components) {
  return {RowMatrix<double>::Zero(components + 1, components + 1),
          RowMatrix<double>::Zero(columns, components + 1), Vector<double>::Zero(columns),
          RowMatrix<double>::Zero(columns, triangle(components + 1))};
}

// What is known of the rows of one tile.
struct LinearGaussianTile {
  RowMatrix<double> posterior;    // n x L: E[z | x]
  Vector<double> log_density;     // n: of the observed columns; 0 where there is none
  Vector<double> magnitude;       // n: sum of the sizes of the density's terms
  std::vector<Index> incomplete;  // the rows with something missing, M of them
  RowMatrix<double> observed;     // M x D: 1 or 0
  RowMatrix<double> covariance;   // M x L(L+1)/2: cov(z | x), lower triangles
};

// The model made ready for one E-step; everything that all rows share is computed once. A complete
// row costs O(D L), an incomplete one O(D L^2 + L^3).
class PreparedLinearGaussian {
 public:
  // mean D, loadings D x L, noise D (variances), shift D.
  PreparedLinearGaussian(Vector<double> mean, RowMatrix<double> loadings,
                         const Vector<double>& noise, Vector<double> shift)
      : mean_{std::move(mean)},
        loadings_{std::move(loadings)},
        shift_{std::move(shift)},
        root_precision_(noise.size()),
        log_noise_(noise.size()),
        weighted_(loadings_.rows(), loadings_.cols()),
        outer_(loadings_.rows(), triangle(loadings_.cols())) {
    const Index l = loadings_.cols();
    RowMatrix<double> precision = RowMatrix<double>::Identity(l, l);
    for (Index j = 0; j < noise.size(); ++j) {
      root_precision_[j] = 1.0 / std::sqrt(noise[j]);
      log_noise_[j] = std::log(2.0 * std::numbers::pi) + std::log(noise[j]);
      Index at = 0;
      for (Index a = 0; a < l; ++a) {
        weighted_(j, a) = loadings_(j, a) / noise[j];
        for (Index b = 0; b <= a; ++b, ++at) {
          outer_(j, at) = weighted_(j, a) * loadings_(j, b);
          precision(a, b) += outer_(j, at);
        }
      }
      log_noise_sum_ += log_noise_[j];
    }
    covariance_.resize(l, l);
    log_determinant_ = invert(precision, covariance_);
  }

  // L x L: cov(z | x) of a complete row.
  const RowMatrix<double>& covariance() const { return covariance_; }

  template <class S>
  LinearGaussianTile posterior(const Eigen::Ref<const RowMatrix<S>>& x) const {
    const Index n = x.rows();
    const Index d = x.cols();
    const Index l = loadings_.cols();
    LinearGaussianTile tile;
    RowMatrix<double> rest(n, d);  // x - mean, 0 where missing
    for (Index i = 0; i < n; ++i) {
      const S* row = x.data() + i * x.outerStride();
      if (all_finite(row, d)) {
        for (Index j = 0; j < d; ++j) rest(i, j) = static_cast<double>(row[j]) - mean_[j];
      } else {
        for (Index j = 0; j < d; ++j)
          rest(i, j) = is_nan(row[j]) ? 0.0 : static_cast<double>(row[j]) - mean_[j];
        tile.incomplete.push_back(i);
      }
    }
    const RowMatrix<double> pulled = product(rest, weighted_);
    tile.posterior = product(pulled, covariance_);
    // Of each row: sum of log 2 pi psi over its columns, plus log det P.
    Vector<double> logs = Vector<double>::Constant(n, log_noise_sum_ + log_determinant_);
    settle_incomplete<S>(x, pulled, tile, logs);

    // (x - mean)' C^-1 (x - mean) = sum_j (x_j - mean_j - w_j' E[z])^2 / psi_j + |E[z]|^2: a sum of
    // squares, where the textbook's difference cancels.
    add_product(tile.posterior, loadings_.transpose(), rest, -1.0);
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < d; ++j) rest(i, j) *= root_precision_[j];
    for (std::size_t m = 0; m < tile.incomplete.size(); ++m)
      for (Index j = 0; j < d; ++j)
        if (tile.observed(static_cast<Index>(m), j) == 0.0) rest(tile.incomplete[m], j) = 0.0;
    tile.log_density.resize(n);
    tile.magnitude.resize(n);
    for (Index i = 0; i < n; ++i) {
      const double* z = tile.posterior.data() + i * l;
      const double* e = rest.data() + i * d;
      const double squares = ordered_dot(e, e, d) + ordered_dot(z, z, l);
      // A row so far away that its square overflows is impossible, not NaN.
      tile.log_density[i] = is_finite(squares) || is_nan(logs[i])
                                ? -0.5 * (logs[i] + squares)
                                : -std::numeric_limits<double>::infinity();
      tile.magnitude[i] = 0.5 * (std::abs(logs[i]) + squares);
    }
    return tile;
  }

  template <class S>
  Expectation expect(const Block<S>& block, LinearGaussianStatistics& s) const {
    const LinearGaussianTile tile = posterior<S>(block.x);
    const Index n = block.x.rows();
    const Index d = block.x.cols();
    const Index l = loadings_.cols();
    Expectation sums;
    Vector<double> complete = block.weights;  // 0 for incomplete rows
    for (const Index i : tile.incomplete) complete[i] = 0.0;
    RowMatrix<double> t(n, l + 1);
    RowMatrix<double> weighted_t(n, l + 1);
    RowMatrix<double> weighted_y(n, d);
    double weight = 0.0;
    Vector<double> squares = Vector<double>::Zero(d);
    std::size_t gap = 0;
    for (Index i = 0; i < n; ++i) {
      const double w = block.weights[i];
      if (w > 0.0) {
        sums.log_likelihood += w * tile.log_density[i];
        sums.magnitude += w * tile.magnitude[i];
      }
      weight += complete[i];
      for (Index a = 0; a <= l; ++a) {
        t(i, a) = a < l ? tile.posterior(i, a) : 1.0;
        weighted_t(i, a) = complete[i] * t(i, a);
      }
      const S* row = block.x.data() + i * block.x.outerStride();
      double* y = weighted_y.data() + i * d;
      for (Index j = 0; j < d; ++j) y[j] = static_cast<double>(row[j]) - shift_[j];
      if (gap < tile.incomplete.size() && tile.incomplete[gap] == i) {
        const double* seen = tile.observed.data() + static_cast<Index>(gap) * d;
        for (Index j = 0; j < d; ++j) y[j] = seen[j] == 0.0 ? 0.0 : y[j];
        ++gap;
      }
      for (Index j = 0; j < d; ++j) {
        squares[j] += w * y[j] * y[j];
        y[j] *= w;
      }
    }
    sums.objective = sums.log_likelihood;
    // The M-step finds the noise as a small difference of these squares, which are taken in double.
    constexpr double taken = std::numeric_limits<double>::epsilon() /
                             static_cast<double>(std::numeric_limits<S>::epsilon());
    for (Index j = 0; j < d; ++j) {
      s.squares[j] += squares[j];
      sums.magnitude += 0.5 * taken * squares[j] * root_precision_[j] * root_precision_[j];
    }
    add_product(weighted_t.transpose(), t, s.gram);
    for (Index a = 0; a < l; ++a)
      for (Index b = 0; b < l; ++b) s.gram(a, b) += weight * covariance_(a, b);
    add_product(weighted_y.transpose(), t, s.cross);
    add_partial(block.weights, t, tile, s);
    return sums;
  }

 private:
  // inverse = matrix^-1 of a positive definite matrix (lower triangle read); the log determinant of
  // the matrix. NaN where a number overflowed.
  static double invert(const RowMatrix<double>& matrix, RowMatrix<double>& inverse) {
    const Index l = matrix.rows();
    RowMatrix<double> factor(l, l);
    RowMatrix<double> whitening(l, l);
    if (!cholesky(matrix, 0.0, factor)) {
      inverse.setZero(l, l);
      return std::numeric_limits<double>::quiet_NaN();
    }
    invert_lower(factor, whitening);
    double log_determinant = 0.0;
    for (Index a = 0; a < l; ++a) {
      log_determinant += 2.0 * std::log(factor(a, a));
      for (Index b = 0; b <= a; ++b) {
        double sum = 0.0;
        for (Index c = a; c < l; ++c) sum += whitening(c, a) * whitening(c, b);
        inverse(a, b) = inverse(b, a) = sum;
      }
    }
    return log_determinant;
  }

  // The posteriors of the incomplete rows, each with a P of its own.
  template <class S>
  void settle_incomplete(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<double>& pulled,
                         LinearGaussianTile& tile, Vector<double>& logs) const {
    const Index d = x.cols();
    const Index l = loadings_.cols();
    const auto count = static_cast<Index>(tile.incomplete.size());
    if (count == 0) return;
    tile.observed.resize(count, d);
    for (Index m = 0; m < count; ++m) {
      const Index i = tile.incomplete[static_cast<std::size_t>(m)];
      logs[i] = 0.0;
      for (Index j = 0; j < d; ++j) {
        tile.observed(m, j) = is_nan(x(i, j)) ? 0.0 : 1.0;
        logs[i] += tile.observed(m, j) * log_noise_[j];
      }
    }
    const RowMatrix<double> precisions = product(tile.observed, outer_);
    tile.covariance.resize(count, triangle(l));
    RowMatrix<double> precision(l, l);
    RowMatrix<double> inverse(l, l);
    for (Index m = 0; m < count; ++m) {
      const Index i = tile.incomplete[static_cast<std::size_t>(m)];
      for (Index a = 0, at = 0; a < l; ++a)
        for (Index b = 0; b <= a; ++b, ++at)
          precision(a, b) = precisions(m, at) + (a == b ? 1.0 : 0.0);
      logs[i] += invert(precision, inverse);
      for (Index a = 0, at = 0; a < l; ++a) {
        double sum = 0.0;
        for (Index b = 0; b < l; ++b) sum += inverse(a, b) * pulled(i, b);
        tile.posterior(i, a) = sum;
        for (Index b = 0; b <= a; ++b, ++at) tile.covariance(m, at) = inverse(a, b);
      }
    }
  }

  static void add_partial(const Eigen::Ref<const Vector<double>>& weights,
                          const RowMatrix<double>& t, const LinearGaussianTile& tile,
                          LinearGaussianStatistics& s) {
    const auto count = static_cast<Index>(tile.incomplete.size());
    if (count == 0) return;
    const Index l = t.cols() - 1;
    RowMatrix<double> moments(count, triangle(l + 1));
    for (Index m = 0; m < count; ++m) {
      const Index i = tile.incomplete[static_cast<std::size_t>(m)];
      for (Index a = 0, at = 0; a <= l; ++a)
        for (Index b = 0; b <= a; ++b, ++at)
          moments(m, at) =
              weights[i] * (t(i, a) * t(i, b) + (a < l ? tile.covariance(m, at) : 0.0));
    }
    add_product(tile.observed.transpose(), moments, s.partial);
  }

  Vector<double> mean_;
  RowMatrix<double> loadings_;
  Vector<double> shift_;
  Vector<double> root_precision_;  // D: psi^-1/2
  Vector<double> log_noise_;       // D: log 2 pi psi
  double log_noise_sum_ = 0.0;
  RowMatrix<double> weighted_;    // D x L: loadings / psi
  RowMatrix<double> outer_;       // D x L(L+1)/2: w_j w_j' / psi_j, lower triangles
  RowMatrix<double> covariance_;  // L x L: of complete rows
  double log_determinant_ = 0.0;  // of their P
};

}  // namespace detail

LATENT_END
