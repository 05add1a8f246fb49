// A mixture of logistic regressions: Mixture<LogisticExperts<S>>.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/em/over_blocks.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/models/logistic.hpp"

LATENT_BEGIN

// With t_i = (x_i, 1), and the curvature c_ik of the quadratic bound at the present score of row i
// under expert k.
struct LogisticExpertsStatistics {
  RowMatrix<double> cross;      // K x (D+1): sum_i r(i,k) (y_i - 1/2) t_i
  RowMatrix<double> curvature;  // K (D+1) x (D+1): sum_i r(i,k) c_ik t_i t_i'
  auto fields() { return std::tie(cross, curvature); }
};

// A family whose rows are (x_1 ... x_D, y) with y = 0 or 1 in the last column:
//   p(y = 1 | x, k) = 1 / (1 + exp(-(intercepts(k) + coefficients(k)' x))).
// The features themselves have no density; a mixture of it explains y given x (experts without a
// gate: Jordan and Jacobs 1994; Wedel and DeSarbo 1995).
//
// The M-step of a logistic regression has no closed form. `maximize` takes one step to the top of a
// quadratic lower bound instead (Jaakkola and Jordan 2000): it raises the expected log-likelihood
// without maximising it, which is all that EM needs to climb (generalised EM; Dempster, Laird and
// Rubin 1977). `ridge` > 0 is a normal prior of that precision on each coefficient, not on the
// intercepts; without it, the coefficients of an expert whose rows a plane separates grow for ever.
//
// O(n K D^2 + K D^3) an iteration.
template <class S = double>
struct LogisticExperts {
  using Scalar = S;
  using Statistics = LogisticExpertsStatistics;

  RowMatrix<S> coefficients;  // K x D
  Vector<S> intercepts;       // K
  double ridge = 0.0;         // finite, >= 0

  // Random experts for features of size about 1: standard normal coefficients over sqrt(D),
  // intercepts 0.
  static LogisticExperts start(Index components, Index features, std::uint64_t seed = 0) {
    detail::require(components >= 1 && features >= 1,
                    "LogisticExperts::start: components and features must be at least 1; got ",
                    components, " and ", features);
    LogisticExperts made{RowMatrix<S>(components, features), Vector<S>::Zero(components)};
    const Random stream(seed, Purpose::initialisation);
    for (Index k = 0; k < components; ++k) {
      Random random = stream.at(static_cast<std::uint64_t>(k));
      for (Index j = 0; j < features; ++j)
        made.coefficients(k, j) =
            static_cast<S>(random.normal() / std::sqrt(static_cast<double>(features)));
    }
    return made;
  }

  Index components() const { return coefficients.rows(); }
  Index features() const { return coefficients.cols(); }       // D
  Index dimension() const { return coefficients.cols() + 1; }  // D + 1

  Statistics zero() const {
    return {RowMatrix<double>::Zero(components(), dimension()),
            RowMatrix<double>::Zero(components() * dimension(), dimension())};
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    const RowMatrix<double> scores = scores_of(detail::with_ones<S>(x, features()));
    for (Index i = 0; i < x.rows(); ++i)
      for (Index k = 0; k < components(); ++k)
        out(i, k) = static_cast<S>(
            detail::log_sigmoid(x(i, features()) == S(1) ? scores(i, k) : -scores(i, k)));
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    const RowMatrix<double> design = detail::with_ones<S>(x, features());
    const RowMatrix<double> scores = scores_of(design);
    Vector<double> factor(x.rows());
    for (Index k = 0; k < components(); ++k) {
      for (Index i = 0; i < x.rows(); ++i) {
        const auto weight = static_cast<double>(r(i, k));
        const double half = x(i, features()) == S(1) ? 0.5 * weight : -0.5 * weight;
        for (Index j = 0; j < dimension(); ++j) s.cross(k, j) += half * design(i, j);
        factor[i] = weight * detail::bound_curvature(scores(i, k));
      }
      detail::add_weighted_gram(design, factor, s.curvature, k * dimension());
    }
  }

