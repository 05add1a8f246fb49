// Starts of a non-negative factorisation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "latent/core/random.hpp"
#include "latent/decomposition/axes.hpp"
#include "latent/decomposition/covariance_solver.hpp"
#include "latent/decomposition/nmf/pass.hpp"

LATENT_BEGIN

// The nndsvd starts come from the leading singular vectors of the data (Boutsidis and Gallopoulos
// 2008), need components <= min(n, D), and are the same for every seed but for nndsvdar.
enum class NMFInit {
  automatic,  // nndsvda where components <= min(n, D), else random
  random,     // sqrt(mean(x) / components) |normal|
  nndsvd,     // with zeros, which multiplicative updates keep for ever
  nndsvda,    // zeros become the mean of the data
  nndsvdar,   // zeros become uniform numbers up to a hundredth of the mean
};

namespace detail {

template <class S>
struct NMFFactors {
  RowMatrix<S> weights;     // L x n
  RowMatrix<S> components;  // L x D
};

// factor(k, j) = f(old, random numbers of place j), for every entry.
template <class S, class F>
void redraw(RowMatrix<S>& factor, const Random& stream, F&& f) {
  for (Index j = 0; j < factor.cols(); ++j) {
    Random random = stream.at(static_cast<std::uint64_t>(j));
    for (Index k = 0; k < factor.rows(); ++k)
      factor(k, j) = static_cast<S>(f(static_cast<double>(factor(k, j)), random));
  }
}

// The streams of the two factors.
inline Random weight_stream(std::uint64_t seed, Index restart) {
  return Random{seed, Purpose::initialisation, static_cast<std::uint64_t>(restart), 0};
}
inline Random component_stream(std::uint64_t seed, Index restart) {
  return Random{seed, Purpose::initialisation, static_cast<std::uint64_t>(restart), 1};
}

template <class S>
NMFFactors<S> random_start(const NMFData<S>& data, Index components, std::uint64_t seed,
                           Index restart) {
  NMFFactors<S> start{RowMatrix<S>::Zero(components, data.rows()),
                      RowMatrix<S>::Zero(components, data.cols())};
  const double size = std::sqrt(data.mean() / static_cast<double>(components));
  const auto draw = [&](double, Random& random) { return size * std::abs(random.normal()); };
  redraw(start.weights, weight_stream(seed, restart), draw);
  redraw(start.components, component_stream(seed, restart), draw);
  return start;
}

// Leading singular vectors by subspace iteration with a few more vectors than asked for (Halko,
// Martinsson and Tropp 2011, algorithm 4.4): exact enough for a start. With weights v, those of
// diag(sqrt v) X, the left ones divided by sqrt v.
template <class S>
struct LeadingVectors {
  RowMatrix<double> left;   // L x n
  RowMatrix<double> right;  // L x D
  Vector<double> value;     // L, singular values, descending
};

template <class S, class Team>
LeadingVectors<S> leading_vectors(NMFData<S>& data, Index count, NMFPool<S>& pool, Team& team) {
  constexpr Index extra = 8;
  constexpr int rounds = 6;
  const Index width = std::min(count + extra, std::min(data.rows(), data.cols()));
  RowMatrix<S> left = RowMatrix<S>::Zero(width, data.rows());
  redraw(left, weight_stream(0, 0), [](double, Random& random) { return random.normal(); });
  RowMatrix<double> basis;
  for (int round = 0; round < rounds; ++round) {
    basis = left_times_data(data, left, pool, team);
    orthonormalise(basis, width);
    left = data_times_right(data, RowMatrix<S>(basis.template cast<S>()), pool, team);
  }
  RowMatrix<double> image = left.template cast<double>();  // basis X'
  RowMatrix<double> weighted = image;
  for (Index i = 0; i < data.rows(); ++i) weighted.col(i) *= data.source.weight(i);
  const SymmetricEigen<double> eigen(Eigen::MatrixXd(product(weighted, image.transpose())));
  LeadingVectors<S> result;
  const RowMatrix<double> turn = eigen.vectors.leftCols(count).transpose();
  result.right = product(turn, basis);
  result.left = product(turn, image);
  result.value = eigen.values.head(count).cwiseMax(0.0).cwiseSqrt();
  // What is below rounding has no direction.
  const double floor = static_cast<double>(std::numeric_limits<S>::epsilon()) * result.value[0];
  for (Index k = 0; k < count; ++k) {
    if (result.value[k] > floor) {
      result.left.row(k) /= result.value[k];
    } else {
      result.value[k] = 0.0;
      result.left.row(k).setZero();
    }
  }
  return result;
}

// The larger of the non-negative parts of u v' and its mirror image: u and v become that part
// (Boutsidis and Gallopoulos 2008, section 2.2), and the norm of the part is returned.
inline double keep_larger_part(Vector<double>& u, Vector<double>& v,
                               const Vector<double>& weights) {
  const auto norm = [&](const Vector<double>& x, const Vector<double>& weight, double sign) {
    double sum = 0.0;
    for (Index i = 0; i < x.size(); ++i) {
      const double part = std::max(sign * x[i], 0.0);
      sum += (weight.size() > 0 ? weight[i] : 1.0) * part * part;
    }
    return std::sqrt(sum);
  };
  const double positive = norm(u, weights, 1.0) * norm(v, {}, 1.0);
  const double negative = norm(u, weights, -1.0) * norm(v, {}, -1.0);
  const double sign = negative > positive ? -1.0 : 1.0;
  const double of_u = norm(u, weights, sign);
  const double of_v = norm(v, {}, sign);
  for (double& x : u) x = of_u > 0.0 ? std::max(sign * x, 0.0) / of_u : 0.0;
  for (double& x : v) x = of_v > 0.0 ? std::max(sign * x, 0.0) / of_v : 0.0;
  return of_u * of_v;
}

template <class S, class Team>
NMFFactors<S> singular_start(NMFData<S>& data, NMFInit init, Index components, std::uint64_t seed,
                             Index restart, NMFPool<S>& pool, Team& team) {
  const LeadingVectors<S> vectors = leading_vectors(data, components, pool, team);
  NMFFactors<S> start{RowMatrix<S>(components, data.rows()), RowMatrix<S>(components, data.cols())};
  for (Index k = 0; k < components; ++k) {
    Vector<double> u = vectors.left.row(k).transpose();
    Vector<double> v = vectors.right.row(k).transpose();
    const double size = std::sqrt(vectors.value[k] * keep_larger_part(u, v, data.source.weights()));
    for (Index i = 0; i < u.size(); ++i) start.weights(k, i) = static_cast<S>(size * u[i]);
    for (Index j = 0; j < v.size(); ++j) start.components(k, j) = static_cast<S>(size * v[j]);
  }
  if (init == NMFInit::nndsvd) return start;
  const double mean = data.mean();
  const auto fill = [&](double old, Random& random) {
    const double drawn = init == NMFInit::nndsvdar ? 0.01 * mean * random.uniform() : mean;
    return old > 0.0 ? old : drawn;
  };
  redraw(start.weights, weight_stream(seed, restart), fill);
  redraw(start.components, component_stream(seed, restart), fill);
  return start;
}

inline NMFInit settled(NMFInit init, Index components, Index rows, Index cols) {
  if (init != NMFInit::automatic) return init;
  return components <= std::min(rows, cols) ? NMFInit::nndsvda : NMFInit::random;
}

template <class S, class Team>
NMFFactors<S> nmf_start(NMFData<S>& data, NMFInit init, Index components, std::uint64_t seed,
                        Index restart, NMFPool<S>& pool, Team& team) {
  return init == NMFInit::random
             ? random_start(data, components, seed, restart)
             : singular_start(data, init, components, seed, restart, pool, team);
}

}  // namespace detail

LATENT_END
