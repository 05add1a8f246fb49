// Labels matched with classes one to one, so that as many rows as possible agree.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "latent/metrics/assignment_problem.hpp"
#include "latent/metrics/contingency.hpp"

LATENT_BEGIN

// The best matching of labels with classes.
struct LabelMatch {
  std::vector<int> labels;   // the labels that occur, ascending
  std::vector<int> classes;  // the class of each, -1 = none is left for it
  Index agreeing = 0;        // rows whose label is matched with their class
  Index rows = 0;            // rows known in both
  double accuracy = 0.0;     // agreeing / rows

  // Labels as classes: -1 for those that have no class or were not there. For vectors of labels of
  // at least -1.
  template <class Derived>
  Labels apply(const Eigen::DenseBase<Derived>& given) const {
    Labels mapped = detail::read_labels(given, "LabelMatch");
    for (Index i = 0; i < mapped.size(); ++i) {
      const auto found = std::lower_bound(labels.begin(), labels.end(), mapped[i]);
      const bool known = found != labels.end() && *found == mapped[i];
      mapped[i] = known ? classes[static_cast<std::size_t>(found - labels.begin())] : -1;
    }
    return mapped;
  }
};

namespace detail {

template <class A, class B>
LabelMatch match_labels(const Eigen::DenseBase<A>& labels, const Eigen::DenseBase<B>& truth,
                        std::string_view who) {
  const Contingency table = contingency(labels, truth, who);
  RowMatrix<double> cost = RowMatrix<double>::Zero(static_cast<Index>(table.first.size()),
                                                   static_cast<Index>(table.second.size()));
  for (const auto& cell : table.cells) cost(cell.a, cell.b) = -cell.count;
  const std::vector<Index> assigned = solve_assignment(cost);
  LabelMatch match;
  match.labels = table.first;
  match.rows = static_cast<Index>(table.rows);
  for (std::size_t k = 0; k < assigned.size(); ++k) {
    const Index j = assigned[k];
    match.classes.push_back(j >= 0 ? table.second[static_cast<std::size_t>(j)] : -1);
    if (j >= 0) match.agreeing += static_cast<Index>(-cost(static_cast<Index>(k), j));
  }
  match.accuracy = static_cast<double>(match.agreeing) / table.rows;
  return match;
}

}  // namespace detail

// labels, truth: vectors of n labels each. Rows with -1 (unknown) in either are left out. Where
// there are more labels than classes, some labels get none, and their rows do not agree. Throws
// InvalidArgument (different lengths, no rows) and DataError (labels below -1, no row known in
// both). The exact optimum; for K labels and C classes O(min(K, C)^2 max(K, C)) time and O(K C)
// memory beside O(n log n) and O(n).
template <class A, class B>
LabelMatch match_labels(const Eigen::DenseBase<A>& labels, const Eigen::DenseBase<B>& truth) {
  return detail::match_labels(labels, truth, "match_labels");
}

// The share of rows that agree under the best matching: "clustering accuracy". 1 for equal
// partitions. Symmetric.
template <class A, class B>
double matched_accuracy(const Eigen::DenseBase<A>& labels, const Eigen::DenseBase<B>& truth) {
  return detail::match_labels(labels, truth, "matched_accuracy").accuracy;
}

LATENT_END
