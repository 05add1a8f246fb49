// The bootstrap test of one component more: its definition, its error rates, threads, bad input.
#include <cmath>
#include <string>

#include "cluster/kmeans_data.hpp"
#include "latent/choose_gaussian_mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::BootstrapLikelihoodRatio;
using latent::Covariance;
using latent::GaussianMixture;
using latent::Index;
using latent_test::close;
using latent_test::contains;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

Eigen::MatrixXd clouds(Index rows, Index count, double gap, std::uint64_t seed) {
  Eigen::MatrixXd x = latent_test::normal_matrix(rows, 2, seed);
  for (Index i = 0; i < rows; ++i) x(i, 0) += gap * static_cast<double>(i % count);
  return x;
}

BootstrapLikelihoodRatio spheres(Index components, Index replicates) {
  return {.form = Covariance::EII,
          .components = components,
          .replicates = replicates,
          .mixture = {.restarts = 2},
          .seed = 5};
}

}  // namespace

TEST_CASE("bootstrap likelihood ratio: the definition, replicate by replicate", "[selection]") {
  const Eigen::MatrixXd x = clouds(60, 2, 2.0, 1);
  const BootstrapLikelihoodRatio options = spheres(1, 9);
  const auto test = options.test(x);
  CHECK(test.components == 1);
  CHECK(test.null.model.components() == 1);
  CHECK(test.alternative.model.components() == 2);
  CHECK(close(test.null.log_likelihood, test.null.model.log_likelihood(x), 1e-13));
  CHECK(test.statistic == 2.0 * (test.alternative.log_likelihood - test.null.log_likelihood));
  REQUIRE(test.replicates.size() == 9);
  Index reached = 0;
  for (Index b = 0; b < 9; ++b) {
    // Fitted again from the rows drawn: the same statistic, from the public fit.
    const std::uint64_t draw =
        latent::Random(5, latent::Purpose::sampling, 1).at(static_cast<std::uint64_t>(b)).bits();
    const Eigen::MatrixXd drawn = test.null.model.sample(60, draw);
    const auto again = options.test(drawn);
    CHECK(close(test.replicates[b], again.statistic, 1e-9));
    CHECK(test.replicates[b] >= 0.0);
    if (test.replicates[b] >= test.statistic) ++reached;
  }
  CHECK(test.p == (1.0 + static_cast<double>(reached)) / 10.0);
  CHECK(test.degenerate == 0);
  CHECK(test.notes.empty());
  BootstrapLikelihoodRatio other = options;
  other.seed = 6;
  CHECK(other.test(x).replicates != test.replicates);
}

TEST_CASE("bootstrap likelihood ratio: clouds far apart reach the least p", "[selection]") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const auto test = spheres(1, 19).test(clouds(60, 2, 8.0, seed));
    CHECK(test.p == 0.05);
    CHECK(test.statistic > 3.0 * test.replicates.maxCoeff());
    CHECK(spheres(2, 19).test(clouds(60, 2, 8.0, seed)).p > 0.05);
  }
}

TEST_CASE("bootstrap likelihood ratio: a single cloud is rejected as often as alpha says",
          "[selection]") {
  // p takes the values 1/10 ... 1, each with probability 1/10 but for the mean and variance being
  // estimated.
  constexpr int sets = 60;
  int rejected = 0;
  double sum = 0.0;
  for (int s = 0; s < sets; ++s) {
    BootstrapLikelihoodRatio options = spheres(1, 9);
    options.seed = static_cast<std::uint64_t>(s);
    const double p =
        options.test(latent_test::normal_matrix(40, 2, static_cast<std::uint64_t>(s) + 100)).p;
    rejected += p <= 0.2 ? 1 : 0;
    sum += p;
  }
  // Binomial(60, 0.2): mean 12, sd 3.1; the mean of p: 0.55, sd 0.287 / sqrt(60) = 0.037. Three and a
  // half deviations: one in 2000.
  CHECK(rejected <= 12 + 11);
  CHECK(rejected >= 12 - 11);
  CHECK(std::abs(sum / sets - 0.55) < 3.5 * 0.037);
}

TEST_CASE("bootstrap likelihood ratio: the sequence stops at the number of clouds", "[selection]") {
  const Eigen::MatrixXd x = clouds(90, 3, 8.0, 2);
  const auto steps = spheres(1, 19).sequence(x, 6);
  CHECK(steps.components == 3);
  CHECK_FALSE(steps.rejected_all);
  REQUIRE(steps.tests.size() == 3);
  // Each is the test alone.
  for (Index k = 1; k <= 3; ++k) {
    const auto alone = spheres(k, 19).test(x);
    const auto& step = steps.tests[static_cast<std::size_t>(k - 1)];
    CHECK(step.components == k);
    CHECK(same_bits(step.statistic, alone.statistic));
    CHECK(same_bits(step.replicates, alone.replicates));
    CHECK(step.p == alone.p);
  }
  CHECK(steps.table().rows() == 3);
  CHECK(steps.table().cell(2, 1).whole == 4);
  const auto short_one = spheres(1, 19).sequence(x, 2);
  CHECK(short_one.components == 2);
  CHECK(short_one.rejected_all);
  // Where alpha is below the least p nothing is ever rejected.
  CHECK(spheres(1, 19).sequence(x, 6, 0.04).components == 1);
}

