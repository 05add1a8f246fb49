// expect: a statistics struct needs: auto fields()
#include <latent/core/statistics.hpp>

struct Sums {
  double a = 0;
};

int main() {
  Sums a;
  latent::merge(a, Sums{});
}
