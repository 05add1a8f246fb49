// The leading principal components by a few passes over the rows: nothing of size D x D or n x n.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "latent/decomposition/krylov.hpp"
#include "latent/decomposition/svd_solver.hpp"

LATENT_BEGIN

namespace detail {

// out (b x D) += block (b x D) y'y over the rows y of a lane of a sparse source, by its entries: the
// centring is a term of its own, and zeros cost nothing. unit: D, from the data into the units.
template <class S>
void add_sparse_lane(const CentredRows<S>& rows, const RowMatrix<double>& block, Index lane,
                     const Vector<double>& unit, const Vector<double>& centre,
                     RowMatrix<double>& out) {
  const Index b = block.rows();
  const Index end = std::min(rows.rows(), (lane + 1) * lane_rows);
  const Vector<double> of_mean = block * centre;
  const RowMatrix<double> columns = unit.asDiagonal() * block.transpose();  // D x b
  RowMatrix<double> sums = RowMatrix<double>::Zero(rows.cols(), b);
  Vector<double> along(b);
  Vector<double> total = Vector<double>::Zero(b);
  std::vector<S> buffer;
  for (Index i = lane * lane_rows; i < end; ++i) {
    const double w = rows.data().weight(i);
    if (!(w > 0.0)) continue;
    const SparseRow<S> row = rows.data().sparse_row(i, buffer);
    along = -of_mean;
    for (Index p = 0; p < row.count; ++p) {
      const auto x = static_cast<double>(row.values[p]);
      const double* from = &columns(row.indices[p], 0);
      for (Index k = 0; k < b; ++k) along[k] += x * from[k];
    }
    along *= w;
    total += along;
    for (Index p = 0; p < row.count; ++p) {
      const auto x = static_cast<double>(row.values[p]);
      double* to = &sums(row.indices[p], 0);
      for (Index k = 0; k < b; ++k) to[k] += x * along[k];
    }
  }
  out += (unit.asDiagonal() * sums).transpose();
  out -= total * centre.transpose();
}

// block (b x D) times Y'Y, Y the centred rows: one pass.
template <class S, class Team>
RowMatrix<double> times_squares(const CentredRows<S>& rows, const RowMatrix<double>& block,
                                bool by_entries, Team& team) {
  Vector<double> unit, centre;
  if (by_entries) {
    const ColumnMoments& moments = rows.moments();
    unit = rows.factor().cwiseProduct(moments.frame.factor);
    centre = rows.factor().cwiseProduct(moments.frame.shift.cwiseProduct(moments.frame.factor) +
                                        moments.offset);
  }
  return team.reduce(
      rows.lanes(),
      [&] { return RowMatrix<double>(RowMatrix<double>::Zero(block.rows(), rows.cols())); },
      [&](Index lane, RowMatrix<double>& sum) {
        if (by_entries) {
          add_sparse_lane(rows, block, lane, unit, centre, sum);
          return;
        }
        rows.for_each_tile(lane, [&](const RowMatrix<double>& y, Index) {
          add_product(product(block, y.transpose()), y, sum);
        });
      });
}

// Centring by entries subtracts the mean's part from each row's: what cancels is the ratio of mean
// to spread. Where columns lie further from the origin than that, rows are centred one by one.
template <class S>
bool centre_by_entries(const CentredRows<S>& rows) {
  constexpr double most = 64.0;
  if (!rows.data().sparse()) return false;
  const ColumnMoments& moments = rows.moments();
  double largest = 0.0;
  for (Index j = 0; j < rows.cols(); ++j) {
    const double mean = moments.frame.shift[j] * moments.frame.factor[j] + moments.offset[j];
    largest = std::max(largest, std::abs(mean * rows.factor()[j]));
  }
  return largest * largest * (moments.weight - 1.0) <= most * most * rows.squares();
}

// The leading `count` components of min(n, D); `accuracy` bounds the relative error of a variance
// before the last step. O(n D (count + 10)) a pass, O(D (count + 10) passes) memory.
template <class S, class Team>
Spectrum solve_randomized(const CentredRows<S>& rows, Index count, double accuracy,
                          std::uint64_t seed, Team& team) {
  constexpr Index oversampling = 10;
  constexpr Index most_steps = 100;
  const Index possible = std::min(rows.rows(), rows.cols());
  KrylovOptions options;
  options.count = count;
  options.block = std::min(count + oversampling, possible);
  // A random block reaches beyond the span of the rows, and has to leave room for all of it.
  options.most = std::min(possible + options.block, options.block * most_steps);
  options.noise = std::numeric_limits<double>::epsilon() * static_cast<double>(lane_rows);
  options.relative = accuracy;
  options.seed = seed;
  const bool by_entries = centre_by_entries(rows);
  const RitzVectors<double> ritz = block_krylov<double>(
      rows.cols(), options,
      [&](const RowMatrix<double>& block) { return times_squares(rows, block, by_entries, team); });

  // Within the space that was found, values and axes as accurate as the rows: no square.
  const Index width = ritz.vectors.rows();
  const RightSingular<double> svd =
      right_singular(factor_of_rows(rows, width, team, [&](const RowMatrix<double>& y) {
        return product(y, ritz.vectors.transpose());
      }));
  Spectrum spectrum;
  spectrum.exponent = rows.exponent();
  const double n = rows.moments().weight;
  spectrum.variance = svd.values.head(std::min(count, svd.values.size())).cwiseAbs2() / (n - 1.0);
  spectrum.rest = rows.squares() / (n - 1.0) - spectrum.variance.sum();
  spectrum.complete = false;
  spectrum.passes = ritz.steps;
  spectrum.converged = ritz.converged;
  cut_noise(spectrum, noise_floor<S>(rows.cols(), n), std::min(rows.cols(), rows.rows() - 1));
  spectrum.axes = product(RowMatrix<double>(svd.vectors.topRows(count)), ritz.vectors);
  if (!polish_orthonormal(spectrum.axes, count)) orthonormalise(spectrum.axes, count);
  apply_sign_rule(spectrum.axes);
  return spectrum;
}

}  // namespace detail

LATENT_END
