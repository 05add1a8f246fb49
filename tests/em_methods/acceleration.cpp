// SQUAREM and Anderson in the space of statistics.
#include "latent/em/acceleration.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "latent/coins.hpp"
#include "latent/gaussian_mixture.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Acceleration;
using latent::EM;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::same_bits;
using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

namespace {

constexpr Acceleration kinds[] = {Acceleration::squarem, Acceleration::anderson};

Words random_words(Index k_count, Index d, std::uint64_t seed) {
  latent::Random random(seed);
  RowMatrix<double> p(k_count, d);
  for (Index i = 0; i < p.size(); ++i) p.data()[i] = 0.1 + 0.8 * random.uniform();
  return {Vector<double>::Constant(k_count, 1.0 / static_cast<double>(k_count)), {p}};
}

// 2000 documents of three kinds that overlap.
const RowMatrix<double>& documents() {
  static const RowMatrix<double> x = random_words(3, 8, 1003).sample(2000, 5);
  return x;
}

// 1000 points of three round clouds that overlap.
const RowMatrix<double>& clouds() {
  static const RowMatrix<double> x = [] {
    RowMatrix<double> means(3, 2);
    means << 0, 0, 2, 0, 0, 2;
    return Bells{Eigen::Vector3d(0.3, 0.3, 0.4), latent::Gaussian<>::isotropic(means, 1.0)}.sample(
        1000, 3);
  }();
  return x;
}

std::vector<Words> starts_of_words() {
  std::vector<Words> starts;
  for (std::uint64_t s = 0; s < 20; ++s) starts.push_back(random_words(3, 8, 1000 + s));
  return starts;
}

std::vector<Bells> starts_of_bells() {
  const RowMatrix<double>& x = clouds();
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const RowMatrix<double> centred = x.rowwise() - mean;
  const Eigen::MatrixXd covariance = centred.transpose() * centred / static_cast<double>(x.rows());
  std::vector<Bells> starts;
  for (std::uint64_t s = 0; s < 20; ++s) {
    latent::Random random(2000 + s);
    RowMatrix<double> means(3, 2);
    for (Index k = 0; k < 3; ++k) means.row(k) = x.row(random.below(x.rows()));
    starts.push_back({Vector<double>::Constant(3, 1.0 / 3.0),
                      latent::Gaussian<>(means, std::vector<Eigen::MatrixXd>(3, covariance))});
  }
  return starts;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return 0.5 * (values[(values.size() - 1) / 2] + values[values.size() / 2]);
}

// Stops as soon as a log-likelihood is reached.
struct Until {
  double target;
  template <class View>
  bool on_iteration(const View& view) {
    return view.log_likelihood < target;
  }
};

template <class Model>
void three_times_fewer(const std::vector<Model>& starts, const RowMatrix<double>& x) {
  constexpr double tolerance = 1e-12;
  std::vector<double> ratios[2];
  for (const Model& start : starts) {
    const auto plain = EM{.max_iterations = 100000, .tolerance = tolerance}.fit(start, x);
    CHECK(plain.report.converged());
    for (const Acceleration kind : kinds) {
      const EM fast{.max_iterations = 100000, .tolerance = tolerance, .acceleration = kind};
      const auto fit = fast.fit(start, x);
      CHECK(fit.report.converged());
      CHECK(fit.log_likelihood >= plain.log_likelihood - 1e-6);
      EM search = fast;
      search.tolerance = 0;
      const auto reached = search.fit(start, x, {}, latent::Soft{}, Until{plain.log_likelihood});
      CHECK(reached.report.status == latent::Status::stopped);
      ratios[kind == Acceleration::anderson ? 1 : 0].push_back(
          static_cast<double>(plain.report.evaluations) /
          static_cast<double>(reached.report.evaluations));
      const auto& trace = fit.report.trace;
      for (std::size_t t = 1; t < trace.size(); ++t) {
        const double rounding = 64 * latent_test::eps * std::abs(trace[t].objective);
        if (trace[t].objective < trace[t - 1].objective - rounding)
          FAIL_CHECK("the objective fell in iteration " << t);
      }
    }
  }
  CAPTURE(median(ratios[0]), median(ratios[1]));
  CHECK(median(ratios[0]) >= 3.0);
  CHECK(median(ratios[1]) >= 3.0);
}

}  // namespace

TEST_CASE("acceleration: Bernoulli mixtures need three times fewer E-steps, and end no lower") {
  three_times_fewer(starts_of_words(), documents());
}

TEST_CASE("acceleration: Gaussian mixtures need three times fewer E-steps, and end no lower") {
  three_times_fewer(starts_of_bells(), clouds());
}

