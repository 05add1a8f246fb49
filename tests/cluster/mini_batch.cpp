// Mini-batch k-means: KMeans with KMeansAlgorithm::mini_batch.
#include <cmath>
#include <string>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/cluster/kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::KMeans;
using latent::KMeansAlgorithm;
using latent::KMeansFit;
using latent::KMeansInit;
using latent::Labels;
using latent::Serial;
using latent::Status;
using latent::Threads;
using latent_test::contains;
using latent_test::eps;

namespace {

constexpr KMeansAlgorithm mini_batch = KMeansAlgorithm::mini_batch;

template <class S>
bool same_fit(const KMeansFit<S>& a, const KMeansFit<S>& b) {
  if (a.report.trace.size() != b.report.trace.size()) return false;
  for (std::size_t t = 0; t < a.report.trace.size(); ++t)
    if (a.report.trace[t].objective != b.report.trace[t].objective ||
        a.report.trace[t].change != b.report.trace[t].change)
      return false;
  return a.labels == b.labels && a.inertia == b.inertia && a.report.restarts == b.report.restarts &&
         a.report.notes.size() == b.report.notes.size() &&
         a.report.iterations == b.report.iterations &&
         latent_test::same_bits(a.model.centroids(), b.model.centroids());
}

// Labels, inertia and the end of the trace belong to the centroids returned.
template <class X, class S>
void check_consistent(const X& x, const KMeansFit<S>& fit) {
  CHECK(latent_test::wrong_labels(x, fit.model.centroids(), fit.labels, 1e-12) == 0);
  CHECK(fit.model.predict(x) == fit.labels);
  CHECK(fit.inertia == Approx(latent_test::inertia_of(x, fit.model.centroids(), fit.labels))
                           .epsilon(1e-12)
                           .margin(0));
  CHECK(fit.report.trace.back().objective == fit.inertia);
  const double rows = static_cast<double>(x.rows() * x.cols());
  CHECK(fit.inertia <= fit.report.trace[fit.report.trace.size() - 2].objective * (1 + rows * eps));
}

// The clusters of row i are i mod `count`: true if the labels say the same.
bool finds_the_clouds(const Labels& labels, Index count) {
  std::vector<int> names;
  for (Index k = 0; k < count; ++k) {
    for (const int name : names)
      if (name == labels[k]) return false;
    names.push_back(labels[k]);
  }
  for (Index i = 0; i < labels.size(); ++i)
    if (labels[i] != names[static_cast<std::size_t>(i % count)]) return false;
  return true;
}

bool has_note(const latent::Report& report, const std::string& text) {
  for (const latent::Note& note : report.notes)
    if (note.message.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("mini-batch: four points by hand, a batch being a pass", "[kmeans]") {
  const Eigen::Vector4d x(0.0, 1.0, 10.0, 11.0);
  const Eigen::Vector2d start(0.0, 10.0);
  const auto fit = KMeans{.algorithm = mini_batch, .max_iterations = 3}.fit_from(start, x);
  // Before the batches the inertia is 2, then 1 and 1; the average over the first three is shown.
  REQUIRE(fit.report.trace.size() == 5);
  CHECK(fit.report.trace[0].objective == 2.0);
  CHECK(fit.report.trace[1].objective == 1.5);
  CHECK(fit.report.trace[2].objective == Approx(4.0 / 3.0).epsilon(4 * eps));
  CHECK(fit.report.trace[3].objective == 1.0);
  CHECK(fit.report.trace[4].objective == 1.0);
  CHECK(fit.report.trace[1].change == 0.5);  // both centroids moved by a half
  CHECK(fit.report.trace[4].index == 4);
  CHECK(fit.model.centroids() == Eigen::Vector2d(0.5, 10.5));
  CHECK(fit.labels == Eigen::Vector4i(0, 0, 1, 1));
  CHECK(fit.inertia == 1.0);
  CHECK(fit.report.iterations == 3);
  CHECK(fit.report.status == Status::max_iterations);
}

TEST_CASE("mini-batch: a pass takes every row of positive weight once", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(103, 2, 1);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(103);
  w[5] = w[70] = 0.0;
  std::vector<Labels> seen;
  const auto fit =
      KMeans{.clusters = 3, .algorithm = mini_batch, .max_iterations = 1, .batch = 10}.fit(
          latent::samples(x).weights(w), {},
          [&](const latent::KMeansIteration<double>& view) { seen.push_back(view.labels); });
  // 101 rows in 11 batches of 10 or 9, then the closing iteration.
  REQUIRE(seen.size() == 12);
  for (std::size_t b = 0; b < 11; ++b) {
    const Index drawn = (seen[b].array() >= 0).count();
    CHECK(drawn == std::min<Index>(10 * (static_cast<Index>(b) + 1), 101));
  }
  CHECK(seen[10][5] == -1);
  CHECK(seen[10][70] == -1);
  CHECK(fit.report.iterations == 1);
  CHECK(fit.report.evaluations == 3);
  CHECK(fit.labels.minCoeff() >= 0);
}

TEST_CASE("mini-batch: another seed draws other batches, and so does another pass", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(64, 2, 2);
  const Eigen::MatrixXd start = x.topRows(3);
  const auto first_drawn = [&](std::uint64_t seed) {
    std::vector<Labels> seen;
    KMeans{.algorithm = mini_batch, .max_iterations = 1, .seed = seed, .batch = 8}.fit_from(
        start, x, {},
        [&](const latent::KMeansIteration<double>& view) { seen.push_back(view.labels); });
    return seen.front();
  };
  CHECK(first_drawn(1) == first_drawn(1));
  CHECK(first_drawn(1) != first_drawn(2));

  latent::detail::ShuffledRows order{latent::samples(x), 3, 0};
  std::vector<std::vector<Index>> passes;
  for (Index pass = 1; pass <= 2; ++pass) {
    std::vector<Index> rows;
    for (int batch = 0; batch < 5; ++batch)
      for (const Index row : order.next(15)) rows.push_back(row);
    CHECK(order.passes() == pass);
    CHECK(order.pass_is_over());
    passes.push_back(rows);
    std::sort(rows.begin(), rows.end());
    for (Index i = 0; i < 64; ++i) CHECK(rows[static_cast<std::size_t>(i)] == i);
  }
  CHECK(passes[0] != passes[1]);
}

TEST_CASE("mini-batch: float rows far from the origin are clustered as they lie", "[kmeans]") {
  // 16 columns, clouds of variance 1, about 80 apart.
  const Index count = 8;
  const Eigen::MatrixXd x = latent_test::blobs(4000, 16, count, 15.0, 11);
  for (const double shift : {0.0, 1e3, 1e4, 1e5, 1e6}) {
    INFO("shift " << shift);
    const Eigen::MatrixXf moved = (x.array() + shift).matrix().cast<float>();
    for (const KMeansAlgorithm algorithm : {KMeansAlgorithm::lloyd, mini_batch}) {
      const auto fit = KMeans{.clusters = count,
                              .init = KMeansInit::greedy_plus_plus,
                              .algorithm = algorithm,
                              .restarts = 4,
                              .batch = 300}
                           .fit(moved);
      CHECK(finds_the_clouds(fit.labels, count));
      CHECK(fit.model.predict(moved) == fit.labels);
      check_consistent(moved, fit);
    }
  }
}

TEST_CASE("mini-batch: ends within a few percent of Lloyd's iteration", "[kmeans]") {
  for (const double gap : {0.0, 1.0, 3.0}) {
    const Eigen::MatrixXd x = latent_test::blobs(6000, 5, 10, gap, 21);
    const Eigen::MatrixXd start = x.topRows(10);
    const auto exact = KMeans{.tolerance = 1e-4}.fit_from(start, x);
    const auto fit = KMeans{.algorithm = mini_batch, .batch = 500}.fit_from(start, x);
    INFO("gap " << gap << ": " << fit.inertia / exact.inertia);
    CHECK(fit.inertia <= 1.05 * exact.inertia);
    CHECK(fit.inertia < 0.9 * exact.report.trace[0].objective);
    CHECK(fit.report.converged());
    CHECK(fit.report.iterations < 20);
    check_consistent(x, fit);
    // The last forecast was an honest one: rows the centroids had not learned from, or hardly.
    const auto& trace = fit.report.trace;
    CHECK(trace[trace.size() - 3].objective ==
          Approx(trace[trace.size() - 2].objective).epsilon(0.05));
  }
}

TEST_CASE("mini-batch: a tolerance ends it earlier", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(6000, 5, 16, 1.0, 22);
  std::size_t before = std::numeric_limits<std::size_t>::max();
  for (const double tolerance : {0.0, 1e-2, 1e3}) {
    const auto fit =
        KMeans{.clusters = 16, .algorithm = mini_batch, .tolerance = tolerance, .batch = 200}.fit(
            x);
    CHECK(fit.report.converged());
    CHECK(fit.report.trace.size() < before);
    before = fit.report.trace.size();
  }
  CHECK(before == 21 + 2);  // nothing counts as better than the first batch: one window
}

TEST_CASE("mini-batch: the same bits for any number of threads", "[kmeans]") {
  for (const Index cols : {2, 9}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(9000, cols, 31);
    const Eigen::VectorXd w = latent_test::lattice(9000, 1, 3, 32);
    const KMeans options{
        .clusters = 5, .algorithm = mini_batch, .restarts = 2, .max_iterations = 3, .batch = 4500};
    const auto serial = options.fit(latent::samples(x).weights(w), Serial{});
    const auto serial_f = options.fit(Eigen::MatrixXf(x.cast<float>()), Serial{});
    for (const int threads : {1, 2, 3, 8}) {
      CHECK(same_fit(serial, options.fit(latent::samples(x).weights(w), Threads{threads})));
      CHECK(same_fit(serial_f, options.fit(Eigen::MatrixXf(x.cast<float>()), Threads{threads})));
    }
    const latent::RowMatrix<double> rows = x;
    CHECK(same_fit(options.fit(x), options.fit(rows)));
  }
}

TEST_CASE("mini-batch: scaling data or weights by a power of two changes only exponents",
          "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(3000, 6, 33);
  const Eigen::VectorXd w = latent_test::normal_matrix(3000, 1, 34).cwiseAbs();
  for (const double tolerance : {0.0, 1e-2}) {
    const KMeans options{.clusters = 7,
                         .algorithm = mini_batch,
                         .restarts = 2,
                         .tolerance = tolerance,
                         .batch = 500};
    const auto a = options.fit(latent::samples(x).weights(w));
    for (const double factor : {0x1p-100, 0x1p40}) {
      const auto b = options.fit(latent::samples(factor * x).weights(w));
      CHECK(a.labels == b.labels);
      CHECK(factor * a.model.centroids() == b.model.centroids());
      CHECK(a.report.trace.size() == b.report.trace.size());
      const auto c = options.fit(latent::samples(x).weights(factor * w));
      CHECK(a.labels == c.labels);
      CHECK(a.model.centroids() == c.model.centroids());
      CHECK(factor * a.inertia == c.inertia);
    }
  }
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(3000);
  const KMeans plain{.clusters = 7, .algorithm = mini_batch, .batch = 500};
  CHECK(same_fit(plain.fit(x), plain.fit(latent::samples(x).weights(ones))));
}

TEST_CASE("mini-batch: a weight of two is a row twice where a batch is a pass", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(200, 3, 35);
  Eigen::VectorXd w = latent_test::lattice(200, 1, 4, 36);
  w.head(4).setOnes();
  Eigen::MatrixXd repeated(static_cast<Index>(w.sum()), 3);
  Index next = 0;
  for (Index i = 0; i < 200; ++i)
    for (int copy = 0; copy < static_cast<int>(w[i]); ++copy) repeated.row(next++) = x.row(i);
  const KMeans options{.algorithm = mini_batch, .max_iterations = 15};
  const auto a = options.fit_from(x.topRows(4), latent::samples(x).weights(w));
  const auto b = options.fit_from(x.topRows(4), repeated);
  CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <= 1e-12);
  CHECK(a.inertia == Approx(b.inertia).epsilon(1e-12));
  CHECK(a.report.trace.size() == b.report.trace.size());
}

TEST_CASE("mini-batch: every policy for empty clusters is honoured", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(3000, 2, 3, 50.0, 41);
  Eigen::MatrixXd start(3, 2);
  start << x.row(0), x.row(1), Eigen::RowVector2d(1e6, 1e6);
  const auto fit = [&](EmptyCluster policy) {
    return KMeans{.algorithm = mini_batch, .empty_cluster = policy, .batch = 100}.fit_from(start,
                                                                                           x);
  };
  const auto farthest = fit(EmptyCluster::farthest);
  CHECK(has_note(farthest.report, "starved cluster took row"));
  CHECK(finds_the_clouds(farthest.labels, 3));
  const auto keep = fit(EmptyCluster::keep);
  CHECK(keep.model.centroids().row(2) == start.row(2));
  CHECK(has_note(keep.report, "kept its centroid"));
  CHECK(keep.labels.maxCoeff() == 1);
  const auto drop = fit(EmptyCluster::drop);
  CHECK(drop.model.centroids().rows() == 2);
  const auto fail = fit(EmptyCluster::fail);
  CHECK(fail.report.status == Status::degenerate);
  CHECK(fail.model.centroids().rows() == 3);
  for (const auto* result : {&farthest, &keep, &drop, &fail})
    CHECK(latent_test::wrong_labels(x, result->model.centroids(), result->labels) == 0);
}

TEST_CASE("mini-batch: degenerate data", "[kmeans]") {
  // Fewer distinct rows than clusters.
  Eigen::MatrixXd few(40, 1);
  for (Index i = 0; i < 40; ++i) few(i, 0) = static_cast<double>(i % 3);
  const auto fit = KMeans{.clusters = 5, .algorithm = mini_batch, .batch = 7}.fit(few);
  CHECK(fit.report.status == Status::degenerate);
  CHECK(fit.inertia == 0.0);
  CHECK(has_note(fit.report, "fewer distinct rows"));
  const auto same =
      KMeans{.clusters = 8, .algorithm = mini_batch}.fit(Eigen::MatrixXd::Constant(5000, 3, 0.1));
  CHECK(same.inertia == 0.0);
  CHECK(same.model.centroids().allFinite());
  // One cluster is the mean, whatever the batches did.
  const Eigen::MatrixXd x = latent_test::normal_matrix(5000, 4, 42);
  const auto one = KMeans{.clusters = 1, .algorithm = mini_batch, .batch = 50}.fit(x);
  CHECK((one.model.centroids() - x.colwise().mean()).cwiseAbs().maxCoeff() <= 1e-14);
  // One row.
  CHECK(KMeans{.clusters = 1, .algorithm = mini_batch}.fit(x.topRows(1)).inertia == 0.0);
  // As many clusters as rows.
  CHECK(KMeans{.clusters = 20, .algorithm = mini_batch}.fit(x.topRows(20)).inertia == 0.0);
}

TEST_CASE("mini-batch: the best run is kept, the first of equals", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(2000, 3, 43);
  const auto fit =
      KMeans{.clusters = 9, .algorithm = mini_batch, .restarts = 5, .batch = 100}.fit(x);
  REQUIRE(fit.report.restarts.size() == 5);
  for (const double inertia : fit.report.restarts) CHECK(fit.inertia <= inertia);
  const Eigen::MatrixXd two = Eigen::Vector2d(0.0, 1.0);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const KMeans options{.clusters = 2, .algorithm = mini_batch, .seed = seed};
    KMeans again = options;
    again.restarts = 6;
    CHECK(again.fit(two).labels == options.fit(two).labels);
  }
}

TEST_CASE("mini-batch: an observer that answers false stops it", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(5000, 6, 44);
  Index calls = 0;
  const auto fit = KMeans{.clusters = 9, .algorithm = mini_batch, .restarts = 3, .batch = 100}.fit(
      x, {}, [&](const latent::KMeansIteration<double>& view) {
        CHECK(view.index == ++calls);
        return calls < 4;
      });
  CHECK(fit.report.status == Status::stopped);
  CHECK(calls == 4);
  CHECK(fit.report.restarts.size() == 1);
  check_consistent(x, fit);
}

TEST_CASE("mini-batch: bad input is refused", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(20, 3, 45);
  CHECK_THROWS_AS((KMeans{.clusters = 2, .algorithm = mini_batch, .batch = -1}.fit(x)),
                  latent::InvalidArgument);
  CHECK_THAT(latent_test::message_of<latent::InvalidArgument>(
                 [&] { KMeans{.clusters = 2, .batch = -1}.fit(x); }),
             contains("KMeans: batch must not be negative; got -1"));
  x(7, 1) = std::nan("");
  CHECK_THAT(latent_test::message_of<latent::DataError>(
                 [&] { KMeans{.clusters = 2, .algorithm = mini_batch}.fit(x); }),
             contains("row 7, column 1"));
}
