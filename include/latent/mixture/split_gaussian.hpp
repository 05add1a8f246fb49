// A Gaussian taken apart: some of its columns, and the others given those.
//
// With the columns in the order (given, rest), the covariance has the factor
//
//   [A 0; B C],   x_given = m_given + A z,   x_rest = m_rest + B z + C e,   z, e ~ N(0, I),
//
// so that log N(x_given) = -|z|^2 / 2 - log det A - ..., E[x_rest | x_given] = m_rest + B z, and
// cov(x_rest | x_given) = C C' (Little and Rubin 1987, section 6.2, who sweep the covariance). Here
// the factor is turned by reflections and the covariance never formed: no digit goes to its square,
// and C C' cannot lose its sign.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Makes the first `count` rows of a (n x D, count <= n <= D) lower triangular by reflections from the
// right, with a diagonal that is not negative: a a' stays as it is. Reflections leave out the columns
// where a row has nothing but zeros, so that what is triangular already costs a look. O(n D) a row.
inline void make_lower(RowMatrix<double>& a, Index count) {
  const Index d = a.cols();
  Vector<double> v(d);
  for (Index i = 0; i < count; ++i) {
    double size = 0.0;
    for (Index j = i + 1; j < d; ++j) size = std::max(size, std::abs(a(i, j)));
    if (size > 0.0) {
      int exponent = 0;
      (void)std::frexp(std::max(size, std::abs(a(i, i))), &exponent);
      double squares = 0.0;
      for (Index j = i; j < d; ++j) {
        v[j] = std::ldexp(a(i, j), -exponent);
        squares += v[j] * v[j];
      }
      // v - alpha e_i with alpha of the other sign, which cannot cancel.
      const double alpha = v[i] > 0.0 ? -std::sqrt(squares) : std::sqrt(squares);
      const double half = squares - alpha * v[i];  // |v - alpha e_i|^2 / 2
      v[i] -= alpha;
      for (Index r = i + 1; r < a.rows(); ++r) {
        double along = 0.0;
        for (Index j = i; j < d; ++j) along += a(r, j) * v[j];
        along /= half;
        for (Index j = i; j < d; ++j) a(r, j) -= along * v[j];
      }
      a(i, i) = std::ldexp(alpha, exponent);
      for (Index j = i + 1; j < d; ++j) a(i, j) = 0.0;
    }
    if (a(i, i) < 0.0)
      for (Index r = i; r < a.rows(); ++r) a(r, i) = -a(r, i);
  }
}

// One Gaussian with its columns in another order, of which the first `given` are given.
struct SplitGaussian {
  std::vector<Index> order;  // a permutation of the columns
  Index given = 0;
  Vector<double> mean;       // D, in that order
  RowMatrix<double> factor;  // D x D, in that order: [A 0; B C]

  // factor_of_all: D x D, lower triangular. With only_given C is not made ready, and B is: O(D^2 given),
  // else O(D^3).
  template <class Row>
  SplitGaussian(const Row& mean_of_all, const RowMatrix<double>& factor_of_all,
                std::vector<Index> columns, Index given_columns, bool only_given = false)
      : order{std::move(columns)},
        given{given_columns},
        mean(factor_of_all.rows()),
        factor(factor_of_all.rows(), factor_of_all.rows()) {
    const Index d = factor.rows();
    for (Index i = 0; i < d; ++i) {
      const Index from = order[static_cast<std::size_t>(i)];
      mean[i] = static_cast<double>(mean_of_all[from]);
      // The columns of the factor may stand in any order; in this one a diagonal stays diagonal.
      for (Index j = 0; j < d; ++j)
        factor(i, j) = factor_of_all(from, order[static_cast<std::size_t>(j)]);
    }
    make_lower(factor, only_given ? given : d);
  }

  // z of a row (D numbers, in the order of the data): A z = x_given - m_given. O(given^2).
  template <class Row>
  void whiten(const Row& row, Vector<double>& z) const {
    z.resize(given);
    for (Index i = 0; i < given; ++i) {
      double rest = static_cast<double>(row[order[static_cast<std::size_t>(i)]]) - mean[i];
      for (Index j = 0; j < i; ++j) rest -= factor(i, j) * z[j];
      z[i] = rest / factor(i, i);
    }
  }

  // -given/2 log 2 pi - log det A.
  double log_constant() const {
    double sum = -0.5 * static_cast<double>(given) * std::log(2.0 * std::numbers::pi);
    for (Index i = 0; i < given; ++i) sum -= std::log(factor(i, i));
    return sum;
  }

  // log N(x_given) of a row whitened to z; `constant` is log_constant(). A row so far away that its
  // square overflows is impossible, not NaN.
  static double log_density(const Vector<double>& z, double constant) {
    double squares = 0.0;
    for (Index i = 0; i < z.size(); ++i) squares += z[i] * z[i];
    return is_finite(squares) ? constant - 0.5 * squares : -std::numeric_limits<double>::infinity();
  }

  // The mean of column order[i] (i >= given) where the given ones are whitened to z. O(given).
  double mean_given(Index i, const Vector<double>& z) const {
    double sum = mean[i];
    for (Index j = 0; j < given; ++j) sum += factor(i, j) * z[j];
    return sum;
  }

  // (D - given) x (D - given), symmetric to the bit: C C'.
  RowMatrix<double> covariance_given() const {
    const Index m = mean.size() - given;
    RowMatrix<double> out(m, m);
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (Index l = 0; l <= j; ++l)
          sum += factor(given + i, given + l) * factor(given + j, given + l);
        out(i, j) = out(j, i) = sum;
      }
    return out;
  }

  // given x given, symmetric to the bit: A A', the covariance of the given columns.
  RowMatrix<double> covariance_of_given() const {
    RowMatrix<double> out(given, given);
    for (Index i = 0; i < given; ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (Index l = 0; l <= j; ++l) sum += factor(i, l) * factor(j, l);
        out(i, j) = out(j, i) = sum;
      }
    return out;
  }
};

}  // namespace detail

LATENT_END
