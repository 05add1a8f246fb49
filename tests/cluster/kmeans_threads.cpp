// The same bits for any executor, storage order and alignment; observers; concurrent use.
#include <cstring>
#include <thread>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::KMeans;
using latent::KMeansFit;
using latent::KMeansInit;
using latent::Labels;
using latent::Serial;
using latent::Status;
using latent::Threads;

namespace {

// Every number of the result, to the bit.
template <class S>
bool same_bits(const KMeansFit<S>& a, const KMeansFit<S>& b) {
  if (a.labels != b.labels || a.report.trace.size() != b.report.trace.size()) return false;
  if (std::memcmp(&a.inertia, &b.inertia, sizeof a.inertia) != 0) return false;
  for (std::size_t t = 0; t < a.report.trace.size(); ++t)
    if (a.report.trace[t].objective != b.report.trace[t].objective ||
        a.report.trace[t].change != b.report.trace[t].change)
      return false;
  return a.model.centroids().rows() == b.model.centroids().rows() &&
         a.report.restarts == b.report.restarts && a.report.iterations == b.report.iterations &&
         std::memcmp(a.model.centroids().data(), b.model.centroids().data(),
                     static_cast<std::size_t>(a.model.centroids().size()) * sizeof(S)) == 0;
}

template <class X>
void check_executors(const KMeans& options, const X& x) {
  const auto serial = options.fit(x, Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    INFO(threads << " threads");
    const auto fit = options.fit(x, Threads{threads});
    CHECK(same_bits(serial, fit));
    CHECK(fit.model.predict(x, Threads{threads}) == serial.labels);
    CHECK(fit.model.score(x, Threads{threads}) == serial.model.score(x, Serial{}));
    CHECK(fit.model.transform(x, Threads{threads}) == serial.model.transform(x, Serial{}));
  }
}

}  // namespace

TEST_CASE("kmeans: the same bits for any number of threads", "[kmeans]") {
  for (const Index cols : {2, 9}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(10000, cols, 31);
    for (const KMeansInit init :
         {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus, KMeansInit::random})
      check_executors({.clusters = 12, .init = init, .restarts = 2, .max_iterations = 8}, x);
    check_executors({.clusters = 12, .max_iterations = 8, .tolerance = 1e-3},
                    Eigen::MatrixXf(x.cast<float>()));
  }
}

