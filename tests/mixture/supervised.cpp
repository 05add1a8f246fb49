// All labels known: every mixture is the supervised model of its textbook, in closed form, and a
// classifier.
#include <cmath>
#include <cstdint>
#include <vector>

#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/binomial.hpp"
#include "latent/mixture/exponential.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/multinomial.hpp"
#include "latent/mixture/poisson.hpp"
#include "mixture/family_checks.hpp"
#include "mixture/gda_reference.hpp"
#include "support/read_table.hpp"

using latent::Covariance;
using latent::Index;
using latent::Mixture;
using latent::RowMatrix;
using latent_test::close;
using latent_test::close_matrix;

namespace {

struct Iris {
  RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  Eigen::VectorXi species = latent_test::read_table("iris").col(4).cast<int>();
};

template <Covariance Form>
Mixture<latent::Gaussian<Form>> discriminant(const Iris& iris) {
  const Mixture rough{Eigen::Vector3d::Constant(1.0 / 3),
                      latent::Gaussian<Form>::isotropic(iris.x.topRows(3), 1.0)};
  return latent::fit_complete(rough, latent::samples(iris.x).labels(iris.species));
}

// Likelihoods, errors, and the posteriors of the three flowers that lie between two species.
template <class Model>
void check_classifier(const Model& model, const Iris& iris,
                      const gda_reference::Classifier& exact) {
  const auto labelled = latent::samples(iris.x).labels(iris.species);
  CHECK(close(model.log_likelihood(labelled), exact.complete_log_likelihood, 1e-12));
  CHECK(close(model.log_likelihood(iris.x), exact.log_likelihood, 1e-12));
  const auto predicted = model.predict(iris.x);
  std::vector<Index> wrong;
  for (Index i = 0; i < 150; ++i)
    if (predicted[i] != iris.species[i]) wrong.push_back(i + 1);
  CHECK(wrong == std::vector<Index>{71, 84, 134});
  const auto r = model.responsibilities(iris.x);
  for (Index row = 0; row < 3; ++row)
    for (Index k = 0; k < 3; ++k)
      CHECK(close(r(wrong[static_cast<std::size_t>(row)] - 1, k), exact.posteriors[row][k], 1e-10));
}

// Rows of weight 2 count as given twice, rows of weight 0 as left out, to the rounding of sums.
template <class Model>
void check_weights(const Model& start, const RowMatrix<double>& x, const Eigen::VectorXi& labels) {
  latent::Vector<double> weights(x.rows());
  std::vector<Index> rows;
  for (Index i = 0; i < x.rows(); ++i) {
    weights[i] = static_cast<double>((i + 1) % 3);
    for (Index copy = 0; copy < (i + 1) % 3; ++copy) rows.push_back(i);
  }
  RowMatrix<double> repeated(static_cast<Index>(rows.size()), x.cols());
  Eigen::VectorXi repeated_labels(repeated.rows());
  for (Index i = 0; i < repeated.rows(); ++i) {
    repeated.row(i) = x.row(rows[static_cast<std::size_t>(i)]);
    repeated_labels[i] = labels[rows[static_cast<std::size_t>(i)]];
  }
  const auto a = latent::fit_complete(start, latent::samples(x).weights(weights).labels(labels));
  const auto b = latent::fit_complete(start, latent::samples(repeated).labels(repeated_labels));
  CHECK(close_matrix(a.parameters(), b.parameters(), 1e-13));
  // Without the weights the answer is another one.
  const auto plain = latent::fit_complete(start, latent::samples(x).labels(labels));
  CHECK_FALSE(close_matrix(a.parameters(), plain.parameters(), 1e-3));
}

// Counts of six words in nine documents; in Bernoulli's case whether they occur.
RowMatrix<double> documents() {
  RowMatrix<double> x(9, 4);
  x << 3, 1, 0, 0, 2, 0, 1, 0, 4, 2, 0, 1, 1, 1, 0, 0, 0, 1, 3, 2, 1, 0, 2, 2, 0, 0, 4, 1, 0, 2, 1,
      3, 0, 0, 2, 2;
  return x;
}

Eigen::VectorXi topics() {
  return (Eigen::VectorXi(9) << 0, 0, 0, 0, 1, 1, 1, 1, 1).finished();
}

}  // namespace

