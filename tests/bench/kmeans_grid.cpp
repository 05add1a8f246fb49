// What an iteration of k-means costs with each exact algorithm, over columns and clusters.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_kmeans_grid
//   build/bench/tests/bench/bench_kmeans_grid > kmeans_grid.csv
//   gnuplot -c tests/bench/kmeans_grid.gp kmeans_grid.csv docs/kmeans_cost.png
//
// 20,000 rows of doubles: K clouds of unit noise, centres of standard deviation 4 / sqrt(2 D) in each
// column, so that two centres are about 4 apart whatever D. All algorithms start from the same rows
// and run 20 iterations at most, on one thread. Processor seconds of the whole fit, divided by the
// assignments it made, the best of three interleaved runs; one beyond 3 s is not repeated. The program
// fails where an algorithm returns another inertia or another number of iterations than Lloyd's.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <utility>

#include "latent/kmeans.hpp"

namespace {

using latent::Index;
using latent::KMeans;
using latent::KMeansAlgorithm;

constexpr Index rows = 20000;
constexpr std::array<Index, 8> columns{2, 4, 8, 16, 32, 64, 128, 256};
constexpr std::array<Index, 4> clusters{16, 64, 256, 1024};
constexpr std::array<std::pair<KMeansAlgorithm, const char*>, 6> algorithms{{
    {KMeansAlgorithm::lloyd, "lloyd"},
    {KMeansAlgorithm::hamerly, "hamerly"},
    {KMeansAlgorithm::exponion, "exponion"},
    {KMeansAlgorithm::yinyang, "yinyang"},
    {KMeansAlgorithm::projected, "projected"},
    {KMeansAlgorithm::automatic, "automatic"},
}};

latent::RowMatrix<double> clouds(Index cols, Index count) {
  latent::Random random{11};
  latent::RowMatrix<double> centres(count, cols);
  const double spread = 4.0 / std::sqrt(2.0 * static_cast<double>(cols));
  for (Index i = 0; i < centres.size(); ++i) centres.data()[i] = spread * random.normal();
  latent::RowMatrix<double> x(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    const Index cloud = random.below(count);
    for (Index j = 0; j < cols; ++j) x(i, j) = centres(cloud, j) + random.normal();
  }
  return x;
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

// Prints the lines of one data set; false where results differ.
bool measure(Index cols, Index count) {
  const latent::RowMatrix<double> x = clouds(cols, count);
  const latent::RowMatrix<double> start = x.topRows(count);
  std::array<double, algorithms.size()> best{};
  double inertia = 0.0;
  Index iterations = 0;
  Index passes = 1;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t a = 0; a < algorithms.size(); ++a) {
      const auto& [algorithm, name] = algorithms[a];
      if (round > 0 && best[a] > 3.0) continue;
      const KMeans options{.algorithm = algorithm, .max_iterations = 20};
      const double before = processor_seconds();
      const auto fit = options.fit_from(start, x, latent::Serial{});
      const double seconds = processor_seconds() - before;
      best[a] = round == 0 ? seconds : std::min(best[a], seconds);
      if (algorithm == KMeansAlgorithm::lloyd) {
        inertia = fit.inertia;
        iterations = fit.report.iterations;
        passes = fit.report.evaluations;
      } else if (fit.inertia != inertia || fit.report.iterations != iterations) {
        std::fprintf(stderr, "%s differs from lloyd: D = %td, K = %td\n", name, cols, count);
        return false;
      }
    }
  }
  for (std::size_t a = 0; a < algorithms.size(); ++a)
    std::printf("%td,%td,%s,%td,%.4g\n", cols, count, algorithms[a].second, iterations,
                best[a] / static_cast<double>(passes));
  std::fflush(stdout);
  return true;
}

}  // namespace

int main() {
  std::puts("columns,clusters,algorithm,iterations,seconds");
  for (const Index count : clusters)
    for (const Index cols : columns)
      if (!measure(cols, count)) return 1;
}
