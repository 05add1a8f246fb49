// What families with a table of parameters, K x D, have in common.
#pragma once

#include <cmath>
#include <string_view>
#include <type_traits>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// All numbers of a table, row by row.
template <class S>
Vector<double> flat(const RowMatrix<S>& table) {
  Vector<double> all(table.size());
  for (Index i = 0; i < table.size(); ++i) all[i] = static_cast<double>(table.data()[i]);
  return all;
}

template <class S>
void check_columns(const RowMatrix<S>& table, std::string_view who, std::string_view name) {
  require(table.cols() >= 1, who, ": there must be at least one column; got ", name, " ",
          table.rows(), " x ", table.cols());
}

// Throws DataError at the first number that is no count.
template <class S>
void check_counts(const Eigen::Ref<const RowMatrix<S>>& x, Index first_row, std::string_view who,
                  std::string_view what) {
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j)
      if (!(x(i, j) >= S(0)) || x(i, j) != std::floor(x(i, j))) [[unlikely]]
        fail<DataError>(who, ": ", what, " must be whole numbers, not negative; got ", x(i, j),
                        " at row ", first_row + i, ", column ", j);
}

// No number of a statistic is negative, NaN or infinite.
inline bool none_negative(const RowMatrix<double>& s) {
  for (Index i = 0; i < s.size(); ++i)
    if (!is_finite(s.data()[i]) || !(s.data()[i] >= 0.0)) return false;
  return true;
}

// How far two sums of the same numbers in different orders may lie apart, relative to the sum.
template <class S>
inline constexpr double sum_slack = std::is_same_v<S, float> ? 1e-4 : 1e-9;

}  // namespace detail

LATENT_END
