// GaussianMixture, BinomialMixture, BernoulliMixture: starts, restarts, labels.
#include <cmath>
#include <limits>
#include <string>

#include "latent/bernoulli_mixture.hpp"
#include "latent/coins.hpp"
#include "latent/gaussian_mixture.hpp"
#include "mixture/gaussian_reference.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;

namespace {}  // namespace

TEST_CASE(
    "gaussian mixture: Old Faithful from k-means ends at the known maximum, whatever the seed") {
  const auto x = latent_test::read_table("faithful");
  for (const std::uint64_t seed : {0ull, 1ull, 2ull, ~0ull}) {
    const auto fit =
        latent::GaussianMixture<>{.components = 2, .seed = seed, .tolerance = 1e-12}.fit(x);
    INFO("seed " << seed);
    CHECK(fit.report.converged());
    CHECK(close(fit.log_likelihood, gaussian_reference::faithful_limit.log_likelihood, 1e-10));
  }
}

TEST_CASE(
    "gaussian mixture: several restarts reach the best known fit of iris, and each is reported") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  const auto fit =
      latent::GaussianMixture<>{.components = 3, .restarts = 10, .tolerance = 1e-10}.fit(x);
  REQUIRE(fit.report.restarts.size() == 10);
  double best = -std::numeric_limits<double>::infinity();
  for (const double objective : fit.report.restarts) best = std::max(best, objective);
  if (fit.report.converged())
    CHECK(fit.log_likelihood >= gaussian_reference::iris_log_likelihood - 1e-6);
  CHECK(best >= fit.log_likelihood);
}

TEST_CASE("mixtures: fits give the same bits on any executor") {
  const latent::Mixture<latent::Gaussian<>> truth{
      Eigen::Vector3d(0.2, 0.3, 0.5),
      latent::Gaussian<>::isotropic((RowMatrix<double>(3, 2) << 0, 0, 4, 0, 0, 5).finished(), 1.0)};
  const auto x = truth.sample(9000, 3);
  const latent::GaussianMixture<> gaussian{.components = 3, .restarts = 2, .max_iterations = 15};
  const auto serial = gaussian.fit(x, latent::Serial{});
  const RowMatrix<double> bits = (x.array() > 1.0).cast<double>().matrix();
  const latent::BernoulliMixture bernoulli{.components = 2, .restarts = 2, .max_iterations = 15};
  const auto serial_bits = bernoulli.fit(bits, latent::Serial{});
  RowMatrix<double> counts(9000, 2);
  counts.col(0) = (x.col(0).array().abs() * 3).floor().matrix();
  counts.col(1) = (x.col(1).array().abs() * 3).floor().matrix();
  const latent::BinomialMixture binomial{.components = 2, .restarts = 2, .max_iterations = 15};
  const auto serial_counts = binomial.fit(counts, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    INFO("threads " << threads);
    CHECK(same_bits(gaussian.fit(x, latent::Threads{threads}).model.parameters(),
                    serial.model.parameters()));
    CHECK(same_bits(bernoulli.fit(bits, latent::Threads{threads}).model.parameters(),
                    serial_bits.model.parameters()));
    CHECK(same_bits(binomial.fit(counts, latent::Threads{threads}).model.parameters(),
                    serial_counts.model.parameters()));
  }
}

TEST_CASE(
    "mixtures: a fit twice with one seed is one fit, and column-major input gives the same bits") {
  const auto x = latent_test::read_table("faithful");
  const Eigen::MatrixXd columns = x;
  const latent::GaussianMixture<> options{.components = 3, .restarts = 3, .seed = 9};
  const auto a = options.fit(x);
  CHECK(same_bits(a.model.parameters(), options.fit(x).model.parameters()));
  CHECK(same_bits(a.model.parameters(), options.fit(columns).model.parameters()));
  CHECK(same_bits(a.model.parameters(), options.fit(x, {}).model.parameters()));
  CHECK(same_bits(a.model.parameters(), options.fit(latent::samples(x), {4}).model.parameters()));
}

TEST_CASE("binomial mixture: the two coins are found from a random start") {
  const latent::Mixture<latent::Binomial<double>> truth{Eigen::Vector2d(0.3, 0.7),
                                                        {Eigen::Vector2d(0.8, 0.35)}};
  const auto x = truth.sample(20000, 2);
  const auto fit = latent::BinomialMixture{}.fit(x);
  CHECK(fit.report.converged());
  const Index a = fit.model.family.probability[0] > fit.model.family.probability[1] ? 0 : 1;
  // Ten tosses a row: standard errors are below 0.005.
  CHECK(std::abs(fit.model.family.probability[a] - 0.8) < 0.02);
  CHECK(std::abs(fit.model.family.probability[1 - a] - 0.35) < 0.02);
  CHECK(std::abs(fit.model.weights[a] - 0.3) < 0.02);
  CHECK(fit.log_likelihood >= truth.log_likelihood(x));
}

