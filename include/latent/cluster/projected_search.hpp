// The search that bounds first: a kernel of d + 1 columns bounds all centroids of a block of rows
// (cluster/projection.hpp), and only those that the bound does not rule out are measured, by the
// direct distances that decide anyway. The result is that of the exhaustive search, to the label.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "latent/cluster/assignment.hpp"
#include "latent/cluster/projection.hpp"
#include "latent/cluster/survivor_kernel.hpp"

LATENT_BEGIN

namespace detail {

// The projected rows of a fit, n x (d + 1) floats, and the projected centroids of an iteration.
template <class S>
class ProjectedRows {
 public:
  ProjectedRows(const Samples<S>& data, Projection<S> projection)
      : data_{data}, projection_{std::move(projection)} {}

  // Projects all rows, once.
  template <class Team>
  void project_rows(Team& team) {
    rows_.resize(data_.rows(), projection_.width());
    norms_.resize(data_.rows());
    team.for_each_lane(lanes_of(data_.rows()), [&](Index lane) {
      RowMatrix<S> copy(tile_rows, data_.cols());
      RowMatrix<S> y(tile_rows, data_.cols());
      const S* rows[tile_rows] = {};
      const Index end = std::min(data_.rows(), (lane + 1) * lane_rows);
      for (Index first = lane * lane_rows; first < end; first += tile_rows) {
        const Index count = std::min(tile_rows, end - first);
        point_at(data_, first, count, copy, rows);
        projection_.project(rows, count, y, rows_.data() + first * projection_.width(),
                            norms_.data() + first);
      }
    });
  }

  // Projects the centroids of the table: before nearest().
  template <class Team>
  void prepare(const CentroidTable<S>& table, Team& team) {
    const Index clusters = table.clusters();
    const Index width = projection_.width();
    RowMatrix<float> centred(clusters, width);
    Vector<double> norms(clusters);
    team.for_each_lane((clusters + tile_rows - 1) / tile_rows, [&](Index tile) {
      RowMatrix<S> y(tile_rows, data_.cols());
      const S* rows[tile_rows] = {};
      const Index first = tile * tile_rows;
      const Index count = std::min(tile_rows, clusters - first);
      for (Index k = 0; k < count; ++k) rows[k] = table.centroid(first + k);
      projection_.project(rows, count, y, centred.data() + first * width, norms.data() + first);
    });
    Vector<float> constants(clusters);
    double largest = 0.0;
    for (Index k = 0; k < clusters; ++k) {
      constants[k] = static_cast<float>(projection_.squared_length_below(norms[k]));
      largest = std::max(largest, norms[k]);
    }
    radius_ = projection_.length_of(largest);
    std::vector<Index> all(static_cast<std::size_t>(clusters));
    std::iota(all.begin(), all.end(), Index{0});
    packed_.pack(centred, constants, all);
  }

  // What nearest() would cost without labels, as a share of the exhaustive search: tried on a few
  // rows, before project_rows().
  double trial(const CentroidTable<S>& table) const;

  // found[i] = the nearest centroid of row indices[i], which is at rows[i]; count <= tile_rows.
  // uppers[i]: at least the squared distance from row i to some centroid, or infinity. others, where
  // given: at most the squared distance to any centroid but found[i].
  void nearest(const CentroidTable<S>& table, TileScratch<S>& scratch, const Index* indices,
               Index count, const S* const* rows, const double* uppers, int* found,
               double* others) const;

 private:
  static constexpr Index block = block_rows<float>;
  using Word = typename VectorOf<float>::Integer;

  // Direct distances of a row cost about so many times what the exhaustive kernel takes a centroid.
  static constexpr Index price = 4;

  struct PackedRows {
    void pack(Index, Index, float*) const {}
    void fetch(Index, Index, Index) const {}
  };

  // The rows of one block, and what the kernel says of them.
  struct Block {
    explicit Block(const PackedCentroids<float>& centroids)
        : words(static_cast<std::size_t>(words_of(centroids) * block)) {}

