// What the variants of k-means cost beside Lloyd's iteration, and what they return for it.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_kmeans_variants &&
//   build/bench/tests/bench/bench_kmeans_variants
#include <benchmark/benchmark.h>

#include <map>
#include <utility>

#include "latent/kmeans.hpp"

namespace {

using latent::Index;
using latent::KMeans;
using latent::KMeansAlgorithm;
using latent::Threads;

constexpr Index rows = 1000000;
constexpr Index cols = 16;
constexpr Index clusters = 64;

// Clouds of unit variance whose centres are `gap` times a row of normals; 0 = one cloud.
template <class S>
const latent::RowMatrix<S>& clouds(int gap) {
  static std::map<int, latent::RowMatrix<S>> made;
  latent::RowMatrix<S>& x = made[gap];
  if (x.size() > 0) return x;
  latent::Random random{7};
  latent::RowMatrix<double> centres(clusters, cols);
  for (Index i = 0; i < centres.size(); ++i) centres.data()[i] = gap * random.normal();
  x.resize(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    latent::Random row = random.at(static_cast<std::uint64_t>(i) + 1);
    for (Index j = 0; j < cols; ++j)
      x(i, j) = static_cast<S>(row.normal() + centres(i % clusters, j));
  }
  return x;
}

// Lloyd's iteration to convergence, nearly: the reference of the others.
template <class S>
latent::KMeansFit<S> fit_by_lloyd(int gap, std::uint64_t seed) {
  return KMeans{.clusters = clusters, .tolerance = 1e-4, .seed = seed}.fit(clouds<S>(gap),
                                                                           Threads{1});
}

// Its inertia, from the benchmark that ran before where there was one.
template <class S>
double& known_inertia(int gap, std::uint64_t seed) {
  static std::map<std::pair<int, std::uint64_t>, double> known;
  return known[{gap, seed}];
}

template <class S>
void lloyd(benchmark::State& state) {
  const int gap = static_cast<int>(state.range(0));
  const auto seed = static_cast<std::uint64_t>(state.range(1));
  clouds<S>(gap);
  for (auto _ : state) {
    const auto fit = fit_by_lloyd<S>(gap, seed);
    known_inertia<S>(gap, seed) = fit.inertia;
    state.counters["iterations"] = static_cast<double>(fit.report.iterations);
  }
}
BENCHMARK(lloyd<double>)->ArgsProduct({{0, 1, 3}, {0}})->Unit(benchmark::kSecond);
BENCHMARK(lloyd<float>)->ArgsProduct({{0, 1, 3}, {0}})->Unit(benchmark::kSecond);

// `over` = the inertia above that of Lloyd's iteration, as a share.
template <class S>
void mini_batch(benchmark::State& state) {
  const int gap = static_cast<int>(state.range(0));
  const auto seed = static_cast<std::uint64_t>(state.range(1));
  const latent::RowMatrix<S>& x = clouds<S>(gap);
  const KMeans options{
      .clusters = clusters, .algorithm = KMeansAlgorithm::mini_batch, .seed = seed};
  double& reference = known_inertia<S>(gap, seed);
  if (!(reference > 0.0)) reference = fit_by_lloyd<S>(gap, seed).inertia;
  double inertia = 0.0;
  double passes = 0.0;
  for (auto _ : state) {
    const auto fit = options.fit(x, Threads{1});
    inertia = fit.inertia;
    passes = static_cast<double>(fit.report.iterations);
  }
  state.counters["over"] = inertia / reference - 1.0;
  state.counters["passes"] = passes;
}
BENCHMARK(mini_batch<double>)->ArgsProduct({{0, 1, 3}, {0, 1, 2}})->Unit(benchmark::kSecond);
BENCHMARK(mini_batch<float>)->ArgsProduct({{0, 1, 3}, {0, 1, 2}})->Unit(benchmark::kSecond);

// Six iterations less one, so that starting and closing cancel.
template <class Options>
void iteration(benchmark::State& state, Options options) {
  const latent::RowMatrix<double>& x = clouds<double>(1);
  const latent::RowMatrix<double> start = x.topRows(clusters);
  for (auto _ : state) {
    options.max_iterations = 1;
    const double one = options.fit_from(start, x, Threads{1}).report.seconds;
    options.max_iterations = 6;
    const double six = options.fit_from(start, x, Threads{1}).report.seconds;
    state.SetIterationTime((six - one) / 5);
  }
}
BENCHMARK_CAPTURE(iteration, kmeans, KMeans{})->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(iteration, spherical, latent::SphericalKMeans{})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(iteration, trimmed, latent::TrimmedKMeans{})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
