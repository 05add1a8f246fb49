// Gaussian mixtures with a noise component.
#include "latent/mixture/noise_component.hpp"

#include <cmath>
#include <limits>
#include <tuple>

#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

// Three narrow clouds, and a fifth of the rows anywhere in a box about eight times as wide.
RowMatrix<double> noisy_clouds(Index n, latent::Labels* truth = nullptr) {
  RowMatrix<double> x(n, 2);
  if (truth != nullptr) truth->resize(n);
  const double centres[3][2] = {{-5, -5}, {6, -2}, {0, 7}};
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(21).at(static_cast<std::uint64_t>(i));
    const Index k = i % 5 == 4 ? 3 : i % 3;
    if (truth != nullptr) (*truth)[i] = static_cast<int>(k);
    if (k == 3) {
      x.row(i) << 40.0 * random.uniform() - 20.0, 40.0 * random.uniform() - 20.0;
      continue;
    }
    const double a = random.normal();
    x.row(i) << centres[k][0] + a, centres[k][1] + 0.6 * a + 0.5 * random.normal();
  }
  return x;
}

}  // namespace

TEST_CASE("noise: clusters are found although a fifth of the rows is noise") {
  latent::Labels truth;
  const RowMatrix<double> x = noisy_clouds(1500, &truth);
  const auto fit =
      latent::NoisyGaussianMixture<>{.components = 3, .noise = 0.25, .restarts = 2}.fit(x);
  CHECK(fit.report.converged());
  // Uniform rows that fall into a cloud belong to it: a share of about 27 square deviations' areas in
  // 1600 of the box each; five standard errors of 0.2 over 1500 rows on both sides.
  CHECK(std::abs(fit.model.weights[3] - 0.2) < 5.0 * std::sqrt(0.16 / 1500.0));
  const auto labels = fit.model.predict(x);
  const auto& found = std::get<0>(fit.model.family.families);
  const double centres[3][2] = {{-5, -5}, {6, -2}, {0, 7}};
  int to[3];
  for (int k = 0; k < 3; ++k) {
    Index nearest = 0;
    for (Index m = 1; m < 3; ++m)
      if (std::hypot(found.means(m, 0) - centres[k][0], found.means(m, 1) - centres[k][1]) <
          std::hypot(found.means(nearest, 0) - centres[k][0],
                     found.means(nearest, 1) - centres[k][1]))
        nearest = m;
    to[k] = static_cast<int>(nearest);
    // About 400 rows a cloud: five standard errors.
    CHECK(std::abs(found.means(nearest, 0) - centres[k][0]) < 5.0 / 20.0);
    CHECK(std::abs(found.covariance(nearest)(0, 0) - 1.0) < 5.0 * std::sqrt(2.0 / 400.0));
    CHECK(std::abs(found.covariance(nearest)(0, 1) - 0.6) < 5.0 * std::sqrt(1.0 / 400.0));
  }
  Index wrong = 0;
  for (Index i = 0; i < x.rows(); ++i)
    wrong += labels[i] != (truth[i] == 3 ? 3 : to[truth[i]]) ? 1 : 0;
  CHECK(wrong < 60);  // of 1500; noise within the clouds cannot be told
  // Without noise the same rows pull the covariances apart.
  const auto plain = latent::GaussianMixture<>{.components = 3, .restarts = 2}.fit(x);
  CHECK(fit.model.bic(x) < plain.model.bic(x) - 100.0);
  // The noise's density is 1 / volume of the box, before and after.
  const auto box = latent::Uniform<>::around(x);
  const auto& noise = std::get<1>(fit.model.family.families);
  CHECK(same_bits(noise.lower, box.lower));
  CHECK(same_bits(noise.upper, box.upper));
}

