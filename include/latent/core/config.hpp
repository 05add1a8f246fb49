// Namespace and compile-time configuration. Every header of the library begins here.
#pragma once

#include <Eigen/Core>

#include "latent/version.hpp"

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "latent needs C++20"
#endif
#if !EIGEN_VERSION_AT_LEAST(3, 3, 90)
#error "latent needs Eigen 3.4 or newer"
#endif

// Eigen's alignment decides the layout of objects that cross translation units: two units compiled
// with different -march disagree about how a matrix was allocated, and the program corrupts its
// heap. The alignment is therefore part of every mangled name: the inline namespace marks
// parameters, the ABI tag marks return types, and a mismatch becomes a link error.
#if EIGEN_MAX_ALIGN_BYTES >= 64
#define LATENT_NAMESPACE v0_a64
#define LATENT_ABI_TAG "a64"
#elif EIGEN_MAX_ALIGN_BYTES >= 32
#define LATENT_NAMESPACE v0_a32
#define LATENT_ABI_TAG "a32"
#elif EIGEN_MAX_ALIGN_BYTES >= 16
#define LATENT_NAMESPACE v0_a16
#define LATENT_ABI_TAG "a16"
#else
#define LATENT_NAMESPACE v0_a0
#define LATENT_ABI_TAG "a0"
#endif

#if defined(__GNUC__)
#define LATENT_BEGIN \
  namespace latent { \
  inline namespace LATENT_NAMESPACE __attribute__((abi_tag(LATENT_ABI_TAG))) {
#else
#define LATENT_BEGIN \
  namespace latent { \
  inline namespace LATENT_NAMESPACE {
#endif
#define LATENT_END \
  }                \
  }
