// What belongs to the rows of a source beside their numbers: weights, labels, sequences, factors.
// Checked and copied.
#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class Derived>
Vector<double> checked_weights(const Eigen::DenseBase<Derived>& values, Index rows) {
  const typename Derived::PlainObject given = values.derived();  // evaluated once
  require(given.size() == rows && (given.cols() == 1 || given.rows() == 1),
          "samples: there must be one weight a row; got ", given.rows(), " x ", given.cols(),
          " weights for ", rows, " rows");
  Vector<double> copy(rows);
  for (Index i = 0; i < rows; ++i)
    copy[i] = static_cast<double>(given.cols() == 1 ? given.coeff(i, 0) : given.coeff(0, i));
  double sum = 0.0;
  for (Index i = 0; i < rows; ++i) {
    require<DataError>(is_finite(copy[i]) && copy[i] >= 0.0,
                       "samples: weights must be finite and not negative; got weights(", i,
                       ") = ", copy[i]);
    sum += copy[i];
  }
  require<DataError>(rows == 0 || (sum > 0.0 && is_finite(sum)),
                     "samples: weights must have a positive, finite sum; got ", sum);
  return copy;
}

template <class Derived>
Labels checked_labels(const Eigen::DenseBase<Derived>& values, Index rows) {
  static_assert(std::is_integral_v<typename Derived::Scalar> &&
                    !std::is_same_v<typename Derived::Scalar, bool>,
                "labels are integers; -1 = unknown");
  const typename Derived::PlainObject given = values.derived();  // evaluated once
  require(given.size() == rows && (given.cols() == 1 || given.rows() == 1),
          "samples: there must be one label a row; got ", given.rows(), " x ", given.cols(),
          " labels for ", rows, " rows");
  Labels copy(rows);
  for (Index i = 0; i < rows; ++i) {
    // Compared before it is narrowed: a wide integer must not wrap into a valid label.
    const auto label = given.cols() == 1 ? given.coeff(i, 0) : given.coeff(0, i);
    require<DataError>(std::in_range<int>(label), "samples: labels must fit an int; got labels(", i,
                       ") = ", label);
    copy[i] = static_cast<int>(label);
  }
  for (Index i = 0; i < rows; ++i)
    require<DataError>(copy[i] >= -1,
                       "samples: labels must be -1 (unknown) or at least 0; got labels(", i,
                       ") = ", copy[i]);
  return copy;
}

// The first row of each sequence, and n at the end.
inline std::vector<Index> checked_starts(const std::vector<Index>& lengths, Index rows) {
  std::vector<Index> starts{0};
  starts.reserve(lengths.size() + 1);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    require(lengths[i] >= 1 && lengths[i] <= rows - starts.back(),
            "samples: lengths of sequences must be positive and sum to the ", rows,
            " rows; got lengths[", i, "] = ", lengths[i], " after ", starts.back(), " rows");
    starts.push_back(starts.back() + lengths[i]);
  }
  require(starts.back() == rows, "samples: lengths of sequences must sum to the ", rows,
          " rows; got ", starts.back());
  return starts;
}

// `what` is "row" or "column". The factors so far, if any, times those given.
inline Vector<double> checked_factors(const Vector<double>& given, const Vector<double>& so_far,
                                      Index count, const char* what) {
  require(given.size() == count, "samples: there must be one factor a ", what, "; got ",
          given.size(), " factors for ", count, " ", what, "s");
  Vector<double> product = so_far.size() > 0 ? so_far : Vector<double>(Vector<double>::Ones(count));
  for (Index i = 0; i < count; ++i) {
    require<DataError>(is_finite(given[i]), "samples: factors must be finite; got that of ", what,
                       " ", i, " = ", given[i]);
    product[i] *= given[i];
    require<DataError>(is_finite(product[i]), "samples: products of factors must be finite; got ",
                       "that of ", what, " ", i, " = ", product[i]);
  }
  return product;
}

}  // namespace detail

LATENT_END
