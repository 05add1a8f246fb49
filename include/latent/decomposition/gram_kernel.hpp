// P P' for a wide matrix that arrives in packed pieces, at the rate of the machine's products.
//
// The rows of P come in panels of three vectors, [panel][column][row in panel]: one column of a
// panel is what a step of the inner loop multiplies with eight numbers of another panel, and 24 sums
// stay in registers (Goto and van de Geijn 2008, with one packing for both factors). Sums over 256
// columns are in T, those over all of them in double. The order of every sum is fixed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

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

// As many numbers as a vector of T has lanes.
template <class T, class A>
typename VectorOf<T>::Type load_as(const A* from) {
  if constexpr (std::is_same_v<T, A>)
    return load(from);
  else
    return load_doubles(from);
}

// out(r, i) += sum_t b(t, r) a(t, i), r < Step, i < Vectors * lanes. a: rows of a panel, which
// may be of shorter numbers; b: b_stride apart.
template <int Step, int Vectors = panel_vectors, class A, class T>
void add_panel_product(const A* a, const T* b, Index b_stride, Index depth, double* out,
                       Index stride) {
  using V = typename VectorOf<T>::Type;
  constexpr Index lanes = vector_lanes<T>;
  constexpr Index rows = panel_rows<T>;
  constexpr Index wide = Vectors * lanes;
  for (int r = 0; r < Step; ++r)
    for (Index i = 0; i < wide; i += 8) prefetch(out + r * stride + i);
  V sums[static_cast<std::size_t>(Step)][static_cast<std::size_t>(Vectors)] = {};
  for (Index t = 0; t < depth; ++t) {
    V x[static_cast<std::size_t>(Vectors)];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) x[v] = load_as<T>(a + t * rows + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < Step; ++r) {
      const T c = b[t * b_stride + r];
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sums[r][v] += x[v] * c;
    }
  }
  T part[static_cast<std::size_t>(wide)];
#pragma GCC unroll 8
  for (int r = 0; r < Step; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) store(part + v * lanes, sums[r][v]);
    for (Index i = 0; i < wide; ++i) out[r * stride + i] += static_cast<double>(part[i]);
  }
}

// Numbers in panels: [panel][column][row in panel], to be multiplied in scalar T.
template <class T, class Stored = T>
class Panels {
 public:
  Panels(Index rows, Index columns)
      : panels_{panels_of<T>(rows)},
        numbers_(RowMatrix<Stored>::Zero(panels_, columns * panel_rows<T>)) {}

  Index panels() const { return panels_; }
  Stored* panel(Index p) { return numbers_.data() + p * numbers_.cols(); }
  const Stored* panel(Index p) const { return numbers_.data() + p * numbers_.cols(); }

 private:
  Index panels_;
  RowMatrix<Stored> numbers_;
};

// The same of the first `vectors` of a panel's.
template <int Step, class T>
void add_panel_product(int vectors, const T* a, const T* b, Index b_stride, Index depth,
                       double* out, Index stride) {
  static_assert(panel_vectors == 2 || panel_vectors == 3 || panel_vectors == 8);
  if (panel_vectors == 8 || vectors >= 3)
    add_panel_product<Step>(a, b, b_stride, depth, out, stride);
  else if (vectors == 2)
    add_panel_product<Step, 2>(a, b, b_stride, depth, out, stride);
  else
    add_panel_product<Step, 1>(a, b, b_stride, depth, out, stride);
}

// A running sum of P P'. The lower triangle counts; rows and columns are filled up to whole panels.
template <class T>
class GramSum {
 public:
  explicit GramSum(Index size)
      : sum(RowMatrix<double>::Zero(panels_of<T>(size) * panel_rows<T>,
                                    panels_of<T>(size) * panel_rows<T>)),
        size_{size} {}

  RowMatrix<double> sum;

