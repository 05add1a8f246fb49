// Centroids in a tree, and the descent of rows through it.
//
// Level l has nodes, each a centroid; the children of a node are a range of the level below, and
// the last level holds the K centroids. A row keeps the `beam` nearest nodes of a level, looks at
// their children only, and in the last level takes the nearest. The rows of a chunk descend
// together, sorted by node, so that the dense kernel gets many rows for one small table.
#pragma once

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/row_groups.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
struct TreeLevel {
  RowMatrix<S> centroids;     // nodes x D
  std::vector<Index> starts;  // the children of node p above are starts[p] ... starts[p + 1] - 1

  Index parents() const { return static_cast<Index>(starts.size()) - 1; }
  Index first_child(Index p) const { return starts[static_cast<std::size_t>(p)]; }
  Index children(Index p) const { return first_child(p + 1) - first_child(p); }
};

// The nearest few nodes of each row, in the order of their distance; of equal ones, of their index.
class NearestNodes {
 public:
  NearestNodes(Index rows, Index keep)
      : keep_{keep},
        counts_(static_cast<std::size_t>(rows), 0),
        found_(static_cast<std::size_t>(rows * keep)) {}

  void offer(Index row, double distance, Index node) {
    const std::pair<double, Index> item{distance, node};
    Index& count = counts_[static_cast<std::size_t>(row)];
    std::pair<double, Index>* list = found_.data() + row * keep_;
    if (count == keep_ && !(item < list[count - 1])) return;
    Index at = count < keep_ ? count++ : count - 1;
    for (; at > 0 && item < list[at - 1]; --at) list[at] = list[at - 1];
    list[at] = item;
  }

  Index count(Index row) const { return counts_[static_cast<std::size_t>(row)]; }
  const std::pair<double, Index>& get(Index row, Index rank) const {
    return found_[static_cast<std::size_t>(row * keep_ + rank)];
  }

 private:
  Index keep_;
  std::vector<Index> counts_;
  std::vector<std::pair<double, Index>> found_;
};

// Rows whose distances to many centroids are found together. Every row takes the same operations
// whatever its place, so that its distances do not depend on its neighbours.
inline constexpr Index distance_rows = 8;

// out[k * 8 + i] = |x_i - c_k|^2 in double. packed: D x 8; centroids: `count` of length `cols`.
template <class S>
void distances_to_all(const double* packed, const S* centroids, Index count, Index cols,
                      double* out) {
  constexpr Index width = 4;  // centroids at a time, so that sums do not wait for each other
  for (Index first = 0; first < count; first += width) {
    const S* c[width];
    for (Index r = 0; r < width; ++r) c[r] = centroids + std::min(first + r, count - 1) * cols;
    double sums[width][distance_rows] = {};
    for (Index j = 0; j < cols; ++j) {
      const double* x = packed + j * distance_rows;
      for (Index r = 0; r < width; ++r) {
        const auto value = static_cast<double>(c[r][j]);
        for (Index i = 0; i < distance_rows; ++i) {
          const double t = x[i] - value;
          sums[r][i] += t * t;
        }
      }
    }
    for (Index r = 0; r < width && first + r < count; ++r)
      std::copy(sums[r], sums[r] + distance_rows, out + (first + r) * distance_rows);
  }
}

// Immutable once made, and then safe to share between threads. Every node above the last level has
// a child.
template <class S>
class CentroidTree {
 public:
  explicit CentroidTree(std::vector<TreeLevel<S>> levels) : levels_{std::move(levels)} {
    for (const TreeLevel<S>& level : levels_) {
      std::deque<CentroidTable<S>>& tables = tables_.emplace_back();
      for (Index p = 0; p < level.parents(); ++p) {
        largest_ = std::max(largest_, level.children(p));
        tables.emplace_back(
            RowMatrix<S>(level.centroids.middleRows(level.first_child(p), level.children(p))));
      }
    }
  }

  const std::vector<TreeLevel<S>>& levels() const { return levels_; }
  const RowMatrix<S>& centroids() const { return levels_.back().centroids; }  // K x D
  Index cols() const { return centroids().cols(); }

  // Rows that descend together. Labels do not depend on it.
  Index chunk_rows() const {
    constexpr Index numbers = Index{1} << 22;
    return std::clamp(numbers / cols(), tile_rows, Index{8192});
  }

