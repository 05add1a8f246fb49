// G-means: the statistic of Anderson and Darling, clusters found, merging, notes, sets.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/SparseCore>

#include "cluster/kmeans_data.hpp"
#include "latent/choose_clusters.hpp"
#include "latent/metrics/pair_counts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::GMeans;
using latent::Index;
using latent_test::close;

namespace {

// A^2 (1 + 4 / n - 25 / n^2) as the formula says, in long double.
double statistic_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<long double>(values.size());
  long double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const long double sd = std::sqrt(squares / (n - 1));
  // Each tail from its own side: far out, 1 - F(z) cannot be had from F(z).
  const auto below = [&](double v) { return std::erfc(-(v - mean) / sd / std::sqrt(2.0L)) / 2; };
  const auto above = [&](double v) { return std::erfc((v - mean) / sd / std::sqrt(2.0L)) / 2; };
  long double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    sum += static_cast<long double>(2 * i + 1) *
           (std::log(below(values[i])) + std::log(above(values[values.size() - 1 - i])));
  return static_cast<double>((-n - sum / n) * (1 + 4 / n - 25 / (n * n)));
}

std::vector<double> values_of_sample(int n, std::uint64_t seed) {
  latent::Random random{seed};
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(random.normal());
  return values;
}

std::vector<std::pair<double, double>> weighted(const std::vector<double>& values) {
  std::vector<std::pair<double, double>> pairs;
  for (const double v : values) pairs.emplace_back(v, 1.0);
  return pairs;
}

// Clouds on a grid, `gap` apart.
Eigen::MatrixXd clouds(Index rows, Index count, double gap, std::uint64_t seed) {
  Eigen::MatrixXd x = latent_test::normal_matrix(rows, 2, seed);
  for (Index i = 0; i < rows; ++i) {
    x(i, 0) += gap * static_cast<double>(i % count % 3);
    x(i, 1) += gap * static_cast<double>(i % count / 3);
  }
  return x;
}

}  // namespace

TEST_CASE("g-means: Anderson and Darling's statistic is its formula, weights are repeated rows",
          "[selection]") {
  latent::Random random{3};
  for (const int n : {8, 30, 200}) {
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(5.0 + std::pow(random.normal(), 3.0));
    CHECK(close(latent::detail::anderson_darling(weighted(values)), statistic_of(values), 1e-11));
    std::vector<double> repeated;
    auto pairs = weighted(values);
    for (auto& [value, weight] : pairs) {
      weight = static_cast<double>(random.below(3));
      for (int r = 0; r < static_cast<int>(weight); ++r) repeated.push_back(value);
    }
    CHECK(close(latent::detail::anderson_darling(pairs), statistic_of(repeated), 1e-11));
  }
  CHECK(latent::detail::anderson_darling({{2.0, 5.0}, {2.0, 4.0}}) == 0.0);
  // Weights whose squares are beyond a double: A^2 grows as the weights do, once they are large.
  auto heavy = weighted(values_of_sample(100, 5));
  auto heavier = heavy;
  for (auto& pair : heavy) pair.second = 1e12;
  for (auto& pair : heavier) pair.second = 1e200;
  const double expected = 1e188 * latent::detail::anderson_darling(heavy);
  CHECK(close(latent::detail::anderson_darling(heavier), expected, 1e-10));
  // One row 60 standard deviations out: large, and finite.
  std::vector<double> far(4000, 0.0);
  for (std::size_t i = 0; i < far.size(); ++i) far[i] = static_cast<double>(i % 2);
  far[0] = 1e6;
  const double statistic = latent::detail::anderson_darling(weighted(far));
  CHECK(std::isfinite(statistic));
  CHECK(statistic > 1000.0);
}

