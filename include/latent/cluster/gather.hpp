// A copy of some rows of a source.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/samples.hpp"
#include "latent/core/sparse_rows.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class S, class Team>
Samples<S> gather_dense(const Samples<S>& data, std::span<const Index> rows, Team& team) {
  const auto count = static_cast<Index>(rows.size());
  RowMatrix<S> x(count, data.cols());
  team.for_each_lane(lanes_of(count), [&](Index lane) {
    RowMatrix<S> row(1, data.cols());
    for_each_tile(count, lane, [&](Index first, Index tile) {
      for (Index i = first; i < first + tile; ++i) {
        data.read(rows[static_cast<std::size_t>(i)], 1, row);
        std::copy(row.data(), row.data() + row.size(), x.data() + i * x.cols());
      }
    });
  });
  return Samples<S>{std::move(x)};
}

template <class S>
Samples<S> gather_sparse(const Samples<S>& data, std::span<const Index> rows) {
  SparseRows<S> out;
  out.cols = data.cols();
  out.rows.resize(rows.size());
  std::vector<S> buffer;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SparseRow<S> row = data.sparse_row(rows[i], buffer);
    out.rows[i].count = row.count;
    out.indices.insert(out.indices.end(), row.indices, row.indices + row.count);
    out.values.insert(out.values.end(), row.values, row.values + row.count);
  }
  Index at = 0;
  for (SparseRow<S>& row : out.rows) {  // the arrays lie still from here on
    row.indices = out.indices.data() + at;
    row.values = out.values.data() + at;
    at += row.count;
  }
  return Samples<S>{std::move(out)};
}

// The rows of these indices, which may repeat, with their weights; sparse where the source is.
template <class S, class Team>
Samples<S> gather(const Samples<S>& data, std::span<const Index> rows, Team& team) {
  Samples<S> sample = data.sparse() ? gather_sparse(data, rows) : gather_dense(data, rows, team);
  if (!data.has_weights()) return sample;
  Vector<double> weights(static_cast<Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    weights[static_cast<Index>(i)] = data.weights()[rows[i]];
  return std::move(sample).weights(weights);
}

}  // namespace detail

LATENT_END
