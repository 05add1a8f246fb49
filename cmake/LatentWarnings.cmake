# Warnings for the code of this repository; never handed to those who use the library.
add_library(latent_warnings INTERFACE)
target_compile_options(latent_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
  # TEST_CASE("name") leaves the variadic part empty, which C++20 allows; old clang still complains.
  $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wno-gnu-zero-variadic-macro-arguments>
  $<$<BOOL:${LATENT_WERROR}>:-Werror>)
