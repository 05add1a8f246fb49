// Rows with their clusters, checked: what the metrics of data and labels work on.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "latent/cluster/kmeans_checks.hpp"
#include "latent/metrics/dense_labels.hpp"
#include "latent/stats/column_frame.hpp"

LATENT_BEGIN

namespace detail {

// Rows that are unknown (label -1) have weight 0 here: from now on, only the weight says who counts.
template <class S>
struct LabelledRows {
  Samples<S> data;
  DenseLabels labels;
  double total = 0.0;      // sum of weights
  Vector<double> shift;    // D: about the mean; equal rows lie on it exactly
  Vector<double> weights;  // K: of each cluster

  Index clusters() const { return labels.clusters(); }
};

// Throws InvalidArgument (no rows or columns, another number of labels, fewer than two clusters) and
// DataError (labels below -1, data not finite or beyond the range of k-means).
template <class S, class Derived, class Team>
LabelledRows<S> labelled_rows(const Samples<S>& data, const Eigen::DenseBase<Derived>& given,
                              Team& team, std::string_view who) {
  check_shape(data, who);
  const Labels labels = read_labels(given, who);
  require(labels.size() == data.rows(), who, ": there must be one label a row; got ", labels.size(),
          " labels for ", data.rows(), " rows");
  LabelledRows<S> rows{
      data, dense_labels(labels, [&](Index i) { return data.weight(i) > 0.0; }), 0.0, {}, {}};
  require(rows.clusters() >= 2, who,
          ": there must be at least 2 clusters among the rows with a label; got ", rows.clusters());
  if (labels.minCoeff() < 0) {
    Vector<double> weights(data.rows());
    for (Index i = 0; i < weights.size(); ++i) weights[i] = labels[i] >= 0 ? data.weight(i) : 0.0;
    rows.data = data.weights(weights);
  }
  rows.total = total_weight(rows.data, team);
  ColumnFrame frame = column_frame(rows.data, rows.total, team, who);
  const double largest =
      std::max(frame.low.cwiseAbs().maxCoeff(), frame.high.cwiseAbs().maxCoeff());
  require<DataError>(largest <= largest_magnitude, who,
                     ": magnitudes must not exceed 2^480, about 3e144; got ", largest);
  require<DataError>(largest == 0.0 || largest >= smallest_magnitude, who,
                     ": the largest magnitude must be 0 or at least 2^-480, about 3e-145; got ",
                     largest, "; scale the data up");
  require<DataError>(
      is_finite(4.0 * largest * largest * rows.total * static_cast<double>(data.cols())), who,
      ": weights times squared differences must be finite; got a total weight of ", rows.total,
      " and magnitudes up to ", largest);
  rows.shift = std::move(frame.shift);
  rows.weights = Vector<double>::Zero(rows.clusters());
  for (Index i = 0; i < data.rows(); ++i)
    if (rows.labels.id(i) >= 0) rows.weights[rows.labels.id(i)] += data.weight(i);
  return rows;
}

}  // namespace detail

LATENT_END
