// Mixtures of logistic regressions.
#include "latent/models/logistic_experts.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "latent/em/em.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/models/logistic_regression.hpp"
#include "latent/testing/laws.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Experts = latent::LogisticExperts<double>;
using Mix = latent::Mixture<Experts>;

Mix planted() {
  RowMatrix<double> w(2, 2);
  w << 4, 0, -4, 3;
  return {Eigen::Vector2d(0.4, 0.6), Experts{w, Eigen::Vector2d(1, -1)}};
}

// Rows (x, y), y drawn from an expert that is drawn first.
RowMatrix<double> drawn(const Mix& truth, Index n, std::uint64_t seed) {
  RowMatrix<double> rows(n, truth.family.dimension());
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(seed).at(static_cast<std::uint64_t>(i));
    const Index k = random.uniform() < truth.weights[0] ? 0 : 1;
    double score = truth.family.intercepts[k];
    for (Index j = 0; j < truth.family.features(); ++j) {
      rows(i, j) = random.normal();
      score += truth.family.coefficients(k, j) * rows(i, j);
    }
    rows(i, truth.family.features()) = random.uniform() < 1.0 / (1.0 + std::exp(-score)) ? 1 : 0;
  }
  return rows;
}

Mix rough(double ridge = 0.0) {
  RowMatrix<double> w(2, 2);
  w << 1, 0, -1, 0.5;
  return {Eigen::Vector2d(0.5, 0.5), Experts{w, Eigen::Vector2d(0, 0), ridge}};
}

}  // namespace

TEST_CASE("logistic experts: the log density is that of the response") {
  const RowMatrix<double> x = drawn(planted(), 50, 1);
  const RowMatrix<double> features = x.leftCols(2);
  const RowMatrix<double> p = planted().family.probability(features);
  const Vector<double> density = planted().log_density(x);
  for (Index i = 0; i < 50; ++i) {
    double sum = 0.0;
    for (Index k = 0; k < 2; ++k)
      sum += planted().weights[k] * (x(i, 2) == 1.0 ? p(i, k) : 1.0 - p(i, k));
    CHECK(close(density[i], std::log(sum), 1e-12));
  }
}

TEST_CASE("logistic experts: two hundred bound steps never lower the objective") {
  const RowMatrix<double> x = drawn(planted(), 1500, 2);
  for (const double ridge : {0.0, 0.5}) {
    const auto fit = latent::EM{.max_iterations = 200, .tolerance = 0}.fit(rough(ridge), x);
    CHECK(fit.report.status == latent::Status::max_iterations);
    CHECK(fit.report.iterations == 200);
    const auto& trace = fit.report.trace;
    for (std::size_t i = 1; i < trace.size(); ++i)
      REQUIRE(trace[i].objective >= trace[i - 1].objective - 64 * latent_test::eps * 1500);
    CHECK(trace.back().objective > trace.front().objective + 20.0);
  }
}

TEST_CASE("logistic experts: two planted experts are recovered") {
  const Mix truth = planted();
  const RowMatrix<double> x = drawn(truth, 40000, 3);
  const auto fit = latent::EM{.max_iterations = 3000, .tolerance = 1e-9}.fit(rough(), x);
  CHECK(fit.report.converged());
  // Standard errors are a few hundredths of the coefficients.
  CHECK(std::abs(fit.model.weights[0] - truth.weights[0]) < 0.03);
  CHECK(close_matrix(fit.model.family.coefficients, truth.family.coefficients, 0.15));
  CHECK(close_matrix(fit.model.family.intercepts, truth.family.intercepts, 0.3));
  CHECK(fit.log_likelihood > truth.log_likelihood(x) - 1.0);
  CHECK(fit.model.free_parameters() == 7);
}

