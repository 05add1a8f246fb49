// Elementary numerics: tests that hold under -ffast-math, logarithms and exponentials that never
// answer NaN.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
struct FloatBits;
template <>
struct FloatBits<double> {
  using Word = std::uint64_t;
  static constexpr Word exponent = 0x7ff0000000000000u;
  static constexpr Word magnitude = 0x7fffffffffffffffu;
};
template <>
struct FloatBits<float> {
  using Word = std::uint32_t;
  static constexpr Word exponent = 0x7f800000u;
  static constexpr Word magnitude = 0x7fffffffu;
};

// Reads through memory: compilers that assume finite arithmetic fold a test on the value.
template <class S>
typename FloatBits<S>::Word bits_of(const S* value) {
  typename FloatBits<S>::Word word;
  std::memcpy(&word, value, sizeof word);
  return word;
}

}  // namespace detail

// True for every number but NaN and the infinities. Holds under -ffast-math.
template <std::floating_point S>
bool is_finite(const S& value) {
  using Bits = detail::FloatBits<S>;
  return (detail::bits_of(&value) & Bits::exponent) != Bits::exponent;
}

template <std::floating_point S>
bool is_negative_infinity(const S& value) {
  using Bits = detail::FloatBits<S>;
  return detail::bits_of(&value) == (Bits::exponent | ~Bits::magnitude);
}

template <std::floating_point S>
bool is_nan(const S& value) {
  using Bits = detail::FloatBits<S>;
  return (detail::bits_of(&value) & Bits::magnitude) > Bits::exponent;
}

namespace detail {

// True if all `count` numbers from `first` on are finite. One pass without branches.
template <class S>
bool all_finite(const S* first, Index count) {
  using Bits = FloatBits<S>;
  using Word = typename Bits::Word;
  // Adding one unit of the exponent's last place carries into the sign bit exactly when all
  // exponent bits are set.
  constexpr Word step = Word{1} << std::countr_zero(Bits::exponent);
  Word carried = 0;
  for (Index i = 0; i < count; ++i) carried |= (bits_of(first + i) & Bits::exponent) + step;
  return (carried & ~Bits::magnitude) == 0;
}

// The Taylor polynomial of e^r, |r| <= ln(2)/2, to the rounding of S. V: S, or a vector of S.
template <class S, class V>
V exp_series(const V& r) {
  V p;
  if constexpr (sizeof(S) == sizeof(float)) {
    p = r * S(1.0 / 5040.0) + S(1.0 / 720.0);
  } else {
    p = r * S(1.0 / 6227020800.0) + S(1.0 / 479001600.0);
    p = p * r + S(1.0 / 39916800.0);
    p = p * r + S(1.0 / 3628800.0);
    p = p * r + S(1.0 / 362880.0);
    p = p * r + S(1.0 / 40320.0);
    p = p * r + S(1.0 / 5040.0);
    p = p * r + S(1.0 / 720.0);
  }
  p = p * r + S(1.0 / 120.0);
  p = p * r + S(1.0 / 24.0);
  p = p * r + S(1.0 / 6.0);
  p = p * r + S(0.5);
  p = p * r + S(1.0);
  return p * r + S(1.0);
}

// e^x for x <= 0, and exactly 0 where the result is too small to count: below 1e-290 in double,
// 1e-30 in float. Smaller numbers would turn into subnormals in the products that follow, and those
// crawl. A loop over this function vectorises, and every element gets the same bits wherever it
// stands. Cody-Waite reduction to |r| <= ln(2)/2, then the Taylor polynomial; error below 2 eps.
inline double exp_nonpositive(double x) {
  constexpr double smallest = -667.7;  // log(1e-290)
  const double y = x > smallest ? x : smallest;
  const auto n = static_cast<std::int32_t>(y * 1.4426950408889634 - 0.5);
  const auto k = static_cast<double>(n);
  const double r = (y - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  const double p = exp_series<double>(r);
  const double scale = std::bit_cast<double>(static_cast<std::int64_t>(n + 1023) << 52);
  return x > smallest ? p * scale : 0.0;
}

inline float exp_nonpositive(float x) {
  constexpr float smallest = -69.0f;  // log(1e-30)
  const float y = x > smallest ? x : smallest;
  const auto n = static_cast<std::int32_t>(y * 1.44269504f - 0.5f);
  const auto k = static_cast<float>(n);
  const float r = (y - k * 0.693359375f) - k * -2.12194440e-4f;
  const float p = exp_series<float>(r);
  const float scale = std::bit_cast<float>((n + 127) << 23);
  return x > smallest ? p * scale : 0.0f;
}

}  // namespace detail

// x log y with 0 log 0 = 0.
inline double xlogy(double x, double y) {
  return x == 0.0 ? 0.0 : x * std::log(y);
}

// log(sum_k e^(a_k)) without overflow; -inf for an empty sum or where every term is
// -inf; NaN where a term is NaN.
template <class S>
S log_sum_exp(const S* first, Index count) {
  S largest = -std::numeric_limits<S>::infinity();
  for (Index k = 0; k < count; ++k) {
    if (is_nan(first[k])) return first[k];
    largest = first[k] > largest ? first[k] : largest;
  }
  if (!is_finite(largest)) return largest;
  S sum = 0;
  for (Index k = 0; k < count; ++k) sum += detail::exp_nonpositive(first[k] - largest);
  return largest + std::log(sum);
}

LATENT_END
