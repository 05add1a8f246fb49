// The contingency table of two labellings: how many rows have label i in one and j in the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "latent/metrics/dense_labels.hpp"

LATENT_BEGIN

namespace detail {

// Only the cells that are not empty, of which there are at most n: the number of labels may be as
// large as that of the rows. Counts are exact.
struct Contingency {
  struct Cell {
    Index a = 0;  // place of the label in `first`
    Index b = 0;  // in `second`
    double count = 0.0;
  };

  std::vector<int> first;    // the labels of a, ascending
  std::vector<int> second;   // of b
  std::vector<double> in_a;  // rows of each
  std::vector<double> in_b;
  std::vector<Cell> cells;  // by a, then by b
  double rows = 0.0;        // that are known in both

  // Every label of one goes with one label of the other, and back.
  bool same_partition() const { return cells.size() == in_a.size() && cells.size() == in_b.size(); }
};

// Rows that have -1 (unknown) in either are left out. Throws InvalidArgument (lengths, no rows) and
// DataError (labels below -1; no row known in both). O(n log n) time, O(n) memory.
template <class A, class B>
Contingency contingency(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b,
                        std::string_view who) {
  const Labels la = read_labels(a, who);
  const Labels lb = read_labels(b, who);
  require(la.size() == lb.size(), who, ": both must label the same rows; got ", la.size(), " and ",
          lb.size(), " labels");
  const DenseLabels da = dense_labels(la, [&](Index i) { return lb[i] >= 0; });
  const DenseLabels db = dense_labels(lb, [&](Index i) { return la[i] >= 0; });
  require<DataError>(da.clusters() > 0, who, ": no row has a known label in both");

  std::vector<std::uint64_t> pairs;
  for (Index i = 0; i < la.size(); ++i)
    if (da.id(i) >= 0)
      pairs.push_back(static_cast<std::uint64_t>(da.id(i)) << 32 |
                      static_cast<std::uint64_t>(db.id(i)));
  std::sort(pairs.begin(), pairs.end());

  Contingency table;
  table.first = da.values;
  table.second = db.values;
  table.in_a.assign(da.values.size(), 0.0);
  table.in_b.assign(db.values.size(), 0.0);
  table.rows = static_cast<double>(pairs.size());
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const auto i = static_cast<Index>(pairs[p] >> 32);
    const auto j = static_cast<Index>(pairs[p] & 0xffffffffu);
    if (p == 0 || pairs[p] != pairs[p - 1]) table.cells.push_back({i, j, 0.0});
    table.cells.back().count += 1.0;
    table.in_a[static_cast<std::size_t>(i)] += 1.0;
    table.in_b[static_cast<std::size_t>(j)] += 1.0;
  }
  return table;
}

}  // namespace detail

LATENT_END
