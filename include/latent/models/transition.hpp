// The initial probabilities and transitions of a Markov chain: their check, and the long run.
#pragma once

#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/dirichlet.hpp"

LATENT_BEGIN

namespace detail {

// Throws InvalidArgument unless initial (K) and each row of transition (K x K) is a distribution.
inline void check_chain(const Vector<double>& initial, const RowMatrix<double>& transition,
                        std::string_view who) {
  const Index k_count = initial.size();
  detail::require(transition.rows() == k_count && transition.cols() == k_count, who,
                  ": transition must be ", k_count, " x ", k_count, ", as there are ", k_count,
                  " initial probabilities; got ", transition.rows(), " x ", transition.cols());
  detail::check_distribution(initial.data(), k_count, who, "initial",
                             [](Index k) { return detail::concat("initial(", k, ")"); });
  for (Index j = 0; j < k_count; ++j)
    detail::check_distribution(
        transition.data() + j * k_count, k_count, who, detail::concat("row ", j, " of transition"),
        [&](Index k) { return detail::concat("transition(", j, ", ", k, ")"); });
}

// K: the limit of the average of initial transition^t. By squaring the transition, made lazy so that
// cycles die out: a power of t = 2^64 after 64 products. A template, so that only who calls it
// compiles the product: S is always double.
template <class S>
Vector<S> long_run_share(const Vector<S>& initial, const RowMatrix<S>& transition) {
  const Index n = initial.size();
  RowMatrix<S> power = transition;
  for (Index j = 0; j < n; ++j) power(j, j) += 1.0;
  const auto normalise = [n](double* p) {
    double sum = 0.0;
    for (Index k = 0; k < n; ++k) sum += p[k];
    for (Index k = 0; k < n; ++k) p[k] /= sum;
  };
  for (int doubling = 0; doubling < 64; ++doubling) {
    for (Index j = 0; j < n; ++j) normalise(power.data() + j * n);
    power = product(power, power);
  }
  Vector<S> share = Vector<S>::Zero(n);
  for (Index j = 0; j < n; ++j)
    for (Index k = 0; k < n; ++k) share[k] += initial[j] * power(j, k);
  normalise(share.data());
  return share;
}

}  // namespace detail

LATENT_END
