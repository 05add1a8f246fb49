// The leading eigenvectors of a symmetric positive semidefinite matrix, without the others.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>

#include "latent/decomposition/gram_kernel.hpp"
#include "latent/decomposition/krylov.hpp"

LATENT_BEGIN

namespace detail {

// Where few of many are wanted, an iteration pays.
inline bool few_wanted(Index count, Index size) {
  return size >= 96 && count <= size / 6;
}

// A few steps of subspace iteration on what the vectors found leave over: true if there an
// eigenvalue appears that should have been among those found. (A Krylov space sees as many copies
// of an eigenvalue as its block has vectors.)
template <class S, class Apply>
bool missed_one(const RitzVectors<S>& found, Index count, const Apply& apply) {
  constexpr Index probes = 8;
  constexpr int steps = 4;
  const RowMatrix<S> vectors = found.vectors.topRows(count);
  RowMatrix<S> block = random_rows_of<S>(probes, vectors.cols(), 1, 0);
  for (int step = 0; step < steps; ++step) {
    project_out(block, vectors);
    for (Index i = 0; i < probes; ++i)
      if (!(orthonormalise_row(block, 0, i) > 0.0)) return false;  // nothing is left over
    RowMatrix<S> next = apply(block);
    if (step + 1 == steps) {
      for (Index i = 0; i < probes; ++i)
        if (block.row(i).dot(next.row(i)) > found.values[count - 1] * (1.0 + 1e-6)) return true;
    }
    block.swap(next);
  }
  return false;
}

// The `count` leading eigenpairs of the matrix whose lower triangle is given (its first `size` rows
// and columns): residuals below 1e-10 of the largest eigenvalue, and below 1e-6 of their own, as far
// as entries that were rounded to T let them. Nothing if the iteration does not get there, and then
// the full decomposition is the better choice.
template <class T, class S, class Team>
std::optional<RitzVectors<S>> leading_eigen(const RowMatrix<S>& lower, Index size, Index count,
                                            Team& team) {
  constexpr auto eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  const PackedSymmetric<T> matrix(lower, size, team);
  KrylovOptions options;
  options.count = count;
  options.block = PackedSymmetric<T>::rows_at_once(size);
  options.most = size / 2;
  options.absolute = 1e-10;
  options.relative = 1e-6;
  options.noise = sizeof(T) < sizeof(S) ? 0.05 * eps  // a small part of what rounding has done
                                        : eps * static_cast<double>(size);
  const auto apply = [&](const RowMatrix<S>& block) { return matrix.times(block, team); };
  RitzVectors<S> found = block_krylov<S>(size, options, apply);
  if (!found.converged || missed_one(found, count, apply)) return std::nullopt;
  return found;
}

}  // namespace detail

LATENT_END
