// Gaussian mixtures for rows with missing values.
#include "latent/mixture/incomplete_gaussian.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <Eigen/LU>

#include "latent/em.hpp"
#include "latent/mixture/imputation.hpp"
#include "mixture/family_checks.hpp"
#include "mixture/incomplete_data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::bells;
using latent_test::Bells;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::close_on;
using latent_test::message_of;
using latent_test::Plain;
using latent_test::same_bits;
using latent_test::with_gaps;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// The columns of row i that are there (or not).
std::vector<Index> columns(const RowMatrix<double>& x, Index i, bool there) {
  std::vector<Index> found;
  for (Index j = 0; j < x.cols(); ++j)
    if (std::isnan(x(i, j)) != there) found.push_back(j);
  return found;
}

Eigen::MatrixXd part(const Eigen::MatrixXd& m, const std::vector<Index>& a,
                     const std::vector<Index>& b) {
  return m(a, b);
}

// What the textbook says of a row in component k, with the inverse of a part of the covariance.
struct Textbook {
  double log_density = 0.0;
  Eigen::VectorXd mean;        // D: expectations; what is observed as it is
  Eigen::MatrixXd covariance;  // D x D: 0 where observed

  Textbook(const Bells& model, const RowMatrix<double>& x, Index i, Index k) {
    const Index d = x.cols();
    const auto o = columns(x, i, true);
    const auto m = columns(x, i, false);
    const Eigen::VectorXd mu = model.family.means.row(k);
    const Eigen::MatrixXd sigma = model.family.covariance(k);
    mean = mu;
    covariance = Eigen::MatrixXd::Zero(d, d);
    covariance(m, m) = part(sigma, m, m);
    if (o.empty()) return;
    const Eigen::MatrixXd observed = part(sigma, o, o);
    const Eigen::VectorXd away = Eigen::VectorXd(x.row(i))(o) - mu(o);
    const Eigen::MatrixXd slope = part(sigma, m, o) * observed.inverse();
    mean(o) = Eigen::VectorXd(x.row(i))(o);
    mean(m) += slope * away;
    covariance(m, m) -= slope * part(sigma, o, m);
    log_density = -0.5 * (static_cast<double>(o.size()) * std::log(2.0 * std::numbers::pi) +
                          std::log(observed.determinant()) + away.dot(observed.inverse() * away));
  }
};

}  // namespace

TEST_CASE(
    "incomplete Gaussian: densities, responsibilities and imputed numbers are the textbook's") {
  for (const Covariance form : {Covariance::full, Covariance::tied, Covariance::diagonal,
                                Covariance::spherical, Covariance::VEV}) {
    INFO(std::string(to_string(form)));
    const Bells model = bells(form);
    RowMatrix<double> x = with_gaps(model.sample(300, 5), 0.4, 9);
    x.row(17).setConstant(missing);
    const auto density = model.log_density(x);
    const auto r = model.responsibilities(x);
    const auto labels = model.predict(x);
    const auto filled = impute(model, x);
    double sum = 0.0;
    for (Index i = 0; i < x.rows(); ++i) {
      double p[3];
      Eigen::VectorXd mean = Eigen::VectorXd::Zero(x.cols());
      for (Index k = 0; k < 3; ++k)
        p[k] = model.weights[k] * std::exp(Textbook(model, x, i, k).log_density);
      const double total = p[0] + p[1] + p[2];
      for (Index k = 0; k < 3; ++k) mean += p[k] / total * Textbook(model, x, i, k).mean;
      // Exponents reach about 50: that many ulps.
      CHECK(close_on(50.0, density[i], std::log(total), 16 * latent_test::eps));
      for (Index k = 0; k < 3; ++k) CHECK(close_on(1.0, r(i, k), p[k] / total, 1e-12));
      for (Index k = 0; k < 3; ++k) CHECK(r(i, labels[i]) >= r(i, k));
      for (Index j = 0; j < x.cols(); ++j) {
        if (std::isnan(x(i, j)))
          CHECK(close_on(10.0, filled(i, j), mean[j], 1e-12));
        else
          CHECK(same_bits(filled(i, j), x(i, j)));
      }
      sum += std::log(total);
    }
    CHECK(close(model.log_likelihood(x), sum, 1e-13));
    // Nothing observed: nothing said.
    CHECK(std::abs(density[17]) <= 4 * latent_test::eps);
    for (Index k = 0; k < 3; ++k) CHECK(close(r(17, k), model.weights[k], 4 * latent_test::eps));
  }
}

