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

using bench::median;
using bench::number_from;
using bench::text_from;

struct Task : bench::Task {
  RowMatrix<double> start;  // k x d; empty where the runs choose their own
};

Task read_task(const std::string& name) {
  Task task{bench::read_task(name), {}};
  if (name != "KM6") task.start = bench::read_raw(task.stem + ".C0.f64", task.k, task.d);
  return task;
}

struct Timing {
  int iterations = 0;
  int repetitions = 0;
  double fit = 0.0;        // seconds, median
  double iteration = 0.0;  // seconds
};

Timing measure(const std::function<double(int)>& fit, int most) {
  const double budget = number_from("BUDGET", 6.0);
  const int repetitions = std::max(1, static_cast<int>(number_from("REPS", 3.0)));
  const int fixed = static_cast<int>(number_from("FIXED", 0.0));
  if (fixed > 0 && most > 1) {
    const double seconds = fit(fixed);
    return {fixed, 1, seconds, seconds / fixed};
  }
  double shortest = fit(1);
  if (most <= 1 && shortest < budget) {
    std::vector<double> whole;
    for (int r = 0; r < repetitions; ++r) whole.push_back(fit(1));
    return {1, repetitions, median(whole), median(whole)};
  }
  if (most <= 1 || shortest > budget) return {1, 1, shortest, shortest};
  shortest = std::min(shortest, fit(1));
  const double affordable = budget / repetitions / shortest;
  const int iterations =
      static_cast<int>(std::clamp(affordable, 2.0, static_cast<double>(std::max(2, most))));
  std::vector<double> ones;
  std::vector<double> whole;
  for (int r = 0; r < repetitions; ++r) {
    if (shortest * repetitions < budget / 2) ones.push_back(fit(1));
    whole.push_back(fit(iterations));
  }
  const double one = ones.empty() ? shortest : median(ones);
  const double all = median(whole);
  const double each = (all - one) / (iterations - 1);
  // Noise can eat the difference; then the whole fit counts.
  return {iterations, repetitions, all, each > 0.2 * all / iterations ? each : all / iterations};
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
  const Timing timing = measure(fit, task.start.size() > 0 ? 10 : 1);
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
