// Two labellings compared by pairs of rows: together in both, in one, in neither.
//
// Common to all: a and b are vectors of n labels each, in which only equality counts. Rows with
// label -1 (unknown) in either are left out. Throws InvalidArgument (different lengths, no rows) and
// DataError (labels below -1, no row known in both). O(n log n).
#pragma once

#include <cmath>

#include "latent/metrics/contingency.hpp"

LATENT_BEGIN

namespace detail {

// Ordered pairs of different rows, exact up to 9e7 rows.
struct PairCounts {
  double both = 0.0;    // together in a and in b
  double only_a = 0.0;  // together in a alone
  double only_b = 0.0;
  double neither = 0.0;
};

inline PairCounts pair_counts(const Contingency& table) {
  const auto pairs = [](double n) { return n * (n - 1.0); };
  PairCounts counts;
  double in_a = 0.0;
  double in_b = 0.0;
  for (const auto& cell : table.cells) counts.both += pairs(cell.count);
  for (const double n : table.in_a) in_a += pairs(n);
  for (const double n : table.in_b) in_b += pairs(n);
  counts.only_a = in_a - counts.both;
  counts.only_b = in_b - counts.both;
  counts.neither = pairs(table.rows) - in_a - in_b + counts.both;
  return counts;
}

}  // namespace detail

// The share of pairs of rows on which a and b agree (Rand 1971): 0 ... 1; 1 for a single row.
template <class A, class B>
double rand_index(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  const auto c = detail::pair_counts(detail::contingency(a, b, "rand_index"));
  const double all = c.both + c.only_a + c.only_b + c.neither;
  return all > 0.0 ? (c.both + c.neither) / all : 1.0;
}

// The Rand index corrected for chance (Hubert and Arabie 1985, eq. 5): 1 for equal partitions
// (also where both have one cluster, or both have only singletons), about 0 for independent ones,
// at least -0.5. Symmetric.
template <class A, class B>
double adjusted_rand_index(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  const auto table = detail::contingency(a, b, "adjusted_rand_index");
  if (table.same_partition()) return 1.0;
  const auto c = detail::pair_counts(table);
  // Partitions that differ have a pair that is together in one alone, so that one of the two
  // products below is positive.
  return 2.0 * (c.both * c.neither - c.only_a * c.only_b) /
         ((c.both + c.only_a) * (c.only_a + c.neither) +
          (c.both + c.only_b) * (c.only_b + c.neither));
}

// The geometric mean of precision and recall over pairs (Fowlkes and Mallows 1983): 0 ... 1. Where
// neither has two rows together: 1; where only one has: 0.
template <class A, class B>
double fowlkes_mallows(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  const auto table = detail::contingency(a, b, "fowlkes_mallows");
  if (table.same_partition()) return 1.0;
  const auto c = detail::pair_counts(table);
  return c.both > 0.0
             ? std::sqrt(c.both / (c.both + c.only_a)) * std::sqrt(c.both / (c.both + c.only_b))
             : 0.0;
}

LATENT_END
