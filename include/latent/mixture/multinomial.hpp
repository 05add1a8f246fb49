// Counts of D outcomes given the component: documents as bags of words.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/dirichlet.hpp"
#include "latent/mixture/log_linear.hpp"
#include "latent/mixture/parameter_table.hpp"

LATENT_BEGIN

// p(x | k) = prod_j p(k,j)^x(j), for rows of counts: the density of a sequence of draws with these
// counts, without the multinomial coefficient, which no step of EM depends on. With D = 2 it is
// Binomial.
template <class S = double>
struct Multinomial {
  using Scalar = S;
  using Statistics = RowMatrix<double>;  // K x D: expected counts

  RowMatrix<S> probability;  // K x D, in [0, 1]; rows sum to 1
  DirichletPrior prior{};    // on each row
  Index trials = 10;         // a row, in sample()

  Index components() const { return probability.rows(); }
  Index dimension() const { return probability.cols(); }
  Statistics zero() const { return Statistics::Zero(components(), dimension()); }

  detail::LogLinear<S> prepare() const {
    detail::LogLinear<S> linear(dimension(), components());
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j) {
        const auto p = static_cast<double>(probability(k, j));
        if (p > 0.0) {
          linear.slope(j, k) = static_cast<S>(std::log(p));
        } else {
          linear.forbid();
          linear.forbidden(j, k) = S(1);
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

  // p(k,j) = (counts(k,j) + concentration - 1) / their sum over j. Without a prior
  // a component without counts keeps its probabilities; under a prior it goes to the prior's mode.
  Multinomial maximize(const Vector<double>& /*n*/, const Statistics& s) const {
    Multinomial next = *this;
    Vector<double> mode(dimension());
    for (Index k = 0; k < components(); ++k) {
      if (!detail::dirichlet_mode(s.data() + k * dimension(), dimension(), prior.concentration,
                                  mode.data()))
        continue;
      for (Index j = 0; j < dimension(); ++j) {
        const S p = static_cast<S>(mode[j]);
        // Where the prior excludes 0, rounding must not reach it either.
        next.probability(k, j) =
            prior.concentration > 1.0 ? std::max(p, std::numeric_limits<S>::min()) : p;
      }
    }
    return next;
  }

  bool valid(const Vector<double>& /*n*/, const Statistics& s) const {
    return detail::none_negative(s);
  }

  void check() const {
    detail::check_columns(probability, "Multinomial", "probability");
    for (Index k = 0; k < components(); ++k) {
      double sum = 0.0;
      for (Index j = 0; j < dimension(); ++j) {
        detail::check_probability(static_cast<double>(probability(k, j)), "Multinomial", k, j);
        sum += static_cast<double>(probability(k, j));
      }
      detail::require(std::abs(sum - 1.0) <= 1e-6,
                      "Multinomial: the probabilities of a component must sum to 1; got ", sum,
                      " in row ", k);
    }
    detail::require(
        is_finite(prior.concentration) && prior.concentration >= 1.0,
        "Multinomial: the Dirichlet prior's concentration must be finite and at least 1; "
        "got ",
        prior.concentration);
    detail::require(trials >= 0, "Multinomial: trials must not be negative; got ", trials);
  }

  void check_data(const Eigen::Ref<const RowMatrix<S>>& x, Index first_row) const {
    detail::check_counts<S>(x, first_row, "Multinomial", "counts");
  }

  double log_prior() const {
    return detail::dirichlet_log_density(parameters().data(), probability.size(),
                                         prior.concentration);
  }

  Vector<double> parameters() const { return detail::flat(probability); }
  std::vector<std::string> parameter_names() const {
    return detail::numbered("probability", components(), dimension());
  }
  Index free_parameters() const { return components() * (dimension() - 1); }

  void sample(Index k, Random& random, S* row) const {
    for (Index j = 0; j < dimension(); ++j) row[j] = S(0);
    for (Index t = 0; t < trials; ++t) {
      const S* p = probability.data() + k * dimension();
      row[detail::draw(p, dimension(), 1.0, random.uniform())] += S(1);
    }
  }
};

template <class Derived>
Multinomial(const Eigen::MatrixBase<Derived>&) -> Multinomial<typename Derived::Scalar>;
template <class Derived>
Multinomial(const Eigen::MatrixBase<Derived>&, DirichletPrior)
    -> Multinomial<typename Derived::Scalar>;

LATENT_END
