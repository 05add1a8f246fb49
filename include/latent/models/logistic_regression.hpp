// Logistic regression: the EM engine where nothing is hidden.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/report.hpp"
#include "latent/em/e_step.hpp"
#include "latent/em/over_blocks.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/models/logistic.hpp"

LATENT_BEGIN

// Sums over the rows with a label, t_i = (x_i, 1), p_i = p(y = 1 | x_i) under the present model.
struct LogisticStatistics {
  Vector<double> gradient;    // D+1: sum_i w_i (y_i - p_i) t_i
  RowMatrix<double> hessian;  // (D+1) x (D+1): sum_i w_i p_i (1 - p_i) t_i t_i'
  RowMatrix<double> bound;    // (D+1) x (D+1): the same with the curvature of the quadratic bound
  auto fields() { return std::tie(gradient, hessian, bound); }
};

// p(y = 1 | x) = 1 / (1 + exp(-(intercept + coefficients' x))). The features are the data, the
// response is the label, 0 or 1; rows of label -1 do not count. `ridge` > 0 is a normal prior of
// that precision on each coefficient (not on the intercept), and the fit is maximum a posteriori.
//
//   auto fit = latent::EM{}.fit(latent::LogisticRegression<>(x.cols()), samples(x).labels(y));
//
// An iteration is a Newton step (iteratively reweighted least squares). Where that overshoots, the
// engine takes maximize_safely instead: the step to the top of a quadratic lower bound, which
// cannot lower the likelihood (Jaakkola and Jordan 2000). Where a plane separates the classes there
// is no maximum and the coefficients grow until nothing is gained: the fit is then degenerate() and
// a note says so. Features should not lie far from 0 compared with their spread: the intercept then
// cannot be told from them. The statistics belong to the coefficients at which they were taken:
// online and incremental EM, which blend those of different models, are not for it.
//
// O(n D^2 + D^3) an iteration. x is a matrix (n x D) or a source; every member is const.
template <class S = double>
class LogisticRegression {
 public:
  using Scalar = S;
  static constexpr bool statistics_blend = false;
  using Statistics = LogisticStatistics;

  Vector<S> coefficients;  // D
  S intercept = 0;
  double ridge = 0.0;  // finite, >= 0

  // All coefficients 0, from which Newton starts. Throws InvalidArgument unless columns >= 1.
  explicit LogisticRegression(Index columns, double prior_precision = 0.0)
      : coefficients(Vector<S>::Zero(columns > 0 ? columns : 0)), ridge{prior_precision} {
    check();
  }
  explicit LogisticRegression(Vector<S> start, S start_intercept = 0, double prior_precision = 0.0)
      : coefficients(std::move(start)), intercept{start_intercept}, ridge{prior_precision} {
    check();
  }

  Index dimension() const { return coefficients.size(); }  // D
  Index components() const { return 2; }                   // the values of the label

  // What the engine calls.

  Statistics zero() const {
    const Index side = dimension() + 1;
    return {Vector<double>::Zero(side), RowMatrix<double>::Zero(side, side),
            RowMatrix<double>::Zero(side, side)};
  }

  Expectation expect(const Block<S>& block, Statistics& s) const {
    const Index n = block.x.rows();
    const RowMatrix<double> design = detail::with_ones<S>(block.x, dimension());
    const Vector<double> theta = packed_parameters();
    Vector<double> slope(n);
    Vector<double> bound(n);
    Expectation sums;
    for (Index i = 0; i < n; ++i) {
      const double w = block.labels[i] < 0 ? 0.0 : block.weights[i];
      const Score score = score_of(design.data() + i * design.cols(), theta);
      slope[i] = w * detail::sigmoid_slope(score.value);
      bound[i] = w * detail::bound_curvature(score.value);
      if (!(w > 0.0)) continue;
      const double side = block.labels[i] == 1 ? score.value : -score.value;
      const double log_likelihood = detail::log_sigmoid(side);
      const double missed = detail::sigmoid(-side);
      sums.log_likelihood += w * log_likelihood;
      // The score is a difference of larger numbers, and its rounding counts as far as p is not 1.
      sums.magnitude += w * (std::abs(log_likelihood) + missed * score.size);
      for (Index j = 0; j < design.cols(); ++j)
        s.gradient[j] += (block.labels[i] == 1 ? w : -w) * missed * design(i, j);
    }
    sums.objective = sums.log_likelihood;
    detail::add_weighted_gram(design, slope, s.hessian);
    detail::add_weighted_gram(design, bound, s.bound);
    return sums;
  }

