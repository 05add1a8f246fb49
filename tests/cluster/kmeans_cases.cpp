// Small cases with known answers, most of them bugs that other systems once had.
#include <algorithm>
#include <cmath>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::KMeans;
using latent::KMeansInit;
using latent::Labels;
using latent::Status;
using latent_test::eps;

namespace {

Eigen::MatrixXd four_points() {
  Eigen::MatrixXd x(4, 2);
  x << 0, 0, .5, 0, .5, 1, 1, 1;
  return x;
}

Labels labels(std::initializer_list<int> values) {
  Labels result(static_cast<Index>(values.size()));
  Index i = 0;
  for (const int value : values) result[i++] = value;
  return result;
}

}  // namespace

TEST_CASE("kmeans: weights pull the centroids, exactly", "[kmeans]") {
  Eigen::MatrixXd start(2, 2);
  start << 0, 0, 1, 1;
  const Eigen::MatrixXd x = four_points();
  const auto fit = KMeans{.clusters = 2}.fit_from(
      start, latent::samples(x).weights(Eigen::Vector4d(3, 1, 1, 3)));
  CHECK(fit.labels == labels({0, 0, 1, 1}));
  CHECK(fit.inertia == 0.375);
  CHECK(fit.report.iterations == 2);
  Eigen::MatrixXd expected(2, 2);
  expected << .125, 0, .875, 1;
  CHECK(fit.model.centroids() == expected);
}

TEST_CASE("kmeans: an empty cluster takes the farthest row, of equals the last", "[kmeans]") {
  Eigen::MatrixXd start(2, 2);
  start << .5, .5, 3, 3;
  const auto fit = KMeans{}.fit_from(start, four_points());
  CHECK(fit.labels == labels({0, 0, 1, 1}));
  CHECK(fit.inertia == 0.25);
  Eigen::MatrixXd expected(2, 2);
  expected << .25, 0, .75, 1;
  CHECK((fit.model.centroids() - expected).cwiseAbs().maxCoeff() <= eps);
  CHECK(fit.report.converged());
  REQUIRE(fit.report.notes.size() == 1);
  CHECK(fit.report.notes[0].iteration == 1);
  CHECK(fit.report.notes[0].component == 1);
  CHECK(fit.report.notes[0].value == Approx(std::sqrt(.5)));
}

TEST_CASE("kmeans: several empty clusters take the farthest, the second farthest, ...",
          "[kmeans]") {
  Eigen::VectorXd x(10);
  x << -10, -9.5, -9, -8.5, -8, -1, 1, 9, 9.5, 10;
  const Eigen::Vector3d start = Eigen::Vector3d::Constant(-10);
  Eigen::Vector3d first;
  const auto see = [&](const latent::KMeansIteration<double>& view) {
    if (view.index == 1) first = view.next_centroids;
    return view.index < 1;
  };
  const auto fit = KMeans{}.fit_from(start, x, {}, see);
  CHECK((first - Eigen::Vector3d(-4.5, 10, 9.5)).cwiseAbs().maxCoeff() <= 8 * eps);
  CHECK(fit.report.notes.size() == 2);
}

TEST_CASE("kmeans: relocation finds the row whatever its weight", "[kmeans]") {
  const Eigen::Vector2d x(-1, 1);
  const Eigen::Vector2d start(-1, 10);
  const auto fit = KMeans{}.fit_from(start, latent::samples(x).weights(Eigen::Vector2d(1.9, .1)));
  CHECK(fit.labels == labels({0, 1}));
  CHECK(fit.model.centroids() == x);
}

TEST_CASE("kmeans: a donor of huge weight leaves a finite centroid behind", "[kmeans]") {
  const Eigen::Vector3d x(0, 1, 5);
  const Eigen::Vector2d start(1, 100);
  const auto fit = KMeans{.max_iterations = 1}.fit_from(
      start, latent::samples(x).weights(Eigen::Vector3d(1, 1, 1e20)));
  CHECK(fit.model.centroids()(0, 0) == 0.5);
  CHECK(fit.model.centroids()(1, 0) == 5.0);
}

TEST_CASE("kmeans: the only row of a cluster is not taken from it", "[kmeans]") {
  const Eigen::Vector3d x(0, 1, 10);
  const Eigen::Vector3d start(0.4, 11, 100);  // row 2 is the farthest from its centroid, and alone
  Eigen::VectorXd first;
  const auto see = [&](const latent::KMeansIteration<double>& view) {
    if (view.index == 1) first = view.next_centroids;
  };
  const auto fit = KMeans{}.fit_from(start, x, {}, see);
  CHECK(first == Eigen::Vector3d(0, 10, 1));
  CHECK(fit.labels == labels({0, 2, 1}));
  CHECK(fit.report.notes.size() == 1);
}

