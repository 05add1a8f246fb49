// One Lloyd iteration, its recheck included, against the bare product X C' of the same shape and
// scalar, in one run: `times_product` is their ratio, the product being the better of Eigen in
// 256-row tiles and, where CMake found it, OpenBLAS. (OpenBLAS chooses its kernel by the processor;
// one it does not know gets a slow kernel, and OPENBLAS_CORETYPE=SKYLAKEX, say, a fair one.)
//
//   cmake --preset bench && cmake --build --preset bench --target bench_kmeans_iteration &&
//   build/bench/tests/bench/bench_kmeans_iteration
//
// The data are unit normals about k centres whose coordinates have the standard deviation
// 4 / sqrt(2 d), so that two centres lie 4 apart, whatever d.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "figures.hpp"
#include "latent/kmeans.hpp"

#ifdef LATENT_BENCH_OPENBLAS
#include <cblas.h>
#endif

namespace {

using bench::median;
using latent::Index;
using latent::RowMatrix;

template <class S>
RowMatrix<S> blobs(Index n, Index d, Index k) {
  const latent::Random places(1);
  const latent::Random rows(2);
  RowMatrix<double> centres(k, d);
  for (Index c = 0; c < k; ++c) {
    latent::Random random = places.at(static_cast<std::uint64_t>(c));
    for (Index j = 0; j < d; ++j)
      centres(c, j) = random.normal() * 4.0 / std::sqrt(2.0 * static_cast<double>(d));
  }
  RowMatrix<S> x(n, d);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = rows.at(static_cast<std::uint64_t>(i));
    const auto c = static_cast<Index>(random.uniform() * static_cast<double>(k));
    for (Index j = 0; j < d; ++j) x(i, j) = static_cast<S>(centres(c, j) + random.normal());
  }
  return x;
}

template <class S>
RowMatrix<S> spread_rows(const RowMatrix<S>& x, Index k) {
  RowMatrix<S> start(k, x.cols());
  for (Index c = 0; c < k; ++c) start.row(c) = x.row(c * x.rows() / k);
  return start;
}

// Eigen, each tile into the same scratch, as a kernel would use it.
template <class S>
double product_in_tiles(const RowMatrix<S>& x, const RowMatrix<S>& c, int threads) {
  constexpr Index tile = 256;
  constexpr Index tiles = 32;  // what a thread takes at a time
  auto team = latent::Threads{threads}.team();
  const auto all = [&] {
    team.for_each_lane((x.rows() + tile * tiles - 1) / (tile * tiles), [&](Index part) {
      RowMatrix<S> out(tile, c.rows());
      for (Index t = 0; t < tiles; ++t) {
        const Index first = (part * tiles + t) * tile;
        if (first >= x.rows()) break;
        const Index rows = std::min(tile, x.rows() - first);
        out.topRows(rows).noalias() = x.middleRows(first, rows) * c.transpose();
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
      }
    });
  };
  all();  // starts the threads
  const latent::detail::Stopwatch watch;
  all();
  return watch.seconds();
}

#ifdef LATENT_BENCH_OPENBLAS
void gemm(const double* x, const double* c, double* out, int n, int k, int d) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, k, d, 1.0, x, d, c, d, 0.0, out, k);
}
void gemm(const float* x, const float* c, float* out, int n, int k, int d) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, k, d, 1.0F, x, d, c, d, 0.0F, out, k);
}

// OpenBLAS splits a product over its threads by itself, and so gets large pieces.
template <class S>
double product_of_openblas(const RowMatrix<S>& x, const RowMatrix<S>& c, int threads) {
  const Index piece = std::min<Index>(x.rows(), 8192);
  RowMatrix<S> out(piece, c.rows());
  openblas_set_num_threads(threads);
  const auto all = [&] {
    for (Index first = 0; first < x.rows(); first += piece)
      gemm(x.data() + first * x.cols(), c.data(), out.data(),
           static_cast<int>(std::min(piece, x.rows() - first)), static_cast<int>(c.rows()),
           static_cast<int>(x.cols()));
  };
  all();
  const latent::detail::Stopwatch watch;
  all();
  return watch.seconds();
}
#endif

template <class S>
void lloyd_iteration(benchmark::State& state) {
  const Index n = state.range(0);
  const Index d = state.range(1);
  const Index k = state.range(2);
  const int threads = static_cast<int>(state.range(3));
  const RowMatrix<S> x = blobs<S>(n, d, k);
  const RowMatrix<S> start = spread_rows(x, k);
  const latent::KMeans kmeans{.algorithm = latent::KMeansAlgorithm::lloyd, .max_iterations = 12};

  std::vector<double> iterations;
  std::vector<double> eigen;
  std::vector<double> openblas;
  for (auto _ : state) {
    // In turn, so that whatever else the machine does meets all of them. The first two iterations
    // warm up, and the last may be cut short by the end of the fit.
    const auto fit = kmeans.fit_from(start, x, latent::Threads{threads});
    const auto& trace = fit.report.trace;
    if (trace.size() < 5) {
      state.SkipWithError("converged before there was something to measure");
      return;
    }
    const std::size_t last = trace.size() - 2;
    iterations.push_back((trace[last].seconds - trace[2].seconds) / static_cast<double>(last - 2));
    state.SetIterationTime(iterations.back());
    eigen.push_back(product_in_tiles(x, start, threads));
#ifdef LATENT_BENCH_OPENBLAS
    openblas.push_back(product_of_openblas(x, start, threads));
#endif
  }

  double product = median(eigen);
  state.counters["eigen_ms"] = 1e3 * product;
  if (!openblas.empty()) {
    state.counters["openblas_ms"] = 1e3 * median(openblas);
    product = std::min(product, median(openblas));
  }
  state.counters["times_product"] = median(iterations) / product;
#ifdef LATENT_BENCH_OPENBLAS
  state.SetLabel(openblas_get_corename());
#endif
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "d", "k", "threads"});
  for (const int threads : {1, 2}) {
    benchmark->Args({1000000, 3, 16, threads});
    benchmark->Args({1000000, 16, 64, threads});
    benchmark->Args({100000, 128, 256, threads});
    benchmark->Args({60000, 784, 100, threads});
    benchmark->Args({100000, 64, 4096, threads});
  }
  benchmark->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
}
BENCHMARK(lloyd_iteration<double>)->Apply(shapes);
BENCHMARK(lloyd_iteration<float>)->Apply(shapes);

}  // namespace
