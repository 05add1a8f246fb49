// One fit of k-means to convergence from a given start, timed; kmeans_to_convergence.py calls it
// and sets the peers beside it.
//
//   bench_kmeans_to_convergence X.f64 START.f64 N D K ALGORITHM SCALAR THREADS REPETITIONS MOST
//
// ALGORITHM is a value of KMeansAlgorithm, SCALAR float64 or float32, MOST the limit of iterations.
// Prints {"seconds": [each fit], "iterations": ..., "inertia": ..., "converged": ...}.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "latent/kmeans.hpp"
#include "raw_file.hpp"

namespace {

using latent::Index;
using latent::RowMatrix;

latent::KMeansAlgorithm algorithm_of(const std::string& name) {
  using Algorithm = latent::KMeansAlgorithm;
  if (name == "automatic") return Algorithm::automatic;
  if (name == "lloyd") return Algorithm::lloyd;
  if (name == "hamerly") return Algorithm::hamerly;
  if (name == "exponion") return Algorithm::exponion;
  if (name == "yinyang") return Algorithm::yinyang;
  if (name == "projected") return Algorithm::projected;
  throw std::runtime_error("no algorithm '" + name + "'");
}

template <class S>
void run(const RowMatrix<double>& data, const RowMatrix<double>& from, const latent::KMeans& kmeans,
         int threads, int repetitions) {
  const RowMatrix<S> x = data.cast<S>();
  const RowMatrix<S> start = from.cast<S>();
  std::printf("{\"seconds\": [");
  for (int r = 0; r < repetitions; ++r) {
    const latent::detail::Stopwatch watch;
    const auto fit = kmeans.fit_from(start, x, latent::Threads{threads});
    std::printf("%s%.6g", r > 0 ? ", " : "", watch.seconds());
    if (r + 1 < repetitions) continue;
    std::printf("], \"iterations\": %ld, \"inertia\": %.17g, \"converged\": %s}\n",
                static_cast<long>(fit.report.iterations), fit.inertia,
                fit.report.converged() ? "true" : "false");
  }
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 11) {
    std::fprintf(stderr,
                 "usage: %s X.f64 START.f64 N D K ALGORITHM SCALAR THREADS REPETITIONS MOST\n",
                 argv[0]);
    return 2;
  }
  try {
    const Index n = std::stol(argv[3]);
    const Index d = std::stol(argv[4]);
    const Index k = std::stol(argv[5]);
    const RowMatrix<double> x = bench::read_raw(argv[1], n, d);
    const RowMatrix<double> start = bench::read_raw(argv[2], k, d);
    const latent::KMeans kmeans{.algorithm = algorithm_of(argv[6]),
                                .max_iterations = std::stol(argv[10])};
    const std::string scalar = argv[7];
    const int threads = std::stoi(argv[8]);
    const int repetitions = std::stoi(argv[9]);
    if (scalar == "float64")
      run<double>(x, start, kmeans, threads, repetitions);
    else if (scalar == "float32")
      run<float>(x, start, kmeans, threads, repetitions);
    else
      throw std::runtime_error("no scalar '" + scalar + "'");
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}
