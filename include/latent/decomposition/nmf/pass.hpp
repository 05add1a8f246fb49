// One pass over the data of a non-negative factorisation: updates the weights of every row, H being
// fixed, and gathers what the next update of H needs. All that a tile of rows needs is done while
// it is at hand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "latent/core/statistics.hpp"
#include "latent/decomposition/nmf/loss.hpp"
#include "latent/decomposition/nmf/multiplicative.hpp"
#include "latent/decomposition/nmf/products.hpp"

LATENT_BEGIN

namespace detail {

// v are the weights of the rows, w_i the column i of the weights W' (L x n).
struct NMFStatistics {
  // L x D, of sparse data D x L: sum v w x', or sum v w (x / (W H))' for the divergence.
  RowMatrix<double> cross;
  RowMatrix<double> gram;  // L x L, sum v w w'
  Vector<double> totals;   // L, sum v w
  double loss = 0.0;       // where a pass finds it from the reconstruction; else 0

  bool turned = false;  // cross is D x L

  NMFStatistics(Index components, Index columns, bool sparse)
      : cross(
            RowMatrix<double>::Zero(sparse ? columns : components, sparse ? components : columns)),
        gram(RowMatrix<double>::Zero(components, components)),
        totals(Vector<double>::Zero(components)),
        turned(sparse) {}

  auto fields() { return std::tie(cross, gram, totals, loss); }
};

// L x L in double.
template <class S>
RowMatrix<double> gram_of_rows(const RowMatrix<S>& h) {
  const RowMatrix<double> wide = h.template cast<double>();
  return product(wide, wide.transpose());
}

template <class S>
Vector<double> sums_of_rows(const RowMatrix<S>& h) {
  Vector<double> sums = Vector<double>::Zero(h.rows());
  for (Index k = 0; k < h.rows(); ++k)
    for (Index j = 0; j < h.cols(); ++j) sums[k] += static_cast<double>(h(k, j));
  return sums;
}

// The half of the alternation that sees the data. h: L x D; w: L x n, columns are rows of the data.
// All three arguments must outlive the pass.
template <class S>
class NMFPass {
 public:
  NMFPass(NMFData<S>& data, const NMFProblem& problem, const RowMatrix<S>& h)
      : data_{data},
        problem_{problem},
        h_{h, data.sparse()},
        gram_{gram_of_rows(h)},
        totals_{sums_of_rows(h)},
        least_squares_{gram_, problem.weights.l1, problem.weights.l2} {
    if (!problem.hals()) narrow_ = gram_.template cast<S>();
  }

  const RowMatrix<double>& gram() const { return gram_; }   // H H'
  const Vector<double>& totals() const { return totals_; }  // H 1

  // Updates w if asked to, then adds up.
  template <class Team>
  NMFStatistics run(RowMatrix<S>& w, bool update, NMFPool<S>& pool, Team& team) {
    return team.reduce(
        data_.units(),
        [&] {
          return NMFStatistics{w.rows(), data_.cols(), data_.sparse()};
        },
        [&](Index index, NMFStatistics& sums) {
          borrow(pool, [&](NMFScratch<S>& scratch) {
            data_.for_each_tile(index, [&](Index first, Index count) {
              if (update) update_tile(first, count, w, scratch);
              add_tile(first, count, w, sums, scratch);
            });
          });
        });
  }

  // Updates w alone, a tile until nothing changes that counts or `steps` times.
  template <class Team>
  void solve(RowMatrix<S>& w, Index steps, NMFPool<S>& pool, Team& team) {
    team.for_each_lane(data_.units(), [&](Index index) {
      borrow(pool, [&](NMFScratch<S>& scratch) {
        data_.for_each_tile(index, [&](Index first, Index count) {
          for (Index step = 0; step < steps; ++step) {
            scratch.weighted = w.middleCols(first, count);
            update_tile(first, count, w, scratch);
            if (settled_down(scratch.weighted, w.middleCols(first, count))) break;
          }
        });
      });
    });
  }

