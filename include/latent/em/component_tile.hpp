// K numbers for each row of a tile, component by component.
#pragma once

#include <algorithm>
#include <cstddef>

#include "latent/core/transposed.hpp"
#include "latent/core/types.hpp"
#include "latent/core/vector_functions.hpp"
#include "latent/core/vectors.hpp"

LATENT_BEGIN

namespace detail {

// Rows that kernels of a tile take at a time: the lanes of several vectors.
template <class S>
inline constexpr Index step_rows = Index{vectors_per_block} * vector_lanes<S>;

// What an E-step works in: log p(x, z), then responsibilities. Those of a component lie side by side,
// so that a vector holds several rows; there is room up to a whole number of steps.
template <class S>
class ComponentTile {
 public:
  ComponentTile() = default;
  ComponentTile(Index components, Index rows) { resize(components, rows); }

  explicit ComponentTile(const RowMatrix<S>& by_row) : ComponentTile(by_row.cols(), by_row.rows()) {
    transpose_into(by_row.data(), by_row.cols(), by_row.rows(), by_row.cols(), values_.data(),
                   stride());
  }

  // The numbers are then anything.
  void resize(Index components, Index rows) {
    rows_ = rows;
    padded_ = (rows + step_rows<S> - 1) / step_rows<S> * step_rows<S>;
    // No power of two, at which components would share their places in the cache.
    values_.resize(components, padded_ + vector_lanes<S>);
  }

  // Zeros beyond the last row.
  void clear_padding() {
    for (Index k = 0; rows_ < padded_ && k < components(); ++k)
      std::fill(component(k) + rows_, component(k) + padded_, S(0));
  }

  Index components() const { return values_.rows(); }
  Index rows() const { return rows_; }
  Index padded_rows() const { return padded_; }
  Index stride() const { return values_.cols(); }
  S* component(Index k) { return values_.data() + k * stride(); }
  const S* component(Index k) const { return values_.data() + k * stride(); }

  // Of component k, in double; what lies beyond the last row must be 0.
  double sum(Index k) const {
    typename VectorOf<double>::Type parts{};
    for (Index i = 0; i < padded_; i += vector_lanes<double>)
      parts += load_doubles(component(k) + i);
    return sum_of_lanes<double>(parts);
  }

  // rows x components.
  void copy_to(RowMatrix<S>& by_row) const {
    by_row.resize(rows_, components());
    transpose_into(values_.data(), stride(), components(), rows_, by_row.data(), by_row.cols());
  }

 private:
  Index rows_ = 0;
  Index padded_ = 0;
  RowMatrix<S> values_;
};

}  // namespace detail

LATENT_END
