// What a start of k-means costs, and what it is worth: its seconds, its inertia, the iterations and
// seconds of Lloyd's from it to convergence, and its share in the whole.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_kmeans_starts &&
//   build/bench/tests/bench/bench_kmeans_starts [--benchmark_filter=KM1]
//
// LATENT_EXTRA_DATA_DIR in the environment adds clustering/birch1.txt of that folder.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "latent/kmeans.hpp"

namespace {

using latent::Index;
using latent::KMeans;
using latent::KMeansInit;
using latent::Random;
using Rows = latent::RowMatrix<double>;

// Unit normal noise about centres whose coordinates have the standard deviation 4 / sqrt(2 D).
Rows cloud(Index n, Index d, Index k) {
  Random centre_numbers{1};
  Rows centres(k, d);
  for (Index i = 0; i < k; ++i)
    for (Index j = 0; j < d; ++j)
      centres(i, j) = centre_numbers.normal() * 4.0 / std::sqrt(2.0 * static_cast<double>(d));
  const Random stream{2};
  Rows x(n, d);
  for (Index i = 0; i < n; ++i) {
    Random random = stream.at(static_cast<std::uint64_t>(i));
    const Index of = random.below(k);
    for (Index j = 0; j < d; ++j) x(i, j) = centres(of, j) + random.normal();
  }
  return x;
}

Rows numbers_of(const std::string& path, Index cols) {
  std::ifstream file{path};
  std::vector<double> values;
  for (double value = 0; file >> value;) values.push_back(value);
  return Eigen::Map<const Rows>(values.data(), static_cast<Index>(values.size()) / cols, cols);
}

void measure(benchmark::State& state, const Rows& x, Index clusters, KMeansInit init, int threads) {
  const latent::Threads executor{threads};
  const auto data = latent::samples(x);
  double start_seconds = 0;
  double fit_seconds = 0;
  latent::KMeansFit<double> fit;
  for (auto _ : state) {
    Rows start;
    {
      auto&& team = executor.team();
      const latent::detail::Stopwatch watch;
      start = latent::detail::initial_centroids(data, init, clusters, 1, 0, team);
      start_seconds += watch.seconds();
      state.SetIterationTime(watch.seconds());
    }
    const latent::detail::Stopwatch watch;
    fit = KMeans{}.fit_from(start, data, executor);
    fit_seconds += watch.seconds();
  }
  const auto runs = static_cast<double>(state.iterations());
  state.counters["start_inertia"] = fit.report.trace[0].objective;
  state.counters["inertia"] = fit.inertia;
  state.counters["iterations"] = static_cast<double>(fit.report.iterations);
  state.counters["lloyd_s"] = fit_seconds / runs;
  state.counters["share"] = start_seconds / (start_seconds + fit_seconds);
}

struct Set {
  const char* name;
  Index clusters;
  std::function<Rows()> rows;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<Set> sets{
      {"KM1_1000000x3", 16, [] { return cloud(1000000, 3, 16); }},
      {"KM2_1000000x16", 64, [] { return cloud(1000000, 16, 64); }},
      {"KM3_100000x128", 256, [] { return cloud(100000, 128, 256); }},
      {"KM4_60000x784", 100, [] { return cloud(60000, 784, 100); }},
      {"KM5_100000x64", 4096, [] { return cloud(100000, 64, 4096); }},
      {"50000x16", 32, [] { return cloud(50000, 16, 32); }},
  };
  if (const char* folder = std::getenv("LATENT_EXTRA_DATA_DIR"))
    sets.push_back({"birch1_100000x2", 100, [path = std::string(folder)] {
                      return numbers_of(path + "/clustering/birch1.txt", 2);
                    }});
  const std::pair<const char*, KMeansInit> starts[] = {
      {"plus_plus", KMeansInit::plus_plus}, {"greedy_plus_plus", KMeansInit::greedy_plus_plus},
      {"random", KMeansInit::random},       {"parallel", KMeansInit::parallel},
      {"afk_mc2", KMeansInit::afk_mc2},     {"farthest_first", KMeansInit::farthest_first},
      {"pca_part", KMeansInit::pca_part},
  };
  // One set in memory at a time: they are made when first asked for.
  static std::string held;
  static Rows rows;
  for (const Set& set : sets)
    for (const auto& [name, init] : starts)
      for (const int threads : {1, 2})
        benchmark::RegisterBenchmark(
            (std::string(set.name) + "/" + name + "/threads:" + std::to_string(threads)).c_str(),
            [set, init = init, threads](benchmark::State& state) {
              if (held != set.name) {
                rows = set.rows();
                held = set.name;
              }
              measure(state, rows, set.clusters, init, threads);
            })
            ->UseManualTime()
            ->Iterations(1)
            ->Unit(benchmark::kMillisecond);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
