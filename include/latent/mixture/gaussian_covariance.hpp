// How the covariances of Gaussian components come in, and what their numbers are called.
#pragma once

#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/cholesky.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/covariance_floor.hpp"

LATENT_BEGIN

namespace detail {

// The Cholesky factor of a covariance that a user gave. Throws InvalidArgument.
template <class S>
RowMatrix<double> checked_factor(Covariance form,
                                 const Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>& covariance,
                                 Index d, const std::string& owner) {
  require(covariance.rows() == d && covariance.cols() == d, "Gaussian: a covariance must be ", d,
          " x ", d, "; got ", covariance.rows(), " x ", covariance.cols(), " for ", owner);
  const double asymmetry = asymmetry_of(covariance);
  require(asymmetry <= 1e-6,
          "Gaussian: a covariance must be symmetric; got a relative difference of ", asymmetry,
          " for ", owner);
  RowMatrix<double> factor(d, d);
  require(cholesky(covariance.template cast<double>(), 0.0, factor),
          "Gaussian: a covariance must be positive definite; that of ", owner, " is not");
  for (Index i = 0; is_diagonal(form) && i < d; ++i)
    for (Index j = 0; j < i; ++j)
      require(static_cast<double>(covariance(i, j)) == 0.0, "Gaussian: a covariance of form ",
              to_string(form), " must be diagonal; got ", covariance(i, j), " at (", i, ", ", j,
              ") for ", owner);
  return factor;
}

// Whether sums over a tile of rows may be in float for a component that looks like this: its weight is
// that of many rows, its mean has stayed near the shift that the sums are about, and no column nearly
// depends on those before it. Then the rounding of float moves an M-step by less than matters to the
// objective; elsewhere it could make up what a singular covariance lacks. factor: its Cholesky factor
// (D x D), or its standard deviations (1 x D); offset: mean - shift (D).
template <class Offset>
bool bears_narrow_sums(double n, const Eigen::Ref<const RowMatrix<double>>& factor,
                       const Offset& offset) {
  constexpr double rows_a_column = 4.0;
  constexpr double least_left = 1e-3;  // of a column's variance, given those before it
  constexpr double far = 16.0;         // standard deviations
  if (!(n >= rows_a_column * static_cast<double>(factor.cols()))) return false;
  for (Index j = 0; j < factor.cols(); ++j) {
    const bool along = factor.rows() == 1;
    const double pivot = along ? factor(0, j) : factor(j, j);
    const double variance = along ? pivot * pivot : factor.row(j).head(j + 1).squaredNorm();
    if (!(pivot * pivot >= least_left * variance)) return false;
    if (!(offset[j] * offset[j] <= far * far * variance)) return false;
  }
  return true;
}

// Adds the names of the numbers of `blocks` covariances, in their order.
inline void name_covariances(Covariance form, Index blocks, Index d,
                             std::vector<std::string>& names) {
  for (Index b = 0; b < blocks; ++b) {
    if (is_spherical(form)) {
      names.push_back(is_shared(form) ? std::string("variance") : concat("variance(", b, ")"));
      continue;
    }
    const std::string of = is_shared(form) ? std::string() : concat(b, ",");
    for (Index i = 0; i < d; ++i) {
      if (is_diagonal(form)) {
        names.push_back(concat("variance(", of, i, ")"));
        continue;
      }
      for (Index j = 0; j <= i; ++j) names.push_back(concat("covariance(", of, i, ",", j, ")"));
    }
  }
}

}  // namespace detail

LATENT_END
