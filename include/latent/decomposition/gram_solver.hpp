// Principal components from the n x n Gram matrix of the centred rows: for fewer rows than columns.
// Nothing of size D x D is formed.
#pragma once

#include <algorithm>
#include <cmath>

#include "latent/decomposition/covariance_solver.hpp"
#include "latent/decomposition/packed_rows.hpp"
#include "latent/decomposition/svd_solver.hpp"

LATENT_BEGIN

namespace detail {

// n x n, lower triangle: rows rows'. Strips of rows are the lanes.
template <class Team>
RowMatrix<double> gram_matrix(const RowMatrix<double>& rows, Team& team) {
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

// From the eigenpairs of the Gram matrix; axes_of(weights, count) gives count axes, the first of
// them weights (given x n) times the rows. Axes beyond the rank complete the orthonormal set.
template <class AxesOf>
void finish_gram(Spectrum& spectrum, const EigenPairs<double>& pairs, double divisor, double floor,
                 Index most, const AxesOf& axes_of, const ChooseCount& select) {
  spectrum.variance = pairs.values / divisor;
  spectrum.complete = pairs.complete;
  spectrum.rest = pairs.complete ? 0.0 : spectrum.rest - spectrum.variance.sum();
  cut_noise(spectrum, floor, most);
  const Index count = select(spectrum);
  const Index given = std::min(count, spectrum.rank);
  const RowMatrix<double> weights =
      pairs.values.head(given).cwiseSqrt().cwiseInverse().asDiagonal() *
      pairs.vectors.topRows(given);
  spectrum.axes = axes_of(weights, count);
  if (!polish_orthonormal(spectrum.axes, given)) orthonormalise(spectrum.axes, given);
  complete_axes(spectrum.axes, given);
  apply_sign_rule(spectrum.axes);
}

// The n components that n rows can have; select(spectrum) says how many axes are wanted.
template <class S, class Team>
Spectrum solve_gram(const CentredRows<S>& centred, Team& team, const ChooseCount& select) {
  const RowMatrix<double> rows = centred.all(team);
  const double n = centred.moments().weight;
  Spectrum spectrum;
  spectrum.exponent = centred.exponent();
  finish_gram(
      spectrum, eigen_pairs<double>(gram_matrix(rows, team), rows.rows(), 0, team), n - 1.0,
      noise_floor<S>(rows.cols(), n), rows.rows() - 1,
      [&](const RowMatrix<double>& weights, Index count) {
        return axes_of_rows(rows, weights, count, team);
      },
      select);
  return spectrum;
}

// The same of strips that row_products has measured: T is the scalar of the products, few as
// eigen_pairs.
template <class T, class S, class Team>
Spectrum solve_strips(const Samples<S>& data, ColumnStrips<S>& strips, bool standardize, Index few,
                      Team& team, const ChooseCount& select) {
  const CrossProducts& products = strips.products();
  const double divisor = products.weight - 1.0;
  const double total = products.gram.diagonal().head(data.rows()).sum();
  const EigenPairs<double> pairs = eigen_pairs<T>(products.gram, data.rows(), few, team);
  Spectrum spectrum;
  spectrum.exponent = standardize ? 0 : products.exponent;
  spectrum.rest = total / divisor;
  finish_gram(
      spectrum, pairs, divisor,
      std::max(noise_floor<S>(data.cols(), products.weight),
               product_floor<T>(total, pairs.values[0])),
      data.rows() - 1,
      [&](const RowMatrix<double>& weights, Index count) {
        return axes_of_strips<T>(data, strips, weights, count, team);
      },
      select);
  return spectrum;
}

}  // namespace detail

LATENT_END
