// One iteration of k-means over sparse rows beside the same rows dense: 20,000 x 10,000, 50 entries
// a row, 100 clusters; and a wide case that is never dense. `data` is the memory of the rows.
//
//   cmake --preset bench && cmake --build --preset bench &&
//   build/bench/tests/bench/bench_kmeans_sparse
#include <benchmark/benchmark.h>

#include <Eigen/SparseCore>
#include <ctime>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/kmeans.hpp"

namespace {

using latent::Index;
template <class S>
using Sparse = Eigen::SparseMatrix<S, Eigen::RowMajor>;

// Rows in 37 groups; a group draws its columns around a place of its own, some far more often.
template <class S>
Sparse<S> rows_of(Index rows, Index cols, Index entries) {
  std::vector<Eigen::Triplet<S>> triplets;
  latent::Random random{7};
  for (Index i = 0; i < rows; ++i)
    for (Index p = 0; p < entries; ++p) {
      const double u = random.uniform();
      const auto place = static_cast<Index>(u * u * static_cast<double>(cols));
      triplets.emplace_back(static_cast<int>(i), static_cast<int>((place + i % 37 * 97) % cols),
                            static_cast<S>(1 + random.below(3)));
    }
  Sparse<S> x(rows, cols);
  x.setFromTriplets(triplets.begin(), triplets.end());
  return x;
}

// Four iterations less one, so that checks, starting and closing cancel; processor time.
template <class S, class X>
void iterate(benchmark::State& state, const X& x, const latent::RowMatrix<S>& start, double bytes) {
  const auto seconds = [&](Index count) {
    const std::clock_t begin = std::clock();
    const auto fit = latent::KMeans{.max_iterations = count}.fit_from(start, latent::samples(x),
                                                                      latent::Serial{});
    benchmark::DoNotOptimize(fit.inertia);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  for (auto _ : state) {
    const double one = seconds(1);
    state.SetIterationTime((seconds(4) - one) / 3.0);
  }
  state.counters["data"] = benchmark::Counter(bytes, {}, benchmark::Counter::kIs1024);
}

template <class S>
void sparse_iteration(benchmark::State& state) {
  const Sparse<S> x = rows_of<S>(state.range(0), state.range(1), state.range(2));
  const latent::RowMatrix<S> start = x.topRows(state.range(3));
  // Values and columns, and the source's pointers to each row.
  const double bytes = static_cast<double>(x.nonZeros()) * (sizeof(S) + sizeof(int)) +
                       static_cast<double>(x.rows()) * sizeof(latent::SparseRow<S>);
  iterate<S>(state, x, start, bytes);
}

template <class S>
void dense_iteration(benchmark::State& state) {
  const latent::RowMatrix<S> x = rows_of<S>(state.range(0), state.range(1), state.range(2));
  const latent::RowMatrix<S> start = x.topRows(state.range(3));
  iterate<S>(state, x, start, static_cast<double>(x.size()) * sizeof(S));
}

BENCHMARK(sparse_iteration<double>)
    ->Args({20000, 10000, 50, 100})
    ->Args({20000, 60000, 50, 300})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(sparse_iteration<float>)
    ->Args({20000, 10000, 50, 100})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(dense_iteration<double>)
    ->Args({20000, 10000, 50, 100})
    ->UseManualTime()
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(dense_iteration<float>)
    ->Args({20000, 10000, 50, 100})
    ->UseManualTime()
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);

}  // namespace