  // sum v loss, from the reconstruction.
  template <class Team>
  double loss(const RowMatrix<S>& w, NMFPool<S>& pool, Team& team) {
    return team.reduce(
        data_.units(), [] { return 0.0; },
        [&](Index index, double& sum) {
          borrow(pool, [&](NMFScratch<S>& scratch) {
            data_.for_each_tile(index, [&](Index first, Index count) {
              sum += data_.sparse() ? sparse_loss(first, count, w, scratch)
                                    : reconstruct_and_compare(first, count, w, scratch);
            });
          });
        });
  }

 private:
  template <class After>
  bool settled_down(const RowMatrix<S>& before, const After& after) const {
    const S change = (after - before).cwiseAbs().maxCoeff();
    return static_cast<double>(change) <= problem_.enough * static_cast<double>(after.maxCoeff());
  }

  void update_tile(Index first, Index count, RowMatrix<S>& w, NMFScratch<S>& scratch) {
    Eigen::Block<RowMatrix<S>> own(w, 0, first, w.rows(), count);
    RowMatrix<S>& target = scratch.target;
    if (!problem_.frobenius()) {
      project_ratios(first, count, w, scratch);
      multiply_divergence(target, totals_, problem_.weights, own);
      return;
    }
    if (data_.masked()) guess(first, count, w, scratch);
    project_rows(data_, h_, first, count, target, scratch);
    if (problem_.hals())
      least_squares_.solve(target.data(), count, own.data(), w.cols(), count,
                           problem_.weight_sweeps, problem_.enough, scratch.buffer);
    else
      multiply_least_squares(narrow_, target, problem_.weights, own);
  }

  // target = H (X / (W H))'.
  void project_ratios(Index first, Index count, const RowMatrix<S>& w, NMFScratch<S>& scratch) {
    scratch.target.setZero(w.rows(), count);
    if (!data_.sparse()) {
      reconstruct_and_compare(first, count, w, scratch);
      add_product(h_.rows, scratch.rows.transpose(), scratch.target);
      return;
    }
    Vector<double> sums(w.rows());
    for_each_sparse_row(data_, first, count, scratch, [&](Index i, const SparseRow<S>& row) {
      const Vector<double> own = w.col(first + i).template cast<double>();
      sums.setZero();
      for (Index p = 0; p < row.count; ++p) {
        const double r = h_.times_column(row.indices[p], own);
        h_.add_column(row.indices[p], parts_ratio<S>(entry(data_, row, p), r), sums);
      }
      scratch.target.col(i) = sums.template cast<S>();
    });
  }

  void add_tile(Index first, Index count, const RowMatrix<S>& w, NMFStatistics& sums,
                NMFScratch<S>& scratch) {
    RowMatrix<S>& weighted = scratch.weighted;
    weigh_rows(data_, w, first, count, weighted);
    for (Index k = 0; k < w.rows(); ++k)
      for (Index i = 0; i < count; ++i) sums.totals[k] += static_cast<double>(weighted(k, i));
    const RowMatrix<double> wide = w.middleCols(first, count).template cast<double>();
    add_product(RowMatrix<double>(weighted.template cast<double>()), wide.transpose(), sums.gram);
    if (!problem_.frobenius()) {
      if (data_.sparse()) {
        add_sparse_ratios(first, count, w, sums, scratch);
      } else {
        sums.loss += reconstruct_and_compare(first, count, w, scratch);
        add_rows(weighted, scratch.rows, S(1), sums.cross, scratch);
      }
      return;
    }
    if (data_.masked()) sums.loss += guess(first, count, w, scratch);
    add_data_rows(data_, weighted, first, count, sums.cross, scratch);
  }

