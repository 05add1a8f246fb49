// Distances bounded on a few axes: the bound is one, it rules most centroids out where few axes
// hold the spread, and the fit is Lloyd's to the bit.
#include <cmath>
#include <cstring>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/cluster/projected_search.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::KMeans;
using latent::KMeansAlgorithm;
using latent::Labels;
using latent::RowMatrix;
using latent::Samples;
using latent::Threads;
using latent::detail::CentroidTable;
using latent::detail::ProjectedRows;
using latent::detail::Projection;
using latent::detail::TileScratch;

namespace {

// Most of the spread on `rank` directions that are no columns, the rest noise.
Eigen::MatrixXd thin_cloud(Index rows, Index cols, Index rank, double noise, std::uint64_t seed) {
  return latent_test::normal_matrix(rows, rank, seed) *
             latent_test::normal_matrix(rank, cols, seed + 1) +
         noise * latent_test::normal_matrix(rows, cols, seed + 2);
}

template <class S>
RowMatrix<S> rows_of(const Eigen::MatrixXd& x) {
  return x.template cast<S>();
}

template <class S>
void check_bound(const RowMatrix<S>& x, const RowMatrix<S>& centroids) {
  const Samples<S> data = latent::samples(x);
  const auto projection = Projection<S>::of(data);
  REQUIRE(projection.has_value());
  const auto see = [&](const RowMatrix<S>& points, RowMatrix<float>& seen, Eigen::VectorXd& norms) {
    std::vector<const S*> rows;
    for (Index i = 0; i < points.rows(); ++i) rows.push_back(points.data() + i * points.cols());
    RowMatrix<S> y(points.rows(), points.cols());
    seen.resize(points.rows(), projection->width());
    norms.resize(points.rows());
    projection->project(rows.data(), points.rows(), y, seen.data(), norms.data());
  };
  RowMatrix<float> z;
  RowMatrix<float> g;
  Eigen::VectorXd z_norms;
  Eigen::VectorXd g_norms;
  see(x, z, z_norms);
  see(centroids, g, g_norms);
  const double radius = projection->length_of(g_norms.maxCoeff());
  const double square = projection->unit() * projection->unit();
  Index broken = 0;
  double sharpest = 0.0;
  for (Index i = 0; i < x.rows(); ++i)
    for (Index k = 0; k < centroids.rows(); ++k) {
      const double distance = square * latent_test::distance2(x, i, centroids, k);
      const double dot = z.row(i).cast<double>().dot(g.row(k).cast<double>());
      const double bound = projection->squared_length_below(z_norms[i]) +
                           projection->squared_length_below(g_norms[k]) - 2.0 * dot -
                           projection->margin(projection->length_of(z_norms[i]), radius);
      const double rounding = static_cast<double>(x.cols() + 8) * latent_test::eps * distance;
      broken += bound > distance + rounding ? 1 : 0;
      sharpest = std::max(sharpest, bound / distance);
    }
  CHECK(broken == 0);
  CHECK(sharpest > 0.9);
}

template <class S>
void check_fit(const RowMatrix<S>& start, const RowMatrix<S>& x,
               EmptyCluster policy = EmptyCluster::farthest) {
  const auto lloyd =
      KMeans{.algorithm = KMeansAlgorithm::lloyd, .empty_cluster = policy, .max_iterations = 20}
          .fit_from(start, x);
  for (const int threads : {1, 3}) {
    const auto fit =
        KMeans{
            .algorithm = KMeansAlgorithm::projected, .empty_cluster = policy, .max_iterations = 20}
            .fit_from(start, x, Threads{threads});
    CHECK(fit.labels == lloyd.labels);
    CHECK(fit.report.iterations == lloyd.report.iterations);
    CHECK(fit.inertia == lloyd.inertia);
    REQUIRE(fit.model.centroids().size() == lloyd.model.centroids().size());
    CHECK(std::memcmp(fit.model.centroids().data(), lloyd.model.centroids().data(),
                      static_cast<std::size_t>(lloyd.model.centroids().size()) * sizeof(S)) == 0);
  }
}

void check_fits(const Eigen::MatrixXd& x, Index clusters,
                EmptyCluster policy = EmptyCluster::farthest) {
  const Eigen::MatrixXd start = x.topRows(clusters);
  check_fit<double>(rows_of<double>(start), rows_of<double>(x), policy);
  check_fit<float>(rows_of<float>(start), rows_of<float>(x), policy);
}

template <class S>
double trial(const Eigen::MatrixXd& x, Index clusters) {
  const RowMatrix<S> rows = rows_of<S>(x);
  const Samples<S> data = latent::samples(rows);
  ProjectedRows<S> projected{data, *Projection<S>::of(data)};
  const CentroidTable<S> table{RowMatrix<S>(rows.topRows(clusters))};
  const latent::Serial serial;
  auto team = serial.team();
  projected.prepare(table, team);
  return projected.trial(table);
}

}  // namespace

TEST_CASE("projected: the bound is never above the distance, and near it for rows near the axes",
          "[kmeans]") {
  for (const Index cols : {16, 50, 300})
    for (const double offset : {0.0, 1e4, 1e6}) {
      INFO(cols << " columns, offset " << offset);
      const Eigen::MatrixXd x = thin_cloud(300, cols, 3, 0.1, 71).array() + offset;
      const Eigen::MatrixXd c = thin_cloud(20, cols, 3, 0.1, 71).array() + offset;
      check_bound<double>(rows_of<double>(x), rows_of<double>(c));
      check_bound<float>(rows_of<float>(x), rows_of<float>(c));
    }
}

