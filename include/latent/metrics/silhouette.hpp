// The silhouette: how much closer a row is to its own cluster than to the next one.
//
//   s(i) = (b - a) / max(a, b)       a = mean distance to the other rows of its cluster
//                                    b = the least mean distance to the rows of another cluster
//
// (Rousseeuw 1987, eq. 2), between -1 and 1. Alone in its cluster: 0; a = b = 0: 0. Distances are
// Euclidean, in double, each right to 2^-33 relatively (see silhouette_pass.hpp), whatever the
// offset of the data.
//
// Common to all: x is a matrix or source of n x D finite numbers, labels a vector of n integers of
// which only equality counts. Rows with label -1 (unknown, outlier) and rows of weight 0 take no part:
// their own value is 0, and nobody's distance to them counts. An integer weight is a repeated row
// (so a is over sum w - 1). The same bits for any executor. Throws InvalidArgument (shapes, fewer
// than 2 clusters) and DataError (labels below -1, not finite, magnitudes beyond 2^480 or all below
// 2^-480).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "latent/core/executor.hpp"
#include "latent/core/random.hpp"
#include "latent/metrics/silhouette_pass.hpp"

LATENT_BEGIN

// s(i) of every row: n. O(n^2 D) time; a few blocks of 256 rows a thread, and O(n), of memory.
template <class Data, class Derived, Executor Exec = Threads>
Vector<double> silhouette_samples(const Data& x, const Eigen::DenseBase<Derived>& labels,
                                  const Exec& executor = {}) {
  auto&& team = executor.team();
  const auto rows =
      detail::labelled_rows(detail::as_samples(x), labels, team, "silhouette_samples");
  const detail::SilhouettePass pass{rows};
  std::vector<double> found(pass.order().size());
  pass.run(pass.order(), found.data(), team);
  Vector<double> values = Vector<double>::Zero(rows.labels.rows());
  for (std::size_t i = 0; i < found.size(); ++i) values[pass.order()[i]] = found[i];
  return values;
}

// The mean of s(i) over the rows, by weight. O(n^2 D) time; memory as silhouette_samples.
template <class Data, class Derived, Executor Exec = Threads>
double silhouette(const Data& x, const Eigen::DenseBase<Derived>& labels,
                  const Exec& executor = {}) {
  auto&& team = executor.team();
  const auto rows = detail::labelled_rows(detail::as_samples(x), labels, team, "silhouette");
  const detail::SilhouettePass pass{rows};
  std::vector<double> found(pass.order().size());
  pass.run(pass.order(), found.data(), team);
  double sum = 0.0;
  for (std::size_t i = 0; i < found.size(); ++i)
    sum += rows.data.weight(pass.order()[i]) * found[i];
  return sum / rows.total;
}

struct SilhouetteEstimate {
  double value = 0.0;
  double standard_error = 0.0;  // of value; 0 where it is exact
  Index rows = 0;               // that were looked at
};

// The silhouette from a sample of rows.
struct SampledSilhouette {
  Index rows = 2000;       // >= 2
  std::uint64_t seed = 0;  // any

  // Rows are drawn with replacement in proportion to their weights, and each is held against all n
  // rows, so that the mean of their s(i) is an unbiased estimate of silhouette(), with a standard
  // error of sd(s) / sqrt(rows): at most 1 / sqrt(rows), and commonly a third of that. Where there
  // are no more rows than the sample would have, all are taken, and the value is exact. O(rows n D).
  // Throws as silhouette(), and InvalidArgument for rows out of its range.
  template <class Data, class Derived, Executor Exec = Threads>
  SilhouetteEstimate estimate(const Data& x, const Eigen::DenseBase<Derived>& labels,
                              const Exec& executor = {}) const {
    detail::require(rows >= 2, "SampledSilhouette: rows must be at least 2; got ", rows);
    auto&& team = executor.team();
    const auto all =
        detail::labelled_rows(detail::as_samples(x), labels, team, "SampledSilhouette");
    const detail::SilhouettePass pass{all};
    const std::vector<Index>& order = pass.order();
    const bool exact = static_cast<Index>(order.size()) <= rows;
    const std::vector<Index> drawn = exact ? order : draw(all.data, order);
    std::vector<double> found(drawn.size());
    pass.run(drawn, found.data(), team);
    SilhouetteEstimate result;
    result.rows = static_cast<Index>(drawn.size());
    double weight = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double w = exact ? all.data.weight(drawn[i]) : 1.0;
      result.value += w * found[i];
      weight += w;
    }
    result.value /= weight;
    if (exact) return result;
    double squares = 0.0;
    for (const double s : found) squares += (s - result.value) * (s - result.value);
    result.standard_error = std::sqrt(squares / (weight - 1.0) / weight);
    return result;
  }

 private:
  template <class S>
  std::vector<Index> draw(const Samples<S>& data, const std::vector<Index>& order) const {
    std::vector<double> up_to;
    double sum = 0.0;
    for (const Index row : order) up_to.push_back(sum += data.weight(row));
    Random random{seed, Purpose::sampling};
    std::vector<Index> drawn;
    for (Index i = 0; i < rows; ++i) {
      const auto at = std::upper_bound(up_to.begin(), up_to.end() - 1, random.uniform() * sum);
      drawn.push_back(order[static_cast<std::size_t>(at - up_to.begin())]);
    }
    return drawn;
  }
};

LATENT_END
