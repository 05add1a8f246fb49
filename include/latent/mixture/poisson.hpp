// Counts with independent columns given the component.
#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/gamma_prior.hpp"
#include "latent/mixture/log_linear.hpp"
#include "latent/mixture/parameter_table.hpp"

LATENT_BEGIN

namespace detail {

// log x! for whole x >= 0, to about 2 eps of it: the exact product up to 22!, then Stirling's series.
// (std::lgamma writes a global variable.)
inline double log_factorial(double x) {
  if (x <= 22.0) {
    double product = 1.0;
    for (double factor = 2.0; factor <= x; factor += 1.0) product *= factor;
    return std::log(product);
  }
  const double y = 1.0 / x;
  const double z = y * y;
  const double series =
      y * (1.0 / 12.0 - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z * (1.0 / 1680.0))));
  return (x + 0.5) * std::log(x) - x + 0.5 * std::log(2.0 * std::numbers::pi) + series;
}

// A Poisson count, exactly distributed. Below a rate of 10 the distribution function is inverted;
// above, Hoermann 1993, "The transformed rejection method for generating Poisson random variables",
// algorithm PTRS.
inline double poisson_count(double rate, Random& random) {
  if (rate < 10.0) {
    double mass = std::exp(-rate);
    double rest = random.uniform() - mass;
    double count = 0.0;
    while (rest >= 0.0 && mass > 0.0) {
      count += 1.0;
      mass *= rate / count;
      rest -= mass;
    }
    return count;
  }
  const double log_rate = std::log(rate);
  const double b = 0.931 + 2.53 * std::sqrt(rate);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double inner = 0.9277 - 3.6224 / (b - 2.0);
  while (true) {
    const double u = random.uniform_open() - 0.5;
    const double v = random.uniform_open();
    const double edge = 0.5 - std::abs(u);
    const double count = std::floor((2.0 * a / edge + b) * u + rate + 0.43);
    if (edge >= 0.07 && v <= inner) return count;
    if (count < 0.0 || (edge < 0.013 && v > edge)) continue;
    const double bound = count * log_rate - rate - log_factorial(count);
    if (std::log(v * inverse_alpha / (a / (edge * edge) + b)) <= bound) return count;
  }
}

// The products over columns, and -log x! of a row, which all components share.
template <class S>
struct PreparedPoisson {
  LogLinear<S> linear;

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    linear.log_density(x, out);
    for (Index i = 0; i < out.rows(); ++i) {
      double sum = 0.0;
      for (Index j = 0; j < x.cols(); ++j)
        if (x(i, j) > S(1)) sum += log_factorial(static_cast<double>(x(i, j)));
      const S constant = static_cast<S>(sum);
      for (Index k = 0; k < out.cols(); ++k) out(i, k) -= constant;
    }
  }
};

}  // namespace detail

// p(x | k) = prod_j rate(k,j)^x(j) e^(-rate(k,j)) / x(j)!, for rows of counts. A rate of 0 allows
// counts of 0 only. The log density is a sum of terms of size x log x, and exact to that size times
// eps.
template <class S = double>
struct Poisson {
  using Scalar = S;
  using Statistics = RowMatrix<double>;  // K x D: expected counts

  RowMatrix<S> rate;   // K x D, finite, >= 0
  GammaPrior prior{};  // on each rate

  Index components() const { return rate.rows(); }
  Index dimension() const { return rate.cols(); }
  Statistics zero() const { return Statistics::Zero(components(), dimension()); }

  detail::PreparedPoisson<S> prepare() const {
    detail::LogLinear<S> linear(dimension(), components());
    for (Index k = 0; k < components(); ++k) {
      double constant = 0.0;
      for (Index j = 0; j < dimension(); ++j) {
        const auto v = static_cast<double>(rate(k, j));
        constant -= v;
        if (v > 0.0) {
          linear.slope(j, k) = static_cast<S>(std::log(v));
        } else {
          linear.forbid();
          linear.forbidden(j, k) = S(1);
        }
      }
      linear.constant[k] = static_cast<S>(constant);
    }
    return {std::move(linear)};
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    detail::accumulate_product(x, r, s);
  }

  // rate(k,j) = (counts(k,j) + shape - 1) / (n(k) + prior rate). Without a prior a
  // component without rows keeps its rates; under one with a rate it goes to the prior's mode.
  Poisson maximize(const Vector<double>& n, const Statistics& s) const {
    Poisson next = *this;
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        next.rate(k, j) = detail::posterior_mode(prior, s(k, j), n[k], rate(k, j));
    return next;
  }

  bool valid(const Vector<double>& /*n*/, const Statistics& s) const {
    return detail::none_negative(s);
  }

  void check() const {
    detail::check_columns(rate, "Poisson", "rate");
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        detail::require(is_finite(rate(k, j)) && rate(k, j) >= S(0),
                        "Poisson: rates must be finite and not negative; got rate(", k, ", ", j,
                        ") = ", rate(k, j));
    detail::check_prior(prior, "Poisson");
  }

  void check_data(const Eigen::Ref<const RowMatrix<S>>& x, Index first_row) const {
    detail::check_counts<S>(x, first_row, "Poisson", "counts");
  }

  double log_prior() const { return detail::log_density_of_all(prior, rate); }
  Vector<double> parameters() const { return detail::flat(rate); }
  std::vector<std::string> parameter_names() const {
    return detail::numbered("rate", components(), dimension());
  }
  Index free_parameters() const { return rate.size(); }

  void sample(Index k, Random& random, S* row) const {
    for (Index j = 0; j < dimension(); ++j)
      row[j] = static_cast<S>(detail::poisson_count(static_cast<double>(rate(k, j)), random));
  }
};

template <class Derived>
Poisson(const Eigen::MatrixBase<Derived>&) -> Poisson<typename Derived::Scalar>;
template <class Derived>
Poisson(const Eigen::MatrixBase<Derived>&, GammaPrior) -> Poisson<typename Derived::Scalar>;

LATENT_END