TEST_CASE("incomplete Gaussian: the expected statistics are conditional means and covariances") {
  for (const Covariance form : {Covariance::full, Covariance::tied, Covariance::diagonal}) {
    INFO(std::string(to_string(form)));
    const Bells model = bells(form);
    const RowMatrix<double> x = with_gaps(model.sample(700, 5), 0.4, 9);
    Vector<double> w(x.rows());
    for (Index i = 0; i < w.size(); ++i) w[i] = static_cast<double>(i % 4);
    const auto data = latent::samples(x).weights(w);
    const auto r = model.responsibilities(x);
    const Index d = x.cols();
    Vector<double> n = Vector<double>::Zero(3);
    RowMatrix<double> first = RowMatrix<double>::Zero(3, d);
    std::vector<Eigen::MatrixXd> second(3, Eigen::MatrixXd::Zero(d, d));
    for (Index k = 0; k < 3; ++k)
      for (Index i = 0; i < x.rows(); ++i) {
        const Textbook row(model, x, i, k);
        const Eigen::VectorXd y = row.mean - Eigen::VectorXd(model.family.means.row(k));
        n[k] += w[i] * r(i, k);
        first.row(k) += w[i] * r(i, k) * y.transpose();
        second[static_cast<std::size_t>(k)] +=
            w[i] * r(i, k) * (y * y.transpose() + row.covariance);
      }
    auto team = latent::Serial{}.team();
    const auto s =
        latent::detail::e_step(model, data, latent::Soft{}, latent::Step{}, team).statistics;
    CHECK(close_matrix(s.n, n, 1e-12));
    CHECK(close_matrix(s.family.sum, first, 1e-11));
    const bool diagonal = form == Covariance::diagonal;
    if (form == Covariance::tied) second[0] += second[1] + second[2];
    for (Index k = 0; k < (form == Covariance::tied ? 1 : 3); ++k)
      for (Index i = 0; i < d; ++i)
        for (Index j = diagonal ? i : 0; j <= i; ++j)
          CHECK(close_on(second[0].norm(),
                         diagonal ? s.family.scatter(k, i) : s.family.scatter(k * d + i, j),
                         second[static_cast<std::size_t>(k)](i, j), 1e-12));
  }
}

TEST_CASE("incomplete Gaussian: rows without gaps give the bits of the complete family") {
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const Bells start = bells(form);
    const RowMatrix<double> x = start.sample(3000, 8);
    const latent::EM em{.max_iterations = 5, .tolerance = 0};
    const auto a = em.fit(start, x);
    const auto b = em.fit(Plain{start.weights, start.family.complete(), start.weighting, 1.0}, x);
    CHECK(same_bits(a.model.parameters(), b.model.parameters()));
    CHECK(same_bits(a.log_likelihood, b.log_likelihood));
    CHECK(same_bits(impute(a.model, x), x));
  }
}

