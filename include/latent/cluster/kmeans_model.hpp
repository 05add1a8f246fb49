// The model that k-means fits: K centroids. Immutable, safe to share between threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/kmeans_checks.hpp"
#include "latent/cluster/sparse_sums.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"

LATENT_BEGIN

// Data are matrices, expressions or sources with D columns. Every method throws InvalidArgument
// where the number of columns differs or the model is empty, and DataError for NaN, infinities and
// magnitudes beyond 2^480; no rows give an empty result. Data of another scalar are rounded to that
// of the model (DataError where they do not fit). O(n K D).
template <class S>
class KMeansModel {
 public:
  using Scalar = S;

  // Empty: fit or assign one before use.
  KMeansModel() = default;

  // centroids: K x D, finite, in the units of the data. column_factors: D numbers, finite and not
  // negative, or none. With them, distances are those between x(i, j) a(j) and scaled_centroids,
  // K x D, which are the centroids times the factors unless given: what a fit found is rounded once.
  explicit KMeansModel(RowMatrix<S> centroids, Vector<double> column_factors = {},
                       RowMatrix<S> scaled_centroids = {})
      : centroids_{std::move(centroids)}, factors_{std::move(column_factors)} {
    detail::require(centroids_.rows() > 0 && centroids_.cols() > 0,
                    "KMeansModel: centroids must have rows and columns; got ", centroids_.rows(),
                    " x ", centroids_.cols());
    detail::check_centroids(centroids_, "KMeansModel");
    if (factors_.size() == 0) return;
    detail::require(factors_.size() == centroids_.cols(),
                    "KMeansModel: there must be one factor a column; got ", factors_.size(),
                    " factors for ", centroids_.cols(), " columns");
    for (Index j = 0; j < factors_.size(); ++j)
      detail::require(is_finite(factors_[j]) && factors_[j] >= 0.0,
                      "KMeansModel: factors must be finite and not negative; got that of column ",
                      j, " = ", factors_[j]);
    scaled_ =
        scaled_centroids.size() > 0
            ? std::move(scaled_centroids)
            : RowMatrix<S>(
                  (centroids_.template cast<double>() * factors_.asDiagonal()).template cast<S>());
    detail::require(scaled_.rows() == centroids_.rows() && scaled_.cols() == centroids_.cols(),
                    "KMeansModel: scaled centroids must have the shape of the centroids, ",
                    centroids_.rows(), " x ", centroids_.cols(), "; got ", scaled_.rows(), " x ",
                    scaled_.cols());
    detail::check_centroids(scaled_, "KMeansModel");
  }

  const RowMatrix<S>& centroids() const { return centroids_; }  // K x D
  // D: what multiplies the columns before distances are taken; empty = ones.
  const Vector<double>& column_factors() const { return factors_; }
  // K x D: the centroids that distances are taken to.
  const RowMatrix<S>& scaled_centroids() const {
    return factors_.size() > 0 ? scaled_ : centroids_;
  }

  // The nearest centroid of each row, ties to the lowest index.
  template <class Data, class Exec = Threads>
  Labels predict(const Data& x, const Exec& executor = {}) const {
    const auto data = in_scale(detail::as_samples(x));
    Labels labels = Labels::Constant(data.rows(), -1);
    if (label_sparse(data, executor, labels)) return labels;
    for_each_labelled_tile(data, executor,
                           [&](Index first, Index rows, const RowMatrix<S>&, const int* found) {
                             std::copy(found, found + rows, labels.data() + first);
                           });
    return labels;
  }

