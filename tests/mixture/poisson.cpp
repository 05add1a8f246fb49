// Poisson mixtures: counts.
#include "latent/mixture/poisson.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "mixture/family_checks.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;

namespace {

using Counts = latent::Mixture<latent::Poisson<double>>;

Counts start() {
  RowMatrix<double> rate(2, 2);
  rate << 1.5, 6, 4, 2;
  return {Eigen::Vector2d(0.5, 0.5), {rate}};
}

RowMatrix<double> counts() {
  RowMatrix<double> x(7, 2);
  x << 1, 7, 0, 5, 2, 8, 5, 1, 6, 3, 3, 2, 1, 4;
  return x;
}

Counts one(double rate) {
  return {latent::Vector<double>::Ones(1), {RowMatrix<double>::Constant(1, 1, rate)}};
}

}  // namespace

TEST_CASE("poisson: the logarithm of a factorial is that of the product") {
  long double exact = 0.0L;
  for (int x = 2; x <= 5000; ++x) {
    exact += std::log(static_cast<long double>(x));
    CHECK(
        close(latent::detail::log_factorial(x), static_cast<double>(exact), 4 * latent_test::eps));
  }
  CHECK(latent::detail::log_factorial(0) == 0.0);
  CHECK(latent::detail::log_factorial(1) == 0.0);
}

TEST_CASE("poisson: densities are those of the formula and sum to 1") {
  CHECK(close(one(2.5).log_density(RowMatrix<double>::Constant(1, 1, 3.0))[0],
              std::log(2.5 * 2.5 * 2.5 / 6.0) - 2.5, 1e-14));
  for (const double rate : {1e-3, 0.7, 3.7, 40.0}) {
    RowMatrix<double> x(200, 1);
    for (Index i = 0; i < 200; ++i) x(i, 0) = static_cast<double>(i);
    const auto density = one(rate).log_density(x);
    CHECK(std::abs(density.array().exp().sum() - 1.0) < 1e-12);
  }
  // Columns are independent; the term of x! is in every component.
  const RowMatrix<double> x = counts();
  for (Index i = 0; i < x.rows(); ++i) {
    double exact = 0.0;
    for (Index k = 0; k < 2; ++k) {
      double p = 0.5;
      for (Index j = 0; j < 2; ++j) {
        const double rate = start().family.rate(k, j);
        p *= std::pow(rate, x(i, j)) * std::exp(-rate) / std::tgamma(x(i, j) + 1.0);
      }
      exact += p;
    }
    CHECK(close(std::exp(start().log_density(x)[i]), exact, 1e-13));
  }
}

TEST_CASE("poisson: deaths by horse kick (Bortkiewicz 1898) have their mean as rate") {
  RowMatrix<double> deaths(5, 1);
  deaths << 0, 1, 2, 3, 4;
  latent::Vector<double> corps_years(5);
  corps_years << 109, 65, 22, 3, 1;
  const auto fit = latent::EM{}.fit(one(1.0), latent::samples(deaths).weights(corps_years));
  CHECK(close(fit.model.family.rate(0, 0), 0.61, 4 * latent_test::eps));
  double exact = 0.0;  // sum of n (x log 0.61 - 0.61 - log x!)
  const double factorial[] = {1, 1, 2, 6, 24};
  for (Index i = 0; i < 5; ++i)
    exact += corps_years[i] *
             (deaths(i, 0) * std::log(0.61) - 0.61 - std::log(factorial[static_cast<int>(i)]));
  CHECK(close(fit.log_likelihood, exact, 1e-14));
}

TEST_CASE("poisson: with a prior EM never falls and ends where the penalised slope is 0") {
  for (const latent::GammaPrior prior :
       {latent::GammaPrior{}, {2.5, 0.0}, {1.0, 1.5}, {3.0, 2.0}}) {
    Counts model = start();
    model.family.prior = prior;
    const RowMatrix<double> x = counts();
    const auto fit = latent::EM{.max_iterations = 3000, .tolerance = 0}.fit(model, x);
    for (std::size_t i = 1; i < fit.report.trace.size(); ++i)
      CHECK(fit.report.trace[i].objective >= fit.report.trace[i - 1].objective - 1e-12);
    for (Index k = 0; k < 2; ++k)
      for (Index j = 0; j < 2; ++j) {
        const double slope = latent_test::derivative(
            [&](double rate) {
              Counts other = fit.model;
              other.family.rate(k, j) = rate;
              return latent_test::objective(other, x);
            },
            fit.model.family.rate(k, j), 1e-3);
        CHECK(std::abs(slope) < 1e-8);
      }
  }
}

TEST_CASE("poisson: the prior enters as the Gamma density") {
  Counts model = start();
  model.family.prior = {3.0, 2.0};
  double exact = 0.0;
  for (const double rate : {1.5, 6.0, 4.0, 2.0}) exact += 2.0 * std::log(rate) - 2.0 * rate;
  CHECK(close(model.log_prior(), exact, 1e-14));
  // A component without rows is at the prior's mode, (shape - 1) / rate.
  const auto empty =
      model.family.maximize(Eigen::Vector2d(0, 3), RowMatrix<double>::Zero(2, 2)).rate;
  CHECK(empty(0, 0) == 1.0);
  CHECK(close(empty(1, 0), 2.0 / 5.0, 1e-15));
}

