// Vectors of numbers on the vector extensions of GCC and clang. Elsewhere a vector is a single
// number, and the same kernels are left to the compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "latent/core/types.hpp"

#ifndef LATENT_HAS_VECTORS
#define LATENT_HAS_VECTORS 0
#if defined(__GNUC__) && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#undef LATENT_HAS_VECTORS
#define LATENT_HAS_VECTORS 1
#endif
#endif
#endif

LATENT_BEGIN

namespace detail {

#if LATENT_HAS_VECTORS

// The width follows Eigen's alignment, which is part of the inline namespace: units compiled for
// other machines do not meet this one.
inline constexpr int vector_bytes = EIGEN_MAX_ALIGN_BYTES > 16 ? EIGEN_MAX_ALIGN_BYTES : 16;
inline constexpr int vectors_per_block = vector_bytes >= 64 ? 4 : 2;  // 32 registers or 16

template <class S>
struct VectorOf;
template <>
struct VectorOf<double> {
  using Type = double __attribute__((vector_size(vector_bytes)));
  using Integer = std::int64_t;
  using Mask = std::int64_t __attribute__((vector_size(vector_bytes)));
};
template <>
struct VectorOf<float> {
  using Type = float __attribute__((vector_size(vector_bytes)));
  using Integer = std::int32_t;
  using Mask = std::int32_t __attribute__((vector_size(vector_bytes)));
};

#else

inline constexpr int vector_bytes = 16;
inline constexpr int vectors_per_block = 8;

template <class S>
struct VectorOf {
  using Type = S;
  using Integer = std::int64_t;
  using Mask = std::int64_t;
};

#endif

template <class S>
inline constexpr int vector_lanes = LATENT_HAS_VECTORS != 0
                                        ? vector_bytes / static_cast<int>(sizeof(S))
                                        : 1;

template <class S>
typename VectorOf<S>::Type load(const S* from) {
  typename VectorOf<S>::Type v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class S>
void store(S* to, const typename VectorOf<S>::Type& v) {
  std::memcpy(to, &v, sizeof v);
}

#if LATENT_HAS_VECTORS
using HalfVector = float __attribute__((vector_size(vector_bytes / 2)));
#endif

// As many numbers of S as a vector of doubles has lanes, as doubles and back.
template <class S>
typename VectorOf<double>::Type load_doubles(const S* from) {
#if LATENT_HAS_VECTORS
  if constexpr (sizeof(S) < sizeof(double)) {
    HalfVector few;
    std::memcpy(&few, from, sizeof few);
    return __builtin_convertvector(few, VectorOf<double>::Type);
  } else {
    return load(from);
  }
#else
  return static_cast<double>(*from);
#endif
}

template <class S>
void store_doubles(S* to, const typename VectorOf<double>::Type& v) {
#if LATENT_HAS_VECTORS
  if constexpr (sizeof(S) < sizeof(double)) {
    const HalfVector few = __builtin_convertvector(v, HalfVector);
    std::memcpy(to, &few, sizeof few);
  } else {
    store(to, v);
  }
#else
  *to = static_cast<S>(v);
#endif
}

// A hint that `from` will be read soon.
template <class S>
void prefetch([[maybe_unused]] const S* from) {
#if LATENT_HAS_VECTORS
  __builtin_prefetch(from, 0, 2);
#endif
}

#if LATENT_HAS_VECTORS

// One step of a transposition: the halves of 2 Step x 2 Step blocks change places.
template <class S, int Step, std::size_t... E>
void exchange(typename VectorOf<S>::Type& a, typename VectorOf<S>::Type& b,
              std::index_sequence<E...> /*lanes*/) {
  constexpr int lanes = vector_lanes<S>;
  const auto low =
      __builtin_shufflevector(a, b, ((int{E} & Step) != 0 ? int{E} - Step + lanes : int{E})...);
  b = __builtin_shufflevector(a, b, ((int{E} & Step) != 0 ? int{E} + lanes : int{E} + Step)...);
  a = low;
}

template <class S, int Step>
void exchange_all(typename VectorOf<S>::Type* rows) {
  constexpr int lanes = vector_lanes<S>;
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i)
    if ((i & Step) == 0)
      exchange<S, Step>(rows[i], rows[i + Step], std::make_index_sequence<std::size_t{lanes}>{});
  if constexpr (2 * Step < lanes) exchange_all<S, 2 * Step>(rows);
}

// A square of lanes x lanes numbers: rows become columns.
template <class S>
void transpose(typename VectorOf<S>::Type* rows) {
  exchange_all<S, 1>(rows);
}

#else

// A square of one number.
template <class S>
void transpose(typename VectorOf<S>::Type* /*rows*/) {}

#endif

}  // namespace detail

LATENT_END
