// Iterations of NMF against the two bare products that none can do without, X H' and X'W of the
// same shape and scalar (Eigen), in one run: `times_products` is the ratio of an iteration to them.
// `objective` is what 50 iterations reach, relative to the sum of squares of the data.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_nmf_fit &&
//   build/bench/tests/bench/bench_nmf_fit
//
// The data are products of non-negative factors, sparse by half, and a little noise.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "figures.hpp"
#include "latent/nmf.hpp"

namespace {

using bench::least;
using latent::Index;
using latent::NMF;
using latent::NMFSolver;
using latent::RowMatrix;

RowMatrix<double> half_normals(Index rows, Index cols, std::uint64_t seed) {
  return bench::normals(rows, cols, seed).cwiseMax(0.0);
}

template <class S>
double products(const RowMatrix<S>& x, const RowMatrix<S>& w, const RowMatrix<S>& h) {
  RowMatrix<S> xh(w.rows(), w.cols());
  RowMatrix<S> wx(h.rows(), h.cols());
  const latent::detail::Stopwatch watch;
  xh.noalias() = x * h.transpose();
  wx.noalias() = w.transpose() * x;
  benchmark::DoNotOptimize(xh.data());
  benchmark::DoNotOptimize(wx.data());
  return watch.seconds();
}

template <class S>
void fit(benchmark::State& state) {
  const Index n = state.range(0);
  const Index d = state.range(1);
  const Index parts = state.range(2);
  const int threads = static_cast<int>(state.range(3));
  constexpr Index iterations = 50;
  const RowMatrix<S> x =
      (half_normals(n, parts, 1) * half_normals(parts, d, 2) + 0.1 * half_normals(n, d, 3))
          .template cast<S>();
  const RowMatrix<S> w = half_normals(n, parts, 4).template cast<S>();
  const RowMatrix<S> h = half_normals(parts, d, 5).template cast<S>();
  const NMF nmf{.solver = static_cast<NMFSolver>(state.range(4)),
                .max_iterations = iterations,
                .tolerance = 0.0};
  std::vector<double> each;
  std::vector<double> bare;
  double objective = 0.0;
  for (auto _ : state) {  // in turn, so that whatever else the machine does meets both
    const latent::detail::Stopwatch watch;
    const auto found = nmf.fit_from(w, h, x, latent::Threads{threads});
    each.push_back(watch.seconds() / static_cast<double>(iterations));
    state.SetIterationTime(each.back());
    objective = found.objective;
    bare.push_back(products(x, w, h));
  }
  state.counters["times_products"] = least(each) / least(bare);
  state.counters["objective"] = objective / static_cast<double>(x.squaredNorm());
}

void shapes(benchmark::internal::Benchmark* bench) {
  for (const NMFSolver solver : {NMFSolver::hals, NMFSolver::multiplicative})
    for (const std::int64_t threads : {1, 2}) {
      bench->Args({400, 1024, 36, threads, static_cast<std::int64_t>(solver)});
      bench->Args({20'000, 1000, 20, threads, static_cast<std::int64_t>(solver)});
    }
  bench->ArgNames({"n", "d", "parts", "threads", "solver"});
  bench->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
}

BENCHMARK_TEMPLATE(fit, double)->Apply(shapes);
BENCHMARK_TEMPLATE(fit, float)->Apply(shapes);

}  // namespace