  // theta(k) = (curvature(k) + ridge)^-1 cross(k). An expert without rows keeps what it had.
  LogisticExperts maximize(const Vector<double>& n, const Statistics& s) const {
    LogisticExperts next = *this;
    for (Index k = 0; k < components(); ++k) {
      RowMatrix<double> curvature = s.curvature.middleRows(k * dimension(), dimension());
      detail::add_ridge(ridge, curvature);
      // As a step from here, which is right also where the curvature is singular.
      const Vector<double> theta = parameters_of(k);
      Vector<double> slope = s.cross.row(k).transpose();
      for (Index i = 0; i < dimension(); ++i)
        for (Index j = 0; j < dimension(); ++j)
          slope[i] -= curvature(i > j ? i : j, i > j ? j : i) * theta[j];
      Vector<double> step;
      if (!(n[k] > 0.0) ||
          detail::solve_curvature(curvature, slope, step) == detail::Curvature::useless)
        continue;
      for (Index j = 0; j < features(); ++j)
        next.coefficients(k, j) = static_cast<S>(theta[j] + step[j]);
      next.intercepts[k] = static_cast<S>(theta[features()] + step[features()]);
    }
    return next;
  }

  // Whether rows could have given the statistics, as far as the diagonals tell.
  bool valid(const Vector<double>& /*n*/, const Statistics& s) const {
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        if (!(s.curvature(k * dimension() + j, j) >= 0.0)) return false;
    return true;
  }

  void check() const {
    detail::require(components() >= 1 && features() >= 1 && intercepts.size() == components(),
                    "LogisticExperts: there must be K x D coefficients and K intercepts; got ",
                    components(), " x ", features(), " and ", intercepts.size());
    detail::require(is_finite(ridge) && ridge >= 0.0,
                    "LogisticExperts: ridge must be finite and not negative; got ", ridge);
    for (Index k = 0; k < components(); ++k) {
      detail::require(is_finite(intercepts[k]),
                      "LogisticExperts: intercepts must be finite; got intercepts(", k,
                      ") = ", intercepts[k]);
      for (Index j = 0; j < features(); ++j)
        detail::require(is_finite(coefficients(k, j)),
                        "LogisticExperts: coefficients must be finite; got coefficients(", k, ", ",
                        j, ") = ", coefficients(k, j));
    }
  }

  void check_data(const Eigen::Ref<const RowMatrix<S>>& x, Index first_row) const {
    const Index last = x.cols() - 1;
    for (Index i = 0; i < x.rows(); ++i)
      if (x(i, last) != S(0) && x(i, last) != S(1)) [[unlikely]]
        detail::fail<DataError>(
            "LogisticExperts: the last column is the response and must be 0 or 1; got ", x(i, last),
            " at row ", first_row + i);
  }

  // The log density of the prior, without its constant.
  double log_prior() const {
    return ridge > 0.0 ? -0.5 * ridge * coefficients.template cast<double>().squaredNorm() : 0.0;
  }

  // Coefficients expert by expert, then the intercepts.
  Vector<double> parameters() const {
    Vector<double> all(components() * dimension());
    all << Eigen::Map<const Vector<S>>(coefficients.data(), coefficients.size())
               .template cast<double>(),
        intercepts.template cast<double>();
    return all;
  }
  // coefficient(k,j), then intercept(k).
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names = detail::numbered("coefficient", components(), features());
    for (std::string& name : detail::numbered("intercept", components()))
      names.push_back(std::move(name));
    return names;
  }
  Index free_parameters() const { return components() * dimension(); }

  // n x K: p(y = 1 | x_i, k) for features x (n x D).
  RowMatrix<double> probability(const Eigen::Ref<const RowMatrix<S>>& x) const {
    check();
    detail::require(x.cols() == features(),
                    "LogisticExperts::probability: x must have one column a feature, ", features(),
                    "; got ", x.rows(), " x ", x.cols());
    RowMatrix<double> out = scores_of(detail::with_ones<S>(x, features()));
    for (Index i = 0; i < out.size(); ++i) out.data()[i] = detail::sigmoid(out.data()[i]);
    return out;
  }

 private:
  Vector<double> parameters_of(Index k) const {
    Vector<double> theta(dimension());
    theta << coefficients.row(k).transpose().template cast<double>(),
        static_cast<double>(intercepts[k]);
    return theta;
  }

  // n x K: intercept + coefficients' x.
  RowMatrix<double> scores_of(const RowMatrix<double>& design) const {
    RowMatrix<double> theta(components(), dimension());
    for (Index k = 0; k < components(); ++k) theta.row(k) = parameters_of(k).transpose();
    return product(design, theta.transpose());
  }
};

LATENT_END
