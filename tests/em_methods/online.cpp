// Online and incremental EM.
#include "latent/em/online.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "latent/em/incremental.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::EM;
using latent::IncrementalEM;
using latent::Index;
using latent::OnlineEM;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;
using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

namespace {

Words words(double shift) {
  RowMatrix<double> p(2, 10);
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 10; ++j) p(k, j) = 0.15 + shift + 0.6 * static_cast<double>((k + j) % 2);
  return {Eigen::Vector2d(0.4, 0.6), {p}};
}
const RowMatrix<double>& documents() {
  static const RowMatrix<double> x = words(0.05).sample(12000, 7);
  return x;
}
double far_from_limit(const Words& model) {
  static const Vector<double> limit =
      EM{.tolerance = 1e-13}.fit(words(0.0), documents()).model.parameters();
  return (model.parameters() - limit).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("online EM: the first steps are the published recursion") {
  const OnlineEM online{.exponent = 0.7, .delay = 2};
  auto state = online.begin(words(0.0));
  Words model = words(0.0);
  auto average = model.zero();
  double weight = 0.0;
  for (Index t = 0; t < 4; ++t) {
    const RowMatrix<double> batch = documents().middleRows(100 * t, 100);
    auto team = latent::Serial{}.team();
    const auto step =
        latent::detail::e_step(model, latent::samples(batch), latent::Soft{}, latent::Step{}, team);
    const double g = std::pow((static_cast<double>(t) + 2.0) / 2.0, -0.7);
    latent::scale(average, 1.0 - g);
    latent::add_scaled(average, g / 100.0, step.statistics);
    weight += 100.0;
    auto total = average;
    latent::scale(total, weight);
    model = model.maximize(total);
    const auto answer = online.update(state, batch);
    CHECK(close(answer.log_likelihood, step.sums.log_likelihood, 1e-13));
    CHECK(answer.weight == 100.0);
    CHECK(close_matrix(state.model.parameters(), model.parameters(), 1e-13));
    CHECK(close_matrix(latent::pack(state.average), latent::pack(average), 1e-13));
  }
  CHECK(state.steps == 4);
  CHECK(state.weight == 400.0);
}

TEST_CASE("online EM: one pass over batches comes near the limit, and the polish reaches it") {
  const auto once = OnlineEM{.batch = 200}.fit(words(0.0), documents());
  // One part in the square root of the rows, from a start that is 0.05 away.
  CHECK(far_from_limit(words(0.0)) > 0.04);
  CHECK(far_from_limit(once.model) < 0.02);
  CHECK(once.report.evaluations == 2);  // a pass, and the E-step that evaluates
  CHECK(close(once.log_likelihood, once.model.log_likelihood(documents()), 1e-13));
  const auto polished =
      OnlineEM{.batch = 200, .polish = 200, .tolerance = 1e-13}.fit(words(0.0), documents());
  CHECK(polished.report.converged());
  CHECK(far_from_limit(polished.model) < 1e-5);
  CHECK(polished.report.trace[0].log_likelihood == once.log_likelihood);
}

TEST_CASE("online EM: goes on from a saved state with the same bits, through pack and unpack too") {
  const OnlineEM online{.seed = 3};
  const auto learn = [&](auto& state, Index first, Index last, const auto& assign) {
    for (Index b = first; b < last; ++b)
      online.update(state, documents().middleRows(500 * b, 500), latent::Threads{2}, assign);
  };
  const auto check = [&](const auto& assign) {
    auto straight = online.begin(words(0.0));
    learn(straight, 0, 10, assign);
    auto first = online.begin(words(0.0));
    learn(first, 0, 6, assign);
    const auto saved = first;  // kept aside
    const Vector<double> numbers = latent::pack(first.average);
    latent::OnlineState<Words> read{saved.model, saved.model.zero(), saved.weight, saved.steps};
    latent::unpack(numbers, read.average);
    learn(read, 6, 10, assign);
    CHECK(same_bits(read.model.parameters(), straight.model.parameters()));
    CHECK(same_bits(latent::pack(read.average), latent::pack(straight.average)));
    CHECK(same_bits(saved.model.parameters(), first.model.parameters()));
  };
  check(latent::Soft{});
  check(latent::Hard{});
  check(latent::Stochastic{});
}

TEST_CASE("online EM: weights and labels count, and executors agree to the bit") {
  Vector<double> weights(12000);
  latent::Labels labels(12000);
  for (Index i = 0; i < 12000; ++i) {
    weights[i] = static_cast<double>(i % 3);
    labels[i] = i % 7 == 0 ? static_cast<int>(i % 2) : -1;
  }
  const auto data = latent::samples(documents()).weights(weights).labels(labels);
  const OnlineEM online{.batch = 3000, .passes = 2, .polish = 2};
  const auto serial = online.fit(words(0.0), data, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto fit = online.fit(words(0.0), data, latent::Threads{threads});
    CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
    CHECK(same_bits(fit.log_likelihood, serial.log_likelihood));
  }
  // A batch of weight 2 is the batch given twice within itself.
  const RowMatrix<double> batch = documents().topRows(300);
  RowMatrix<double> twice(600, 10);
  twice << batch, batch;
  auto a = online.begin(words(0.0));
  auto b = a;
  online.update(a, latent::samples(batch).weights(Vector<double>::Constant(300, 2.0)));
  online.update(b, twice);
  CHECK(close_matrix(a.model.parameters(), b.model.parameters(), 1e-13));
  CHECK(a.weight == b.weight);
  // Nothing is learnt from weight 0 ... which a source refuses as a whole, so from a slice of it.
  Vector<double> half = Vector<double>::Zero(300);
  half.tail(100).setOnes();
  const auto before = a.model.parameters();
  const auto none = online.update(a, latent::samples(batch).weights(half).slice(0, 200));
  CHECK(none.weight == 0.0);
  CHECK(same_bits(a.model.parameters(), before));
  CHECK(a.steps == 1);
}

TEST_CASE("online EM: bad batches are refused, and the state is as it was") {
  const OnlineEM online;
  auto state = online.begin(words(0.0));
  online.update(state, documents().topRows(100));
  const auto before = state;
  RowMatrix<double> bad = documents().topRows(100);
  bad(40, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<latent::DataError>([&] { online.update(state, bad); }),
             latent_test::contains("NaN at row 40, column 2"));
  bad(40, 2) = 0.5;
  CHECK_THROWS_AS(online.update(state, bad), latent::DataError);
  CHECK_THROWS_AS(online.update(state, RowMatrix<double>(3, 4)), latent::InvalidArgument);
  CHECK(same_bits(state.model.parameters(), before.model.parameters()));
  CHECK(state.steps == before.steps);
  CHECK_THROWS_AS(OnlineEM{.exponent = 0.5}.begin(words(0.0)), latent::InvalidArgument);
  CHECK_THROWS_AS(OnlineEM{.exponent = 1.1}.begin(words(0.0)), latent::InvalidArgument);
  CHECK_THROWS_AS(OnlineEM{.delay = 0.5}.begin(words(0.0)), latent::InvalidArgument);
  CHECK_THROWS_AS(OnlineEM{.batch = 0}.begin(words(0.0)), latent::InvalidArgument);
  CHECK_THROWS_AS(OnlineEM{.passes = 0}.begin(words(0.0)), latent::InvalidArgument);
  CHECK_THROWS_AS(OnlineEM{.polish = -1}.begin(words(0.0)), latent::InvalidArgument);
}

TEST_CASE("online EM: Gaussians learn online far from the origin") {
  RowMatrix<double> means(2, 2);
  means << 1e8, 1e8, 1e8 + 6, 1e8;
  const Bells truth{Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(means, 1.0)};
  const RowMatrix<double> x = truth.sample(6000, 3);
  RowMatrix<double> near = means;
  near.array() += 0.5;
  const Bells start{Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(near, 2.0)};
  const auto fit = OnlineEM{.batch = 250}.fit(start, x);
  CHECK((fit.model.family.means - means).cwiseAbs().maxCoeff() < 0.2);
  for (Index k = 0; k < 2; ++k)
    CHECK((fit.model.family.covariance(k) - Eigen::Matrix2d::Identity()).cwiseAbs().maxCoeff() <
          0.25);
}

TEST_CASE("incremental EM: the total is that of the parts' latest statistics, and the limit EM's") {
  const auto fit = IncrementalEM{.parts = 6, .tolerance = 1e-13}.fit(words(0.0), documents());
  CHECK(fit.report.converged());
  CHECK(far_from_limit(fit.model) < 1e-5);
  CHECK(close(fit.log_likelihood, fit.model.log_likelihood(documents()), 1e-13));
  CHECK(fit.report.evaluations == fit.report.iterations + 2);  // the start, and the end

  const IncrementalEM incremental;
  auto state = incremental.begin(words(0.0), 3);
  for (const Index part : {0, 1, 2, 1, 0, 2, 2})
    incremental.update(state, part, documents().middleRows(400 * part, 400));
  auto sum = state.model.zero();
  for (const auto& part : state.parts) latent::merge(sum, part);
  CHECK(close_matrix(latent::pack(sum), latent::pack(state.total), 1e-12));
  CHECK(close(state.total.n.sum(), 1200.0, 1e-13));
  CHECK(state.steps == 7);
}

TEST_CASE("incremental EM: one part is EM itself") {
  const auto one =
      IncrementalEM{.parts = 1, .max_passes = 5, .tolerance = 0}.fit(words(0.0), documents());
  const auto em = EM{.max_iterations = 5, .tolerance = 0}.fit(words(0.0), documents());
  CHECK(same_bits(one.model.parameters(), em.model.parameters()));
  CHECK(same_bits(one.log_likelihood, em.log_likelihood));
}

TEST_CASE("incremental EM: each step raises the free energy of all that was seen") {
  const IncrementalEM options;
  auto state = options.begin(words(0.0), 4);
  const auto part_of = [&](Index b) {
    return RowMatrix<double>(documents().middleRows(500 * b, 500));
  };
  std::vector<Words> posteriors;  // the model that each part met last
  for (Index b = 0; b < 4; ++b) {
    posteriors.push_back(state.model);
    options.update(state, b, part_of(b));
  }
  const auto free_energy = [&] {
    double sum = 0.0;
    for (Index b = 0; b < 4; ++b)
      sum += latent::lower_bound(state.model, posteriors[static_cast<std::size_t>(b)], part_of(b))
                 .bound;
    return sum;
  };
  double before = free_energy();
  for (const Index b : {0, 3, 1, 1, 2, 0, 3, 2}) {
    posteriors[static_cast<std::size_t>(b)] = state.model;
    options.update(state, b, part_of(b));
    const double after = free_energy();
    CHECK(after >= before - 64 * latent_test::eps * std::abs(before));
    before = after;
  }
}

TEST_CASE("incremental EM: takes fewer passes than EM iterations where EM is slow") {
  RowMatrix<double> p(2, 6);
  p << 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.7, 0.6, 0.7, 0.6, 0.7, 0.6;
  const Words truth{Eigen::Vector2d(0.5, 0.5), {p}};
  const RowMatrix<double> x = truth.sample(8000, 3);
  Words start = truth;
  start.family.probability.row(1).setConstant(0.5);
  const auto em = EM{.tolerance = 1e-9}.fit(start, x);
  const auto fit = IncrementalEM{.parts = 8, .tolerance = 1e-9}.fit(start, x);
  CHECK(fit.report.converged());
  CHECK(fit.report.evaluations < em.report.evaluations);
  CHECK(fit.log_likelihood >= em.log_likelihood - 1e-6 * 8000);
}

TEST_CASE("incremental EM: same bits on any executor, and from a saved state") {
  const IncrementalEM options{.parts = 3, .max_passes = 4, .tolerance = 0, .polish = 2};
  const auto serial = options.fit(words(0.0), documents(), latent::Serial{});
  for (const int threads : {1, 2, 3, 8})
    CHECK(
        same_bits(options.fit(words(0.0), documents(), latent::Threads{threads}).model.parameters(),
                  serial.model.parameters()));
  const auto visit = [&](auto& state, Index first, Index last) {
    for (Index t = first; t < last; ++t)
      options.update(state, t % 3, documents().middleRows(1000 * (t % 3), 1000), latent::Serial{},
                     latent::Stochastic{});
  };
  auto straight = options.begin(words(0.0), 3);
  visit(straight, 0, 9);
  auto saved = options.begin(words(0.0), 3);
  visit(saved, 0, 4);
  auto resumed = saved;
  visit(resumed, 4, 9);
  CHECK(same_bits(resumed.model.parameters(), straight.model.parameters()));
}

TEST_CASE("incremental EM: bad parts and options are refused, and the state is as it was") {
  const IncrementalEM options;
  auto state = options.begin(words(0.0), 2);
  options.update(state, 0, documents().topRows(100));
  const auto before = state.model.parameters();
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { options.update(state, 2, documents().topRows(100)); }),
             latent_test::contains("part must be in 0 ... 1; got 2"));
  RowMatrix<double> bad = documents().topRows(100);
  bad(7, 1) = 3;
  CHECK_THROWS_AS(options.update(state, 1, bad), latent::DataError);
  CHECK(same_bits(state.model.parameters(), before));
  CHECK_THROWS_AS(options.begin(words(0.0), 0), latent::InvalidArgument);
  CHECK_THROWS_AS(IncrementalEM{.parts = 0}.fit(words(0.0), documents()), latent::InvalidArgument);
  CHECK_THROWS_AS(IncrementalEM{.max_passes = -1}.fit(words(0.0), documents()),
                  latent::InvalidArgument);
}
