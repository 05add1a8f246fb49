// Marginals, conditionals, moments of the whole mixture.
#include "latent/mixture/gaussian_parts.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "latent/mixture/gaussian.hpp"
#include "mixture/incomplete_data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::bells;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::close_on;
using latent_test::contains;
using latent_test::message_of;
using latent_test::Plain;
using latent_test::same_bits;

namespace {

Plain plain(Covariance form) {
  const auto model = bells(form);
  return {model.weights, model.family.complete()};
}

RowMatrix<double> chosen(const RowMatrix<double>& x, const std::vector<Index>& columns) {
  RowMatrix<double> out(x.rows(), static_cast<Index>(columns.size()));
  for (Index j = 0; j < out.cols(); ++j) out.col(j) = x.col(columns[static_cast<std::size_t>(j)]);
  return out;
}

}  // namespace

TEST_CASE("Gaussian parts: the joint density is the marginal times the conditional") {
  for (const Covariance form : {Covariance::full, Covariance::tied, Covariance::diagonal,
                                Covariance::spherical, Covariance::VEV}) {
    INFO(std::string(to_string(form)));
    const Plain model = plain(form);
    const RowMatrix<double> x = model.sample(40, 3);
    const auto joint = model.log_density(x);
    for (const auto& [given, rest] :
         {std::pair<std::vector<Index>, std::vector<Index>>{{0}, {1, 2, 3}},
          {{2, 0}, {1, 3}},
          {{3, 1, 2}, {0}}}) {
      const auto seen = marginal(model, given);
      CHECK(seen.family.form() == Covariance::full);
      const auto marginals = seen.log_density(chosen(x, given));
      for (Index i = 0; i < x.rows(); ++i) {
        const Vector<double> values = chosen(x.row(i), given).row(0);
        const auto others = condition(model, given, values);
        CHECK(close(others.weights.sum(), 1.0, 4 * latent_test::eps));
        const double conditional = others.log_density(chosen(x.row(i), rest))[0];
        CHECK(close_on(10.0, marginals[i] + conditional, joint[i], 1e-12));
      }
    }
    // All columns in another order: the same density.
    const auto turned = marginal(model, {3, 1, 0, 2}).log_density(chosen(x, {3, 1, 0, 2}));
    CHECK(close_matrix(turned, joint, 1e-13));
    // No part of a marginal changes: covariances are sub-matrices, here by value.
    const auto pair = marginal(model, {2, 1});
    for (Index k = 0; k < 3; ++k) {
      CHECK(pair.family.means(k, 0) == model.family.means(k, 2));
      CHECK(
          close_on(1.0, pair.family.covariance(k)(0, 1), model.family.covariance(k)(2, 1), 1e-14));
      CHECK(close(pair.family.covariance(k)(1, 1), model.family.covariance(k)(1, 1), 1e-14));
    }
  }
}

TEST_CASE("Gaussian parts: a marginal in one column is the integral over the other") {
  const Plain model = plain(Covariance::full);
  const auto pair = marginal(model, {0, 1});
  const auto one = marginal(model, {0});
  // The trapezoidal rule of a smooth function that vanishes at both ends errs by rounding alone, once
  // the step is well below the deviations (Trefethen and Weideman 2014).
  const Index n = 601;
  RowMatrix<double> line(n, 2);
  for (const double at : {-3.0, 0.2, 1.9, 5.0}) {
    double integral = 0.0;
    double first = 0.0;
    for (Index i = 0; i < n; ++i) line.row(i) << at, -30.0 + 0.1 * static_cast<double>(i);
    const auto density = pair.log_density(line);
    for (Index i = 0; i < n; ++i) {
      integral += 0.1 * std::exp(density[i]);
      first += 0.1 * std::exp(density[i]) * line(i, 1);
    }
    CHECK(close(std::exp(one.log_density(RowMatrix<double>{{at}})[0]), integral, 1e-12));
    const auto given = condition(pair, {0}, Vector<double>::Constant(1, at));
    CHECK(close_on(4.0, mixture_mean(given)[0], first / integral, 1e-12));
  }
}

