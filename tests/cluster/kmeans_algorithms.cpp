// All exact algorithms give the bits of Lloyd's iteration from the same start: labels, centroids,
// inertia, trace and number of iterations.
#include <cmath>
#include <cstring>
#include <initializer_list>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::KMeans;
using latent::KMeansAlgorithm;
using latent::KMeansFit;
using latent::RowMatrix;

namespace {

constexpr KMeansAlgorithm others[] = {KMeansAlgorithm::automatic, KMeansAlgorithm::hamerly,
                                      KMeansAlgorithm::exponion, KMeansAlgorithm::projected,
                                      KMeansAlgorithm::yinyang};

template <class S>
bool same_run(const KMeansFit<S>& a, const KMeansFit<S>& b) {
  if (a.labels != b.labels || a.inertia != b.inertia ||
      a.report.iterations != b.report.iterations || a.report.status != b.report.status ||
      a.report.trace.size() != b.report.trace.size())
    return false;
  for (std::size_t t = 0; t < a.report.trace.size(); ++t)
    if (a.report.trace[t].objective != b.report.trace[t].objective) return false;
  return a.model.centroids().rows() == b.model.centroids().rows() &&
         std::memcmp(a.model.centroids().data(), b.model.centroids().data(),
                     static_cast<std::size_t>(a.model.centroids().size()) * sizeof(S)) == 0;
}

// Every algorithm against Lloyd's on one thread.
template <class S, class Data>
void check(KMeans options, const RowMatrix<S>& start, const Data& data,
           std::initializer_list<int> thread_counts = {3}) {
  options.algorithm = KMeansAlgorithm::lloyd;
  const auto lloyd = options.fit_from(start, data, latent::Serial{});
  for (const KMeansAlgorithm algorithm : others) {
    options.algorithm = algorithm;
    for (const int threads : thread_counts) {
      INFO("algorithm " << static_cast<int>(algorithm) << ", " << threads << " threads, "
                        << lloyd.report.iterations << " iterations");
      CHECK(same_run(lloyd, options.fit_from(start, data, latent::Threads{threads})));
    }
  }
}

void check_both(const KMeans& options, const RowMatrix<double>& start, const RowMatrix<double>& x) {
  check<double>(options, start, x);
  const RowMatrix<float> in_float = x.cast<float>();
  check<float>(options, start.cast<float>(), in_float);
}

// Rows evenly spread over the data.
RowMatrix<double> spread_rows(const RowMatrix<double>& x, Index count) {
  RowMatrix<double> rows(count, x.cols());
  for (Index k = 0; k < count; ++k) rows.row(k) = x.row(k * x.rows() / count);
  return rows;
}

}  // namespace

TEST_CASE("kmeans algorithms: one result on clouds, near and far from the origin", "[kmeans]") {
  for (const Index cols : {1, 3, 6, 17})
    for (const double offset : {0.0, 1e5}) {
      INFO(cols << " columns, offset " << offset);
      const RowMatrix<double> x = latent_test::blobs(2600, cols, 12, 2.0, 41).array() + offset;
      check_both({.max_iterations = 30}, spread_rows(x, 20), x);
    }
}

TEST_CASE("kmeans algorithms: one result for any number of threads", "[kmeans]") {
  for (const Index cols : {2, 8}) {
    const RowMatrix<double> x = latent_test::blobs(9000, cols, 12, 2.0, 52);
    check<double>({.max_iterations = 12}, spread_rows(x, 20), x, {1, 2, 3, 8});
  }
}

TEST_CASE("kmeans algorithms: one result where ties abound", "[kmeans]") {
  for (const Index cols : {2, 5}) {
    const RowMatrix<double> x = latent_test::lattice(3000, cols, 4, 42);
    const RowMatrix<double> start = latent_test::lattice(25, cols, 4, 43);  // duplicates among them
    check_both({}, start, x);
  }
}

TEST_CASE("kmeans algorithms: one result through empty clusters, whatever the rule", "[kmeans]") {
  const RowMatrix<double> x = latent_test::normal_matrix(1200, 2, 44).array().pow(7);
  const RowMatrix<double> wide = latent_test::normal_matrix(1200, 6, 45).array().pow(5);
  for (const EmptyCluster rule : {EmptyCluster::farthest, EmptyCluster::drop, EmptyCluster::keep}) {
    INFO("rule " << static_cast<int>(rule));
    RowMatrix<double> start = x.topRows(100);
    check_both({.empty_cluster = rule, .max_iterations = 25}, start, x);
    start = wide.topRows(60);
    start.bottomRows(20).array() += 1e4;  // nearest to nothing
    check_both({.empty_cluster = rule, .max_iterations = 25}, start, wide);
  }
}

