// The rules that choose the number of components.
#include <cmath>
#include <limits>

#include "decomposition/irises.hpp"
#include "latent/decomposition/keep.hpp"
#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::MinkaRule;
using latent::ParallelAnalysis;
using latent::PCA;
using latent::PCASolver;

namespace {

// q directions of these deviations, and noise of deviation 1 in all d columns; by rule.
Eigen::MatrixXd signals(Index n, Index d, const Eigen::VectorXd& deviation, std::uint64_t seed) {
  latent::Random random{seed};
  const Index q = deviation.size();
  Eigen::MatrixXd x(n, d);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < d; ++j) x(i, j) = random.normal();
    // Each shared by columns of its own, in equal parts: orthogonal to each other.
    for (Index k = 0; k < q; ++k) {
      const Index share = d / q;
      const double z = deviation[k] * random.normal() / std::sqrt(static_cast<double>(share));
      for (Index j = k * share; j < (k + 1) * share; ++j) x(i, j) += z;
    }
  }
  return x;
}

// Minka's evidence as the paper writes it, term by term.
double evidence(const Eigen::VectorXd& x, Index k, double n) {
  const double pi = 3.14159265358979323846;
  const Index d = x.size();
  const double v = x.tail(d - k).mean();
  double sum = -std::log(2.0) * static_cast<double>(k);
  for (Index i = 1; i <= k; ++i) {
    const double half = 0.5 * static_cast<double>(d - i + 1);
    sum += std::lgamma(half) - half * std::log(pi);
  }
  for (Index j = 0; j < k; ++j) sum -= 0.5 * n * std::log(x[j]);
  sum -= 0.5 * n * static_cast<double>(d - k) * std::log(v);
  const double m = static_cast<double>(d * k) - 0.5 * static_cast<double>(k * (k + 1));
  sum += 0.5 * (m + static_cast<double>(k)) * std::log(2 * pi);
  for (Index i = 0; i < k; ++i)
    for (Index j = i + 1; j < d; ++j)
      sum -= 0.5 * std::log((1.0 / (j < k ? x[j] : v) - 1.0 / x[i]) * (x[i] - x[j]) * n);
  return sum - 0.5 * static_cast<double>(k) * std::log(n);
}

}  // namespace

TEST_CASE("minka: the sums carried along give the largest of the evidences of the paper") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U}) {
    latent::Random random{seed};
    Eigen::VectorXd x(9);
    double value = 1.0;
    for (Index j = 8; j >= 0; --j) x[j] = value *= 1.0 + random.uniform();
    const double n = 10.0 + 40.0 * random.uniform();
    Index best = 1;
    for (Index k = 2; k < 9; ++k)
      if (evidence(x, k, n) > evidence(x, best, n)) best = k;
    CHECK(latent::detail::minka_dimension(x, n) == best);
    CHECK(latent::detail::minka_dimension(1e-200 * x, n) == best);
  }
  CHECK(latent::detail::minka_dimension(Eigen::Vector3d(2, 0, 0), 10.0) == 1);
  CHECK(latent::detail::minka_dimension(Eigen::Vector3d(0, 0, 0), 10.0) == 1);
  CHECK(latent::detail::minka_dimension(Eigen::Vector4d(9, 9, 1, 1), 1000.0) == 2);
}

TEST_CASE("pca: Minka's rule finds the directions that stand out, by every solver") {
  const Eigen::MatrixXd x = signals(600, 14, Eigen::Vector4d(5, 4, 3, 2), 3);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram, PCASolver::svd})
    CHECK(PCA{.keep = MinkaRule{}, .solver = solver}.fit(x).model.components() == 4);
  CHECK(PCA{.keep = MinkaRule{}}.fit(latent::moments(x)).model.components() == 4);
  // scikit-learn's PCA(n_components="mle") keeps 3 of the irises' 4 as well.
  CHECK(PCA{.keep = MinkaRule{}}.fit(latent_test::irises()).model.components() == 3);
}

