// Gaussian mixtures against 30-digit references, closed forms and their invariances.
#include "latent/mixture/gaussian.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "latent/em.hpp"
#include "mixture/family_checks.hpp"
#include "mixture/gaussian_reference.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Bells = latent::Gaussian<latent::Covariance::full, double>;
using Mix = latent::Mixture<Bells>;

static_assert(latent_test::PreparesWhatLasts<Bells>);

Mix faithful_start() {
  RowMatrix<double> means(2, 2);
  means << 2, 55, 4, 80;
  const Eigen::MatrixXd covariance = Eigen::Vector2d(1, 100).asDiagonal();
  return {Eigen::Vector2d(0.5, 0.5), Bells(means, {covariance, covariance})};
}

Mix line_start(double a, double b, double variance) {
  return {Eigen::Vector2d(0.5, 0.5), Bells::isotropic(Eigen::Vector2d(a, b), variance)};
}

// Two clouds with correlated columns.
RowMatrix<double> clouds(Index n, Index d, std::uint64_t seed) {
  RowMatrix<double> means(2, d);
  std::vector<Eigen::MatrixXd> covariances;
  for (Index k = 0; k < 2; ++k) {
    Eigen::MatrixXd c = Eigen::MatrixXd::Identity(d, d) * (1.0 + 0.5 * static_cast<double>(k));
    for (Index j = 1; j < d; ++j) c(j, j - 1) = c(j - 1, j) = k == 0 ? 0.3 : -0.4;
    covariances.push_back(c);
    for (Index j = 0; j < d; ++j) means(k, j) = static_cast<double>(3 * k + j % 2);
  }
  return Mix{Eigen::Vector2d(0.35, 0.65), Bells(means, covariances)}.sample(n, seed);
}

void check_bivariate(const Mix& model, const gaussian_reference::Bivariate& exact,
                     double tolerance) {
  for (Index k = 0; k < 2; ++k) {
    CHECK(close(model.weights[k], exact.weights[k], tolerance));
    CHECK(close(model.family.means(k, 0), exact.means[k][0], tolerance));
    CHECK(close(model.family.means(k, 1), exact.means[k][1], tolerance));
    const auto covariance = model.family.covariance(k);
    CHECK(close(covariance(0, 0), exact.covariances[k][0], tolerance));
    CHECK(close(covariance(1, 0), exact.covariances[k][1], tolerance));
    CHECK(close(covariance(1, 1), exact.covariances[k][2], tolerance));
    CHECK(same_bits(covariance(0, 1), covariance(1, 0)));
  }
}

}  // namespace

TEST_CASE("gaussian: Old Faithful, two columns: the first iterations to 1e-12, the limit to 1e-8") {
  const auto x = latent_test::read_table("faithful");
  REQUIRE(x.rows() == 272);
  for (Index step = 0; step < 4; ++step) {
    INFO("iteration " << step);
    const auto fit = latent::EM{.max_iterations = step, .tolerance = 0}.fit(faithful_start(), x);
    const auto& exact = gaussian_reference::faithful_iterations[step];
    CHECK(close(fit.log_likelihood, exact.log_likelihood, 1e-12));
    check_bivariate(fit.model, exact, 1e-12);
  }
  const auto fit = latent::EM{.max_iterations = 500, .tolerance = 0}.fit(faithful_start(), x);
  CHECK(close(fit.log_likelihood, -1130.2639601847, 1e-12));
  CHECK(close(fit.log_likelihood, gaussian_reference::faithful_limit.log_likelihood, 1e-12));
  check_bivariate(fit.model, gaussian_reference::faithful_limit, 1e-8);
  CHECK(fit.model.free_parameters() == 11);
  CHECK(close(fit.model.bic(x), gaussian_reference::faithful_bic, 1e-12));
  CHECK(close(fit.model.aic(x), gaussian_reference::faithful_aic, 1e-12));
  CHECK(fit.model.icl(x) > fit.model.bic(x));
  CHECK((fit.model.predict(x).array() == 0).count() == 97);
}

