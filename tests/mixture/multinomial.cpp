// Multinomial mixtures: documents as bags of words.
#include "latent/mixture/multinomial.hpp"

#include <cmath>
#include <limits>

#include "latent/mixture/binomial.hpp"
#include "mixture/family_checks.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;

namespace {

using Bags = latent::Mixture<latent::Multinomial<double>>;

Bags start() {
  RowMatrix<double> p(2, 3);
  p << 0.5, 0.25, 0.25, 0.125, 0.25, 0.625;
  return {Eigen::Vector2d(0.5, 0.5), {p}};
}

RowMatrix<double> bags() {
  RowMatrix<double> x(6, 3);
  x << 4, 1, 0, 3, 2, 1, 5, 0, 1, 0, 1, 4, 1, 2, 5, 0, 0, 3;
  return x;
}

}  // namespace

TEST_CASE("multinomial: densities are products of powers, and with the coefficient sum to 1") {
  const Bags model = start();
  const auto factorial = [](int n) { return std::tgamma(n + 1.0); };
  double total = 0.0;
  for (int a = 0; a <= 5; ++a)
    for (int b = 0; a + b <= 5; ++b) {
      const int c = 5 - a - b;
      RowMatrix<double> x(1, 3);
      x << a, b, c;
      const double exact = 0.5 * std::pow(0.5, a) * std::pow(0.25, b + c) +
                           0.5 * std::pow(0.125, a) * std::pow(0.25, b) * std::pow(0.625, c);
      const double density = std::exp(model.log_density(x)[0]);
      CHECK(close(density, exact, 1e-14));
      total += factorial(5) / (factorial(a) * factorial(b) * factorial(c)) * density;
    }
  CHECK(close(total, 1.0, 1e-14));
}

TEST_CASE("multinomial: a step is expected counts over their sum, smoothed by the prior") {
  const RowMatrix<double> x = bags();
  for (const double concentration : {1.0, 1.5, 3.0}) {
    Bags model = start();
    model.family.prior.concentration = concentration;
    const auto next = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(model, x).model;
    for (Index k = 0; k < 2; ++k) {
      double counts[3] = {};
      double sum = 0.0;
      for (Index i = 0; i < 6; ++i) {
        double joint[2];
        for (Index c = 0; c < 2; ++c) {
          joint[c] = 0.5;
          for (Index j = 0; j < 3; ++j)
            joint[c] *= std::pow(model.family.probability(c, j), x(i, j));
        }
        for (Index j = 0; j < 3; ++j) counts[j] += joint[k] / (joint[0] + joint[1]) * x(i, j);
      }
      for (double& count : counts) sum += count += concentration - 1.0;
      for (Index j = 0; j < 3; ++j)
        CHECK(close(next.family.probability(k, j), counts[j] / sum, 1e-13));
    }
  }
}

TEST_CASE("multinomial: with a prior EM never falls and ends where the penalised slope is 0") {
  Bags model = start();
  model.family.prior.concentration = 1.7;
  const RowMatrix<double> x = bags();
  const auto fit = latent::EM{.max_iterations = 3000, .tolerance = 0}.fit(model, x);
  for (std::size_t i = 1; i < fit.report.trace.size(); ++i)
    CHECK(fit.report.trace[i].objective >= fit.report.trace[i - 1].objective - 1e-12);
  // Moving mass from the last outcome to another keeps the sum.
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 2; ++j) {
      const double slope = latent_test::derivative(
          [&](double moved) {
            Bags other = fit.model;
            other.family.probability(k, j) += moved;
            other.family.probability(k, 2) -= moved;
            return latent_test::objective(other, x);
          },
          0.0, 1e-4);
      CHECK(std::abs(slope) < 1e-8);
    }
}

TEST_CASE("multinomial: two outcomes are coins") {
  const RowMatrix<double> x = bags().leftCols(2);
  RowMatrix<double> p(2, 2);
  p << 0.6, 0.4, 0.3, 0.7;
  const latent::EM em{.max_iterations = 7, .tolerance = 0};
  const auto a = em.fit(Bags{Eigen::Vector2d(0.5, 0.5), {p}}, x);
  const auto b = em.fit(latent::Mixture<latent::Binomial<double>>{Eigen::Vector2d(0.5, 0.5),
                                                                  {Eigen::Vector2d(0.6, 0.3)}},
                        x);
  CHECK(close(a.log_likelihood, b.log_likelihood, 1e-14));
  for (Index k = 0; k < 2; ++k)
    CHECK(close(a.model.family.probability(k, 0), b.model.family.probability[k], 1e-13));
  CHECK(a.model.free_parameters() == b.model.free_parameters());
}

TEST_CASE("multinomial: a probability of 0 forbids, and does not poison") {
  Bags model = start();
  model.family.probability.row(0) << 0.5, 0.5, 0.0;
  RowMatrix<double> x(3, 3);
  x << 2, 1, 0, 0, 0, 1, 0, 0, 0;
  const auto r = model.responsibilities(x);
  CHECK(close(r(0, 0), 0.125 / (0.125 + 0.125 * 0.125 * 0.25), 1e-14));
  CHECK(r(1, 0) == 0.0);
  CHECK(r(2, 0) == 0.5);  // no counts: the weights
  model.family.probability.row(1) = model.family.probability.row(0);
  CHECK(latent::is_negative_infinity(model.log_density(x)[1]));
  // A word that is never seen ends at exactly 0, unless a prior forbids that.
  RowMatrix<double> unseen = bags();
  unseen.col(1).setZero();
  const latent::EM em{.max_iterations = 20, .tolerance = 0};
  const auto fit = em.fit(start(), unseen);
  CHECK(fit.model.family.probability.col(1) == Eigen::Vector2d(0, 0));
  CHECK(latent::is_finite(fit.log_likelihood));
  Bags smooth = start();
  smooth.family.prior.concentration = 1.001;
  CHECK((em.fit(smooth, unseen).model.family.probability.col(1).array() > 0.0).all());
}