TEST_CASE("logistic experts: one component is logistic regression") {
  const RowMatrix<double> x = drawn(planted(), 800, 4);
  for (const double ridge : {0.0, 2.0}) {
    const Mix start{Vector<double>::Ones(1),
                    Experts{RowMatrix<double>::Zero(1, 2), Vector<double>::Zero(1), ridge}};
    const auto fit = latent::EM{.max_iterations = 400, .tolerance = 0}.fit(start, x);
    latent::Labels y(x.rows());
    for (Index i = 0; i < x.rows(); ++i) y[i] = static_cast<int>(x(i, 2));
    const RowMatrix<double> features = x.leftCols(2);
    const auto newton = latent::EM{.max_iterations = 12, .tolerance = 0}.fit(
        latent::LogisticRegression<double>(Vector<double>::Zero(2), 0.0, ridge),
        latent::samples(features).labels(y));
    CHECK(
        close_matrix(fit.model.family.coefficients.transpose(), newton.model.coefficients, 1e-10));
    CHECK(close(fit.model.family.intercepts[0], newton.model.intercept, 1e-9));
    CHECK(close(fit.log_likelihood, newton.log_likelihood, 1e-12));
  }
}

TEST_CASE("logistic experts: an expert without rows, and odd statistics, keep what was") {
  const RowMatrix<double> x = drawn(planted(), 100, 5);
  Mix start = rough();
  start.weights = Eigen::Vector2d(1.0, 0.0);
  const auto fit = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(start, x);
  CHECK(same_bits(RowMatrix<double>(fit.model.family.coefficients.row(1)),
                  RowMatrix<double>(start.family.coefficients.row(1))));
  CHECK(fit.model.parameters().allFinite());
  auto odd = start.family.zero();
  odd.curvature.setConstant(-1.0);
  CHECK_FALSE(start.family.valid(Eigen::Vector2d(1, 1), odd));
  CHECK(same_bits(start.family.maximize(Eigen::Vector2d(1, 1), odd).parameters(),
                  start.family.parameters()));
}

TEST_CASE("logistic experts: laws, and the same bits on any number of threads") {
  const RowMatrix<double> x = drawn(planted(), 5000, 6);
  for (const std::string& broken : latent::testing::broken_laws(rough(0.1), latent::samples(x)))
    FAIL_CHECK(broken);
  const RowMatrix<float> narrow = x.cast<float>();
  const latent::Mixture<latent::LogisticExperts<float>> start{
      Eigen::Vector2d(0.5, 0.5), latent::LogisticExperts<float>::start(2, 2, 7)};
  for (const std::string& broken : latent::testing::broken_laws(start, latent::samples(narrow)))
    FAIL_CHECK("float: " << broken);
  const latent::EM em{.max_iterations = 20, .tolerance = 0};
  const auto serial = em.fit(rough(), x, latent::Serial{});
  for (const int threads : {1, 2, 3, 8})
    CHECK(same_bits(em.fit(rough(), x, latent::Threads{threads}).model.parameters(),
                    serial.model.parameters()));
}

TEST_CASE("logistic experts: bad input is named before any work") {
  RowMatrix<double> x = drawn(planted(), 10, 8);
  x(6, 2) = 0.5;
  CHECK_THAT(message_of<latent::DataError>([&] { latent::EM{}.fit(rough(), x); }),
             latent_test::contains("0.5 at row 6"));
  CHECK_THROWS_AS(planted().log_density(RowMatrix<double>::Zero(2, 2)), latent::InvalidArgument);
  CHECK_THROWS_AS(planted().family.probability(RowMatrix<double>::Zero(2, 3)),
                  latent::InvalidArgument);
  CHECK_THROWS_AS(rough(-1.0).check(), latent::InvalidArgument);
  CHECK_THROWS_AS(Experts::start(0, 2), latent::InvalidArgument);
}

TEST_CASE("logistic experts: parameters have names") {
  const std::vector<std::string> names = planted().family.parameter_names();
  CHECK(names == std::vector<std::string>{"coefficient(0,0)", "coefficient(0,1)",
                                          "coefficient(1,0)", "coefficient(1,1)", "intercept(0)",
                                          "intercept(1)"});
  CHECK(static_cast<Index>(names.size()) == planted().family.parameters().size());
}
