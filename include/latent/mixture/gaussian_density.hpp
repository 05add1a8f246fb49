// The density of Gaussian components, as an E-step evaluates it.
#pragma once

#include <limits>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

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
