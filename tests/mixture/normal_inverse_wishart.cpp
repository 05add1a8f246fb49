// Gaussians with a prior: formulas and slopes derived here, not taken from the library.
#include "latent/mixture/normal_inverse_wishart.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <Eigen/LU>

#include "latent/gaussian_mixture.hpp"
#include "mixture/family_checks.hpp"
#include "support/read_table.hpp"

using latent::Covariance;
using latent::Gaussian;
using latent::Index;
using latent::Mixture;
using latent::RowMatrix;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;

namespace {

latent::NormalInverseWishart prior() {
  RowMatrix<double> scale(2, 2);
  scale << 3, 0.5, 0.5, 40;
  return {Eigen::Vector2d(3, 65), 2.5, 5.0, scale};
}

// Without a prior on the means.
latent::NormalInverseWishart prior_of_covariances() {
  return {{}, 0.0, 4.0, prior().scale};
}

RowMatrix<double> rows() {
  return latent_test::read_table("faithful").topRows(40);
}

RowMatrix<double> means() {
  RowMatrix<double> m(2, 2);
  m << 2, 55, 4, 80;
  return m;
}

template <Covariance Form>
Mixture<Gaussian<Form>> start(const latent::NormalInverseWishart& with) {
  RowMatrix<double> c(2, 2);
  c << 1, 2, 2, 50;
  if constexpr (Form == Covariance::full) {
    Mixture<Gaussian<Form>> made{Eigen::Vector2d(0.5, 0.5),
                                 Gaussian<Form>(means(), std::vector<RowMatrix<double>>{c, c})};
    made.family.prior = with;
    return made;
  } else {
    Mixture<Gaussian<Form>> made{Eigen::Vector2d(0.5, 0.5), Gaussian<Form>(means(), c)};
    made.family.prior = with;
    return made;
  }
}

// The log density of the prior up to a constant, with determinants and inverses.
double log_prior(const latent::NormalInverseWishart& p, const RowMatrix<double>& m,
                 const std::vector<Eigen::Matrix2d>& covariances) {
  double sum = 0.0;
  for (const Eigen::Matrix2d& c : covariances)
    sum -= 0.5 * (p.degrees + 3) * std::log(c.determinant()) +
           0.5 * (Eigen::Matrix2d(p.scale) * c.inverse()).trace();
  if (p.mean_weight > 0)
    for (Index k = 0; k < m.rows(); ++k) {
      const Eigen::Matrix2d& c =
          covariances.size() == 1 ? covariances[0] : covariances[static_cast<std::size_t>(k)];
      const Eigen::Vector2d away = m.row(k).transpose() - p.mean;
      sum -= 0.5 * std::log(c.determinant()) + 0.5 * p.mean_weight * away.dot(c.inverse() * away);
    }
  return sum;
}

// log-likelihood + log prior of weights, means and covariances, from the formulas of the densities.
double penalised(const latent::NormalInverseWishart& p, const latent::Vector<double>& weights,
                 const RowMatrix<double>& m, const std::vector<Eigen::Matrix2d>& covariances,
                 const RowMatrix<double>& x) {
  double sum = log_prior(p, m, covariances);
  for (Index i = 0; i < x.rows(); ++i) {
    double density = 0.0;
    for (Index k = 0; k < m.rows(); ++k) {
      const Eigen::Matrix2d& c =
          covariances.size() == 1 ? covariances[0] : covariances[static_cast<std::size_t>(k)];
      const Eigen::Vector2d away = (x.row(i) - m.row(k)).transpose();
      density += weights[k] * std::exp(-0.5 * away.dot(c.inverse() * away)) /
                 (2 * 3.14159265358979323846 * std::sqrt(c.determinant()));
    }
    sum += std::log(density);
  }
  return sum;
}

template <Covariance Form>
std::vector<Eigen::Matrix2d> covariances_of(const Gaussian<Form>& family) {
  std::vector<Eigen::Matrix2d> all{Eigen::Matrix2d(family.covariance(0))};
  if (Form == Covariance::full) all.push_back(Eigen::Matrix2d(family.covariance(1)));
  return all;
}

template <Covariance Form>
void climbs_to_a_stationary_point(const latent::NormalInverseWishart& p) {
  const RowMatrix<double> x = rows();
  const auto fit = latent::EM{.max_iterations = 2000, .tolerance = 0}.fit(start<Form>(p), x);
  REQUIRE(fit.report.status == latent::Status::max_iterations);
  for (std::size_t i = 1; i < fit.report.trace.size(); ++i)
    CHECK(fit.report.trace[i].objective >= fit.report.trace[i - 1].objective - 1e-11);
  const auto& model = fit.model;
  const auto covariances = covariances_of<Form>(model.family);
  const auto value = [&](const RowMatrix<double>& m, const std::vector<Eigen::Matrix2d>& c) {
    return penalised(p, model.weights, m, c, x);
  };
  const auto first = start<Form>(p);
  const double before = penalised(p, first.weights, means(), covariances_of<Form>(first.family), x);
  CHECK(close(fit.report.trace.back().objective - fit.report.trace.front().objective,
              value(model.family.means, covariances) - before, 1e-12));
  for (Index k = 0; k < 2; ++k)
    for (Index j = 0; j < 2; ++j) {
      const double unit = std::sqrt(covariances[0](j, j));
      const double slope = latent_test::derivative(
          [&](double at) {
            RowMatrix<double> m = model.family.means;
            m(k, j) = at;
            return value(m, covariances);
          },
          model.family.means(k, j), 1e-3 * unit);
      CHECK(std::abs(slope * unit) < 1e-7);
    }
  for (std::size_t b = 0; b < covariances.size(); ++b)
    for (Index i = 0; i < 2; ++i)
      for (Index j = 0; j <= i; ++j) {
        const double unit = std::sqrt(covariances[b](i, i) * covariances[b](j, j));
        const double slope = latent_test::derivative(
            [&](double moved) {
              auto c = covariances;
              c[b](i, j) += moved;
              if (i != j) c[b](j, i) += moved;
              return value(model.family.means, c);
            },
            0.0, 1e-3 * unit);
        CHECK(std::abs(slope * unit) < 1e-7);
      }
}

}  // namespace