  // Adds the first `columns` columns of the panels. Lanes are bands of rows of the result, the
  // longest first.
  template <class Team>
  void add(const Panels<T>& packed, Index columns, Team& team) {
    constexpr Index rows = panel_rows<T>;
    constexpr Index deep = 256;
    constexpr Index cache = (Index{1} << 20) / static_cast<Index>(sizeof(T));
    const Index chunk =
        std::clamp<Index>(cache / (columns * rows), 1, std::max<Index>(480 / rows, 1));
    const Index panels = packed.panels();
    const Index band = panels >= 32 ? 8 : 1;
    const Index bands = (panels + band - 1) / band;
    team.for_each_lane(bands, [&](Index lane) {
      const Index low = (bands - 1 - lane) * band;
      const Index high = std::min(panels, low + band);
      for (Index first = 0; first < high; first += chunk) {
        for (Index q = low; q < high; ++q) {
          for (Index p = first; p < std::min(first + chunk, q + 1); ++p) {
            for (Index t = 0; t < columns; t += deep)
              for (Index r = 0; r < std::min(rows, size_ - q * rows); r += panel_step)
                add_panel_product<panel_step>(
                    p < q ? panel_vectors : up_to_diagonal(r), packed.panel(p) + t * rows,
                    packed.panel(q) + t * rows + r, rows, std::min(deep, columns - t),
                    &sum(q * rows + r, p * rows), sum.cols());
          }
        }
      }
    });
  }

 private:
  // Of the panel's own rows, the vectors that hold what counts of rows r ... r + panel_step - 1.
  static int up_to_diagonal(Index r) {
    return static_cast<int>((r + panel_step - 1) / vector_lanes<T>) + 1;
  }

  Index size_;
};

// A symmetric matrix, kept as numbers of T and packed for products with a few rows.
template <class T>
class PackedSymmetric {
 public:
  // The lower triangle of the first `size` rows and columns counts.
  template <class Team>
  PackedSymmetric(const RowMatrix<double>& lower, Index size, Team& team)
      : size_{size}, packed_(size, size) {
    constexpr Index rows = panel_rows<double>;
    team.for_each_lane(packed_.panels(), [&](Index p) {
      T* to = packed_.panel(p);
      const Index first = p * rows;
      const Index count = std::min(rows, size - first);
      for (Index t = 0; t < first; ++t)
        for (Index i = 0; i < count; ++i) to[t * rows + i] = static_cast<T>(lower(first + i, t));
      for (Index t = first; t < size; ++t)
        for (Index i = 0; i < count; ++i)
          to[t * rows + i] =
              static_cast<T>(first + i <= t ? lower(t, first + i) : lower(first + i, t));
    });
  }

  // How many rows to multiply together: the fewer, the less they cost; but where the matrix does not
  // fit the cache, it is what costs.
  static Index rows_at_once(Index size) { return size <= cached ? few : 16; }

  // block (b x size, any b) times the matrix.
  template <class Team>
  RowMatrix<double> times(const RowMatrix<double>& block, Team& team) const {
    constexpr Index rows = panel_rows<double>;
    constexpr Index deep = 256;
    const Index lanes = size_ <= cached ? 1 : 16;
    const Index width = (block.rows() + few - 1) / few * few;
    RowMatrix<double> turned = RowMatrix<double>::Zero(size_, width);
    turned.leftCols(block.rows()) = block.transpose();
    RowMatrix<double> out = RowMatrix<double>::Zero(width, packed_.panels() * rows);
    const Index share =
        (packed_.panels() + lanes - 1) / lanes;  // of the panels: a lane is some work
    team.for_each_lane((packed_.panels() + share - 1) / share, [&](Index lane) {
      for (Index p = lane * share; p < std::min(packed_.panels(), (lane + 1) * share); ++p) {
        for (Index t = 0; t < size_; t += deep) {
          const Index depth = std::min(deep, size_ - t);
          const T* a = packed_.panel(p) + t * rows;
          Index r = 0;
          for (; r + panel_step <= width; r += panel_step)
            add_panel_product<panel_step>(a, &turned(t, r), width, depth, &out(r, p * rows),
                                          out.cols());
          for (; r < width; r += few)
            add_panel_product<few>(a, &turned(t, r), width, depth, &out(r, p * rows), out.cols());
        }
      }
    });
    return out.topLeftCorner(block.rows(), size_);
  }

 private:
  static constexpr int few = 4;
  static constexpr Index cached = 512;

  Index size_;
  Panels<double, T> packed_;
};

}  // namespace detail

LATENT_END
