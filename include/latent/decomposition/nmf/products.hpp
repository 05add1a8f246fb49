// The two products that a non-negative factorisation spends its time in, dense and sparse: a factor
// with the rows of the data, and with their columns.
#pragma once

#include <memory>
#include <type_traits>
#include <vector>

#include "latent/core/pool.hpp"
#include "latent/core/product.hpp"
#include "latent/decomposition/nmf/data.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
struct NMFScratch {
  RowMatrix<S> target;    // L x tile
  RowMatrix<S> weighted;  // L x tile, v w
  RowMatrix<S> rows;      // tile x D
  RowMatrix<S> cross;     // L x D
  std::vector<S> buffer;
  std::vector<S> values;  // of a sparse row
  std::vector<double> doubles;
};

template <class S>
using NMFPool = Pool<NMFScratch<S>>;

template <class S, class F>
void borrow(NMFPool<S>& pool, F&& f) {
  pool.borrow([] { return std::make_unique<NMFScratch<S>>(); }, f);
}

// f(i, entries) for the sparse rows first + i.
template <class S, class F>
void for_each_sparse_row(const NMFData<S>& data, Index first, Index count, NMFScratch<S>& scratch,
                         F&& f) {
  for (Index i = 0; i < count; ++i) f(i, data.source.sparse_row(first + i, scratch.values));
}

template <class S>
double entry(const NMFData<S>& data, const SparseRow<S>& row, Index p) {
  return static_cast<double>(row.values[p] * data.unit);
}

// A factor h as rows of D numbers, and turned where the data are sparse.
template <class S>
struct FactorRows {
  const RowMatrix<S>& rows;  // L x D
  RowMatrix<S> turned;       // D x L for sparse data, else empty

  FactorRows(const RowMatrix<S>& h, bool sparse) : rows{h} {
    if (sparse) turned = h.transpose();
  }

  // sums += x times column j.
  void add_column(Index j, double x, Vector<double>& sums) const {
    const S* column = turned.data() + j * rows.rows();
    for (Index k = 0; k < rows.rows(); ++k) sums[k] += x * static_cast<double>(column[k]);
  }
  double times_column(Index j, const Vector<double>& own) const {
    const S* column = turned.data() + j * rows.rows();
    double sum = 0.0;
    for (Index k = 0; k < rows.rows(); ++k) sum += own[k] * static_cast<double>(column[k]);
    return sum;
  }
};

// target (L x count) = h X' for a tile of rows, in the units of the data.
template <class S>
void project_rows(const NMFData<S>& data, const FactorRows<S>& h, Index first, Index count,
                  RowMatrix<S>& target, NMFScratch<S>& scratch) {
  target.setZero(h.rows.rows(), count);
  if (!data.sparse()) {
    add_product(h.rows, data.tile(first, count).transpose(), target, data.unit);
    return;
  }
  Vector<double> sums(h.rows.rows());
  for_each_sparse_row(data, first, count, scratch, [&](Index i, const SparseRow<S>& row) {
    sums.setZero();
    for (Index p = 0; p < row.count; ++p) h.add_column(row.indices[p], entry(data, row, p), sums);
    target.col(i) = sums.template cast<S>();
  });
}

// cross (L x D) += unit weighted rows. Products of float data are float, tile by tile; their sums
// are double.
template <class S, class Rows>
void add_rows(const RowMatrix<S>& weighted, const Rows& rows, S unit, RowMatrix<double>& cross,
              NMFScratch<S>& scratch) {
  if constexpr (std::is_same_v<S, double>) {
    add_product(weighted, rows, cross, unit);
  } else {
    scratch.cross.setZero(cross.rows(), cross.cols());
    add_product(weighted, rows, scratch.cross, unit);
    cross += scratch.cross.template cast<double>();
  }
}

// The same for a tile of the data: weighted is L x count; cross is D x L where they are sparse.
template <class S>
void add_data_rows(const NMFData<S>& data, const RowMatrix<S>& weighted, Index first, Index count,
                   RowMatrix<double>& cross, NMFScratch<S>& scratch) {
  if (!data.sparse()) {
    add_rows(weighted, data.tile(first, count), data.unit, cross, scratch);
    return;
  }
  const Index components = weighted.rows();
  for_each_sparse_row(data, first, count, scratch, [&](Index i, const SparseRow<S>& row) {
    for (Index p = 0; p < row.count; ++p) {
      const double x = entry(data, row, p);
      double* to = cross.data() + row.indices[p] * components;
      for (Index k = 0; k < components; ++k) to[k] += x * static_cast<double>(weighted(k, i));
    }
  });
}

// weighted = w diag(v) for a tile.
template <class S>
void weigh_rows(const NMFData<S>& data, const RowMatrix<S>& w, Index first, Index count,
                RowMatrix<S>& weighted) {
  weighted = w.middleCols(first, count);
  if (!data.source.has_weights()) return;
  for (Index i = 0; i < count; ++i)
    weighted.col(i) = (weighted.col(i).template cast<double>() * data.source.weight(first + i))
                          .template cast<S>();
}

// L x D: w diag(v) X.
template <class S, class Team>
RowMatrix<double> left_times_data(const NMFData<S>& data, const RowMatrix<S>& w, NMFPool<S>& pool,
                                  Team& team) {
  const bool turned = data.sparse();
  RowMatrix<double> cross = team.reduce(
      data.units(),
      [&] {
        return RowMatrix<double>(RowMatrix<double>::Zero(turned ? data.cols() : w.rows(),
                                                         turned ? w.rows() : data.cols()));
      },
      [&](Index index, RowMatrix<double>& sums) {
        borrow(pool, [&](NMFScratch<S>& scratch) {
          data.for_each_tile(index, [&](Index first, Index count) {
            weigh_rows(data, w, first, count, scratch.weighted);
            add_data_rows(data, scratch.weighted, first, count, sums, scratch);
          });
        });
      });
  if (turned) return cross.transpose();
  return cross;
}

// L x n: h X'.
template <class S, class Team>
RowMatrix<S> data_times_right(const NMFData<S>& data, const RowMatrix<S>& h, NMFPool<S>& pool,
                              Team& team) {
  const FactorRows<S> factor{h, data.sparse()};
  RowMatrix<S> result(h.rows(), data.rows());
  team.for_each_lane(data.units(), [&](Index index) {
    borrow(pool, [&](NMFScratch<S>& scratch) {
      data.for_each_tile(index, [&](Index first, Index count) {
        project_rows(data, factor, first, count, scratch.target, scratch);
        result.middleCols(first, count) = scratch.target;
      });
    });
  });
  return result;
}

// L x L: sum v a_i b_i' over the rows of the data.
template <class S, class Team>
RowMatrix<double> gram_between(const NMFData<S>& data, const RowMatrix<S>& a, const RowMatrix<S>& b,
                               Team& team) {
  return team.reduce(
      data.units(), [&] { return RowMatrix<double>(RowMatrix<double>::Zero(a.rows(), b.rows())); },
      [&](Index index, RowMatrix<double>& sums) {
        data.for_each_tile(index, [&](Index first, Index count) {
          RowMatrix<double> left = a.middleCols(first, count).template cast<double>();
          for (Index i = 0; i < count && data.source.has_weights(); ++i)
            left.col(i) *= data.source.weight(first + i);
          const RowMatrix<double> right = b.middleCols(first, count).template cast<double>();
          add_product(left, right.transpose(), sums);
        });
      });
}

}  // namespace detail

LATENT_END
