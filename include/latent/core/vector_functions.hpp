// Exponentials, logarithms and sums of whole vectors.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/core/vectors.hpp"

LATENT_BEGIN

namespace detail {

// As many integers of 32 bits as a vector of doubles has lanes.
#if LATENT_HAS_VECTORS
using NarrowIntegers = std::int32_t __attribute__((vector_size(vector_bytes / 2)));
#endif

// The lanes of a vector, added in a fixed order.
template <class S>
double sum_of_lanes(const typename VectorOf<S>::Type& v) {
  S lane[static_cast<std::size_t>(vector_lanes<S>)];
  store(lane, v);
  double sum = 0.0;
  for (const S x : lane) sum += static_cast<double>(x);
  return sum;
}

// Vectors that sums_of_lanes takes at a time.
template <class S, int Count>
inline constexpr int whole_squares = (Count + int{vector_lanes<S>} - 1) / int{vector_lanes<S>} *
                                     int{vector_lanes<S>};

#if LATENT_HAS_VECTORS

// Of each pair of vectors one, whose lanes hold sums of two lanes of the first where lane & Step is
// 0, and of the second elsewhere.
template <class S, int Step>
void fold_lanes(typename VectorOf<S>::Type* v) {
  constexpr int lanes = vector_lanes<S>;
#pragma GCC unroll 8
  for (int i = 0; i < lanes / Step / 2; ++i) {
    auto a = v[2 * i];
    auto b = v[2 * i + 1];
    exchange<S, Step>(a, b, std::make_index_sequence<std::size_t{lanes}>{});
    v[i] = a + b;
  }
  if constexpr (2 * Step < lanes) fold_lanes<S, 2 * Step>(v);
}

#endif

// sums[i] = the sum of the lanes of parts[i], i < Count, by halves. `parts` and `sums` have room for
// whole_squares; `parts` is overwritten.
template <int Count, class S>
void sums_of_lanes(typename VectorOf<S>::Type* parts, S* sums) {
  constexpr int lanes = vector_lanes<S>;
  for (int first = 0; first < whole_squares<S, Count>; first += lanes) {
#if LATENT_HAS_VECTORS
    fold_lanes<S, 1>(parts + first);
#endif
    store(sums + first, parts[first]);
  }
}

// All ones in the lanes that are NaN or infinite. Reads the bits: holds under -ffast-math.
template <class S>
typename VectorOf<S>::Mask not_finite(const typename VectorOf<S>::Type& x) {
#if LATENT_HAS_VECTORS
  using M = typename VectorOf<S>::Mask;
  using N = typename VectorOf<S>::Integer;
  constexpr auto exponent = static_cast<N>(FloatBits<S>::exponent);
  return (std::bit_cast<M>(x) & exponent) == (M{} + exponent);
#else
  return is_finite(x) ? 0 : -1;
#endif
}

// Whether any lane of a mask is set.
template <class S>
bool any_lane(const typename VectorOf<S>::Mask& mask) {
  typename VectorOf<S>::Integer lane[static_cast<std::size_t>(vector_lanes<S>)];
  std::memcpy(lane, &mask, sizeof lane);
  typename VectorOf<S>::Integer all = 0;
  for (const auto bits : lane) all |= bits;
  return all != 0;
}

#if LATENT_HAS_VECTORS

// The integer nearest to x <= 0, |x| < 1000, and 2 to its power.
inline void nearest_power(const VectorOf<double>::Type& x, VectorOf<double>::Type& integer,
                          VectorOf<double>::Type& power) {
  const NarrowIntegers n = __builtin_convertvector(x - 0.5, NarrowIntegers);  // cuts towards 0
  integer = __builtin_convertvector(n, VectorOf<double>::Type);
  power = std::bit_cast<VectorOf<double>::Type>(
      (__builtin_convertvector(n, VectorOf<double>::Mask) + 1023) << 52);
}
inline void nearest_power(const VectorOf<float>::Type& x, VectorOf<float>::Type& integer,
                          VectorOf<float>::Type& power) {
  const auto n = __builtin_convertvector(x - 0.5f, VectorOf<float>::Mask);
  integer = __builtin_convertvector(n, VectorOf<float>::Type);
  power = std::bit_cast<VectorOf<float>::Type>((n + 127) << 23);
}

#endif

// See exp_nonpositive, for whole vectors.
template <class S>
typename VectorOf<S>::Type exp_of_nonpositive(const typename VectorOf<S>::Type& x) {
#if LATENT_HAS_VECTORS
  using V = typename VectorOf<S>::Type;
  constexpr bool narrow = sizeof(S) == sizeof(float);
  constexpr S smallest = narrow ? S(-69.0) : S(-667.7);
  constexpr S high = narrow ? S(0.693359375) : S(6.93147180369123816490e-01);
  constexpr S low = narrow ? S(-2.12194440e-4) : S(1.90821492927058770002e-10);
  const auto counts = x > smallest;
  const V y = counts ? x : V{};
  V k;
  V power;
  nearest_power(y * S(1.4426950408889634), k, power);
  const V r = (y - k * high) - k * low;
  return counts ? V(exp_series<S>(r) * power) : V{};
#else
  return exp_nonpositive(x);
#endif
}

// log x of finite x >= 1, and exactly 0 at 1; other numbers give garbage. x = 2^e m with m in
// [0.707, 1.415): log m = 2 artanh((m - 1) / (m + 1)) as a series; error below 2 eps of the result.
inline VectorOf<double>::Type log_of_positive(const VectorOf<double>::Type& x) {
#if LATENT_HAS_VECTORS
  using V = VectorOf<double>::Type;
  using M = VectorOf<double>::Mask;
  constexpr std::int64_t root_of_half = 0x3fe6a09e667f3bcd;
  const M bits = std::bit_cast<M>(x);
  const M e = (bits - root_of_half) >> 52;  // floor: m >= 0.707
  const V m = std::bit_cast<V>(bits - (e << 52));
  // e is small: as 32 bits it converts in one step.
  const V k = __builtin_convertvector(__builtin_convertvector(e, NarrowIntegers), V);
  const V f = m - 1.0;
  const V s = f / (m + 1.0);
  const V z = s * s;
  V p = z * (2.0 / 21.0) + 2.0 / 19.0;
  p = p * z + 2.0 / 17.0;
  p = p * z + 2.0 / 15.0;
  p = p * z + 2.0 / 13.0;
  p = p * z + 2.0 / 11.0;
  p = p * z + 2.0 / 9.0;
  p = p * z + 2.0 / 7.0;
  p = p * z + 2.0 / 5.0;
  p = p * z + 2.0 / 3.0;
  return k * 6.93147180369123816490e-01 + ((s * 2.0 + s * z * p) + k * 1.90821492927058770002e-10);
#else
  return std::log(x);
#endif
}

}  // namespace detail

LATENT_END
