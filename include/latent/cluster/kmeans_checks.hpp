// What k-means requires of its data and its start, checked before any work.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"

LATENT_BEGIN

namespace detail {

// Larger numbers are refused: their squared differences, summed over columns and rows, could
// overflow a double. About 3e144.
inline constexpr double largest_magnitude = 0x1p480;
inline constexpr double smallest_magnitude = 0x1p-480;

template <class S>
bool magnitude_fits(S value) {
  return std::abs(static_cast<double>(value)) <= largest_magnitude;
}

// The largest magnitude in rows first ... first + count - 1. DataError names the first number that
// is not finite or out of range.
template <class S>
double check_magnitudes(const Samples<S>& data, Index first, Index count, std::string_view who) {
  check_finite(data, first, count, who);
  S largest = 0;
  std::vector<S> buffer;
  for (Index i = first; i < first + count; ++i) {
    for (const S value : data.row_values(i, buffer)) {
      const S magnitude = std::abs(value);
      largest = magnitude > largest ? magnitude : largest;
    }
    if (magnitude_fits(largest)) continue;
    for (Index j = 0; j < data.cols(); ++j)
      require<DataError>(magnitude_fits(data(i, j)), who,
                         ": magnitudes must not exceed 2^480, about 3e144; got ", data(i, j),
                         " at row ", i, ", column ", j);
  }
  return static_cast<double>(largest);
}

template <class S>
void check_centroids(const RowMatrix<S>& centroids, std::string_view who) {
  for (Index k = 0; k < centroids.rows(); ++k)
    for (Index j = 0; j < centroids.cols(); ++j) {
      require<DataError>(is_finite(centroids(k, j)), who,
                         ": centroids must be finite; got NaN or an infinity at row ", k,
                         ", column ", j);
      require<DataError>(magnitude_fits(centroids(k, j)), who,
                         ": magnitudes must not exceed 2^480, about 3e144; got ", centroids(k, j),
                         " in the centroid of row ", k, ", column ", j);
    }
}

// The inertia stays finite: `largest` is the largest magnitude among rows and centroids.
template <class S, class Team>
void check_reach(const Samples<S>& data, double largest, Team& team,
                 std::string_view who = "KMeans") {
  const double reach = 2.0 * largest;
  const double weight = total_weight(data, team);
  require<DataError>(is_finite(reach * reach * weight * static_cast<double>(data.cols())), who,
                     ": weights times squared differences must be finite; got a total weight of ",
                     weight, " and magnitudes up to ", 0.5 * reach);
}

template <class S>
double largest_magnitude_of(const RowMatrix<S>& values) {
  return static_cast<double>(values.size() > 0 ? values.cwiseAbs().maxCoeff() : S(0));
}

// What all fits of the family take alike.
inline void check_kmeans_options(Index clusters, Index restarts, Index max_iterations,
                                 double tolerance, std::string_view who) {
  require(clusters >= 1, who, ": clusters must be at least 1; got ", clusters);
  require(restarts >= 1, who, ": restarts must be at least 1; got ", restarts);
  require(max_iterations >= 1, who, ": max_iterations must be at least 1; got ", max_iterations);
  require(is_finite(tolerance) && tolerance >= 0.0, who,
          ": tolerance must be finite and not negative; got ", tolerance);
}

// The value of `clusters` that was not given: the default in fit, the rows of the start in fit_from.
inline constexpr Index unset_clusters = std::numeric_limits<Index>::min();

// A start, K x D, as rows of S.
template <class S, class Centroids>
RowMatrix<S> checked_start(const Eigen::DenseBase<Centroids>& centroids, Index clusters,
                           std::string_view who) {
  RowMatrix<S> start = centroids.derived().matrix().template cast<S>();
  require(clusters == unset_clusters || clusters == start.rows(), who,
          ": the start must have as many rows as clusters; got ", start.rows(), " rows for ",
          clusters, " clusters");
  check_centroids(start, who);
  return start;
}

// The start of fit_from, as the scalar of the data.
template <class S, class Centroids>
RowMatrix<S> checked_start(const Eigen::DenseBase<Centroids>& centroids, Index clusters,
                           const Samples<S>& data, std::string_view who) {
  RowMatrix<S> start = checked_start<S>(centroids, clusters, who);
  require(start.cols() == data.cols(), who,
          ": the start must have as many columns as the data; got ", start.rows(), " x ",
          start.cols(), " for data of ", data.rows(), " x ", data.cols());
  return start;
}

// The largest magnitude of all rows, checked as check_magnitudes does.
template <class S, class Team>
double check_all_magnitudes(const Samples<S>& data, Team& team, std::string_view who) {
  Vector<double> lanes = Vector<double>::Zero(lanes_of(data.rows()));
  team.for_each_lane(lanes.size(), [&](Index lane) {
    for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
      lanes[lane] = std::max(lanes[lane], check_magnitudes(data, first, rows, who));
    });
  });
  return lanes.size() > 0 ? lanes.maxCoeff() : 0.0;
}

// Shapes, finite numbers, no fewer usable rows than clusters, and an inertia that stays finite.
// `start` is the largest magnitude among given centroids.
template <class S, class Team>
void check_kmeans_data(const Samples<S>& data, Index clusters, double start, Team& team,
                       std::string_view who = "KMeans") {
  check_shape(data, who);
  require(clusters <= data.rows(), who, ": clusters must not exceed the number of rows; got ",
          clusters, " clusters for ", data.rows(), " rows");
  require(clusters <= std::numeric_limits<int>::max(), who, ": clusters must fit an int; got ",
          clusters);
  if (data.has_weights()) {
    Index usable = 0;
    for (Index i = 0; i < data.rows(); ++i) {
      const double weight = data.weights()[i];
      if (!(weight > 0.0)) continue;
      ++usable;
      // Below, a weight times a difference would keep no digits.
      require<DataError>(weight >= smallest_magnitude, who,
                         ": a weight must be 0 or at least 2^-480, about 3e-145; got ", weight,
                         " for row ", i);
    }
    require(clusters <= usable, who,
            ": clusters must not exceed the number of rows of positive weight; got ", clusters,
            " clusters for ", usable, " such rows");
  }
  // Below this, squared distances underflow and every row would seem to lie on its centroid.
  const double largest = std::max(start, check_all_magnitudes(data, team, who));
  require<DataError>(largest == 0.0 || largest >= smallest_magnitude, who,
                     ": the largest magnitude must be 0 or at least 2^-480, about 3e-145; got ",
                     largest, "; scale the data up");
  check_reach(data, largest, team, who);
}

}  // namespace detail

LATENT_END