TEST_CASE("gaussian: Old Faithful, one column: eruptions and waiting to 1e-8") {
  const auto x = latent_test::read_table("faithful");
  struct Case {
    Index column;
    Mix start;
    gaussian_reference::Univariate exact;
  };
  const Case cases[] = {{0, line_start(2, 4, 1), gaussian_reference::eruptions_limit},
                        {1, line_start(50, 80, 100), gaussian_reference::waiting_limit}};
  for (const Case& c : cases) {
    const auto fit =
        latent::EM{.max_iterations = 1000, .tolerance = 0}.fit(c.start, x.col(c.column));
    CHECK(close(fit.log_likelihood, c.exact.log_likelihood, 1e-12));
    for (Index k = 0; k < 2; ++k) {
      CHECK(close(fit.model.weights[k], c.exact.weights[k], 1e-8));
      CHECK(close(fit.model.family.means(k, 0), c.exact.means[k], 1e-8));
      CHECK(close(fit.model.family.covariance(k)(0, 0), c.exact.variances[k], 1e-8));
    }
  }
}

TEST_CASE("gaussian: sixteen heights, ten iterations to 1e-12") {
  const Eigen::Map<const Eigen::VectorXd> heights(gaussian_reference::heights, 16);
  for (Index step = 0; step <= 10; ++step) {
    INFO("iteration " << step);
    const auto& exact = gaussian_reference::heights_iterations[step];
    const auto fit =
        latent::EM{.max_iterations = step, .tolerance = 0}.fit(line_start(160, 180, 25), heights);
    CHECK(close(fit.log_likelihood, exact.log_likelihood, 1e-12));
    for (Index k = 0; k < 2; ++k) {
      CHECK(close(fit.model.weights[k], exact.weights[k], 1e-12));
      CHECK(close(fit.model.family.means(k, 0), exact.means[k], 1e-12));
      CHECK(close(fit.model.family.covariance(k)(0, 0), exact.variances[k], 1e-12));
    }
  }
}

TEST_CASE("gaussian: sixteen heights with known sexes are two sample means and variances") {
  const Eigen::Map<const Eigen::VectorXd> heights(gaussian_reference::heights, 16);
  Eigen::VectorXi sex(16);
  sex << 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1;
  const auto fitted =
      latent::fit_complete(line_start(160, 180, 25), latent::samples(heights).labels(sex));
  CHECK(close(fitted.weights[0], 0.5, 1e-15));
  CHECK(close(fitted.family.means(0, 0), 1299.0 / 8, 1e-15));
  CHECK(close(fitted.family.means(1, 0), 711.0 / 4, 1e-15));
  CHECK(close(fitted.family.covariance(0)(0, 0), 1407.0 / 64, 1e-13));
  CHECK(close(fitted.family.covariance(1)(0, 0), 603.0 / 16, 1e-13));
}

TEST_CASE("gaussian: iris, three components from the labelled fit, to 1e-8") {
  const auto data = latent_test::read_table("iris");
  REQUIRE(data.rows() == 150);
  const RowMatrix<double> x = data.leftCols(4);
  const Eigen::VectorXi species = data.col(4).cast<int>();
  const Mix rough{Eigen::Vector3d::Constant(1.0 / 3), Bells::isotropic(x.topRows(3), 1.0)};
  const Mix start = latent::fit_complete(rough, latent::samples(x).labels(species));
  CHECK(close(start.log_likelihood(x), gaussian_reference::iris_start_log_likelihood, 1e-12));
  const auto fit = latent::EM{.max_iterations = 500, .tolerance = 0}.fit(start, x);
  CHECK(close(fit.log_likelihood, gaussian_reference::iris_log_likelihood, 1e-11));
  CHECK(close(fit.model.bic(x), gaussian_reference::iris_bic, 1e-11));
  const auto predicted = fit.model.predict(x);
  for (Index k = 0; k < 3; ++k) {
    INFO("component " << k);
    CHECK(close(fit.model.weights[k], gaussian_reference::iris_weights[k], 1e-8));
    CHECK((predicted.array() == static_cast<int>(k)).count() == gaussian_reference::iris_counts[k]);
    const auto covariance = fit.model.family.covariance(k);
    for (Index i = 0; i < 4; ++i) {
      CHECK(close(fit.model.family.means(k, i), gaussian_reference::iris_means[k][i], 1e-8));
      for (Index j = 0; j < 4; ++j)
        CHECK(close(covariance(i, j), gaussian_reference::iris_covariances[k][i][j], 1e-8));
    }
  }
}

