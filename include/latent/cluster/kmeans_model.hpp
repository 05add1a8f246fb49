// The model that k-means fits: K centroids. Immutable, safe to share between threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/cluster_sums.hpp"
#include "latent/cluster/kmeans_checks.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"

LATENT_BEGIN

// Data are matrices, expressions or sources with D columns. Every method throws InvalidArgument
// where the number of columns differs or the model is empty, and DataError for NaN, infinities and
// magnitudes beyond 2^480; no rows give an empty result. O(n K D).
template <class S>
class KMeansModel {
 public:
  using Scalar = S;

  // Empty: fit or assign one before use.
  KMeansModel() = default;

  // centroids: K x D, finite.
  explicit KMeansModel(RowMatrix<S> centroids) : centroids_{std::move(centroids)} {
    detail::require(centroids_.rows() > 0 && centroids_.cols() > 0,
                    "KMeansModel: centroids must have rows and columns; got ", centroids_.rows(),
                    " x ", centroids_.cols());
    detail::check_centroids(centroids_, "KMeansModel");
  }

  const RowMatrix<S>& centroids() const { return centroids_; }  // K x D

  // The nearest centroid of each row, ties to the lowest index.
  template <class Data, class Exec = Threads>
  Labels predict(const Data& x, const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    Labels labels(data.rows());
    for_each_labelled_tile(data, executor,
                           [&](Index first, Index rows, const RowMatrix<S>&, const int* found) {
                             std::copy(found, found + rows, labels.data() + first);
                           });
    return labels;
  }

  // n x K: the Euclidean distance (not squared) from each row to each centroid.
  template <class Data, class Exec = Threads>
  RowMatrix<S> transform(const Data& x, const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    const Index clusters = centroids_.rows();
    const Index cols = centroids_.cols();
    RowMatrix<S> distances(data.rows(), clusters);
    for_each_tile_of(data, executor, [&](Index first, Index rows, const RowMatrix<S>& tile) {
      for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < clusters; ++k)
          distances(first + i, k) = static_cast<S>(std::sqrt(detail::squared_distance(
              tile.data() + i * cols, centroids_.data() + k * cols, cols)));
      detail::require<DataError>(
          detail::all_finite(distances.data() + first * clusters, rows * clusters),
          "KMeansModel: transform: a distance overflows in rows ", first, " to ", first + rows - 1);
    });
    return distances;
  }

  // The negative inertia of the rows: -sum of w |x - c|^2 over each row's nearest centroid c.
  template <class Data, class Exec = Threads>
  double score(const Data& x, const Exec& executor = {}) const {
    const auto& data = detail::as_samples(x);
    const Index cols = centroids_.cols();
    Vector<double> lanes = Vector<double>::Zero(detail::lanes_of(data.rows()));
    for_each_labelled_tile(
        data, executor, [&](Index first, Index rows, const RowMatrix<S>& tile, const int* found) {
          for (Index i = 0; i < rows; ++i)
            lanes[first / detail::lane_rows] +=
                data.weight(first + i) *
                detail::squared_distance(tile.data() + i * cols,
                                         centroids_.data() + found[i] * cols, cols);
        });
    double inertia = 0.0;
    for (Index lane = 0; lane < lanes.size(); ++lane) inertia += lanes[lane];
    return -inertia;
  }

 private:
  // f(first_row, rows, tile): `tile` holds the rows at its top.
  template <class T, class Exec, class F>
  void for_each_tile_of(const Samples<T>& data, const Exec& executor, const F& f) const {
    detail::require(centroids_.rows() > 0, "KMeansModel: fit it before use; it has no centroids");
    detail::require(data.cols() == centroids_.cols(), "KMeansModel: data must have ",
                    centroids_.cols(), " columns, as the centroids; got ", data.rows(), " x ",
                    data.cols());
    auto&& team = executor.team();
    team.for_each_lane(detail::lanes_of(data.rows()), [&](Index lane) {
      RowMatrix<S> tile(std::min(detail::tile_rows, data.rows()), data.cols());
      detail::for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
        detail::check_magnitudes(data, first, rows, "KMeansModel");
        data.read(first, rows, tile);
        f(first, rows, tile);
      });
    });
  }

  template <class T, class Exec, class F>
  void for_each_labelled_tile(const Samples<T>& data, const Exec& executor, const F& f) const {
    if (centroids_.rows() == 0 || data.cols() != centroids_.cols() || data.rows() == 0) {
      for_each_tile_of(data, executor, [](Index, Index, const RowMatrix<S>&) {});
      return;
    }
    const detail::CentroidTable<S> table{centroids_};
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
          detail::assign_tile(table, scratch, rows, found);
          f(first, rows, scratch.x, found);
        });
      });
    });
  }

  RowMatrix<S> centroids_;
};

LATENT_END
