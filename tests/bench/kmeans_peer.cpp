// K-means beside its peers: a driver for a harness that runs each peer as `EXE TASK THREADS` over
// the same files and reads JSON lines.
//
//   BENCHDATA=<folder> build/bench/tests/bench/bench_kmeans_peer KM3 2
//
// Reads $BENCHDATA/TASK.meta (lines "n 1000", "d 3", "k 16"), TASK.X.f64 (n x d) and TASK.C0.f64
// (k x d, the start). KM6 has no start: it is ten runs from k-means++ to convergence, and timed as
// a whole. Every other task is timed by the iteration: (the median fit of `iters` iterations less
// the median fit of one) / (iters - 1), so that checks, set-up and the closing pass cancel.
//
//   BUDGET  seconds to spend on a task and scalar type, roughly (6)
//   REPS    fits to take the median of (3)
//   FIXED   one fit of exactly so many iterations, to compare results and not times
#include <algorithm>
#include <string>
#include <vector>

#include "latent/kmeans.hpp"
#include "task.hpp"

namespace {

using latent::Index;
using latent::RowMatrix;

using bench::Timing;

struct Task : bench::Task {
  RowMatrix<double> start;  // k x d; empty where the runs choose their own
};

Task read_task(const std::string& name) {
  Task task{bench::read_task(name), {}};
  if (name != "KM6") task.start = bench::read_raw(task.stem + ".C0.f64", task.k, task.d);
  return task;
}

// The sum of squared distances to the nearest centroid, by the formula of the other drivers:
// |x|^2 + min_k (|c|^2 - 2 x c), all in double. Not the library's own figure.
double inertia_of(const RowMatrix<double>& x, const RowMatrix<double>& centroids) {
  const Eigen::RowVectorXd norms = centroids.rowwise().squaredNorm().transpose();
  double sum = 0.0;
  for (Index first = 0; first < x.rows(); first += 512) {
    const auto rows = x.middleRows(first, std::min<Index>(512, x.rows() - first));
    RowMatrix<double> scores = -2.0 * rows * centroids.transpose();
    scores.rowwise() += norms;
    sum += scores.rowwise().minCoeff().sum() + rows.squaredNorm();
  }
  return sum;
}

template <class S>
void run(const Task& task, int threads, const char* scalar) {
  const RowMatrix<S> x = task.x.cast<S>();
  const RowMatrix<S> start = task.start.cast<S>();
  const latent::Threads executor{threads};
  RowMatrix<double> centroids;
  const auto fit = [&](int iterations) {
    const latent::detail::Stopwatch watch;
    const auto result =
        task.start.size() > 0
            ? latent::KMeans{.max_iterations = iterations}.fit_from(start, x, executor)
            : latent::KMeans{.clusters = task.k, .restarts = 10}.fit(x, executor);
    const double seconds = watch.seconds();
    centroids = result.model.centroids().template cast<double>();
    return seconds;
  };
  const Timing timing = bench::measure(fit, task.start.size() > 0 ? 10 : 1);
  bench::print_line("latent", task, scalar, threads, timing, inertia_of(task.x, centroids),
                    task.start.size() > 0 ? "" : "k-means++ x10, tol 0");
}

}  // namespace

int main(int argc, char* argv[]) {
  return bench::run_peer(argc, argv, "KM", [](const std::string& name, int threads) {
    const Task task = read_task(name);
    run<double>(task, threads, "float64");
    run<float>(task, threads, "float32");
  });
}
