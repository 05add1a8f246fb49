// Worked examples, iteration by iteration. The numbers were computed in exact fractions.
#include <limits>
#include <vector>

#include "latent/kmeans.hpp"
#include "support/catch.hpp"

namespace {

using latent::Index;
using latent::KMeans;
using Rows = std::vector<std::vector<double>>;

Eigen::MatrixXd matrix(const Rows& rows) {
  Eigen::MatrixXd x(static_cast<Index>(rows.size()), static_cast<Index>(rows.front().size()));
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j)
      x(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  return x;
}

latent::Labels labels_of(const std::vector<int>& values) {
  latent::Labels labels(static_cast<Index>(values.size()));
  for (Index i = 0; i < labels.size(); ++i) labels[i] = values[static_cast<std::size_t>(i)];
  return labels;
}

struct Expected {
  std::vector<int> labels;
  double inertia;  // before the update
  Rows centroids;  // after the update
  double inertia_after;
};

struct Example {
  const char* name;
  Rows points;
  Rows start;
  std::vector<Expected> iterations;
};

struct Optimum {
  const char* name;
  Rows points;
  Index clusters;
  double inertia;
  std::vector<int> labels;
};

const Rows ten_points = {{1.0, 1.0}, {2.0, 1.0}, {1.0, 2.0}, {2.0, 2.0}, {8.0, 8.0},
                         {9.0, 8.0}, {8.0, 9.0}, {9.0, 9.0}, {5.0, 1.0}, {6.0, 1.0}};
const Rows line = {{1.0}, {2.0}, {4.0}, {7.0}, {11.0}, {16.0}, {22.0}};
const Rows rectangle = {{0.0, 0.0}, {0.0, 2.0}, {10.0, 0.0}, {10.0, 2.0}};
const Rows twelve = {{0.0, 0.0},  {1.0, 0.0},  {0.0, 1.0},  {5.0, 5.0}, {6.0, 5.0}, {5.0, 6.0},
                     {10.0, 0.0}, {11.0, 0.0}, {10.0, 1.0}, {4.0, 0.0}, {5.0, 1.0}, {7.0, 3.0}};
const Rows triangular_numbers = {{1.0, 7.0},   {3.0, 11.0},  {6.0, 17.0},
                                 {10.0, 25.0}, {15.0, 35.0}, {21.0, 47.0}};
const Rows eleven_3d = {{1.0, 0.0, 2.0}, {2.0, 1.0, 0.0}, {0.0, 2.0, 1.0}, {7.0, 8.0, 6.0},
                        {8.0, 6.0, 7.0}, {6.0, 7.0, 8.0}, {1.0, 9.0, 1.0}, {2.0, 8.0, 0.0},
                        {0.0, 9.0, 3.0}, {4.0, 4.0, 4.0}, {9.0, 0.0, 9.0}};

const std::vector<Example> examples = {
    {"ten points, two clusters",
     ten_points,
     {{1.0, 1.0}, {2.0, 1.0}},
     {
         {{0, 1, 0, 1, 1, 1, 1, 1, 1, 1},
          423.0,
          {{1.0, 3.0 / 2.0}, {49.0 / 8.0, 39.0 / 8.0}},
          665.0 / 4.0},
         {{0, 0, 0, 0, 1, 1, 1, 1, 0, 1},
          3565.0 / 32.0,
          {{11.0 / 5.0, 7.0 / 5.0}, {8.0, 7.0}},
          64.0},
         {{0, 0, 0, 0, 1, 1, 1, 1, 0, 0},
          193.0 / 5.0,
          {{17.0 / 6.0, 4.0 / 3.0}, {17.0 / 2.0, 17.0 / 2.0}},
          157.0 / 6.0},
         {{0, 0, 0, 0, 1, 1, 1, 1, 0, 0},
          157.0 / 6.0,
          {{17.0 / 6.0, 4.0 / 3.0}, {17.0 / 2.0, 17.0 / 2.0}},
          157.0 / 6.0},
     }},
    {"ten points, three clusters",
     ten_points,
     {{1.0, 1.0}, {2.0, 2.0}, {9.0, 9.0}},
     {
         {{0, 0, 0, 1, 2, 2, 2, 2, 1, 1},
          33.0,
          {{4.0 / 3.0, 4.0 / 3.0}, {13.0 / 3.0, 4.0 / 3.0}, {17.0 / 2.0, 17.0 / 2.0}},
          38.0 / 3.0},
         {{0, 0, 0, 0, 2, 2, 2, 2, 1, 1},
          23.0 / 3.0,
          {{3.0 / 2.0, 3.0 / 2.0}, {11.0 / 2.0, 1.0}, {17.0 / 2.0, 17.0 / 2.0}},
          9.0 / 2.0},
         {{0, 0, 0, 0, 2, 2, 2, 2, 1, 1},
          9.0 / 2.0,
          {{3.0 / 2.0, 3.0 / 2.0}, {11.0 / 2.0, 1.0}, {17.0 / 2.0, 17.0 / 2.0}},
          9.0 / 2.0},
     }},
    {"ten points, a cluster loses all its rows",
     ten_points,
     {{1.0, 1.0}, {2.0, 1.0}, {1.0, 2.0}},
     {
         {{0, 1, 2, 1, 1, 1, 2, 1, 1, 1},
          420.0,
          {{1.0, 1.0}, {41.0 / 7.0, 30.0 / 7.0}, {9.0 / 2.0, 11.0 / 2.0}},
          1339.0 / 7.0},
         {{0, 0, 0, 0, 1, 1, 2, 1, 1, 1},
          12251.0 / 98.0,
          {{3.0 / 2.0, 3.0 / 2.0}, {37.0 / 5.0, 27.0 / 5.0}, {8.0, 9.0}},
          402.0 / 5.0},
         {{0, 0, 0, 0, 2, 2, 2, 2, 0, 0},
          39.0,
          {{17.0 / 6.0, 4.0 / 3.0}, {37.0 / 5.0, 27.0 / 5.0}, {17.0 / 2.0, 17.0 / 2.0}},
          157.0 / 6.0},
         {{0, 0, 0, 0, 2, 2, 2, 2, 0, 0},
          157.0 / 6.0,
          {{17.0 / 6.0, 4.0 / 3.0}, {37.0 / 5.0, 27.0 / 5.0}, {17.0 / 2.0, 17.0 / 2.0}},
          157.0 / 6.0},
     }},
    {"rectangle, a local optimum",
     rectangle,
     {{5.0, 0.0}, {5.0, 2.0}},
     {
         {{0, 1, 0, 1}, 100.0, {{5.0, 0.0}, {5.0, 2.0}}, 100.0},
         {{0, 1, 0, 1}, 100.0, {{5.0, 0.0}, {5.0, 2.0}}, 100.0},
     }},
    {"rectangle, the optimum",
     rectangle,
     {{0.0, 1.0}, {10.0, 1.0}},
     {
         {{0, 0, 1, 1}, 4.0, {{0.0, 1.0}, {10.0, 1.0}}, 4.0},
         {{0, 0, 1, 1}, 4.0, {{0.0, 1.0}, {10.0, 1.0}}, 4.0},
     }},
    {"line, three clusters",
     line,
     {{1.0}, {2.0}, {4.0}},
     {
         {{0, 1, 2, 2, 2, 2, 2}, 526.0, {{1.0}, {2.0}, {12.0}}, 206.0},
         {{0, 1, 1, 1, 2, 2, 2}, 146.0, {{1.0}, {13.0 / 3.0}, {49.0 / 3.0}}, 220.0 / 3.0},
         {{0, 0, 1, 1, 2, 2, 2},
          620.0 / 9.0,
          {{3.0 / 2.0}, {11.0 / 2.0}, {49.0 / 3.0}},
          197.0 / 3.0},
         {{0, 0, 1, 1, 2, 2, 2},
          197.0 / 3.0,
          {{3.0 / 2.0}, {11.0 / 2.0}, {49.0 / 3.0}},
          197.0 / 3.0},
     }},
    {"ten points, a centroid without rows",
     ten_points,
     {{1.0, 1.0}, {9.0, 9.0}, {100.0, 100.0}},
     {
         {{0, 0, 0, 0, 1, 1, 1, 1, 0, 0},
          49.0,
          {{17.0 / 6.0, 4.0 / 3.0}, {17.0 / 2.0, 17.0 / 2.0}, {100.0, 100.0}},
          157.0 / 6.0},
         {{0, 0, 0, 0, 1, 1, 1, 1, 0, 0},
          157.0 / 6.0,
          {{17.0 / 6.0, 4.0 / 3.0}, {17.0 / 2.0, 17.0 / 2.0}, {100.0, 100.0}},
          157.0 / 6.0},
     }},
};

const std::vector<Optimum> optima = {
    {"ten_points", ten_points, 2, 157.0 / 6.0, {0, 0, 0, 0, 1, 1, 1, 1, 0, 0}},
    {"ten_points", ten_points, 3, 9.0 / 2.0, {0, 0, 0, 0, 1, 1, 1, 1, 2, 2}},
    {"line", line, 2, 245.0 / 3.0, {0, 0, 0, 0, 1, 1, 1}},
    {"line", line, 3, 92.0 / 3.0, {0, 0, 0, 1, 1, 2, 2}},
    {"rectangle", rectangle, 2, 4.0, {0, 0, 1, 1}},
    {"twelve", twelve, 2, 397.0 / 4.0, {0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1}},
    {"twelve", twelve, 3, 961.0 / 30.0, {}},
    {"triangular_numbers", triangular_numbers, 2, 320.0, {0, 0, 0, 0, 1, 1}},
    {"triangular_numbers", triangular_numbers, 3, 755.0 / 6.0, {0, 0, 0, 1, 1, 2}},
    {"eleven_3d", eleven_3d, 2, 4637.0 / 28.0, {0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1}},
    {"eleven_3d", eleven_3d, 3, 247.0 / 3.0, {0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 1}},
};

// The same partition up to the names of the clusters.
bool same_partition(const latent::Labels& a, const latent::Labels& b) {
  if (a.size() != b.size()) return false;
  for (Index i = 0; i < a.size(); ++i)
    for (Index j = 0; j < i; ++j)
      if ((a[i] == a[j]) != (b[i] == b[j])) return false;
  return true;
}

}  // namespace

