// Known sets: iteration counts, sizes and inertia of Lloyd's iteration from stated starts.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::KMeans;

namespace {

// A table of comma-separated numbers below one line of names; the last column is left out where
// it is the class. Empty if the file is not there.
Eigen::MatrixXd read_csv(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return {};
  const bool has_class =
      line.find("class") != std::string::npos || line.find("digit") != std::string::npos;
  std::vector<double> values;
  Index rows = 0;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    while (std::getline(cells, cell, ',')) values.push_back(std::stod(cell));
    if (has_class) values.pop_back();
    ++rows;
  }
  if (rows == 0) return {};
  const auto cols = static_cast<Index>(values.size()) / rows;
  return Eigen::Map<latent::RowMatrix<double>>(values.data(), rows, cols);
}

Eigen::MatrixXd find_set(const std::string& name) {
  std::vector<std::string> folders;
#ifdef LATENT_TEST_DATA_DIR
  folders.push_back(LATENT_TEST_DATA_DIR);
#endif
#ifdef LATENT_EXTRA_DATA_DIR
  folders.push_back(LATENT_EXTRA_DATA_DIR);
  folders.push_back(std::string(LATENT_EXTRA_DATA_DIR) + "/tabular");
#endif
  for (const std::string& folder : folders) {
    Eigen::MatrixXd x = read_csv(folder + "/" + name + ".csv");
    if (x.size() > 0) return x;
  }
  return {};
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
  const Eigen::MatrixXd x = find_set("iris");
  if (x.rows() != 150) LATENT_SKIP("needs iris.csv in the data folder");
  check(x, first_rows(3), {12, 78.8556658259773, {39, 61, 50}});
  check(x, {0, 74, 149}, {8, 78.8556658259773, {50, 61, 39}});
  const auto best = KMeans{.clusters = 3, .restarts = 100}.fit(x);
  CHECK(best.inertia == Approx(78.85144142614601).epsilon(1e-12));
}

TEST_CASE("kmeans sets: wine", "[kmeans]") {
  const Eigen::MatrixXd x = find_set("wine");
  if (x.rows() != 178) LATENT_SKIP("needs wine.csv in the folder of extra data");
  check(x, first_rows(3), {13, 2633555.332409339, {49, 102, 27}});
  check(x, {0, 88, 177}, {4, 2370689.686782968, {47, 62, 69}});
  const auto best = KMeans{.clusters = 3, .restarts = 20}.fit(x);
  CHECK(best.inertia == Approx(2370689.686782968).epsilon(1e-12));
}

TEST_CASE("kmeans sets: breast cancer", "[kmeans]") {
  const Eigen::MatrixXd x = find_set("breast_cancer");
  if (x.rows() != 569) LATENT_SKIP("needs breast_cancer.csv in the folder of extra data");
  check(x, first_rows(2), {9, 77943099.87829883, {438, 131}});
  check(x, {0, 568}, {4, 77943099.87829883, {131, 438}});
}

TEST_CASE("kmeans sets: digits", "[kmeans]") {
  const Eigen::MatrixXd x = find_set("digits8x8");
  if (x.rows() != 1797) LATENT_SKIP("needs digits8x8.csv in the folder of extra data");
  check(x, first_rows(10),
        {14, 1167859.3840065992, {179, 120, 89, 178, 163, 370, 181, 199, 164, 154}});
  check(x, {0, 200, 399, 599, 798, 998, 1197, 1397, 1596, 1796},
        {17, 1175184.0529422292, {180, 89, 393, 79, 115, 205, 152, 167, 234, 183}});
  const auto best = KMeans{.clusters = 10, .restarts = 20}.fit(x);
  CHECK(best.inertia <= 1165175.1424848165 * (1 + 1e-4));
}

TEST_CASE("kmeans sets: old faithful", "[kmeans]") {
  const Eigen::MatrixXd x = find_set("faithful");
  if (x.rows() != 272) LATENT_SKIP("needs faithful.csv in the folder of extra data");
  check(x, first_rows(2), {3, 8901.76872094721, {172, 100}});
  check(x, {0, 271}, {5, 8901.76872094721, {172, 100}});
}
