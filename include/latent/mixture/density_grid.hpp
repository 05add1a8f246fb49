// What is drawn of a density in one or two columns: its values on a grid, and ellipses.
#pragma once

#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/cholesky.hpp"

LATENT_BEGIN

// Log densities where the lines of two axes cross.
struct DensityGrid {
  Vector<double> first;           // N1: coordinates along column 0
  Vector<double> second;          // N2: along column 1; empty for a model of one column
  RowMatrix<double> log_density;  // N1 x N2, or N1 x 1

  // N1 x N2 (or N1 x 1).
  RowMatrix<double> density() const { return log_density.array().exp(); }

  // N1 N2 x 3: (first, second, density) of every point, the second coordinate running fastest; of one
  // column N1 x 2.
  RowMatrix<double> points() const {
    const Index axes = second.size() > 0 ? 2 : 1;
    RowMatrix<double> out(log_density.size(), axes + 1);
    for (Index i = 0; i < log_density.rows(); ++i)
      for (Index j = 0; j < log_density.cols(); ++j) {
        const Index at = i * log_density.cols() + j;
        out(at, 0) = first[i];
        if (axes == 2) out(at, 1) = second[j];
        out(at, axes) = std::exp(log_density(i, j));
      }
    return out;
  }

  // (N2 + 1) x (N1 + 1), for two columns: the densities transposed under a row of the first axis and
  // beside a column of the second, which is gnuplot's "nonuniform matrix" (its corner is N1).
  RowMatrix<double> matrix() const {
    detail::require(second.size() > 0, "DensityGrid::matrix: the grid must have two axes");
    RowMatrix<double> out(second.size() + 1, first.size() + 1);
    out(0, 0) = static_cast<double>(first.size());
    out.row(0).tail(first.size()) = first.transpose();
    out.col(0).tail(second.size()) = second;
    out.bottomRightCorner(second.size(), first.size()) = density().transpose();
    return out;
  }
};

// The log density of a model of one or two columns (any with log_density(x): a Mixture, its marginal(),
// probabilistic PCA) on counts[j] equally spaced points from lower[j] to upper[j], both included.
// Throws InvalidArgument (counts below 2, bounds that are not finite or not in order, another number
// of columns). As one call of log_density with all points.
template <class Model>
DensityGrid density_grid(const Model& model, const Vector<double>& lower,
                         const Vector<double>& upper, const std::vector<Index>& counts) {
  constexpr std::string_view who = "density_grid";
  const Index d = model.dimension();
  detail::require(d == 1 || d == 2, who,
                  ": the model must have one column or two (see marginal); got ", d);
  detail::require(lower.size() == d && upper.size() == d && static_cast<Index>(counts.size()) == d,
                  who, ": lower, upper and counts must have one number a column, ", d, "; got ",
                  lower.size(), ", ", upper.size(), " and ", counts.size());
  Vector<double> axes[2];
  for (Index j = 0; j < d; ++j) {
    const Index count = counts[static_cast<std::size_t>(j)];
    detail::require(count >= 2, who, ": counts must be at least 2; got counts(", j, ") = ", count);
    detail::require(is_finite(lower[j]) && is_finite(upper[j]) && upper[j] > lower[j], who,
                    ": upper must lie above lower, both finite; got lower(", j, ") = ", lower[j],
                    " and upper(", j, ") = ", upper[j]);
    axes[j].resize(count);
    for (Index i = 0; i < count; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(count - 1);
      axes[j][i] = (1.0 - share) * lower[j] + share * upper[j];
    }
  }
  const Index wide = d == 2 ? axes[1].size() : 1;
  RowMatrix<double> x(axes[0].size() * wide, d);
  for (Index i = 0; i < x.rows(); ++i) {
    x(i, 0) = axes[0][i / wide];
    if (d == 2) x(i, 1) = axes[1][i % wide];
  }
  const Vector<double> values = model.log_density(x);
  return {axes[0], axes[1],
          Eigen::Map<const RowMatrix<double>>(values.data(), axes[0].size(), wide)};
}

// points x 2, closed (the last point is the first): the ellipse that holds `probability` of a Gaussian
// in two columns, mean + r L (cos t, sin t) with covariance = L L' and r^2 = -2 log(1 - probability),
// the quantile of chi-square with two degrees of freedom. (The ellipse at r standard deviations holds
// 1 - e^(-r^2/2).) Throws InvalidArgument: a mean that is not of 2 finite numbers, a covariance that is
// not 2 x 2 and positive definite (its lower triangle is read), probability outside (0, 1), fewer than
// 4 points.
template <class Mean, class Covariances>
RowMatrix<double> confidence_ellipse(const Eigen::MatrixBase<Mean>& mean,
                                     const Eigen::MatrixBase<Covariances>& covariance,
                                     double probability, Index points = 101) {
  constexpr std::string_view who = "confidence_ellipse";
  detail::require(mean.size() == 2 && covariance.rows() == 2 && covariance.cols() == 2, who,
                  ": mean and covariance must be of two columns; got ", mean.size(),
                  " numbers and ", covariance.rows(), " x ", covariance.cols());
  detail::require(probability > 0.0 && probability < 1.0, who,
                  ": probability must lie in (0, 1); got ", probability);
  detail::require(points >= 4, who, ": there must be at least 4 points; got ", points);
  const RowMatrix<double> centre = mean.template cast<double>().reshaped(1, 2);
  detail::require(detail::all_finite(centre.data(), 2), who, ": mean must be finite");
  RowMatrix<double> factor(2, 2);
  detail::require(detail::cholesky(covariance.template cast<double>(), 0.0, factor), who,
                  ": covariance must be positive definite; it is not");
  const double radius = std::sqrt(-2.0 * std::log1p(-probability));
  RowMatrix<double> out(points, 2);
  for (Index i = 0; i < points; ++i) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(points - 1);
    const double across = radius * std::cos(angle);
    const double along = radius * std::sin(angle);
    out(i, 0) = centre(0, 0) + factor(0, 0) * across;
    out(i, 1) = centre(0, 1) + factor(1, 0) * across + factor(1, 1) * along;
  }
  out.row(points - 1) = out.row(0);
  return out;
}

LATENT_END
