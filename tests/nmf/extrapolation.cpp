#include "latent/decomposition/nmf/extrapolation.hpp"

#include "latent/core/executor.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close_matrix;
using latent_test::eps;
using latent_test::uniform_parts;

TEST_CASE("nmf extrapolation: statistics beyond two states are those of the weights there") {
  const RowMatrix<double> x = latent_test::parts_data(300, 9, 3, 5);
  const Eigen::VectorXd v = Eigen::VectorXd::LinSpaced(300, 0.0, 2.0);
  auto team = latent::Serial{}.team();
  auto data = latent::detail::nmf_data(latent::samples(x).weights(v), {}, team, "test");
  latent::detail::NMFPool<double> pool;
  const latent::detail::NMFProblem problem;
  const RowMatrix<double> h = uniform_parts(4, 9, 1);
  latent::detail::NMFPass<double> pass{data, problem, h};
  const auto state = [&](std::uint64_t seed) {
    RowMatrix<double> w = uniform_parts(4, 300, seed);
    auto sums = pass.run(w, false, pool, team);
    return latent::detail::NMFState<double>{w, h, h, std::move(sums)};
  };
  const auto here = state(2);
  const auto before = state(3);
  const double length = 0.7;
  const auto sums = latent::detail::beyond(data, here, before, length, team);
  RowMatrix<double> there = here.weights + length * (here.weights - before.weights);
  const auto expected = pass.run(there, false, pool, team);
  CHECK(close_matrix(sums.cross, expected.cross, 64 * eps));
  CHECK(close_matrix(sums.gram, expected.gram, 64 * eps));
  CHECK(close_matrix(sums.totals, expected.totals, 64 * eps));
  // The factors themselves stay parts.
  const RowMatrix<double> parts = latent::detail::beyond(here.weights, before.weights, length);
  CHECK(parts == there.cwiseMax(0.0));
  CHECK(there.minCoeff() < 0.0);
}

TEST_CASE("nmf extrapolation: the reach grows with success and falls with failure") {
  latent::detail::Reach reach;
  CHECK(reach.length() == 0.5);
  reach.extend();
  CHECK(reach.length() == Approx(0.525));
  reach.shorten();
  CHECK(reach.length() == Approx(0.35));
  // What last succeeded is the ceiling from here on, but for its own growth.
  for (int i = 0; i < 10; ++i) reach.extend();
  CHECK(reach.length() > 0.5);
  CHECK(reach.length() < 0.56);
  for (int i = 0; i < 200; ++i) reach.extend();
  CHECK(reach.length() == 1.0);
}
