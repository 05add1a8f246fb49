// Sparse data and the labels of the dense kernel, for the tests of sparse k-means.
#pragma once

#include <Eigen/SparseCore>
#include <algorithm>

#include "cluster/kmeans_data.hpp"
#include "latent/cluster/assignment.hpp"
#include "latent/core/source.hpp"

namespace latent_test {

using latent::Labels;
using latent::RowMatrix;
namespace detail = latent::detail;

template <class S>
using Sparse = Eigen::SparseMatrix<S, Eigen::RowMajor>;

// One number in `every` is kept, the others become 0.
template <class S>
RowMatrix<S> thinned(const Eigen::MatrixXd& x, int every, std::uint64_t seed) {
  latent::Random random{seed};
  RowMatrix<S> out = RowMatrix<S>::Zero(x.rows(), x.cols());
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j)
      if (random.below(every) == 0) out(i, j) = static_cast<S>(x(i, j));
  return out;
}

template <class S>
RowMatrix<S> sparse_blobs(Index rows, Index cols, Index count, int every, std::uint64_t seed) {
  return thinned<S>(blobs(rows, cols, count, 1.5, seed), every, seed + 7);
}

template <class S>
Sparse<S> sparse(const RowMatrix<S>& x) {
  return x.sparseView();
}

template <class S>
Labels dense_labels(const RowMatrix<S>& x, const RowMatrix<S>& centroids) {
  const detail::CentroidTable<S> table{centroids};
  detail::TileScratch<S> scratch(x.cols(), centroids.rows());
  Labels labels(x.rows());
  const auto source = latent::samples(x);
  for (Index first = 0; first < x.rows(); first += detail::tile_rows) {
    const Index count = std::min(detail::tile_rows, x.rows() - first);
    source.read(first, count, scratch.x);
    detail::assign_tile(table, scratch, count, labels.data() + first);
  }
  return labels;
}

}  // namespace latent_test
