// Principal components from the D x D covariance: one pass over any number of rows, O(D^3) after.
#pragma once

#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>

#include "latent/decomposition/axes.hpp"
#include "latent/decomposition/spectrum.hpp"
#include "latent/stats/covariance.hpp"

LATENT_BEGIN

namespace detail {

// Eigenvalues descending and eigenvectors (columns, in the same order) of a symmetric matrix whose
// lower triangle is given. Throws DataError where the iteration does not converge. S is always
// double: a template, so that only who solves compiles the solver (CONTRIBUTING.md, Compile time).
template <class S>
struct SymmetricEigen {
  using Square = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

  Vector<S> values;
  Square vectors;

  explicit SymmetricEigen(const Square& symmetric) {
    const Eigen::SelfAdjointEigenSolver<Square> solver(symmetric);
    require<DataError>(solver.info() == Eigen::Success,
                       "PCA: the eigenvalue iteration did not converge");
    values = solver.eigenvalues().reverse();
    vectors = solver.eigenvectors().rowwise().reverse();
  }
};

// D x D, lower triangle: the correlation matrix, with 0 for constant columns on the diagonal too.
template <class S>
Eigen::MatrixXd correlation_of_varying(const Moments<S>& moments) {
  const Index D = moments.columns();
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(D, D);
  for (Index j = 0; j < D; ++j) {
    for (Index i = j; i < D; ++i)
      result(i, j) = pearson(moments.central(i, i), moments.central(j, j), moments.central(i, j));
  }
  return result;
}

// The exponent of the widest column that varies.
inline int common_exponent(const Eigen::VectorXi& exponents) {
  return exponents.maxCoeff();
}

// D x D, lower triangle, in units of 4^exponent.
template <class S>
Eigen::MatrixXd covariance_in_units(const Moments<S>& moments, int exponent) {
  const Index D = moments.columns();
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(D, D);
  for (Index j = 0; j < D; ++j) {
    for (Index i = j; i < D; ++i) {
      const int shift = moments.exponents()[i] + moments.exponents()[j] - 2 * exponent;
      result(i, j) = std::ldexp(moments.central(i, j) / (moments.n() - 1.0), shift);
    }
  }
  return result;
}

// All D components; select(spectrum) says how many axes are wanted.
template <class S, class Select>
Spectrum solve_covariance(const Moments<S>& moments, bool standardize, Select&& select) {
  Spectrum spectrum;
  spectrum.exponent = standardize ? 0 : common_exponent(moments.exponents());
  const SymmetricEigen<double> eigen(standardize ? correlation_of_varying(moments)
                                                 : covariance_in_units(moments, spectrum.exponent));
  spectrum.variance = eigen.values;
  cut_noise(spectrum, noise_floor<S>(moments.columns(), moments.n()), moments.columns());
  spectrum.axes = eigen.vectors.leftCols(select(spectrum)).transpose();
  apply_sign_rule(spectrum.axes);
  return spectrum;
}

}  // namespace detail

LATENT_END