TEST_CASE("projected: rows that lie on the axes are bounded by their distance", "[kmeans]") {
  // No residual: a bound without its margin for rounding would be broken for half the pairs.
  const Eigen::MatrixXd x = thin_cloud(300, 40, 4, 0.0, 72);
  check_bound<double>(rows_of<double>(x), rows_of<double>(x.topRows(30)));
  check_bound<float>(rows_of<float>(x), rows_of<float>(x.topRows(30)));
}

TEST_CASE("projected: the fit is that of lloyd to the bit", "[kmeans]") {
  for (const double offset : {0.0, 1e4, 1e6}) {
    INFO("offset " << offset);
    check_fits(thin_cloud(3000, 60, 4, 0.2, 73).array() + offset, 70);
  }
  check_fits(latent_test::normal_matrix(1500, 40, 74), 30);  // nothing to rule out
  check_fits(1e-30 * thin_cloud(1500, 24, 2, 0.1, 75), 40);  // small
  check_fits(thin_cloud(800, 24, 2, 0.1, 76), 1);            // one centroid
  check_fits(Eigen::MatrixXd::Constant(50, 20, 3.0), 4);     // no spread
  check_fits(latent_test::normal_matrix(500, 8, 77), 9);     // too few columns
}

TEST_CASE("projected: ties go to the lowest index, and empty clusters are met as by lloyd",
          "[kmeans]") {
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(2500, 32);
  x.leftCols(4) = latent_test::lattice(2500, 4, 3, 78);
  for (const EmptyCluster policy :
       {EmptyCluster::farthest, EmptyCluster::drop, EmptyCluster::keep}) {
    check_fits(x, 45, policy);  // repeated centroids among the first rows
    check_fits(x.array() + 1e5, 45, policy);
  }
}

TEST_CASE("projected: rows out of all proportion go through the exhaustive search", "[kmeans]") {
  Eigen::MatrixXd x = thin_cloud(2000, 20, 3, 0.1, 79);
  x.row(1555) *= 1e16;  // no row of the sample: the unit is that of the others
  check_fits(x, 25);
  x.row(3) *= 1e16;  // a centroid
  check_fits(x, 25);
  // Beyond the range of the floats that hold projected rows.
  Eigen::MatrixXd far = thin_cloud(2000, 20, 3, 0.1, 79);
  far.row(1555) *= 1e60;
  check_fit<double>(rows_of<double>(far.topRows(25)), rows_of<double>(far));
  far.row(3) *= 1e60;
  check_fit<double>(rows_of<double>(far.topRows(25)), rows_of<double>(far));
}

TEST_CASE("projected: column-major data give the fit of row-major data", "[kmeans]") {
  const Eigen::MatrixXd x = thin_cloud(1200, 32, 3, 0.2, 80);
  const RowMatrix<double> rows = x;
  const KMeans options{.algorithm = KMeansAlgorithm::projected};
  const RowMatrix<double> start = rows.topRows(20);
  CHECK(options.fit_from(start, x).labels == options.fit_from(start, rows).labels);
}

TEST_CASE("projected: every other centroid is at least as far as the search says", "[kmeans]") {
  const RowMatrix<float> x = rows_of<float>(thin_cloud(256, 64, 4, 0.3, 81));
  const Samples<float> data = latent::samples(x);
  ProjectedRows<float> projected{data, *Projection<float>::of(data)};
  const CentroidTable<float> table{RowMatrix<float>(x.topRows(60))};
  const latent::Serial serial;
  auto team = serial.team();
  projected.project_rows(team);
  projected.prepare(table, team);
  TileScratch<float> scratch(64, 60);
  std::vector<Index> indices;
  std::vector<const float*> rows;
  for (Index i = 0; i < 256; ++i) {
    indices.push_back(255 - i);
    rows.push_back(x.data() + (255 - i) * 64);
  }
  std::vector<double> uppers(256, std::numeric_limits<double>::infinity());
  std::vector<double> others(256);
  std::vector<int> found(256);
  projected.nearest(table, scratch, indices.data(), 256, rows.data(), uppers.data(), found.data(),
                    others.data());
  Index wrong = 0;
  double tightest = 0.0;
  for (Index i = 0; i < 256; ++i) {
    const auto e = static_cast<std::size_t>(i);
    wrong += found[e] != latent_test::nearest(x, 255 - i, table.centroids()) ? 1 : 0;
    double least = std::numeric_limits<double>::infinity();
    for (Index k = 0; k < 60; ++k)
      if (k != found[e])
        least = std::min(least, latent_test::distance2(x, 255 - i, table.centroids(), k));
    wrong += others[e] > least ? 1 : 0;
    tightest = std::max(tightest, others[e] / least);
  }
  CHECK(wrong == 0);
  CHECK(tightest > 0.9);
}

TEST_CASE("projected: a trial on a few rows tells a thin cloud from a round one", "[kmeans]") {
  // Of 80 columns 20 are kept; a round cloud leaves nearly all centroids, at 4 each.
  CHECK(trial<double>(thin_cloud(2000, 80, 5, 0.1, 82), 60) < 0.5);
  CHECK(trial<float>(thin_cloud(2000, 80, 5, 0.1, 82), 60) < 0.5);
  CHECK(trial<double>(latent_test::normal_matrix(2000, 80, 83), 60) > 1.0);
  CHECK(trial<float>(latent_test::normal_matrix(2000, 80, 83), 60) > 1.0);
}