    const float* rows[static_cast<std::size_t>(block)] = {};
    double norms[static_cast<std::size_t>(block)] = {};
    double margins[static_cast<std::size_t>(block)] = {};
    alignas(vector_bytes) float packed[static_cast<std::size_t>((most_axes + 1) * block)];
    alignas(vector_bytes) float squares[static_cast<std::size_t>(block)];  // not used
    alignas(vector_bytes) float thresholds[static_cast<std::size_t>(block)];
    alignas(vector_bytes) float above[static_cast<std::size_t>(block)];
    NearestTwo<float> two;
    std::vector<Word> words;
  };

  // Fills all of a block but rows and norms. from: its rows' numbers.
  void bound(const CentroidTable<S>& table, const S* const* from, Index count, const double* uppers,
             Block& part) const;

  // Calls f(k) for the centroids that row i of the block is left with.
  template <class F>
  void for_each_survivor(const Block& part, Index i, Index clusters, const F& f) const {
    for (Index w = 0; w < words_of(packed_); ++w) {
      auto bits = static_cast<std::uint32_t>(part.words[static_cast<std::size_t>(w * block + i)]);
      for (; bits != 0; bits &= bits - 1) {
        const Index k = w * centroids_per_word + std::countr_zero(bits);
        if (k < clusters) f(k);
      }
    }
  }