TEST_CASE("supervised: a full Gaussian is quadratic discriminant analysis, on iris to 30 digits") {
  const Iris iris;
  const auto model = discriminant<Covariance::full>(iris);
  for (Index k = 0; k < 3; ++k) {
    CHECK(close(model.weights[k], 1.0 / 3, 1e-15));
    const auto covariance = model.family.covariance(k);
    for (Index i = 0; i < 4; ++i) {
      CHECK(close(model.family.means(k, i), gda_reference::means[k][i], 1e-14));
      for (Index j = 0; j < 4; ++j)
        CHECK(close(covariance(i, j), gda_reference::covariances[k][i][j], 1e-12));
    }
  }
  check_classifier(model, iris, gda_reference::quadratic);
  check_weights(model, iris.x, iris.species);
}

TEST_CASE("supervised: a tied Gaussian is linear discriminant analysis, on iris to 30 digits") {
  const Iris iris;
  const auto model = discriminant<Covariance::tied>(iris);
  const auto covariance = model.family.covariance(0);
  for (Index i = 0; i < 4; ++i) {
    for (Index k = 0; k < 3; ++k)
      CHECK(close(model.family.means(k, i), gda_reference::means[k][i], 1e-14));
    for (Index j = 0; j < 4; ++j)
      CHECK(close(covariance(i, j), gda_reference::pooled[i][j], 1e-12));
  }
  check_classifier(model, iris, gda_reference::linear);
  check_weights(model, iris.x, iris.species);
  // Its log odds are linear in x: second differences vanish.
  RowMatrix<double> line(3, 4);
  line.row(0) << 5, 3, 2, 0.5;
  line.row(1) << 5.5, 2.75, 2.5, 0.75;
  line.row(2) << 6, 2.5, 3, 1;
  const auto r = model.responsibilities(line);
  const auto odds = [&](Index i) { return std::log(r(i, 1) / r(i, 0)); };
  CHECK(std::abs(odds(0) - 2 * odds(1) + odds(2)) < 1e-10 * std::abs(odds(0)));
}

TEST_CASE("supervised: a Bernoulli mixture is naive Bayes on binary rows") {
  const RowMatrix<double> x = (documents().array() > 0.0).cast<double>().matrix();
  Mixture start{Eigen::Vector2d(0.5, 0.5),
                latent::Bernoulli<double>{RowMatrix<double>::Constant(2, 4, 0.5), {2.0, 2.0}}};
  const auto model = latent::fit_complete(start, latent::samples(x).labels(topics()));
  const double ones[2][4] = {{4, 3, 1, 1}, {1, 2, 5, 5}};
  const double n[2] = {4, 5};
  for (Index k = 0; k < 2; ++k) {
    CHECK(close(model.weights[k], n[k] / 9, 1e-15));
    for (Index j = 0; j < 4; ++j)
      CHECK(close(model.family.probability(k, j), (ones[k][j] + 1) / (n[k] + 2), 1e-15));
  }
  RowMatrix<double> query(1, 4);
  query << 1, 0, 1, 0;
  const double a = 4.0 / 9 * (5.0 / 6) * (2.0 / 6) * (2.0 / 6) * (4.0 / 6);
  const double b = 5.0 / 9 * (2.0 / 7) * (4.0 / 7) * (6.0 / 7) * (1.0 / 7);
  CHECK(close(model.responsibilities(query)(0, 0), a / (a + b), 1e-14));
  CHECK(model.predict(query)[0] == (a > b ? 0 : 1));
  check_weights(start, x, topics());
}

