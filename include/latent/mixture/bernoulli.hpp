// Binary rows with independent columns given the component: the naive Bayes model of documents and
// words.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/log_linear.hpp"
#include "latent/mixture/parameter_table.hpp"

LATENT_BEGIN

// p(x | k) = prod_j p(k,j)^x(j) (1 - p(k,j))^(1 - x(j)), for x in {0, 1}^D; any D, nothing is
// multiplied outside logs.
template <class S = double>
struct Bernoulli {
  using Scalar = S;
  using Statistics = RowMatrix<double>;  // K x D: expected ones

  RowMatrix<S> probability;  // K x D, in [0, 1]
  BetaPrior prior{};         // on each probability; {1 + s, 1 + s} smooths by s (Laplace: s = 1)

  Index components() const { return probability.rows(); }
  Index dimension() const { return probability.cols(); }
  Statistics zero() const { return Statistics::Zero(components(), dimension()); }

  detail::LogLinear<S> prepare() const {
    detail::LogLinear<S> linear(dimension(), components());
    for (Index k = 0; k < components(); ++k) {
      double constant = 0.0;
      for (Index j = 0; j < dimension(); ++j) {
        const auto p = static_cast<double>(probability(k, j));
        if (p > 0.0 && p < 1.0) {
          const double log_zero = std::log1p(-p);
          linear.slope(j, k) = static_cast<S>(std::log(p) - log_zero);
          constant += log_zero;
        } else {
          linear.forbid();
          linear.forbidden(j, k) = p <= 0.0 ? S(1) : S(-1);
          if (p >= 1.0) linear.forbidden_constant[k] += S(1);
        }
      }
      linear.constant[k] = static_cast<S>(constant);
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

  // p = (ones + a - 1) / (n + a + b - 2). Without a prior a component without rows
  // keeps its probabilities; under a prior it goes to the prior's mode.
  Bernoulli maximize(const Vector<double>& n, const Statistics& s) const {
    Bernoulli next = *this;
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        next.probability(k, j) =
            detail::posterior_mode(prior, s(k, j), n[k] - s(k, j), probability(k, j));
    return next;
  }

  // 0 <= s <= n, but for rounding.
  bool valid(const Vector<double>& n, const Statistics& s) const {
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        if (!(s(k, j) <= n[k] * (1.0 + detail::sum_slack<S>))) return false;
    return detail::none_negative(s);
  }

  void check() const {
    detail::check_columns(probability, "Bernoulli", "probability");
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        detail::check_probability(static_cast<double>(probability(k, j)), "Bernoulli", k, j);
    detail::check_prior(prior, "Bernoulli");
  }

  void check_data(const Eigen::Ref<const RowMatrix<S>>& x, Index first_row) const {
    for (Index i = 0; i < x.rows(); ++i)
      for (Index j = 0; j < x.cols(); ++j)
        if (x(i, j) != S(0) && x(i, j) != S(1)) [[unlikely]]
          detail::fail<DataError>("Bernoulli: data must be 0 or 1; got ", x(i, j), " at row ",
                                  first_row + i, ", column ", j);
  }

  double log_prior() const {
    double sum = 0.0;
    if (prior.a == 1.0 && prior.b == 1.0) return sum;
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        sum += detail::log_density_of(prior, static_cast<double>(probability(k, j)));
    return sum;
  }

  Vector<double> parameters() const { return detail::flat(probability); }
  std::vector<std::string> parameter_names() const {
    return detail::numbered("probability", components(), dimension());
  }
  Index free_parameters() const { return probability.size(); }

  void sample(Index k, Random& random, S* row) const {
    for (Index j = 0; j < dimension(); ++j)
      row[j] = random.uniform() < static_cast<double>(probability(k, j)) ? S(1) : S(0);
  }
};

template <class Derived>
Bernoulli(const Eigen::MatrixBase<Derived>&) -> Bernoulli<typename Derived::Scalar>;
template <class Derived>
Bernoulli(const Eigen::MatrixBase<Derived>&, BetaPrior) -> Bernoulli<typename Derived::Scalar>;

LATENT_END
