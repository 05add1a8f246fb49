// Logistic regression against 30-digit references.
#include "latent/models/logistic_regression.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/em/em.hpp"
#include "latent/testing/laws.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::Labels;
using latent::RowMatrix;
using latent::samples;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Regression = latent::LogisticRegression<double>;

struct Case {
  RowMatrix<double> x;
  Labels y;
  std::vector<double> parameters;  // intercept first
  double log_likelihood;
  std::vector<double> errors;
  Index newton_steps;  // from 0, to 30 digits
};

// Hours of study and a passed exam.
Case hours() {
  RowMatrix<double> x(20, 1);
  x << 0.5, 0.75, 1, 1.25, 1.5, 1.75, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 4, 4.25, 4.5, 4.75, 5,
      5.5;
  Labels y(20);
  y << 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1;
  return {x,
          y,
          {-4.07771343108763067, 1.50464542837333346},
          -8.02987846434467429,
          {1.76099431415647099, 0.628720845945385828},
          9};
}

Case plane() {
  RowMatrix<double> x(10, 2);
  x << 1, 2, 2, 1, 2, 3, 3, 1, 3, 4, 4, 2, 4, 4, 5, 3, 1, 4, 5, 1;
  Labels y(10);
  y << 0, 0, 1, 1, 0, 0, 1, 1, 1, 0;
  return {x,
          y,
          {-2.15279442661906453, 0.0775427049706702577, 0.768066524682821503},
          -6.01665126386554565,
          {2.34874861807604616, 0.487611832882512862, 0.609827476435086811},
          7};
}

// Iris: versicolor 0, virginica 1.
Case iris() {
  const RowMatrix<double> data = latent_test::read_table("iris");
  Labels y(100);
  for (Index i = 0; i < 100; ++i) y[i] = i < 50 ? 0 : 1;
  return {data.block(50, 0, 100, 4),
          y,
          {-42.6378038130219900, -2.46522019518665993, -6.68088701407854914, 9.42938515392663667,
           18.2861368878508859},
          -5.94927339567942288,
          {25.7076608331618507, 2.39430101853521483, 4.47956456660094535, 4.73720770031653628,
           9.74261213982679598},
          14};
}

Labels random_labels(const Regression& truth, const RowMatrix<double>& x, std::uint64_t seed) {
  const Vector<double> p = truth.probability(x);
  latent::Random random(seed);
  Labels y(x.rows());
  for (Index i = 0; i < y.size(); ++i) y[i] = random.uniform() < p[i] ? 1 : 0;
  return y;
}
RowMatrix<double> normals(Index n, Index d, std::uint64_t seed) {
  RowMatrix<double> x(n, d);
  latent::Random random(seed);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = random.normal();
  return x;
}

}  // namespace

TEST_CASE("logistic: three maximum likelihood estimates, their errors and likelihoods to 1e-10") {
  for (const Case& c : {hours(), plane(), iris()}) {
    const auto data = samples(c.x).labels(c.y);
    const auto fit = latent::EM{.max_iterations = c.newton_steps, .tolerance = 0}.fit(
        Regression(c.x.cols()), data);
    CHECK(fit.report.status == latent::Status::max_iterations);
    const Vector<double> errors = fit.model.standard_errors(data);
    const Index d = c.x.cols();
    CHECK(close(fit.model.intercept, c.parameters[0], 1e-10));
    CHECK(close(errors[d], c.errors[0], 1e-10));
    for (Index j = 0; j < d; ++j) {
      const auto at = static_cast<std::size_t>(j + 1);
      CHECK(close(fit.model.coefficients[j], c.parameters[at], 1e-10));
      CHECK(close(errors[j], c.errors[at], 1e-10));
    }
    CHECK(close(fit.log_likelihood, c.log_likelihood, 1e-13));
    CHECK(close(fit.model.log_likelihood(data), c.log_likelihood, 1e-13));
    CHECK(fit.model.free_parameters() == d + 1);
    // Every step rises, and the rule of convergence needs no more of them than 30 digits did.
    const auto& trace = fit.report.trace;
    for (std::size_t i = 1; i < trace.size(); ++i)
      CHECK(trace[i].objective >= trace[i - 1].objective - 1e-13);
    const auto rule = latent::EM{}.fit(Regression(d), data);
    CHECK(rule.report.converged());
    CHECK(rule.report.iterations <= c.newton_steps);
  }
}