  const Samples<S>& data_;
  Projection<S> projection_;
  RowMatrix<float> rows_;          // n x (d + 1)
  Vector<double> norms_;           // n
  PackedCentroids<float> packed_;  // K x (d + 1)
  double radius_ = 0.0;            // at least the largest |g|
};

template <class S>
void ProjectedRows<S>::bound(const CentroidTable<S>& table, const S* const* from, Index count,
                             const double* uppers, Block& part) const {
  static const Vector<float> no_shift = Vector<float>::Zero(most_axes + 1);
  constexpr double more = 1.0 + 0x1p-20;
  const double square = projection_.unit() * projection_.unit();
  std::fill(part.squares, part.squares + block, 0.0f);
  pack_rows(part.rows, count, 0, projection_.width(), no_shift.data(), part.packed, part.squares);
  bool seeds = false;
  for (Index i = 0; i < count; ++i) seeds = seeds || !std::isfinite(uppers[i]);
  if (seeds)
    find_nearest_two(packed_, PackedRows{}, part.packed, static_cast<float*>(nullptr), part.two);
  std::fill(part.thresholds, part.thresholds + block, std::numeric_limits<float>::lowest());
  for (Index i = 0; i < count; ++i) {
    double upper = uppers[i];
    if (!std::isfinite(upper))
      upper = squared_distance(from[i], table.centroid(Index{part.two.index[i]}), table.cols());
    part.margins[i] = projection_.margin(projection_.length_of(part.norms[i]), radius_);
    const double value =
        square * upper * more - projection_.squared_length_below(part.norms[i]) + part.margins[i];
    part.thresholds[i] =
        static_cast<float>(std::min(value + 0x1p-22 * std::abs(value) + 0x1p-100, 0x1p120));
  }
  find_survivors(packed_, part.packed, part.thresholds, part.words.data(), part.above);
}

template <class S>
void ProjectedRows<S>::nearest(const CentroidTable<S>& table, TileScratch<S>& scratch,
                               const Index* indices, Index count, const S* const* rows,
                               const double* uppers, int* found, double* others) const {
  const Index clusters = table.clusters();
  const Index most = std::max<Index>(4, clusters / price);
  const double square = projection_.unit() * projection_.unit();
  Index open[tile_rows];  // rows that the bound does not help
  Index open_count = 0;
  std::vector<Index> left(static_cast<std::size_t>(clusters));
  std::optional<Block> part;
  if (std::isfinite(radius_)) part.emplace(packed_);
  for (Index first = 0; first < count; first += block) {
    const Index size = std::min(block, count - first);
    bool regular = part.has_value();
    for (Index i = 0; i < size && regular; ++i) {
      const Index row = indices[first + i];
      part->rows[i] = rows_.data() + row * projection_.width();
      part->norms[i] = norms_[row];
      regular = std::isfinite(norms_[row]);
    }
    if (!regular) {
      for (Index i = 0; i < size; ++i) open[open_count++] = first + i;
      continue;
    }
    bound(table, rows + first, size, uppers + first, *part);
    for (Index i = 0; i < size; ++i) {
      Index survivors = 0;
      for_each_survivor(*part, i, clusters,
                        [&](Index k) { left[static_cast<std::size_t>(survivors++)] = k; });
      if (survivors == 0 || survivors > most) {
        open[open_count++] = first + i;
        continue;
      }
      double nearest = std::numeric_limits<double>::infinity();
      double second = nearest;
      Index best = left[0];
      for (Index e = 0; e < survivors && survivors > 1; ++e) {
        const Index k = left[static_cast<std::size_t>(e)];
        const double distance = squared_distance(rows[first + i], table.centroid(k), table.cols());
        second = std::min(second, std::max(distance, nearest));
        if (distance < nearest) {
          nearest = distance;
          best = k;
        }
      }
      found[first + i] = static_cast<int>(best);
      if (others == nullptr) continue;
      const double above = (projection_.squared_length_below(part->norms[i]) +
                            static_cast<double>(part->above[i]) - part->margins[i]) /
                           square;
      const double underflow =
          static_cast<double>(table.cols()) * std::numeric_limits<double>::min();
      others[first + i] = std::min(second * (1.0 - 0x1p-20) - underflow, above);
    }
  }
  if (open_count == 0) return;
  const S* open_rows[tile_rows] = {};
  int open_found[tile_rows];
  double open_others[tile_rows];
  for (Index i = 0; i < open_count; ++i) open_rows[i] = rows[open[i]];
  assign_rows(table, scratch, open_rows, open_count, false, open_found, {nullptr, open_others});
  for (Index i = 0; i < open_count; ++i) {
    found[open[i]] = open_found[i];
    if (others != nullptr) others[open[i]] = open_others[i];
  }
}

template <class S>
double ProjectedRows<S>::trial(const CentroidTable<S>& table) const {
  const Index clusters = table.clusters();
  const Index count = std::min<Index>(data_.rows(), 2 * block);
  const Index width = projection_.width();
  if (!std::isfinite(radius_)) return std::numeric_limits<double>::infinity();
  RowMatrix<S> copy(count, data_.cols());
  RowMatrix<S> one(1, data_.cols());
  RowMatrix<S> y(count, data_.cols());
  RowMatrix<float> projected(count, width);
  Vector<double> norms(count);
  std::vector<const S*> rows(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) {
    data_.read(i * data_.rows() / count, 1, one);
    copy.row(i) = one.row(0);
    rows[static_cast<std::size_t>(i)] = copy.data() + i * data_.cols();
  }
  projection_.project(rows.data(), count, y, projected.data(), norms.data());
  if (!norms.allFinite()) return std::numeric_limits<double>::infinity();
  const Vector<double> uppers =
      Vector<double>::Constant(block, std::numeric_limits<double>::infinity());
  double survivors = 0.0;
  Block part{packed_};
  for (Index first = 0; first < count; first += block) {
    const Index size = std::min(block, count - first);
    for (Index i = 0; i < size; ++i) {
      part.rows[i] = projected.data() + (first + i) * width;
      part.norms[i] = norms[first + i];
    }
    bound(table, rows.data() + first, size, uppers.data(), part);
    for (Index i = 0; i < size; ++i)
      for_each_survivor(part, i, clusters, [&](Index) { survivors += 1.0; });
  }
  return static_cast<double>(width) / static_cast<double>(data_.cols()) +
         static_cast<double>(price) * survivors /
             (static_cast<double>(count) * static_cast<double>(clusters));
}

// As a search for the loop of Lloyd: without labels, of a first iteration.
template <class S>
class ProjectedSearch {
 public:
  static constexpr Index chunk = tile_rows;

  ProjectedSearch(const Samples<S>& data, const ProjectedRows<S>& projected)
      : data_{data}, projected_{projected} {}

  void find(const CentroidTable<S>& table, TileScratch<S>& scratch, Index first, Index count,
            const int* /*labels*/, int* found) const {
    const S* rows[tile_rows] = {};
    Index indices[tile_rows];
    double uppers[tile_rows];
    point_at(data_, first, count, scratch.x, rows);
    std::iota(indices, indices + count, first);
    std::fill(uppers, uppers + count, std::numeric_limits<double>::infinity());
    projected_.nearest(table, scratch, indices, count, rows, uppers, found, nullptr);
  }

 private:
  const Samples<S>& data_;
  const ProjectedRows<S>& projected_;
};

}  // namespace detail

LATENT_END