TEST_CASE("poisson: a rate of 0 allows counts of 0 only, and is found exactly") {
  Counts model = start();
  model.family.rate(0, 1) = 0.0;
  RowMatrix<double> x(2, 2);
  x << 1, 0, 1, 1;
  const auto r = model.responsibilities(x);
  const double first = 1.5 * std::exp(-1.5);
  CHECK(close(r(0, 0), first / (first + 4 * std::exp(-6.0)), 1e-14));
  CHECK(r(1, 0) == 0.0);
  RowMatrix<double> zeros = counts();
  zeros.col(1).setZero();
  const auto fit = latent::EM{.max_iterations = 20, .tolerance = 0}.fit(start(), zeros);
  CHECK(fit.model.family.rate.col(1) == Eigen::Vector2d(0, 0));
  CHECK(latent::is_finite(fit.log_likelihood));
}

TEST_CASE("poisson: large counts keep the digits that their size leaves") {
  // At x = rate = 10^9 the density is 1 / sqrt(2 pi x) up to 1 / (12 x).
  const double x = 1e9;
  const double exact = -0.5 * std::log(2 * std::numbers::pi * x) - 1.0 / (12.0 * x);
  const double computed = one(x).log_density(RowMatrix<double>::Constant(1, 1, x))[0];
  CHECK(std::abs(computed - exact) < 4 * latent_test::eps * x * std::log(x));
}

TEST_CASE("poisson: samples have the distribution, at small and large rates") {
  const Index n = 40000;
  for (const double rate : {0.3, 4.0, 9.99, 10.0, 57.0, 1e5}) {
    INFO("rate " << rate);
    const auto x = one(rate).sample(n, 21);
    const double mean = x.mean();
    const double variance = (x.array() - mean).square().mean();
    const auto count = static_cast<double>(n);
    CHECK(std::abs(mean - rate) < 5 * std::sqrt(rate / count));
    // The fourth central moment is rate + 3 rate^2.
    CHECK(std::abs(variance - rate) < 5 * std::sqrt((rate + 2 * rate * rate) / count));
    // The distribution function at three places.
    for (const double z : {-1.0, 0.0, 1.5}) {
      const double edge = std::floor(rate + z * std::sqrt(rate));
      if (edge < 0 || rate > 1e4) continue;
      double below = 0.0;
      for (double value = 0.0; value <= edge; value += 1.0)
        below += std::exp(value * std::log(rate) - rate - std::lgamma(value + 1.0));
      const double seen = (x.array() <= edge).cast<double>().mean();
      CHECK(std::abs(seen - below) < 5 * std::sqrt(below * (1 - below) / count));
    }
  }
  CHECK((one(0.0).sample(100, 1).array() == 0.0).all());
}

TEST_CASE("poisson: hidden classes are found, with the same bits on any executor") {
  Counts truth = start();
  truth.weights = Eigen::Vector2d(0.35, 0.65);
  const auto x = truth.sample(8000, 5);
  RowMatrix<double> guess(2, 2);
  guess << 2, 4, 3, 3;
  const auto fit = latent::EM{}.fit(Counts{Eigen::Vector2d(0.5, 0.5), {guess}}, x);
  CHECK(fit.report.converged());
  // Standard errors: sqrt(6 / (0.35 8000)) = 0.046 at most, but for what overlap adds.
  CHECK((fit.model.family.rate - truth.family.rate).cwiseAbs().maxCoeff() < 0.3);
  CHECK((fit.model.weights - truth.weights).cwiseAbs().maxCoeff() < 0.05);
  CHECK(fit.log_likelihood >= truth.log_likelihood(x));
  latent_test::check_executors(start(), x);
}

TEST_CASE("poisson: odd statistics neither throw nor give NaN, and are told from valid ones") {
  const auto s = latent_test::statistics_of(start(), counts());
  CHECK(start().family.valid(s.n, s.family));
  CHECK_FALSE(start().family.valid(s.n, -s.family));
  const auto kept = start().family.maximize(Eigen::Vector2d(0, -1), s.family);
  CHECK(kept.rate == start().family.rate);
  CHECK(start().family.maximize(s.n, -s.family).rate == RowMatrix<double>::Zero(2, 2));
}

TEST_CASE("poisson: bad counts and parameters are refused by name and value") {
  const latent::EM em;
  RowMatrix<double> x = counts();
  x(4, 0) = 1.5;
  CHECK_THAT(message_of<latent::DataError>([&] { em.fit(start(), x); }),
             latent_test::contains("Poisson: counts must be whole numbers, not negative; got 1.5 "
                                   "at row 4, column 0"));
  Counts bad = start();
  bad.family.rate(0, 1) = -2;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, counts()); }),
             latent_test::contains("rate(0, 1) = -2"));
  bad = start();
  bad.family.prior.shape = 0.5;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, counts()); }),
             latent_test::contains("shape must be finite and at least 1; got 0.5"));
  bad.family.prior = {1.0, -1.0};
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, counts()); }),
             latent_test::contains("not negative; got -1"));
}
