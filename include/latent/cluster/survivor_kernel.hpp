// Which centroids are not ruled out: of each row of a block, the centroids whose value is at most
// the row's threshold, and the smallest value above it. The values are those of find_nearest_two.
#pragma once

#include <limits>

#include "latent/cluster/packed_kernel.hpp"

LATENT_BEGIN

namespace detail {

// A word holds a bit for each of so many groups' centroids.
inline constexpr Index groups_per_word = 5;
inline constexpr Index centroids_per_word = groups_per_word * group_size;

template <class S>
Index words_of(const PackedCentroids<S>& centroids) {
  return (centroids.groups + groups_per_word - 1) / groups_per_word;
}

// packed: columns x block_rows, all of them; thresholds: block_rows. Out: words, words_of() x
// block_rows, bit k % 30 of word k / 30 set where centroid k is not above; above: block_rows.
template <class S>
void find_survivors(const PackedCentroids<S>& centroids, const S* packed, const S* thresholds,
                    typename VectorOf<S>::Integer* words, S* above) {
  using V = typename VectorOf<S>::Type;
  using M = typename VectorOf<S>::Mask;
  using Integer = typename VectorOf<S>::Integer;
  constexpr Index lanes = vector_lanes<S>;
  constexpr Index block = block_rows<S>;
  const Index cols = centroids.cols;
  V least[vectors_per_block];
  M bits[vectors_per_block];
  for (int v = 0; v < vectors_per_block; ++v) {
    least[v] = V{} + std::numeric_limits<S>::max();
    bits[v] = M{};
  }
  for (Index group = 0; group < centroids.groups; ++group) {
    V sums[group_size][vectors_per_block];
    const S* constants = centroids.constants.data() + group * group_size;
#pragma GCC unroll 6
    for (int r = 0; r < group_size; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < vectors_per_block; ++v) sums[r][v] = constants[r] - V{};
    add_columns<S>(packed, centroids.coefficients.data() + group * cols * group_size, cols, sums);
    const Index place = group % groups_per_word;
#pragma GCC unroll 6
    for (int r = 0; r < group_size; ++r) {
      const M bit = static_cast<Integer>(Integer{1} << (place * group_size + r)) - M{};
#pragma GCC unroll 8
      for (int v = 0; v < vectors_per_block; ++v) {
        const M survives = sums[r][v] <= load(thresholds + v * lanes);
        bits[v] = survives ? (bits[v] | bit) : bits[v];
        const V other = survives ? least[v] : sums[r][v];
        least[v] = other < least[v] ? other : least[v];
      }
    }
    if (place + 1 < groups_per_word && group + 1 < centroids.groups) continue;
    for (int v = 0; v < vectors_per_block; ++v) {
      std::memcpy(words + (group / groups_per_word) * block + v * lanes, &bits[v], sizeof(M));
      bits[v] = M{};
    }
  }
  for (int v = 0; v < vectors_per_block; ++v) store(above + v * lanes, least[v]);
}

}  // namespace detail

LATENT_END
