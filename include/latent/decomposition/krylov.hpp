// The leading eigenvectors of a symmetric operator from a block Krylov space.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "latent/core/random.hpp"
#include "latent/decomposition/axes.hpp"
#include "latent/decomposition/symmetric_eigen.hpp"
#include "latent/decomposition/thin_products.hpp"

LATENT_BEGIN

namespace detail {

struct KrylovOptions {
  Index count = 1;  // eigenvectors wanted
  Index block = 8;  // vectors that a step adds
  Index most = 0;   // of the vectors of the space; at least count
  // A residual is small if it is below the first two, or below the third whatever they say:
  double absolute = 1;  // times the largest eigenvalue
  double relative = 0;  // times its own
  double noise = 0;     // times the largest
  std::uint64_t seed = 0;
};

// Approximate eigenvectors, one a row, with their eigenvalues, descending. There may be more of
// them than were wanted, which then are less accurate.
template <class S>
struct RitzVectors {
  Vector<S> values;
  RowMatrix<S> vectors;
  bool converged = false;
  Index steps = 0;  // applications of the operator to a block
};

template <class S>
RowMatrix<S> random_rows_of(Index rows, Index cols, std::uint64_t seed, std::uint64_t iteration) {
  RowMatrix<S> result(rows, cols);
  const Random random(seed, Purpose::projection, 0, iteration);
  for (Index i = 0; i < rows; ++i) {
    Random row = random.at(static_cast<std::uint64_t>(i));
    for (Index j = 0; j < cols; ++j) result(i, j) = row.normal();
  }
  return result;
}

// rows -= their parts along the orthonormal rows of `basis`; returns those parts.
template <class S, class Basis>
RowMatrix<S> project_out(RowMatrix<S>& rows, const Basis& basis) {
  RowMatrix<S> along = thin_dots(rows, basis);
  subtract_thin(rows, along, basis);
  return along;
}

// Block Lanczos with full reorthogonalisation (Golub and Underwood 1977): the block Krylov space of
// Musco and Musco 2015, whose powers are orthonormal as they arise and so cannot overflow. The
// operator is positive semidefinite; apply(block) gives block T for a block (b x D). The projected
// operator is kept whole, and the residual of a Ritz pair (theta, s) is the part of T s that has
// left the space.
template <class S, class Apply>
RitzVectors<S> block_krylov(Index dimension, const KrylovOptions& options, const Apply& apply) {
  const Index most = std::min(options.most, dimension);
  const Index tested = std::min(options.count + options.block, most);
  RowMatrix<S> basis(most, dimension);
  RowMatrix<S> projected = RowMatrix<S>::Zero(most, most);
  RowMatrix<S> next = random_rows_of<S>(options.block, dimension, options.seed, 0);
  RitzVectors<S> result;
  Index used = 0;
  // A test costs an eigendecomposition: the next one is due, in vectors of the space, where the
  // residuals of the last two say that it should hold.
  Index due = std::min(most, 2 * options.count + 2 * options.block);
  Index tested_at = 0;
  double last_excess = 0.0;
  for (;;) {
    // What is next becomes orthonormal, and orthogonal to the space; what vanishes, since the space
    // is invariant, starts anew at random.
    Index added = std::min(next.rows(), most - used);
    next = RowMatrix<S>(next.topRows(added));
    bool again = true;  // a row that was nearly within the span has lost its orthogonality to it
    for (int pass = 0; pass < 2 && again; ++pass) {
      again = false;
      const Vector<S> lengths = next.rowwise().norm();
      if (used > 0) project_out(next, basis.topRows(used));
      for (Index i = 0; i < added; ++i) {
        const double before = lengths[i];
        double left = orthonormalise_row(next, 0, i);
        if (pass == 0 && !(left > 1e-13 * before && before > 0.0)) {
          const auto place = static_cast<std::uint64_t>(used + i);
          next.row(i) = random_rows_of<S>(1, dimension, options.seed, place + 1).row(0);
          if (used > 0) {
            RowMatrix<S> fresh = next.row(i);
            project_out(fresh, basis.topRows(used));
            next.row(i) = fresh;
          }
          left = orthonormalise_row(next, 0, i);
        }
        if (left < 0.5 * before) orthonormalise_row(next, 0, i);
        again = again || left < 1e-2 * before;
      }
    }
    basis.middleRows(used, added) = next;
    const Index first = std::exchange(used, used + added);
    ++result.steps;
    next = apply(next);
    // Once here and once above: twice is enough (Giraud, Langou and Rozloznik 2005).
    projected.block(first, 0, added, used) = project_out(next, basis.topRows(used));
    const bool full = used == most;
    if (used < due && !full) continue;

    const SymmetricEigen<S> ritz(projected.topLeftCorner(used, used));
    const RowMatrix<S> outside = product(next, next.transpose());
    double excess = 0.0;  // the worst residual, in units of what is small enough
    const double largest = std::max(ritz.values[0], 0.0);
    for (Index i = 0; i < options.count; ++i) {
      const Vector<S> last = ritz.vectors.col(i).segment(first, added);
      const double residual = std::sqrt(std::max(last.dot(outside * last), 0.0));
      const double own = options.relative * std::max(ritz.values[i], 0.0);
      const double enough =
          std::max(options.noise * largest, std::min(options.absolute * largest, own));
      if (residual > enough) excess = std::max(excess, residual / std::max(enough, 1e-300));
    }
    result.converged = excess == 0.0 || used == dimension;
    if (result.converged || full) {
      const RowMatrix<S> combine = ritz.vectors.leftCols(tested).transpose();
      result.values = ritz.values.head(tested);
      result.vectors = product(combine, basis.topRows(used));
      return result;
    }
    // After one test no rate is known yet: a step gains about a factor e^1.9 where spectra decay slowly.
    auto more = std::min(
        used, static_cast<Index>(static_cast<double>(options.block) * std::log(excess) / 1.9));
    if (tested_at > 0 && excess < last_excess) {
      const double rate = std::log(last_excess / excess) / static_cast<double>(used - tested_at);
      more = static_cast<Index>(std::min(std::log(excess) / rate, 0.5 * static_cast<double>(used)));
    }
    tested_at = used;
    last_excess = excess;
    due = std::min(most, used + std::max(options.block, more));
  }
}

}  // namespace detail

LATENT_END
