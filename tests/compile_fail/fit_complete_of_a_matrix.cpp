// expect: fit_complete takes samples(x).labels(y)
#include <latent/coins.hpp>

int main() {
  const latent::Mixture<latent::Binomial<double>> model{Eigen::Vector2d(0.5, 0.5),
                                                        {Eigen::Vector2d(0.6, 0.5)}};
  latent::fit_complete(model, latent::tosses({"HT"}));
}
