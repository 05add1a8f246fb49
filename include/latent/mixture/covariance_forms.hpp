// From the covariances that components have of their own to those of one form that fit best.
//
// With weights n_k, all positive, the M-step minimises
//
//   sum_k n_k (log |Sigma_k| + tr(S_k Sigma_k^-1))
//
// over the covariances of the form, S_k the covariance of a component's rows (Celeux and Govaert
// 1995; Browne and McNicholas 2014 for a common orientation). Where there is no closed form, each
// step minimises over some of the parameters, so that the sum never rises.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

#include "latent/core/types.hpp"
#include "latent/decomposition/symmetric_eigen.hpp"
#include "latent/mixture/cholesky.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/covariance_floor.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr int most_form_steps = 500;
inline constexpr int most_floored_steps = 20;  // of axes, along which a variance lies at the floor
inline constexpr double form_tolerance = 1e-10;  // what is left is its square in the likelihood

inline double geometric_mean(const double* x, Index count) {
  double sum = 0.0;
  for (Index j = 0; j < count; ++j) sum += std::log(x[j]);
  return std::exp(sum / static_cast<double>(count));
}

// Rows of `own` (K x D, positive) are variances along axes of each component's own or of all.
// Equal volume: rows are scaled to one geometric mean.
inline void equal_volumes(RowMatrix<double>& own, const Vector<double>& n) {
  double volume = 0.0;
  double total = 0.0;
  Vector<double> mean(own.rows());
  for (Index k = 0; k < own.rows(); ++k) {
    mean[k] = geometric_mean(&own(k, 0), own.cols());
    volume += n[k] * mean[k];
    total += n[k];
  }
  for (Index k = 0; k < own.rows(); ++k) own.row(k) *= volume / total / mean[k];
}

// The same with equal shapes: rows become lambda_k times one row whose product is 1.
inline void equal_shapes(RowMatrix<double>& own, const Vector<double>& n) {
  const Index d = own.cols();
  Vector<double> volume(own.rows());
  for (Index k = 0; k < own.rows(); ++k) volume[k] = own.row(k).mean();
  Vector<double> shape(d);
  for (int step = 0; step < most_form_steps; ++step) {
    shape.setZero();
    for (Index k = 0; k < own.rows(); ++k) shape += (n[k] / volume[k]) * own.row(k).transpose();
    shape /= geometric_mean(shape.data(), d);
    double moved = 0.0;
    for (Index k = 0; k < own.rows(); ++k) {
      const double next = own.row(k).transpose().cwiseQuotient(shape).mean();
      moved = std::max(moved, std::abs(next - volume[k]) / volume[k]);
      volume[k] = next;
    }
    if (!(moved > form_tolerance)) break;
  }
  for (Index k = 0; k < own.rows(); ++k) own.row(k) = volume[k] * shape.transpose();
}

// Raises variances (K x D) to `floor`, and notes of which components.
inline void raise_to(RowMatrix<double>& variance, double floor, std::vector<char>& raised) {
  for (Index k = 0; k < variance.rows(); ++k)
    for (Index j = 0; j < variance.cols(); ++j)
      if (!(variance(k, j) >= floor)) {
        variance(k, j) = floor;
        raised[static_cast<std::size_t>(k)] = 1;
      }
}

// |matrix|^(1/D) of the lower triangle; 0 if it is not positive definite.
inline double mean_eigenvalue(const RowMatrix<double>& matrix) {
  RowMatrix<double> factor(matrix.rows(), matrix.rows());
  if (!cholesky(matrix, 0.0, factor)) return 0.0;
  const Vector<double> pivots = factor.diagonal();
  const double root = geometric_mean(pivots.data(), pivots.size());
  return root * root;
}

