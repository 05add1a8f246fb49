// For each centroid, those nearest to it: in the order of their distance, and packed for vectors.
//
// Finding them costs K^2 distances, so that lists are kept while centroids move: the distances
// within a list are taken anew each time, and the radius around a centroid beyond which its list is
// silent shrinks by how far it and any other have moved since.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "latent/cluster/bound_steps.hpp"

LATENT_BEGIN

namespace detail {

// Two smallest squared distances and the centroid of the smallest.
template <class S>
struct ListedTwo {
  S first;
  S second;
  int cluster;
};

template <class S>
class NeighbourLists {
 public:
  static constexpr Index lanes = vector_lanes<S>;

  // length: how many centroids a list holds, itself among them. unit: of the distances.
  NeighbourLists(Index clusters, Index cols, Index length, double unit)
      : cols_{cols},
        unit_{unit},
        length_{std::min(clusters, length)},
        blocks_{(length_ + lanes - 1) / lanes},
        members_(clusters, length_),
        reach_(clusters, blocks_ + 1),
        coordinates_(clusters, blocks_ * lanes * cols),
        radius_(clusters),
        separation_(clusters),
        step_(clusters) {}

  Index blocks() const { return blocks_; }

  // reach(a)[b], b = 0 ... blocks: not above the distance from a to any centroid that is not in the
  // first b blocks of its list.
  const float* reach(Index a) const { return reach_.data() + a * (blocks_ + 1); }
  // Not above the distance from a to any centroid that its list leaves out.
  float silent(Index a) const { return reach(a)[blocks_]; }
  // Half of what is not above the distance from a to any other centroid.
  float separation(Index a) const { return separation_[a]; }
  // The largest movement among the others of the list.
  float step(Index a) const { return step_[a]; }

  // O(K^2 D).
  template <class Team>
  void build(const CentroidTable<S>& table, Team& team) {
    built_ = table.centroids();
    fresh_ = true;
    const RowMatrix<double> columns = built_.transpose().template cast<double>();
    for_each_part(team, [&](Index first, Index last) {
      Vector<double> squares(columns.cols());
      Vector<float> near(columns.cols());
      std::vector<std::uint64_t> keys;
      for (Index a = first; a < last; ++a) {
        squares.setZero();
        for (Index j = 0; j < cols_; ++j) {
          const double* from = columns.data() + j * columns.cols();
          const double c = from[a];
          for (Index k = 0; k < squares.size(); ++k) {
            const double t = from[k] - c;
            squares[k] += t * t;
          }
        }
        for (Index k = 0; k < squares.size(); ++k)
          near[k] = static_cast<float>(std::min(0x1p126, unit_ * unit_ * squares[k]));
        choose(a, near, keys);
      }
    });
  }

  // The lists among the centroids of the table. moved: how far each has come since the last time.
  template <class Team>
  void refresh(const CentroidTable<S>& table, const Vector<float>& moved, Team& team) {
    Vector<float> drift;
    find_movements(built_, table, unit_, drift);
    const float most = drift.maxCoeff();
    for_each_part(team, [&](Index first, Index last) {
      std::vector<float> near(static_cast<std::size_t>(length_));
      for (Index a = first; a < last; ++a) {
        const float silent =
            std::max(0.0f, (radius_[a] - drift[a]) * bound_down - most) * bound_down;
        step_[a] = 0.0f;
        for (Index i = 1; i < length_; ++i) step_[a] = std::max(step_[a], moved[members_(a, i)]);
        if (fresh_ || step_[a] > 0.0f || moved[a] > 0.0f) {
          measure(table, a, near);
        }
        float* reach = reach_.data() + a * (blocks_ + 1);
        for (Index b = 0; b < blocks_; ++b) reach[b] = std::min(reach[b], silent);
        reach[blocks_] = silent;
        separation_[a] = std::min(separation_[a], 0.5f * silent);
      }
    });
    fresh_ = false;
  }

  // Of x, among the first blocks of a's list.
  ListedTwo<S> nearest_two(Index a, Index blocks, const S* x) const;

 private:
  template <class Team, class Body>
  void for_each_part(Team& team, const Body& body) const {
    constexpr Index part = 64;
    const Index clusters = members_.rows();
    team.for_each_lane((clusters + part - 1) / part, [&](Index lane) {
      body(lane * part, std::min(clusters, (lane + 1) * part));
    });
  }

