// Principal components beside their peers: a driver for a harness that runs each peer as
// `EXE TASK THREADS` over the same files and reads JSON lines.
//
//   BENCHDATA=<folder> build/bench/tests/bench/bench_pca_peer PCA2 2
//
// Reads $BENCHDATA/TASK.meta (lines "n 400", "d 1024", "k 36") and TASK.X.f64 (n x d). Times whole
// fits with the options left alone but for the k components, by randomized with accuracies 1e-1 and
// the default, and, on small tasks, by svd; quality is the variance that the axes capture.
//
//   BUDGET  a fit that takes longer than so many seconds is not repeated (6)
//   REPS    fits to take the median of, after one that warms up (3)
//   ONLY_DEFAULT=1  leaves out the other solvers
#include <algorithm>
#include <string>
#include <vector>

#include "latent/pca.hpp"
#include "task.hpp"

namespace {

using latent::Index;
using latent::PCA;
using latent::PCASolver;
using latent::RowMatrix;

using bench::number_from;
using bench::Task;

// The variance along the axes (d x k), divisor n - 1, in double. Not the library's own figure.
double captured(const RowMatrix<double>& x, const RowMatrix<double>& axes) {
  const Eigen::RowVectorXd of_mean = x.colwise().mean() * axes;
  double sum = 0.0;
  for (Index first = 0; first < x.rows(); first += 1024) {
    const auto rows = x.middleRows(first, std::min<Index>(1024, x.rows() - first));
    sum += ((rows * axes).rowwise() - of_mean).squaredNorm();
  }
  return sum / static_cast<double>(x.rows() - 1);
}

template <class S>
void run(const Task& task, const RowMatrix<S>& x, const PCA& pca, int threads, const char* peer) {
  const double budget = number_from("BUDGET", 6.0);
  const int repetitions = std::max(1, static_cast<int>(number_from("REPS", 3.0)));
  RowMatrix<double> axes;
  std::string note;
  const auto fit = [&] {
    const latent::detail::Stopwatch watch;
    const auto result = pca.fit(x, latent::Threads{threads});
    const double seconds = watch.seconds();
    axes = result.model.projection().template cast<double>();
    note = to_string(result.model.solver());
    return seconds;
  };
  std::vector<double> seconds{fit()};
  if (seconds[0] < budget) {
    seconds.clear();
    for (int r = 0; r < repetitions; ++r) seconds.push_back(fit());
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  bench::print_line(peer, task, sizeof(S) == 8 ? "float64" : "float32", threads,
                    {1, static_cast<int>(seconds.size()), median, median}, captured(task.x, axes),
                    note);
}

template <class S>
void run_all(const Task& task, int threads) {
  const RowMatrix<S> x = task.x.cast<S>();
  run(task, x, PCA{.keep = task.k}, threads, "latent");
  if (number_from("ONLY_DEFAULT", 0.0) > 0.0) return;
  run(task, x, PCA{.keep = task.k, .solver = PCASolver::randomized, .accuracy = 0.1}, threads,
      "latent-krylov-1e-1");
  run(task, x, PCA{.keep = task.k, .solver = PCASolver::randomized}, threads, "latent-krylov-1e-3");
  if (std::min(task.n, task.d) <= 512)
    run(task, x, PCA{.keep = task.k, .solver = PCASolver::svd}, threads, "latent-svd");
}

}  // namespace

int main(int argc, char* argv[]) {
  return bench::run_peer(argc, argv, "PCA", [](const std::string& name, int threads) {
    const Task task = bench::read_task(name);
    run_all<double>(task, threads);
    run_all<float>(task, threads);
  });
}
