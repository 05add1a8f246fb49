// Non-negative factorisation beside its peers: a driver for a harness that runs each peer as
// `EXE TASK THREADS` over the same files and reads JSON lines.
//
//   BENCHDATA=<folder> build/bench/tests/bench/bench_nmf_peer NMF1 2
//
// Reads $BENCHDATA/NMF1.meta (lines "n 400", "d 1024", "k 36"), NMF1.X.f64 (n x d) and the start,
// NMF1.W0.f64 (n x k) and NMF1.H0.f64 (k x d). Two lines for each scalar: the fit that first
// reaches TARGET (default: what scikit-learn's coordinate descent has after 200 iterations), and
// that of ITERATIONS (200). Times are those of whole fits.
//
//   REPS    fits to take the median of (5)
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "latent/nmf.hpp"
#include "task.hpp"

namespace {

using latent::Index;
using latent::RowMatrix;

using bench::number_from;

struct Task : bench::Task {
  RowMatrix<double> weights;     // n x k
  RowMatrix<double> components;  // k x d
};

Task read_task(const std::string& name) {
  Task task{bench::read_task(name), {}, {}};
  task.weights = bench::read_raw(task.stem + ".W0.f64", task.n, task.k);
  task.components = bench::read_raw(task.stem + ".H0.f64", task.k, task.d);
  return task;
}

template <class S>
void run(const Task& task, int threads, const char* scalar) {
  const RowMatrix<S> x = task.x.cast<S>();
  const RowMatrix<S> w0 = task.weights.cast<S>();
  const RowMatrix<S> h0 = task.components.cast<S>();
  const double target = number_from("TARGET", 378.274224393);
  const int repetitions = std::max(1, static_cast<int>(number_from("REPS", 5.0)));
  // 1/2 |X - W H|^2 in double, not the library's own figure.
  const auto quality_of = [&](const auto& fit) {
    const RowMatrix<double> w = fit.weights.template cast<double>();
    const RowMatrix<double> h = fit.model.components().template cast<double>();
    return 0.5 * (task.x - w * h).squaredNorm();
  };
  const auto fit_of = [&](Index iterations) {
    return latent::NMF{.max_iterations = iterations, .tolerance = 0.0}.fit_from(
        w0, h0, x, latent::Threads{threads});
  };
  const auto report = [&](Index iterations, const char* note) {
    std::vector<double> seconds;
    double quality = 0.0;
    for (int r = 0; r < repetitions; ++r) {
      const latent::detail::Stopwatch watch;
      const auto fit = fit_of(iterations);
      seconds.push_back(watch.seconds());
      quality = quality_of(fit);
    }
    std::sort(seconds.begin(), seconds.end());
    const double median = seconds[seconds.size() / 2];
    std::printf(
        "{\"peer\":\"latent-%s\",\"task\":\"NMF1\",\"dtype\":\"%s\",\"threads\":%d,\"n\":%ld,"
        "\"d\":%ld,\"k\":%ld,\"iters\":%ld,\"reps\":%d,\"seconds_total\":%.6g,"
        "\"seconds_per_iter\":%.6g,\"quality\":%.12g,\"blas\":\"%s\",\"note\":\"%s\"}\n",
        note, scalar, threads, static_cast<long>(x.rows()), static_cast<long>(x.cols()),
        static_cast<long>(h0.rows()), static_cast<long>(iterations), repetitions, median,
        median / static_cast<double>(iterations), quality,
        std::getenv("OPENBLAS_CORETYPE") != nullptr ? std::getenv("OPENBLAS_CORETYPE") : "default",
        note);
    std::fflush(stdout);
  };
  const auto most = static_cast<Index>(number_from("ITERATIONS", 200.0));
  // The first iteration count that is good enough, by bisection: the objective never rises.
  Index low = 0;
  Index high = most;
  if (quality_of(fit_of(most)) <= target)
    while (high - low > 1) {
      const Index middle = (low + high) / 2;
      (quality_of(fit_of(middle)) <= target ? high : low) = middle;
    }
  report(high, "target");
  report(most, "fixed");
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s TASK THREADS\n", argv[0]);
    return 2;
  }
  // What a harness asks of every peer, and this one does not do, is no failure.
  const std::string name = argv[1];
  if (name != "NMF1") return 0;
  try {
    const Task task = read_task(name);
    run<double>(task, std::atoi(argv[2]), "float64");
    run<float>(task, std::atoi(argv[2]), "float32");
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}