TEST_CASE(
    "incomplete Gaussian: two columns, the second missing for some, is Anderson's closed form") {
  // Anderson 1957: the regression of the second column on the first is that of the complete rows; the
  // first column's moments are those of all rows.
  const Index n = 400;
  RowMatrix<double> x(n, 2);
  const latent::Random stream(4);
  double sums[6] = {};  // of complete rows: count, x, y, xx, xy, yy
  double all[2] = {};
  for (Index i = 0; i < n; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    x(i, 0) = 1e3 + 2.0 * random.normal();
    x(i, 1) = 5.0 + 0.7 * (x(i, 0) - 1e3) + random.normal();
    all[0] += x(i, 0) / static_cast<double>(n);
  }
  for (Index i = 0; i < n; ++i) {
    const double a = x(i, 0) - all[0];
    all[1] += a * a / static_cast<double>(n);
    // Missing where the first column is high: at random given what is observed, not completely so.
    if (a > 0.8) {
      x(i, 1) = missing;
      continue;
    }
    const double y = x(i, 1);
    const double terms[6] = {1, a, y, a * a, a * y, y * y};
    for (int t = 0; t < 6; ++t) sums[t] += terms[t];
  }
  REQUIRE(sums[0] < 300);
  const double sxx = sums[3] - sums[1] * sums[1] / sums[0];
  const double sxy = sums[4] - sums[1] * sums[2] / sums[0];
  const double syy = sums[5] - sums[2] * sums[2] / sums[0];
  const double slope = sxy / sxx;
  const double mean_y = sums[2] / sums[0] - slope * sums[1] / sums[0];
  const double var_y = (syy - slope * sxy) / sums[0] + slope * slope * all[1];
  const latent::Mixture one{Vector<double>::Ones(1),
                            latent::IncompleteGaussian<>::isotropic(
                                Covariance::full, RowMatrix<double>{{900.0, 0.0}}, 100.0)};
  const auto fit = latent::EM{.max_iterations = 2000, .tolerance = 0}.fit(one, x);
  const auto& found = fit.model.family;
  const Eigen::Matrix2d c = found.covariance(0);
  CHECK(close(found.means(0, 0), all[0], 1e-14));
  CHECK(close(found.means(0, 1), mean_y, 1e-10));
  CHECK(close(c(0, 0), all[1], 1e-10));
  CHECK(close(c(0, 1), slope * all[1], 1e-10));
  CHECK(close(c(1, 1), var_y, 1e-10));
  // The complete rows alone would say otherwise.
  CHECK(std::abs(mean_y - sums[2] / sums[0]) > 0.3);
}

TEST_CASE("incomplete Gaussian: a known label takes the row to its component") {
  const Bells model = bells(Covariance::full);
  latent::Labels truth;
  const RowMatrix<double> complete = model.sample(400, 5, &truth);
  const RowMatrix<double> x = with_gaps(complete, 0.3, 2);
  latent::Labels labels = truth;
  for (Index i = 0; i < labels.size(); i += 2) labels[i] = -1;
  const auto data = latent::samples(x).labels(labels);
  const auto r = model.responsibilities(data);
  const auto filled = impute(model, data);
  double sum = 0.0;
  for (Index i = 0; i < x.rows(); ++i) {
    if (labels[i] < 0) {
      sum += model.log_density(x.row(i))[0];
      continue;
    }
    CHECK(r(i, labels[i]) == 1.0);
    const Textbook row(model, x, i, labels[i]);
    sum += std::log(model.weights[labels[i]]) + row.log_density;
    for (Index j = 0; j < x.cols(); ++j) CHECK(close_on(10.0, filled(i, j), row.mean[j], 1e-12));
  }
  CHECK(close(model.log_likelihood(data), sum, 1e-12));
}

