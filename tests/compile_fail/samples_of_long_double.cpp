// expect: samples: data must be float, double or integers
#include <latent/em.hpp>

int main() {
  const Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic> x(3, 2);
  return static_cast<int>(latent::samples(x).rows());
}
