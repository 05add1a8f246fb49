// The program that every way of consuming the library must build and run.
#include <latent/version.hpp>

#include <cstdio>

int main() {
  std::printf("latent %d.%d.%d\n", LATENT_VERSION_MAJOR, LATENT_VERSION_MINOR,
              LATENT_VERSION_PATCH);
}
