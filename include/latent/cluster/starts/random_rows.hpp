// The random start: distinct rows of positive weight, all equally likely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
RowMatrix<S> random_rows(const Samples<S>& data, Index clusters, std::uint64_t seed,
                         std::uint64_t restart) {
  std::vector<Index> usable;
  for (Index i = 0; i < data.rows(); ++i)
    if (data.weight(i) > 0.0) usable.push_back(i);
  Random random{seed, Purpose::initialisation, restart};
  RowMatrix<S> centroids(clusters, data.cols());
  RowMatrix<S> row(1, data.cols());
  const auto count = static_cast<Index>(usable.size());
  for (Index k = 0; k < clusters; ++k) {
    // The first K places of a Fisher-Yates shuffle.
    std::swap(usable[static_cast<std::size_t>(k)],
              usable[static_cast<std::size_t>(k + random.below(count - k))]);
    data.read(usable[static_cast<std::size_t>(k)], 1, row);
    centroids.row(k) = row;
  }
  return centroids;
}

}  // namespace detail

LATENT_END
