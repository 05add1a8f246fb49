// Waiting times with independent columns given the component.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/gamma_prior.hpp"
#include "latent/mixture/log_linear.hpp"
#include "latent/mixture/parameter_table.hpp"

LATENT_BEGIN

// p(x | k) = prod_j rate(k,j) e^(-rate(k,j) x(j)), for x >= 0.
//
// The likelihood has no bound where a column is 0 in all rows of a component, and the prior's rate
// is 0: such a rate stays as it was, the family is degenerate(), and a note names the component.
template <class S = double>
struct Exponential {
  using Scalar = S;
  using Statistics = RowMatrix<double>;  // K x D: expected sums of x

  RowMatrix<S> rate;   // K x D, finite, > 0
  GammaPrior prior{};  // on each rate
  // State, not an option: the components of which maximize() kept a rate, with repetitions. It stays
  // the last member, as an aggregate has no private ones; options go before it.
  std::vector<Index> unbounded{};

  Index components() const { return rate.rows(); }
  Index dimension() const { return rate.cols(); }
  Statistics zero() const { return Statistics::Zero(components(), dimension()); }

  detail::LogLinear<S> prepare() const {
    detail::LogLinear<S> linear(dimension(), components());
    for (Index k = 0; k < components(); ++k) {
      double constant = 0.0;
      for (Index j = 0; j < dimension(); ++j) {
        linear.slope(j, k) = -rate(k, j);
        constant += std::log(static_cast<double>(rate(k, j)));
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

  // rate(k,j) = (n(k) + shape - 1) / (sum of x(j) + prior rate). A component without
  // rows goes to the prior's mode where that is a positive rate, else it keeps its rates.
  Exponential maximize(const Vector<double>& n, const Statistics& s) const {
    Exponential next = *this;
    next.unbounded.clear();
    for (Index k = 0; k < components(); ++k) {
      if (!(n[k] + (prior.shape - 1.0) > 0.0)) continue;
      for (Index j = 0; j < dimension(); ++j) {
        next.rate(k, j) = std::max(detail::posterior_mode(prior, n[k], s(k, j), rate(k, j)),
                                   std::numeric_limits<S>::min());
        if (n[k] > 0.0 && s(k, j) + prior.rate == 0.0) next.unbounded.push_back(k);
      }
    }
    return next;
  }

  bool valid(const Vector<double>& /*n*/, const Statistics& s) const {
    return detail::none_negative(s);
  }

  bool degenerate() const { return !unbounded.empty(); }
  void notes(Index iteration, std::vector<Note>& out) const {
    for (const Index k : unbounded)
      out.push_back({iteration, k, 0.0,
                     detail::concat("component ", k,
                                    " has a column of zeros: its rate has no bound and stays")});
  }

  void check() const {
    detail::check_columns(rate, "Exponential", "rate");
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        detail::require(is_finite(rate(k, j)) && rate(k, j) > S(0),
                        "Exponential: rates must be finite and positive; got rate(", k, ", ", j,
                        ") = ", rate(k, j));
    detail::check_prior(prior, "Exponential");
  }

  void check_data(const Eigen::Ref<const RowMatrix<S>>& x, Index first_row) const {
    for (Index i = 0; i < x.rows(); ++i)
      for (Index j = 0; j < x.cols(); ++j)
        if (!(x(i, j) >= S(0))) [[unlikely]]
          detail::fail<DataError>("Exponential: data must not be negative; got ", x(i, j),
                                  " at row ", first_row + i, ", column ", j);
  }

  double log_prior() const { return detail::log_density_of_all(prior, rate); }
  Vector<double> parameters() const { return detail::flat(rate); }
  std::vector<std::string> parameter_names() const {
    return detail::numbered("rate", components(), dimension());
  }
  Index free_parameters() const { return rate.size(); }

  void sample(Index k, Random& random, S* row) const {
    for (Index j = 0; j < dimension(); ++j)
      row[j] = static_cast<S>(-std::log(random.uniform_open()) / static_cast<double>(rate(k, j)));
  }
};

template <class Derived>
Exponential(const Eigen::MatrixBase<Derived>&) -> Exponential<typename Derived::Scalar>;
template <class Derived>
Exponential(const Eigen::MatrixBase<Derived>&, GammaPrior) -> Exponential<typename Derived::Scalar>;

LATENT_END
