// Exponential mixtures: waiting times.
#include "latent/mixture/exponential.hpp"

#include <cmath>
#include <limits>

#include "mixture/family_checks.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Times = latent::Mixture<latent::Exponential<double>>;

Times start() {
  RowMatrix<double> rate(2, 2);
  rate << 0.5, 2, 3, 0.75;
  return {Eigen::Vector2d(0.5, 0.5), {rate}};
}

RowMatrix<double> times() {
  RowMatrix<double> x(7, 2);
  x << 1.5, 0.25, 3, 0.5, 0.125, 2, 0.25, 1, 0.5, 4, 2, 0, 0.75, 0.5;
  return x;
}

}  // namespace

TEST_CASE("exponential: densities are those of the formula") {
  const RowMatrix<double> x = times();
  for (Index i = 0; i < x.rows(); ++i) {
    double exact = 0.0;
    for (Index k = 0; k < 2; ++k) {
      double p = 0.5;
      for (Index j = 0; j < 2; ++j)
        p *= start().family.rate(k, j) * std::exp(-start().family.rate(k, j) * x(i, j));
      exact += p;
    }
    CHECK(close(std::exp(start().log_density(x)[i]), exact, 1e-14));
  }
}

TEST_CASE("exponential: one component is rows over their sum, weights being counts of rows") {
  const Times one{latent::Vector<double>::Ones(1), {RowMatrix<double>::Ones(1, 2)}};
  const RowMatrix<double> x = times();
  const auto fit = latent::EM{}.fit(one, x);
  CHECK(close(fit.model.family.rate(0, 0), 7 / 8.125, 4 * latent_test::eps));
  CHECK(close(fit.model.family.rate(0, 1), 7 / 8.25, 4 * latent_test::eps));
  latent::Vector<double> weights = latent::Vector<double>::Ones(7);
  weights[0] = 0.0;
  weights[1] = 2.0;
  const auto weighted = latent::EM{}.fit(one, latent::samples(x).weights(weights));
  CHECK(close(weighted.model.family.rate(0, 0), 7 / (8.125 - 1.5 + 3), 4 * latent_test::eps));
}

TEST_CASE("exponential: with a prior EM never falls and ends where the penalised slope is 0") {
  for (const latent::GammaPrior prior :
       {latent::GammaPrior{}, {2.5, 0.0}, {1.0, 1.5}, {3.0, 2.0}}) {
    Times model = start();
    model.family.prior = prior;
    const RowMatrix<double> x = times();
    const auto fit = latent::EM{.max_iterations = 3000, .tolerance = 0}.fit(model, x);
    for (std::size_t i = 1; i < fit.report.trace.size(); ++i)
      CHECK(fit.report.trace[i].objective >= fit.report.trace[i - 1].objective - 1e-12);
    for (Index k = 0; k < 2; ++k)
      for (Index j = 0; j < 2; ++j) {
        const double at = fit.model.family.rate(k, j);
        const double slope = latent_test::derivative(
            [&](double rate) {
              Times other = fit.model;
              other.family.rate(k, j) = rate;
              return latent_test::objective(other, x);
            },
            at, 1e-3 * at);
        CHECK(std::abs(slope * at) < 1e-8);
      }
  }
}

TEST_CASE("exponential: a component without rows goes to the prior's mode, or keeps its rates") {
  auto family = start().family;
  const Eigen::Vector2d none(0, 0);
  const RowMatrix<double> nothing = RowMatrix<double>::Zero(2, 2);
  // A mode of 0 is no rate, and one at infinity neither.
  for (const latent::GammaPrior prior : {latent::GammaPrior{}, {1.0, 1.5}, {3.0, 0.0}}) {
    family.prior = prior;
    CHECK(family.maximize(none, nothing).rate == family.rate);
  }
  family.prior = {3.0, 4.0};
  CHECK(family.maximize(none, nothing).rate == RowMatrix<double>::Constant(2, 2, 0.5));
}

