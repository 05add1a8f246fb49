// Coins beyond the lecture: hard input.
#include "latent/mixture/binomial.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/coins.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Coins = latent::Mixture<latent::Binomial<double>>;
Coins start() {
  return {Eigen::Vector2d(0.5, 0.5), {Eigen::Vector2d(0.6, 0.5)}};
}

}  // namespace

TEST_CASE("binomial: all heads or all tails end at exactly 1 or 0, with log-likelihood 0") {
  RowMatrix<double> heads(3, 2);
  heads << 10, 0, 5, 0, 7, 0;
  const auto all_heads = latent::EM{.max_iterations = 10}.fit(start(), heads);
  CHECK(all_heads.model.family.probability == Eigen::Vector2d(1, 1));
  CHECK(std::abs(all_heads.log_likelihood) <= 4 * latent_test::eps);
  const auto all_tails = latent::EM{.max_iterations = 10}.fit(start(), heads.rowwise().reverse());
  CHECK(all_tails.model.family.probability == Eigen::Vector2d(0, 0));
  CHECK(std::abs(all_tails.log_likelihood) <= 4 * latent_test::eps);
}

TEST_CASE("binomial: a row without tosses adds nothing and has the weights") {
  const auto rounds = latent::tosses({"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH"});
  RowMatrix<double> with_empty(4, 2);
  with_empty << rounds, 0, 0;
  Coins fixed{Eigen::Vector2d(0.3, 0.7), {Eigen::Vector2d(0.6, 0.5)}, latent::Weighting::fixed};
  CHECK(close(fixed.responsibilities(with_empty)(3, 0), 0.3, 4 * latent_test::eps));
  const auto a = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(fixed, rounds);
  const auto b = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(fixed, with_empty);
  CHECK(close(a.model.family.probability[0], b.model.family.probability[0], 1e-14));
  CHECK(close(a.log_likelihood, b.log_likelihood, 1e-14));
  // A coin that is never tossed keeps its probability.
  const RowMatrix<double> nothing = RowMatrix<double>::Zero(5, 2);
  CHECK(latent::EM{}.fit(start(), nothing).model.family.probability == start().family.probability);
  // Under a prior it goes to the prior's mode, (a - 1) / (a + b - 2).
  const latent::Binomial<double> prior{Eigen::Vector2d(0.25, 0.75), {2.0, 4.0}};
  CHECK(close(prior.maximize(Eigen::Vector2d(0, 0), RowMatrix<double>::Zero(2, 2)).probability[0],
              1.0 / 4, 4 * latent_test::eps));
}

TEST_CASE("binomial: rounds may differ in length, up to counts of 2^40") {
  const double big = 1099511627776.0;
  RowMatrix<double> x(3, 2);
  x << 0.3 * big - 0.3 * big + 329853488332.0, big - 329853488332.0, 3, 1, 1, 9;
  const Coins model{Eigen::Vector2d(0.5, 0.5), {Eigen::Vector2d(0.3, 0.8)}};
  const auto r = model.responsibilities(x);
  CHECK(r(0, 0) == 1.0);
  CHECK(r(0, 1) == 0.0);
  CHECK(close(r(1, 0), 1 / (1 + std::pow(0.8 / 0.3, 3) * (0.2 / 0.7)), 1e-13));
  const double exact = std::log(0.5) + x(0, 0) * std::log(0.3) + x(0, 1) * std::log1p(-0.3);
  CHECK(close(model.log_density(x)[0], exact, 1e-14));
}

TEST_CASE("binomial: the density is that of the sequence, to eps of its size for 2^40 tosses too") {
  // Without the coefficient no large logarithms cancel: each density is right to its last digits,
  // and the odds of two coins to eps of the densities' size. (Of the binomial density itself, about
  // e^-10 here, neither digit would be left: the coefficient's logarithm is as large.)
  for (const double tosses : {1e9, 1099511627776.0}) {
    const double heads = std::floor(0.3 * tosses);
    RowMatrix<double> x(1, 2);
    x << heads, tosses - heads;
    const double p[] = {0.3, 0.30000001};
    long double exact[2];
    for (int k = 0; k < 2; ++k)
      exact[k] =
          static_cast<long double>(heads) * std::log(static_cast<long double>(p[k])) +
          static_cast<long double>(tosses - heads) * std::log1p(-static_cast<long double>(p[k]));
    RowMatrix<double> out(1, 2);
    latent::Binomial<double>{Eigen::Vector2d(p[0], p[1])}.log_density(x, out);
    for (int k = 0; k < 2; ++k)
      CHECK(close(out(0, k), static_cast<double>(exact[k]), 4 * latent_test::eps));
    CHECK(latent_test::close_on(std::abs(out(0, 0)), out(0, 1) - out(0, 0),
                                static_cast<double>(exact[1] - exact[0]), 4 * latent_test::eps));
  }
}

