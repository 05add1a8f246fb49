// EM on Gaussian mixtures with missing values.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/em/em.hpp"
#include "latent/em/online.hpp"
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
using latent_test::with_gaps;

TEST_CASE("incomplete EM: no iteration loses likelihood, in any form, with weights and labels") {
  latent::Labels labels;
  const RowMatrix<double> x = with_gaps(bells(Covariance::full).sample(900, 5, &labels), 0.25, 9);
  Vector<double> w(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    w[i] = static_cast<double>(i % 3);
    if (i % 4 != 0) labels[i] = -1;
  }
  const auto data = latent::samples(x).weights(w).labels(labels);
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const auto fit = latent::EM{.max_iterations = 40, .tolerance = 0}.fit(bells(form, 0.7), data);
    CHECK(fit.report.status == latent::Status::max_iterations);
    const auto& trace = fit.report.trace;
    REQUIRE(trace.size() == 41);
    for (std::size_t t = 1; t < trace.size(); ++t)
      CHECK(trace[t].log_likelihood >=
            trace[t - 1].log_likelihood - 1e-13 * std::abs(trace[t].log_likelihood));
    CHECK(trace[40].log_likelihood > trace[0].log_likelihood + 100.0);
    CHECK(close(fit.log_likelihood, fit.model.log_likelihood(data), 1e-13));
  }
}

TEST_CASE("incomplete EM: at the end no parameter can be bettered") {
  const RowMatrix<double> x = with_gaps(bells(Covariance::full).sample(500, 5), 0.3, 9);
  const auto fit =
      latent::EM{.max_iterations = 5000, .tolerance = 1e-14}.fit(bells(Covariance::full), x);
  const auto& family = fit.model.family;
  const double most = fit.log_likelihood;
  // Steps of 1e-3 change the log-likelihood by about n 1e-6 / 2 = 2.5e-4, always down.
  for (Index k = 0; k < 3; ++k)
    for (Index j = 0; j < 4; ++j)
      for (const double step : {-1e-3, 1e-3}) {
        Bells other = fit.model;
        other.family.means(k, j) += step;
        CHECK(other.log_likelihood(x) < most);
        std::vector<Eigen::MatrixXd> covariances;
        for (Index m = 0; m < 3; ++m) covariances.push_back(family.covariance(m));
        auto& c = covariances[static_cast<std::size_t>(k)];
        c(j, 0) += step;
        c(0, j) = c(j, 0);
        const Bells turned{fit.model.weights,
                           latent::IncompleteGaussian<double>(latent::GaussianFamily<double>(
                               Covariance::full, family.means, covariances))};
        CHECK(turned.log_likelihood(x) < most);
      }
}

TEST_CASE("incomplete EM: hard EM climbs, online EM comes near, float keeps its digits") {
  const Bells truth = bells(Covariance::full);
  const RowMatrix<double> x = with_gaps(truth.sample(5000, 5), 0.25, 9);
  const latent::EM em{.max_iterations = 30, .tolerance = 0};
  const auto soft = em.fit(truth, x);
  const auto hard = em.fit(truth, x, latent::Threads{}, latent::Hard{});
  CHECK(hard.report.status != latent::Status::not_monotone);
  CHECK(hard.log_likelihood < soft.log_likelihood);
  CHECK(hard.log_likelihood > soft.log_likelihood - 100.0);
  const auto online = latent::OnlineEM{.batch = 500}.fit(bells(Covariance::full, 0.7), x);
  CHECK(online.log_likelihood > soft.log_likelihood - 50.0);  // a hundredth a row

  std::vector<Eigen::MatrixXf> covariances;
  for (Index k = 0; k < 3; ++k) covariances.push_back(truth.family.covariance(k).cast<float>());
  const latent::Mixture narrow{
      truth.weights, latent::IncompleteGaussian<float>(latent::GaussianFamily<float>(
                         Covariance::full, truth.family.means.cast<float>(), covariances))};
  // Seven digits of each row's density.
  const RowMatrix<float> rounded = x.cast<float>();
  CHECK(close(narrow.log_likelihood(rounded), truth.log_likelihood(x), 1e-5));
  const latent::EM few{.max_iterations = 5, .tolerance = 0};
  const auto a = few.fit(narrow, rounded);
  const auto b = few.fit(truth, x);
  CHECK(close(a.log_likelihood, b.log_likelihood, 1e-5));
  CHECK(latent_test::close_matrix(a.model.family.means, b.model.family.means, 1e-4));
}