// lambda_k C.
inline void equal_matrices(std::vector<RowMatrix<double>>& own, const Vector<double>& n) {
  const Index K = n.size();
  const Index d = own.front().rows();
  Vector<double> volume(K);
  const auto at = [&](Index k) -> RowMatrix<double>& { return own[static_cast<std::size_t>(k)]; };
  for (Index k = 0; k < K; ++k) volume[k] = at(k).trace() / static_cast<double>(d);
  RowMatrix<double> common(d, d);
  RowMatrix<double> factor(d, d);
  RowMatrix<double> inverse(d, d);
  for (int step = 0; step < most_form_steps; ++step) {
    common.setZero();
    for (Index k = 0; k < K; ++k) common += (n[k] / volume[k]) * at(k);
    const double size = mean_eigenvalue(common);
    if (!(size > 0.0)) return;
    common /= size;
    if (!cholesky(common, 0.0, factor)) return;
    invert_lower(factor, inverse);
    const RowMatrix<double> precision = inverse.transpose() * inverse;
    double moved = 0.0;
    for (Index k = 0; k < K; ++k) {
      const double next = at(k).cwiseProduct(precision).sum() / static_cast<double>(d);
      moved = std::max(moved, std::abs(next - volume[k]) / volume[k]);
      volume[k] = next;
    }
    if (!(moved > form_tolerance)) break;
  }
  for (Index k = 0; k < K; ++k) at(k) = volume[k] * common;
}

// One turn of the axes (columns of `axes`) in each plane of two of them, to where sum_k n_k sum_j
// s_kj / variance(k, j) is least, s_kj the variance of component k along axis j: in closed form.
// Returns the largest angle.
inline double turn_axes(RowMatrix<double>& axes, const std::vector<RowMatrix<double>>& own,
                        const RowMatrix<double>& variance, const Vector<double>& n) {
  const Index d = axes.rows();
  double largest = 0.0;
  // turned[k] = axes' S_k axes, kept while the axes turn.
  std::vector<RowMatrix<double>> turned;
  for (const RowMatrix<double>& s : own) turned.push_back(axes.transpose() * s * axes);
  for (Index i = 0; i < d; ++i)
    for (Index j = i + 1; j < d; ++j) {
      double even = 0.0;  // of cos 2 theta
      double odd = 0.0;   // of sin 2 theta
      for (Index k = 0; k < n.size(); ++k) {
        const RowMatrix<double>& s = turned[static_cast<std::size_t>(k)];
        const double tilt = n[k] * (1.0 / variance(k, i) - 1.0 / variance(k, j));
        even += 0.5 * tilt * (s(i, i) - s(j, j));
        odd += tilt * s(i, j);
      }
      if (even == 0.0 && odd == 0.0) continue;
      const double angle = 0.5 * std::atan2(-odd, -even);
      largest = std::max(
          largest, std::min(std::abs(angle), std::abs(std::abs(angle) - 0.5 * std::numbers::pi)));
      const double c = std::cos(angle);
      const double s = std::sin(angle);
      const auto turn = [&](auto&& a, auto&& b) {
        for (Index m = 0; m < d; ++m) {
          const double p = a[m];
          const double q = b[m];
          a[m] = c * p + s * q;
          b[m] = c * q - s * p;
        }
      };
      turn(axes.col(i), axes.col(j));
      for (RowMatrix<double>& m : turned) {
        turn(m.col(i), m.col(j));
        turn(m.row(i), m.row(j));
      }
    }
  return largest;
}

// Axes for all components. `axes` is where the search begins, and then holds the axes: beside a variance
// at the floor they creep, and the M-steps that follow go on with it.
inline void common_axes(Covariance form, std::vector<RowMatrix<double>>& own,
                        const Vector<double>& n, double floor, std::vector<char>& raised,
                        RowMatrix<double>& axes) {
  const Index d = own.front().rows();
  RowMatrix<double> variance(n.size(), d);
  const auto variances = [&] {
    for (Index k = 0; k < n.size(); ++k)
      for (Index j = 0; j < d; ++j)
        variance(k, j) = axes.col(j).dot(own[static_cast<std::size_t>(k)] * axes.col(j));
    raise_to(variance, floor, raised);
    if (form == Covariance::EVE) equal_volumes(variance, n);
  };
  variances();
  const bool floored = std::find(raised.begin(), raised.end(), char{1}) != raised.end();
  const int most = floored ? most_floored_steps : most_form_steps;
  for (int step = 0; step < most; ++step) {
    const double turned = turn_axes(axes, own, variance, n);
    variances();
    if (!(turned > form_tolerance)) break;
  }
  for (Index k = 0; k < n.size(); ++k)
    own[static_cast<std::size_t>(k)] = matrix_of(axes, variance.row(k));
}

