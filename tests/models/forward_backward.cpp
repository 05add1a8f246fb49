// The forward-backward recursions against the sum over all paths.
#include "latent/models/forward_backward.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "models/all_paths.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::Labels;
using latent::Random;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_on;
using latent_test::eps;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Smoothed {
  double log_likelihood;
  RowMatrix<double> gamma;
  RowMatrix<double> transitions;
};

Smoothed smoothed(const Vector<double>& initial, const RowMatrix<double>& transition,
                  RowMatrix<double> density, Labels labels, double weight = 1.0) {
  const Index n = density.rows();
  const Index states = density.cols();
  if (labels.size() == 0) labels = Labels::Constant(n, -1);
  const latent::detail::LogChain chain{initial, transition};
  latent::detail::LogProduct work{states};
  const latent::detail::Evidence evidence{density.data(), labels.data(), n, states};
  evidence.clamp();
  Smoothed out{0.0, RowMatrix<double>(n, states), RowMatrix<double>::Zero(states, states)};
  out.log_likelihood =
      latent::detail::filter(chain, evidence, out.gamma.data(), work).log_likelihood;
  latent::detail::smooth(chain, evidence, weight, out.gamma.data(), &out.transitions, work);
  return out;
}

// Every number is a sum of positive terms, so that relative errors stay small: some eps a step.
void check_against_all_paths(const Vector<double>& initial, const RowMatrix<double>& transition,
                             const RowMatrix<double>& density, const Labels& labels,
                             double scale = 1.0) {
  const auto expected = latent_test::all_paths(initial, transition, density, labels);
  const auto got = smoothed(initial, transition, density, labels);
  const double tolerance = 64 * eps * static_cast<double>(density.rows()) * scale;
  CHECK(close_on(std::max(1.0, std::abs(expected.log_likelihood)), got.log_likelihood,
                 expected.log_likelihood, tolerance));
  CHECK((got.gamma - expected.gamma).cwiseAbs().maxCoeff() <= tolerance);
  CHECK((got.transitions - expected.transitions).cwiseAbs().maxCoeff() <=
        tolerance * static_cast<double>(density.rows()));
}

RowMatrix<double> random_densities(Index rows, Index states, double spread, Random& random) {
  RowMatrix<double> density(rows, states);
  for (Index i = 0; i < density.size(); ++i) density.data()[i] = spread * random.normal();
  return density;
}

}  // namespace

TEST_CASE("forward-backward: likelihood, posteriors and transitions are the sums over all paths") {
  Random random(1);
  for (Index states = 1; states <= 4; ++states)
    for (Index length = 1; length <= (states == 4 ? 6 : 8); ++length)
      for (const bool zeros : {false, true}) {
        INFO(states << " states, length " << length << ", zeros " << zeros);
        const RowMatrix<double> transition =
            latent_test::random_distributions(states, states, random, zeros);
        const Vector<double> initial =
            latent_test::random_distributions(1, states, random).transpose();
        const RowMatrix<double> density = random_densities(length, states, 2.0, random);
        check_against_all_paths(initial, transition, density, {});
        Labels labels = Labels::Constant(length, -1);
        for (Index t = 0; t < length; ++t)
          if (random.uniform() < 0.4) labels[t] = static_cast<int>(random.below(states));
        if (!zeros) check_against_all_paths(initial, transition, density, labels);
      }
}

TEST_CASE("forward-backward: log densities of -1e6 keep the paths that are left") {
  Random random(2);
  const RowMatrix<double> transition = latent_test::random_distributions(3, 3, random);
  const Vector<double> initial = Eigen::Vector3d(0.5, 0.3, 0.2);
  for (int trial = 0; trial < 20; ++trial) {
    const RowMatrix<double> density = random_densities(6, 3, 1e6, random);
    // Differences of numbers of size 1e6 carry absolute errors of 1e6 eps.
    check_against_all_paths(initial, transition, density, {}, 1e6);
  }
  // Nobody changes state, the first row speaks for state 0 by e^1000000, and the second forbids it.
  const RowMatrix<double> stay = RowMatrix<double>::Identity(2, 2);
  const RowMatrix<double> density{{0, -1e6}, {-infinity, -1}, {-2, -3}};
  const auto got = smoothed(Eigen::Vector2d(0.5, 0.5), stay, density, {});
  CHECK(close(got.log_likelihood, std::log(0.5) - 1e6 - 4, 8 * eps));
  CHECK(got.gamma.col(0).isZero(0.0));
  CHECK(got.gamma.col(1).isOnes(0.0));
  CHECK(got.transitions == (RowMatrix<double>{{0, 0}, {0, 2}}));
}

