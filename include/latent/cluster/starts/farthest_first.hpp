// The farthest-first start: every next centre is the row farthest from those chosen.
#pragma once

#include <algorithm>

#include "latent/cluster/starts/nearest_chosen.hpp"
#include "latent/core/blocks.hpp"

LATENT_BEGIN

namespace detail {

// The weighted mean, as the first row plus the mean of what the rows differ from it: 1 x D.
template <class S, class Team>
RowMatrix<S> mean_row(const Samples<S>& data, Team& team) {
  const Index cols = data.cols();
  if (by_entries(data)) {
    RowMatrix<S> mean(1, cols);
    data.read(0, 1, mean);
    const ClusterSums sums = sum_clusters(data, mean, Labels(Labels::Zero(data.rows())), team);
    for (Index j = 0; j < cols; ++j)
      mean(0, j) =
          static_cast<S>(static_cast<double>(mean(0, j)) + sums.offsets(0, j) / sums.weights[0]);
    return mean;
  }
  RowMatrix<double> origin(1, cols);
  data.read(0, 1, origin);
  const Vector<double> sums = team.reduce(
      lanes_of(data.rows()), [&] { return Vector<double>(Vector<double>::Zero(cols)); },
      [&](Index lane, Vector<double>& lane_sums) {
        RowMatrix<double> tile(std::min(tile_rows, data.rows()), cols);
        for_each_tile(data.rows(), lane, [&](Index first, Index count) {
          data.read(first, count, tile);
          for (Index i = 0; i < count; ++i)
            for (Index j = 0; j < cols; ++j)
              lane_sums[j] += data.weight(first + i) * (tile(i, j) - origin(0, j));
        });
      });
  const double weight = total_weight(data, team);
  RowMatrix<S> mean(1, cols);
  for (Index j = 0; j < cols; ++j) mean(0, j) = static_cast<S>(origin(0, j) + sums[j] / weight);
  return mean;
}

// Rows of positive weight; of equally far ones the first.
template <class S, class Team>
RowMatrix<S> farthest_rows(const Samples<S>& data, Index clusters, Team& team) {
  Index row = 0;
  {
    NearestChosen<S, Team> mean{data, 1, team};
    mean.add(mean_row(data, team).data());
    row = mean.mass() > 0.0 ? mean.farthest() : mean.next_unused();
  }
  NearestChosen<S, Team> chosen{data, clusters, team};
  chosen.add_row(row);
  while (!chosen.complete())
    chosen.add_row(chosen.mass() > 0.0 ? chosen.farthest() : chosen.next_unused());
  return chosen.take_centres();
}

}  // namespace detail

LATENT_END