TEST_CASE("logistic: Newton's convergence is quadratic") {
  const Case c = hours();
  std::vector<double> missing;
  for (Index steps = 2; steps <= 5; ++steps) {
    const auto fit = latent::EM{.max_iterations = steps, .tolerance = 0}.fit(
        Regression(1), samples(c.x).labels(c.y));
    missing.push_back(std::abs(fit.model.coefficients[0] - c.parameters[1]));
  }
  for (std::size_t i = 1; i < missing.size(); ++i)
    CHECK(missing[i] < 2.0 * missing[i - 1] * missing[i - 1] + 1e-14);
}

TEST_CASE("logistic: the statistics are gradient and curvature of the log-likelihood") {
  const Case c = plane();
  const Regression model(Vector<double>{{0.3, -0.2}}, 0.1);
  // The recorded first steps of gradient ascent with step 0.05 from 0.
  const auto data = samples(c.x).labels(c.y);
  auto team = latent::Serial{}.team();
  const auto gradient_at = [&](const Regression& at) {
    return latent::detail::e_step(at, data, latent::Soft{}, latent::Step{}, team);
  };
  Vector<double> w = Vector<double>::Zero(3);
  const double likelihoods[] = {-6.76815342652919445, -6.67531693235581042, -6.62697910057713568,
                                -6.60140888574053885, -6.59553708015165927};
  for (const double expected : likelihoods) {
    w += 0.05 * gradient_at(Regression(w.head(2), w[2])).statistics.gradient;
    CHECK(close(gradient_at(Regression(w.head(2), w[2])).sums.log_likelihood, expected, 1e-13));
  }
  CHECK(close(w[2], -0.0666922970490937219, 1e-12));
  CHECK(close(w[0], -0.0955266142654409030, 1e-12));
  CHECK(close(w[1], 0.324696055614130014, 1e-12));

  // Differences of the gradient give the Hessian.
  const auto here = gradient_at(model).statistics;
  for (Index j = 0; j < 3; ++j) {
    Vector<double> theta = model.parameters();
    theta[j] += 1e-5;
    const auto up = gradient_at(Regression(theta.head(2), theta[2])).statistics.gradient;
    theta[j] -= 2e-5;
    const auto down = gradient_at(Regression(theta.head(2), theta[2])).statistics.gradient;
    CHECK(close_matrix((down - up) / 2e-5, here.hessian.col(j), 1e-8));
  }
}

TEST_CASE("logistic: the quadratic bound touches and lies below") {
  using latent::detail::bound_curvature;
  using latent::detail::log_sigmoid;
  for (double at = -30.0; at <= 30.0; at += 0.37)
    for (double v = -40.0; v <= 40.0; v += 0.41) {
      const double bound =
          log_sigmoid(at) + 0.5 * (v - at) - 0.5 * bound_curvature(at) * (v * v - at * at);
      REQUIRE(log_sigmoid(v) >= bound - 1e-12);
    }
  CHECK(close(bound_curvature(0.0), 0.25, 1e-16));
  CHECK(close(bound_curvature(0.01 - 1e-12), bound_curvature(0.01), 1e-12));
  CHECK(close(bound_curvature(2.0), std::tanh(1.0) / 4.0, 1e-15));
  CHECK(log_sigmoid(-800.0) == -800.0);
  CHECK(log_sigmoid(800.0) <= 0.0);
  CHECK(close(latent::detail::sigmoid(-700.0), std::exp(-700.0), 1e-14));
}

TEST_CASE("logistic: safe steps alone rise to the same maximum") {
  const Case c = plane();
  const auto data = samples(c.x).labels(c.y);
  auto team = latent::Serial{}.team();
  Regression model(2);
  double before = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < 400; ++i) {
    const auto step = latent::detail::e_step(model, data, latent::Soft{}, latent::Step{}, team);
    REQUIRE(step.sums.log_likelihood >= before - 1e-13);
    before = step.sums.log_likelihood;
    model = model.maximize_safely(step.statistics);
  }
  CHECK(close(model.intercept, c.parameters[0], 1e-10));
  CHECK(close(model.coefficients[1], c.parameters[2], 1e-10));
}