TEST_CASE("kmeans: relocation ends where rows coincide", "[kmeans]") {
  Eigen::MatrixXd x(6, 2);
  x << 100, 100, 100, 102, 106, 100, 107, 101, 107, 101, 108, 100;
  Eigen::MatrixXd start(6, 2);
  start << 98, 104, 103, 100, 109, 102, 110, 100, 111, 100, 112, 100;
  const auto fit = KMeans{.max_iterations = 10000}.fit_from(start, x);
  CHECK(fit.report.iterations <= 10);
  CHECK(fit.inertia == 0.0);
  CHECK(fit.report.status == Status::degenerate);
  REQUIRE_FALSE(fit.report.notes.empty());
  CHECK_THAT(fit.report.notes.back().message, latent_test::contains("fewer distinct rows"));
  CHECK(fit.report.notes.back().value == 5.0);
}

TEST_CASE("kmeans: more clusters than distinct rows end as degenerate and finite", "[kmeans]") {
  Eigen::MatrixXd x(4, 2);
  x << 0, 0, 3, 1, 0, 0, 7, 7;
  for (const KMeansInit init :
       {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus, KMeansInit::random}) {
    const auto fit = KMeans{.clusters = 4, .init = init}.fit(x);
    CHECK(fit.report.status == Status::degenerate);
    CHECK(fit.model.centroids().rows() == 4);
    CHECK(fit.model.centroids().allFinite());
    CHECK(fit.inertia == 0.0);
    CHECK(fit.labels[0] == fit.labels[2]);
    CHECK(fit.labels[1] != fit.labels[3]);
    CHECK(fit.report.notes.back().value == 3.0);
  }
}

TEST_CASE("kmeans: identical rows cost two iterations at most", "[kmeans]") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(100000, 2, 0.1);
  const auto fit = KMeans{.clusters = 8}.fit(x);
  CHECK(fit.report.iterations <= 2);
  CHECK(fit.inertia == 0.0);
  CHECK(fit.labels.maxCoeff() == 0);
  CHECK(fit.model.centroids().allFinite());
}

TEST_CASE("kmeans: two distinct rows make two clusters", "[kmeans]") {
  Eigen::VectorXd x = Eigen::VectorXd::Constant(50, 3.0);
  x[31] = 4.0;
  const auto fit = KMeans{.clusters = 2}.fit(x);
  CHECK(fit.inertia == 0.0);
  CHECK(fit.labels.sum() * (50 - fit.labels.sum()) == 49);
}

TEST_CASE("kmeans: the other rules for empty clusters", "[kmeans]") {
  Eigen::MatrixXd start(3, 2);
  start << 0, 0, 50, 50, 1, 1;
  const Eigen::MatrixXd x = four_points();

  const auto keep = KMeans{.empty_cluster = EmptyCluster::keep}.fit_from(start, x);
  CHECK(keep.report.converged());
  CHECK(keep.model.centroids().row(1) == start.row(1));
  CHECK(keep.labels == labels({0, 0, 2, 2}));
  CHECK(keep.report.notes.size() == 2);  // one an iteration

  const auto drop = KMeans{.empty_cluster = EmptyCluster::drop}.fit_from(start, x);
  CHECK(drop.report.converged());
  CHECK(drop.model.centroids().rows() == 2);
  CHECK(drop.labels == labels({0, 0, 1, 1}));
  CHECK(drop.inertia == 0.25);
  REQUIRE(drop.report.notes.size() == 1);
  CHECK(drop.report.notes[0].component == 1);

  const auto fail = KMeans{.empty_cluster = EmptyCluster::fail}.fit_from(start, x);
  CHECK(fail.report.status == Status::degenerate);
  CHECK(fail.model.centroids() == start);
  CHECK(fail.inertia == latent_test::inertia_of(x, start, fail.labels));
  CHECK(fail.report.notes.size() == 1);
  CHECK(fail.report.trace.size() == 2);
}

