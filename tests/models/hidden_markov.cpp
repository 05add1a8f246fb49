// HiddenMarkov against the sum over all paths: sequences, weights, labels, one M-step, decoding.
#include "latent/models/hidden_markov.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/em/em.hpp"
#include "latent/em/trace_table.hpp"
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

// What the sums over all paths of all sequences say.
struct Expected {
  double log_likelihood = 0.0;
  double path_log_probability = 0.0;
  RowMatrix<double> gamma;
  Labels path;
  Vector<double> initial;
  RowMatrix<double> transition;
  Vector<double> n;
  RowMatrix<double> faces;
};

Expected expected_of(const Casino& model, const RowMatrix<double>& x,
                     const std::vector<Index>& lengths, const std::vector<double>& weights,
                     const Labels& labels) {
  const Index states = model.components();
  RowMatrix<double> density(x.rows(), states);
  model.family.log_density(x, density);
  Expected sums;
  sums.gamma = RowMatrix<double>::Zero(x.rows(), states);
  sums.path = Labels::Zero(x.rows());
  sums.initial = Vector<double>::Zero(states);
  sums.transition = RowMatrix<double>::Zero(states, states);
  sums.n = Vector<double>::Zero(states);
  sums.faces = model.family.zero();
  Index first = 0;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    const Index length = lengths[s];
    const auto one =
        latent_test::all_paths(model.initial, model.transition, density.middleRows(first, length),
                               labels.segment(first, length));
    sums.log_likelihood += weights[s] * one.log_likelihood;
    sums.path_log_probability += weights[s] * one.best_log_probability;
    sums.gamma.middleRows(first, length) = one.gamma;
    sums.initial += weights[s] * one.gamma.row(0).transpose();
    sums.transition += weights[s] * one.transitions;
    for (Index t = 0; t < length; ++t) {
      sums.path[first + t] = one.best[static_cast<std::size_t>(t)];
      sums.n += weights[s] * one.gamma.row(t).transpose();
      for (Index k = 0; k < states; ++k)
        sums.faces(k, static_cast<Index>(x(first + t, 0))) += weights[s] * one.gamma(t, k);
    }
    first += length;
  }
  return sums;
}

Casino random_casino(Index states, Index faces, Random& random) {
  return {latent_test::random_distributions(1, states, random).transpose(),
          latent_test::random_distributions(states, states, random),
          {latent_test::random_distributions(states, faces, random)}};
}

}  // namespace

TEST_CASE("hidden markov: statistics, posteriors, paths and one step are those of all paths") {
  Random random(1);
  const std::vector<Index> lengths{5, 1, 8, 3, 7};
  const std::vector<double> weights{1.0, 2.5, 0.0, 0.5, 3.0};
  for (Index states = 1; states <= 3; ++states)
    for (const bool labelled : {false, true}) {
      INFO(states << " states, labelled " << labelled);
      const Casino model = random_casino(states, 4, random);
      RowMatrix<double> x(24, 1);
      Labels labels = Labels::Constant(24, -1);
      Vector<double> row_weights(24);
      for (Index i = 0; i < 24; ++i) {
        x(i, 0) = static_cast<double>(random.below(4));
        if (labelled && random.uniform() < 0.4) labels[i] = static_cast<int>(random.below(states));
      }
      Index row = 0;
      for (std::size_t s = 0; s < lengths.size(); ++s)
        for (Index t = 0; t < lengths[s]; ++t) row_weights[row++] = weights[s];
      const auto source = latent::samples(x).weights(row_weights).labels(labels).sequences(lengths);
      const Expected expected = expected_of(model, x, lengths, weights, labels);
      const double tolerance = 1024 * eps;

      auto team = latent::Serial{}.team();
      const auto step = latent::detail::e_step(model, source, latent::Soft{}, {}, team);
      CHECK(close(step.sums.log_likelihood, expected.log_likelihood, tolerance));
      CHECK(step.sums.objective == step.sums.log_likelihood);
      CHECK(close_matrix(step.statistics.initial, expected.initial, tolerance));
      CHECK(close_matrix(step.statistics.transition, expected.transition, tolerance));
      CHECK(close_matrix(step.statistics.n, expected.n, tolerance));
      CHECK(close_matrix(step.statistics.family, expected.faces, tolerance));

      CHECK(close(model.log_likelihood(source), expected.log_likelihood, tolerance));
      CHECK(close_matrix(model.posterior(source), expected.gamma, tolerance));
      const auto path = model.viterbi(source);
      CHECK(path.states == expected.path);
      CHECK(close(path.log_probability, expected.path_log_probability, tolerance));
      if (!labelled) CHECK(model.predict(source) == expected.path);
      CHECK(latent_test::same_bits(model.responsibilities(source), model.posterior(source)));
      const Labels mode = model.posterior_mode(source);
      for (Index i = 0; i < 24; ++i)
        CHECK(expected.gamma(i, mode[i]) >= expected.gamma.row(i).maxCoeff() - tolerance);

      const auto fit = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(model, source);
      CHECK(close_matrix(fit.model.initial, expected.initial / expected.initial.sum(), tolerance));
      for (Index k = 0; k < states; ++k) {
        CHECK(close_matrix(fit.model.transition.row(k),
                           expected.transition.row(k) / expected.transition.row(k).sum(),
                           tolerance));
        CHECK(close_matrix(fit.model.family.probability.row(k),
                           expected.faces.row(k) / expected.n[k], tolerance));
      }
    }
}

