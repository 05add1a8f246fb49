// What a sweep over the number of clusters finds: a row for each number, and the choice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "latent/cluster/kmeans_fit.hpp"
#include "latent/core/table.hpp"

LATENT_BEGIN

// The criteria for one number of clusters k. Those that do not exist are empty: silhouette,
// Calinski-Harabasz and Davies-Bouldin for k = 1; the stability of a single fit; where there are no more rows than clusters, all but
// inertia and stability. No criterion is NaN; where the inertia is 0, some are infinite.
struct ClusterRow {
  Index clusters = 0;
  double inertia = 0.0;                     // of the best run
  std::optional<double> silhouette;         // large is good; of a sample for many rows
  std::optional<double> calinski_harabasz;  // large is good
  std::optional<double> davies_bouldin;     // small is good
  std::optional<double> bic;                // small is good
  std::optional<double> gap;                // see ClusterChoice
  std::optional<double> gap_error;          // its standard error, with the factor for B references
  std::optional<double> stability;          // mean adjusted Rand index between runs: 1 = all agree
};

// What one criterion prefers.
struct ClusterVote {
  std::string criterion;  // "gap", "silhouette", ...
  Index clusters = 0;
};

// The answer to "how many clusters?".
template <class S>
struct ClusterChoice {
  Index clusters = 0;              // the choice
  std::string reason;              // one or two sentences
  std::vector<ClusterVote> votes;  // one a criterion that could be computed
  std::vector<ClusterRow> rows;    // by k, ascending
  KMeansFit<S> fit;                // the best run with `clusters` clusters

  // The rows as a table: to_markdown(), to_csv(), to_latex().
  Table table() const {
    Table all{{{"k"},
               {"inertia"},
               {"silhouette", 4},
               {"Calinski-Harabasz", 2},
               {"Davies-Bouldin", 4},
               {"BIC", 1},
               {"gap", 4},
               {"gap error", 4},
               {"stability", 3}}};
    const auto cell = [](const std::optional<double>& value) {
      return value ? Cell{*value} : Cell{};
    };
    for (const ClusterRow& row : rows)
      all.row({row.clusters, row.inertia, cell(row.silhouette), cell(row.calinski_harabasz),
               cell(row.davies_bouldin), cell(row.bic), cell(row.gap), cell(row.gap_error),
               cell(row.stability)});
    return all;
  }
};

LATENT_END