TEST_CASE("g-means: the logarithm of the normal distribution function, far out too",
          "[selection]") {
  using latent::detail::log_normal_cdf;
  CHECK(close(log_normal_cdf(0.0), std::log(0.5), 1e-15));
  CHECK(close(log_normal_cdf(-5.0), std::log(2.866515718791939e-7), 1e-13));
  // Mills' ratio: F(z) is within a share 1 / z^2 of the density over -z, where the two forms meet.
  CHECK(close(log_normal_cdf(-30.0), log_normal_cdf(-std::nextafter(30.0, 31.0)), 1e-5));
  CHECK(std::isfinite(log_normal_cdf(-1e6)));
  CHECK(log_normal_cdf(40.0) == 0.0);
}

TEST_CASE("g-means: finds the clouds there are", "[selection]") {
  for (std::uint64_t seed = 0; seed < 3; ++seed)
    for (const Index count : {1, 2, 5, 9}) {
      const Eigen::MatrixXd x = clouds(900, count, 12.0, seed);
      const auto fit = GMeans{}.fit(x);
      CHECK(fit.model.centroids().rows() == count);
      latent::Labels truth(900);
      for (Index i = 0; i < 900; ++i) truth[i] = static_cast<int>(i % count);
      CHECK(latent::adjusted_rand_index(fit.labels, truth) == 1.0);
      // The result is that of k-means from where it ended.
      const auto again = latent::KMeans{}.fit_from(fit.model.centroids(), x);
      CHECK(again.labels == fit.labels);
      CHECK(close(again.inertia, fit.inertia, 1e-12));
      CHECK(fit.report.converged());
    }
}

TEST_CASE("g-means: notes say what was split and what was kept", "[selection]") {
  const auto fit = GMeans{.merge = false}.fit(clouds(600, 3, 20.0, 1));
  Index splits = 0;
  Index kept = 0;
  for (const latent::Note& note : fit.report.notes) {
    if (note.message.starts_with("split")) {
      ++splits;
      CHECK(note.value > 1.8692);
    } else {
      ++kept;
      CHECK(note.message.starts_with("kept"));
      CHECK(note.value <= 1.8692);
    }
  }
  CHECK(kept == fit.model.centroids().rows());
  CHECK(splits == kept - 1);

  const auto full = GMeans{.max_clusters = 2}.fit(clouds(600, 3, 20.0, 1));
  CHECK(full.model.centroids().rows() == 2);
  CHECK(full.report.status == latent::Status::max_iterations);
}

TEST_CASE("g-means: pieces of one cloud are put together again", "[selection]") {
  // Begun with nine clusters where there are three.
  const Eigen::MatrixXd x = clouds(900, 3, 15.0, 2);
  CHECK(GMeans{.start = 9, .merge = false}.fit(x).model.centroids().rows() >= 9);
  const auto fit = GMeans{.start = 9}.fit(x);
  CHECK(fit.model.centroids().rows() == 3);
  CHECK(std::count_if(fit.report.notes.begin(), fit.report.notes.end(), [](const auto& note) {
          return note.message.starts_with("merged") && note.value > 0.0;
        }) >= 6);
}

TEST_CASE("g-means: rows of weight 0 are absent, and equal rows are one cluster", "[selection]") {
  Eigen::MatrixXd x = clouds(600, 2, 15.0, 3);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(600);
  for (Index i = 1; i < 600; i += 2) w[i] = 0.0;  // the second cloud
  CHECK(GMeans{}.fit(latent::samples(x).weights(w)).model.centroids().rows() == 1);
  CHECK(GMeans{}.fit(Eigen::MatrixXd(Eigen::MatrixXd::Ones(50, 3))).model.centroids().rows() == 1);
  CHECK(GMeans{}.fit(Eigen::MatrixXd(x.topRows(1))).model.centroids().rows() == 1);
  // Begun with more clusters than there are places: the empty ones go.
  const auto equal = GMeans{.start = 2}.fit(Eigen::MatrixXd(Eigen::MatrixXd::Ones(10, 2)));
  CHECK(equal.model.centroids() == latent::RowMatrix<double>::Ones(1, 2));
  CHECK(equal.labels == latent::Labels::Zero(10));
  CHECK(equal.inertia == 0.0);
  CHECK(GMeans{}.fit(Eigen::MatrixXf(x.cast<float>())).model.centroids().rows() == 2);
}

