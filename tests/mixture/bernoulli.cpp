// Bernoulli mixtures: unsupervised and supervised naive Bayes on binary rows.
#include "latent/mixture/bernoulli.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "latent/em.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Words = latent::Mixture<latent::Bernoulli<double>>;

// Twelve documents, six words: ball team score vote party law.
const RowMatrix<double>& documents() {
  static const RowMatrix<double> x = [] {
    RowMatrix<double> rows(12, 6);
    rows << 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0,
        1, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1,
        0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0;
    return rows;
  }();
  return x;
}

Words start() {
  RowMatrix<double> phi(2, 6);
  phi << 0.6, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.5, 0.4, 0.5, 0.6, 0.5;
  return {Eigen::Vector2d(0.5, 0.5), {phi}};
}

const Eigen::VectorXi& topics() {
  static const Eigen::VectorXi y = [] {
    Eigen::VectorXi labels(12);
    labels << 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1;
    return labels;
  }();
  return y;
}

}  // namespace

TEST_CASE("bernoulli: the first E-step and M-step on twelve documents are the exact fractions") {
  const auto r = start().responsibilities(documents());
  const double first_class[] = {81.0 / 101, 27.0 / 37,  81.0 / 101, 4.0 / 9,  27.0 / 37, 9.0 / 14,
                                27.0 / 37,  32.0 / 167, 16.0 / 61,  8.0 / 23, 16.0 / 61, 8.0 / 23};
  for (Index i = 0; i < 12; ++i) CHECK(close(r(i, 0), first_class[i], 1e-14));
  const auto fit = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(start(), documents());
  CHECK(close(fit.model.weights[0], 694189299319.0 / 1323881249544.0, 1e-14));
  const double phi[] = {489395510847.0, 407818014847.0, 425373017272.0,
                        197746064325.0, 166420418920.0, 249463069380.0};
  for (Index j = 0; j < 6; ++j)
    CHECK(close(fit.model.family.probability(0, j), phi[j] / 694189299319.0, 1e-14));
}

TEST_CASE("bernoulli: with all labels known it is the naive Bayes classifier's counts, exactly") {
  const auto ml = latent::fit_complete(start(), latent::samples(documents()).labels(topics()));
  const double phi[2][6] = {{6.0 / 7, 5.0 / 7, 5.0 / 7, 1.0 / 7, 1.0 / 7, 2.0 / 7},
                            {0, 1.0 / 5, 1.0 / 5, 4.0 / 5, 4.0 / 5, 3.0 / 5}};
  CHECK(close(ml.weights[0], 7.0 / 12, 1e-15));
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 6; ++j) CHECK(close(ml.family.probability(k, j), phi[k][j], 1e-15));
  // Laplace: a = 1 means Beta(2, 2); the denominator gains 2, whatever K is.
  Words smooth = start();
  smooth.family.prior = {2.0, 2.0};
  const auto laplace = latent::fit_complete(smooth, latent::samples(documents()).labels(topics()));
  const double phi_laplace[2][6] = {{7.0 / 9, 2.0 / 3, 2.0 / 3, 2.0 / 9, 2.0 / 9, 1.0 / 3},
                                    {1.0 / 7, 2.0 / 7, 2.0 / 7, 5.0 / 7, 5.0 / 7, 4.0 / 7}};
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 6; ++j)
      CHECK(close(laplace.family.probability(k, j), phi_laplace[k][j], 1e-15));
  smooth.concentration = 2.0;
  const auto both = latent::fit_complete(smooth, latent::samples(documents()).labels(topics()));
  CHECK(close(both.weights[0], 4.0 / 7, 1e-15));
}

TEST_CASE("bernoulli: one component is the column means") {
  const Words one{latent::Vector<double>::Ones(1), {RowMatrix<double>::Constant(1, 6, 0.5)}};
  const auto fit = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(one, documents());
  for (Index j = 0; j < 6; ++j)
    CHECK(close(fit.model.family.probability(0, j), documents().col(j).sum() / 12,
                2 * latent_test::eps));
}