TEST_CASE("hidden markov: a weight of 2 is a sequence given twice, of 0 one left out") {
  Random random(2);
  const Casino model = random_casino(2, 3, random);
  const RowMatrix<double> x = model.sample(60, 1);
  Vector<double> weights(60);
  weights << Vector<double>::Constant(20, 2.0), Vector<double>::Constant(30, 0.0),
      Vector<double>::Constant(10, 1.0);
  RowMatrix<double> repeated(50, 1);
  repeated << x.topRows(20), x.topRows(20), x.bottomRows(10);
  auto team = latent::Serial{}.team();
  const auto weighted = latent::detail::e_step(
      model, latent::samples(x).weights(weights).sequences({20, 30, 10}), latent::Soft{}, {}, team);
  const auto twice = latent::detail::e_step(
      model, latent::samples(repeated).sequences({20, 20, 10}), latent::Soft{}, {}, team);
  CHECK(close_matrix(latent::pack(weighted), latent::pack(twice), 256 * eps));
  CHECK(close(model.sequence_log_density(latent::samples(x).sequences({20, 30, 10})).sum(),
              model.log_likelihood(latent::samples(x).sequences({20, 30, 10})), 64 * eps));
  CHECK(model.sequence_log_density(x).size() == 1);
}

TEST_CASE("hidden markov: with all states known a fit counts them, whatever the start forbids") {
  const RowMatrix<double> x = (RowMatrix<double>(8, 1) << 0, 1, 1, 0, 1, 1, 0, 0).finished();
  const Labels states = (Labels(8) << 0, 0, 1, 0, 1, 1, 1, 0).finished();
  for (const bool forbidding : {false, true}) {
    const Casino start{
        Eigen::Vector2d(0.5, 0.5),
        forbidding ? RowMatrix<double>{{1, 0}, {0, 1}} : RowMatrix<double>{{0.5, 0.5}, {0.5, 0.5}},
        {RowMatrix<double>{{0.6, 0.4}, {0.5, 0.5}}}};
    const Casino fit =
        latent::fit_complete(start, latent::samples(x).labels(states).sequences({5, 3}));
    // 0 0 1 0 1 and 1 1 0: from 0 once to 0 and twice to 1; from 1 twice to 0 and once to 1.
    CHECK(fit.initial == Eigen::Vector2d(0.5, 0.5));
    CHECK(close_matrix(fit.transition, RowMatrix<double>{{1. / 3, 2. / 3}, {2. / 3, 1. / 3}},
                       4 * eps));
    CHECK(close_matrix(fit.family.probability, RowMatrix<double>{{0.75, 0.25}, {0.25, 0.75}},
                       4 * eps));
  }
}

TEST_CASE("hidden markov: priors add their counts, and a fixed start stays") {
  const RowMatrix<double> x = RowMatrix<double>::Zero(4, 1);
  const Labels states = (Labels(4) << 0, 0, 1, 1).finished();
  const latent::Vector<double> initial = Eigen::Vector2d(0.3, 0.7);
  const Casino start{initial,
                     RowMatrix<double>{{0.5, 0.5}, {0.5, 0.5}},
                     {RowMatrix<double>{{0.5, 0.5}, {0.5, 0.5}}},
                     3.0,
                     2.0};
  const Casino fit = latent::fit_complete(start, latent::samples(x).labels(states));
  CHECK(close_matrix(fit.initial, Eigen::Vector2d(0.6, 0.4), 4 * eps));
  CHECK(close_matrix(fit.transition, RowMatrix<double>{{0.5, 0.5}, {1. / 3, 2. / 3}}, 4 * eps));
  CHECK(close(start.log_prior(), 2 * std::log(0.3 * 0.7) + 4 * std::log(0.5), 8 * eps));
  Casino fixed = start;
  fixed.initial_weighting = latent::Weighting::fixed;
  CHECK(latent::fit_complete(fixed, latent::samples(x).labels(states)).initial == initial);
  CHECK(fixed.free_parameters() == start.free_parameters() - 1);
  CHECK(start.free_parameters() == 2 * 1 + 2 + 1);
  CHECK(close(start.log_prior() - fixed.log_prior(), 2 * std::log(0.3 * 0.7), 16 * eps));
}