TEST_CASE("gaussian: densities are those of the formula") {
  RowMatrix<double> mean(1, 2);
  mean << 0, 0;
  const Mix standard{latent::Vector<double>::Ones(1), Bells::isotropic(mean, 1.0)};
  CHECK(close(std::exp(standard.log_density(mean)[0]), 0.15915494309189533577, 1e-15));
  mean << 1, -2;
  Eigen::Matrix2d c;
  c << 2.0, 0.6, 0.6, 0.5;
  const Mix tilted{latent::Vector<double>::Ones(1), Bells(mean, {c})};
  const RowMatrix<double> x = clouds(50, 2, 3);
  const auto density = tilted.log_density(x);
  for (Index i = 0; i < 50; ++i) {
    const Eigen::Vector2d z = x.row(i).transpose() - mean.transpose();
    const double exact = -std::log(2 * std::numbers::pi) - 0.5 * std::log(c.determinant()) -
                         0.5 * z.dot(c.inverse() * z);
    CHECK(close(density[i], exact, 1e-13));
  }
}

TEST_CASE("gaussian: one component is the sample mean and covariance, at offset 1e6 too") {
  for (const double offset : {0.0, 1e6}) {
    const RowMatrix<double> x = (clouds(3000, 5, 9).array() + offset).matrix();
    const Eigen::RowVectorXd mean = x.colwise().mean();
    const Mix start{latent::Vector<double>::Ones(1), Bells::isotropic(x.topRows(1), 1.0)};
    const auto fit = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(start, x);
    const RowMatrix<double> centred = x.rowwise() - mean;
    const Eigen::MatrixXd covariance = centred.transpose() * centred / 3000.0;
    CHECK(close_matrix(fit.model.family.means, RowMatrix<double>(mean), 1e-13));
    // Centring by a mean known to eps |offset| moves the covariance by its square; the data carry
    // eps |offset| each.
    CHECK(close_matrix(fit.model.family.covariance(0), covariance, offset == 0.0 ? 1e-13 : 1e-11));
    const double log_det = std::log(covariance.determinant());
    const double exact = -1500.0 * (5 * std::log(2 * std::numbers::pi) + log_det + 5);
    CHECK(close(fit.log_likelihood, exact, offset == 0.0 ? 1e-13 : 1e-11));
  }
}

TEST_CASE("gaussian: clouds at offset 1e8 have the labels of clouds at the origin") {
  const RowMatrix<double> x = clouds(2000, 2, 4);
  // 2^27: adding it rounds the data, so both sides fit the rounded rows.
  const double offset = 134217728.0;
  const RowMatrix<double> far = (x.array() + offset).matrix();
  const RowMatrix<double> near = (far.array() - offset).matrix();
  const Mix start{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(near.topRows(2), 1.0)};
  const Mix far_start{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(far.topRows(2), 1.0)};
  const latent::EM em{.max_iterations = 30, .tolerance = 0};
  const auto a = em.fit(start, near);
  const auto b = em.fit(far_start, far);
  CHECK(a.model.predict(near) == b.model.predict(far));
  CHECK(close_matrix(a.model.family.covariance(1), b.model.family.covariance(1), 1e-6));
  CHECK(close_matrix(a.model.family.means,
                     RowMatrix<double>((b.model.family.means.array() - offset).matrix()), 1e-7));
}

TEST_CASE(
    "gaussian: data scaled by a power of two give the same bits, but for the constant of the "
    "likelihood") {
  const RowMatrix<double> x = clouds(3000, 3, 5);
  const latent::EM em{.max_iterations = 15, .tolerance = 1e-7};
  const Mix start{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(x.topRows(2), 1.0)};
  const auto plain = em.fit(start, x);
  for (const int power : {-40, 40}) {
    const double factor = std::ldexp(1.0, power);
    const Mix scaled_start{Eigen::Vector2d(0.5, 0.5),
                           Bells::isotropic(x.topRows(2) * factor, factor * factor)};
    const auto scaled = em.fit(scaled_start, x * factor);
    INFO("power " << power);
    CHECK(scaled.report.iterations == plain.report.iterations);
    CHECK(close_matrix(RowMatrix<double>(scaled.model.family.means / factor),
                       plain.model.family.means, 1e-12));
    CHECK(scaled.model.predict(x * factor) == plain.model.predict(x));
    const double shift = -3000.0 * 3 * power * std::numbers::ln2;
    CHECK(latent_test::close_on(std::abs(shift), scaled.log_likelihood,
                                plain.log_likelihood + shift, 1e-12));
  }
}

