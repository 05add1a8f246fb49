// Comparisons whose tolerance is stated in the scale of the numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "latent/core/statistics.hpp"
#include "latent/core/types.hpp"

namespace latent_test {

inline constexpr double eps = std::numeric_limits<double>::epsilon();

// |a - b| <= tolerance * max(|a|, |b|), of finite numbers; an infinity is close to itself alone.
inline bool close(double a, double b, double tolerance) {
  if (!std::isfinite(a) || !std::isfinite(b)) return a == b;
  return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

// |a - b| <= tolerance * scale: for numbers that come from differences of numbers of size `scale`.
inline bool close_on(double scale, double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * scale;
}

// max |a - b| <= tolerance * max(|a|, |b|), over whole matrices.
template <class A, class B>
bool close_matrix(const A& a, const B& b, double tolerance) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  double difference = 0.0;
  double size = 0.0;
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    for (Eigen::Index j = 0; j < a.cols(); ++j) {
      const auto x = static_cast<double>(a(i, j));
      const auto y = static_cast<double>(b(i, j));
      if (!std::isfinite(x) || !std::isfinite(y)) return false;
      difference = std::max(difference, std::abs(x - y));
      size = std::max({size, std::abs(x), std::abs(y)});
    }
  return difference <= tolerance * size;
}

// Byte for byte.
template <class S>
bool same_bits(const S* a, const S* b, Eigen::Index count) {
  return count == 0 || std::memcmp(a, b, static_cast<std::size_t>(count) * sizeof(S)) == 0;
}
inline bool same_bits(double a, double b) {
  return same_bits(&a, &b, 1);
}

template <class Derived>
bool same_bits(const Eigen::PlainObjectBase<Derived>& a, const Eigen::PlainObjectBase<Derived>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && same_bits(a.data(), b.data(), a.size());
}

// The text of the exception that f throws as E; empty if it throws none of that type.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return {};
}

}  // namespace latent_test
