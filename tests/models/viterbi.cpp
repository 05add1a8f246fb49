// Viterbi's path against all paths.
#include "latent/models/viterbi.hpp"

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
using latent_test::close_on;
using latent_test::eps;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Vector<double> two(double a, double b) {
  Vector<double> p(2);
  p << a, b;
  return p;
}

struct Path {
  std::vector<int> states;
  double log_probability;
};

Path best_path(const Vector<double>& initial, const RowMatrix<double>& transition,
               const RowMatrix<double>& densities, Labels labels = {}) {
  RowMatrix<double> density = densities;
  if (labels.size() == 0) labels = Labels::Constant(density.rows(), -1);
  const latent::detail::Evidence evidence{density.data(), labels.data(), density.rows(),
                                          density.cols()};
  evidence.clamp();
  Path path{std::vector<int>(static_cast<std::size_t>(density.rows())), 0.0};
  path.log_probability =
      latent::detail::viterbi({initial, transition}, evidence, path.states.data()).log_likelihood;
  return path;
}

}  // namespace

TEST_CASE("viterbi: path and value are those of the best of all paths") {
  Random random(1);
  for (Index states = 1; states <= 4; ++states)
    for (Index length = 1; length <= (states == 4 ? 6 : 8); ++length)
      for (const bool labelled : {false, true}) {
        INFO(states << " states, length " << length << ", labelled " << labelled);
        const RowMatrix<double> transition =
            latent_test::random_distributions(states, states, random, !labelled);
        const Vector<double> initial =
            latent_test::random_distributions(1, states, random).transpose();
        RowMatrix<double> density(length, states);
        for (Index i = 0; i < density.size(); ++i) density.data()[i] = 2.0 * random.normal();
        Labels labels = Labels::Constant(length, -1);
        for (Index t = 0; labelled && t < length; ++t)
          if (random.uniform() < 0.4) labels[t] = static_cast<int>(random.below(states));
        const auto expected = latent_test::all_paths(initial, transition, density, labels);
        const Path got = best_path(initial, transition, density, labels);
        CHECK(got.states == expected.best);
        CHECK(close_on(10.0 * static_cast<double>(length), got.log_probability,
                       expected.best_log_probability, 4 * eps));
      }
}

TEST_CASE("viterbi: paths that tie end in the lowest state, and come from the lowest") {
  const RowMatrix<double> even = RowMatrix<double>::Constant(3, 3, 1.0 / 3.0);
  const Vector<double> third = Vector<double>::Constant(3, 1.0 / 3.0);
  CHECK(best_path(third, even, RowMatrix<double>::Zero(4, 3)).states ==
        std::vector<int>{0, 0, 0, 0});
  const RowMatrix<double> swap{{0, 1}, {1, 0}};
  CHECK(best_path(two(0.5, 0.5), swap, RowMatrix<double>::Zero(4, 2)).states ==
        std::vector<int>{1, 0, 1, 0});
}

TEST_CASE("viterbi: early doubt is settled by a late row, whatever the size of the densities") {
  const RowMatrix<double> stay = RowMatrix<double>::Identity(2, 2);
  const RowMatrix<double> density{{0, -1e6}, {-infinity, -1}, {-2, -3}};
  const Path got = best_path(two(0.5, 0.5), stay, density);
  CHECK(got.states == std::vector<int>{1, 1, 1});
  CHECK(close_on(1e6, got.log_probability, std::log(0.5) - 1e6 - 4, 4 * eps));
  // 100000 rows in a state of density -1e6: the choice by 1e-3 at the end is not drowned.
  const Index length = 100000;
  RowMatrix<double> long_density = RowMatrix<double>::Constant(length, 2, -1e6);
  long_density(length - 1, 1) += 1e-3;
  const Path late = best_path(two(0.5, 0.5), stay, long_density);
  CHECK(late.states == std::vector<int>(static_cast<std::size_t>(length), 1));
  CHECK(close_on(1e11, late.log_probability, -1e11 + 1e-3 + std::log(0.5), 8 * eps));
}

TEST_CASE("viterbi: impossible rows count as not observed, and the path costs -inf") {
  const RowMatrix<double> transition{{0.9, 0.1}, {0.2, 0.8}};
  const RowMatrix<double> density{{0, -5}, {-infinity, -infinity}, {0, -5}};
  const Path got = best_path(two(0.5, 0.5), transition, density);
  CHECK(got.states == std::vector<int>{0, 0, 0});
  CHECK(got.log_probability == -infinity);
  // Labels that the chain forbids are kept, and the rest goes its own way.
  const RowMatrix<double> stay = RowMatrix<double>::Identity(2, 2);
  const Path cut = best_path(two(0.6, 0.4), stay, RowMatrix<double>::Zero(4, 2),
                             (Labels(4) << -1, -1, 1, 0).finished());
  CHECK(cut.states == std::vector<int>{1, 1, 1, 0});
  CHECK(cut.log_probability == -infinity);
}