// Covariances of which each is given as its diagonal, a row of `own` (K x D, or 1 x D where one
// serves all); n: their weights, positive. Where volumes matter no variance goes in
// below `floor`; raised (K): set for those that would have.
inline void impose_diagonal_form(Covariance form, RowMatrix<double>& own, const Vector<double>& n,
                                 double floor, std::vector<char>& raised) {
  if (form == Covariance::VEI || form == Covariance::EVI) {
    raise_to(own, floor, raised);
    if (!(own.minCoeff() > 0.0)) return;  // singular, which is for the caller to see
  }
  if (is_spherical(form))
    own = own.rowwise().mean().replicate(1, own.cols()).eval();
  else if (form == Covariance::VEI)
    equal_shapes(own, n);
  else if (form == Covariance::EVI)
    equal_volumes(own, n);
}

// The same for whole matrices, of which both triangles are given. axes: D x D, see common_axes.
// S is always double: a template, so that only who calls it compiles the eigensolver.
template <class S>
void impose_full_form(Covariance form, std::vector<RowMatrix<S>>& own, const Vector<S>& n,
                      double floor, std::vector<char>& raised, RowMatrix<S>& axes) {
  const auto K = static_cast<Index>(own.size());
  if (form == Covariance::VEE) {
    equal_matrices(own, n);
  } else if (form == Covariance::EVV) {
    Vector<S> size = Vector<S>::Zero(K);
    for (Index k = 0; k < K; ++k) {
      RowMatrix<S>& matrix = own[static_cast<std::size_t>(k)];
      size[k] = mean_eigenvalue(matrix);
      if (size[k] > 0.0) continue;
      if (!(floor > 0.0)) return;
      raised[static_cast<std::size_t>(k)] = 1;
      matrix.diagonal().array() += floor;
      size[k] = mean_eigenvalue(matrix);
    }
    const double volume = n.dot(size) / n.sum();
    for (Index k = 0; k < K; ++k) own[static_cast<std::size_t>(k)] *= volume / size[k];
  } else if (form == Covariance::EVE || form == Covariance::VVE) {
    if (axes.size() == 0) {
      RowMatrix<S> pooled = RowMatrix<S>::Zero(own.front().rows(), own.front().cols());
      for (Index k = 0; k < K; ++k) pooled += n[k] * own[static_cast<std::size_t>(k)];
      axes = SymmetricEigen<S>(pooled).vectors;
    }
    common_axes(form, own, n, std::max(floor, std::numeric_limits<double>::min()), raised, axes);
  } else if (form == Covariance::EEV || form == Covariance::VEV) {
    std::vector<RowMatrix<S>> vectors;
    RowMatrix<S> values(K, own.front().rows());
    for (Index k = 0; k < K; ++k) {
      const SymmetricEigen<S> eigen(own[static_cast<std::size_t>(k)]);
      vectors.push_back(eigen.vectors);
      values.row(k) = eigen.values.transpose();
    }
    if (form == Covariance::VEV) {
      raise_to(values, floor, raised);
      if (!(values.minCoeff() > 0.0)) return;
      equal_shapes(values, n);
    } else {
      const Vector<S> mean = values.transpose() * n / n.sum();
      values = mean.transpose().replicate(K, 1).eval();
    }
    for (Index k = 0; k < K; ++k)
      own[static_cast<std::size_t>(k)] =
          matrix_of(vectors[static_cast<std::size_t>(k)], values.row(k));
  }
}

}  // namespace detail

LATENT_END
