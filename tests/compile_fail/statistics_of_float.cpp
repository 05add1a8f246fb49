// expect: statistics are matrices of double
#include <latent/core/statistics.hpp>

int main() {
  Eigen::MatrixXf a(2, 2);
  latent::merge(a, a);
}
