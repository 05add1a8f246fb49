// The least that a user of PerComponent writes, and a sampler.
#pragma once

#include <cmath>

#include "latent/core/random.hpp"
#include "latent/mixture/per_component.hpp"

namespace latent_test {

// p(x) = p (1 - p)^x.
struct Geometric {
  double p = 0.5;
  using Statistics = double;
  double zero() const { return 0.0; }
  double log_density(const latent::ComponentRow<double>& x) const {
    return std::log(p) + (x[0] > 0 ? x[0] * std::log1p(-p) : 0.0);  // 0 log 0 = 0
  }
  void accumulate(const latent::ComponentRow<double>& x, double r, double& s) const {
    s += r * x[0];
  }
  Geometric maximize(double n, double s) const { return {n / (n + s)}; }

  latent::Index dimension() const { return 1; }
  void sample(latent::Random& random, double* row) const {
    row[0] = std::floor(std::log(random.uniform_open()) / std::log1p(-p));
  }
};

}  // namespace latent_test
