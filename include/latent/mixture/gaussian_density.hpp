// The density of Gaussian components, as an E-step evaluates it.
#pragma once

#include <limits>

#include "latent/core/blocks.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/em/concepts.hpp"
#include "latent/mixture/gaussian_statistics.hpp"
#include "latent/mixture/gaussian_tile.hpp"

LATENT_BEGIN

namespace detail {

// What log_density needs: for each covariance the inverse of its Cholesky factor (diagonal: 1 over the
// standard deviations) and the constant of the density. There are B = K covariances, or B = 1 for all
// components.
template <class S>
struct PreparedGaussian {
  const RowMatrix<S>& means;  // K x D
  RowMatrix<S> whitening;     // B D x D: inverse factors, lower triangular; or B x D
  Vector<S> constant;         // B: -D/2 log 2 pi - log det L
  bool diagonal = false;
  const RowMatrix<double>& shift;  // K x D, of the statistics
  PackedFactors<S> factors;        // unless diagonal

  // The whole E-step of a block: responsibilities never leave the cache. False, and nothing done,
  // for rows with known labels, or impossible ones: those go the general way.
  bool expect_soft(const Block<S>& block, const Vector<S>& log_weights, Vector<double>& n,
                   GaussianStatistics& s, Expectation& sums) const {
    if (block.x.rows() == 0 || (block.labels.array() >= 0).any()) return false;
    const Index K = means.rows();
    const Index d = means.cols();
    const bool shared = constant.size() == 1 && K > 1;
    GaussianBlock<S> rows(block.x, block.weights, K);
    for (Index k = 0; k < K; ++k) {
      const Index b = shared ? 0 : k;
      const S* mean = means.data() + k * d;
      const S joint = constant[b] + log_weights[k];
      if (diagonal)
        rows.add_diagonal_density(k, mean, whitening.data() + b * d, joint);
      else
        rows.add_density(k, b, mean, joint, factors);
    }
    if (!rows.respond(sums)) return false;
    const Index height = diagonal ? 1 : d;
    for (Index k = 0; k < K; ++k)
      rows.accumulate(k, shift.data() + k * d, n[k], s.sum.data() + k * d,
                      s.scatter.data() + (shared ? 0 : k) * height * d, d, diagonal);
    return true;
  }

  // log N(x | m, L L') = constant - |L^-1 (x - m)|^2 / 2. Samples run along the columns of z, so
  // that every step is a product of a tall matrix and a short vector.
  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    using Columns = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
    const Index d = x.cols();
    const Columns tile = x;
    Columns z(x.rows(), d);
    Vector<S> y(x.rows());
    Vector<S> squares(x.rows());
    for (Index k = 0; k < means.rows(); ++k) {
      const Index block = constant.size() == 1 ? 0 : k;
      for (Index j = 0; j < d; ++j) z.col(j).array() = tile.col(j).array() - means(k, j);
      squares.setZero();
      for (Index j = 0; diagonal && j < d; ++j)
        squares.array() += (z.col(j).array() * whitening(block, j)).square();
      for (Index j = 0; !diagonal && j < d; ++j) {
        const S* row = whitening.data() + (block * d + j) * d;
        // Matrix times vector: Eigen runs it on one thread always. For a few columns plain sums are
        // faster.
        if (j < 4) {
          y = z.col(0) * row[0];
          for (Index i = 1; i <= j; ++i) y += z.col(i) * row[i];
        } else {
          y.noalias() = z.leftCols(j + 1) * Eigen::Map<const Vector<S>>(row, j + 1);
        }
        squares.array() += y.array().square();
      }
      // A row so far away that its square overflows is impossible, not NaN.
      for (Index i = 0; i < out.rows(); ++i)
        out(i, k) = is_finite(squares[i]) ? constant[block] - S(0.5) * squares[i]
                                          : -std::numeric_limits<S>::infinity();
    }
  }
};

}  // namespace detail

LATENT_END
