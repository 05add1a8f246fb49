// The E-step variants of hidden Markov models against all paths, and fits with them.
#include <cmath>
#include <limits>
#include <vector>

#include "latent/em/em.hpp"
#include "models/all_paths.hpp"
#include "models/die.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::Labels;
using latent::Random;
using latent::RowMatrix;
using latent::Vector;
using latent_test::Casino;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::eps;

namespace {

const std::vector<Index>& lengths() {
  static const std::vector<Index> of_sequences{6, 1, 7};
  return of_sequences;
}

// Three dice that mostly take turns, so that the direction of a step matters and no paths tie.
Casino three_dice() {
  return {Eigen::Vector3d(0.5, 0.3, 0.2),
          RowMatrix<double>{{0.2, 0.71, 0.09}, {0.1, 0.23, 0.67}, {0.69, 0.12, 0.19}},
          {RowMatrix<double>{{0.3, 0.28, 0.12, 0.11, 0.1, 0.09},
                             {0.09, 0.1, 0.31, 0.27, 0.12, 0.11},
                             {0.11, 0.13, 0.09, 0.08, 0.26, 0.33}}}};
}

RowMatrix<double> throws() {
  return three_dice().sample(lengths(), 4);
}

latent_test::AllPaths all_paths_of(const Casino& model, const RowMatrix<double>& x, Index first,
                                   Index length, double beta = 1.0) {
  RowMatrix<double> density(length, model.components());
  model.family.log_density(x.middleRows(first, length), density);
  return latent_test::all_paths(model.initial.array().pow(beta).matrix(),
                                model.transition.array().pow(beta).matrix(), beta * density, {});
}

template <class Assign>
auto e_step(const Casino& model, const Assign& assign, const latent::Step& step = {}) {
  const RowMatrix<double> x = throws();
  auto team = latent::Serial{}.team();
  return latent::detail::e_step(model, latent::samples(x).sequences(lengths()), assign, step, team);
}

}  // namespace

TEST_CASE("hidden markov: hard EM counts the best path, whose log-probability is the objective") {
  const Casino model = three_dice();
  const RowMatrix<double> x = throws();
  const auto step = e_step(model, latent::Hard{});
  double objective = 0.0;
  double log_likelihood = 0.0;
  Vector<double> initial = Vector<double>::Zero(3);
  RowMatrix<double> transition = RowMatrix<double>::Zero(3, 3);
  Index first = 0;
  for (const Index length : lengths()) {
    const auto one = all_paths_of(model, x, first, length);
    objective += one.best_log_probability;
    log_likelihood += one.log_likelihood;
    initial[one.best[0]] += 1;
    for (std::size_t t = 1; t < one.best.size(); ++t) transition(one.best[t - 1], one.best[t]) += 1;
    first += length;
  }
  CHECK(close(step.sums.objective, objective, 64 * eps));
  CHECK(close(step.sums.log_likelihood, log_likelihood, 64 * eps));
  CHECK(step.statistics.initial == initial);
  CHECK(step.statistics.transition == transition);
  CHECK(step.statistics.n.sum() == 14.0);
}

TEST_CASE("hidden markov: Viterbi training never falls and stops") {
  const Casino truth = latent_test::casino();
  const RowMatrix<double> x = truth.sample(3000, 5);
  const auto fit = latent::EM{.tolerance = 1e-12}.fit(truth, x, {}, latent::Hard{});
  CHECK(fit.report.converged());
  CHECK(fit.report.iterations < 200);
  for (std::size_t i = 1; i < fit.report.trace.size(); ++i)
    CHECK(fit.report.trace[i].objective >= fit.report.trace[i - 1].objective - 1e-8);
  CHECK(close(fit.report.trace.back().objective, fit.model.viterbi(x).log_probability, 16 * eps));
}