TEST_CASE("exponential: data scaled by a power of two scale the rates exactly") {
  const auto x = start().sample(3000, 4);
  Times scaled = start();
  scaled.family.rate /= 1024.0;
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  const auto a = em.fit(start(), x);
  const auto b = em.fit(scaled, x * 1024.0);
  CHECK(latent_test::close_matrix(RowMatrix<double>(b.model.family.rate * 1024.0),
                                  a.model.family.rate, 1e-12));
  CHECK(close(b.log_likelihood, a.log_likelihood - 3000 * 2 * std::log(1024.0), 1e-13));
}

TEST_CASE("exponential: a column of zeros has no bound, which is a status and a note, not NaN") {
  RowMatrix<double> x = times();
  x.col(1).setZero();
  const latent::EM em{.max_iterations = 20};
  const auto fit = em.fit(start(), x);
  CHECK(fit.report.status == latent::Status::degenerate);
  CHECK(latent::is_finite(fit.log_likelihood));
  CHECK(fit.model.family.rate.col(1) == start().family.rate.col(1));
  REQUIRE_FALSE(fit.report.notes.empty());
  CHECK_THAT(fit.report.notes[0].message,
             latent_test::contains("component 0 has a column of zeros"));
  Times with_prior = start();
  with_prior.family.prior = {1.0, 0.5};
  const auto bounded = em.fit(with_prior, x);
  CHECK(bounded.report.status != latent::Status::degenerate);
  for (std::size_t i = 1; i < bounded.report.trace.size(); ++i)
    CHECK(bounded.report.trace[i].objective >= bounded.report.trace[i - 1].objective - 1e-12);
}

TEST_CASE("exponential: hidden classes are found, with the same bits on any executor") {
  Times truth = start();
  truth.family.rate << 0.5, 4, 6, 0.5;
  truth.weights = Eigen::Vector2d(0.35, 0.65);
  const auto x = truth.sample(8000, 5);
  CHECK(std::abs(x.col(0).mean() - (0.35 * 2 + 0.65 / 6)) < 5 * std::sqrt(3.0 / 8000));
  const auto fit = latent::EM{}.fit(start(), x);
  CHECK(fit.report.converged());
  // Standard errors are rate / sqrt(0.35 8000) = 2 %, but for what overlap adds.
  CHECK((fit.model.family.rate.array() / truth.family.rate.array() - 1.0).abs().maxCoeff() < 0.12);
  CHECK((fit.model.weights - truth.weights).cwiseAbs().maxCoeff() < 0.05);
  CHECK(fit.log_likelihood >= truth.log_likelihood(x));
  latent_test::check_executors(start(), x);
}

TEST_CASE("exponential: odd statistics neither throw nor give NaN, and are told from valid ones") {
  const auto s = latent_test::statistics_of(start(), times());
  CHECK(start().family.valid(s.n, s.family));
  CHECK_FALSE(start().family.valid(s.n, -s.family));
  CHECK(start().family.maximize(Eigen::Vector2d(0, -1), s.family).rate == start().family.rate);
  const auto odd = start().family.maximize(s.n, -s.family);
  CHECK(odd.rate == start().family.rate);
  CHECK_NOTHROW(odd.check());
  // Sums at the ends of the number range.
  for (const double extreme : {1e-320, 1e308}) {
    const auto edge = start().family.maximize(Eigen::Vector2d(1e10, 1e-10),
                                              RowMatrix<double>::Constant(2, 2, extreme));
    CHECK_NOTHROW(edge.check());
  }
}

TEST_CASE("exponential: negative times and bad rates are refused by name and value") {
  const latent::EM em;
  RowMatrix<double> x = times();
  x(4, 0) = -0.5;
  CHECK_THAT(message_of<latent::DataError>([&] { em.fit(start(), x); }),
             latent_test::contains("got -0.5 at row 4, column 0"));
  Times bad = start();
  bad.family.rate(1, 0) = 0.0;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, times()); }),
             latent_test::contains("positive; got rate(1, 0) = 0"));
}
