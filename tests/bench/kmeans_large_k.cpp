// Many clusters: the tree of HierarchicalKMeans against k-means, 100,000 x 64 in 4096 clusters. The
// counters of the tree are its share of the time and its multiple of the inertia of ten iterations
// of k-means from k-means++, run once beforehand; and the error that the fit reports.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_kmeans_large_k &&
//   build/bench/tests/bench/bench_kmeans_large_k
#include <benchmark/benchmark.h>

#include "latent/kmeans.hpp"

namespace {

using latent::Index;
using latent::RowMatrix;

constexpr Index rows = 100000;
constexpr Index cols = 64;
constexpr Index clusters = 4096;

// Clouds of unit variance whose centres have unit variance themselves: about 11 from each other, as
// a row is about 8 from its own. Clouds overlap little and are hard to find.
const RowMatrix<double>& data() {
  static const RowMatrix<double> made = [] {
    const latent::Random stream{1};
    RowMatrix<double> x(rows, cols);
    for (Index i = 0; i < rows; ++i) {
      latent::Random own = stream.at(static_cast<std::uint64_t>(clusters + i));
      latent::Random centre = stream.at(static_cast<std::uint64_t>(own.below(clusters)));
      for (Index j = 0; j < cols; ++j) x(i, j) = own.normal() + centre.normal();
    }
    return x;
  }();
  return made;
}

struct Flat {
  double inertia = 0.0;
  double fit_seconds = 0.0;
  double start_seconds = 0.0;  // of it, until the first assignment was done
  double predict_seconds = 0.0;
};

const Flat& flat() {
  static const Flat measured = [] {
    const auto fit =
        latent::KMeans{.clusters = clusters, .max_iterations = 10}.fit(data(), latent::Threads{});
    const latent::detail::Stopwatch watch;
    benchmark::DoNotOptimize(fit.model.predict(data(), latent::Threads{}).data());
    return Flat{fit.inertia, fit.report.seconds, fit.report.trace[0].seconds, watch.seconds()};
  }();
  return measured;
}

void flat_fit(benchmark::State& state) {
  for (auto _ : state) state.SetIterationTime(flat().fit_seconds);
  state.counters["start_share"] = flat().start_seconds / flat().fit_seconds;
}
BENCHMARK(flat_fit)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

void flat_predict(benchmark::State& state) {
  for (auto _ : state) state.SetIterationTime(flat().predict_seconds);
}
BENCHMARK(flat_predict)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

latent::HierarchicalKMeans options(const benchmark::State& state) {
  return {.clusters = clusters,
          .levels = state.range(0),
          .beam = state.range(1),
          .refine = state.range(2),
          .error_rows = 0};
}

// Levels, beam, refine.
void tree_fit(benchmark::State& state) {
  double seconds = 0.0;
  latent::HierarchicalKMeansFit<double> fit;
  for (auto _ : state) {
    fit = options(state).fit(data(), latent::Threads{});
    state.SetIterationTime(fit.report.seconds);
    seconds += fit.report.seconds / static_cast<double>(state.max_iterations);
  }
  const auto error = fit.model.assignment_error(data(), 4096);
  state.counters["time_ratio"] = seconds / flat().fit_seconds;
  state.counters["inertia_ratio"] = fit.inertia / flat().inertia;
  state.counters["mislabelled"] = error.mislabelled;
  state.counters["excess"] = error.excess;
}
BENCHMARK(tree_fit)
    ->Args({2, 1, 0})
    ->Args({2, 4, 0})
    ->Args({2, 4, 3})
    ->Args({2, 8, 3})
    ->Args({2, 16, 10})
    ->Args({3, 4, 3})
    ->Args({3, 16, 3})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void tree_predict(benchmark::State& state) {
  const auto model = options(state).fit(data(), latent::Threads{}).model;
  double seconds = 0.0;
  for (auto _ : state) {
    const latent::detail::Stopwatch watch;
    benchmark::DoNotOptimize(model.predict(data(), latent::Threads{}).data());
    state.SetIterationTime(watch.seconds());
    seconds += watch.seconds() / static_cast<double>(state.max_iterations);
  }
  state.counters["time_ratio"] = seconds / flat().predict_seconds;
}
BENCHMARK(tree_predict)
    ->Args({2, 1, 1})
    ->Args({2, 4, 1})
    ->Args({2, 16, 1})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