TEST_CASE("hidden markov: stochastic EM draws paths from their posterior, anew each iteration") {
  const Casino model = three_dice();
  const RowMatrix<double> x = throws();
  Vector<double> initial = Vector<double>::Zero(3);
  RowMatrix<double> transition = RowMatrix<double>::Zero(3, 3);
  Index first = 0;
  for (const Index length : lengths()) {
    const auto one = all_paths_of(model, x, first, length);
    initial += one.gamma.row(0).transpose();
    transition += one.transitions;
    first += length;
  }
  Vector<double> mean_initial = Vector<double>::Zero(3);
  RowMatrix<double> mean_transition = RowMatrix<double>::Zero(3, 3);
  const int draws = 4000;
  for (int i = 0; i < draws; ++i) {
    const auto step = e_step(model, latent::Stochastic{}, {9, 0, i});
    CHECK(step.statistics.n.sum() == 14.0);
    CHECK(step.statistics.transition.sum() == 11.0);
    mean_initial += step.statistics.initial / draws;
    mean_transition += step.statistics.transition / draws;
  }
  // Counts of 3 starts and 11 steps: standard deviations below 1 and 4, so that five standard
  // errors of the mean are 0.08 and 0.32. The steps forth and back differ by more.
  CHECK(transition(0, 1) > transition(1, 0) + 1);
  CHECK((mean_initial - initial).cwiseAbs().maxCoeff() < 0.08);
  CHECK((mean_transition - transition).cwiseAbs().maxCoeff() < 0.32);
  // Draws belong to rows: a sequence given twice takes two paths.
  const RowMatrix<double> twice = x.topRows(6).replicate(2, 1);
  auto team = latent::Serial{}.team();
  double apart = 0.0;
  for (int i = 0; i < 20; ++i)
    apart += std::abs(latent::detail::e_step(model, latent::samples(twice).sequences({6, 6}),
                                             latent::Stochastic{}, {9, 0, i}, team)
                          .statistics.initial[0] -
                      1.0);
  CHECK(apart < 20.0);
  CHECK(close(e_step(model, latent::Stochastic{}).sums.log_likelihood,
              e_step(model, latent::Soft{}).sums.log_likelihood, 4 * eps));
}

TEST_CASE("hidden markov: annealed EM weighs every path by its probability to the power of beta") {
  const Casino model = three_dice();
  const RowMatrix<double> x = throws();
  const double beta = 0.3;
  const auto step = e_step(model, latent::Annealed{.start = beta});
  double objective = 0.0;
  RowMatrix<double> transition = RowMatrix<double>::Zero(3, 3);
  Index first = 0;
  for (const Index length : lengths()) {
    const auto one = all_paths_of(model, x, first, length, beta);
    objective += one.log_likelihood / beta;
    transition += one.transitions;
    first += length;
  }
  CHECK(close(step.sums.objective, objective, 64 * eps));
  CHECK(close_matrix(step.statistics.transition, transition, 256 * eps));
  CHECK(
      close(step.sums.log_likelihood, e_step(model, latent::Soft{}).sums.log_likelihood, 4 * eps));
  const auto soft = e_step(model, latent::Soft{});
  const auto cooled = e_step(model, latent::Annealed{.start = 1.0});
  CHECK(latent_test::same_bits(latent::pack(cooled), latent::pack(soft)));
  const Casino casino = latent_test::casino();
  CHECK(latent::EM{.max_iterations = 2000}
            .fit(casino, casino.sample(2000, 6), {}, latent::Annealed{.start = 0.5})
            .report.converged());
}

TEST_CASE("hidden markov: a sequence that is impossible keeps to the rules of every variant") {
  Casino model = latent_test::casino();
  model.family.probability.col(3).setZero();
  RowMatrix<double> x = RowMatrix<double>::Zero(3, 1);
  x(1, 0) = 3;
  auto team = latent::Serial{}.team();
  const auto check = [&](const auto& assign) {
    const auto step = latent::detail::e_step(model, latent::samples(x), assign, {}, team);
    CHECK(step.sums.log_likelihood == -std::numeric_limits<double>::infinity());
    CHECK(step.sums.objective == -std::numeric_limits<double>::infinity());
    CHECK(latent::all_finite(step.statistics));
    CHECK(close(step.statistics.n.sum(), 3.0, 8 * eps));
    CHECK(close(step.statistics.transition.sum(), 2.0, 8 * eps));
  };
  check(latent::Soft{});
  check(latent::Hard{});
  check(latent::Stochastic{});
  check(latent::Annealed{});
}