TEST_CASE("bootstrap likelihood ratio: weights are numbers of rows", "[selection]") {
  const Eigen::MatrixXd x = clouds(30, 2, 2.0, 3);
  Eigen::MatrixXd doubled(60, 2);
  doubled << x, x;
  const auto weighted =
      spheres(1, 9).test(latent::samples(x).weights(Eigen::VectorXd::Constant(30, 2.0)));
  const auto plain = spheres(1, 9).test(doubled);
  // Both stop within the tolerance of the same maximum.
  CHECK(close(weighted.statistic, plain.statistic, 1e-4));
  for (Index b = 0; b < 9; ++b)
    CHECK(std::abs(weighted.replicates[b] - plain.replicates[b]) < 1e-3);
}

TEST_CASE("bootstrap likelihood ratio: the same bits on any executor", "[selection]") {
  const Eigen::MatrixXd x = clouds(2100, 2, 2.0, 4);
  BootstrapLikelihoodRatio options = spheres(2, 5);
  options.mixture.max_iterations = 5;
  options.form = Covariance::VEV;
  const auto serial = options.test(x, latent::Serial{});
  const auto steps = options.sequence(x, 4, 0.5, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto test = options.test(x, latent::Threads{threads});
    CHECK(same_bits(test.statistic, serial.statistic));
    CHECK(same_bits(test.replicates, serial.replicates));
    CHECK(same_bits(test.alternative.model.parameters(), serial.alternative.model.parameters()));
    CHECK(options.sequence(x, 4, 0.5, latent::Threads{threads}).table().to_csv() ==
          steps.table().to_csv());
  }
}

TEST_CASE("bootstrap likelihood ratio: degenerate fits are counted and noted", "[selection]") {
  const Eigen::MatrixXd same = Eigen::MatrixXd::Constant(12, 2, 0.1);
  const auto test = spheres(1, 3).test(same);
  CHECK(std::isfinite(test.statistic));
  CHECK(test.replicates.allFinite());
  CHECK(test.p > 0.0);
  REQUIRE(test.notes.size() >= 2);
  CHECK_THAT(test.notes[0].message, contains("drawn from is degenerate"));
  CHECK_THAT(test.notes[1].message, contains("may be an artefact"));
}

TEST_CASE("bootstrap likelihood ratio: bad input is refused", "[selection]") {
  using latent::InvalidArgument;
  const Eigen::MatrixXd x = latent_test::normal_matrix(8, 2, 1);
  const auto said = [&](const BootstrapLikelihoodRatio& options) {
    return message_of<InvalidArgument>([&] { options.test(x); });
  };
  CHECK(said({.components = 0}) ==
        "BootstrapLikelihoodRatio: components must be at least 1; got 0");
  CHECK(said({.components = 8}) ==
        "BootstrapLikelihoodRatio: one component more must not exceed the number of rows of "
        "positive weight; got 8 + 1 for 8 such rows");
  CHECK_THAT(said({.replicates = 0}), contains("replicates must lie in 1 ... 1000000; got 0"));
  CHECK_THAT(said({.mixture = {.components = 3}}), contains("must not be set; got 3"));
  CHECK_THAT(said({.mixture = {.restarts = 0}}), contains("restarts"));
  const BootstrapLikelihoodRatio options;
  CHECK_THAT(message_of<InvalidArgument>(
                 [&] { options.test(latent::samples(x).labels(latent::Labels::Zero(8))); }),
             contains("data must have no labels"));
  CHECK_THAT(message_of<InvalidArgument>([&] { options.sequence(x, 1); }),
             contains("most must be above components; got most = 1"));
  CHECK_THAT(message_of<InvalidArgument>([&] { options.sequence(x, 9); }), contains("8 + 1"));
  CHECK_THAT(message_of<InvalidArgument>([&] { options.sequence(x, 3, 0.0); }),
             contains("alpha must lie in (0, 1); got 0"));
  CHECK_THAT(message_of<latent::DataError>([&] {
               options.test(latent::samples(x).weights(Eigen::VectorXd::Constant(8, 1e8)));
             }),
             contains("must sum to at most 1e8"));
  CHECK_THAT(message_of<latent::DataError>([&] {
               options.test(latent::samples(x).weights(Eigen::VectorXd::Constant(8, 0.1)));
             }),
             contains("must sum to at least 3"));
  Eigen::MatrixXd bad = x;
  bad(2, 1) = std::nan("");
  CHECK_THROWS_AS(options.test(bad), latent::DataError);
}
