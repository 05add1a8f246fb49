// expect: a component needs Statistics, zero(), log_density(x), accumulate(x, r, s)
#include <latent/families.hpp>

struct Half {
  using Statistics = double;
  double zero() const { return 0.0; }
  double log_density(const latent::ComponentRow<double>&) const { return 0.0; }
  void accumulate(const latent::ComponentRow<double>&, double, double&) const {}
};

latent::Mixture<latent::PerComponent<Half>> model;