TEST_CASE("g-means: columns are measured in the scale of the options throughout", "[selection]") {
  // Two clouds in columns 1 and 2; column 0 is one cloud, and so wide that it hides them.
  Eigen::MatrixXd x = latent_test::normal_matrix(600, 3, 4);
  latent::Labels truth(600);
  for (Index i = 0; i < 600; ++i) {
    truth[i] = static_cast<int>(i % 2);
    x(i, 1) += 20.0 * truth[i];
    x(i, 2) += 20.0 * truth[i];
  }
  Eigen::MatrixXd wide = x;
  wide.col(0) *= 0x1p30;
  const GMeans standard{.kmeans = {.standardize = true}};
  const auto fit = standard.fit(wide);
  CHECK(fit.model.centroids().rows() == 2);
  CHECK(latent::adjusted_rand_index(fit.labels, truth) == 1.0);
  // Standardizing takes a power of two away exactly.
  const auto narrow = standard.fit(x);
  CHECK(narrow.labels == fit.labels);
  CHECK(narrow.inertia == fit.inertia);
  CHECK(narrow.model.centroids().col(1) == fit.model.centroids().col(1));
  CHECK(fit.model.predict(wide) == fit.labels);

  // A column of weight 0 is as good as absent, also from the BIC by which pieces are merged.
  const Eigen::VectorXd heights = x.col(1);
  const auto absent = GMeans{.start = 6}.fit(heights);
  const auto ignored =
      GMeans{.start = 6, .kmeans = {.feature_weights = Eigen::Vector3d(0.0, 1.0, 0.0)}}.fit(wide);
  CHECK(ignored.labels == absent.labels);
  CHECK(close(ignored.inertia, absent.inertia, 1e-12));
  CHECK(ignored.model.column_factors() == Eigen::Vector3d(0.0, 1.0, 0.0));
  for (Index k = 0; k < ignored.model.centroids().rows(); ++k) {
    double mean = 0.0;
    double rows = 0.0;
    for (Index i = 0; i < 600; ++i)
      if (ignored.labels[i] == k) {
        mean += wide(i, 0);
        rows += 1.0;
      }
    CHECK(std::abs(ignored.model.centroids()(k, 0) - mean / rows) <= 1e-12 * 0x1p32);
  }
  std::vector<double> falls;
  for (const auto* report : {&absent.report, &ignored.report})
    for (const latent::Note& note : report->notes)
      if (note.message.starts_with("merged")) falls.push_back(note.value);
  REQUIRE(falls.size() >= 6);
  for (std::size_t i = 0; i < falls.size() / 2; ++i)
    CHECK(close(falls[i], falls[i + falls.size() / 2], 1e-9));
}

TEST_CASE("g-means: sparse rows give the clusters of the same rows dense", "[selection]") {
  Eigen::MatrixXd x = clouds(300, 3, 15.0, 7);
  x = (x.array().abs() < 0.5).select(0.0, x);
  const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = x.sparseView();
  const auto dense = GMeans{}.fit(x);
  const auto found = GMeans{}.fit(sparse);
  CHECK(found.labels == dense.labels);
  CHECK(dense.model.centroids().rows() == 3);
}

TEST_CASE("g-means: known sets of normal clusters are counted right", "[selection]") {
  const std::filesystem::path folder = std::filesystem::path(LATENT_EXTRA_DATA_DIR) / "clustering";
  if (!std::filesystem::exists(folder / "r15.txt"))
    LATENT_SKIP("needs the clustering sets of LATENT_EXTRA_DATA_DIR");
  for (const auto& [name, clusters] : {std::pair{"r15", 15}, {"d31", 31}, {"s1", 15}}) {
    std::ifstream in(folder / (std::string(name) + ".txt"));
    std::vector<double> numbers{std::istream_iterator<double>(in), {}};
    const latent::RowMatrix<double> table = Eigen::Map<latent::RowMatrix<double>>(
        numbers.data(), static_cast<Index>(numbers.size()) / 3, 3);
    INFO(name);
    CHECK(GMeans{}.fit(table.leftCols(2)).model.centroids().rows() == clusters);
  }
}
