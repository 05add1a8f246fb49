// The scale in which k-means measures columns: standard deviations and the weights of features, as
// one factor a column. Sources and centroids are multiplied by it; the data stay as they are.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/cluster/cluster_sums.hpp"
#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/report.hpp"

LATENT_BEGIN

namespace detail {

// The nonzero numbers of each column. Zeros are counted, not visited, stored or not: a sparse
// source gives the bits of a dense one.
struct ColumnTotals {
  Vector<double> sums;     // D: sum of w x
  Vector<double> weights;  // D: sum of w over x != 0
  Vector<double> members;  // D: rows of x != 0
  Vector<double> lowest;   // D: among x != 0, where there are any
  Vector<double> highest;
  double weight = 0.0;  // of all rows
  double rows = 0.0;    // of positive weight

  explicit ColumnTotals(Index cols)
      : sums(Vector<double>::Zero(cols)),
        weights(sums),
        members(sums),
        lowest(sums),
        highest(sums) {}

  auto fields() { return std::tie(sums, weights, members, lowest, highest, weight, rows); }

  void widen(Index j, double low, double high) {
    const bool first = !(members[j] > 0.0);
    lowest[j] = first ? low : std::min(lowest[j], low);
    highest[j] = first ? high : std::max(highest[j], high);
  }

  void add(Index j, double x, double w) {
    widen(j, x, x);
    sums[j] += w * x;
    weights[j] += w;
    members[j] += 1.0;
  }

  bool has_zeros(Index j) const { return members[j] < rows; }

  // The largest difference of two numbers of the column; 0 for a constant one.
  double spread(Index j) const {
    if (!(members[j] > 0.0)) return 0.0;
    return has_zeros(j) ? std::max(highest[j], 0.0) - std::min(lowest[j], 0.0)
                        : highest[j] - lowest[j];
  }

  // In place of the sum of all fields.
  friend void merge(ColumnTotals& a, const ColumnTotals& b) {
    for (Index j = 0; j < a.sums.size(); ++j)
      if (b.members[j] > 0.0) a.widen(j, b.lowest[j], b.highest[j]);
    a.sums += b.sums;
    a.weights += b.weights;
    a.members += b.members;
    a.weight += b.weight;
    a.rows += b.rows;
  }
};

// f(column, x) for each nonzero number of a row.
template <class S, class F>
void for_each_nonzero(const Samples<S>& data, Index row, std::vector<S>& buffer, const F& f) {
  if (data.sparse()) {
    const SparseRow<S> stored = data.sparse_row(row, buffer);
    for (Index p = 0; p < stored.count; ++p)
      if (stored.values[p] != S(0))
        f(Index{stored.indices[p]}, static_cast<double>(stored.values[p]));
    return;
  }
  Index j = 0;
  for (const S x : data.row_values(row, buffer)) {
    if (x != S(0)) f(j, static_cast<double>(x));
    ++j;
  }
}

template <class S, class Team, class Statistics, class F>
Statistics sum_rows(const Samples<S>& data, const Statistics& zero, Team& team, const F& add_row) {
  return team.reduce(
      lanes_of(data.rows()), [&] { return zero; },
      [&](Index lane, Statistics& sums) {
        std::vector<S> buffer;
        for_each_tile(data.rows(), lane, [&](Index first, Index count) {
          for (Index i = first; i < first + count; ++i)
            if (data.weight(i) > 0.0) add_row(i, data.weight(i), buffer, sums);
        });
      });
}

// 1 / standard deviation of each column (weighted, of the population), or 0 for a constant one.
// Each column is measured in its own power of two: multiplying it by another changes its factor by
// exactly the reverse. Corrected two-pass sums (Chan, Golub and LeVeque 1983, eq. 1.7).
template <class S, class Team>
Vector<double> inverse_deviations(const Samples<S>& data, Team& team) {
  const Index cols = data.cols();
  const ColumnTotals totals = sum_rows(
      data, ColumnTotals{cols}, team,
      [&](Index i, double weight, std::vector<S>& buffer, ColumnTotals& sums) {
        for_each_nonzero(data, i, buffer, [&](Index j, double x) { sums.add(j, x, weight); });
        sums.weight += weight;
        sums.rows += 1.0;
      });
  const Vector<double> means = totals.sums / totals.weight;
  Vector<double> units = Vector<double>::Zero(cols);  // 1 / the power of two; 0 = constant
  constexpr double smallest = 0x1p-1000;
  for (Index j = 0; j < cols; ++j)
    if (const double spread = totals.spread(j); spread > smallest)
      units[j] = std::ldexp(1.0, -std::ilogb(spread));
  // Row 0: sum of w t, row 1: sum of w t^2; t = (x - mean) in units.
  RowMatrix<double> moments =
      sum_rows(data, RowMatrix<double>(RowMatrix<double>::Zero(2, cols)), team,
               [&](Index i, double weight, std::vector<S>& buffer, RowMatrix<double>& sums) {
                 for_each_nonzero(data, i, buffer, [&](Index j, double x) {
                   const double t = (x - means[j]) * units[j];
                   sums(0, j) += weight * t;
                   sums(1, j) += weight * t * t;
                 });
               });
  for (Index j = 0; j < cols; ++j) {
    if (totals.has_zeros(j)) {
      const double zeros = totals.weight - totals.weights[j];
      const double t = means[j] * units[j];
      moments(0, j) -= zeros * t;
      moments(1, j) += zeros * t * t;
    }
    const double mean = moments(0, j) / totals.weight;
    const double variance = moments(1, j) / totals.weight - mean * mean;
    units[j] = variance > 0.0 ? units[j] / std::sqrt(variance) : 0.0;
  }
  return units;
}

// Throws InvalidArgument.
// S: the scalar of the data, which are scaled by the square roots.
template <class S>
void check_feature_weights(const Vector<double>& weights, Index cols) {
  if (weights.size() == 0) return;
  require(weights.size() == cols, "KMeans: feature_weights must have one weight a column; got ",
          weights.size(), " weights for ", cols, " columns");
  for (Index j = 0; j < cols; ++j)
    require(is_finite(weights[j]) && weights[j] >= 0.0,
            "KMeans: feature_weights must be finite and not negative; got feature_weights[", j,
            "] = ", weights[j]);
  require(weights.maxCoeff() > 0.0, "KMeans: feature_weights must not all be 0");
  if constexpr (sizeof(S) < sizeof(double))  // scaled floats would keep no digits, or be infinite
    for (Index j = 0; j < cols; ++j)
      require(weights[j] == 0.0 || (weights[j] >= 0x1p-100 && weights[j] <= 0x1p100),
              "KMeans: feature_weights of float data must be 0 or within 2^-100 and 2^100, about "
              "1e-30 and 1e30; got feature_weights[",
              j, "] = ", weights[j]);
}

struct ColumnScale {
  Vector<double> factors;  // D; 0 = ignored; empty = all ones
  std::vector<Note> notes;