TEST_CASE("kmeans: one cluster is the mean, n clusters are the rows", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(3000, 6, 3);
  x.col(0).array() += 1e6;
  const auto one = KMeans{.clusters = 1}.fit(x);
  for (Index j = 0; j < x.cols(); ++j) {
    long double sum = 0;
    for (Index i = 0; i < x.rows(); ++i) sum += static_cast<long double>(x(i, j));
    const auto mean = static_cast<double>(sum / 3000);
    CHECK(std::abs(one.model.centroids()(0, j) - mean) <= 2 * eps * x.col(j).cwiseAbs().maxCoeff());
  }
  CHECK(one.report.converged());

  const Eigen::MatrixXd few = latent_test::normal_matrix(60, 6, 4);
  for (const KMeansInit init : {KMeansInit::plus_plus, KMeansInit::random}) {
    const auto all = KMeans{.clusters = 60, .init = init}.fit(few);
    CHECK(all.inertia == 0.0);
    Eigen::VectorXi used = Eigen::VectorXi::Zero(60);
    for (Index i = 0; i < 60; ++i) ++used[all.labels[i]];
    CHECK(used == Eigen::VectorXi::Ones(60));
  }
}

TEST_CASE("kmeans: one row, one cluster", "[kmeans]") {
  for (const Index cols : {1, 5}) {
    const Eigen::MatrixXd x = Eigen::MatrixXd::Constant(1, cols, 2.5);
    const auto fit = KMeans{.clusters = 1}.fit(x);
    CHECK(fit.inertia == 0.0);
    CHECK(fit.model.centroids() == x);
    CHECK(fit.report.converged());
  }
}

TEST_CASE("kmeans: without a tolerance it stops when no label changes", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(5000, 10, 5);
  const auto fit = KMeans{.clusters = 5}.fit(x);
  CHECK(fit.report.converged());
  CHECK(fit.report.iterations < 300);
}

TEST_CASE("kmeans: the tolerance is relative to the data", "[kmeans]") {
  // Not evenly spaced: rows halfway between two centroids would be left to rounding.
  Eigen::VectorXd x(1000);
  for (Index i = 0; i < 1000; ++i) x[i] = std::pow(static_cast<double>(i) / 1000, 1.25);
  for (const double factor : {1000.0, 1024.0, 0x1p-300, 0x1p300}) {
    const KMeans options{.clusters = 6, .tolerance = 1e-4, .seed = 5};
    const auto small = options.fit(x);
    const auto large = options.fit(Eigen::VectorXd(factor * x));
    CHECK(small.report.converged());
    CHECK(small.report.iterations == large.report.iterations);
    CHECK(small.labels == large.labels);
    const auto exact = KMeans{.clusters = 6, .seed = 5}.fit(x);
    CHECK(small.report.iterations < exact.report.iterations);
    CHECK(latent_test::wrong_labels(x, small.model.centroids(), small.labels) == 0);
  }
}

TEST_CASE("kmeans: stopped by max_iterations it says so and stays consistent", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(3000, 7, 6);
  for (const Index most : {1, 2, 5}) {
    const auto fit = KMeans{.clusters = 20, .max_iterations = most}.fit(x);
    CHECK(fit.report.status == Status::max_iterations);
    CHECK(fit.report.iterations == most);
    CHECK(fit.report.trace.size() == static_cast<std::size_t>(most) + 1);
    CHECK(fit.report.evaluations == most + 1);
    CHECK(fit.report.trace.back().objective == fit.inertia);
    CHECK(latent_test::wrong_labels(x, fit.model.centroids(), fit.labels) == 0);
  }
}

TEST_CASE("kmeans: its own centroids are a fixed point", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(4000, 8, 7);
  const auto fit = KMeans{.clusters = 6}.fit(x);
  const auto again = KMeans{}.fit_from(fit.model.centroids(), x);
  CHECK(again.report.iterations == 2);  // the second confirms the first
  CHECK(again.labels == fit.labels);
  CHECK((again.model.centroids() - fit.model.centroids()).cwiseAbs().maxCoeff() <=
        4 * eps * fit.model.centroids().cwiseAbs().maxCoeff());
}

TEST_CASE("kmeans: the best restart wins, of equals the first", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(500, 3, 8);
  const auto fit = KMeans{.clusters = 7, .restarts = 12, .seed = 3}.fit(x);
  REQUIRE(fit.report.restarts.size() == 12);
  double least = fit.report.restarts[0];
  for (const double inertia : fit.report.restarts) least = std::min(least, inertia);
  CHECK(fit.inertia == least);
  // The first run of many is the run alone.
  const auto alone = KMeans{.clusters = 7, .seed = 3}.fit(x);
  CHECK(alone.inertia == fit.report.restarts[0]);
  CHECK(fit.inertia <= alone.inertia);

  // Ten runs that all reach the optimum, under other names: the names are those of the first run.
  const Eigen::VectorXd line = latent_test::lattice(90, 1, 2, 4);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto one = KMeans{.clusters = 2, .seed = seed}.fit(line);
    const auto ten = KMeans{.clusters = 2, .restarts = 10, .seed = seed}.fit(line);
    CHECK(one.labels == ten.labels);
  }
}