TEST_CASE("incomplete Gaussian: drawn values have the mean and covariance that they should") {
  const Bells model = bells(Covariance::full);
  RowMatrix<double> row(1, 4);
  row << missing, 1.0, missing, 0.5;
  const Index n = 20000;
  const RowMatrix<double> x = row.replicate(n, 1);
  const RowMatrix<double> drawn = sample_missing(model, x, 3);
  CHECK(same_bits(drawn, sample_missing(model, x, 3)));
  CHECK_FALSE(close_matrix(drawn, sample_missing(model, x, 4), 1e-3));
  // The draws of a row do not depend on how many there are.
  CHECK(same_bits(RowMatrix<double>(drawn.topRows(5)), sample_missing(model, x.topRows(5), 3)));
  const auto r = model.responsibilities(row);
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  Eigen::Matrix2d second = Eigen::Matrix2d::Zero();
  const std::vector<Index> m{0, 2};
  for (Index k = 0; k < 3; ++k) {
    const Textbook book(model, row, 0, k);
    const Eigen::Vector2d mu = book.mean(m);
    mean += r(0, k) * mu;
    second += r(0, k) * (mu * mu.transpose() + book.covariance(m, m));
  }
  const Eigen::Matrix2d covariance = second - mean * mean.transpose();
  Eigen::MatrixXd gaps(n, 2);
  gaps << drawn.col(0), drawn.col(2);
  CHECK((drawn.col(1).array() == 1.0).all());
  // Five standard errors of a mean; those of the covariance by the fourth moment, at most 6 sigma^4.
  const Eigen::Vector2d found = gaps.colwise().mean();
  const double root = std::sqrt(static_cast<double>(n));
  for (Index j = 0; j < 2; ++j)
    CHECK(std::abs(found[j] - mean[j]) < 5.0 * std::sqrt(covariance(j, j)) / root);
  const Eigen::MatrixXd centred = gaps.rowwise() - mean.transpose();
  const Eigen::Matrix2d spread = centred.transpose() * centred / static_cast<double>(n);
  for (Index a = 0; a < 2; ++a)
    for (Index b = 0; b < 2; ++b)
      CHECK(std::abs(spread(a, b) - covariance(a, b)) <
            5.0 * std::sqrt(6.0 * covariance(a, a) * covariance(b, b)) / root);
  // In one component, by a label, a draw is normal: variances to five of their standard errors.
  const RowMatrix<double> of_one =
      sample_missing(model, latent::samples(x).labels(latent::Labels::Constant(n, 1)), 3);
  const Textbook book(model, row, 0, 1);
  for (const Index j : m) {
    const double variance = book.covariance(j, j);
    const double mean_square =
        (of_one.col(j).array() - book.mean[j]).square().sum() / static_cast<double>(n);
    CHECK(std::abs(mean_square - variance) < 5.0 * variance * std::sqrt(2.0) / root);
  }
  // The gaps of a row are drawn together.
  CHECK(std::abs(covariance(0, 1)) > 0.05);
}

TEST_CASE("incomplete Gaussian: infinities and wrong shapes are errors, far rows impossible") {
  const Bells model = bells(Covariance::full);
  RowMatrix<double> x = with_gaps(model.sample(50, 5), 0.3, 2);
  x(31, 2) = std::numeric_limits<double>::infinity();
  CHECK_THAT(message_of<latent::DataError>([&] { latent::EM{}.fit(model, x); }),
             latent_test::contains("inf at row 31, column 2"));
  CHECK_THROWS_AS(impute(model, x), latent::DataError);
  CHECK_THROWS_AS(impute(model, x.leftCols(3)), latent::InvalidArgument);
  CHECK(impute(model, RowMatrix<double>(0, 4)).rows() == 0);
  // The complete family refuses NaN, as ever.
  const Plain plain{model.weights, model.family.complete(), model.weighting, 1.0};
  const RowMatrix<double> gaps = with_gaps(model.sample(50, 5), 0.3, 2);
  CHECK_THROWS_AS(latent::EM{}.fit(plain, gaps), latent::DataError);
  CHECK_THROWS_AS(plain.predict(gaps), latent::DataError);
  RowMatrix<double> far(1, 4);
  far << 1e200, missing, -1e200, missing;
  CHECK(model.log_density(far)[0] == -std::numeric_limits<double>::infinity());
  for (Index k = 0; k < 3; ++k) CHECK(model.responsibilities(far)(0, k) == model.weights[k]);
  CHECK(impute(model, far).allFinite());
}
