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

// What bounds need of a centroid and its list.
struct Surroundings {
  float silent = 0.0f;      // not above the distance to any centroid that the list leaves out
  float separation = 0.0f;  // half of what is not above the distance to any other centroid
  float step = 0.0f;        // the largest movement among the others of the list
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
        around_(static_cast<std::size_t>(clusters)) {}

  Index blocks() const { return blocks_; }

  // reach(a)[b], b = 0 ... blocks: not above the distance from a to any centroid that is not in the
  // first b blocks of its list.
  const float* reach(Index a) const { return reach_.data() + a * (blocks_ + 1); }
  const Surroundings& around(Index a) const { return around_[static_cast<std::size_t>(a)]; }

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
        Surroundings& around = around_[static_cast<std::size_t>(a)];
        around.silent = std::max(0.0f, (radius_[a] - drift[a]) * bound_down - most) * bound_down;
        around.step = 0.0f;
        for (Index i = 1; i < length_; ++i)
          around.step = std::max(around.step, moved[members_(a, i)]);
        if (fresh_ || around.step > 0.0f || moved[a] > 0.0f)
          around.separation = measure(table, a, near);
        around.separation = std::min(around.separation, 0.5f * around.silent);
        float* reach = reach_.data() + a * (blocks_ + 1);
        for (Index b = 0; b < blocks_; ++b) reach[b] = std::min(reach[b], around.silent);
        reach[blocks_] = around.silent;
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

  // Order, distances and coordinates of the list of a. Returns half the least distance in it. near:
  // room for a list.
  float measure(const CentroidTable<S>& table, Index a, std::vector<float>& near) {
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
    S* to = coordinates_.data() + a * coordinates_.cols();
    for (Index b = 0; b < blocks_; ++b)
      for (Index i = 0; i < lanes; ++i) {
        const Index at = b * lanes + i;
        for (Index j = 0; j < cols_; ++j)
          to[(b * cols_ + j) * lanes + i] =
              at < length_ ? table.centroid(members[at])[j] : std::numeric_limits<S>::infinity();
      }
    return length_ > 1 ? 0.5f * near[1] : std::numeric_limits<float>::infinity();
  }

  Index cols_;
  double unit_;
  Index length_;
  Index blocks_;
  RowMatrix<S> built_;                // K x D: the centroids that the lists were found among
  bool fresh_ = false;                // built, and not refreshed
  RowMatrix<int> members_;            // K x length
  RowMatrix<float> reach_;            // K x (blocks + 1)
  RowMatrix<S> coordinates_;          // K x (blocks x D x lanes), infinite past the end of a list
  Vector<float> radius_;              // K: `silent` when built
  std::vector<Surroundings> around_;  // K
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