TEST_CASE("Gaussian parts: mean and covariance of the whole mixture are those of endless draws") {
  const Plain model = plain(Covariance::full);
  const Index n = 200000;
  const RowMatrix<double> x = model.sample(n, 8);
  const auto mean = mixture_mean(model);
  const auto covariance = mixture_covariance(model);
  CHECK(same_bits(covariance, RowMatrix<double>(covariance.transpose())));
  const RowMatrix<double> centred = x.rowwise() - mean.transpose();
  const RowMatrix<double> squares = centred.transpose() * centred / static_cast<double>(n);
  for (Index i = 0; i < 4; ++i) {
    // Five standard errors; the fourth moment of a mixture of this kind is below 3 sigma^4.
    CHECK(std::abs(centred.col(i).mean()) <
          5.0 * std::sqrt(covariance(i, i) / static_cast<double>(n)));
    for (Index j = 0; j < 4; ++j)
      CHECK(std::abs(squares(i, j) - covariance(i, j)) <
            5.0 * std::sqrt(3.0 * covariance(i, i) * covariance(j, j) / static_cast<double>(n)));
  }
  // One component: its own.
  const auto one = marginal(
      Plain{Vector<double>::Ones(1), latent::GaussianFamily<double>::isotropic(
                                         Covariance::full, model.family.means.topRows(1), 2.0)},
      {0, 1, 2, 3});
  CHECK(close_matrix(mixture_covariance(one), 2.0 * RowMatrix<double>::Identity(4, 4), 1e-15));
  // Total variance: the mean of conditional moments over the conditions gives the moments back.
  double total = 0.0;
  double second = 0.0;
  for (Index i = 0; i < 20000; ++i) {
    const auto given = condition(model, {0}, Vector<double>::Constant(1, x(i, 0)));
    const double m = mixture_mean(given)[0];
    total += m / 20000.0;
    second += (mixture_covariance(given)(0, 0) + m * m) / 20000.0;
  }
  CHECK(std::abs(total - mean[1]) < 5.0 * std::sqrt(covariance(1, 1) / 20000.0));
  CHECK(std::abs(second - total * total - covariance(1, 1)) <
        5.0 * covariance(1, 1) * std::sqrt(3.0 / 20000.0));
}

TEST_CASE("Gaussian parts: conditions far from everything stay finite") {
  const Plain model = plain(Covariance::full);
  for (const double at : {1e5, -1e5, 1e100}) {
    const auto given = condition(model, {0}, Vector<double>::Constant(1, at));
    CHECK(given.weights.allFinite());
    CHECK(close(given.weights.sum(), 1.0, 4 * latent_test::eps));
    CHECK(mixture_mean(given).allFinite());
    // The widest component is the one that explains it.
    CHECK(given.weights[2] == 1.0);
    CHECK(given.family.covariance(2).allFinite());
  }
  // The square overflows: nothing is known of the components.
  const auto lost = condition(model, {0}, Vector<double>::Constant(1, 1e200));
  CHECK(same_bits(lost.weights, model.weights));
  CHECK(mixture_mean(lost).allFinite());
  // A tiny spread beside a large one, and data far from the origin.
  RowMatrix<double> means(1, 2);
  means << 1e9, -1e9;
  Eigen::MatrixXd c(2, 2);
  c << 1.0, 0.999999, 0.999999, 1.0;
  const Plain thin{Vector<double>::Ones(1),
                   latent::GaussianFamily<double>(Covariance::full, means, {c})};
  const auto given = condition(thin, {1}, Vector<double>::Constant(1, -1e9 + 2.0));
  CHECK(close(given.family.means(0, 0), 1e9 + 1.999998, 4 * latent_test::eps));
  CHECK(close(given.family.covariance(0)(0, 0), 1.0 - 0.999999 * 0.999999, 1e-10));
}

TEST_CASE("Gaussian parts: float, and families with their form in the type") {
  const Plain model = plain(Covariance::full);
  std::vector<Eigen::MatrixXf> covariances;
  for (Index k = 0; k < 3; ++k) covariances.push_back(model.family.covariance(k).cast<float>());
  const latent::Mixture narrow{model.weights, latent::Gaussian<Covariance::full, float>(
                                                  model.family.means.cast<float>(), covariances)};
  const Vector<double> at = Vector<double>::Constant(1, 0.7);
  const auto a = condition(model, {1}, at);
  const auto b = condition(narrow, {1}, at);
  CHECK(close_matrix(b.weights, a.weights, 1e-5));
  CHECK(close_matrix(b.family.means, a.family.means, 1e-5));
  CHECK(close_matrix(marginal(narrow, {2, 3}).family.covariance(1),
                     marginal(model, {2, 3}).family.covariance(1), 1e-6));
  CHECK(close_matrix(mixture_covariance(narrow), mixture_covariance(model), 1e-6));
  CHECK(
      close_matrix(mixture_covariance(bells(Covariance::full)), mixture_covariance(model), 1e-15));
}

TEST_CASE("Gaussian parts: columns and values that cannot be are typed errors") {
  const Plain model = plain(Covariance::full);
  using latent::InvalidArgument;
  const Vector<double> one = Vector<double>::Zero(1);
  const Vector<double> two = Vector<double>::Zero(2);
  CHECK_THAT(message_of<InvalidArgument>([&] { marginal(model, {}); }), contains("got none"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               marginal(model, {0, 4});
             }),
             contains("in 0 ... 3; got columns(1) = 4"));
  CHECK_THAT(message_of<InvalidArgument>([&] { marginal(model, {-1}); }), contains("= -1"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               marginal(model, {2, 1, 2});
             }),
             contains("column 2 again as columns(2)"));
  CHECK_THAT(message_of<InvalidArgument>([&] { condition(model, {}, Vector<double>(0)); }),
             contains("got none"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               condition(model, {1, 1}, two);
             }),
             contains("column 1 again"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               condition(model, {0, 1, 2, 3}, Vector<double>::Zero(4));
             }),
             contains("some column must be left"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               condition(model, {0, 1}, one);
             }),
             contains("got 1 for 2 columns"));
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK_THAT(message_of<latent::DataError>(
                   [&] { condition(model, {3}, Vector<double>::Constant(1, bad)); }),
               contains("that of column 3"));
}