TEST_CASE("supervised: a multinomial mixture is naive Bayes on counts, with additive smoothing") {
  Mixture start{Eigen::Vector2d(0.5, 0.5),
                latent::Multinomial<double>{RowMatrix<double>::Constant(2, 4, 0.25), {2.0}}};
  const auto model = latent::fit_complete(start, latent::samples(documents()).labels(topics()));
  const double counts[2][4] = {{10, 4, 1, 1}, {1, 3, 12, 10}};
  const double sums[2] = {16, 26};
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 4; ++j)
      CHECK(close(model.family.probability(k, j), (counts[k][j] + 1) / (sums[k] + 4), 1e-15));
  RowMatrix<double> query(1, 4);
  query << 2, 1, 1, 0;
  const double a = 4.0 / 9 * (11.0 / 20) * (11.0 / 20) * (5.0 / 20) * (2.0 / 20);
  const double b = 5.0 / 9 * (2.0 / 30) * (2.0 / 30) * (4.0 / 30) * (13.0 / 30);
  CHECK(close(model.responsibilities(query)(0, 0), a / (a + b), 1e-14));
  CHECK(model.predict(query)[0] == 0);
  CHECK(model.predict(documents()) == topics());
  check_weights(start, documents(), topics());
}

TEST_CASE("supervised: Poisson and exponential mixtures are means of the classes") {
  const Mixture counts{Eigen::Vector2d(0.5, 0.5),
                       latent::Poisson<double>{RowMatrix<double>::Ones(2, 4)}};
  const auto poisson = latent::fit_complete(counts, latent::samples(documents()).labels(topics()));
  const double sums[2][4] = {{10, 4, 1, 1}, {1, 3, 12, 10}};
  const double n[2] = {4, 5};
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 4; ++j) CHECK(close(poisson.family.rate(k, j), sums[k][j] / n[k], 1e-15));
  CHECK(poisson.predict(documents()) == topics());
  check_weights(counts, documents(), topics());

  const Mixture waiting{Eigen::Vector2d(0.5, 0.5),
                        latent::Exponential<double>{RowMatrix<double>::Ones(2, 4)}};
  const auto times = latent::fit_complete(waiting, latent::samples(documents()).labels(topics()));
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 4; ++j) CHECK(close(times.family.rate(k, j), n[k] / sums[k][j], 1e-15));
  RowMatrix<double> query(1, 4);
  query << 0.5, 0.25, 1, 2;
  double joint[2];
  for (Index k = 0; k < 2; ++k) {
    joint[k] = n[k] / 9;
    for (Index j = 0; j < 4; ++j)
      joint[k] *= n[k] / sums[k][j] * std::exp(-n[k] / sums[k][j] * query(0, j));
  }
  CHECK(close(times.responsibilities(query)(0, 0), joint[0] / (joint[0] + joint[1]), 1e-13));
  check_weights(waiting, documents(), topics());
}

TEST_CASE("supervised: coins that are known are heads over tosses") {
  RowMatrix<double> rounds(5, 2);
  rounds << 5, 5, 9, 1, 8, 2, 4, 6, 7, 3;
  const Eigen::VectorXi coins = (Eigen::VectorXi(5) << 1, 0, 0, 1, 0).finished();
  const Mixture start{Eigen::Vector2d(0.5, 0.5),
                      latent::Binomial<double>{Eigen::Vector2d(0.6, 0.5)}};
  const auto model = latent::fit_complete(start, latent::samples(rounds).labels(coins));
  CHECK(close(model.family.probability[0], 24.0 / 30, 1e-15));
  CHECK(close(model.family.probability[1], 9.0 / 20, 1e-15));
  CHECK(close(model.weights[0], 0.6, 1e-15));
  CHECK(model.predict(rounds) == coins);
  check_weights(start, rounds, coins);
}
