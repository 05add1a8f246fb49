// expect: an observer has on_iteration(const View&) -> void or bool
#include <latent/coins.hpp>

struct Blind {};

int main() {
  const latent::Mixture<latent::Binomial<double>> model{Eigen::Vector2d(0.5, 0.5),
                                                        {Eigen::Vector2d(0.6, 0.5)}};
  Blind observer;
  latent::EM{}.fit(model, latent::tosses({"HT"}), {}, {}, observer);
}
