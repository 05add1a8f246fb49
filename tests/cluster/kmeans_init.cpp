// Where k-means starts.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::KMeans;
using latent::KMeansInit;

namespace {

// The start of the first run.
template <class Data>
Eigen::MatrixXd start_of(KMeans options, const Data& data) {
  Eigen::MatrixXd start;
  options.max_iterations = 1;
  options.fit(data, {}, [&](const latent::KMeansIteration<double>& view) {
    if (view.restart == 0) start = view.centroids;
  });
  return start;
}

Index row_of(const Eigen::MatrixXd& x, const Eigen::MatrixXd& row) {
  for (Index i = 0; i < x.rows(); ++i)
    if (x.row(i) == row) return i;
  return -1;
}

}  // namespace

TEST_CASE("kmeans init: the start is made of distinct rows of positive weight", "[kmeans]") {
  // Ten distinct points, each many times, a third of them without weight.
  Eigen::MatrixXd x(3000, 2);
  Eigen::VectorXd w(3000);
  for (Index i = 0; i < x.rows(); ++i) {
    x.row(i) << static_cast<double>(i % 15), static_cast<double>((i % 15) * (i % 15));
    w[i] = i % 3 == 0 ? 0.0 : 1.0 + static_cast<double>(i % 7);
  }
  for (const KMeansInit init : {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus})
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Eigen::MatrixXd start =
          start_of({.clusters = 10, .init = init, .seed = seed}, latent::samples(x).weights(w));
      for (Index k = 0; k < 10; ++k) {
        CHECK(static_cast<int>(start(k, 0)) % 3 != 0);
        for (Index l = 0; l < k; ++l) CHECK(start.row(l) != start.row(k));
      }
    }
}

TEST_CASE("kmeans init: random draws rows without replacement, evenly", "[kmeans]") {
  const Index rows = 12;
  Eigen::VectorXd x(rows);
  for (Index i = 0; i < rows; ++i) x[i] = static_cast<double>(i * i);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(rows);
  w[4] = 0;
  w[5] = 100;  // weight above 0 plays no part
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(rows);
  const int draws = 3300;
  for (int seed = 0; seed < draws; ++seed) {
    const Eigen::MatrixXd start = start_of(
        {.clusters = 3, .init = KMeansInit::random, .seed = static_cast<std::uint64_t>(seed)},
        latent::samples(x).weights(w));
    for (Index k = 0; k < 3; ++k) {
      counts[row_of(x, start.row(k))] += 1;
      for (Index l = 0; l < k; ++l) CHECK(start(k, 0) != start(l, 0));
    }
  }
  CHECK(counts[4] == 0);
  // 900 expected each; five standard deviations.
  for (Index i = 0; i < rows; ++i)
    if (i != 4) CHECK(std::abs(counts[i] - 900) < 5 * std::sqrt(900.0 * 8 / 11));
  const Eigen::MatrixXd all = start_of({.clusters = 12, .init = KMeansInit::random}, x);
  CHECK(all.sum() == x.sum());
}

TEST_CASE("kmeans init: plus_plus draws in proportion to weight times squared distance",
          "[kmeans]") {
  // From 0, the others have masses 1, 4 and 3 * 9; 0 itself has the weight of a thousand rows.
  const Eigen::Vector4d x(0, 1, 2, 3);
  const Eigen::Vector4d w(1e6, 1, 1, 3);
  Eigen::Vector4d counts = Eigen::Vector4d::Zero();
  const int draws = 6400;
  for (int seed = 0; seed < draws; ++seed) {
    const Eigen::MatrixXd start = start_of(
        {.clusters = 2, .seed = static_cast<std::uint64_t>(seed)}, latent::samples(x).weights(w));
    if (start(0, 0) == 0.0) counts[row_of(x, start.row(1))] += 1;
  }
  CHECK(counts.sum() > draws - 5);
  const double masses[] = {0, 1, 4, 27};
  for (Index i = 0; i < 4; ++i) {
    const double p = masses[i] / 32;
    CHECK(std::abs(counts[i] - p * draws) <= 5 * std::sqrt(p * (1 - p) * draws) + 5 * p);
  }
}

TEST_CASE("kmeans init: separated blobs are found from almost every seed", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(300, 2, 70);
  for (Index i = 0; i < 300; ++i) x.row(i).array() += 20.0 * static_cast<double>(i % 3);
  const double best = KMeans{.clusters = 3, .restarts = 50}.fit(x).inertia;
  for (const KMeansInit init : {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus}) {
    int found = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const auto fit = KMeans{.clusters = 3, .init = init, .restarts = 4, .seed = seed}.fit(x);
      found += fit.inertia <= best * (1 + 1e-12) ? 1 : 0;
    }
    CHECK(found >= 99);
  }
}

TEST_CASE("kmeans init: greedy starts are better on average", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(1500, 3, 15, 6.0, 71);
  const auto mean_start = [&](KMeansInit init) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 30; ++seed)
      sum += KMeans{.clusters = 15, .init = init, .max_iterations = 1, .seed = seed}
                 .fit(x)
                 .report.trace[0]
                 .objective;
    return sum / 30;
  };
  const double greedy = mean_start(KMeansInit::greedy_plus_plus);
  const double plain = mean_start(KMeansInit::plus_plus);
  const double random = mean_start(KMeansInit::random);
  CHECK(greedy < plain);
  CHECK(plain < random);
}

TEST_CASE("kmeans init: an outlier is finite", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(100, 2, 72);
  x.row(50).setConstant(1e120);
  const auto fit = KMeans{.clusters = 3}.fit(x);
  CHECK(fit.model.centroids().allFinite());
  CHECK(std::isfinite(fit.inertia));
}