TEST_CASE("multinomial: a component without counts keeps its probabilities, or has the prior's") {
  const RowMatrix<double> nothing = RowMatrix<double>::Zero(4, 3);
  const auto fit = latent::EM{.max_iterations = 3}.fit(start(), nothing);
  CHECK(fit.model.family.probability == start().family.probability);
  const auto odd = start().family.maximize(Eigen::Vector2d(-1, 2), -RowMatrix<double>::Ones(2, 3));
  CHECK(odd.probability == start().family.probability);
  latent::Multinomial<double> prior = start().family;
  prior.prior.concentration = 2.0;
  CHECK(latent_test::close_matrix(
      prior.maximize(Eigen::Vector2d(0, 0), RowMatrix<double>::Zero(2, 3)).probability,
      RowMatrix<double>::Constant(2, 3, 1.0 / 3), 4 * latent_test::eps));
}

TEST_CASE("multinomial: statistics of data are valid, negative ones are not") {
  const auto s = latent_test::statistics_of(start(), bags());
  CHECK(start().family.valid(s.n, s.family));
  RowMatrix<double> odd = s.family;
  odd(1, 2) = -1e-3;
  CHECK_FALSE(start().family.valid(s.n, odd));
  odd(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(start().family.valid(s.n, odd));
}

TEST_CASE("multinomial: thirty thousand words neither underflow nor lose digits") {
  const Index d = 30000;
  RowMatrix<double> p(2, d);
  latent::Random random(3);
  for (Index j = 0; j < d; ++j) {
    p(0, j) = 0.5 + random.uniform();
    p(1, j) = 0.5 + random.uniform();
  }
  for (Index k = 0; k < 2; ++k) p.row(k) /= p.row(k).sum();
  Bags model{Eigen::Vector2d(0.5, 0.5), {p}};
  model.family.trials = 2000;
  const auto x = model.sample(2, 8);
  for (Index i = 0; i < 2; ++i) {
    CHECK(x.row(i).sum() == 2000.0);
    long double both[2] = {std::log(0.5L), std::log(0.5L)};
    for (Index k = 0; k < 2; ++k)
      for (Index j = 0; j < d; ++j)
        both[k] += static_cast<long double>(x(i, j)) * std::log(static_cast<long double>(p(k, j)));
    const long double top = std::max(both[0], both[1]);
    const auto exact =
        static_cast<double>(top + std::log(std::exp(both[0] - top) + std::exp(both[1] - top)));
    CHECK(close(model.log_density(x)[i], exact, 2e-13));
  }
}

TEST_CASE("multinomial: samples follow the probabilities, and hidden classes are found") {
  Bags truth = start();
  truth.weights = Eigen::Vector2d(0.3, 0.7);
  truth.family.trials = 30;
  const auto x = truth.sample(6000, 11);
  const auto again = truth.sample(10, 11);
  CHECK(latent_test::same_bits(RowMatrix<double>(x.topRows(10)), again));
  CHECK((x.rowwise().sum().array() == 30).all());
  RowMatrix<double> guess(2, 3);
  guess << 0.4, 0.3, 0.3, 0.3, 0.3, 0.4;
  const auto fit = latent::EM{}.fit(Bags{Eigen::Vector2d(0.5, 0.5), {guess}}, x);
  CHECK(fit.report.converged());
  // Standard errors are below sqrt(1/4 / (0.3 6000 30)) = 0.0022, those of the weights 0.006.
  CHECK((fit.model.family.probability - truth.family.probability).cwiseAbs().maxCoeff() < 0.012);
  CHECK((fit.model.weights - truth.weights).cwiseAbs().maxCoeff() < 0.03);
  latent_test::check_executors(start(), x);
}

TEST_CASE("multinomial: bad counts and parameters are refused by name and value") {
  const latent::EM em;
  RowMatrix<double> x = bags();
  x(3, 1) = 0.5;
  CHECK_THAT(message_of<latent::DataError>([&] { em.fit(start(), x); }),
             latent_test::contains("got 0.5 at row 3, column 1"));
  x(3, 1) = -2;
  CHECK_THAT(message_of<latent::DataError>([&] { em.fit(start(), x); }),
             latent_test::contains("got -2 at row 3, column 1"));
  Bags bad = start();
  bad.family.probability(1, 1) = 0.5;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, bags()); }),
             latent_test::contains("must sum to 1; got 1.25 in row 1"));
  bad.family.probability(1, 1) = -0.25;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, bags()); }),
             latent_test::contains("probability(1, 1) = -0.25"));
  bad = start();
  bad.family.prior.concentration = 0.5;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(bad, bags()); }),
             latent_test::contains("at least 1; got 0.5"));
  bad = start();
  bad.family.trials = -1;
  CHECK_THROWS_AS(bad.sample(1, 1), latent::InvalidArgument);
}