TEST_CASE("kmeans: the worked examples agree in every iteration", "[kmeans]") {
  for (const Example& example : examples) {
    INFO(example.name);
    const Eigen::MatrixXd x = matrix(example.points);
    const double tolerance = 64 * std::numeric_limits<double>::epsilon();
    std::size_t seen = 0;
    const auto check = [&](const latent::KMeansIteration<double>& view) {
      INFO("iteration " << view.index);
      REQUIRE(seen < example.iterations.size());
      const Expected& expected = example.iterations[seen];
      CHECK(view.index == static_cast<Index>(seen) + 1);
      CHECK(view.restart == 0);
      const Eigen::MatrixXd before =
          matrix(seen == 0 ? example.start : example.iterations[seen - 1].centroids);
      CHECK((view.centroids - before).norm() <= tolerance * before.norm());
      CHECK(view.labels == labels_of(expected.labels));
      CHECK(view.inertia == Approx(expected.inertia).epsilon(tolerance));
      const Eigen::MatrixXd after = matrix(expected.centroids);
      CHECK((view.next_centroids - after).norm() <= tolerance * after.norm());
      ++seen;
    };
    const auto fit = KMeans{.empty_cluster = latent::EmptyCluster::keep}.fit_from(
        matrix(example.start), x, {}, check);
    CHECK(seen == example.iterations.size());
    const Expected& last = example.iterations.back();
    CHECK(fit.report.converged());
    CHECK(fit.report.iterations == static_cast<Index>(example.iterations.size()));
    CHECK(fit.labels == labels_of(last.labels));
    CHECK(fit.inertia == Approx(last.inertia_after).epsilon(tolerance));
    // The trace: the start, then one entry an iteration, the last for what is returned.
    REQUIRE(fit.report.trace.size() == example.iterations.size() + 1);
    for (std::size_t t = 0; t < example.iterations.size(); ++t)
      CHECK(fit.report.trace[t].objective ==
            Approx(example.iterations[t].inertia).epsilon(tolerance));
    CHECK(fit.report.trace.back().objective == fit.inertia);
  }
}

