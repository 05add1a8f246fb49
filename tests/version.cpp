#include <latent/version.hpp>

#include <string>

#include "support/catch.hpp"

TEST_CASE("version: the header and the package agree") {
  const std::string header = std::to_string(LATENT_VERSION_MAJOR) + "." +
                             std::to_string(LATENT_VERSION_MINOR) + "." +
                             std::to_string(LATENT_VERSION_PATCH);
  CHECK(header == LATENT_PROJECT_VERSION);
}