TEST_CASE("pca: parallel analysis finds the directions that stand out, and none in noise") {
  const bool standardize = GENERATE(false, true);
  const PCA pca{.keep = ParallelAnalysis{}, .standardize = standardize};
  CHECK(pca.fit(signals(400, 12, Eigen::Vector3d(4, 3, 2), 5)).model.components() == 3);
  CHECK(pca.fit(signals(30, 60, Eigen::Vector2d(9, 7), 5)).model.components() == 2);
  CHECK(pca.fit(signals(400, 12, Eigen::VectorXd(), 5)).model.components() == 1);
  // Columns of very different variances are no structure.
  Eigen::MatrixXd uneven = signals(400, 12, Eigen::VectorXd(), 6);
  for (Index j = 0; j < 12; ++j) uneven.col(j) *= std::pow(2.0, static_cast<double>(j));
  CHECK(pca.fit(uneven).model.components() == 1);
}

TEST_CASE("pca: parallel analysis is drawn from the seed, the same for any executor and scale") {
  const Eigen::MatrixXd x = signals(3000, 12, Eigen::Vector3d(4, 3, 2), 5);
  const PCA pca{.keep = ParallelAnalysis{.quantile = 0.5, .replicates = 3}, .seed = 4};
  const auto serial = pca.fit(x, latent::Serial{}).model;
  CHECK(serial.components() == 3);
  for (const int threads : {1, 2, 3, 8})
    CHECK(latent_test::same_bits(pca.fit(x, latent::Threads{threads}).model.projection(),
                                 serial.projection()));
  CHECK(pca.fit(Eigen::MatrixXd(1e-160 * x)).model.components() == 3);
  const auto draw = [](std::uint64_t seed) {
    return latent::detail::independent_variances<double>(Eigen::Vector3d(1, 2, 3), 20.0, false, 5,
                                                         0.5, seed);
  };
  CHECK(draw(1) == draw(1));
  CHECK(draw(1) != draw(2));
}

TEST_CASE("independent_variances: their sum is that of the columns, or their number") {
  // The mean over many replicates of a sum of chi-squares: its deviation follows from the law.
  const double n = 12.0;
  const Eigen::Vector3d deviation(1, 2, 3);
  double sum = 0.0;
  for (std::uint64_t seed = 0; seed < 500; ++seed)
    sum += latent::detail::independent_variances<double>(deviation, n, false, 1, 0.5, seed).sum();
  // Variance of the sum: sum_j 2 s_j^4 / (n - 1).
  const double spread = std::sqrt(2.0 * (1 + 16 + 81) / (n - 1.0) / 500.0);
  CHECK(std::abs(sum / 500.0 - 14.0) <= 4.0 * spread);
  const Eigen::VectorXd correlation =
      latent::detail::independent_variances<double>(deviation, n, true, 1, 0.5, 1);
  CHECK(std::abs(correlation.sum() - 3.0) <= 1e-12);
  // Fewer rows than columns: n - 1 of them differ from 0. A constant column takes no part.
  Eigen::VectorXd many = Eigen::VectorXd::Ones(30);
  many[4] = 0.0;
  CHECK(latent::detail::independent_variances<double>(many, n, false, 2, 0.5, 1).size() == 11);
  CHECK(latent::detail::independent_variances<double>(Eigen::VectorXd::Zero(3), n, false, 2, 0.5, 1)
            .size() == 0);
}

TEST_CASE("pca: rules out of range are typed errors") {
  const Eigen::MatrixXd x = latent_test::normal_rows(20, 4, 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double quantile : {0.0, 1.0, -0.5, nan})
    CHECK_THROWS_WITH((PCA{.keep = ParallelAnalysis{.quantile = quantile}}.fit(x)),
                      latent_test::contains("quantile"));
  for (const Index replicates : {Index{0}, Index{10001}})
    CHECK_THROWS_WITH((PCA{.keep = ParallelAnalysis{.replicates = replicates}}.fit(x)),
                      latent_test::contains("replicates"));
  CHECK_THROWS_WITH(PCA{.keep = MinkaRule{}}.fit(Eigen::MatrixXd(x.topRows(4))),
                    latent_test::contains("more samples than columns"));
}