TEST_CASE("forward-backward: transitions of 1e-300 count where nothing else explains the rows") {
  const RowMatrix<double> transition{{1.0, 1e-300}, {1e-300, 1.0}};
  RowMatrix<double> density = RowMatrix<double>::Constant(8, 2, -infinity);
  for (Index t = 0; t < 8; ++t) density(t, t % 2) = -1.0;
  const auto got = smoothed(Eigen::Vector2d(1.0, 0.0), transition, density, {});
  CHECK(close(got.log_likelihood, -8 + 7 * std::log(1e-300), 16 * eps));
  for (Index t = 0; t < 8; ++t) CHECK(got.gamma(t, t % 2) == 1.0);
  CHECK(close(got.transitions(0, 1), 4.0, 16 * eps));
  CHECK(close(got.transitions(1, 0), 3.0, 16 * eps));
  CHECK(got.transitions(0, 0) == 0.0);
}

TEST_CASE("forward-backward: a row impossible under every state counts as not observed") {
  Random random(3);
  const RowMatrix<double> transition = latent_test::random_distributions(3, 3, random);
  const Vector<double> initial = Eigen::Vector3d(0.2, 0.3, 0.5);
  for (Index at = 0; at < 5; ++at) {
    RowMatrix<double> density = random_densities(5, 3, 2.0, random);
    RowMatrix<double> unseen = density;
    density.row(at).setConstant(-infinity);
    unseen.row(at).setZero();
    const auto expected = latent_test::all_paths(initial, transition, unseen, {});
    const auto got = smoothed(initial, transition, density, {});
    CHECK(got.log_likelihood == -infinity);
    CHECK((got.gamma - expected.gamma).cwiseAbs().maxCoeff() <= 512 * eps);
    CHECK((got.transitions - expected.transitions).cwiseAbs().maxCoeff() <= 512 * eps);
  }
}

TEST_CASE("forward-backward: a sequence that the transitions forbid leaves them as they are") {
  // From left to right, and the rows ask for the way back: row 2 counts as not observed.
  const RowMatrix<double> transition{{0.5, 0.5}, {0.0, 1.0}};
  const RowMatrix<double> density{{0, -infinity}, {-infinity, 0}, {0, -infinity}, {-infinity, 0}};
  const auto got = smoothed(Eigen::Vector2d(1.0, 0.0), transition, density, {});
  CHECK(got.log_likelihood == -infinity);
  CHECK(got.gamma == (RowMatrix<double>{{1, 0}, {0, 1}, {0, 1}, {0, 1}}));
  CHECK(got.transitions == (RowMatrix<double>{{0, 1}, {0, 2}}));
}

TEST_CASE("forward-backward: labels win over a chain that forbids them") {
  const RowMatrix<double> stay = RowMatrix<double>::Identity(3, 3);
  const RowMatrix<double> density = RowMatrix<double>::Zero(4, 3);
  const Labels labels = (Labels(4) << 2, 0, 1, 1).finished();
  const auto got = smoothed(Eigen::Vector3d(1, 0, 0), stay, density, labels, 3.0);
  CHECK(got.log_likelihood == -infinity);
  RowMatrix<double> gamma = RowMatrix<double>::Zero(4, 3);
  for (Index t = 0; t < 4; ++t) gamma(t, labels[t]) = 3.0;
  CHECK(got.gamma == gamma);
  CHECK(got.transitions == (RowMatrix<double>{{0, 3, 0}, {0, 3, 0}, {3, 0, 0}}));
}

TEST_CASE("forward-backward: a label that cannot be reached is reached by no transition") {
  const RowMatrix<double> stay = RowMatrix<double>::Identity(2, 2);
  const RowMatrix<double> density = RowMatrix<double>::Zero(4, 2);
  // From state 0, of which no label tells, to the label 1, which the chain keeps to.
  const Labels labels = (Labels(4) << -1, -1, 1, -1).finished();
  const auto got = smoothed(Eigen::Vector2d(1, 0), stay, density, labels, 3.0);
  CHECK(got.log_likelihood == -infinity);
  CHECK(got.gamma == (RowMatrix<double>{{3, 0}, {3, 0}, {0, 3}, {0, 3}}));
  CHECK(got.transitions == (RowMatrix<double>{{3, 0}, {0, 3}}));
}

