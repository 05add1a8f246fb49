// Online k-means: batches that arrive once.
#include <cmath>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/cluster/online_kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::InvalidArgument;
using latent::OnlineKMeans;
using latent::Status;
using latent::Threads;
using latent_test::contains;
using latent_test::eps;

namespace {

Eigen::MatrixXd column(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Index>(values.size()));
}

}  // namespace

TEST_CASE("online kmeans: two batches by hand", "[kmeans]") {
  const OnlineKMeans online{.clusters = 2};
  auto state = online.begin_from(Eigen::Vector2d(0.0, 10.0));
  CHECK(state.model.centroids() == Eigen::Vector2d(0.0, 10.0));
  // The start has no weight: the first row a centroid gets is its mean.
  const auto first =
      online.update(state, latent::samples(column({1, 9})).weights(Eigen::Vector2d(2, 1)));
  CHECK(first.inertia == 3.0);
  CHECK(first.weight == 3.0);
  CHECK(state.model.centroids() == Eigen::Vector2d(1.0, 9.0));
  // (2 * 1 + 4) / 3 and (9 + 3 * 13) / 4; inertia 9 + 3 * 16 under the centroids before.
  const auto second =
      online.update(state, latent::samples(column({4, 13})).weights(Eigen::Vector2d(1, 3)));
  CHECK(second.inertia == 57.0);
  CHECK((state.model.centroids() - Eigen::Vector2d(2.0, 12.0)).norm() <= 12 * eps);
  CHECK(state.steps == 2);
  CHECK(state.means.weights == Eigen::Vector2d(3.0, 4.0));
}

TEST_CASE("online kmeans: decay makes the past count less", "[kmeans]") {
  const OnlineKMeans online{.clusters = 1, .decay = 0.5};
  auto state = online.begin_from(column({0}));
  online.update(state, column({1}));
  online.update(state, column({4}));  // (0.5 * 1 + 4) / 1.5
  CHECK(state.model.centroids()(0, 0) == Approx(3.0).epsilon(4 * eps));
  // (0.25 * 1 + 0.5 * 4 + 10) / 1.75
  online.update(state, column({10}));
  CHECK(state.model.centroids()(0, 0) == Approx(7.0).epsilon(4 * eps));
}