TEST_CASE("gaussian: an affine map of the data moves the log-likelihood by n log |det A|") {
  const RowMatrix<double> x = clouds(1500, 2, 6);
  Eigen::Matrix2d a;
  a << 2.0, 1.0, -0.5, 3.0;
  const Mix start{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(x.topRows(2), 1.0)};
  const Eigen::MatrixXd covariance = a * a.transpose();
  const Mix mapped_start{Eigen::Vector2d(0.5, 0.5),
                         Bells(x.topRows(2) * a.transpose(), {covariance, covariance})};
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  const double plain = em.fit(start, x).log_likelihood;
  const double mapped = em.fit(mapped_start, x * a.transpose()).log_likelihood;
  CHECK(close(mapped, plain - 1500.0 * std::log(a.determinant()), 1e-10));
}

TEST_CASE("gaussian: components in another order give the same answer in another order") {
  const RowMatrix<double> x = clouds(2500, 3, 7);
  const latent::EM em{.max_iterations = 5, .tolerance = 0};
  const auto ab = em.fit(Mix{Eigen::Vector2d(0.3, 0.7), Bells::isotropic(x.topRows(2), 1.0)}, x);
  const auto ba = em.fit(
      Mix{Eigen::Vector2d(0.7, 0.3), Bells::isotropic(x.topRows(2).colwise().reverse(), 1.0)}, x);
  CHECK(same_bits(ab.model.weights[0], ba.model.weights[1]));
  CHECK(same_bits(ab.model.family.covariance(0), ba.model.family.covariance(1)));
  CHECK(same_bits(ab.log_likelihood, ba.log_likelihood));
}

TEST_CASE("gaussian: a component of weight 0 changes no bit of the others") {
  const RowMatrix<double> x = clouds(2500, 2, 8);
  const Mix two{Eigen::Vector2d(0.4, 0.6), Bells::isotropic(x.topRows(2), 1.0)};
  const Mix three{Eigen::Vector3d(0.4, 0.6, 0.0), Bells::isotropic(x.topRows(3), 1.0)};
  CHECK(same_bits(two.log_likelihood(x), three.log_likelihood(x)));
  const auto a = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(two, x);
  const auto b = latent::EM{.max_iterations = 5, .tolerance = 0}.fit(three, x);
  CHECK(same_bits(a.log_likelihood, b.log_likelihood));
  CHECK(b.model.weights[2] == 0.0);
  CHECK(same_bits(a.model.family.covariance(1), b.model.family.covariance(1)));
  CHECK(b.report.status == latent::Status::degenerate);
  CHECK_THAT(b.report.notes.at(0).message, latent_test::contains("component 2 has no weight left"));
}

TEST_CASE(
    "gaussian: covariances that would be singular meet the floor, with a note, and nothing is "
    "NaN") {
  // Five rows of ones, five of zeros, and a component on each.
  RowMatrix<double> x = RowMatrix<double>::Zero(10, 2);
  x.topRows(5).setOnes();
  RowMatrix<double> means(2, 2);
  means << 0.9, 0.9, 0.1, 0.1;
  const Mix start{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(means, 0.01)};
  const auto fit = latent::EM{.max_iterations = 50}.fit(start, x);
  CHECK(fit.report.status == latent::Status::degenerate);
  CHECK_FALSE(fit.report.notes.empty());
  CHECK_THAT(fit.report.notes.back().message, latent_test::contains("met the covariance floor"));
  CHECK(latent::is_finite(fit.log_likelihood));
  CHECK(fit.model.predict(x).head(5) == Eigen::VectorXi::Zero(5));
  // The floor is relative to the data's variance, 1/4 in each column.
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(fit.model.family.covariance(0));
  CHECK(close(eigen.eigenvalues()[0], 0.25 * fit.model.family.floor, 1e-3));

  Mix without = start;
  without.family.floor = 0.0;
  const auto kept = latent::EM{.max_iterations = 50}.fit(without, x);
  CHECK(kept.report.status == latent::Status::degenerate);
  CHECK(latent::is_finite(kept.log_likelihood));
  CHECK_THAT(kept.report.notes.back().message, latent_test::contains("singular covariance"));
}