  // The list and radius of a. near (K): squared distances, rounded.
  void choose(Index a, const Vector<float>& near, std::vector<std::uint64_t>& keys) {
    const Index clusters = near.size();
    int* members = members_.data() + a * length_;
    members[0] = static_cast<int>(a);
    radius_[a] = std::numeric_limits<float>::infinity();
    float limit = std::numeric_limits<float>::infinity();
    // The least of each class of centroids modulo `classes`, in order: the one at `length` is not
    // below that of `length` others than a, and hardly more are that near.
    constexpr Index classes = 256;
    if (clusters >= 2 * classes && length_ < classes / 2) {
      float least[static_cast<std::size_t>(classes)];
      std::copy(near.data(), near.data() + classes, least);
      Index k = classes;
      for (; k + classes <= clusters; k += classes)
        for (Index i = 0; i < classes; ++i) least[i] = std::min(least[i], near[k + i]);
      std::nth_element(least, least + length_, least + classes);
      limit = least[length_];
    }
    keys.clear();
    for (Index k = 0; k < clusters; ++k)
      if (near[k] <= limit && k != a)
        keys.push_back((std::uint64_t{std::bit_cast<std::uint32_t>(near[k])} << 32) +
                       static_cast<std::uint64_t>(k));
    if (length_ < clusters) {
      std::nth_element(keys.begin(), keys.begin() + length_ - 1, keys.end());
      const auto next = std::bit_cast<float>(
          static_cast<std::uint32_t>(keys[static_cast<std::size_t>(length_ - 1)] >> 32));
      // Below, squares lose digits.
      radius_[a] = next > 0x1p-100f ? round_down(std::sqrt(static_cast<double>(next))) : 0.0f;
    }
    std::sort(keys.begin(), keys.begin() + length_ - 1);
    for (Index i = 1; i < length_; ++i)
      members[i] = static_cast<int>(keys[static_cast<std::size_t>(i - 1)] & 0xffffffffU);
  }

  // Order, distances and coordinates of the list of a. near: room for a list.
  void measure(const CentroidTable<S>& table, Index a, std::vector<float>& near) {
    int* members = members_.data() + a * length_;
    near[0] = 0.0f;
    // Insertion: the order has hardly changed.
    for (Index i = 1; i < length_; ++i) {
      const int k = members[i];
      const float distance = round_down(
          unit_ * std::sqrt(squared_distance(table.centroid(a), table.centroid(k), cols_)));
      auto at = static_cast<std::size_t>(i);
      for (; at > 1 && near[at - 1] > distance; --at) {
        near[at] = near[at - 1];
        members[at] = members[at - 1];
      }
      near[at] = distance;
      members[at] = k;
    }
    float* reach = reach_.data() + a * (blocks_ + 1);
    for (Index b = 0; b < blocks_; ++b) reach[b] = near[static_cast<std::size_t>(b * lanes)];
    separation_[a] = length_ > 1 ? 0.5f * near[1] : std::numeric_limits<float>::infinity();
    S* to = coordinates_.data() + a * coordinates_.cols();
    for (Index b = 0; b < blocks_; ++b)
      for (Index i = 0; i < lanes; ++i) {
        const Index at = b * lanes + i;
        for (Index j = 0; j < cols_; ++j)
          to[(b * cols_ + j) * lanes + i] = at < length_ ? table.centroid(members[at])[j]
                                                         : std::numeric_limits<S>::infinity();
      }
  }

  Index cols_;
  double unit_;
  Index length_;
  Index blocks_;
  RowMatrix<S> built_;          // K x D: the centroids that the lists were found among
  bool fresh_ = false;          // built, and not refreshed
  RowMatrix<int> members_;      // K x length
  RowMatrix<float> reach_;      // K x (blocks + 1)
  RowMatrix<S> coordinates_;    // K x (blocks x D x lanes), infinite past the end of a list
  Vector<float> radius_;        // K: reach beyond the list, when built
  Vector<float> separation_;    // K
  Vector<float> step_;          // K
};

template <class S>
ListedTwo<S> NeighbourLists<S>::nearest_two(Index a, Index blocks, const S* x) const {
  using V = typename VectorOf<S>::Type;
  using M = typename VectorOf<S>::Mask;
  using Integer = typename VectorOf<S>::Integer;
  const S* from = coordinates_.data() + a * coordinates_.cols();
  V first = V{} + std::numeric_limits<S>::max();
  V second = first;
  M where = M{};
  for (Index b = 0; b < blocks; ++b) {
    V sum = V{};
    for (Index j = 0; j < cols_; ++j) {
      const V t = x[j] - load(from);
      sum += t * t;
      from += lanes;
    }
    const M better = sum < first;
    const V loser = better ? first : sum;
    second = loser < second ? loser : second;
    first = better ? sum : first;
    const M block = static_cast<Integer>(b * lanes) - M{};
    where = better ? block : where;
  }
#if LATENT_HAS_VECTORS
  Integer numbers[static_cast<std::size_t>(lanes)];
  std::iota(numbers, numbers + lanes, Integer{0});
  M number;
  std::memcpy(&number, numbers, sizeof number);
  where += number;
  const auto fold = [&](auto step) {
    const V other_first = swap_lanes<S>(first, step);
    const V other_second = swap_lanes<S>(second, step);
    const M other_where = swap_lanes<S>(where, step);
    const M better = other_first < first;
    const V loser = better ? first : other_first;
    second = other_second < second ? other_second : second;
    second = loser < second ? loser : second;
    first = better ? other_first : first;
    where = better ? other_where : where;
  };
  if constexpr (lanes > 8) fold(std::integral_constant<int, 8>{});
  if constexpr (lanes > 4) fold(std::integral_constant<int, 4>{});
  if constexpr (lanes > 2) fold(std::integral_constant<int, 2>{});
  if constexpr (lanes > 1) fold(std::integral_constant<int, 1>{});
  return {first[0], second[0], members_(a, static_cast<Index>(where[0]))};
#else
  return {first, second, members_(a, static_cast<Index>(where))};
#endif
}

}  // namespace detail

LATENT_END
