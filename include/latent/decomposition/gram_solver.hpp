// Principal components from the n x n Gram matrix of the centred rows: for fewer rows than columns.
// Nothing of size D x D is formed.
#pragma once

#include <algorithm>
#include <cmath>

#include "latent/core/product.hpp"
#include "latent/decomposition/covariance_solver.hpp"

LATENT_BEGIN

namespace detail {

// n x D: sqrt(w) (x - mean) / unit, where the unit of column j is its standard deviation or, for
// all columns, 2^exponent. Constant columns are 0.
template <class S, class Team>
RowMatrix<double> centred_rows(const Samples<S>& data, const ColumnMoments& moments,
                               bool standardize, int exponent, Team& team) {
  const Index D = data.cols();
  Vector<double> factor(D);  // from the frame into the unit
  for (Index j = 0; j < D; ++j) {
    const double spread = std::sqrt(moments.squares[j] / (moments.weight - 1.0));
    if (standardize)
      factor[j] = spread > 0.0 ? 1.0 / spread : 0.0;
    else
      factor[j] = std::ldexp(1.0, moments.frame.exponent[j] - exponent);
  }
  RowMatrix<double> rows(data.rows(), D);
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    Index row = lane * lane_rows;
    for_each_framed_tile(data, moments.frame, lane, [&](const RowMatrix<double>& y, const auto& w) {
      for (Index i = 0; i < y.rows(); ++i, ++row) {
        const double root = std::sqrt(w[i]);
        for (Index j = 0; j < D; ++j)
          rows(row, j) = root * ((y(i, j) - moments.offset[j]) * factor[j]);
      }
    });
  });
  return rows;
}

// n x n, lower triangle: rows rows'. Strips of rows are the lanes.
template <class Team>
Eigen::MatrixXd gram_matrix(const RowMatrix<double>& rows, Team& team) {
  constexpr Index strip = 64;
  const Index n = rows.rows();
  RowMatrix<double> gram = RowMatrix<double>::Zero(n, n);
  team.for_each_lane((n + strip - 1) / strip, [&](Index lane) {
    const Index first = lane * strip;
    const Index count = std::min(strip, n - first);
    Eigen::Block<RowMatrix<double>> target(gram, first, 0, count, first + count);
    add_product(rows.middleRows(first, count), rows.topRows(first + count).transpose(), target);
  });
  return gram;
}

// L x D: vectors' rows / singular values, orthonormal up to rounding. Strips of columns are lanes.
template <class Team>
RowMatrix<double> axes_of_rows(const RowMatrix<double>& rows, const SymmetricEigen<double>& eigen,
                               Index given, Index count, Team& team) {
  constexpr Index strip = 512;
  RowMatrix<double> axes = RowMatrix<double>::Zero(count, rows.cols());
  const RowMatrix<double> weights =
      (eigen.vectors.leftCols(given) *
       eigen.values.head(given).cwiseSqrt().cwiseInverse().asDiagonal())
          .transpose();
  team.for_each_lane((rows.cols() + strip - 1) / strip, [&](Index lane) {
    const Index first = lane * strip;
    const Index width = std::min(strip, rows.cols() - first);
    Eigen::Block<RowMatrix<double>> target(axes, 0, first, given, width);
    add_product(weights, rows.middleCols(first, width), target);
  });
  return axes;
}

// The n components that n rows can have; select(spectrum) says how many axes are wanted. Axes
// beyond the rank complete the orthonormal set.
template <class S, class Team, class Select>
Spectrum solve_gram(const Samples<S>& data, const ColumnMoments& moments, bool standardize,
                    Team& team, Select&& select) {
  Spectrum spectrum;
  spectrum.exponent = standardize ? 0 : common_exponent(moments.frame.exponent);
  const RowMatrix<double> rows = centred_rows(data, moments, standardize, spectrum.exponent, team);
  const SymmetricEigen<double> eigen(gram_matrix(rows, team));
  spectrum.variance = eigen.values / (moments.weight - 1.0);
  cut_noise(spectrum, noise_floor<S>(data.cols(), moments.weight), data.rows() - 1);
  const Index count = select(spectrum);
  const Index given = std::min(count, spectrum.rank);
  spectrum.axes = axes_of_rows(rows, eigen, given, count, team);
  orthonormalise(spectrum.axes, given);
  complete_axes(spectrum.axes, given);
  apply_sign_rule(spectrum.axes);
  return spectrum;
}

}  // namespace detail

LATENT_END