TEST_CASE("bernoulli mixture: hidden classes are found, and a few labels name them") {
  RowMatrix<double> p(2, 30);
  for (Index j = 0; j < 30; ++j) {
    p(0, j) = j % 2 == 0 ? 0.7 : 0.2;
    p(1, j) = j % 2 == 0 ? 0.2 : 0.6;
  }
  const latent::Mixture<latent::Bernoulli<double>> truth{Eigen::Vector2d(0.5, 0.5), {p}};
  latent::Labels classes;
  const auto x = truth.sample(3000, 4, &classes);
  const auto hidden = latent::BernoulliMixture{.smoothing = 1, .restarts = 3}.fit(x);
  CHECK(hidden.report.converged());
  const double agreement =
      (hidden.model.predict(x).array() == classes.array()).cast<double>().mean();
  CHECK(std::max(agreement, 1 - agreement) > 0.98);
  // One labelled row of each class fixes which component is which.
  for (const bool swapped : {false, true}) {
    latent::Labels few = latent::Labels::Constant(3000, -1);
    for (const int wanted : {0, 1})
      for (Index i = 0; i < 3000; ++i)
        if (classes[i] == wanted) {
          few[i] = swapped ? 1 - wanted : wanted;
          break;
        }
    const auto named =
        latent::BernoulliMixture{.smoothing = 1, .restarts = 1}.fit(latent::samples(x).labels(few));
    const double right = (named.model.predict(x).array() == classes.array()).cast<double>().mean();
    CHECK((swapped ? 1 - right : right) > 0.98);
  }
}

TEST_CASE("gaussian mixture: a few labels name the components") {
  const latent::Mixture<latent::Gaussian<>> truth{
      Eigen::Vector2d(0.5, 0.5),
      latent::Gaussian<>::isotropic((RowMatrix<double>(2, 2) << 0, 0, 6, 0).finished(), 1.0)};
  latent::Labels classes;
  const auto x = truth.sample(1000, 5, &classes);
  for (const bool swapped : {false, true}) {
    latent::Labels few = latent::Labels::Constant(1000, -1);
    for (Index i = 0; i < 12; ++i) few[i] = swapped ? 1 - classes[i] : classes[i];
    const auto fit = latent::GaussianMixture<>{.components = 2}.fit(latent::samples(x).labels(few));
    const double right = (fit.model.predict(x).array() == classes.array()).cast<double>().mean();
    CHECK((swapped ? 1 - right : right) > 0.99);
  }
}

TEST_CASE("mixtures: float data give float models") {
  const Eigen::MatrixXf x = latent_test::read_table("faithful").cast<float>();
  const auto fit = latent::GaussianMixture<>{.components = 2}.fit(x);
  static_assert(std::is_same_v<decltype(fit.model)::Scalar, float>);
  CHECK(close(fit.log_likelihood, gaussian_reference::faithful_limit.log_likelihood, 1e-5));
}

TEST_CASE("mixtures: more components than rows, no restarts, bad floors and bad data are refused") {
  const auto x = latent_test::read_table("faithful");
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::GaussianMixture<>{.components = 0}.fit(x); }),
             latent_test::contains("got components = 0 with 272 rows"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::GaussianMixture<>{.components = 273}.fit(x); }),
             latent_test::contains("got components = 273 with 272 rows"));
  CHECK_THAT(
      message_of<latent::InvalidArgument>([&] { latent::GaussianMixture<>{.restarts = 0}.fit(x); }),
      latent_test::contains("restarts must be at least 1; got 0"));
  CHECK_THAT(
      message_of<latent::InvalidArgument>([&] { latent::GaussianMixture<>{.floor = -1}.fit(x); }),
      latent_test::contains("floor must lie in [0, 1); got -1"));
  CHECK_THROWS_AS(latent::BernoulliMixture{.smoothing = -1}.fit(RowMatrix<double>::Ones(5, 2)),
                  latent::InvalidArgument);
  CHECK_THROWS_AS(latent::BernoulliMixture{}.fit(x), latent::DataError);
  CHECK_THROWS_AS(latent::BinomialMixture{}.fit(x.leftCols(1)), latent::InvalidArgument);
  CHECK_THROWS_AS(latent::BinomialMixture{}.fit(RowMatrix<double>(0, 2)), latent::InvalidArgument);
  RowMatrix<double> bad = x;
  bad(100, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<latent::DataError>([&] { latent::GaussianMixture<>{}.fit(bad); }),
             latent_test::contains("row 100, column 1"));
}