TEST_CASE("logistic: starts from which Newton overshoots reach the maximum by safe steps") {
  const Case c = hours();
  for (const double slope : {-20.0, 30.0, 1e4, -1e6}) {
    const Regression start(Vector<double>{{slope}}, -3.0 * slope);
    const auto fit = latent::EM{.max_iterations = 3000}.fit(start, samples(c.x).labels(c.y));
    INFO("start at " << slope);
    CHECK(fit.report.status != latent::Status::not_monotone);
    CHECK(fit.report.status != latent::Status::numerical_failure);
    CHECK(fit.log_likelihood >= fit.report.trace.front().log_likelihood);
    if (std::abs(slope) < 100.0) CHECK(close(fit.model.coefficients[0], c.parameters[1], 1e-4));
  }
}

TEST_CASE("logistic: a ridge is a prior, and the penalised gradient is zero at the fit") {
  const Case c = iris();
  const Regression start(Vector<double>::Zero(4), 0.0, 0.5);
  const auto data = samples(c.x).labels(c.y);
  const auto fit = latent::EM{.max_iterations = 30, .tolerance = 0}.fit(start, data);
  CHECK(fit.report.status == latent::Status::max_iterations);
  auto team = latent::Serial{}.team();
  Vector<double> slope =
      latent::detail::e_step(fit.model, data, latent::Soft{}, latent::Step{}, team)
          .statistics.gradient;
  slope.head(4) -= 0.5 * fit.model.coefficients;
  CHECK(slope.cwiseAbs().maxCoeff() < 1e-10);
  CHECK(close(fit.report.trace.back().objective,
              fit.log_likelihood - 0.25 * fit.model.coefficients.squaredNorm(), 1e-13));
  CHECK(fit.model.coefficients.norm() < 10.0);
}

TEST_CASE("logistic: separated classes are a status and a note, never NaN") {
  RowMatrix<double> x(6, 1);
  x << 1, 2, 3, 4, 5, 6;
  const Labels apart{{0, 0, 0, 1, 1, 1}};
  const Labels same{{1, 1, 1, 1, 1, 1}};
  for (const Labels& y : {apart, same})
    for (const double tolerance : {1e-8, 0.0}) {
      const auto fit = latent::EM{.max_iterations = 1500, .tolerance = tolerance}.fit(
          Regression(1), samples(x).labels(y));
      CHECK(fit.report.status == latent::Status::degenerate);
      CHECK_THAT(fit.report.notes.back().message, latent_test::contains("separated"));
      CHECK(fit.model.parameters().allFinite());
      CHECK(fit.log_likelihood <= 0.0);
      CHECK(fit.log_likelihood > -1e-4);
      CHECK(fit.model.predict(x) == y);
      const Vector<double> errors = fit.model.standard_errors(samples(x).labels(y));
      for (Index j = 0; j < 2; ++j) CHECK(errors[j] > 100.0);
    }
  // A prior keeps the coefficients finite; the intercept has none.
  const auto kept =
      latent::EM{}.fit(Regression(Vector<double>::Zero(1), 0.0, 0.1), samples(x).labels(apart));
  CHECK(kept.report.converged());

  RowMatrix<double> twice(20, 2);
  twice << hours().x, hours().x;
  const auto collinear = latent::EM{}.fit(Regression(2), samples(twice).labels(hours().y));
  CHECK(collinear.report.status == latent::Status::degenerate);
  CHECK_THAT(collinear.report.notes.back().message, latent_test::contains("collinear"));
  CHECK(close(collinear.model.coefficients.sum(), 1.50464542837333346, 1e-5));
  CHECK(std::isinf(collinear.model.standard_errors(samples(twice).labels(hours().y))[0]));

  const auto unlabelled = latent::EM{}.fit(Regression(1), x);
  CHECK(unlabelled.report.status == latent::Status::degenerate);
  CHECK_THAT(unlabelled.report.notes.back().message, latent_test::contains("no row has a label"));
  CHECK(unlabelled.model.coefficients[0] == 0.0);
}

