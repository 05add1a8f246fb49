// Families whose log density is linear in x: binomial, Bernoulli, multinomial.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

// out(i, k) = constant(k) + sum_j x(i, j) slope(j, k), and -inf where component k forbids what row
// i shows. A probability of exactly 0 or 1 has an infinite logarithm, and 0 times infinity is NaN:
// such entries are 0 in `slope` and counted apart, as violations(i, k) = forbidden_constant(k) +
// sum_j x(i, j) forbidden(j, k) > 0.
template <class S>
struct LogLinear {
  RowMatrix<S> slope;            // D x K
  Vector<S> constant;            // K
  RowMatrix<S> forbidden;        // D x K; empty where nothing is forbidden
  Vector<S> forbidden_constant;  // K

  LogLinear(Index dimension, Index components)
      : slope(RowMatrix<S>::Zero(dimension, components)), constant(Vector<S>::Zero(components)) {}

  void forbid() {
    if (forbidden.size() > 0) return;
    forbidden = RowMatrix<S>::Zero(slope.rows(), slope.cols());
    forbidden_constant = Vector<S>::Zero(slope.cols());
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    for (Index i = 0; i < out.rows(); ++i)
      for (Index k = 0; k < out.cols(); ++k) out(i, k) = constant[k];
    add_product(x, slope, out);
    if (forbidden.size() == 0) return;
    RowMatrix<S> violations = RowMatrix<S>::Zero(out.rows(), out.cols());
    add_product(x, forbidden, violations);
    for (Index i = 0; i < out.rows(); ++i)
      for (Index k = 0; k < out.cols(); ++k)
        if (violations(i, k) + forbidden_constant[k] > S(0))
          out(i, k) = -std::numeric_limits<S>::infinity();
  }
};

// s (K x D, double) += r' x.
template <class S>
void accumulate_product(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                        RowMatrix<double>& s) {
  if constexpr (std::is_same_v<S, double>) {
    add_product(r.transpose(), x, s);
  } else {
    s += product(r.transpose(), x).template cast<double>();
  }
}

// a / (a + b), or `otherwise` where there is nothing to divide by or the sums are odd (an
// accelerated step may propose negative ones).
inline double proportion(double a, double b, double otherwise) {
  const double sum = a + b;
  if (!(sum > 0.0) || !is_finite(sum)) return otherwise;
  const double p = a / sum;
  return p < 0.0 ? 0.0 : (p > 1.0 ? 1.0 : p);
}

}  // namespace detail

// Beta(a, b) prior on a probability, a and b >= 1; {1, 1} is flat: maximum likelihood. {1 + s, 1 +
// s} is additive smoothing by s.
struct BetaPrior {
  double a = 1.0;
  double b = 1.0;
};

namespace detail {

inline void check_prior(const BetaPrior& prior, std::string_view who) {
  require(is_finite(prior.a) && prior.a >= 1.0 && is_finite(prior.b) && prior.b >= 1.0, who,
          ": the Beta prior's a and b must be finite and at least 1; got ", prior.a, " and ",
          prior.b);
}

// log p^(a-1) (1-p)^(b-1), without the constant.
inline double log_density_of(const BetaPrior& prior, double p) {
  double sum = 0.0;
  if (prior.a != 1.0) sum += (prior.a - 1.0) * std::log(p);
  if (prior.b != 1.0) sum += (prior.b - 1.0) * std::log1p(-p);
  return sum;
}

// The probability that maximises ones and zeros under a Beta prior: see proportion(). Where the
// prior excludes 0 or 1, rounding must not reach it either: the logarithm of the prior would be
// infinite.
template <class S>
S posterior_mode(const BetaPrior& prior, double ones, double zeros, S otherwise) {
  const S p = static_cast<S>(
      proportion(ones + (prior.a - 1.0), zeros + (prior.b - 1.0), static_cast<double>(otherwise)));
  if (prior.a > 1.0 && p <= S(0)) return std::numeric_limits<S>::min();
  if (prior.b > 1.0 && p >= S(1)) return S(1) - std::numeric_limits<S>::epsilon() / S(2);
  return p;
}

inline void check_probability(double p, std::string_view who, Index k, Index j) {
  if (!(is_finite(p) && p >= 0.0 && p <= 1.0)) [[unlikely]]
    fail<InvalidArgument>(who, ": probabilities must lie in [0, 1]; got probability(", k,
                          j < 0 ? "" : ", ", j < 0 ? std::string{} : concat(j), ") = ", p);
}

}  // namespace detail

LATENT_END
