// Fits of Gaussian mixtures to rows with missing values.
#include "latent/mixture/incomplete_gaussian_mixture.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

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
using latent_test::contains;
using latent_test::message_of;
using latent_test::same_bits;
using latent_test::with_gaps;
using Fit = latent::IncompleteGaussianMixture;

TEST_CASE("incomplete fits: executors agree to the bit") {
  const RowMatrix<double> x = with_gaps(bells(Covariance::full).sample(5000, 5), 0.25, 9);
  const Fit options{.components = 3, .restarts = 2, .max_iterations = 5, .tolerance = 0};
  const auto serial = options.fit(x, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto fit = options.fit(x, latent::Threads{threads});
    CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
    CHECK(same_bits(fit.log_likelihood, serial.log_likelihood));
  }
}

TEST_CASE(
    "incomplete fits: the fit finds what made the data, and guesses gaps better than means do") {
  const Bells truth = bells(Covariance::full);
  latent::Labels labels;
  const RowMatrix<double> complete = truth.sample(2000, 5, &labels);
  const RowMatrix<double> x = with_gaps(complete, 0.2, 9);
  const auto fit = Fit{.components = 3, .restarts = 3, .tolerance = 1e-10}.fit(x);
  CHECK(fit.report.converged());
  CHECK(fit.report.restarts.size() == 3);
  // A maximum lies above the truth; twice the difference is about chi-square of 44 parameters.
  CHECK(fit.log_likelihood > truth.log_likelihood(x));
  CHECK(fit.log_likelihood < truth.log_likelihood(x) + 0.5 * (44.0 + 5.0 * std::sqrt(88.0)));
  double by_fit = 0.0;
  double by_truth = 0.0;
  double by_mean = 0.0;
  const auto guess = impute(fit.model, x);
  const auto best = impute(truth, x);
  const auto means = latent::detail::observed_moments(latent::samples(x), "test").mean;
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < 4; ++j) {
      by_fit += std::pow(guess(i, j) - complete(i, j), 2);
      by_truth += std::pow(best(i, j) - complete(i, j), 2);
      if (std::isnan(x(i, j))) by_mean += std::pow(means[j] - complete(i, j), 2);
    }
  CHECK(by_fit < 1.05 * by_truth);
  CHECK(by_fit < 0.5 * by_mean);
  // Labels begin the components.
  latent::Labels some = labels;
  for (Index i = 0; i < some.size(); ++i)
    if (i % 20 != 0) some[i] = -1;
  const auto led = Fit{.components = 3}.fit(latent::samples(x).labels(some));
  Index right = 0;
  const auto found = led.model.predict(x);
  for (Index i = 0; i < x.rows(); ++i) right += found[i] == labels[i] ? 1 : 0;
  CHECK(right > 1800);
}

TEST_CASE("incomplete fits: units of a power of two change nothing but the units") {
  const RowMatrix<double> x = with_gaps(bells(Covariance::full).sample(600, 5), 0.25, 9);
  const Fit options{.components = 3, .max_iterations = 10, .tolerance = 0};
  const auto a = options.fit(x);
  const auto b = options.fit(RowMatrix<double>(0x1p30 * x));
  CHECK(close_matrix(b.model.family.means, (0x1p30 * a.model.family.means).eval(), 1e-10));
  CHECK(close_matrix(b.model.weights, a.model.weights, 1e-10));
}

TEST_CASE("incomplete fits: columns without numbers and bad options are typed errors") {
  RowMatrix<double> x = with_gaps(bells(Covariance::full).sample(60, 5), 0.25, 9);
  using latent::DataError;
  using latent::InvalidArgument;
  CHECK_THAT(message_of<InvalidArgument>([&] { (Fit{.components = 61}.fit(x)); }),
             contains("IncompleteGaussianMixture: components must satisfy"));
  CHECK_THROWS_AS((Fit{.restarts = 0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS((Fit{.tolerance = -1.0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS((Fit{.floor = 2.0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS(Fit{}.fit(latent::samples(x).labels(latent::Labels::Constant(60, 2))), DataError);
  // Only a row of weight 0 has a number there.
  x.col(2).tail(59).setConstant(std::numeric_limits<double>::quiet_NaN());
  x(0, 2) = 1.0;
  Vector<double> w = Vector<double>::Ones(60);
  w[0] = 0.0;
  CHECK_THAT(message_of<DataError>([&] { Fit{}.fit(latent::samples(x).weights(w)); }),
             contains("column 2 has none"));
  x(5, 1) = -std::numeric_limits<double>::infinity();
  CHECK_THAT(message_of<DataError>([&] { Fit{}.fit(x); }), contains("-inf at row 5, column 1"));
}
