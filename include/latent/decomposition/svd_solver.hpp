// Principal components from the singular values of the centred rows, which are never squared.
#pragma once

#include <algorithm>

#include "latent/decomposition/axes.hpp"
#include "latent/decomposition/centred_rows.hpp"
#include "latent/decomposition/householder.hpp"
#include "latent/decomposition/small_svd.hpp"
#include "latent/decomposition/spectrum.hpp"

LATENT_BEGIN

namespace detail {

// R (min(n, D) x D) of the rows: one of each lane, merged along the executor's tree (tall and skinny
// QR: Demmel, Grigori, Hoemmen and Langou 2012). width: of what `map` makes of a tile.
template <class S, class Team, class Map>
RowMatrix<double> factor_of_rows(const CentredRows<S>& rows, Index width, Team& team,
                                 const Map& map) {
  using Factor = TriangularFactor<double>;
  Factor factor = team.reduce(
      rows.lanes(), [] { return Factor{}; },
      [&](Index lane, Factor& of_lane) {
        const Index begin = lane * lane_rows;
        RowMatrix<double> part(std::min(lane_rows, rows.rows() - begin), width);
        rows.for_each_tile(lane, [&](const RowMatrix<double>& y, Index first) {
          part.middleRows(first - begin, y.rows()) = map(y);
        });
        of_lane.r = householder_r(part);
      });
  return std::move(factor.r);
}

// R (min(n, D) x n) of the transposed rows, lanes of columns.
template <class Team>
RowMatrix<double> factor_of_columns(const RowMatrix<double>& rows, Team& team) {
  using Factor = TriangularFactor<double>;
  Factor factor = team.reduce(
      lanes_of(rows.cols()), [] { return Factor{}; },
      [&](Index lane, Factor& of_lane) {
        const Index first = lane * lane_rows;
        RowMatrix<double> part =
            rows.middleCols(first, std::min(lane_rows, rows.cols() - first)).transpose();
        of_lane.r = householder_r(part);
      });
  return std::move(factor.r);
}

// count x D: the first `given` rows are weights (given x n) times rows (n x D), the rest 0. Strips
// of columns are lanes.
template <class Team>
RowMatrix<double> axes_of_rows(const RowMatrix<double>& rows, const RowMatrix<double>& weights,
                               Index count, Team& team) {
  constexpr Index strip = 512;
  RowMatrix<double> axes = RowMatrix<double>::Zero(count, rows.cols());
  team.for_each_lane((rows.cols() + strip - 1) / strip, [&](Index lane) {
    const Index first = lane * strip;
    const Index width = std::min(strip, rows.cols() - first);
    Eigen::Block<RowMatrix<double>> target(axes, 0, first, weights.rows(), width);
    add_product(weights, rows.middleCols(first, width), target);
  });
  return axes;
}

// min(n, D) components; select(spectrum) says how many axes are wanted. O(n D min(n, D)) time;
// memory D x D a thread for n >= D, that of the rows in double for n < D.
template <class S, class Team>
Spectrum solve_svd(const CentredRows<S>& rows, Team& team, const ChooseCount& select) {
  const double n = rows.moments().weight;
  const Index most = std::min(rows.cols(), rows.rows() - 1);
  const bool tall = rows.rows() >= rows.cols();
  const RowMatrix<double> wide = tall ? RowMatrix<double>() : rows.all(team);
  const RightSingular<double> svd = right_singular(
      tall ? factor_of_rows(rows, rows.cols(), team, [](const RowMatrix<double>& y) { return y; })
           : factor_of_columns(wide, team));
  Spectrum spectrum;
  spectrum.exponent = rows.exponent();
  spectrum.variance = svd.values.cwiseAbs2() / (n - 1.0);
  cut_noise(spectrum, rounding_floor<S>(rows.cols(), n), most);
  const Index count = select(spectrum);
  const Index given = std::min(count, spectrum.rank);
  if (tall) {
    spectrum.axes = svd.vectors.topRows(count);
  } else {
    const RowMatrix<double> weights =
        svd.values.head(given).cwiseInverse().asDiagonal() * svd.vectors.topRows(given);
    spectrum.axes = axes_of_rows(wide, weights, count, team);
    orthonormalise(spectrum.axes, given);
    complete_axes(spectrum.axes, given);
  }
  apply_sign_rule(spectrum.axes);
  return spectrum;
}

}  // namespace detail

LATENT_END
