// Vectors of numbers on the vector extensions of GCC and clang. Elsewhere a vector is a single
// number, and the same kernels are left to the compiler.
#pragma once

#include <cstdint>
#include <cstring>

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

// A hint that `from` will be read soon.
template <class S>
void prefetch([[maybe_unused]] const S* from) {
#if LATENT_HAS_VECTORS
  __builtin_prefetch(from, 0, 2);
#endif
}

}  // namespace detail

LATENT_END