  // The Newton step; that of the bound where there is none.
  LogisticRegression maximize(const Statistics& statistics) const {
    return stepped(statistics, statistics.hessian);
  }

  // To the maximum of the quadratic bound that touches the objective at the present model: never
  // lower than here, whatever the model.
  LogisticRegression maximize_safely(const Statistics& statistics) const {
    return stepped(statistics, statistics.bound);
  }

  // Whether rows could have given the statistics, as far as the diagonals tell.
  bool valid(const Statistics& statistics) const {
    return (statistics.hessian.diagonal().array() >= 0.0).all() &&
           (statistics.bound.diagonal().array() >= statistics.hessian.diagonal().array()).all();
  }

  // The log density of the prior, without its constant.
  double log_prior() const {
    return ridge > 0.0 ? -0.5 * ridge * coefficients.template cast<double>().squaredNorm() : 0.0;
  }

  bool degenerate() const { return trouble_ != nullptr; }
  void notes(Index iteration, std::vector<Note>& out) const {
    if (trouble_ != nullptr) out.push_back({iteration, -1, 0.0, trouble_});
  }

  // Throws InvalidArgument naming the rule that the parameters break.
  void check() const {
    detail::require(dimension() >= 1,
                    "LogisticRegression: there must be at least one coefficient; got ",
                    dimension());
    detail::require(is_finite(ridge) && ridge >= 0.0,
                    "LogisticRegression: ridge must be finite and not negative; got ", ridge);
    detail::require(is_finite(intercept), "LogisticRegression: intercept must be finite; got ",
                    intercept);
    for (Index j = 0; j < dimension(); ++j)
      detail::require(is_finite(coefficients[j]),
                      "LogisticRegression: coefficients must be finite; got coefficients(", j,
                      ") = ", coefficients[j]);
  }

