// The eigenvalues and eigenvectors of a symmetric matrix, in the library's order.
#pragma once

#include <Eigen/Eigenvalues>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// Eigenvalues descending and eigenvectors (columns, in the same order) of a symmetric matrix whose
// lower triangle is given. Throws DataError where the iteration does not converge. S is always
// double: a template, so that only who solves compiles the solver (CONTRIBUTING.md, Compile time).
template <class S>
struct SymmetricEigen {
  using Square = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

  Vector<S> values;
  Square vectors;

  explicit SymmetricEigen(const Square& symmetric) {
    const Eigen::SelfAdjointEigenSolver<Square> solver(symmetric);
    require<DataError>(solver.info() == Eigen::Success,
                       "the eigenvalue iteration did not converge");
    values = solver.eigenvalues().reverse();
    vectors = solver.eigenvectors().rowwise().reverse();
  }
};

}  // namespace detail

LATENT_END