TEST_CASE("bernoulli: flipping a column turns its probability into the complement") {
  RowMatrix<double> flipped = documents();
  flipped.col(2) = (1.0 - flipped.col(2).array()).matrix();
  Words other = start();
  other.family.probability.col(2) = (1.0 - other.family.probability.col(2).array()).matrix();
  const auto a = latent::EM{.max_iterations = 8, .tolerance = 0}.fit(start(), documents());
  const auto b = latent::EM{.max_iterations = 8, .tolerance = 0}.fit(other, flipped);
  for (Index k = 0; k < 2; ++k)
    CHECK(std::abs(a.model.family.probability(k, 2) + b.model.family.probability(k, 2) - 1.0) <
          1e-13);
  CHECK(close(a.log_likelihood, b.log_likelihood, 1e-13));
}

TEST_CASE("bernoulli: a coin mixture is a Bernoulli mixture whose columns share one probability") {
  RowMatrix<double> p(2, 10);
  p.row(0).setConstant(0.6);
  p.row(1).setConstant(0.3);
  const Words tied{Eigen::Vector2d(0.4, 0.6), {p}};
  const auto x = tied.sample(50, 4);
  for (Index i = 0; i < 50; ++i) {
    const double heads = x.row(i).sum();
    const double a = std::log(0.4) + heads * std::log(0.6) + (10 - heads) * std::log(0.4);
    const double b = std::log(0.6) + heads * std::log(0.3) + (10 - heads) * std::log(0.7);
    const double both[] = {a, b};
    CHECK(close(tied.log_density(x)[i], latent::log_sum_exp(both, 2), 1e-13));
  }
}

TEST_CASE("bernoulli: ten thousand words neither underflow nor lose digits") {
  const Index d = 10000;
  RowMatrix<double> p(2, d);
  latent::Random random(3);
  for (Index j = 0; j < d; ++j) {
    p(0, j) = j % 4 == 0 ? 1e-4 : 0.1 + 0.8 * random.uniform();
    p(1, j) = j % 4 == 0 ? 1.0 - 1e-4 : 0.1 + 0.8 * random.uniform();
  }
  const Words model{Eigen::Vector2d(0.5, 0.5), {p}};
  const auto x = model.sample(3, 8);
  for (Index i = 0; i < 3; ++i) {
    long double both[2] = {std::log(0.5L), std::log(0.5L)};
    for (Index k = 0; k < 2; ++k)
      for (Index j = 0; j < d; ++j) {
        const long double q = static_cast<long double>(p(k, j));
        both[k] += x(i, j) == 1.0 ? std::log(q) : std::log1p(-q);
      }
    const long double top = std::max(both[0], both[1]);
    const auto exact =
        static_cast<double>(top + std::log(std::exp(both[0] - top) + std::exp(both[1] - top)));
    CHECK(close(model.log_density(x)[i], exact, 2e-14 * 8));
  }
}

TEST_CASE("bernoulli: probabilities of exactly 0 and 1 forbid, and do not poison") {
  RowMatrix<double> p(2, 3);
  p << 1.0, 0.0, 0.5, 0.5, 0.5, 0.5;
  const Words model{Eigen::Vector2d(0.5, 0.5), {p}};
  RowMatrix<double> x(3, 3);
  x << 1, 0, 1, 0, 0, 1, 1, 1, 0;
  const auto r = model.responsibilities(x);
  CHECK(close(r(0, 0), 0.5 / (0.5 + 0.125), 1e-15));
  CHECK(r(1, 0) == 0.0);
  CHECK(r(2, 0) == 0.0);
  p.row(1) = p.row(0);
  const Words strict{Eigen::Vector2d(0.2, 0.8), {p}};
  CHECK(latent::is_negative_infinity(strict.log_density(x)[1]));
  CHECK(strict.responsibilities(x)(1, 1) == 0.8);
  // Columns that are always 0 or always 1 are fitted to exactly that.
  RowMatrix<double> edges = documents();
  edges.col(0).setOnes();
  edges.col(1).setZero();
  const auto fit = latent::EM{.max_iterations = 30, .tolerance = 0}.fit(start(), edges);
  CHECK(fit.model.family.probability.col(0) == Eigen::Vector2d(1, 1));
  CHECK(fit.model.family.probability.col(1) == Eigen::Vector2d(0, 0));
  CHECK(latent::is_finite(fit.log_likelihood));
}

