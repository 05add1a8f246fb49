// Gaussian mixtures beside their peers: a driver for a harness that runs each peer as `EXE TASK
// THREADS` over the same files and reads JSON lines.
//
//   BENCHDATA=<folder> build/bench/tests/bench/bench_gaussian_peer GMM1 2
//
// Reads $BENCHDATA/TASK.meta (lines "n 1000", "d 3", "k 16", "var 1.5", "cov full" or "cov diag"),
// TASK.X.f64 (n x d) and TASK.M0.f64 (k x d, the means of the start; its weights are equal and its
// covariances var times the identity). Timed by the iteration, without a floor.
//
//   BUDGET  seconds to spend on a task and scalar type, roughly (6)
//   REPS    fits to take the median of (3)
//   FIXED   one fit of exactly so many iterations, to compare results and not times
#include <fstream>
#include <string>

#include "latent/gaussian_mixture.hpp"
#include "task.hpp"

namespace {

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;

struct Task : bench::Task {
  RowMatrix<double> start;  // k x d
  double variance = 1.0;
  bool diagonal = false;
};

Task read_task(const std::string& name) {
  Task task{bench::read_task(name), {}};
  task.start = bench::read_raw(task.stem + ".M0.f64", task.k, task.d);
  std::ifstream meta(task.stem + ".meta");
  std::string key;
  std::string value;
  while (meta >> key >> value) {
    if (key == "var") task.variance = std::stod(value);
    if (key == "cov") task.diagonal = value == "diag";
  }
  return task;
}

template <Covariance Form, class S>
void run(const Task& task, int threads, const char* scalar) {
  const RowMatrix<S> x = task.x.cast<S>();
  latent::Mixture<latent::Gaussian<Form, S>> start{
      latent::Vector<double>::Constant(task.k, 1.0 / static_cast<double>(task.k)),
      latent::Gaussian<Form, S>::isotropic(task.start.cast<S>(), task.variance)};
  start.family.floor = 0.0;
  double quality = 0.0;
  const auto fit = [&](int iterations) {
    const latent::detail::Stopwatch watch;
    const auto result = latent::EM{.max_iterations = iterations, .tolerance = 0.0}.fit(
        start, x, latent::Threads{threads});
    const double seconds = watch.seconds();
    quality = result.log_likelihood / static_cast<double>(task.n);
    return seconds;
  };
  const bench::Timing timing = bench::measure(fit, 10);
  bench::print_line("latent", task, scalar, threads, timing, quality);
}

template <Covariance Form>
void run_both(const Task& task, int threads) {
  run<Form, double>(task, threads, "float64");
  run<Form, float>(task, threads, "float32");
}

}  // namespace

int main(int argc, char* argv[]) {
  return bench::run_peer(argc, argv, "GMM", [](const std::string& name, int threads) {
    const Task task = read_task(name);
    if (task.diagonal)
      run_both<Covariance::diagonal>(task, threads);
    else
      run_both<Covariance::full>(task, threads);
  });
}
