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
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "latent/kmeans.hpp"
#include "task.hpp"

namespace {

using latent::Index;
using latent::RowMatrix;

using bench::text_from;
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
  std::printf(
      "{\"peer\":\"latent\",\"task\":\"%s\",\"dtype\":\"%s\",\"threads\":%d,\"n\":%ld,\"d\":%ld,"
      "\"k\":%ld,\"iters\":%d,\"reps\":%d,\"seconds_total\":%.6g,\"seconds_per_iter\":%.6g,"
      "\"quality\":%.12g,\"blas\":\"%s\",\"note\":\"%s\"}\n",
      task.name.c_str(), scalar, threads, static_cast<long>(task.n), static_cast<long>(task.d),
      static_cast<long>(task.k), timing.iterations, timing.repetitions, timing.fit,
      timing.iteration, inertia_of(task.x, centroids),
      text_from("OPENBLAS_CORETYPE", "default").c_str(),
      task.start.size() > 0 ? "" : "k-means++ x10, tol 0");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s TASK THREADS\n", argv[0]);
    return 2;
  }
  // What a harness asks of every peer, and this one does not do, is no failure.
  const std::string name = argv[1];
  if (name.rfind("KM", 0) != 0) return 0;
  try {
    const Task task = read_task(name);
    run<double>(task, std::atoi(argv[2]), "float64");
    run<float>(task, std::atoi(argv[2]), "float32");
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}
