// What a review of the engine found, each as a test that failed before.
#include <cmath>
#include <limits>
#include <vector>

#include "latent/coins.hpp"
#include "latent/em/incremental.hpp"
#include "latent/em/online.hpp"
#include "latent/gaussian_mixture.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/poisson.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::EM;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;
using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

namespace {

RowMatrix<double> two_clouds(Index n, double offset) {
  RowMatrix<double> x(n, 1);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(5).at(static_cast<std::uint64_t>(i));
    x(i, 0) = offset + random.normal() + (i % 2 == 0 ? 4.0 : -4.0);
  }
  return x;
}
Bells two_bells(double a, double b) {
  return {Eigen::Vector2d(0.5, 0.5),
          latent::Gaussian<>::isotropic(RowMatrix<double>{{a}, {b}}, 1.0)};
}

}  // namespace

TEST_CASE("found by review: a short batch at the end counts by its weight") {
  const auto whole = latent::OnlineEM{}.fit(two_bells(3, -3), two_clouds(2048, 0));
  const auto one_more = latent::OnlineEM{}.fit(two_bells(3, -3), two_clouds(2049, 0));
  CHECK(std::abs(whole.model.weights[0] - 0.5) < 0.01);
  CHECK(std::abs(one_more.model.weights[0] - 0.5) < 0.01);
}

TEST_CASE("found by review: a prior counts once, however many passes") {
  RowMatrix<double> x = RowMatrix<double>::Constant(100, 1, 1.0);
  const latent::Mixture<latent::Poisson<double>> start{
      Vector<double>::Ones(1), {RowMatrix<double>::Ones(1, 1), {1.0, 100.0}}};
  for (const Index passes : {1, 2, 10}) {
    const auto fit = latent::OnlineEM{.batch = 10, .passes = passes}.fit(start, x);
    CHECK(close(fit.model.family.rate(0, 0), 0.5, 1e-12));  // 100 / (100 + 100)
  }
}

TEST_CASE("found by review: Aitken after an impossible row does not converge at once") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(latent::detail::aitken_remainder(-infinity, -5.0, -4.0) == infinity);
  RowMatrix<double> p(2, 6);
  p << 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2;
  Words start{Eigen::Vector2d(0.4, 0.6), {p}};
  const RowMatrix<double> x = start.sample(500, 3);
  start.family.probability.col(0).setZero();  // the first rows are impossible
  start.family.probability(0, 1) = 0.31;
  EM em{.max_iterations = 5000, .tolerance = 1e-8, .convergence = latent::Convergence::aitken};
  const auto fit = em.fit(start, x);
  CHECK(fit.report.converged());
  CHECK(fit.report.iterations > 3);
}

TEST_CASE("found by review: collinear columns end degenerate, not as an error of the M-step") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RowMatrix<double> x(120, 3);
    for (Index i = 0; i < 120; ++i) {
      latent::Random random = latent::Random(seed).at(static_cast<std::uint64_t>(i));
      x(i, 0) = random.normal() + 2.0 * static_cast<double>(i % 3);
      x(i, 1) = random.normal();
      x(i, 2) = 2.0 * x(i, 0) - x(i, 1);
    }
    const auto fit = latent::GaussianMixture<>{.components = 3, .seed = seed}.fit(x);
    CHECK(fit.report.status == latent::Status::degenerate);
  }
}

TEST_CASE("found by review: stochastic EM prefers a model that had nothing to mend") {
  RowMatrix<double> x(40, 1);
  for (Index i = 0; i < 40; ++i)
    x(i, 0) = latent::Random(2).at(static_cast<std::uint64_t>(i)).normal() +
              3.0 * static_cast<double>(i % 2);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Bells start{Vector<double>::Constant(3, 1.0 / 3.0),
                      latent::Gaussian<>::isotropic(RowMatrix<double>{{-1}, {1}, {3}}, 1.0)};
    const auto fit =
        EM{.max_iterations = 300, .seed = seed}.fit(start, x, {}, latent::Stochastic{});
    CHECK(fit.report.status == latent::Status::max_iterations);
    CHECK_FALSE(fit.model.degenerate());
  }
}

TEST_CASE(
    "found by review: supervised fits and fits from distant starts keep their digits at 1e8") {
  const RowMatrix<double> near = two_clouds(4000, 0);
  const RowMatrix<double> far = two_clouds(4000, 1e8);
  latent::Labels labels(4000);
  for (Index i = 0; i < 4000; ++i) labels[i] = static_cast<int>(i % 2);
  const auto here = latent::fit_complete(two_bells(0, 1), latent::samples(near).labels(labels));
  const auto there = latent::fit_complete(two_bells(0, 1), latent::samples(far).labels(labels));
  const auto started =
      latent::start_from_labels(two_bells(0, 1), latent::samples(far).labels(labels));
  for (Index k = 0; k < 2; ++k) {
    // The data are rounded to 1.5e-8 there.
    CHECK(close(there.family.covariance(k)(0, 0), here.family.covariance(k)(0, 0), 1e-6));
    CHECK(close(started.family.covariance(k)(0, 0), here.family.covariance(k)(0, 0), 1e-6));
  }
  CHECK_FALSE(there.degenerate());
}

