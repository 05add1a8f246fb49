# Warnings for the code of this repository; never handed to those who use the library.
set(old_gnu $<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>)
add_library(latent_warnings INTERFACE)
target_compile_options(latent_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
  # TEST_CASE("name") leaves the variadic part empty, which C++20 allows; old clang still complains.
  $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wno-gnu-zero-variadic-macro-arguments>
  # With AVX-512, g++ 12 warns of the registers that its own intrinsics leave undefined on purpose
  # (GCC bug 105593), in every product of Eigen.
  $<$<AND:$<BOOL:${LATENT_NATIVE}>,${old_gnu}>:-Wno-uninitialized>
  $<$<AND:$<BOOL:${LATENT_NATIVE}>,${old_gnu}>:-Wno-maybe-uninitialized>
  $<$<BOOL:${LATENT_WERROR}>:-Werror>)
