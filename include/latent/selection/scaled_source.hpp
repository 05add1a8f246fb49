// Data in the scale that the options of k-means ask for, once for many fits and for all that judges
// them: where distances are taken in one scale and criteria in another, neither means anything.
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>

#include "latent/cluster/kmeans.hpp"
#include "latent/core/contiguous_rows.hpp"

LATENT_BEGIN

namespace detail {

// Criteria that count rows take weights for numbers of rows, and say nothing of a few rows. Weights
// of another scale (shares of one, say) would make few of many: refused where they sum to less than
// `least` rows and than the rows there are. Throws DataError.
template <class S, class Team>
void check_total_weight(const Samples<S>& data, double least, Team& team, std::string_view who) {
  if (!data.has_weights()) return;
  const auto usable = static_cast<Index>((data.weights().array() > 0.0).count());
  const double total = total_weight(data, team);
  const double enough = std::min(least, static_cast<double>(usable));
  // Weights that were divided by their mean sum to their number but for rounding.
  require<DataError>(total >= enough * (1.0 - 1e-9), who,
                     ": weights count as rows, and must sum to at least ", enough,
                     "; got a total weight of ", total, " for ", usable,
                     " rows of positive weight; divide the weights by their mean");
}

template <class S>
struct ScaledSource {
  Samples<S> given;
  ColumnScale scale;
  Samples<S> data;     // given, in the scale, with rows that lie side by side
  KMeans kmeans;       // the options without those of the scale
  Index features = 0;  // columns that count

  // A fit of `data` as one of `given`: with the model that the original options would give.
  template <class Team>
  void return_to_units(KMeansFit<S>& fit, Team& team) const {
    if (scale.none()) return;
    RowMatrix<S> scaled = fit.model.centroids();
    RowMatrix<S> centroids = in_units_of_data(given, scale, scaled, fit.labels, team);
    fit.model = KMeansModel<S>{std::move(centroids), scale.factors, std::move(scaled)};
    fit.report.notes.insert(fit.report.notes.begin(), scale.notes.begin(), scale.notes.end());
  }
};

// `option`, of value `clusters`, says how many clusters there are at most at once. Weights count as
// rows. Throws InvalidArgument and DataError as KMeans.
template <class S, class Team>
ScaledSource<S> scaled_source(const Samples<S>& given, const KMeans& kmeans, Index clusters,
                              std::string_view option, Team& team, std::string_view who) {
  check_shape(given, who);
  require(clusters <= given.rows(), who, ": ", option, " must not exceed the number of rows; got ",
          option, " = ", clusters, " for ", given.rows(), " rows");
  if (given.has_weights()) {
    const auto usable = static_cast<Index>((given.weights().array() > 0.0).count());
    require(clusters <= usable, who, ": ", option,
            " must not exceed the number of rows of positive weight; got ", option, " = ", clusters,
            " for ", usable, " such rows");
  }
  check_feature_weights<S>(kmeans.feature_weights, given.cols());
  check_kmeans_data(given, clusters, 0.0, team, who);
  ScaledSource<S> source{given,
                         column_scale(given, kmeans.standardize, kmeans.feature_weights, team),
                         given, kmeans, given.cols()};
  source.kmeans.standardize = false;
  source.kmeans.feature_weights.resize(0);
  source.data = with_contiguous_rows(source.scale.apply(given), team);
  if (source.scale.none()) return source;
  source.features = static_cast<Index>((source.scale.factors.array() > 0.0).count());
  check_kmeans_data(source.data, clusters, 0.0, team, who);
  return source;
}

}  // namespace detail

LATENT_END