TEST_CASE("kmeans: statistics too wide for a copy a thread give the same bits", "[kmeans]") {
  // By the number of clusters, with several lanes of rows, and by the length of the centroids.
  struct Shape {
    Index rows, cols, clusters;
  };
  for (const Shape shape : {Shape{5000, 3, 1100}, Shape{20, 262'200, 8}}) {
    INFO(shape.clusters << " clusters of " << shape.cols << " columns");
    REQUIRE(latent::detail::wide_sums(shape.clusters, shape.cols));
    // Rows in a plane, whatever the number of columns, and a start in its middle: rows change
    // clusters.
    const latent::RowMatrix<float> x = (latent_test::normal_matrix(shape.rows, 2, 32) *
                                        latent_test::normal_matrix(2, shape.cols, 41))
                                           .cast<float>();
    const double half_unit = 0x1.01p-24 * static_cast<double>(x.cwiseAbs().maxCoeff());
    const KMeans options{.empty_cluster = latent::EmptyCluster::keep, .max_iterations = 4};
    const latent::RowMatrix<float> start = 0.125f * x.topRows(shape.clusters);
    Labels before;
    Index moved = 0;  // rows, after the first iteration
    // Every centroid is the mean of its rows, also where rows only came and went.
    const auto check_means = [&](const latent::KMeansIteration<float>& view) {
      latent::RowMatrix<double> means = latent::RowMatrix<double>::Zero(shape.clusters, shape.cols);
      Eigen::VectorXd counts = Eigen::VectorXd::Zero(shape.clusters);
      for (Index i = 0; i < x.rows(); ++i) {
        means.row(view.labels[i]) += x.row(i).cast<double>();
        counts[view.labels[i]] += 1;
        moved += view.index > 1 && view.labels[i] != before[i] ? 1 : 0;
      }
      for (Index k = 0; k < shape.clusters; ++k) {
        if (counts[k] > 0)
          means.row(k) /= counts[k];
        else
          means.row(k) = view.centroids.row(k).cast<double>();
      }
      CHECK((view.next_centroids.cast<double>() - means).cwiseAbs().maxCoeff() <= half_unit);
      before = view.labels;
    };
    const auto serial = options.fit_from(start, x, Serial{}, check_means);
    CHECK(moved > 0);
    CHECK(same_bits(serial, options.fit_from(start, x, Threads{3})));
  }
}

TEST_CASE("kmeans: storage order, strides and alignment leave no trace", "[kmeans]") {
  for (const Index cols : {3, 9}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(5000, cols, 33);
    const KMeans options{.clusters = 7, .max_iterations = 6};
    const auto fit = options.fit(x);
    const latent::RowMatrix<double> rows = x;
    CHECK(same_bits(fit, options.fit(rows)));
    CHECK(same_bits(fit, options.fit(2.0 * x - x)));
    Eigen::MatrixXd padded = Eigen::MatrixXd::Zero(5003, cols + 2);
    padded.block(2, 1, 5000, cols) = x;
    CHECK(same_bits(fit, options.fit(padded.block(2, 1, 5000, cols))));
    std::vector<double> buffer(static_cast<std::size_t>(x.size()) + 8);
    for (Index offset = 0; offset < 8; ++offset) {
      Eigen::Map<latent::RowMatrix<double>> view(buffer.data() + offset, 5000, cols);
      view = x;
      CHECK(same_bits(fit, options.fit(view)));
      CHECK(fit.model.predict(view) == fit.labels);
    }
  }
}

TEST_CASE("kmeans: a row alone gets the label it gets among others", "[kmeans]") {
  for (const Index cols : {3, 17}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(3000, cols, 34);
    const auto fit = KMeans{.clusters = 40, .max_iterations = 3}.fit(x);
    const latent::RowMatrix<double> distances = fit.model.transform(x);
    for (Index i = 0; i < 300; ++i) {
      CHECK(fit.model.predict(x.row(i))[0] == fit.labels[i]);
      CHECK(fit.model.transform(x.row(i)) == distances.row(i));
    }
  }
}

TEST_CASE("kmeans: the same call twice gives the same bits and leaves its input alone",
          "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(4000, 6, 35);
  const Eigen::MatrixXd start = x.topRows(5);
  const Eigen::VectorXd w = latent_test::lattice(4000, 1, 3, 36);
  const Eigen::MatrixXd copies[] = {x, start, w};
  const KMeans options{.clusters = 5, .restarts = 3, .seed = 17};
  CHECK(same_bits(options.fit(x), options.fit(x)));
  CHECK(same_bits(options.fit_from(start, latent::samples(x).weights(w)),
                  options.fit_from(start, latent::samples(x).weights(w))));
  CHECK(x == copies[0]);
  CHECK(start == copies[1]);
  CHECK(w == copies[2]);
  CHECK_FALSE(KMeans{.clusters = 5, .seed = 1}.fit(x).report.trace[0].objective ==
              KMeans{.clusters = 5, .seed = 2}.fit(x).report.trace[0].objective);
}

TEST_CASE("kmeans: fits and predictions from several threads at once", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(6000, 5, 37);
  const KMeans options{.clusters = 6, .max_iterations = 10};
  const auto fit = options.fit(x, Serial{});
  std::vector<int> good(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < good.size(); ++t)
    threads.emplace_back([&, t] {
      good[t] = same_bits(fit, options.fit(x, Threads{2})) && fit.model.predict(x) == fit.labels;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == std::vector<int>(4, 1));
}

TEST_CASE("kmeans: an observer that answers false stops the fit", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(5000, 6, 38);
  struct Watcher {
    Index calls = 0;
    std::thread::id thread;
    bool on_iteration(const latent::KMeansIteration<double>& view) {
      ++calls;
      thread = std::this_thread::get_id();
      return view.restart < 1 || view.index < 3;
    }
  } watcher;
  const auto fit =
      KMeans{.clusters = 9, .restarts = 5}.fit(x, Threads{2}, watcher);  // by reference
  CHECK(fit.report.status == Status::stopped);
  CHECK(fit.report.restarts.size() == 2);
  CHECK(watcher.thread == std::this_thread::get_id());
  CHECK(watcher.calls > 3);
  CHECK(latent_test::wrong_labels(x, fit.model.centroids(), fit.labels) == 0);

  // From the first iteration on; consistent all the same.
  const auto at_once = KMeans{.clusters = 9}.fit(x, {}, [](const auto&) { return false; });
  CHECK(at_once.report.status == Status::stopped);
  CHECK(at_once.report.iterations == 1);
  CHECK(at_once.inertia == at_once.report.trace.back().objective);
  CHECK(latent_test::wrong_labels(x, at_once.model.centroids(), at_once.labels) == 0);
}

TEST_CASE("kmeans: what an observer throws reaches the caller", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(5000, 6, 39);
  CHECK_THROWS_AS(
      (KMeans{.clusters = 3}.fit(x, Threads{2}, [](const auto&) { throw std::out_of_range("x"); })),
      std::out_of_range);
}

TEST_CASE("kmeans: defaults can be spelled {}", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(300, 2, 40);
  const auto a = KMeans{.clusters = 3}.fit(x);
  const auto b = KMeans{.clusters = 3}.fit(x, {}, {});
  CHECK(same_bits(a, b));
  CHECK(KMeans{}.fit(x).model.centroids().rows() == 8);
}