TEST_CASE("gaussian: the floor holds for covariances that are merely thin") {
  RowMatrix<double> x(400, 2);
  latent::Random random(5);
  for (Index i = 0; i < 400; ++i) {
    const double a = random.normal();
    x.row(i) << a, a + 0.3 * random.normal();
  }
  Mix start{latent::Vector<double>::Ones(1), Bells::isotropic(x.topRows(1), 1.0)};
  const latent::EM em{.max_iterations = 1};
  const Eigen::MatrixXd plain = em.fit(start, x).model.family.covariance(0);
  start.family.floor = 0.2;
  const auto fit = em.fit(start, x);
  CHECK(fit.report.status == latent::Status::degenerate);
  // In units of the columns' own deviations the least eigenvalue is the floor.
  const Eigen::VectorXd unit = plain.diagonal().cwiseSqrt().cwiseInverse();
  const Eigen::MatrixXd standardized =
      unit.asDiagonal() * fit.model.family.covariance(0) * unit.asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(standardized);
  CHECK(close(eigen.eigenvalues()[0], 0.2, 1e-12));
  CHECK(eigen.eigenvalues()[1] > 1.9);
}

TEST_CASE("gaussian: bic counts weights, not rows") {
  const RowMatrix<double> x = clouds(300, 2, 21);
  RowMatrix<double> twice(600, 2);
  twice << x, x;
  const Mix start{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(x.topRows(2), 1.0)};
  const auto model = latent::EM{.max_iterations = 3}.fit(start, x).model;
  const auto doubled = latent::samples(x).weights(latent::Vector<double>::Constant(300, 2.0));
  CHECK(close(model.bic(doubled), model.bic(twice), 1e-13));
  CHECK(close(model.icl(doubled), model.icl(twice), 1e-13));
}

TEST_CASE(
    "gaussian: a constant column, data all alike, and as many components as rows stay finite") {
  RowMatrix<double> x = clouds(200, 3, 10);
  x.col(1).setConstant(5.0);
  const auto constant = latent::EM{.max_iterations = 20}.fit(
      Mix{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(x.topRows(2), 1.0)}, x);
  CHECK(latent::is_finite(constant.log_likelihood));
  CHECK(constant.report.status == latent::Status::degenerate);
  const RowMatrix<double> alike = RowMatrix<double>::Constant(20, 2, 3.0);
  const auto same = latent::EM{.max_iterations = 20}.fit(
      Mix{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(alike.topRows(2), 1.0)}, alike);
  CHECK(latent::is_finite(same.log_likelihood));
  CHECK(latent::is_finite(same.model.family.covariance(0)(0, 0)));
  const RowMatrix<double> few = x.topRows(4);
  const auto crowded = latent::EM{.max_iterations = 20}.fit(
      Mix{Eigen::Vector4d::Constant(0.25), Bells::isotropic(few, 1.0)}, few);
  CHECK(latent::is_finite(crowded.log_likelihood));
  for (const auto& step : crowded.report.trace) CHECK(latent::is_finite(step.objective));
}

TEST_CASE(
    "gaussian: a row 1e5 deviations away has responsibilities that sum to 1 and a finite density") {
  const Mix model = faithful_start();
  RowMatrix<double> far(1, 2);
  far << 1e5, -1e6;
  const auto r = model.responsibilities(far);
  CHECK(close(r.sum(), 1.0, 4 * latent_test::eps));
  CHECK(latent::is_finite(model.log_density(far)[0]));
  CHECK(model.log_density(far)[0] < -1e9);
}

TEST_CASE("gaussian: nearly the same components share every row") {
  const RowMatrix<double> x = clouds(500, 2, 12);
  RowMatrix<double> means(2, 2);
  means << 1, 1, 1 + 1e-9, 1;
  const Mix model{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(means, 4.0)};
  CHECK(close_matrix(model.responsibilities(x),
                     RowMatrix<double>(RowMatrix<double>::Constant(500, 2, 0.5)), 1e-6));
  const auto fit = latent::EM{.max_iterations = 20, .tolerance = 0}.fit(model, x);
  CHECK(fit.report.status == latent::Status::max_iterations);
}