TEST_CASE("forward-backward: 100000 rows keep their sums") {
  // The chain forgets at once (all rows of the transition are equal), so that the rows are those of
  // a mixture and the likelihood is a product.
  const Index length = 100000;
  const Vector<double> weights = Eigen::Vector2d(0.3, 0.7);
  const RowMatrix<double> transition = weights.transpose().replicate(2, 1);
  Random random(4);
  const RowMatrix<double> density = random_densities(length, 2, 3.0, random);
  long double expected = 0.0L;
  RowMatrix<double> gamma(length, 2);
  for (Index t = 0; t < length; ++t) {
    const double a = std::log(0.3) + density(t, 0);
    const double b = std::log(0.7) + density(t, 1);
    const double top = std::max(a, b);
    const double sum = std::exp(a - top) + std::exp(b - top);
    expected += static_cast<long double>(top + std::log(sum));
    gamma(t, 0) = std::exp(a - top) / sum;
    gamma(t, 1) = std::exp(b - top) / sum;
  }
  const auto got = smoothed(weights, transition, density, {});
  CHECK(close_on(3.0 * static_cast<double>(length), got.log_likelihood,
                 static_cast<double>(expected), 64 * eps));
  CHECK((got.gamma - gamma).cwiseAbs().maxCoeff() <= 64 * eps);
  CHECK(close(got.transitions.sum(), static_cast<double>(length - 1), 1e-12));
  // Two states that hardly ever change, and rows that say little: alpha alone would underflow.
  const RowMatrix<double> sticky{{1, 0}, {1e-5, 1 - 1e-5}};
  const auto low =
      smoothed(Eigen::Vector2d(0, 1), sticky, RowMatrix<double>::Constant(length, 2, -1e6), {});
  CHECK(close(low.log_likelihood, -1e6 * static_cast<double>(length), 8 * eps));
  CHECK(close(low.gamma(length - 1, 1), std::pow(1 - 1e-5, static_cast<double>(length - 1)),
              8 * eps * static_cast<double>(length)));
}

TEST_CASE(
    "forward-backward: a late hint reaches the first of 100000 rows, whatever their densities") {
  // State 1 leaves for 0 at the rate q, for good; the last row favours 1 by e.
  const Index length = 100000;
  const double q = 1e-5;
  const RowMatrix<double> transition{{1, 0}, {q, 1 - q}};
  RowMatrix<double> density = RowMatrix<double>::Constant(length, 2, -1e6);
  density(length - 1, 0) -= 1.0;
  const auto got = smoothed(Eigen::Vector2d(0.5, 0.5), transition, density, {});
  const double left = std::exp(-1.0);
  const double stays = std::exp(static_cast<double>(length - 1) * std::log1p(-q));
  const double right = stays + (1 - stays) * left;
  CHECK(close(got.gamma(0, 1), right / (left + right), 8 * eps * static_cast<double>(length)));
  CHECK(close(got.transitions(1, 0), right / (left + right) * (1 - stays) * left / right,
              16 * eps * static_cast<double>(length)));
}

TEST_CASE("backward sampling: paths come as often as the sum over all paths says") {
  Random random(5);
  const RowMatrix<double> transition = latent_test::random_distributions(2, 2, random);
  const Vector<double> initial = Eigen::Vector2d(0.4, 0.6);
  RowMatrix<double> density = random_densities(3, 2, 1.0, random);
  const auto expected = latent_test::all_paths(initial, transition, density, {});
  const latent::detail::LogChain chain{initial, transition};
  latent::detail::LogProduct work{2};
  const Labels labels = Labels::Constant(3, -1);
  RowMatrix<double> filtered(3, 2);
  (void)latent::detail::filter(chain, {density.data(), labels.data(), 3, 2}, filtered.data(), work);
  const int draws = 20000;
  RowMatrix<double> share = RowMatrix<double>::Zero(3, 2);
  RowMatrix<double> moves = RowMatrix<double>::Zero(2, 2);
  for (int i = 0; i < draws; ++i) {
    int states[3];
    Random uniform = Random(6).at(static_cast<std::uint64_t>(i));
    latent::detail::sample_states(chain, filtered.data(), 3, states,
                                  [&](Index) { return uniform.uniform(); });
    for (Index t = 0; t < 3; ++t) share(t, states[t]) += 1.0 / draws;
    for (Index t = 1; t < 3; ++t) moves(states[t - 1], states[t]) += 1.0 / draws;
  }
  // Five standard errors of a proportion: 5 * 0.5 / sqrt(20000); twice that for two of them.
  CHECK((share - expected.gamma).cwiseAbs().maxCoeff() <= 0.018);
  CHECK((moves - expected.transitions).cwiseAbs().maxCoeff() <= 0.036);
}
