// The search among neighbours of a centroid: the labels of the exhaustive search, to the bit.
#include <cstring>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::KMeans;
using latent::KMeansAlgorithm;
using latent::KMeansFit;
using latent::RowMatrix;
using latent::Threads;

namespace {

template <class S>
bool same_bits(const KMeansFit<S>& a, const KMeansFit<S>& b) {
  if (a.labels != b.labels || a.inertia != b.inertia) return false;
  if (a.report.iterations != b.report.iterations || a.report.status != b.report.status ||
      a.report.trace.size() != b.report.trace.size())
    return false;
  for (std::size_t t = 0; t < a.report.trace.size(); ++t)
    if (a.report.trace[t].objective != b.report.trace[t].objective) return false;
  return a.model.centroids().rows() == b.model.centroids().rows() &&
         std::memcmp(a.model.centroids().data(), b.model.centroids().data(),
                     static_cast<std::size_t>(a.model.centroids().size()) * sizeof(S)) == 0;
}

template <class X>
void check_against_lloyd(const X& x, const X& start, EmptyCluster empty = EmptyCluster::farthest,
                         Index iterations = 40) {
  KMeans options{.empty_cluster = empty, .max_iterations = iterations};
  options.algorithm = KMeansAlgorithm::lloyd;
  const auto expected = options.fit_from(start, x, Threads{1});
  options.algorithm = KMeansAlgorithm::exponion;
  for (const int threads : {1, 3}) {
    INFO(threads << " threads");
    CHECK(same_bits(expected, options.fit_from(start, x, Threads{threads})));
  }
}

// As double and as float.
void check_both(const Eigen::MatrixXd& x, Index clusters,
                EmptyCluster empty = EmptyCluster::farthest) {
  const Eigen::MatrixXd start = x.topRows(clusters);
  check_against_lloyd(x, start, empty);
  check_against_lloyd(Eigen::MatrixXf(x.cast<float>()), Eigen::MatrixXf(start.cast<float>()),
                      empty);
}

}  // namespace

TEST_CASE("exponion: the bits of the exhaustive search, whatever the columns and clusters",
          "[kmeans]") {
  for (const Index cols : {1, 2, 3, 4, 5, 9})
    for (const Index clusters : {1, 2, 7, 33, 150}) {
      INFO(cols << " columns, " << clusters << " clusters");
      check_both(latent_test::blobs(3000, cols, 60, 4.0, 71), clusters);
    }
}

TEST_CASE("exponion: lists leave out most of many clusters", "[kmeans]") {
  // Above 512 clusters the lists are chosen another way.
  check_both(latent_test::normal_matrix(6000, 2, 72), 700);
  check_both(latent_test::blobs(4000, 3, 900, 20.0, 73), 600);
}

TEST_CASE("exponion: equal distances go to the lowest index", "[kmeans]") {
  check_both(latent_test::lattice(4000, 2, 24, 74), 200);
  check_both(latent_test::lattice(4000, 3, 5, 75), 90);
}

TEST_CASE("exponion: more copies of a centroid than a list holds", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(3000, 2, 76);
  for (Index k = 0; k < 120; ++k) x.row(k) = x.row(0);
  for (const EmptyCluster empty :
       {EmptyCluster::farthest, EmptyCluster::drop, EmptyCluster::keep, EmptyCluster::fail})
    check_both(x, 160, empty);
}

TEST_CASE("exponion: empty clusters that come and go during the fit", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::blobs(3000, 2, 30, 6.0, 77);
  // Centroids far from all rows, which no row chooses.
  Eigen::MatrixXd start = x.topRows(80);
  for (Index k = 0; k < 80; k += 9) start.row(k).array() += 1000.0 + static_cast<double>(k);
  for (const EmptyCluster empty : {EmptyCluster::farthest, EmptyCluster::drop, EmptyCluster::keep})
    check_against_lloyd(x, start, empty);
}

TEST_CASE("exponion: far from the origin, and over many magnitudes", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(3000, 2, 78);
  check_both((x.array() + 1e5).matrix(), 100);
  check_both(x.array().pow(7).matrix(), 100);
  check_both(1e-140 * x, 100);
  check_against_lloyd(Eigen::MatrixXd(1e143 * x), Eigen::MatrixXd(1e143 * x.topRows(100)));
  check_against_lloyd(Eigen::MatrixXf((1e18 * x).cast<float>()),
                      Eigen::MatrixXf((1e18 * x.topRows(100)).cast<float>()));
  check_against_lloyd(Eigen::MatrixXf((1e-21 * x).cast<float>()),
                      Eigen::MatrixXf((1e-21 * x.topRows(100)).cast<float>()));
}

TEST_CASE("exponion: a centroid that crosses the others is not overlooked", "[kmeans]") {
  // A column of starts at one end: centroids wander along the line through each other's places for
  // as long as lists are kept.
  Eigen::MatrixXd x = latent_test::normal_matrix(5000, 2, 79);
  for (Index i = 0; i < x.rows(); ++i) x(i, 0) = 0.01 * static_cast<double>(i);
  Eigen::MatrixXd start = x.topRows(120);
  check_against_lloyd(x, start, EmptyCluster::farthest, 80);
}

TEST_CASE("exponion: rows of weight 0 and rows that stand for several", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(3000, 2, 50, 5.0, 80);
  Eigen::VectorXd weights(x.rows());
  for (Index i = 0; i < x.rows(); ++i) weights[i] = static_cast<double>(i % 4);
  const Eigen::MatrixXd start = x.topRows(90);
  KMeans options{.algorithm = KMeansAlgorithm::lloyd};
  const auto expected = options.fit_from(start, latent::samples(x).weights(weights), Threads{1});
  options.algorithm = KMeansAlgorithm::exponion;
  CHECK(same_bits(expected,
                  options.fit_from(start, latent::samples(x).weights(weights), Threads{1})));
}