TEST_CASE("acceleration: the same bits on any executor") {
  const RowMatrix<double> x = random_words(3, 8, 1003).sample(5000, 5);  // three lanes
  for (const Acceleration kind : kinds) {
    const EM em{.max_iterations = 200, .acceleration = kind};
    const auto serial = em.fit(random_words(3, 8, 1001), x, latent::Serial{});
    CHECK(serial.report.evaluations > serial.report.iterations + 1);  // it did propose
    for (const int threads : {1, 2, 3, 8}) {
      const auto fit = em.fit(random_words(3, 8, 1001), x, latent::Threads{threads});
      CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
      CHECK(fit.report.evaluations == serial.report.evaluations);
    }
  }
}

TEST_CASE("acceleration: priors, labels, weights and hard EM keep the objective monotone") {
  Words start = random_words(3, 8, 1001);
  start.family.prior = {1.5, 1.5};
  start.concentration = 2.0;
  Vector<double> weights(2000);
  latent::Labels labels(2000);
  for (Index i = 0; i < 2000; ++i) {
    weights[i] = static_cast<double>(i % 3);
    labels[i] = i % 50 == 0 ? static_cast<int>(i % 3) : -1;
  }
  const auto data = latent::samples(documents()).weights(weights).labels(labels);
  const auto rises = [&](const auto& assign) {
    for (const Acceleration kind : kinds) {
      const auto fit = EM{.max_iterations = 500, .tolerance = 1e-10, .acceleration = kind}.fit(
          start, data, {}, assign);
      CHECK(fit.report.converged());
      const auto& trace = fit.report.trace;
      for (std::size_t t = 1; t < trace.size(); ++t)
        CHECK(trace[t].objective >=
              trace[t - 1].objective - 64 * latent_test::eps * std::abs(trace[t].objective));
    }
  };
  rises(latent::Soft{});
  rises(latent::Hard{});
}

TEST_CASE("acceleration: a limit on the border and a flat maximum are no trouble") {
  // All heads: the limit is probability 1, and there is nothing between the coins.
  const latent::Mixture<latent::Binomial<double>> coins{Eigen::Vector2d(0.5, 0.5),
                                                        {Eigen::Vector2d(0.6, 0.5)}};
  const RowMatrix<double> heads = latent::tosses({"HHHHH", "HHHH", "HH"});
  const RowMatrix<double> ones = latent::tosses({"H", "H", "T", "H", "T", "T", "H", "T", "H", "H"});
  for (const Acceleration kind : kinds) {
    const EM em{.max_iterations = 300, .tolerance = 1e-12, .acceleration = kind};
    const auto fit = em.fit(coins, heads);
    CHECK(fit.report.converged());
    CHECK(std::abs(fit.log_likelihood) <= 4 * latent_test::eps);
    const auto flat = em.fit(coins, ones);  // a maximum at once, of many
    CHECK(flat.report.converged());
    CHECK(latent::all_finite(flat.model.parameters()));
  }
}

TEST_CASE("acceleration: a saddle that plain EM leaves is not mistaken for a maximum") {
  // Two almost equal components: plain EM moves away slowly, then fast.
  Words start = random_words(2, 8, 1003);
  start.family.probability.row(1) = start.family.probability.row(0).array() + 1e-7;
  const RowMatrix<double> x = random_words(2, 8, 1003).sample(2000, 5);
  const EM em{.max_iterations = 20000, .tolerance = 0};
  const auto fit = [&](Acceleration kind) {
    EM with = em;
    with.acceleration = kind;
    with.max_iterations = 2000;
    return with.fit(start, x).log_likelihood;
  };
  const double plain = fit(Acceleration::none);
  for (const Acceleration kind : kinds) CHECK(fit(kind) >= plain - 1e-6);
}

namespace {

// A model that exposes statistics of an invalid kind to the engine: valid() refuses every proposal.
struct Wary : Words {
  bool valid(const Statistics&) const { return false; }
  Wary maximize(const Statistics& s) const { return Wary{Words::maximize(s)}; }
};

}  // namespace

TEST_CASE("acceleration: statistics that the model calls invalid are never used") {
  const Wary start{random_words(3, 8, 1001)};
  const EM plain{.max_iterations = 100, .tolerance = 0};
  const auto expected = plain.fit(start, documents());
  for (const Acceleration kind : kinds) {
    EM em = plain;
    em.acceleration = kind;
    const auto fit = em.fit(start, documents());
    CHECK(same_bits(fit.model.parameters(), expected.model.parameters()));
    CHECK(fit.report.evaluations == expected.report.evaluations);
  }
}
