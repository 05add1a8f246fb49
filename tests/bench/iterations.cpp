// What one iteration costs, beside the machine's own limit: the rate of Eigen's product in 256-row
// tiles, one thread. Numbers of operations are those of the textbook formula, so that the rates of
// different programs compare.
//
//   cmake --preset bench && cmake --build --preset bench &&
//   build/bench/tests/bench/bench_iterations
#include <benchmark/benchmark.h>

#include "latent/gaussian_mixture.hpp"
#include "latent/kmeans.hpp"
#include "latent/pca.hpp"

namespace {

using latent::Index;

template <class S>
latent::RowMatrix<S> normal(Index rows, Index cols, std::uint64_t seed) {
  const latent::Random stream(seed);
  latent::RowMatrix<S> x(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    for (Index j = 0; j < cols; ++j)
      x(i, j) = static_cast<S>(random.normal() + static_cast<double>((i * 7 + j) % 5));
  }
  return x;
}

void rate(benchmark::State& state, double operations) {
  state.counters["flops"] =
      benchmark::Counter(operations * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate, benchmark::Counter::kIs1000);
}

template <class S>
void product_in_tiles(benchmark::State& state) {
  const Index d = state.range(0);
  const Index k = state.range(1);
  const latent::RowMatrix<S> x = normal<S>(256, d, 1);
  const latent::RowMatrix<S> c = normal<S>(d, k, 2);
  latent::RowMatrix<S> out(256, k);
  for (auto _ : state) {
    out.setZero();
    latent::add_product(x, c, out);
    benchmark::DoNotOptimize(out.data());
  }
  rate(state, 2.0 * 256 * static_cast<double>(d * k));
}
BENCHMARK(product_in_tiles<double>)->Args({16, 64})->Args({128, 256})->Args({784, 100});
BENCHMARK(product_in_tiles<float>)->Args({16, 64})->Args({128, 256})->Args({784, 100});

// Five iterations less one, so that starting and closing cancel.
template <class S>
void kmeans_iteration(benchmark::State& state) {
  const Index n = state.range(0);
  const Index d = state.range(1);
  const Index k = state.range(2);
  const latent::RowMatrix<S> x = normal<S>(n, d, 3);
  const latent::RowMatrix<S> start = x.topRows(k);
  for (auto _ : state) {
    const double one =
        latent::KMeans{.max_iterations = 1}.fit_from(start, x, latent::Serial{}).report.seconds;
    const double six =
        latent::KMeans{.max_iterations = 6}.fit_from(start, x, latent::Serial{}).report.seconds;
    state.SetIterationTime((six - one) / 5);
  }
  rate(state, 2.0 * static_cast<double>(n * d * k));
}
BENCHMARK(kmeans_iteration<double>)
    ->Args({1000000, 3, 16})
    ->Args({200000, 16, 64})
    ->Args({100000, 128, 256})
    ->Args({20000, 784, 100})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(kmeans_iteration<float>)
    ->Args({1000000, 3, 16})
    ->Args({200000, 16, 64})
    ->Args({100000, 128, 256})
    ->Args({20000, 784, 100})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

template <class S>
void gaussian_mixture_iteration(benchmark::State& state) {
  using Family = latent::Gaussian<latent::Covariance::full, S>;
  const Index n = state.range(0);
  const Index d = state.range(1);
  const Index k = state.range(2);
  const latent::RowMatrix<S> x = normal<S>(n, d, 4);
  const latent::Mixture<Family> start{
      latent::Vector<double>::Constant(k, 1.0 / static_cast<double>(k)),
      Family::isotropic(x.topRows(k), S(2))};
  for (auto _ : state) {
    const double one = latent::EM{.max_iterations = 1, .tolerance = 0}
                           .fit(start, x, latent::Serial{})
                           .report.seconds;
    const double four = latent::EM{.max_iterations = 4, .tolerance = 0}
                            .fit(start, x, latent::Serial{})
                            .report.seconds;
    state.SetIterationTime((four - one) / 3);
  }
  // Two triangular products a row and component.
  rate(state, 2.0 * static_cast<double>(n * k * d * d));
}
BENCHMARK(gaussian_mixture_iteration<double>)
    ->Args({100000, 16, 16})
    ->Args({1000000, 2, 8})
    ->Args({50000, 64, 32})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(gaussian_mixture_iteration<float>)
    ->Args({100000, 16, 16})
    ->Args({1000000, 2, 8})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

template <class S>
void pca_fit(benchmark::State& state) {
  const latent::RowMatrix<S> x = normal<S>(state.range(0), state.range(1), 5);
  for (auto _ : state) {
    const auto fit = latent::PCA{.keep = state.range(2)}.fit(x, latent::Serial{});
    benchmark::DoNotOptimize(fit.model.rank());
  }
  rate(state, static_cast<double>(x.rows() * x.cols() * std::min(x.rows(), x.cols())));
}
BENCHMARK(pca_fit<double>)
    ->Args({20000, 256, 32})
    ->Args({400, 1024, 36})
    ->Unit(benchmark::kMillisecond);

}  // namespace