TEST_CASE("hidden markov: probabilities that must stay 0 are no free parameters") {
  // From left to right: row 0 has two choices, row 1 two, row 2 none; it begins on the left.
  Casino model{Eigen::Vector3d(1, 0, 0),
               RowMatrix<double>{{0.5, 0.5, 0}, {0, 0.5, 0.5}, {0, 0, 1}},
               {RowMatrix<double>::Constant(3, 2, 0.5)}};
  CHECK(model.free_parameters() == 3 + 2 + 0);
  model.initial = Eigen::Vector3d(0.5, 0.5, 0);
  CHECK(model.free_parameters() == 3 + 2 + 1);
  model.initial_concentration = 2.0;
  CHECK(model.free_parameters() == 3 + 2 + 2);
  model.transition_concentration = 1.5;
  CHECK(model.free_parameters() == 3 + 6 + 2);
  model.initial_weighting = latent::Weighting::fixed;
  CHECK(model.free_parameters() == 3 + 6);
}

TEST_CASE("hidden markov: parameters have names, and a trace has responsibilities") {
  const Casino model = latent_test::casino();
  const std::vector<std::string> names = model.parameter_names();
  REQUIRE(static_cast<Index>(names.size()) == model.parameters().size());
  CHECK(std::vector<std::string>(names.begin(), names.begin() + 7) ==
        std::vector<std::string>{"initial(0)", "initial(1)", "transition(0,0)", "transition(0,1)",
                                 "transition(1,0)", "transition(1,1)", "p1"});
  const RowMatrix<double> x = model.sample(50, 1);
  latent::TraceTable trace{x};
  (void)latent::EM{.max_iterations = 2, .tolerance = 0}.fit(model, x, {}, {}, trace);
  CHECK(latent_test::same_bits(trace.rows()[1].responsibilities, model.posterior(x)));
  CHECK(trace.parameter_names() == names);
}

// A family that can be drawn from, but does not say how many columns it has.
struct Unsized : latent_test::Die {
  Unsized maximize(const Vector<double>& n, const Statistics& s) const {
    return {Die::maximize(n, s)};
  }

 private:
  using Die::dimension;
};
template <class M>
concept CanSample = requires(const M& model) {
  model.sample(1, 1);
};
static_assert(CanSample<Casino> && CanSample<latent::Mixture<latent_test::Die>>);
static_assert(!CanSample<latent::HiddenMarkov<Unsized>> && !CanSample<latent::Mixture<Unsized>>);

TEST_CASE("hidden markov: sequences of one row are the mixture") {
  Random random(3);
  const Casino chain = random_casino(3, 5, random);
  const latent::Mixture<latent_test::Die> mixture{chain.initial, chain.family};
  const RowMatrix<double> x = mixture.sample(5000, 2);
  const std::vector<Index> ones(5000, 1);
  const latent::EM em{.max_iterations = 20, .tolerance = 0};
  const auto a = em.fit(chain, latent::samples(x).sequences(ones));
  const auto b = em.fit(mixture, x);
  // A mixture sums a tile of 256 rows on vectors, in another order: at most 256 eps an iteration, of
  // which EM forgets a part in each.
  const double tolerance = 20 * 256 * eps;
  CHECK(close(a.log_likelihood, b.log_likelihood, tolerance));
  CHECK(close_matrix(a.model.initial, b.model.weights, tolerance));
  CHECK(close_matrix(a.model.family.probability, b.model.family.probability, tolerance));
  CHECK(a.model.transition == chain.transition);
  CHECK(close_matrix(a.model.posterior(latent::samples(x).sequences(ones)),
                     b.model.responsibilities(x), tolerance));
  CHECK(a.model.predict(latent::samples(x).sequences(ones)) == b.model.predict(x));
  // One sequence whose transitions forget: the same density.
  const Casino forgetful{chain.initial, chain.initial.transpose().replicate(3, 1), chain.family};
  CHECK(close(forgetful.log_likelihood(x), mixture.log_likelihood(x), 64 * eps));
  CHECK(close_matrix(forgetful.posterior(x), mixture.responsibilities(x), 64 * eps));
}

TEST_CASE("hidden markov: the long run is the stationary distribution, cycles included") {
  CHECK(
      close_matrix(latent_test::casino().stationary(), Eigen::Vector2d(2. / 3, 1. / 3), 64 * eps));
  const latent_test::Die dice{RowMatrix<double>::Constant(3, 2, 0.5)};
  const Vector<double> even = Vector<double>::Constant(3, 1.0 / 3);
  const Vector<double> first = Eigen::Vector3d(1, 0, 0);
  const Casino cycle{first, RowMatrix<double>{{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}, dice};
  CHECK(close_matrix(cycle.stationary(), even, 64 * eps));
  const Casino ends{even, RowMatrix<double>{{0.5, 0.5, 0}, {0, 1, 0}, {0, 0, 1}}, dice};
  CHECK(close_matrix(ends.stationary(), Eigen::Vector3d(0, 2. / 3, 1. / 3), 64 * eps));
  const Casino slow{
      even, RowMatrix<double>{{1 - 2e-12, 2e-12, 0}, {1e-12, 1 - 1e-12, 0}, {1, 0, 0}}, dice};
  // The rows of the transition sum to 1 within eps, which is 1e-4 of the rates.
  CHECK(close_matrix(slow.stationary(), Eigen::Vector3d(1. / 3, 2. / 3, 0), 1e-3));
}