TEST_CASE("binomial: rounds in another order give the same answer to the rounding of sums") {
  Coins truth = start();
  truth.family.probability = Eigen::Vector2d(0.8, 0.4);
  const auto x = truth.sample(3000, 3);
  const RowMatrix<double> turned = x.colwise().reverse();
  const latent::EM em{.max_iterations = 15, .tolerance = 0};
  const auto a = em.fit(start(), x);
  const auto b = em.fit(start(), turned);
  CHECK(latent_test::close_matrix(a.model.parameters(), b.model.parameters(), 1e-13));
  CHECK(close(a.log_likelihood, b.log_likelihood, 1e-13));
}

TEST_CASE("binomial: statistics of data are valid, negative ones are not") {
  RowMatrix<double> s(2, 2);
  s << 3, 0, 1, 2;
  const Eigen::Vector2d n(1, 1);
  CHECK(start().family.valid(n, s));
  s(0, 1) = -1e-9;
  CHECK_FALSE(start().family.valid(n, s));
  s(0, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(start().family.valid(n, s));
}

TEST_CASE("binomial: one coin is heads over tosses") {
  const auto rounds = latent::tosses({"HTTTHHTHTH", "HHHHTHHHHH", "HTH"});
  const Coins one{latent::Vector<double>::Ones(1), {latent::Vector<double>::Constant(1, 0.5)}};
  const auto fit = latent::EM{}.fit(one, rounds);
  CHECK(close(fit.model.family.probability[0], 16.0 / 23.0, 4 * latent_test::eps));
}

TEST_CASE("binomial: coins in another order give the same bits in another order") {
  const auto rounds =
      latent::tosses({"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH", "HTHTTTHHTT", "THHHTHHHTH"});
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  const auto ab = em.fit(Coins{Eigen::Vector2d(0.3, 0.7), {Eigen::Vector2d(0.6, 0.5)}}, rounds);
  const auto ba = em.fit(Coins{Eigen::Vector2d(0.7, 0.3), {Eigen::Vector2d(0.5, 0.6)}}, rounds);
  CHECK(same_bits(ab.model.family.probability[0], ba.model.family.probability[1]));
  CHECK(same_bits(ab.model.weights[1], ba.model.weights[0]));
  CHECK(same_bits(ab.log_likelihood, ba.log_likelihood));
}

TEST_CASE("binomial: counts that are no counts are refused with their place") {
  RowMatrix<double> x(2, 2);
  x << 5, 5, 3, -1;
  CHECK_THAT(message_of<latent::DataError>([&] { latent::EM{}.fit(start(), x); }),
             latent_test::contains("got -1 at row 1, column 1"));
  x(1, 1) = 2.5;
  CHECK_THAT(message_of<latent::DataError>([&] { latent::EM{}.fit(start(), x); }),
             latent_test::contains("got 2.5"));
}

TEST_CASE("tosses: strings become counts, whatever holds them, and other letters are refused") {
  const std::vector<std::string> strings{"HT", "", "HHH"};
  RowMatrix<double> expected(3, 2);
  expected << 1, 1, 0, 0, 3, 0;
  CHECK(latent::tosses(strings) == expected);
  CHECK_THAT(message_of<latent::DataError>([&] {
               latent::tosses({"HT", "HXT"});
             }),
             latent_test::contains("got 'X' in sequence 1 at place 1"));
  CHECK_THROWS_AS(latent::tosses(std::vector<std::string>{}), latent::InvalidArgument);
}

TEST_CASE("binomial: samples follow the model and the seed") {
  Coins model = start();
  model.family.probability = Eigen::Vector2d(0.9, 0.1);
  model.family.tosses = 20;
  const auto x = model.sample(4000, 5);
  CHECK((x.rowwise().sum().array() == 20).all());
  CHECK(std::abs(x.col(0).mean() - 10.0) < 5 * std::sqrt((20 * 0.09 + 64) / 4000));
  CHECK(same_bits(x, model.sample(4000, 5)));
}
