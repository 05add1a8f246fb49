// Two labellings compared by what one says about the other.
//
// Common to all: vectors of n labels each, in which only equality counts. Rows with label -1
// (unknown) in either are left out. Throws InvalidArgument (different lengths, no rows) and DataError
// (labels below -1, no row known in both). Natural logarithms. O(n log n).
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "latent/metrics/contingency.hpp"

LATENT_BEGIN

// What the mutual information is divided by, of the two entropies.
enum class Normalisation { arithmetic, geometric, minimum, maximum };

namespace detail {

inline double entropy(const std::vector<double>& counts, double rows) {
  double sum = 0.0;
  for (const double n : counts) sum -= n / rows * std::log(n / rows);
  return std::max(sum, 0.0);
}

// sum p(i, j) log (p(i, j) / p(i) p(j))
inline double mutual_information(const Contingency& table) {
  double sum = 0.0;
  for (const auto& cell : table.cells) {
    const double in_a = table.in_a[static_cast<std::size_t>(cell.a)];
    const double in_b = table.in_b[static_cast<std::size_t>(cell.b)];
    sum += cell.count / table.rows * std::log(cell.count / in_a * (table.rows / in_b));
  }
  return std::max(sum, 0.0);
}

// information / entropy, which it cannot exceed but by rounding. 1 where there is nothing to tell.
inline double share_of(double information, double entropy) {
  return entropy > 0.0 ? std::min(information / entropy, 1.0) : 1.0;
}

}  // namespace detail

// Mutual information over a mean of the entropies: 0 ... 1 (Vinh, Epps and Bailey 2010).
// Exactly 1 for equal partitions, one cluster in both among them; 0 where only one of them has more
// than one cluster. Not corrected for chance: it grows with the number of clusters. Symmetric.
template <class A, class B>
double normalized_mutual_information(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b,
                                     Normalisation normalisation = Normalisation::arithmetic) {
  const auto table = detail::contingency(a, b, "normalized_mutual_information");
  if (table.same_partition()) return 1.0;
  if (table.in_a.size() == 1 || table.in_b.size() == 1) return 0.0;
  const double ha = detail::entropy(table.in_a, table.rows);
  const double hb = detail::entropy(table.in_b, table.rows);
  double mean = 0.5 * (ha + hb);
  if (normalisation == Normalisation::geometric) mean = std::sqrt(ha) * std::sqrt(hb);
  if (normalisation == Normalisation::minimum) mean = std::min(ha, hb);
  if (normalisation == Normalisation::maximum) mean = std::max(ha, hb);
  return detail::share_of(detail::mutual_information(table), mean);
}

// 1 where every cluster has rows of one class only (Rosenberg and Hirschberg 2007): 1 - H(class |
// cluster) / H(class); 1 where there is one class. The same as completeness(truth, labels).
template <class A, class B>
double homogeneity(const Eigen::DenseBase<A>& labels, const Eigen::DenseBase<B>& truth) {
  const auto table = detail::contingency(labels, truth, "homogeneity");
  return detail::share_of(detail::mutual_information(table),
                          detail::entropy(table.in_b, table.rows));
}

// 1 where all rows of a class are in one cluster. 1 where there is one cluster.
template <class A, class B>
double completeness(const Eigen::DenseBase<A>& labels, const Eigen::DenseBase<B>& truth) {
  const auto table = detail::contingency(labels, truth, "completeness");
  return detail::share_of(detail::mutual_information(table),
                          detail::entropy(table.in_a, table.rows));
}

// The share of rows whose class is the most frequent one of their cluster. It grows with the number
// of clusters, up to 1 for singletons.
template <class A, class B>
double purity(const Eigen::DenseBase<A>& labels, const Eigen::DenseBase<B>& truth) {
  const auto table = detail::contingency(labels, truth, "purity");
  std::vector<double> most(table.in_a.size(), 0.0);
  for (const auto& cell : table.cells) {
    double& best = most[static_cast<std::size_t>(cell.a)];
    best = std::max(best, cell.count);
  }
  double right = 0.0;
  for (const double n : most) right += n;
  return right / table.rows;
}

LATENT_END