  // labels[i], and where not null distances[i] = |x - c|^2, of rows first ... first + rows - 1.
  template <class T>
  void assign(const Samples<T>& data, Index first, Index rows, Index beam, int* labels,
              double* distances) const {
    RowMatrix<S> x(rows, cols());
    data.read(first, rows, x);
    TileScratch<S> scratch{cols(), largest_};
    std::vector<Index> row_of(static_cast<std::size_t>(rows));  // who stands before which node
    for (Index i = 0; i < rows; ++i) row_of[static_cast<std::size_t>(i)] = i;
    std::vector<int> node_of(row_of.size(), 0);
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      const bool last = l + 1 == levels_.size();
      const Index keep = last ? 1 : std::min(beam, levels_[l].centroids.rows());
      NearestNodes found{rows, keep};
      const Groups groups =
          group_by(node_of.data(), static_cast<Index>(node_of.size()), levels_[l].parents());
      for (Index p = 0; p < groups.count(); ++p)
        look_at_children(x, l, p, groups.group(p), row_of, keep == 1, scratch, found);
      row_of.clear();
      node_of.clear();
      for (Index i = 0; i < rows; ++i) {
        if (last) {
          labels[i] = static_cast<int>(found.get(i, 0).second);
          if (distances != nullptr) distances[i] = found.get(i, 0).first;
          continue;
        }
        for (Index rank = 0; rank < found.count(i); ++rank) {
          row_of.push_back(i);
          node_of.push_back(static_cast<int>(found.get(i, rank).second));
        }
      }
    }
  }

 private:
  // Offers the children of node p above level l to the rows before it: the nearest, or all.
  void look_at_children(const RowMatrix<S>& x, std::size_t l, Index p,
                        std::span<const Index> places, const std::vector<Index>& row_of,
                        bool nearest_only, TileScratch<S>& scratch, NearestNodes& found) const {
    const Index first_child = levels_[l].first_child(p);
    const Index children = levels_[l].children(p);
    const auto row_at = [&](Index place) {
      return row_of[static_cast<std::size_t>(places[static_cast<std::size_t>(place)])];
    };
    const auto count = static_cast<Index>(places.size());
    if (!nearest_only) {
      offer_all(x, levels_[l].centroids.data() + first_child * cols(), first_child, children, count,
                row_at, found);
      return;
    }
    const CentroidTable<S>& table = tables_[l][static_cast<std::size_t>(p)];
    int labels[tile_rows];
    for (Index begin = 0; begin < count; begin += tile_rows) {
      const Index rows = std::min(tile_rows, count - begin);
      for (Index i = 0; i < rows; ++i) {
        const S* from = x.data() + row_at(begin + i) * cols();
        std::copy(from, from + cols(), scratch.x.data() + i * cols());
      }
      assign_tile(table, scratch, rows, labels);
      for (Index i = 0; i < rows; ++i)
        found.offer(row_at(begin + i),
                    squared_distance(
                        scratch.x.data() + i * cols(),
                        levels_[l].centroids.data() + (first_child + labels[i]) * cols(), cols()),
                    first_child + labels[i]);
    }
  }

  template <class RowAt>
  void offer_all(const RowMatrix<S>& x, const S* centroids, Index first_child, Index children,
                 Index count, const RowAt& row_at, NearestNodes& found) const {
    std::vector<double> packed(static_cast<std::size_t>(cols() * distance_rows), 0.0);
    std::vector<double> distances(static_cast<std::size_t>(children * distance_rows));
    for (Index begin = 0; begin < count; begin += distance_rows) {
      const Index rows = std::min(distance_rows, count - begin);
      for (Index i = 0; i < rows; ++i) {
        const S* row = x.data() + row_at(begin + i) * cols();
        for (Index j = 0; j < cols(); ++j)
          packed[static_cast<std::size_t>(j * distance_rows + i)] = static_cast<double>(row[j]);
      }
      distances_to_all(packed.data(), centroids, children, cols(), distances.data());
      for (Index i = 0; i < rows; ++i)
        for (Index k = 0; k < children; ++k)
          found.offer(row_at(begin + i), distances[static_cast<std::size_t>(k * distance_rows + i)],
                      first_child + k);
    }
  }

  std::vector<TreeLevel<S>> levels_;
  std::vector<std::deque<CentroidTable<S>>> tables_;  // one a node above the level
  Index largest_ = 0;                                 // children of a node
};

// The labels of all rows, and where not null their squared distances. O(n beam branching D).
template <class S, class T, class Team>
void assign_by_tree(const CentroidTree<S>& tree, const Samples<T>& data, Index beam, Labels& labels,
                    double* distances, Team& team) {
  const Index chunk = tree.chunk_rows();
  team.for_each_lane((data.rows() + chunk - 1) / chunk, [&](Index part) {
    const Index first = part * chunk;
    tree.assign(data, first, std::min(chunk, data.rows() - first), beam, labels.data() + first,
                distances != nullptr ? distances + first : nullptr);
  });
}

}  // namespace detail

LATENT_END
