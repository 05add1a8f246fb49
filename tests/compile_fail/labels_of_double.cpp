// expect: labels are integers; -1 = unknown
#include <latent/em.hpp>

int main() {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 2);
  return static_cast<int>(latent::samples(x).labels(Eigen::Vector2d(0, 1)).rows());
}
