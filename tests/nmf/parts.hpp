// Data for the tests of non-negative factorisation.
#pragma once

#include <cmath>
#include <cstdint>

#include "latent/core/random.hpp"
#include "latent/core/types.hpp"

namespace latent_test {

inline constexpr double nmf_eps = 2.220446049250313e-16;

// rows x cols uniform numbers, some of which are 0.
inline latent::RowMatrix<double> uniform_parts(latent::Index rows, latent::Index cols,
                                               std::uint64_t seed, double zeros = 0.0) {
  latent::RowMatrix<double> x(rows, cols);
  for (latent::Index i = 0; i < rows; ++i) {
    latent::Random random{seed, latent::Purpose::user, 0, 0, static_cast<std::uint64_t>(i)};
    for (latent::Index j = 0; j < cols; ++j) {
      const double u = random.uniform();
      x(i, j) = u < zeros ? 0.0 : u;
    }
  }
  return x;
}

// A product of non-negative factors, with non-negative noise.
inline latent::RowMatrix<double> parts_data(latent::Index n, latent::Index d, latent::Index rank,
                                            std::uint64_t seed, double noise = 0.1) {
  return uniform_parts(n, rank, seed, 0.5) * uniform_parts(rank, d, seed + 1, 0.5) +
         noise * uniform_parts(n, d, seed + 2);
}

// 1/2 sum (x - w h)^2, entry by entry.
template <class X, class W, class H>
double half_squares(const X& x, const W& w, const H& h) {
  double sum = 0.0;
  for (latent::Index i = 0; i < x.rows(); ++i)
    for (latent::Index j = 0; j < x.cols(); ++j) {
      double r = 0.0;
      for (latent::Index k = 0; k < w.cols(); ++k)
        r += static_cast<double>(w(i, k)) * static_cast<double>(h(k, j));
      sum += (static_cast<double>(x(i, j)) - r) * (static_cast<double>(x(i, j)) - r);
    }
  return 0.5 * sum;
}

// sum x log(x / r) - x + r, entry by entry.
template <class X, class W, class H>
double divergence_of(const X& x, const W& w, const H& h) {
  double sum = 0.0;
  for (latent::Index i = 0; i < x.rows(); ++i)
    for (latent::Index j = 0; j < x.cols(); ++j) {
      double r = 0.0;
      for (latent::Index k = 0; k < w.cols(); ++k)
        r += static_cast<double>(w(i, k)) * static_cast<double>(h(k, j));
      const auto v = static_cast<double>(x(i, j));
      sum += (v > 0.0 ? v * std::log(v / r) : 0.0) - v + r;
    }
  return sum;
}

// Finite, and nothing below 0.
template <class M>
bool all_parts(const M& values) {
  for (latent::Index i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(values.data()[i]);
    if (!std::isfinite(value) || value < 0.0) return false;
  }
  return true;
}

}  // namespace latent_test
