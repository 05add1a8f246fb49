// Catch2, version 2.13 or 3, with the names that differ between them made the same.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define LATENT_CATCH_MAJOR 3
using Catch::Approx;  // version 2 has it global, and another Catch::Approx: write Approx
#else
#include <catch2/catch.hpp>
#define LATENT_CATCH_MAJOR 2
#endif

#include <string>

namespace latent_test {

#if LATENT_CATCH_MAJOR == 3
inline auto contains(const std::string& text) {
  return Catch::Matchers::ContainsSubstring(text);
}
#else
inline auto contains(const std::string& text) {
  return Catch::Matchers::Contains(text);
}
#endif

// The number of tests left by LATENT_SKIP; the program reports it through its exit code.
inline int skipped = 0;

}  // namespace latent_test

// Leaves the test as skipped, in CTest as well: LATENT_SKIP("needs the faces of ..."). Version 2
// has no SKIP, and the exit code of version 3 (4) also means four failures.
#define LATENT_SKIP(reason)                  \
  do {                                       \
    WARN("skipped: " + std::string(reason)); \
    SUCCEED();                               \
    ++latent_test::skipped;                  \
    return;                                  \
  } while (false)
