// Labels as the metrics take them: checked, with the distinct values numbered 0 ... K-1.
#pragma once

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// A vector of integers as labels. Throws InvalidArgument (a matrix, no rows) and DataError (below
// -1, beyond an int).
template <class Derived>
Labels read_labels(const Eigen::DenseBase<Derived>& values, std::string_view who) {
  static_assert(std::is_integral_v<typename Derived::Scalar> &&
                    !std::is_same_v<typename Derived::Scalar, bool>,
                "labels are integers; -1 = unknown");
  const typename Derived::PlainObject given = values.derived();  // evaluated once
  require(given.cols() == 1 || given.rows() == 1, who, ": labels must be a vector; got ",
          given.rows(), " x ", given.cols());
  require(given.size() > 0, who, ": there must be at least one label; got none");
  Labels labels(given.size());
  for (Index i = 0; i < labels.size(); ++i) {
    // Compared before it is narrowed: a wide integer must not wrap into a valid label.
    const auto label = given.cols() == 1 ? given.coeff(i, 0) : given.coeff(0, i);
    require<DataError>(std::in_range<int>(label) && std::cmp_greater_equal(label, -1), who,
                       ": labels must be -1 (unknown) or an int of at least 0; got ", label,
                       " at row ", i);
    labels[i] = static_cast<int>(label);
  }
  return labels;
}

// The distinct labels of the rows that count, ascending, and each row's place among them. Sorting
// and searching, so that labels may be as large and as many as they like: O(n log n).
struct DenseLabels {
  std::vector<int> values;  // K
  std::vector<int> ids;     // n: 0 ... K-1, or -1 for a row that does not count

  Index clusters() const { return static_cast<Index>(values.size()); }
  Index rows() const { return static_cast<Index>(ids.size()); }
  int id(Index row) const { return ids[static_cast<std::size_t>(row)]; }
};

// counts(row) says which of the rows with a label count.
template <class Counts>
DenseLabels dense_labels(const Labels& labels, const Counts& counts) {
  DenseLabels dense;
  dense.ids.assign(static_cast<std::size_t>(labels.size()), -1);
  for (Index i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0 && counts(i)) dense.values.push_back(labels[i]);
  std::sort(dense.values.begin(), dense.values.end());
  dense.values.erase(std::unique(dense.values.begin(), dense.values.end()), dense.values.end());
  dense.values.shrink_to_fit();
  for (Index i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || !counts(i)) continue;
    const auto found = std::lower_bound(dense.values.begin(), dense.values.end(), labels[i]);
    dense.ids[static_cast<std::size_t>(i)] = static_cast<int>(found - dense.values.begin());
  }
  return dense;
}

}  // namespace detail

LATENT_END