TEST_CASE("bernoulli: log(1 - p) of a tiny p is -p") {
  const Words model{latent::Vector<double>::Ones(1), {RowMatrix<double>::Constant(1, 1, 1e-18)}};
  CHECK(model.log_density(RowMatrix<double>::Zero(1, 1))[0] == -1e-18);
}

TEST_CASE("bernoulli: identical rows and equal starts stay finite") {
  const RowMatrix<double> alike = documents().topRows(1).replicate(20, 1);
  const auto fit = latent::EM{.max_iterations = 20}.fit(start(), alike);
  CHECK(latent::is_finite(fit.log_likelihood));
  CHECK(std::abs(fit.log_likelihood) < 1e-12);
}

TEST_CASE("bernoulli: bool, bytes, integers and floats of 0 and 1 give the same bits") {
  const auto plain = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(start(), documents());
  const auto same = [&](const auto& x) {
    const auto fit = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(start(), x);
    CHECK(same_bits(fit.model.parameters(), plain.model.parameters()));
  };
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>;
  using Bools = Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>;
  same(Bytes(documents().cast<std::uint8_t>()));
  same(Bools(documents().cast<bool>()));
  same(Eigen::MatrixXi(documents().cast<int>()));
  same(Eigen::MatrixXf(documents().cast<float>()));
}

TEST_CASE("bernoulli: what is not 0 or 1 is refused with its place") {
  for (const double bad : {0.5, 2.0, -1.0}) {
    RowMatrix<double> x = documents();
    x(7, 3) = bad;
    CHECK_THAT(message_of<latent::DataError>([&] { latent::EM{}.fit(start(), x); }),
               latent_test::contains("at row 7, column 3"));
    CHECK_THAT(message_of<latent::DataError>([&] { start().predict(x); }),
               latent_test::contains("at row 7, column 3"));
  }
  Words bad = start();
  bad.family.probability(1, 2) = -0.1;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { latent::EM{}.fit(bad, documents()); }),
             latent_test::contains("probability(1, 2) = -0.1"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::EM{}.fit(start(), documents().leftCols(5)); }),
             latent_test::contains("6; got 12 x 5"));
}

TEST_CASE("bernoulli: a component without rows keeps its probabilities, or has the prior's mode") {
  latent::Bernoulli<double> family = start().family;
  const Eigen::Vector2d none(0, 0);
  const RowMatrix<double> nothing = RowMatrix<double>::Zero(2, 6);
  CHECK(family.maximize(none, nothing).probability == family.probability);
  family.prior = {2.0, 4.0};
  CHECK(close_matrix(family.maximize(none, nothing).probability,
                     RowMatrix<double>::Constant(2, 6, 1.0 / 4), 4 * latent_test::eps));
}

TEST_CASE("bernoulli: statistics lie between 0 and the number of rows") {
  const latent::Bernoulli<double> family = start().family;
  RowMatrix<double> s = RowMatrix<double>::Constant(2, 6, 3.0);
  CHECK(family.valid(Eigen::Vector2d(3, 4), s));
  CHECK(family.valid(Eigen::Vector2d(3 * (1 - 8 * latent_test::eps), 4), s));  // rounding of sums
  CHECK_FALSE(family.valid(Eigen::Vector2d(2.9, 4), s));
  s(1, 2) = -0.1;
  CHECK_FALSE(family.valid(Eigen::Vector2d(3, 4), s));
  s(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(family.valid(Eigen::Vector2d(3, 4), s));
}