  bool none() const { return factors.size() == 0; }

  template <class S>
  Samples<S> apply(const Samples<S>& data) const {
    return none() ? data : data.scale_columns(factors);
  }

  // Centroids in the scale, from those in the units of the data.
  template <class S>
  RowMatrix<S> apply(RowMatrix<S> centroids) const {
    if (none()) return centroids;
    for (Index k = 0; k < centroids.rows(); ++k)
      for (Index j = 0; j < centroids.cols(); ++j)
        centroids(k, j) = static_cast<S>(static_cast<double>(centroids(k, j)) * factors[j]);
    return centroids;
  }

  // The reverse; 0 in ignored columns.
  template <class S>
  RowMatrix<S> undo(RowMatrix<S> centroids) const {
    if (none()) return centroids;
    for (Index k = 0; k < centroids.rows(); ++k)
      for (Index j = 0; j < centroids.cols(); ++j)
        centroids(k, j) = factors[j] > 0.0
                              ? static_cast<S>(static_cast<double>(centroids(k, j)) / factors[j])
                              : S(0);
    return centroids;
  }
};

template <class S, class Team>
ColumnScale column_scale(const Samples<S>& data, bool standardize,
                         const Vector<double>& feature_weights, Team& team) {
  ColumnScale scale;
  if (feature_weights.size() > 0) scale.factors = feature_weights.cwiseSqrt();
  if (!standardize) return scale;
  const Vector<double> inverse = inverse_deviations(data, team);
  if (scale.none()) scale.factors.setOnes(data.cols());
  Index constant = 0;
  Index first = 0;
  for (Index j = data.cols() - 1; j >= 0; --j) {
    if (inverse[j] > 0.0) {
      scale.factors[j] *= inverse[j];
    } else {
      ++constant;
      first = j;
    }
  }
  if (constant > 0)
    scale.notes.push_back({0, -1, static_cast<double>(constant),
                           concat("constant columns were not standardized, the first is column ",
                                  first, "; value = how many")});
  return scale;
}

// The centroids in the units of the data: those of the fit, and in ignored columns the means of the
// rows labelled.
template <class S, class Team>
RowMatrix<S> in_units_of_data(const Samples<S>& data, const ColumnScale& scale,
                              const RowMatrix<S>& centroids, const Labels& labels, Team& team) {
  RowMatrix<S> original = scale.undo(centroids);
  if (scale.none() || scale.factors.minCoeff() > 0.0) return original;
  const RowMatrix<S> means = weighted_means(original, sum_clusters(data, original, labels, team));
  for (Index j = 0; j < data.cols(); ++j)
    if (!(scale.factors[j] > 0.0)) original.col(j) = means.col(j);
  return original;
}

}  // namespace detail

LATENT_END