TEST_CASE("gaussian: samples have the moments of the model, and the seed decides every bit") {
  const Mix model = faithful_start();
  latent::Labels labels;
  const auto x = model.sample(20000, 1, &labels);
  CHECK(same_bits(x, model.sample(20000, 1)));
  CHECK_FALSE(same_bits(x, model.sample(20000, 2)));
  CHECK(same_bits(RowMatrix<double>(x.topRows(10)), model.sample(10, 1)));
  const double ones = labels.cast<double>().sum() / 20000;
  CHECK(std::abs(ones - 0.5) < 5 * 0.5 / std::sqrt(20000.0));
  const double mean = x.col(1).mean();  // 67.5, variance 100 + 12.5^2
  CHECK(std::abs(mean - 67.5) < 5 * std::sqrt(256.25 / 20000));
}

TEST_CASE("gaussian: a covariance of condition 1e10 gives densities to its condition number") {
  const Index d = 8;
  Eigen::MatrixXd hilbert(d, d);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < d; ++j) hilbert(i, j) = 1.0 / static_cast<double>(i + j + 1);
  const RowMatrix<double> origin = RowMatrix<double>::Zero(1, d);
  const Mix model{latent::Vector<double>::Ones(1), Bells(origin, {hilbert})};
  // log det of the Hilbert matrix of order 8, from its closed form: 1 /
  // 365356847125734485878112256000000.
  const double log_det = -std::log(3.65356847125734485878112256e32);
  const double exact = -0.5 * (static_cast<double>(d) * std::log(2 * std::numbers::pi) + log_det);
  CHECK(std::abs(model.log_density(origin)[0] - exact) < 1e-7);
}

TEST_CASE("gaussian: covariances may come in any range of matrices") {
  const RowMatrix<double> means = RowMatrix<double>::Random(2, 2);
  const Eigen::Matrix2d c = Eigen::Vector2d(2, 3).asDiagonal();
  const Bells expected(means, {c, c});
  const std::vector<Eigen::Matrix2d> fixed{c, c};
  const std::vector<RowMatrix<double>> row_major{c, c};
  CHECK(same_bits(Bells(means, fixed).covariance(1), expected.covariance(1)));
  CHECK(same_bits(Bells(means, row_major).covariance(0), expected.covariance(0)));
}

TEST_CASE("gaussian: bad parameters are refused by name and value") {
  const RowMatrix<double> means = RowMatrix<double>::Zero(2, 2);
  const Eigen::MatrixXd good = Eigen::Matrix2d::Identity();
  Eigen::MatrixXd bad = good;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { Bells(means, {good}); }),
             latent_test::contains("1 covariances for 2 means"));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               Bells(means, {good, Eigen::Matrix3d::Identity()});
             }),
             latent_test::contains("3 x 3 for component 1"));
  bad(1, 1) = -1;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               Bells(means, {good, bad});
             }),
             latent_test::contains("positive definite; that of component 1"));
  bad(1, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(Bells(means, {good, bad}), latent::InvalidArgument);
  bad << 1, 0.5, 0.1, 1;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               Bells(means, {bad, good});
             }),
             latent_test::contains("symmetric"));
  CHECK_THROWS_AS(Bells::isotropic(means, 0.0), latent::InvalidArgument);
  RowMatrix<double> nan_means = means;
  nan_means(1, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { Bells::isotropic(nan_means, 1.0); }),
             latent_test::contains("means(1, 0)"));
  Mix model = faithful_start();
  model.family.floor = 1.5;
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::EM{}.fit(model, latent_test::read_table("faithful")); }),
             latent_test::contains("floor must lie in [0, 1); got 1.5"));
  CHECK_THROWS_AS(faithful_start().family.covariance(2), latent::InvalidArgument);
}

TEST_CASE("gaussian: float follows double") {
  const RowMatrix<double> x = clouds(4000, 3, 13);
  const RowMatrix<float> xf = x.cast<float>();
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  const auto wide = em.fit(Mix{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(x.topRows(2), 1.0)}, x);
  using Narrow = latent::Gaussian<latent::Covariance::full, float>;
  const latent::Mixture<Narrow> start{Eigen::Vector2d(0.5, 0.5),
                                      Narrow::isotropic(xf.topRows(2), 1.0f)};
  const auto narrow = em.fit(start, xf);
  CHECK(close(narrow.log_likelihood, wide.log_likelihood, 1e-5));
  CHECK(close_matrix(narrow.model.family.means, wide.model.family.means, 1e-4));
}