TEST_CASE("online kmeans: centroids are the means of all rows they got, however cut", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(3000, 4, 3, 40.0, 1);
  Eigen::MatrixXd means = Eigen::MatrixXd::Zero(3, 4);
  for (Index i = 0; i < 3000; ++i) means.row(i % 3) += x.row(i) / 1000.0;
  for (const Index rows : {1, 7, 500, 3000}) {
    const OnlineKMeans online{.clusters = 3};
    auto state = online.begin_from(x.topRows(3));
    for (Index first = 0; first < 3000; first += rows)
      online.update(state, x.middleRows(first, std::min(rows, 3000 - first)));
    CHECK((state.model.centroids() - means).cwiseAbs().maxCoeff() <=
          3000 * eps * means.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("online kmeans: float centroids do not stall far from the origin", "[kmeans]") {
  // Floats near 10^6 are 1/16 apart; steps of 1/N are soon smaller.
  const OnlineKMeans online{.clusters = 1};
  const Eigen::MatrixXf rows[] = {Eigen::MatrixXf::Constant(1, 6, 1e6f),
                                  Eigen::MatrixXf::Constant(1, 6, 1e6f + 1.0f)};
  auto state = online.begin_from(rows[0]);
  for (int t = 0; t < 500; ++t) online.update(state, rows[0]);
  for (int t = 0; t < 500; ++t) online.update(state, rows[1]);
  CHECK((state.means.centroids.array() - (1e6 + 0.5)).abs().maxCoeff() <= 1e-6);
  CHECK(state.model.centroids()(0, 0) == 1e6f + 0.5f);
}

TEST_CASE("online kmeans: a weight of two is a row twice, a weight of zero is no row", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(600, 3, 2);
  const Eigen::VectorXd w = latent_test::lattice(600, 1, 3, 3);
  const OnlineKMeans online{.clusters = 5};
  auto a = online.begin_from(x.topRows(5));
  auto b = a;
  for (Index first = 0; first < 600; first += 100) {
    const Eigen::VectorXd part = w.segment(first, 100);
    Eigen::MatrixXd repeated(static_cast<Index>(part.sum()), 3);
    Index next = 0;
    for (Index i = 0; i < 100; ++i)
      for (int copy = 0; copy < static_cast<int>(part[i]); ++copy)
        repeated.row(next++) = x.row(first + i);
    const auto one = online.update(a, latent::samples(x.middleRows(first, 100)).weights(part));
    const auto two = online.update(b, repeated);
    CHECK(one.inertia == Approx(two.inertia).epsilon(1e-12));
    CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <= 1e-13);
  }
}

TEST_CASE("online kmeans: the same bits for any number of threads, and from a copy", "[kmeans]") {
  const Eigen::MatrixXf x = latent_test::normal_matrix(20000, 5, 4).cast<float>();
  const OnlineKMeans online{.clusters = 6, .decay = 0.9};
  const auto start = online.begin(x.topRows(5000), latent::Serial{});
  auto serial = start;
  for (Index b = 0; b < 4; ++b)
    online.update(serial, x.middleRows(5000 * b, 5000), latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    auto state = online.begin(x.topRows(5000), Threads{threads});
    for (Index b = 0; b < 4; ++b) {
      if (b == 2) {
        const auto copy = state;
        state = copy;
      }
      online.update(state, x.middleRows(5000 * b, 5000), Threads{threads});
    }
    CHECK(latent_test::same_bits(state.means.centroids, serial.means.centroids));
    CHECK(latent_test::same_bits(state.means.weights, serial.means.weights));
    CHECK(latent_test::same_bits(state.model.centroids(), serial.model.centroids()));
  }
}

TEST_CASE("online kmeans: a starved centroid begins anew, or stays", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(2000, 2, 2, 30.0, 5);
  Eigen::MatrixXd start(2, 2);
  start << x.row(0), Eigen::RowVector2d(1e5, 1e5);
  for (const EmptyCluster policy : {EmptyCluster::farthest, EmptyCluster::keep}) {
    const OnlineKMeans online{.clusters = 2, .empty_cluster = policy};
    auto state = online.begin_from(start);
    std::vector<Index> moved;
    for (Index b = 0; b < 20; ++b)
      for (const auto& note : online.update(state, x.middleRows(100 * b, 100)).notes) {
        moved.push_back(b);
        CHECK(note.component == 1);
      }
    if (policy == EmptyCluster::farthest) {
      CHECK(moved == std::vector<Index>{1});  // 200 rows: 100 a cluster
      const latent::Labels labels = state.model.predict(x);
      Index together = 0;
      for (Index i = 0; i < 2000; ++i) together += labels[i] == labels[i % 2] ? 1 : 0;
      CHECK(labels[0] != labels[1]);
      CHECK(together == 2000);
      // Without weight at first: from the third batch on it is the mean of its rows.
      Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(2);
      for (Index i = labels[0] == 1 ? 200 : 201; i < 2000; i += 2) mean += x.row(i) / 900.0;
      CHECK(state.means.weights[1] == 900.0);
      CHECK((state.model.centroids().row(1) - mean).norm() <= 2000 * eps * mean.norm());
    } else {
      CHECK(moved.empty());
      CHECK(state.model.centroids().row(1) == start.row(1));
    }
  }
}

TEST_CASE("online kmeans: batches of nothing change nothing", "[kmeans]") {
  const OnlineKMeans online{.clusters = 2};
  auto state = online.begin_from(Eigen::Vector2d(0.0, 10.0));
  CHECK(online.update(state, Eigen::MatrixXd(0, 1)).weight == 0.0);
  CHECK(state.steps == 0);
  // Weights that overflow when they meet.
  const Eigen::VectorXd huge = Eigen::VectorXd::Constant(1, 1e308);
  CHECK(online.update(state, latent::samples(column({1})).weights(huge)).status ==
        Status::max_iterations);
  const auto before = state;
  CHECK(online.update(state, latent::samples(column({2})).weights(huge)).status ==
        Status::numerical_failure);
  CHECK(state.means.centroids == before.means.centroids);
  CHECK(state.steps == 1);
}

TEST_CASE("online kmeans: bad input is refused and leaves the state alone", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(20, 3, 6);
  const auto refuse = [&](const OnlineKMeans& online, const char* part) {
    CHECK_THAT(latent_test::message_of<InvalidArgument>([&] { online.begin(x); }), contains(part));
  };
  refuse({.clusters = 0}, "OnlineKMeans: clusters must be at least 1; got 0");
  refuse({.clusters = 21}, "OnlineKMeans: clusters must not exceed the number of rows; got 21");
  refuse({.clusters = 2, .empty_cluster = EmptyCluster::drop}, "must be farthest or keep");
  refuse({.clusters = 2, .decay = 0.0}, "decay must lie in (0, 1]; got 0");
  refuse({.clusters = 2, .decay = 1.5}, "decay must lie in (0, 1]; got 1.5");
  refuse({.clusters = 2, .decay = std::nan("")}, "decay must lie in (0, 1]");
  const OnlineKMeans online{.clusters = 3};
  CHECK(latent_test::message_of<InvalidArgument>([&] { online.begin_from(x.topRows(2)); }) ==
        "OnlineKMeans: the start must have as many rows as clusters; got 2 rows for 3 clusters");
  CHECK(latent_test::message_of<InvalidArgument>([&] {
          OnlineKMeans{}.begin_from(x.topRows(0));
        }) == "OnlineKMeans: the start must have at least one row and one column; got 0 x 3");
  Eigen::MatrixXd start = x.topRows(3);
  start(1, 2) = std::nan("");
  CHECK(latent_test::message_of<latent::DataError>([&] { online.begin_from(start); }) ==
        "OnlineKMeans: centroids must be finite; got NaN or an infinity at row 1, column 2");
  start(1, 2) = 1e150;
  CHECK(
      latent_test::message_of<latent::DataError>([&] { online.begin_from(start); }) ==
      "OnlineKMeans: magnitudes must not exceed 2^480, about 3e144; got 1e+150 in the centroid of "
      "row 1, column 2");
  latent::OnlineKMeansState<double> empty;
  CHECK(latent_test::message_of<InvalidArgument>([&] { OnlineKMeans{}.update(empty, x); }) ==
        "OnlineKMeans: the state must come from begin; got one without centroids");
  auto state = online.begin(x);
  const auto before = state;
  CHECK_THROWS_AS(online.update(state, x.leftCols(2)), InvalidArgument);
  CHECK_THROWS_AS((OnlineKMeans{.clusters = 4}.update(state, x)), InvalidArgument);
  Eigen::MatrixXd bad = x;
  bad(4, 2) = std::numeric_limits<double>::infinity();
  CHECK_THAT(latent_test::message_of<latent::DataError>([&] { online.update(state, bad); }),
             contains("OnlineKMeans: data must be finite; got inf at row 4, column 2"));
  CHECK(state.means.centroids == before.means.centroids);
  CHECK(state.steps == 0);
}

TEST_CASE("online kmeans: the number of clusters may be left to the start", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(60, 3, 4, 1.0, 21);
  auto a = OnlineKMeans{}.begin_from(x.topRows(4));
  auto b = OnlineKMeans{.clusters = 4}.begin_from(x.topRows(4));
  OnlineKMeans{}.update(a, x);
  OnlineKMeans{.clusters = 4}.update(b, x);
  CHECK(a.model.centroids() == b.model.centroids());
  CHECK(OnlineKMeans{}.begin(x).model.centroids().rows() == OnlineKMeans::default_clusters);
}