  // scratch.rows = W H of a tile, or the ratios x / (W H) for the divergence; their loss.
  double reconstruct_and_compare(Index first, Index count, const RowMatrix<S>& w,
                                 NMFScratch<S>& scratch) {
    const Index D = data_.cols();
    scratch.rows.setZero(count, D);
    add_product(w.middleCols(first, count).transpose(), h_.rows, scratch.rows);
    double sum = 0.0;
    for (Index i = first; i < first + count; ++i) {
      const S* x = data_.first + i * data_.stride;
      S* r = scratch.rows.data() + (i - first) * D;
      const std::uint8_t* seen = data_.masked() ? data_.observed.data() + i * D : nullptr;
      const double loss = problem_.frobenius()
                              ? squared_loss(x, data_.unit, r, seen, D, scratch.doubles)
                              : divergence_and_ratios(x, data_.unit, r, seen, D);
      sum += data_.source.weight(i) * loss;
    }
    return sum;
  }

  // Puts the reconstruction where entries are missing: with them, the squared loss bounds that of
  // the observed entries from above and meets it here, so that what lowers it lowers both. Returns
  // the latter.
  double guess(Index first, Index count, const RowMatrix<S>& w, NMFScratch<S>& scratch) {
    const double loss = reconstruct_and_compare(first, count, w, scratch);
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < data_.cols(); ++j)
        if (data_.observed(first + i, j) == 0) data_.filled(first + i, j) = scratch.rows(i, j);
    return loss;
  }

  // The divergence of a sparse row is that of its entries, without their reconstruction, plus the
  // sum of all of the reconstruction.
  void add_sparse_ratios(Index first, Index count, const RowMatrix<S>& w, NMFStatistics& sums,
                         NMFScratch<S>& scratch) const {
    const Index components = w.rows();
    for_each_sparse_row(data_, first, count, scratch, [&](Index i, const SparseRow<S>& row) {
      const Vector<double> own = w.col(first + i).template cast<double>();
      double loss = own.dot(totals_);
      for (Index p = 0; p < row.count; ++p) {
        const double x = entry(data_, row, p);
        const double r = h_.times_column(row.indices[p], own);
        const double ratio = parts_ratio<S>(x, r);
        loss += divergence<S>(x, r) - r;
        double* to = sums.cross.data() + row.indices[p] * components;
        for (Index k = 0; k < components; ++k)
          to[k] += ratio * static_cast<double>(scratch.weighted(k, i));
      }
      sums.loss += data_.source.weight(first + i) * loss;
    });
  }

  // For least squares, |x - r|^2 at the entries and |r|^2 at the others: that of all less that of
  // the entries.
  double sparse_loss(Index first, Index count, const RowMatrix<S>& w,
                     NMFScratch<S>& scratch) const {
    double sum = 0.0;
    for_each_sparse_row(data_, first, count, scratch, [&](Index i, const SparseRow<S>& row) {
      const Vector<double> own = w.col(first + i).template cast<double>();
      double loss = 0.0;
      if (problem_.frobenius())
        for (Index k = 0; k < own.size(); ++k)
          for (Index l = 0; l < own.size(); ++l) loss += 0.5 * own[k] * gram_(k, l) * own[l];
      else
        loss = own.dot(totals_);
      for (Index p = 0; p < row.count; ++p) {
        const double x = entry(data_, row, p);
        const double r = h_.times_column(row.indices[p], own);
        loss += problem_.frobenius() ? 0.5 * x * (x - 2.0 * r) : divergence<S>(x, r) - r;
      }
      sum += data_.source.weight(first + i) * std::max(loss, 0.0);
    });
    return sum;
  }

  NMFData<S>& data_;
  const NMFProblem& problem_;
  FactorRows<S> h_;
  RowMatrix<double> gram_;
  Vector<double> totals_;
  NonNegativeColumns<S> least_squares_;
  RowMatrix<S> narrow_;  // gram_ as S, for multiplicative updates
};

}  // namespace detail

LATENT_END