  // D+1: coefficients, intercept.
  Vector<double> parameters() const { return packed_parameters(); }
  // coefficient(j), intercept.
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names = detail::numbered("coefficient", dimension());
    names.push_back("intercept");
    return names;
  }
  Index free_parameters() const { return dimension() + 1; }

  // What a user asks a fitted model. All throw InvalidArgument (columns) and DataError (values).

  // n: p(y = 1 | x_i). Labels in a source are ignored.
  template <class Data>
  Vector<double> probability(const Data& x) const {
    Vector<double> out;
    scores(x, "LogisticRegression::probability", out, [](double v) { return detail::sigmoid(v); });
    return out;
  }

  // n: the likelier label; 0 where they are equally likely.
  template <class Data>
  Labels predict(const Data& x) const {
    Labels out;
    scores(x, "LogisticRegression::predict", out, [](double v) { return v > 0.0 ? 1 : 0; });
    return out;
  }

  // sum_i w_i log p(y_i | x_i) over the rows with a label, without the prior.
  template <class Data>
  double log_likelihood(const Data& labelled) const {
    return expected(labelled, "LogisticRegression::log_likelihood").sums.log_likelihood;
  }

  // D+1: the square roots of the diagonal of the inverse of the observed information (with the
  // ridge), coefficients first, then the intercept. At the maximum they are the usual standard
  // errors; infinite where the information is singular. One pass over the data, or none.
  template <class Data>
  Vector<double> standard_errors(const Data& labelled) const
      requires(!std::is_same_v<Data, LogisticStatistics>) {
    return standard_errors(expected(labelled, "LogisticRegression::standard_errors").statistics);
  }
  Vector<double> standard_errors(const LogisticStatistics& statistics) const {
    RowMatrix<double> information = statistics.hessian;
    if (!(information.rows() == dimension() + 1)) information = zero().hessian;
    detail::add_ridge(ridge, information);
    return detail::inverse_diagonal(information).cwiseSqrt();
  }

 private:
  struct Score {
    double value = 0.0;  // intercept + coefficients' x
    double size = 0.0;   // the same of the magnitudes
  };
  static Score score_of(const double* t, const Vector<double>& theta) {
    Score score;
    for (Index j = 0; j < theta.size(); ++j) {
      score.value += theta[j] * t[j];
      score.size += std::abs(theta[j] * t[j]);
    }
    return score;
  }

  Vector<double> packed_parameters() const {
    Vector<double> theta(dimension() + 1);
    theta << coefficients.template cast<double>(), static_cast<double>(intercept);
    return theta;
  }

  // theta + (curvature + ridge)^-1 (gradient - ridge theta).
  LogisticRegression stepped(const Statistics& s, RowMatrix<double> curvature) const {
    LogisticRegression next = *this;
    next.trouble_ = trouble_of(s);
    const Vector<double> theta = packed_parameters();
    Vector<double> slope = s.gradient;
    slope.head(dimension()) -= ridge * theta.head(dimension());
    detail::add_ridge(ridge, curvature);
    RowMatrix<double> fallback = s.bound;
    detail::add_ridge(ridge, fallback);
    Vector<double> step;
    if (detail::solve_curvature(curvature, slope, step) == detail::Curvature::useless &&
        detail::solve_curvature(fallback, slope, step) == detail::Curvature::useless)
      return next;
    const Vector<double> moved = theta + step;
    const Vector<S> narrow = moved.template cast<S>();
    if (!detail::all_finite(narrow.data(), narrow.size())) return next;
    next.coefficients = narrow.head(dimension());
    next.intercept = narrow[dimension()];
    return next;
  }

  // The information of rows that decide nothing vanishes exponentially, the bound's curvature only
  // as 1/|score|: where some direction has kept less than a millionth of it, the classes are
  // separated.
  const char* trouble_of(const Statistics& s) const {
    const Index last = dimension();
    if (s.bound(last, last) == 0.0) return "no row has a label: the coefficients stay as they were";
    RowMatrix<double> bound = s.bound;
    detail::add_ridge(ridge, bound);
    RowMatrix<double> hessian = s.hessian;
    detail::add_ridge(ridge, hessian);
    const Vector<double> unit = bound.diagonal().cwiseSqrt();
    const auto definite = [&](const RowMatrix<double>& matrix, double shift) {
      RowMatrix<double> scaled(matrix.rows(), matrix.cols());
      for (Index i = 0; i <= last; ++i)
        for (Index j = 0; j <= i; ++j) scaled(i, j) = matrix(i, j) / (unit[i] * unit[j]);
      RowMatrix<double> factor(matrix.rows(), matrix.cols());
      return detail::cholesky(scaled, shift, factor);
    };
    if (!definite(bound, 1e-13))
      return "the features are collinear, with each other or with the intercept: their "
             "coefficients "
             "are not determined";
    hessian -= 1e-6 * bound;
    if (!definite(hessian, 0.0))
      return "the classes are separated, or nearly so: the coefficients grow without end; ridge > "
             "0 "
             "keeps them finite";
    return nullptr;
  }

  template <class Data, class Out, class F>
  void scores(const Data& x, std::string_view who, Out& out, const F& f) const {
    check();
    const Vector<double> theta = packed_parameters();
    detail::over_blocks(
        *this, x, who, [&](Index n) { out.resize(n); },
        [&](const Block<S>& block) {
          const RowMatrix<double> design = detail::with_ones<S>(block.x, dimension());
          for (Index i = 0; i < design.rows(); ++i)
            out[block.first_row + i] = f(score_of(design.data() + i * design.cols(), theta).value);
        });
  }

  template <class Data>
  detail::EStep<Statistics> expected(const Data& labelled, std::string_view who) const {
    decltype(auto) data = detail::as_samples(labelled);
    auto&& team = Threads{}.team();
    detail::check_model_and_data(*this, data, team, who);
    return detail::e_step(*this, data, Soft{}, Step{}, team);
  }

  const char* trouble_ = nullptr;
};

LATENT_END
