// How a source is cut for the methods that take it in pieces.
#pragma once

#include <algorithm>
#include <vector>

#include "latent/core/source.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

namespace detail {

// The first row of each batch of about `rows` rows, and n at the end. For models of sequences a
// batch takes whole sequences until it has that many rows.
template <class M, class S>
std::vector<Index> batch_starts(const Samples<S>& data, Index rows) {
  std::vector<Index> starts;
  if constexpr (is_sequential<M>()) {
    if (!data.has_sequences()) return {0, data.rows()};
    for (const Index start : data.sequence_starts())
      if (starts.empty() || start == data.rows() || start - starts.back() >= rows)
        starts.push_back(start);
  } else {
    for (Index first = 0; first < data.rows(); first += rows) starts.push_back(first);
    starts.push_back(data.rows());
  }
  return starts;
}

// The first row of each of `parts` parts of nearly as many rows, and n at the end; fewer where there
// are fewer rows. For models of sequences a part begins with a sequence.
template <class M, class S>
std::vector<Index> part_starts(const Samples<S>& data, Index parts) {
  const Index count = std::min(parts, data.rows());
  const std::vector<Index> one{0, data.rows()};
  std::vector<Index> starts{0};
  for (Index p = 1; p <= count; ++p) {
    Index start = p * (data.rows() / count) + std::min(p, data.rows() % count);
    if constexpr (is_sequential<M>()) {
      const std::vector<Index>& begins = data.has_sequences() ? data.sequence_starts() : one;
      start = *std::lower_bound(begins.begin(), begins.end(), start);
    }
    if (start > starts.back()) starts.push_back(start);
  }
  return starts;
}

}  // namespace detail

LATENT_END
