// How much several labellings of the same rows agree.
#pragma once

#include <vector>

#include "latent/core/source.hpp"
#include "latent/metrics/pair_counts.hpp"

LATENT_BEGIN

namespace detail {

// The labels of the rows that have a weight; -1, which comparisons leave out, for others.
template <class S>
Labels labels_that_count(const Samples<S>& data, const Labels& labels) {
  if (!data.has_weights()) return labels;
  return (data.weights().array() > 0.0).select(labels, -1);
}

// The mean adjusted Rand index of all pairs; there are at least two labellings.
template <class Team>
double mean_agreement(const std::vector<Labels>& labels, Team& team) {
  const auto count = static_cast<Index>(labels.size());
  Vector<double> values = Vector<double>::Zero(count * count);
  team.for_each_lane(count * count, [&](Index job) {
    const Index a = job / count;
    const Index b = job % count;
    if (a < b)
      values[job] = adjusted_rand_index(labels[static_cast<std::size_t>(a)],
                                        labels[static_cast<std::size_t>(b)]);
  });
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(count * (count - 1) / 2);
}

}  // namespace detail

LATENT_END