TEST_CASE("normal inverse wishart: EM never falls and ends where the penalised slope is 0") {
  climbs_to_a_stationary_point<Covariance::full>(prior());
  climbs_to_a_stationary_point<Covariance::full>(prior_of_covariances());
  climbs_to_a_stationary_point<Covariance::tied>(prior());
  climbs_to_a_stationary_point<Covariance::tied>(prior_of_covariances());
}

TEST_CASE("normal inverse wishart: the log prior is the density up to a constant") {
  const auto check = [](const auto& a, const auto& b, const latent::NormalInverseWishart& p) {
    const double exact =
        log_prior(p, b.means, covariances_of(b)) - log_prior(p, a.means, covariances_of(a));
    CHECK(close(b.log_prior() - a.log_prior(), exact, 1e-12));
  };
  for (const auto& p : {prior(), prior_of_covariances()}) {
    const latent::EM em{.max_iterations = 3, .tolerance = 0};
    const auto full = start<Covariance::full>(p);
    check(full.family, em.fit(full, rows()).model.family, p);
    const auto tied = start<Covariance::tied>(p);
    check(tied.family, em.fit(tied, rows()).model.family, p);
  }
  CHECK(start<Covariance::full>({}).family.log_prior() == 0.0);
}

TEST_CASE("normal inverse wishart: with known labels the fit is Murphy's posterior mode") {
  const RowMatrix<double> x = rows();
  Eigen::VectorXi labels(40);
  for (Index i = 0; i < 40; ++i) labels[i] = x(i, 0) > 3 ? 1 : 0;
  for (const auto& p : {prior(), prior_of_covariances()}) {
    const bool on_means = p.mean_weight > 0;
    Eigen::Matrix2d shared = p.scale;
    const auto full =
        latent::fit_complete(start<Covariance::full>(p), latent::samples(x).labels(labels));
    const auto tied =
        latent::fit_complete(start<Covariance::tied>(p), latent::samples(x).labels(labels));
    for (int k = 0; k < 2; ++k) {
      Eigen::Vector2d mean = Eigen::Vector2d::Zero();
      double n = 0.0;
      for (Index i = 0; i < 40; ++i)
        if (labels[i] == k) {
          mean += x.row(i).transpose();
          n += 1.0;
        }
      mean /= n;
      Eigen::Matrix2d scatter = Eigen::Matrix2d::Zero();
      for (Index i = 0; i < 40; ++i)
        if (labels[i] == k)
          scatter += (x.row(i).transpose() - mean) * (x.row(i).transpose() - mean).transpose();
      Eigen::Vector2d centre = mean;
      if (on_means) {
        const Eigen::Vector2d away = mean - p.mean;
        scatter += p.mean_weight * n / (p.mean_weight + n) * away * away.transpose();
        centre = (p.mean_weight * p.mean + n * mean) / (p.mean_weight + n);
      }
      shared += scatter;
      const double divisor = p.degrees + n + 2 + (on_means ? 2 : 1);
      const Eigen::Matrix2d covariance = (Eigen::Matrix2d(p.scale) + scatter) / divisor;
      CHECK(close_matrix(full.family.covariance(k), covariance, 1e-13));
      CHECK(close_matrix(full.family.means.row(k).transpose(), centre, 1e-14));
      CHECK(close_matrix(tied.family.means.row(k).transpose(), centre, 1e-14));
    }
    shared /= p.degrees + 2 + 1 + 40 + (on_means ? 2 : 0);
    CHECK(close_matrix(tied.family.covariance(0), shared, 1e-13));
  }
}

