// The program that every way of consuming the library must build and run. It includes all headers and
// calls little, so that it builds fast.
#include <latent/latent.hpp>

#include <cmath>
#include <cstdio>

int main() {
  const Eigen::MatrixXd x{{1, 1}, {1, 2}, {2, 1}, {8, 8}, {8, 9}, {9, 8}};
  const Eigen::VectorXd mean = latent::mean(x);
  std::printf("latent %d.%d.%d: mean %.3f %.3f\n", LATENT_VERSION_MAJOR, LATENT_VERSION_MINOR,
              LATENT_VERSION_PATCH, mean[0], mean[1]);
  return std::abs(mean[0] - 29.0 / 6.0) < 1e-12 && std::abs(mean[1] - 29.0 / 6.0) < 1e-12 ? 0 : 1;
}
