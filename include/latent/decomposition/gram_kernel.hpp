// P P' for a wide matrix that arrives in packed pieces, at the rate of the machine's products.
//
// The rows of P come in panels of three vectors, [panel][column][row in panel]: one column of a
// panel is what a step of the inner loop multiplies with eight numbers of another panel, and 24 sums
// stay in registers (Goto and van de Geijn 2008, with one packing for both factors). Sums over 256
// columns are in T, those over all of them in double. The order of every sum is fixed.
#pragma once

#include <algorithm>
#include <cstddef>

#include "latent/core/types.hpp"
#include "latent/core/vectors.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr int panel_vectors = LATENT_HAS_VECTORS == 0 ? 8 : (vector_bytes >= 32 ? 3 : 2);
inline constexpr int panel_step = vector_bytes >= 64 ? 8 : 4;  // numbers of the other panel
template <class T>
inline constexpr Index panel_rows = Index{panel_vectors} * vector_lanes<T>;

template <class T>
Index panels_of(Index rows) {
  return (rows + panel_rows<T> - 1) / panel_rows<T>;
}

// out(r, i) += sum_t b(t, r) a(t, i), r < panel_step, i < panel_rows; a and b: rows of a panel.
template <class T>
void add_panel_product(const T* a, const T* b, Index depth, double* out, Index stride) {
  using V = typename VectorOf<T>::Type;
  constexpr Index lanes = vector_lanes<T>;
  constexpr Index rows = panel_rows<T>;
  for (int r = 0; r < panel_step; ++r)
    for (Index i = 0; i < rows; i += 8) prefetch(out + r * stride + i);
  V sums[panel_step][panel_vectors] = {};
  for (Index t = 0; t < depth; ++t) {
    V x[panel_vectors];
#pragma GCC unroll 8
    for (int v = 0; v < panel_vectors; ++v) x[v] = load(a + t * rows + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < panel_step; ++r) {
      const T c = b[t * rows + r];
#pragma GCC unroll 8
      for (int v = 0; v < panel_vectors; ++v) sums[r][v] += x[v] * c;
    }
  }
  T part[static_cast<std::size_t>(rows)];
#pragma GCC unroll 8
  for (int r = 0; r < panel_step; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < panel_vectors; ++v) store(part + v * lanes, sums[r][v]);
    for (Index i = 0; i < rows; ++i) out[r * stride + i] += static_cast<double>(part[i]);
  }
}

// Numbers in panels: [panel][column][row in panel].
template <class T>
class Panels {
 public:
  Panels(Index rows, Index columns)
      : panels_{panels_of<T>(rows)},
        numbers_(RowMatrix<T>::Zero(panels_, columns * panel_rows<T>)) {}

  Index panels() const { return panels_; }
  T* panel(Index p) { return numbers_.data() + p * numbers_.cols(); }
  const T* panel(Index p) const { return numbers_.data() + p * numbers_.cols(); }

 private:
  Index panels_;
  RowMatrix<T> numbers_;
};

// A running sum of P P'. The lower triangle counts; rows and columns are filled up to whole panels.
template <class T>
class GramSum {
 public:
  explicit GramSum(Index size)
      : sum(RowMatrix<double>::Zero(panels_of<T>(size) * panel_rows<T>,
                                    panels_of<T>(size) * panel_rows<T>)) {}

  RowMatrix<double> sum;

  // Adds the first `columns` columns of the panels. Lanes are bands of rows of the result, the
  // longest first.
  template <class Team>
  void add(const Panels<T>& packed, Index columns, Team& team) {
    constexpr Index rows = panel_rows<T>;
    constexpr Index deep = 256;
    constexpr Index chunk = std::max<Index>(480 / rows, 1);
    const Index panels = packed.panels();
    const Index band = panels >= 32 ? 8 : 4;
    const Index bands = (panels + band - 1) / band;
    team.for_each_lane(bands, [&](Index lane) {
      const Index low = (bands - 1 - lane) * band;
      const Index high = std::min(panels, low + band);
      for (Index t = 0; t < columns; t += deep) {
        const Index depth = std::min(deep, columns - t);
        for (Index first = 0; first < high; first += chunk) {
          for (Index q = low; q < high; ++q) {
            const T* b = packed.panel(q) + t * rows;
            for (Index p = first; p < std::min(first + chunk, q + 1); ++p)
              for (Index r = 0; r < rows; r += panel_step)
                add_panel_product(packed.panel(p) + t * rows, b + r, depth,
                                  &sum(q * rows + r, p * rows), sum.cols());
          }
        }
      }
    });
  }
};

// A symmetric matrix, packed for products with a few rows.
class PackedSymmetric {
 public:
  // The lower triangle of the first `size` rows and columns counts.
  template <class Team>
  PackedSymmetric(const RowMatrix<double>& lower, Index size, Team& team)
      : size_{size}, packed_(size, size) {
    constexpr Index rows = panel_rows<double>;
    team.for_each_lane(packed_.panels(), [&](Index p) {
      double* to = packed_.panel(p);
      const Index first = p * rows;
      const Index count = std::min(rows, size - first);
      for (Index t = 0; t < first; ++t)
        for (Index i = 0; i < count; ++i) to[t * rows + i] = lower(first + i, t);
      for (Index t = first; t < size; ++t)
        for (Index i = 0; i < count; ++i)
          to[t * rows + i] = first + i <= t ? lower(t, first + i) : lower(first + i, t);
    });
  }

  // block (b x size, any b) times the matrix.
  template <class Team>
  RowMatrix<double> times(const RowMatrix<double>& block, Team& team) const {
    constexpr Index rows = panel_rows<double>;
    constexpr Index deep = 256;
    const Index width = (block.rows() + panel_step - 1) / panel_step * panel_step;
    Panels<double> packed(block.rows(), size_);
    for (Index p = 0; p < packed.panels(); ++p)
      for (Index i = 0; i < std::min(rows, block.rows() - p * rows); ++i)
        for (Index t = 0; t < size_; ++t) packed.panel(p)[t * rows + i] = block(p * rows + i, t);
    RowMatrix<double> out = RowMatrix<double>::Zero(width, packed_.panels() * rows);
    team.for_each_lane(packed_.panels(), [&](Index p) {
      for (Index t = 0; t < size_; t += deep)
        for (Index r = 0; r < width; r += panel_step)
          add_panel_product(packed_.panel(p) + t * rows,
                            packed.panel(r / rows) + t * rows + r % rows, std::min(deep, size_ - t),
                            &out(r, p * rows), out.cols());
    });
    return out.topLeftCorner(block.rows(), size_);
  }

 private:
  Index size_;
  Panels<double> packed_;
};

}  // namespace detail

LATENT_END
