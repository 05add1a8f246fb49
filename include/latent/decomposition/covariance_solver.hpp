// Principal components from the D x D covariance: one pass over any number of rows, O(D^3) after for
// all components and less for a few.
#pragma once

#include <algorithm>
#include <cmath>

#include "latent/decomposition/axes.hpp"
#include "latent/decomposition/centred_rows.hpp"
#include "latent/decomposition/leading_eigen.hpp"
#include "latent/decomposition/packed_products.hpp"
#include "latent/decomposition/spectrum.hpp"
#include "latent/stats/covariance.hpp"

LATENT_BEGIN

namespace detail {

// D x D, lower triangle: the correlation matrix, with 0 for constant columns on the diagonal too.
template <class S>
RowMatrix<double> correlation_of_varying(const Moments<S>& moments) {
  const Index D = moments.columns();
  RowMatrix<double> result = RowMatrix<double>::Zero(D, D);
  for (Index i = 0; i < D; ++i) {
    for (Index j = 0; j <= i; ++j)
      result(i, j) = pearson(moments.central(i, i), moments.central(j, j), moments.central(i, j));
  }
  return result;
}

// D x D, lower triangle, in units of 4^exponent.
template <class S>
RowMatrix<double> covariance_in_units(const Moments<S>& moments, int exponent) {
  const Index D = moments.columns();
  RowMatrix<double> result = RowMatrix<double>::Zero(D, D);
  for (Index i = 0; i < D; ++i) {
    for (Index j = 0; j <= i; ++j) {
      const int shift = moments.exponents()[i] + moments.exponents()[j] - 2 * exponent;
      result(i, j) = std::ldexp(moments.central(i, j) / (moments.n() - 1.0), shift);
    }
  }
  return result;
}

// The lower triangle of sums about the mean becomes that of covariances, or of correlations.
inline void divide_products(CrossProducts& products, bool standardize) {
  RowMatrix<double>& gram = products.gram;
  const Index D = products.shift.size();
  const Vector<double> root = products.squares.cwiseSqrt();
  for (Index i = 0; i < D; ++i) {
    if (standardize) {
      for (Index j = 0; j < i; ++j)
        gram(i, j) = root[i] > 0.0 && root[j] > 0.0
                         ? std::clamp(gram(i, j) / (root[i] * root[j]), -1.0, 1.0)
                         : 0.0;
      gram(i, i) = root[i] > 0.0 ? 1.0 : 0.0;
    } else {
      for (Index j = 0; j < i; ++j) gram(i, j) /= products.weight - 1.0;
      gram(i, i) = products.squares[i] / (products.weight - 1.0);
    }
  }
}

// Of the matrix whose lower triangle is given: `few` leading eigenpairs where that pays (0 = no),
// else all. One eigenvector a row. T: the scalar in which its entries were computed.
template <class S>
struct EigenPairs {
  Vector<S> values;
  RowMatrix<S> vectors;
  bool complete = true;
};

template <class T, class S, class Team>
EigenPairs<S> eigen_pairs(const RowMatrix<S>& lower, Index size, Index few, Team& team) {
  if (few > 0) {
    if (auto found = leading_eigen<T>(lower, size, few, team))
      return {found->values.head(few), found->vectors.topRows(few), false};
  }
  SymmetricEigen<S> eigen(lower.topLeftCorner(size, size));
  return {std::move(eigen.values), eigen.vectors.transpose(), true};
}

// The floor where products are taken in T: entries are exact to about eps sqrt(G_ii G_jj), and so
// eigenvalues to eps times the trace.
template <class T>
double product_floor(double trace, double largest) {
  const auto eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  if (eps <= std::numeric_limits<double>::epsilon()) return 0.0;
  return std::sqrt(eps * (largest > 0.0 ? trace / largest : 1.0));
}

// All D components of moments; select(spectrum) says how many axes are wanted.
template <class S>
Spectrum solve_covariance(const Moments<S>& moments, bool standardize, const ChooseCount& select) {
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

// The same of products that column_products gave, which are used up. few: as eigen_pairs.
template <class T, class S, class Team>
Spectrum solve_products(CrossProducts& products, bool standardize, Index few, Team& team,
                        const ChooseCount& select) {
  const Index D = products.shift.size();
  divide_products(products, standardize);
  const double total = products.gram.diagonal().head(D).sum();
  const EigenPairs<double> pairs = eigen_pairs<T>(products.gram, D, few, team);
  Spectrum spectrum;
  spectrum.exponent = standardize ? 0 : products.exponent;
  spectrum.variance = pairs.values;
  spectrum.complete = pairs.complete;
  if (!pairs.complete) spectrum.rest = total - pairs.values.sum();
  cut_noise(spectrum,
            std::max(noise_floor<S>(D, products.weight), product_floor<T>(total, pairs.values[0])),
            D);
  spectrum.axes = pairs.vectors.topRows(select(spectrum));
  apply_sign_rule(spectrum.axes);
  return spectrum;
}

}  // namespace detail

LATENT_END