TEST_CASE("logistic: rows of label -1 and of weight 0 do not count, weights are frequencies") {
  const RowMatrix<double> x = normals(300, 3, 1);
  const Regression truth(Vector<double>{{1, -1, 0.5}}, 0.3);
  const Labels y = random_labels(truth, x, 2);
  Labels some = y;
  Vector<double> weights(300);
  std::vector<Index> rows;
  for (Index i = 0; i < 300; ++i) {
    if (i % 5 == 0) some[i] = -1;
    weights[i] = static_cast<double>(i % 3);
    if (i % 5 != 0)
      for (Index copy = 0; copy < i % 3; ++copy) rows.push_back(i);
  }
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  const auto weighted = em.fit(Regression(3), samples(x).labels(some).weights(weights));
  const RowMatrix<double> repeated = x(rows, Eigen::all);
  const Labels labels = y(rows);
  const auto plain = em.fit(Regression(3), samples(repeated).labels(labels));
  CHECK(close_matrix(weighted.model.parameters(), plain.model.parameters(), 1e-12));
  CHECK(close(weighted.log_likelihood, plain.log_likelihood, 1e-13));
}

TEST_CASE("logistic: the truth is found, with errors as large as they say, on any threads") {
  const RowMatrix<double> x = normals(9000, 3, 3);
  const Regression truth(Vector<double>{{1, -1, 0.5}}, 0.3);
  const auto data = samples(x).labels(random_labels(truth, x, 4));
  const latent::EM em{};
  const auto serial = em.fit(Regression(3), data, latent::Serial{});
  const Vector<double> errors = serial.model.standard_errors(data);
  for (Index j = 0; j < 4; ++j)
    CHECK(std::abs(serial.model.parameters()[j] - truth.parameters()[j]) < 4.0 * errors[j]);
  for (const int threads : {1, 2, 3, 8})
    CHECK(same_bits(em.fit(Regression(3), data, latent::Threads{threads}).model.parameters(),
                    serial.model.parameters()));
}

TEST_CASE("logistic: laws") {
  const RowMatrix<double> x = normals(5000, 3, 5);
  Labels y = random_labels(Regression(Vector<double>{{1, -1, 0.5}}, 0.3), x, 6);
  for (Index i = 0; i < y.size(); i += 7) y[i] = -1;
  const Regression start(Vector<double>{{0.2, 0.1, -0.3}}, 0.0, 0.01);
  for (const std::string& broken : latent::testing::broken_laws(start, samples(x).labels(y)))
    FAIL_CHECK(broken);
  const RowMatrix<float> narrow = x.cast<float>();
  for (const std::string& broken : latent::testing::broken_laws(
           latent::LogisticRegression<float>(3), samples(narrow).labels(y)))
    FAIL_CHECK("float: " << broken);
  SUCCEED();
}

TEST_CASE("logistic: bad input is named before any work") {
  const Case c = hours();
  Labels y = c.y;
  y[4] = 2;
  CHECK_THAT(message_of<latent::DataError>(
                 [&] { latent::EM{}.fit(Regression(1), samples(c.x).labels(y)); }),
             latent_test::contains("labels(4) = 2"));
  CHECK_THROWS_AS(Regression(0), latent::InvalidArgument);
  CHECK_THROWS_AS(Regression(-3), latent::InvalidArgument);
  CHECK_THROWS_AS(Regression(2, -1.0), latent::InvalidArgument);
  CHECK_THROWS_AS(Regression(2).probability(c.x), latent::InvalidArgument);
  RowMatrix<double> bad = c.x;
  bad(3, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<latent::DataError>([&] { Regression(1).predict(bad); }),
             latent_test::contains("NaN at row 3"));
  CHECK(Regression(1).predict(c.x).isZero());  // a tie goes to 0
  CHECK(Regression(1).probability(c.x).isConstant(0.5, 0.0));
}

TEST_CASE("logistic regression: parameters have names") {
  const std::vector<std::string> names = Regression(2).parameter_names();
  CHECK(names == std::vector<std::string>{"coefficient(0)", "coefficient(1)", "intercept"});
  CHECK(static_cast<Index>(names.size()) == Regression(2).parameters().size());
}
