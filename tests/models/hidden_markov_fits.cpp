// Fits of hidden Markov models: Baum-Welch rises, finds what made the data, and keeps its zeros.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "latent/em/em.hpp"
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

// A guess that knows only that the second die may favour the six.
Casino guess() {
  return {Eigen::Vector2d(0.5, 0.5),
          RowMatrix<double>{{0.8, 0.2}, {0.2, 0.8}},
          {RowMatrix<double>{{0.18, 0.18, 0.17, 0.17, 0.16, 0.14},
                             {0.14, 0.15, 0.16, 0.16, 0.17, 0.22}}}};
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("hidden markov: Baum-Welch never falls, and ends where a step changes nothing") {
  const std::vector<Index> lengths(20, 50);
  const RowMatrix<double> x = latent_test::casino().sample(lengths, 1);
  const auto source = latent::samples(x).sequences(lengths);
  const auto fit = latent::EM{.max_iterations = 3000, .tolerance = 1e-13}.fit(guess(), source);
  for (std::size_t i = 1; i < fit.report.trace.size(); ++i)
    CHECK(fit.report.trace[i].objective >=
          fit.report.trace[i - 1].objective - 64 * eps * std::abs(fit.log_likelihood));
  CHECK(fit.report.status != latent::Status::not_monotone);
  CHECK(close(fit.model.log_likelihood(source), fit.log_likelihood, 16 * eps));
  CHECK(fit.log_likelihood > latent_test::casino().log_likelihood(source));
}

TEST_CASE("hidden markov: the dishonest casino is found, up to the names of the dice") {
  const Casino truth = latent_test::casino();
  Labels states;
  const RowMatrix<double> x = truth.sample(30000, 2, &states);
  const auto fit = latent::EM{.max_iterations = 2000, .tolerance = 1e-9}.fit(guess(), x);
  CHECK(fit.report.converged());
  Casino found = fit.model;
  if (found.family.probability(0, 5) > found.family.probability(1, 5)) {
    found.family.probability.row(0).swap(found.family.probability.row(1));
    found.transition = found.transition.reverse().eval();
  }
  // 30000 throws, two thirds of them fair and 1000 changes each way: standard errors of the
  // transitions are some 0.002 with the states known; they are hidden, so allow for five of three
  // times that.
  CHECK((found.transition - truth.transition).cwiseAbs().maxCoeff() < 0.03);
  CHECK((found.family.probability - truth.family.probability).cwiseAbs().maxCoeff() < 0.03);
  // Decoding: the posterior mode makes no more errors than the path, and both beat "always fair".
  const double by_mode = (truth.posterior_mode(x).array() == states.array()).cast<double>().mean();
  const double by_path = (truth.predict(x).array() == states.array()).cast<double>().mean();
  CHECK(by_mode >= by_path);
  CHECK(by_path > 0.75);
  CHECK(close(truth.stationary()[1], (states.array() == 1).cast<double>().mean(), 0.1));
}

TEST_CASE("hidden markov: states moved from left to right stay so, and rows all end in the last") {
  const RowMatrix<double> from_left{{0.7, 0.3, 0.0}, {0.0, 0.6, 0.4}, {0.0, 0.0, 1.0}};
  const Casino truth{Eigen::Vector3d(1, 0, 0),
                     from_left,
                     {RowMatrix<double>{{0.8, 0.1, 0.1}, {0.1, 0.8, 0.1}, {0.1, 0.1, 0.8}}}};
  const std::vector<Index> lengths(200, 12);
  const RowMatrix<double> x = truth.sample(lengths, 3);
  const Casino start{Eigen::Vector3d(1, 0, 0),
                     RowMatrix<double>{{0.5, 0.5, 0.0}, {0.0, 0.5, 0.5}, {0.0, 0.0, 1.0}},
                     {RowMatrix<double>{{0.5, 0.3, 0.2}, {0.3, 0.4, 0.3}, {0.2, 0.3, 0.5}}}};
  const auto source = latent::samples(x).sequences(lengths);
  const auto fit = latent::EM{.max_iterations = 500}.fit(start, source);
  CHECK(fit.model.initial == start.initial);
  for (Index j = 0; j < 3; ++j)
    for (Index k = 0; k < 3; ++k)
      if (start.transition(j, k) == 0.0) CHECK(fit.model.transition(j, k) == 0.0);
  CHECK(fit.model.transition(2, 2) == 1.0);
  CHECK((fit.model.transition - from_left).cwiseAbs().maxCoeff() < 0.1);
  const Labels path = fit.model.predict(source);
  for (Index i = 0; i < path.size(); ++i)
    if (i % 12 > 0) CHECK((path[i] >= path[i - 1] && path[i] <= path[i - 1] + 1));
}

TEST_CASE("hidden markov: a start with equal states stays equal, and finite") {
  const RowMatrix<double> x = latent_test::casino().sample(500, 4);
  const Casino start{Eigen::Vector2d(0.5, 0.5),
                     RowMatrix<double>::Constant(2, 2, 0.5),
                     {RowMatrix<double>::Constant(2, 6, 1.0 / 6)}};
  const auto fit = latent::EM{.max_iterations = 50, .tolerance = 0}.fit(start, x);
  CHECK(close_matrix(fit.model.transition, start.transition, 64 * eps));
  CHECK(fit.model.family.probability.row(0) == fit.model.family.probability.row(1));
}

TEST_CASE("hidden markov: rows that no state explains make -inf, never NaN, and can be left") {
  // Neither die of the start shows the last face.
  Casino start = guess();
  start.family.probability.col(5).setZero();
  for (Index k = 0; k < 2; ++k)
    start.family.probability.row(k) /= start.family.probability.row(k).sum();
  const RowMatrix<double> x = latent_test::casino().sample(400, 5);
  CHECK(start.log_likelihood(x) == -infinity);
  CHECK(start.viterbi(x).log_probability == -infinity);
  const RowMatrix<double> gamma = start.posterior(x);
  CHECK(gamma.allFinite());
  CHECK(close_matrix(gamma.rowwise().sum(), Vector<double>::Ones(400), 8 * eps));
  // Their posteriors count, so that one step explains them.
  const auto fit = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(start, x);
  CHECK(fit.report.trace[0].objective == -infinity);
  CHECK(std::isfinite(fit.report.trace[1].objective));
  CHECK(std::isfinite(fit.log_likelihood));
}

TEST_CASE(
    "hidden markov: a transition of 0 stays 0 against labels that stand alone, in every variant") {
  // From left to right; the labels go back, at first with unknown rows between them.
  Casino start = guess();
  start.initial = Eigen::Vector2d(0.5, 0.5);
  start.transition = RowMatrix<double>{{0.75, 0.25}, {0.0, 1.0}};
  const RowMatrix<double> x = latent_test::casino().sample(400, 5);
  latent::Labels labels = latent::Labels::Constant(400, -1);
  for (Index i = 0; i < 400; i += 4) labels[i] = i % 8 == 0 ? 1 : 0;
  const auto try_all = [&](const auto& check) {
    const auto source = latent::samples(x).labels(labels);
    const latent::EM em{.max_iterations = 3, .tolerance = 0};
    check(em.fit(start, source).model.transition);
    check(em.fit(start, source, {}, latent::Hard{}).model.transition);
    check(em.fit(start, source, {}, latent::Stochastic{}).model.transition);
    check(em.fit(start, source, {}, latent::Annealed{.start = 0.5}).model.transition);
  };
  try_all([](const RowMatrix<double>& transition) {
    CHECK(transition(1, 0) == 0.0);
    CHECK(transition(1, 1) == 1.0);
    CHECK(transition(0, 1) > 0.0);
  });
  // A step between two known labels is seen, and counts.
  labels[9] = 0;
  try_all([](const RowMatrix<double>& transition) { CHECK(transition(1, 0) > 0.0); });
}

TEST_CASE("hidden markov: an impossible sequence of weight 0 counts for nothing") {
  Casino model = latent_test::casino();
  model.family.probability.col(5).setZero();
  RowMatrix<double> x = RowMatrix<double>::Zero(6, 1);
  x(1, 0) = 5;
  Vector<double> weights = Vector<double>::Ones(6);
  weights.head(3).setZero();
  const auto source = latent::samples(x).weights(weights).sequences({3, 3});
  const auto fit = latent::EM{.max_iterations = 0}.fit(model, source);
  CHECK(std::isfinite(fit.log_likelihood));
  CHECK(close(fit.log_likelihood, model.log_likelihood(x.bottomRows(3)), 4 * eps));
  CHECK(close(model.log_likelihood(source), fit.log_likelihood, 4 * eps));
  CHECK(std::isfinite(model.viterbi(source).log_probability));
  CHECK(model.sequence_log_density(source)[0] == -infinity);
}

TEST_CASE("hidden markov: acceleration reaches the same maximum in fewer steps") {
  const std::vector<Index> lengths(20, 100);
  const RowMatrix<double> x = latent_test::casino().sample(lengths, 8);
  const auto source = latent::samples(x).sequences(lengths);
  const auto plain = latent::EM{.max_iterations = 20000, .tolerance = 1e-12}.fit(guess(), source);
  const auto fast = latent::EM{.max_iterations = 20000,
                               .tolerance = 1e-12,
                               .acceleration = latent::Acceleration::squarem}
                        .fit(guess(), source);
  CHECK(plain.report.converged());
  CHECK(fast.report.converged());
  CHECK(close(plain.log_likelihood, fast.log_likelihood, 1e-7));
  CHECK(fast.report.evaluations < plain.report.evaluations);
}

TEST_CASE("hidden markov: a sequence of 100000 rows is fitted and decoded") {
  const RowMatrix<double> x = latent_test::casino().sample(100000, 6);
  const auto fit = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(guess(), x);
  CHECK(fit.report.status == latent::Status::max_iterations);
  CHECK(std::isfinite(fit.log_likelihood));
  CHECK(fit.model.posterior(x).allFinite());
  CHECK(fit.model.viterbi(x).log_probability <= fit.log_likelihood);
  CHECK(close(fit.model.transition.sum(), 2.0, 8 * eps));
  // Even dice would make it log(1 / 6) a row.
  CHECK(fit.log_likelihood / 100000 > -std::log(6.0));
}

TEST_CASE("hidden markov: rows of a source without sequences are one sequence") {
  const Casino model = latent_test::casino();
  const RowMatrix<double> x = model.sample(700, 7);
  CHECK(model.log_likelihood(x) == model.log_likelihood(latent::samples(x).sequences({700})));
  CHECK(model.log_likelihood(x) != model.log_likelihood(latent::samples(x).sequences({350, 350})));
  CHECK(model.sample(std::vector<Index>{700}, 7) == x);
  const RowMatrix<double> none(0, 1);
  CHECK(model.log_likelihood(none) == 0.0);
  CHECK(model.posterior(none).rows() == 0);
  CHECK(model.viterbi(none).states.size() == 0);
  const double p = static_cast<double>(model.free_parameters());
  CHECK(model.free_parameters() == 10 + 2 + 1);
  CHECK(close(model.aic(x), 2 * p - 2 * model.log_likelihood(x), 4 * eps));
  CHECK(close(model.bic(x), p * std::log(700) - 2 * model.log_likelihood(x), 4 * eps));
}
