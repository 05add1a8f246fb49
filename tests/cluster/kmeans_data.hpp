// Data and plain reference code that the tests of k-means share.
#pragma once

#include <cstdint>

#include "latent/core/random.hpp"
#include "latent/core/types.hpp"
#include "support/compare.hpp"

namespace latent_test {

using latent::Index;

inline Eigen::MatrixXd normal_matrix(Index rows, Index cols, std::uint64_t seed) {
  latent::Random random{seed};
  Eigen::MatrixXd x(rows, cols);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) x(i, j) = random.normal();
  return x;
}

// Normal clouds of unit variance; the centre of cloud k is `gap` times a row of normals.
inline Eigen::MatrixXd blobs(Index rows, Index cols, Index count, double gap, std::uint64_t seed) {
  const Eigen::MatrixXd centres = gap * normal_matrix(count, cols, seed + 1000);
  Eigen::MatrixXd x = normal_matrix(rows, cols, seed);
  for (Index i = 0; i < rows; ++i) x.row(i) += centres.row(i % count);
  return x;
}

// Small integers, exact in every order of summation.
inline Eigen::MatrixXd lattice(Index rows, Index cols, int size, std::uint64_t seed) {
  latent::Random random{seed};
  Eigen::MatrixXd x(rows, cols);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) x(i, j) = static_cast<double>(random.below(size));
  return x;
}

template <class X, class C>
double distance2(const X& x, Index row, const C& centroids, Index k) {
  double sum = 0.0;
  for (Index j = 0; j < x.cols(); ++j) {
    const double t = static_cast<double>(x(row, j)) - static_cast<double>(centroids(k, j));
    sum += t * t;
  }
  return sum;
}

// The nearest centroid by direct differences in double; ties to the lowest index.
template <class X, class C>
Index nearest(const X& x, Index row, const C& centroids) {
  Index best = 0;
  for (Index k = 1; k < centroids.rows(); ++k)
    if (distance2(x, row, centroids, k) < distance2(x, row, centroids, best)) best = k;
  return best;
}

// Rows whose label is not the nearest centroid. Of equal distances the lowest index counts; where
// the two best differ by less than `tie` (relative), the rounding of another order of summation may
// decide.
template <class X, class C>
Index wrong_labels(const X& x, const C& centroids, const latent::Labels& labels, double tie = 0.0) {
  Index wrong = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const Index best = nearest(x, i, centroids);
    if (labels[i] == best) continue;
    const double least = distance2(x, i, centroids, best);
    const double excess = distance2(x, i, centroids, labels[i]) - least;
    if (!(excess > 0.0 && excess <= tie * least)) ++wrong;
  }
  return wrong;
}

template <class X, class C>
double inertia_of(const X& x, const C& centroids, const latent::Labels& labels) {
  double sum = 0.0;
  for (Index i = 0; i < x.rows(); ++i) sum += distance2(x, i, centroids, labels[i]);
  return sum;
}

// The rows of b repeated below a.
template <class A, class B>
Eigen::MatrixXd stacked(const A& a, const B& b) {
  Eigen::MatrixXd both(a.rows() + b.rows(), a.cols());
  both << a, b;
  return both;
}

}  // namespace latent_test