  // n x K: the Euclidean distance (not squared) from each row to each centroid.
  template <class Data, class Exec = Threads>
  RowMatrix<S> transform(const Data& x, const Exec& executor = {}) const {
    const auto data = in_scale(detail::as_samples(x));
    const RowMatrix<S>& centroids = scaled_centroids();
    const Index clusters = centroids.rows();
    const Index cols = centroids.cols();
    RowMatrix<S> distances(data.rows(), clusters);
    if (distances_sparse(data, executor, distances)) return distances;
    for_each_tile_of(data, executor, [&](Index first, Index rows, const RowMatrix<S>& tile) {
      for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < clusters; ++k)
          distances(first + i, k) = static_cast<S>(std::sqrt(
              detail::squared_distance(tile.data() + i * cols, centroids.data() + k * cols, cols)));
      detail::require<DataError>(
          detail::all_finite(distances.data() + first * clusters, rows * clusters),
          "KMeansModel: transform: a distance overflows in rows ", first, " to ", first + rows - 1);
    });
    return distances;
  }

  // The negative inertia of the rows: -sum of w |x - c|^2 over each row's nearest centroid c.
  template <class Data, class Exec = Threads>
  double score(const Data& x, const Exec& executor = {}) const {
    const auto data = in_scale(detail::as_samples(x));
    const RowMatrix<S>& centroids = scaled_centroids();
    const Index cols = centroids.cols();
    Labels labels = Labels::Constant(data.rows(), -1);
    if (const auto inertia = label_sparse(data, executor, labels)) return -*inertia;
    Vector<double> lanes = Vector<double>::Zero(detail::lanes_of(data.rows()));
    for_each_labelled_tile(
        data, executor, [&](Index first, Index rows, const RowMatrix<S>& tile, const int* found) {
          for (Index i = 0; i < rows; ++i)
            lanes[first / detail::lane_rows] +=
                data.weight(first + i) *
                detail::squared_distance(tile.data() + i * cols, centroids.data() + found[i] * cols,
                                         cols);
        });
    double inertia = 0.0;
    for (Index lane = 0; lane < lanes.size(); ++lane) inertia += lanes[lane];
    return -inertia;
  }

 private:
  // The data as distances see them.
  template <class T>
  Samples<T> in_scale(const Samples<T>& data) const {
    detail::require(centroids_.rows() > 0, "KMeansModel: fit it before use; it has no centroids");
    detail::require(data.cols() == centroids_.cols(), "KMeansModel: data must have ",
                    centroids_.cols(), " columns, as the centroids; got ", data.rows(), " x ",
                    data.cols());
    return factors_.size() > 0 ? data.scale_columns(factors_) : data;
  }

  template <class T, class Team>
  static void check_rows(const Samples<T>& data, Team& team) {
    team.for_each_lane(detail::lanes_of(data.rows()), [&](Index lane) {
      detail::for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
        detail::check_magnitudes(data, first, rows, "KMeansModel");
      });
    });
  }

  // The labels of sparse rows of the model's scalar, and their inertia; nothing for other data.
  template <class T, class Exec>
  std::optional<double> label_sparse(const Samples<T>& data, const Exec& executor,
                                     Labels& labels) const {
    if constexpr (std::is_same_v<T, S>) {
      if (data.sparse() && data.cols() > detail::direct_columns) {
        auto&& team = executor.team();
        check_rows(data, team);
        constexpr bool offsets = false;
        return detail::sum_sparse_clusters(data, scaled_centroids(), detail::Labelling::assign,
                                           labels, team, offsets)
            .inertia;
      }
    }
    return std::nullopt;
  }

  // distances = those of sparse rows of the model's scalar; false for other data.
  template <class T, class Exec>
  bool distances_sparse(const Samples<T>& data, const Exec& executor,
                        RowMatrix<S>& distances) const {
    if constexpr (std::is_same_v<T, S>) {
      if (!data.sparse()) return false;
      auto&& team = executor.team();
      check_rows(data, team);
      detail::sparse_distances(data, scaled_centroids(), distances, team);
      return true;
    }
    return false;
  }

  // Data of another scalar are rounded to the model's.
  template <class T>
  static void check_cast(const RowMatrix<S>& tile, Index first, Index rows) {
    if constexpr (!std::is_same_v<T, S>)
      detail::require<DataError>(detail::all_finite(tile.data(), rows * tile.cols()),
                                 "KMeansModel: data must fit the scalar of the model; one of rows ",
                                 first, " to ", first + rows - 1, " does not");
  }

  // f(first_row, rows, tile): `tile` holds the rows at its top.
  template <class T, class Exec, class F>
  void for_each_tile_of(const Samples<T>& data, const Exec& executor, const F& f) const {
    auto&& team = executor.team();
    team.for_each_lane(detail::lanes_of(data.rows()), [&](Index lane) {
      RowMatrix<S> tile(std::min(detail::tile_rows, data.rows()), data.cols());
      detail::for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
        detail::check_magnitudes(data, first, rows, "KMeansModel");
        data.read(first, rows, tile);
        check_cast<T>(tile, first, rows);
        f(first, rows, tile);
      });
    });
  }

  template <class T, class Exec, class F>
  void for_each_labelled_tile(const Samples<T>& data, const Exec& executor, const F& f) const {
    if (data.rows() == 0) return;
    const detail::CentroidTable<S> table{scaled_centroids()};
    detail::ScratchPool<S> pool;
    auto&& team = executor.team();
    team.for_each_lane(detail::lanes_of(data.rows()), [&](Index lane) {
      const auto make = [&] {
        return std::make_unique<detail::TileScratch<S>>(table.cols(), table.clusters());
      };
      pool.borrow(make, [&](detail::TileScratch<S>& scratch) {
        int found[detail::tile_rows];
        detail::for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
          detail::check_magnitudes(data, first, rows, "KMeansModel");
          data.read(first, rows, scratch.x);
          check_cast<T>(scratch.x, first, rows);
          detail::assign_tile(table, scratch, rows, found);
          f(first, rows, scratch.x, found);
        });
      });
    });
  }

  RowMatrix<S> centroids_;
  Vector<double> factors_;
  RowMatrix<S> scaled_;  // empty where there are no factors
};

LATENT_END
