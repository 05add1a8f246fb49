// Whole fits of PCA against the bare squares X'X or X X' of the same shape and scalar on one thread
// (Eigen's symmetric update, which computes one triangle, as the fit does), in one run:
// `times_squares` is their ratio. A fit looks at the data, centres them, squares them, finds the leading eigenvectors and
// makes axes of them. Where the system tells (Linux), `adds_MB` is what the process grew by at the
// most, and `sides` the same in squares of the smaller side in doubles.
//
//   cmake --preset bench && cmake --build --preset bench --target bench_pca_fit &&
//   build/bench/tests/bench/bench_pca_fit
//
// The data are normals whose variances fall as 1, 1/2, 1/3, ... along random directions, and noise.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "figures.hpp"
#include "latent/pca.hpp"

namespace {

using bench::least;
using bench::normals;
using latent::Index;
using latent::PCA;
using latent::PCASolver;
using latent::RowMatrix;

template <class S>
RowMatrix<S> decaying(Index n, Index d) {
  constexpr Index directions = 64;
  RowMatrix<double> scores = normals(n, directions, 1);
  for (Index j = 0; j < directions; ++j)
    scores.col(j) *= std::sqrt(static_cast<double>(d) / static_cast<double>(j + 1)) / 8.0;
  const RowMatrix<double> axes = normals(directions, d, 2) / std::sqrt(static_cast<double>(d));
  RowMatrix<S> x(n, d);
  for (Index first = 0; first < n; first += 1024) {
    const Index rows = std::min<Index>(1024, n - first);
    x.middleRows(first, rows) = (scores.middleRows(first, rows) * axes +
                                 0.05 * normals(rows, d, 3 + static_cast<std::uint64_t>(first)))
                                    .template cast<S>();
  }
  return x;
}

// Kilobytes of this process, by a line of /proc/self/status; 0 where there is none.
double status_line(const std::string& key) {
  std::ifstream file("/proc/self/status");
  std::string line;
  while (std::getline(file, line))
    if (line.rfind(key, 0) == 0) return std::stod(line.substr(line.find(':') + 1));
  return 0.0;
}

// The most that f makes the process grow by, in bytes; 0 where the system does not tell.
template <class F>
double growth(const F& f) {
#ifdef __GLIBC__
  malloc_trim(0);  // what earlier fits have freed would hide what this one takes
#endif
  std::ofstream reset("/proc/self/clear_refs");
  reset << "5" << std::flush;  // the peak starts anew
  if (!reset) return 0.0;
  const double before = status_line("VmRSS");
  f();
  return 1024.0 * std::max(0.0, status_line("VmHWM") - before);
}

template <class S>
double squares(const RowMatrix<S>& x) {
  using Square = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  const bool wide = x.rows() < x.cols();
  const Index side = std::min(x.rows(), x.cols());
  Square out = Square::Zero(side, side);
  const latent::detail::Stopwatch watch;
  if (wide)
    out.template selfadjointView<Eigen::Lower>().rankUpdate(x);
  else
    out.template selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
  benchmark::DoNotOptimize(out.data());
  return watch.seconds();
}

template <class S>
void fit(benchmark::State& state) {
  const Index n = state.range(0);
  const Index d = state.range(1);
  const int threads = static_cast<int>(state.range(3));
  const RowMatrix<S> x = decaying<S>(n, d);
  const PCA pca{.keep = state.range(2), .solver = static_cast<PCASolver>(state.range(4))};
  const double bytes =
      growth([&] { benchmark::DoNotOptimize(pca.fit(x, latent::Threads{threads})); });
  std::vector<double> fits;
  std::vector<double> products;
  std::string solver;
  for (auto _ : state) {  // in turn, so that whatever else the machine does meets both
    const latent::detail::Stopwatch watch;
    const auto found = pca.fit(x, latent::Threads{threads});
    fits.push_back(watch.seconds());
    state.SetIterationTime(fits.back());
    solver = to_string(found.model.solver());
    products.push_back(squares(x));
  }
  const auto side = static_cast<double>(std::min(n, d));
  state.SetLabel(solver);
  state.counters["times_squares"] = least(fits) / least(products);
  state.counters["adds_MB"] = bytes * 1e-6;
  state.counters["sides"] = bytes / (8.0 * side * side);
}

void shapes(benchmark::internal::Benchmark* bench) {
  const auto automatic = static_cast<std::int64_t>(PCASolver::automatic);
  const auto randomized = static_cast<std::int64_t>(PCASolver::randomized);
  const auto svd = static_cast<std::int64_t>(PCASolver::svd);
  for (const std::int64_t threads : {1, 2}) {
    bench->Args({400, 1024, 36, threads, automatic});
    bench->Args({400, 10304, 36, threads, automatic});
    bench->Args({100'000, 256, 20, threads, automatic});
    bench->Args({10'000, 2000, 50, threads, automatic});
    bench->Args({400, 10304, 36, threads, randomized});
    bench->Args({100'000, 256, 20, threads, randomized});
    bench->Args({100'000, 256, 20, threads, svd});
  }
  bench->ArgNames({"n", "d", "keep", "threads", "solver"});
  bench->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);
}

BENCHMARK_TEMPLATE(fit, double)->Apply(shapes);
BENCHMARK_TEMPLATE(fit, float)->Apply(shapes);

}  // namespace
