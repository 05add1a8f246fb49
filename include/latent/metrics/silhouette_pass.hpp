// The distances behind the silhouette: every row asked for against every row that counts, block by
// block, so that no matrix of distances is ever held.
//
// Rows come sorted by cluster. For each of them, a block of up to 256 queries takes the distance to
// it at once (one number a query, so the loop has no reduction), and a cluster's sum is finished
// before the next one begins.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "latent/cluster/distance.hpp"
#include "latent/core/product.hpp"
#include "latent/metrics/labelled_rows.hpp"

LATENT_BEGIN

namespace detail {

// Up to so many columns, differences cost no more than the product.
inline constexpr Index silhouette_direct_columns = 8;
inline constexpr Index silhouette_tile = 64;  // rows that a block of queries meets at once

template <class S>
class SilhouettePass {
 public:
  explicit SilhouettePass(const LabelledRows<S>& rows)
      : rows_{rows}, cols_{rows.data.cols()}, direct_{cols_ <= silhouette_direct_columns} {
    std::vector<Index> next(static_cast<std::size_t>(rows.clusters()) + 1, 0);
    for (const int id : rows.labels.ids)
      if (id >= 0) ++next[static_cast<std::size_t>(id) + 1];
    for (std::size_t k = 1; k < next.size(); ++k) next[k] += next[k - 1];
    order_.resize(static_cast<std::size_t>(next.back()));
    for (Index i = 0; i < rows.labels.rows(); ++i)
      if (const int id = rows.labels.id(i); id >= 0)
        order_[static_cast<std::size_t>(next[static_cast<std::size_t>(id)]++)] = i;
  }

  // The rows that count, by cluster.
  const std::vector<Index>& order() const { return order_; }

  // s(i) = (b - a) / max(a, b) of each query, a row that counts. Any executor gives the same bits.
  template <class Team>
  void run(const std::vector<Index>& queries, double* values, Team& team) const {
    const auto count = static_cast<Index>(queries.size());
    team.for_each_lane((count + tile_rows - 1) / tile_rows, [&](Index block) {
      const Index first = block * tile_rows;
      run_block(queries.data() + first, std::min(tile_rows, count - first), values + first);
    });
  }

 private:
  // Rows as they are, and as the product wants them: about the shift, in double.
  struct Tile {
    RowMatrix<S> x;             // rows x D
    RowMatrix<double> centred;  // rows x D; only for products
    Eigen::ArrayXd norms;       // |centred|^2
    RowMatrix<S> row;           // 1 x D, on its way from the source

    Tile(Index rows, Index cols, bool direct) : x(rows, cols), row(1, cols) {
      if (!direct) centred.resize(rows, cols);
      norms = Eigen::ArrayXd::Zero(rows);
    }
  };

  void gather(const Index* from, Index count, Tile& tile) const {
    for (Index i = 0; i < count; ++i) {
      S* to = tile.x.data() + i * cols_;
      // By the row: a sparse source would search for every number.
      rows_.data.read(from[i], 1, tile.row);
      std::copy_n(tile.row.data(), cols_, to);
      if (direct_) continue;
      double* centred = tile.centred.data() + i * cols_;
      for (Index j = 0; j < cols_; ++j) centred[j] = static_cast<double>(to[j]) - rows_.shift[j];
      tile.norms[i] = squared_norm(centred, cols_);
    }
  }

  void run_block(const Index* queries, Index count, double* values) const {
    Tile asked(tile_rows, cols_, direct_);
    Tile met(silhouette_tile, cols_, direct_);
    gather(queries, count, asked);
    RowMatrix<double> columns;  // D x queries
    if (direct_) columns = asked.x.topRows(count).transpose().template cast<double>();
    RowMatrix<double> squared(silhouette_tile, count);
    Eigen::ArrayXd work(count);
    Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(count);  // of the distances to the present cluster
    Eigen::ArrayXd own = Eigen::ArrayXd::Zero(count);  // a
    Eigen::ArrayXd other =
        Eigen::ArrayXd::Constant(count, std::numeric_limits<double>::infinity());  // b
    const auto finish = [&](Index cluster) {
      const double weight = rows_.weights[cluster];
      for (Index i = 0; i < count; ++i) {
        if (rows_.labels.id(queries[i]) == cluster)
          own[i] = weight > 1.0 ? sum[i] / (weight - 1.0) : -1.0;  // -1: nobody else is there
        else
          other[i] = std::min(other[i], sum[i] / weight);
      }
      sum.setZero();
    };
    const auto total = static_cast<Index>(order_.size());
    Index cluster = 0;
    for (Index first = 0; first < total; first += silhouette_tile) {
      const Index rows = std::min(silhouette_tile, total - first);
      const Index* from = order_.data() + first;
      gather(from, rows, met);
      if (direct_)
        subtract(met, rows, columns, squared);
      else
        multiply(met, rows, asked, count, squared, work);
      for (Index j = 0; j < rows; ++j) {
        const Index id = rows_.labels.id(from[j]);
        if (id != cluster) finish(std::exchange(cluster, id));
        sum += rows_.data.weight(from[j]) * squared.row(j).transpose().array().sqrt();
      }
    }
    finish(cluster);
    for (Index i = 0; i < count; ++i) {
      const double larger = std::max(own[i], other[i]);
      values[i] = own[i] >= 0.0 && larger > 0.0 ? (other[i] - own[i]) / larger : 0.0;
    }
  }

  // squared(j, i) = |x_j - x_i|^2 by differences.
  void subtract(const Tile& met, Index rows, const RowMatrix<double>& columns,
                RowMatrix<double>& squared) const {
    for (Index j = 0; j < rows; ++j) {
      const S* x = met.x.data() + j * cols_;
      squared.row(j) = (columns.row(0).array() - static_cast<double>(x[0])).square();
      for (Index d = 1; d < cols_; ++d)
        squared.row(j).array() += (columns.row(d).array() - static_cast<double>(x[d])).square();
    }
  }

  // The same as |y_j|^2 + |y_i|^2 - 2 y_j y_i, y = x - shift. With u = 2^-53 this is within
  // (D + 8) u (|y_j|^2 + |y_i|^2) of the truth: the products of D terms in any order and the rounding
  // of y (Higham 2002, section 3.1). Where that is more than 2^-32 of the result, the differences
  // decide; so every squared distance is right to 2^-32, and nearly all are to a few u.
  void multiply(const Tile& met, Index rows, const Tile& asked, Index count,
                RowMatrix<double>& squared, Eigen::ArrayXd& work) const {
    squared.topRows(rows).setZero();
    Eigen::Map<RowMatrix<double>> products(squared.data(), rows, count);
    add_product(met.centred.topRows(rows), asked.centred.topRows(count).transpose(), products,
                -2.0);
    const double trusted = static_cast<double>(cols_ + 8) * 0x1p-21;
    for (Index j = 0; j < rows; ++j) {
      const auto norms = asked.norms.head(count) + met.norms[j];
      squared.row(j).transpose().array() += norms;
      work = squared.row(j).transpose().array() - trusted * norms;
      if (work.minCoeff() > 0.0) continue;
      for (Index i = 0; i < count; ++i)
        if (!(work[i] > 0.0))
          squared(j, i) =
              squared_distance(met.x.data() + j * cols_, asked.x.data() + i * cols_, cols_);
    }
  }

  const LabelledRows<S>& rows_;
  Index cols_;
  bool direct_;
  std::vector<Index> order_;
};

}  // namespace detail

LATENT_END
