// The decomposition behind EM (Neal and Hinton 1998): for any posterior q(z) = p(z | x, theta_q),
//
//   log p(x | theta) = L(q, theta) + KL(q || p(z | x, theta)),
//   L(q, theta) = Q(theta, theta_q) + H(q).
//
// The E-step closes the gap, the M-step raises the bound.
#pragma once

#include <cmath>
#include <tuple>

#include "latent/core/blocks.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/em/check.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/respond.hpp"

LATENT_BEGIN

// Sums over rows, times the rows' weights.
struct LowerBound {
  double q = 0.0;               // Q(theta, theta_q) = sum_i E_q[log p(x_i, z | theta)]
  double entropy = 0.0;         // H(q)
  double bound = 0.0;           // q + entropy
  double gap = 0.0;             // KL(q || p(z | x, theta)), summed from its own definition
  double log_likelihood = 0.0;  // log p(x | theta)
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

template <class M, class S, class Team>
QSums q_sums(const M& next, const M& before, const Samples<S>& data, Team& team) {
  using T = ScalarOf<M>;
  decltype(auto) next_prepared = detail::prepared(next);
  decltype(auto) before_prepared = detail::prepared(before);
  return team.reduce(
      lanes_of(data.rows()), [] { return QSums{}; },
      [&](Index lane, QSums& sums) {
        for_each_block<T>(data, lane, [&](const Block<T>& block) {
          RowMatrix<T> log_next;
          RowMatrix<T> log_before;
          next_prepared.log_joint(block.x, log_next);
          before_prepared.log_joint(block.x, log_before);
          RowMatrix<T> p = log_next;
          RowMatrix<T> r = log_before;
          Vector<double> likelihood_next;
          Vector<double> likelihood_before;
          posterior(p, block, next.weights, &likelihood_next);
          posterior(r, block, before.weights, &likelihood_before);
          for (Index i = 0; i < r.rows(); ++i) {
            const double weight = block.weights[i];
            if (weight == 0.0) continue;
            QSums row;
            row.log_likelihood_next = likelihood_next[i];
            row.log_likelihood_before = likelihood_before[i];
            for (Index k = 0; k < r.cols(); ++k) {
              const auto r_ik = static_cast<double>(r(i, k));
              row.next += times_log(r_ik, static_cast<double>(log_next(i, k)));
              row.before += times_log(r_ik, static_cast<double>(log_before(i, k)));
              row.entropy -= xlogy(r_ik, r_ik);
              // log p(z | x) from the joint, since a responsibility may have been cut to 0.
              const double log_p = block.labels[i] >= 0 || !is_finite(likelihood_next[i])
                                       ? std::log(static_cast<double>(p(i, k)))
                                       : static_cast<double>(log_next(i, k)) - likelihood_next[i];
              row.divergence += r_ik == 0.0 ? 0.0 : r_ik * (std::log(r_ik) - log_p);
            }
            latent::add_scaled(sums, weight, row);
          }
        });
      });
}

}  // namespace detail

// The lower bound of log p(x | model) under the posterior of `posterior`. Both are mixtures; x is a
// matrix or a source. One pass. Throws what a fit of the same data would.
template <class M, class Data, class Exec = Threads>
LowerBound lower_bound(const M& model, const M& posterior, const Data& x,
                       const Exec& executor = {}) {
  decltype(auto) data = detail::as_samples(x);
  auto&& team = executor.team();
  detail::check_model_and_data(model, data, team, "lower_bound");
  detail::check_model_and_data(posterior, data, team, "lower_bound");
  const detail::QSums sums = detail::q_sums(model, posterior, data, team);
  return {sums.next, sums.entropy, sums.next + sums.entropy, sums.divergence,
          sums.log_likelihood_next};
}

LATENT_END