TEST_CASE(
    "found by review: a slice of weight 0 is refused by fits and starts, and harmless online") {
  Vector<double> weights = Vector<double>::Zero(100);
  weights.tail(50).setOnes();
  const RowMatrix<double> x = two_clouds(100, 0);
  const auto nothing = latent::samples(x).weights(weights).slice(0, 50);
  CHECK_THAT(message_of<latent::DataError>([&] { EM{}.fit(two_bells(3, -3), nothing); }),
             latent_test::contains("positive weight"));
  CHECK_THROWS_AS(latent::start_at_random(two_bells(3, -3), nothing), latent::DataError);
  latent::IncrementalEM incremental;
  auto state = incremental.begin(two_bells(3, -3), 2);
  CHECK_NOTHROW(incremental.update(state, 0, nothing));
}

// Helpers with the engine's own names, beside a user's model.
namespace user {

struct Coin {
  double p = 0.3;
  struct Sums {
    double heads = 0.0;
    double all = 0.0;
    auto fields() { return std::tie(heads, all); }
  };
  Sums zero() const { return {}; }
  double expect(const latent::Block<double>& block, Sums& s) const {
    double log_likelihood = 0.0;
    for (Index i = 0; i < block.x.rows(); ++i) {
      s.heads += block.weights[i] * block.x(i, 0);
      s.all += block.weights[i];
      log_likelihood += block.weights[i] * (block.x(i, 0) > 0.5 ? std::log(p) : std::log1p(-p));
    }
    return log_likelihood;
  }
  Coin maximize(const Sums& s) const { return {s.heads / s.all}; }
};
// Never called.
[[maybe_unused]] double log_prior(const Coin&) {
  return -5000.0;
}
[[maybe_unused]] bool degenerate(const Coin&) {
  return true;
}
[[maybe_unused]] bool valid(const Coin&, const Coin::Sums&) {
  return false;
}
[[maybe_unused]] Coin recentred(const Coin&) {
  return {0.9};
}
[[maybe_unused]] void merge(Coin::Sums&, const Coin::Sums&) {
  throw std::logic_error("merge");
}
[[maybe_unused]] void scale(Coin::Sums&, double) {
  throw std::logic_error("scale");
}
[[maybe_unused]] Vector<double> pack(const Coin::Sums&) {
  return {};
}

}  // namespace user

TEST_CASE("found by review: names in the user's namespace do not reach into the engine") {
  RowMatrix<double> x = RowMatrix<double>::Zero(5000, 1);
  x.topRows(1000).setOnes();
  const auto fit =
      EM{.max_iterations = 50, .acceleration = latent::Acceleration::anderson}.fit(user::Coin{}, x);
  CHECK(close(fit.model.p, 0.2, 1e-12));
  CHECK(fit.report.converged());
  CHECK(fit.report.trace[1].objective == fit.report.trace[1].log_likelihood);
  const auto online = latent::OnlineEM{.batch = 500}.fit(user::Coin{}, x);
  CHECK(online.model.p < 0.5);
  CHECK(latent::IncrementalEM{.parts = 5}.fit(user::Coin{}, x).model.p < 0.21);
}

TEST_CASE("found by review: fits that failed stay as they are when resumed") {
  struct Wrong : user::Coin {
    Wrong maximize(const Sums& s) const { return Wrong{{0.5 * s.heads / s.all + 0.4}}; }
  };
  RowMatrix<double> x = RowMatrix<double>::Zero(100, 1);
  x.topRows(20).setOnes();
  const EM em{.max_iterations = 50, .tolerance = 0};
  const auto first = em.fit(Wrong{{0.2}}, x);
  REQUIRE(first.report.status == latent::Status::not_monotone);
  const auto again = em.resume(first, x);
  CHECK(again.report.status == latent::Status::not_monotone);
  CHECK(again.report.trace.size() == first.report.trace.size());
  CHECK(again.report.notes.size() == first.report.notes.size());
  CHECK(again.model.p == first.model.p);
}

TEST_CASE("found by review: incremental EM reports its start, and its polish counts on") {
  const RowMatrix<double> x = two_clouds(3000, 0);
  std::vector<Index> seen;
  const auto watch = [&](const latent::IterationView<Bells>& view) { seen.push_back(view.index); };
  const auto fit =
      latent::IncrementalEM{.parts = 7, .max_passes = 3, .tolerance = 0, .polish = 2}.fit(
          two_bells(1, -1), x, {}, latent::Soft{}, watch);
  REQUIRE(fit.report.trace.size() == 6);
  for (std::size_t t = 0; t < 6; ++t) CHECK(fit.report.trace[t].index == static_cast<Index>(t));
  CHECK(close(fit.report.trace[0].log_likelihood, two_bells(1, -1).log_likelihood(x), 1e-13));
  CHECK(seen == std::vector<Index>{4, 5});
  CHECK(close(fit.report.trace[5].log_likelihood, fit.log_likelihood, 1e-15));
  for (std::size_t t = 1; t < 6; ++t)
    CHECK(fit.report.trace[t].seconds >= fit.report.trace[t - 1].seconds);
  // Ten rows in eight parts are eight parts.
  CHECK(latent::detail::part_starts<Bells>(latent::samples(x).slice(0, 10), 8).size() == 9);
}

TEST_CASE("found by review: data beyond float are refused by float models before any work") {
  RowMatrix<double> x = two_clouds(10, 0);
  x(3, 0) = 1e60;
  const latent::Mixture<latent::Gaussian<latent::Covariance::full, float>> start{
      Eigen::Vector2d(0.5, 0.5),
      latent::Gaussian<latent::Covariance::full, float>::isotropic(RowMatrix<float>{{1}, {-1}}, 1)};
  CHECK_THAT(message_of<latent::DataError>([&] { EM{}.fit(start, x); }),
             latent_test::contains("fit the model's scalar; got 1e+60 at row 3, column 0"));
}
