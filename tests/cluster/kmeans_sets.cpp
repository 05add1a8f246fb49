// Known sets: iteration counts, sizes and inertia of Lloyd's iteration from stated starts.
#include <string>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::KMeans;

namespace {

// Without the class.
Eigen::MatrixXd table_of(const std::string& name) {
  const Eigen::MatrixXd x = latent_test::read_table(name);
  return x.leftCols(x.cols() - 1);
}

struct Expected {
  Index iterations;
  double inertia;
  std::vector<Index> sizes;
};

void check(const Eigen::MatrixXd& x, const std::vector<Index>& rows, const Expected& expected) {
  Eigen::MatrixXd start(static_cast<Index>(rows.size()), x.cols());
  for (Index k = 0; k < start.rows(); ++k) start.row(k) = x.row(rows[static_cast<std::size_t>(k)]);
  const auto fit = KMeans{}.fit_from(start, x);
  CHECK(fit.report.converged());
  CHECK(fit.report.iterations == expected.iterations);
  CHECK(fit.inertia == Approx(expected.inertia).epsilon(1e-12));
  std::vector<Index> sizes(rows.size(), 0);
  for (Index i = 0; i < x.rows(); ++i) ++sizes[static_cast<std::size_t>(fit.labels[i])];
  CHECK(sizes == expected.sizes);
}

std::vector<Index> first_rows(Index count) {
  std::vector<Index> rows;
  for (Index i = 0; i < count; ++i) rows.push_back(i);
  return rows;
}

}  // namespace

TEST_CASE("kmeans sets: iris", "[kmeans]") {
  const Eigen::MatrixXd x = table_of("iris");
  REQUIRE(x.rows() == 150);
  check(x, first_rows(3), {12, 78.8556658259773, {39, 61, 50}});
  check(x, {0, 74, 149}, {8, 78.8556658259773, {50, 61, 39}});
  const auto best = KMeans{.clusters = 3, .restarts = 100}.fit(x);
  CHECK(best.inertia == Approx(78.85144142614601).epsilon(1e-12));
}

TEST_CASE("kmeans sets: wine", "[kmeans]") {
  const Eigen::MatrixXd x = table_of("wine");
  REQUIRE(x.rows() == 178);
  check(x, first_rows(3), {13, 2633555.332409339, {49, 102, 27}});
  check(x, {0, 88, 177}, {4, 2370689.686782968, {47, 62, 69}});
  const auto best = KMeans{.clusters = 3, .restarts = 20}.fit(x);
  CHECK(best.inertia == Approx(2370689.686782968).epsilon(1e-12));
}

TEST_CASE("kmeans sets: breast cancer", "[kmeans]") {
  const Eigen::MatrixXd x = table_of("breast_cancer");
  REQUIRE(x.rows() == 569);
  check(x, first_rows(2), {9, 77943099.87829883, {438, 131}});
  check(x, {0, 568}, {4, 77943099.87829883, {131, 438}});
}

TEST_CASE("kmeans sets: digits", "[kmeans]") {
  const Eigen::MatrixXd x = table_of("digits8x8");
  REQUIRE(x.rows() == 1797);
  check(x, first_rows(10),
        {14, 1167859.3840065992, {179, 120, 89, 178, 163, 370, 181, 199, 164, 154}});
  check(x, {0, 200, 399, 599, 798, 998, 1197, 1397, 1596, 1796},
        {17, 1175184.0529422292, {180, 89, 393, 79, 115, 205, 152, 167, 234, 183}});
  const auto best = KMeans{.clusters = 10, .restarts = 20}.fit(x);
  CHECK(best.inertia <= 1165175.1424848165 * (1 + 1e-4));
}

TEST_CASE("kmeans sets: old faithful", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::read_table("faithful");
  REQUIRE(x.rows() == 272);
  check(x, first_rows(2), {3, 8901.76872094721, {172, 100}});
  check(x, {0, 271}, {5, 8901.76872094721, {172, 100}});
}
