// Rows and centroids of length one, for clustering by direction.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/cluster/running_sums.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

// |x| = length / factor; the length is 0 for a row of zeros. A power of two is taken out: no square
// overflows or underflows, and rows that differ by such a factor give the same bits.
struct ScaledLength {
  double factor = 1.0;
  double length = 0.0;

  template <class S>
  ScaledLength(const S* x, Index size) {
    double largest = 0.0;
    for (Index j = 0; j < size; ++j)
      largest = std::max(largest, std::abs(static_cast<double>(x[j])));
    if (!(largest > 0.0)) return;
    factor = std::ldexp(1.0, -std::max(std::ilogb(largest), -1000));
    double sum = 0.0;
    for (Index j = 0; j < size; ++j) {
      const double t = factor * static_cast<double>(x[j]);
      sum += t * t;
    }
    length = std::sqrt(sum);
  }
};

// to = from / |from|; false where `from` is zero.
template <class S, class T>
bool normalise(const S* from, Index cols, T* to) {
  const ScaledLength of{from, cols};
  if (!(of.length > 0.0)) return false;
  for (Index j = 0; j < cols; ++j)
    to[j] = static_cast<T>(of.factor * static_cast<double>(from[j]) / of.length);
  return true;
}

// True if a row of type T has the length one, but for the rounding of S.
template <class S, class T>
bool is_unit(const T* row, Index cols) {
  const double rounding = 4.0 * static_cast<double>(std::numeric_limits<S>::epsilon()) +
                          static_cast<double>(cols) * std::numeric_limits<double>::epsilon();
  return std::abs(squared_norm(row, cols) - 1.0) <= rounding;
}

// unit_samples for sparse rows, by factors of the source: nothing is copied. A factor would overflow
// for a length below 2^-1022.
template <class S, class Team>
Samples<S> unit_sparse_samples(const Samples<S>& data, std::string_view who, Team& team) {
  Vector<double> factors(data.rows());
  team.for_each_lane(lanes_of(data.rows()), [&](Index lane) {
    std::vector<S> buffer;
    for_each_tile(data.rows(), lane, [&](Index first, Index count) {
      check_finite(data, first, count, who);
      for (Index i = first; i < first + count; ++i) {
        const std::span<const S> row = data.row_values(i, buffer);
        const ScaledLength of{row.data(), static_cast<Index>(row.size())};
        require<DataError>(of.length > 0.0, who,
                           ": rows must have a direction; got a row of length zero at row ", i);
        factors[i] = of.factor / of.length;
        require<DataError>(is_finite(factors[i]), who,
                           ": sparse rows must have a length of at least 2^-1022; got ",
                           of.length / of.factor, " at row ", i);
      }
    });
  });
  return data.scale_rows(factors);
}

// The rows divided by their lengths, with the weights of the source; dense ones in a copy. Throws
// DataError for numbers that are not finite and for rows of length zero, which have no direction.
template <class S, class Team>
Samples<S> unit_samples(const Samples<S>& data, std::string_view who, Team& team) {
  if (data.sparse()) return unit_sparse_samples(data, who, team);
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