TEST_CASE("kmeans: restarts find the optimum that brute force found", "[kmeans]") {
  const double tolerance = 64 * std::numeric_limits<double>::epsilon();
  for (const Optimum& optimum : optima)
    for (const latent::KMeansInit init :
         {latent::KMeansInit::plus_plus, latent::KMeansInit::greedy_plus_plus,
          latent::KMeansInit::random}) {
      INFO(optimum.name << ", " << optimum.clusters << " clusters");
      const Eigen::MatrixXd x = matrix(optimum.points);
      const auto fit = KMeans{.clusters = optimum.clusters, .init = init, .restarts = 50}.fit(x);
      CHECK(fit.inertia == Approx(optimum.inertia).epsilon(tolerance));
      CHECK(fit.report.converged());
      if (!optimum.labels.empty()) CHECK(same_partition(fit.labels, labels_of(optimum.labels)));
    }
}

TEST_CASE("kmeans: total sum of squares = within + between", "[kmeans]") {
  const Eigen::MatrixXd x = matrix(ten_points);
  const auto fit = KMeans{.clusters = 3, .restarts = 20}.fit(x);
  const Eigen::RowVectorXd mean = x.colwise().mean();
  double between = 0.0;
  for (Index i = 0; i < x.rows(); ++i)
    between += (fit.model.centroids().row(fit.labels[i]) - mean).squaredNorm();
  CHECK(fit.inertia == Approx(4.5));
  CHECK(between == Approx(222.0));
  CHECK(fit.inertia + between == Approx(226.5));
}
