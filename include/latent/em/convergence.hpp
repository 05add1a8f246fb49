// When EM stops. All three rules are the textbook's; none of them promises that the parameters are
// within a distance of a maximum: EM converges linearly, and near a flat maximum slower than that.
#pragma once

#include <cmath>

#include "latent/core/numeric.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

enum class Convergence {
  log_likelihood,  // gain of the objective per unit weight: |L(theta') - L(theta)| / sum w <=
                   // tolerance
  parameters,      // ||theta' - theta||, Euclidean, over model.parameters()
  q_function,  // |Q(theta', theta) - Q(theta, theta)| / sum w <= tolerance; one more pass over the
               // data a step
};

namespace detail {

// b - a, where both may be -inf; NaN is left to the caller's own test.
inline double difference(double b, double a) {
  if (is_negative_infinity(a) && is_negative_infinity(b)) return 0.0;
  return b - a;
}

// Q(theta', theta) and Q(theta, theta): sum_i w_i sum_z p(z | x_i, theta) log p(x_i, z | theta'),
// and the entropy of the posterior. Needs log_joint(x, out) and weights of the model, that is a
// mixture.
struct QSums {
  double next = 0.0;
  double before = 0.0;
  double entropy = 0.0;
  double divergence = 0.0;  // sum_i w_i KL(p(z | x_i, before) || p(z | x_i, next))
  double log_likelihood_before = 0.0;
  double log_likelihood_next = 0.0;
  auto fields() {
    return std::tie(next, before, entropy, divergence, log_likelihood_before, log_likelihood_next);
  }
};

// r log p with 0 log 0 = 0, where p is given as its logarithm.
inline double times_log(double r, double log_p) {
  return r == 0.0 ? 0.0 : r * log_p;
}

}  // namespace detail

LATENT_END