TEST_CASE("normal inverse wishart: a component without rows is at the mode of the prior") {
  const RowMatrix<double> x = rows();
  auto full = start<Covariance::full>(prior());
  full.weights = Eigen::Vector2d(1, 0);
  const auto fit = latent::EM{.max_iterations = 3, .tolerance = 0}.fit(full, x);
  CHECK(fit.report.status == latent::Status::max_iterations);
  CHECK(fit.model.family.means.row(1).transpose() == prior().mean);
  CHECK(close_matrix(fit.model.family.covariance(1), RowMatrix<double>(prior().scale / (5.0 + 4.0)),
                     1e-14));
  CHECK_FALSE(fit.model.family.degenerate());
  // The mean has no prior: it stays.
  full.family.prior = prior_of_covariances();
  const auto kept = latent::EM{.max_iterations = 3, .tolerance = 0}.fit(full, x).model.family;
  CHECK(kept.means.row(1) == means().row(1));
  CHECK(close_matrix(kept.covariance(1), RowMatrix<double>(prior().scale / (4.0 + 3.0)), 1e-14));
  CHECK_FALSE(kept.degenerate());
}

TEST_CASE("normal inverse wishart: rows all alike give the prior's shape, not a singular one") {
  RowMatrix<double> x = RowMatrix<double>::Zero(10, 2);
  x.topRows(5).setOnes();
  RowMatrix<double> m(2, 2);
  m << 0.9, 0.9, 0.1, 0.1;
  const auto check = [&](auto family) {
    Mixture model{Eigen::Vector2d(0.5, 0.5), family};
    CHECK(latent::EM{.max_iterations = 50}.fit(model, x).report.status ==
          latent::Status::degenerate);
    model.family.prior = latent::NormalInverseWishart::weak(
        Eigen::Vector2d(0.5, 0.5), RowMatrix<double>(0.25 * Eigen::Matrix2d::Identity()), 2);
    const auto fit = latent::EM{.max_iterations = 500}.fit(model, x);
    CHECK(fit.report.converged());
    CHECK(latent::is_finite(fit.log_likelihood));
    CHECK(fit.report.notes.empty());
  };
  check(Gaussian<Covariance::full>::isotropic(m, 0.01));
  check(Gaussian<Covariance::tied>::isotropic(m, 0.01));
}

TEST_CASE("normal inverse wishart: the mixture takes it, with the same bits on any executor") {
  const auto x = start<Covariance::full>({}).sample(5000, 3);
  latent_test::check_executors(start<Covariance::full>(prior()), x);
  latent_test::check_executors(start<Covariance::tied>(prior()), x);
  // Many components on few rows: without the prior some would shrink to a row.
  const RowMatrix<double> few = rows();
  const auto weak = latent::NormalInverseWishart::weak(
      few.colwise().mean().transpose(),
      RowMatrix<double>((few.rowwise() - few.colwise().mean()).transpose() *
                        (few.rowwise() - few.colwise().mean()) / 40.0),
      12);
  CHECK(latent::GaussianMixture<>{.components = 12}.fit(few).report.status ==
        latent::Status::degenerate);
  const auto fit = latent::GaussianMixture<>{.components = 12, .prior = weak}.fit(few);
  CHECK(fit.report.converged());
  CHECK_FALSE(fit.model.family.degenerate());
}

TEST_CASE("normal inverse wishart: float follows double") {
  const auto x = start<Covariance::full>({}).sample(3000, 4);
  auto wide = start<Covariance::tied>(prior());
  using Narrow = Gaussian<Covariance::tied, float>;
  Mixture narrow{Eigen::Vector2d(0.5, 0.5),
                 Narrow(means().cast<float>(), wide.family.covariance(0).cast<float>())};
  narrow.family.prior = prior();
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  const auto a = em.fit(wide, x);
  const auto b = em.fit(narrow, RowMatrix<float>(x.cast<float>()));
  CHECK(b.report.status == latent::Status::max_iterations);
  CHECK(close(a.log_likelihood, b.log_likelihood, 1e-5));
  CHECK(close_matrix(a.model.family.means, b.model.family.means, 1e-4));
}

TEST_CASE("normal inverse wishart: bad priors are refused by name and value") {
  const auto message = [](const latent::NormalInverseWishart& p) {
    return message_of<latent::InvalidArgument>(
        [&] { latent::EM{}.fit(start<Covariance::full>(p), rows()); });
  };
  auto p = prior();
  p.mean_weight = -1;
  CHECK_THAT(message(p),
             latent_test::contains("mean_weight must be finite and not negative; got -1"));
  p = prior();
  p.degrees = 1.0;
  CHECK_THAT(message(p), latent_test::contains("above D - 1 = 1; got 1"));
  p = prior();
  p.mean = Eigen::Vector3d::Zero();
  CHECK_THAT(message(p), latent_test::contains("mean must hold 2 numbers; got 3"));
  p = prior();
  p.scale = RowMatrix<double>::Identity(3, 3);
  CHECK_THAT(message(p), latent_test::contains("scale must be 2 x 2; got 3 x 3"));
  p = prior();
  p.scale(0, 0) = -1;
  CHECK_THAT(message(p), latent_test::contains("positive definite"));
  p = prior();
  p.scale(0, 1) = 3;
  CHECK_THAT(message(p), latent_test::contains("symmetric"));
  p = {};
  p.mean_weight = 1;
  CHECK_THAT(message(p), latent_test::contains("needs a scale as well"));
}
