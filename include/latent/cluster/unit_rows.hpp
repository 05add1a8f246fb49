// Rows and centroids of length one, for clustering by direction.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/cluster/running_sums.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

// to = from / |from|; false where `from` is zero. A power of two is taken out first: no square
// overflows or underflows, and rows that differ by such a factor give the same bits.
template <class S, class T>
bool normalise(const S* from, Index cols, T* to) {
  double largest = 0.0;
  for (Index j = 0; j < cols; ++j)
    largest = std::max(largest, std::abs(static_cast<double>(from[j])));
  if (!(largest > 0.0)) return false;
  const double factor = std::ldexp(1.0, -std::max(std::ilogb(largest), -1000));
  double sum = 0.0;
  for (Index j = 0; j < cols; ++j) {
    const double t = factor * static_cast<double>(from[j]);
    sum += t * t;
  }
  const double length = std::sqrt(sum);
  for (Index j = 0; j < cols; ++j)
    to[j] = static_cast<T>(factor * static_cast<double>(from[j]) / length);
  return true;
}

// True if a row of type T has the length one, but for the rounding of S.
template <class S, class T>
bool is_unit(const T* row, Index cols) {
  const double rounding = 4.0 * static_cast<double>(std::numeric_limits<S>::epsilon()) +
                          static_cast<double>(cols) * std::numeric_limits<double>::epsilon();
  return std::abs(squared_norm(row, cols) - 1.0) <= rounding;
}

// The rows divided by their lengths, in a copy, with the weights of the source. Throws DataError for
// numbers that are not finite and for rows of length zero, which have no direction.
template <class S, class Team>
Samples<S> unit_samples(const Samples<S>& data, std::string_view who, Team& team) {
  const Index cols = data.cols();
  RowMatrix<S> rows(data.rows(), cols);
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    RowMatrix<S> tile(std::min(tile_rows, data.rows()), cols);
    for_each_tile(data.rows(), lane, [&](Index first, Index count) {
      check_finite(data, first, count, who);
      data.read(first, count, tile);
      for (Index i = 0; i < count; ++i)
        require<DataError>(
            normalise(tile.data() + i * cols, cols, rows.data() + (first + i) * cols), who,
            ": rows must have a direction; got a row of length zero at row ", first + i);
    });
  });
  Samples<S> unit{std::move(rows)};
  if (data.has_weights()) return std::move(unit).weights(data.weights());
  return unit;
}

// The directions of the weighted means, which of all unit vectors have the largest sum of cosines
// with the rows of their cluster (Cauchy-Schwarz; Dhillon and Modha 2001). A cluster without rows,
// or whose mean is zero but for rounding (opposite rows), keeps its centroid. Where all rows are the
// same, it sits on them to the bit.
template <class S>
RowMatrix<S> unit_means(const RowMatrix<S>& centroids, const RunningSums<S>& sums, Index iteration,
                        std::vector<Note>& notes) {
  const Index cols = centroids.cols();
  RowMatrix<S> means = centroids;
  Vector<double> mean(cols);
  for (Index k = 0; k < means.rows(); ++k) {
    if (!(sums.members()[k] > 0.5)) continue;
    for (Index j = 0; j < cols; ++j) mean[j] = sums.mean(k, j);
    const double length = std::sqrt(squared_norm(mean.data(), cols));
    if (is_unit<S>(mean.data(), cols))
      means.row(k) = mean.template cast<S>().transpose();
    else if (length > 8.0 * static_cast<double>(std::numeric_limits<S>::epsilon()))
      normalise(mean.data(), cols, means.data() + k * cols);
    else
      notes.push_back(
          {iteration, k, length,
           "cluster kept its centroid: its rows cancel out; value = length of the mean"});
  }
  return means;
}

}  // namespace detail

LATENT_END
