// Coins. A row is (heads, tails) of a sequence of tosses of one coin; the coin is hidden.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/log_linear.hpp"
#include "latent/mixture/parameter_table.hpp"

LATENT_BEGIN

// K coins with P(heads) = probability(k). Rows are counts (heads, tails), which may differ in their
// sum; the density is that of the sequence: p^heads (1-p)^tails, without the binomial coefficient,
// which no step of EM depends on. No large terms cancel, so that counts up to 2^53 keep their
// digits.
template <class S = double>
struct Binomial {
  using Scalar = S;
  using Statistics = RowMatrix<double>;  // K x 2: expected heads and tails

  Vector<S> probability;  // K, in [0, 1]
  BetaPrior prior{};      // on each probability
  Index tosses = 10;      // a row, in sample()

  Index components() const { return probability.size(); }
  Index dimension() const { return 2; }
  Statistics zero() const { return Statistics::Zero(components(), 2); }

  detail::LogLinear<S> prepare() const {
    detail::LogLinear<S> linear(2, components());
    for (Index k = 0; k < components(); ++k) {
      const auto p = static_cast<double>(probability[k]);
      if (p > 0.0) linear.slope(0, k) = static_cast<S>(std::log(p));
      if (p < 1.0) linear.slope(1, k) = static_cast<S>(std::log1p(-p));
      if (p <= 0.0 || p >= 1.0) {
        linear.forbid();
        linear.forbidden(p <= 0.0 ? 0 : 1, k) = S(1);
      }
    }
    return linear;
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    detail::accumulate_product(x, r, s);
  }

  // p = (heads + a - 1) / (heads + tails + a + b - 2). Without a prior a coin that was never
  // tossed keeps its probability; under a prior it goes to the prior's mode.
  Binomial maximize(const Vector<double>& /*n*/, const Statistics& s) const {
    Binomial next = *this;
    for (Index k = 0; k < components(); ++k)
      next.probability[k] = detail::posterior_mode(prior, s(k, 0), s(k, 1), probability[k]);
    return next;
  }

  bool valid(const Vector<double>& /*n*/, const Statistics& s) const {
    return detail::none_negative(s);
  }

  void check() const {
    for (Index k = 0; k < components(); ++k)
      detail::check_probability(static_cast<double>(probability[k]), "Binomial", k, -1);
    detail::check_prior(prior, "Binomial");
    detail::require(tosses >= 0, "Binomial: tosses must not be negative; got ", tosses);
  }

  void check_data(const Eigen::Ref<const RowMatrix<S>>& x, Index first_row) const {
    detail::check_counts<S>(x, first_row, "Binomial", "counts of heads and tails");
  }

  double log_prior() const {
    double sum = 0.0;
    for (Index k = 0; k < components(); ++k)
      sum += detail::log_density_of(prior, static_cast<double>(probability[k]));
    return sum;
  }

  Vector<double> parameters() const { return probability.template cast<double>(); }
  std::vector<std::string> parameter_names() const {
    return detail::numbered("probability", components());
  }
  Index free_parameters() const { return components(); }

  void sample(Index k, Random& random, S* row) const {
    Index heads = 0;
    for (Index t = 0; t < tosses; ++t)
      heads += random.uniform() < static_cast<double>(probability[k]) ? 1 : 0;
    row[0] = static_cast<S>(heads);
    row[1] = static_cast<S>(tosses - heads);
  }
};

template <class Derived>
Binomial(const Eigen::MatrixBase<Derived>&) -> Binomial<typename Derived::Scalar>;
template <class Derived>
Binomial(const Eigen::MatrixBase<Derived>&, BetaPrior) -> Binomial<typename Derived::Scalar>;

LATENT_END