TEST_CASE("kmeans algorithms: a dropped cluster may have had rows of weight zero", "[kmeans]") {
  // Their label is gone with it; in more than a thousand clusters sums take another way.
  for (const Index clusters : {20, 1100}) {
    RowMatrix<double> x = latent_test::normal_matrix(2200, 3, 53);
    x.row(5).setConstant(1e6);
    Eigen::VectorXd w = Eigen::VectorXd::Ones(2200);
    w[5] = 0.0;
    RowMatrix<double> start = x.topRows(clusters);
    check<double>({.empty_cluster = EmptyCluster::drop, .max_iterations = 4}, start,
                  latent::samples(x).weights(w));
  }
}

TEST_CASE("kmeans algorithms: one result with weights, and with very unequal ones", "[kmeans]") {
  const RowMatrix<double> x = latent_test::blobs(3000, 7, 9, 1.5, 46);
  Eigen::VectorXd w = latent_test::lattice(3000, 1, 4, 47);  // zeros among them
  check<double>({}, spread_rows(x, 20), latent::samples(x).weights(w));
  for (Index i = 0; i < w.size(); i += 50) w[i] = std::ldexp(1.0, static_cast<int>(i) / 20);
  check<double>({}, spread_rows(x, 20), latent::samples(x).weights(w));
}

TEST_CASE("kmeans algorithms: one result for columns apart and for expressions", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(3000, 9, 6, 1.0, 48);  // column-major
  check<double>({}, RowMatrix<double>(x.topRows(15)), x);
  const Eigen::MatrixXf in_float = x.cast<float>();
  check<float>({}, RowMatrix<float>(in_float.topRows(15)), in_float);
}

TEST_CASE("kmeans algorithms: one result with groups of centroids, and more than a thousand",
          "[kmeans]") {
  const RowMatrix<double> x = latent_test::blobs(2300, 6, 60, 3.0, 49);
  check_both({.max_iterations = 8}, spread_rows(x, 300), x);
  check<double>({.max_iterations = 3}, spread_rows(x, 1100), x);
}

TEST_CASE("kmeans algorithms: one result at the ends of the range", "[kmeans]") {
  const RowMatrix<double> x = latent_test::blobs(1500, 6, 5, 2.0, 50);
  for (const double scale : {1e140, 1e-140}) {
    const RowMatrix<double> scaled = scale * x;
    check<double>({}, spread_rows(scaled, 10), scaled);
  }
  RowMatrix<double> outlier = x;
  outlier.row(700).setConstant(1e30);  // leaves its cluster's sums as they were without it
  check<double>({}, spread_rows(outlier, 10), outlier);
  const RowMatrix<float> small = (1e-18 * x).cast<float>();
  check<float>({}, RowMatrix<float>(small.topRows(8)), small);
}

TEST_CASE("kmeans: sums that follow the labels are those of a fresh count", "[kmeans]") {
  // A row far away and a row of huge weight change clusters: what they leave behind is what would
  // have been without them.
  RowMatrix<double> x = latent_test::blobs(2500, 3, 4, 3.0, 51);
  x.row(10).setConstant(1e9);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(2500);
  w[20] = 0x1p70;
  RowMatrix<double> start = x.topRows(12);
  start.row(11).setConstant(2e8);
  const auto fit = KMeans{}.fit_from(start, latent::samples(x).weights(w));
  const RowMatrix<double>& c = fit.model.centroids();
  for (Index k = 0; k < c.rows(); ++k) {
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(3);
    double weight = 0.0;
    for (Index i = 0; i < x.rows(); ++i)
      if (fit.labels[i] == k) {
        sum += w[i] * (x.row(i) - c.row(k));
        weight += w[i];
      }
    INFO("cluster " << k);
    CHECK(weight > 0.0);
    CHECK((sum / weight).cwiseAbs().maxCoeff() <= 4 * latent_test::eps * c.row(k).norm());
  }
}
