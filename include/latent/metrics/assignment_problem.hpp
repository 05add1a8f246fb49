// The assignment problem: one column for each row, no column twice, at the least total cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// The column of each row; rows <= cols. Rows enter one by one, each along a shortest path of
// alternating edges under reduced costs, which the potentials keep non-negative (Jonker and Volgenant
// 1987, the augmentation step; Tomizawa 1971).
inline std::vector<Index> assign_wide(const RowMatrix<double>& cost) {
  const Index rows = cost.rows();
  const Index cols = cost.cols();
  const auto at = [](Index i) { return static_cast<std::size_t>(i); };
  // Column `cols` is a place outside the matrix, where the row that enters waits.
  std::vector<double> row_potential(at(rows), 0.0);
  std::vector<double> col_potential(at(cols) + 1, 0.0);
  std::vector<Index> row_of(at(cols) + 1, -1);
  std::vector<Index> before(at(cols), cols);  // the column before it on the shortest path
  std::vector<double> distance(at(cols));
  std::vector<char> done(at(cols) + 1);
  for (Index entering = 0; entering < rows; ++entering) {
    std::fill(distance.begin(), distance.end(), std::numeric_limits<double>::max());
    std::fill(done.begin(), done.end(), char{0});
    Index col = cols;
    row_of[at(col)] = entering;
    while (row_of[at(col)] >= 0) {
      done[at(col)] = 1;
      const Index row = row_of[at(col)];
      double least = std::numeric_limits<double>::max();
      Index next = -1;
      for (Index j = 0; j < cols; ++j) {
        if (done[at(j)]) continue;
        const double reduced = cost(row, j) - row_potential[at(row)] - col_potential[at(j)];
        if (reduced < distance[at(j)]) {
          distance[at(j)] = reduced;
          before[at(j)] = col;
        }
        if (next < 0 || distance[at(j)] < least) {
          least = distance[at(j)];
          next = j;
        }
      }
      for (Index j = 0; j <= cols; ++j) {
        if (done[at(j)]) {
          row_potential[at(row_of[at(j)])] += least;
          col_potential[at(j)] -= least;
        } else {
          distance[at(j)] -= least;
        }
      }
      col = next;
    }
    for (; col != cols; col = before[at(col)]) row_of[at(col)] = row_of[at(before[at(col)])];
  }
  std::vector<Index> assigned(at(rows), -1);
  for (Index j = 0; j < cols; ++j)
    if (row_of[at(j)] >= 0) assigned[at(row_of[at(j)])] = j;
  return assigned;
}

}  // namespace detail

// cost: any m x k matrix of finite numbers, at most 2^1000 in magnitude. Returns for each row its
// column, or -1 for a row that goes without, of which there are m - k where m > k. The sum of the
// costs of min(m, k) rows is the least possible: exactly so for integers below 2^52, else within
// rounding. O(min(m, k)^2 max(m, k)) time. Throws DataError (not finite, too large). Of equally good
// answers, always the same one.
template <class Derived>
std::vector<Index> solve_assignment(const Eigen::DenseBase<Derived>& cost) {
  const RowMatrix<double> costs = cost.derived().matrix().template cast<double>();
  for (Index i = 0; i < costs.rows(); ++i)
    for (Index j = 0; j < costs.cols(); ++j)
      detail::require<DataError>(is_finite(costs(i, j)) && std::abs(costs(i, j)) <= 0x1p1000,
                                 "solve_assignment: costs must be finite and at most 2^1000 in "
                                 "magnitude; got ",
                                 costs(i, j), " at row ", i, ", column ", j);
  if (costs.rows() <= costs.cols()) return detail::assign_wide(costs);
  const std::vector<Index> row_of = detail::assign_wide(costs.transpose());
  std::vector<Index> column_of(static_cast<std::size_t>(costs.rows()), -1);
  for (std::size_t j = 0; j < row_of.size(); ++j)
    column_of[static_cast<std::size_t>(row_of[j])] = static_cast<Index>(j);
  return column_of;
}

LATENT_END
