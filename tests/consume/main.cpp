// The program that every way of consuming the library must build and run.
#include <latent/latent.hpp>

#include <cstdio>

int main() {
  const Eigen::MatrixXd x{{1, 1}, {1, 2}, {2, 1}, {8, 8}, {8, 9}, {9, 8}};
  const auto fit = latent::KMeans{.clusters = 2, .restarts = 4}.fit(x);
  std::printf("latent %d.%d.%d: inertia %.3f, %s\n", LATENT_VERSION_MAJOR, LATENT_VERSION_MINOR,
              LATENT_VERSION_PATCH, fit.inertia, latent::to_string(fit.report.status));
  return fit.report.converged() && fit.labels[0] != fit.labels[5] ? 0 : 1;
}