TEST_CASE("noise: units of a power of two change nothing but the units") {
  const RowMatrix<double> x = noisy_clouds(600);
  const latent::NoisyGaussianMixture<> options{
      .components = 3, .noise = 0.2, .max_iterations = 25, .tolerance = 0};
  const auto a = options.fit(x);
  for (const double factor : {0x1p-40, 0x1p60}) {
    const auto b = options.fit(RowMatrix<double>(factor * x));
    // Logarithms of scaled numbers round differently: so many ulps, kept by 25 contracting steps.
    CHECK(close_matrix(b.model.weights, a.model.weights, 1e-12));
    const auto& small = std::get<0>(a.model.family.families);
    const auto& large = std::get<0>(b.model.family.families);
    CHECK(close_matrix(large.means, (factor * small.means).eval(), 1e-12));
    for (Index k = 0; k < 3; ++k)
      CHECK(
          close_matrix(large.covariance(k), (factor * factor * small.covariance(k)).eval(), 1e-12));
    CHECK(close(b.log_likelihood, a.log_likelihood - 1200.0 * std::log(factor), 1e-12));
    CHECK(b.model.predict(RowMatrix<double>(factor * x)) == a.model.predict(x));
  }
}

TEST_CASE("noise: weights, labels and executors") {
  latent::Labels truth;
  const RowMatrix<double> x = noisy_clouds(3000, &truth);
  const latent::NoisyGaussianMixture<> options{
      .components = 3, .noise = 0.2, .restarts = 2, .max_iterations = 6, .tolerance = 0};
  Vector<double> w(x.rows());
  latent::Labels some(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    w[i] = 0.5 + static_cast<double>(i % 4);
    some[i] = i % 10 < 5 ? truth[i] : -1;
  }
  const auto weighted = latent::samples(x).weights(w);
  const auto labelled = weighted.labels(some);
  for (const auto& data : {weighted, labelled}) {
    const auto serial = options.fit(data, latent::Serial{});
    for (const int threads : {1, 2, 3, 8}) {
      const auto fit = options.fit(data, latent::Threads{threads});
      CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
      CHECK(same_bits(fit.log_likelihood, serial.log_likelihood));
    }
  }
  // Labels give the components their numbers, the noise's among them.
  auto longer = options;
  longer.max_iterations = 300;
  longer.restarts = 1;
  const auto found = longer.fit(labelled).model.predict(x);
  Index right = 0;
  for (Index i = 0; i < x.rows(); ++i) right += found[i] == truth[i] ? 1 : 0;
  CHECK(right > 2850);
  // Rows of weight 0 do not widen the box.
  RowMatrix<double> far = x;
  far.row(0) << 1e6, -1e6;
  Vector<double> but_one = Vector<double>::Ones(x.rows());
  but_one[0] = 0.0;
  const auto box =
      std::get<1>(options.start(latent::samples(far).weights(but_one)).family.families);
  CHECK(box.upper[0] < 21.0);
}

TEST_CASE("noise: options and data that cannot be are typed errors") {
  const RowMatrix<double> x = noisy_clouds(50);
  using latent::InvalidArgument;
  using Noisy = latent::NoisyGaussianMixture<>;
  for (const double share : {0.0, 1.0, -0.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THAT(message_of<InvalidArgument>([&] { (Noisy{.noise = share}.fit(x)); }),
               contains("share must lie in (0, 1)"));
  CHECK_THAT(message_of<InvalidArgument>([&] { (Noisy{.components = 51}.fit(x)); }),
             contains("NoisyGaussianMixture: components must satisfy"));
  CHECK_THROWS_AS((Noisy{.restarts = 0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS((Noisy{.tolerance = -1}.fit(x)), InvalidArgument);
  RowMatrix<double> flat = x;
  flat.col(1).setConstant(2.0);
  CHECK_THAT(message_of<latent::DataError>([&] { Noisy{}.fit(flat); }),
             contains("every column must vary"));
  RowMatrix<double> bad = x;
  bad(7, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(message_of<latent::DataError>([&] { Noisy{}.fit(bad); }), contains("NaN at row 7"));
  CHECK_THROWS_AS(Noisy{}.fit(latent::samples(x).labels(latent::Labels::Constant(50, 3))),
                  latent::DataError);
}
