// What acceleration saves: seconds and E-steps of a fit to tolerance 1e-10, over the same twenty
// starts, without it and with it. The median of the twenty ratios of E-steps is counted, and the
// worst loss of log-likelihood against plain EM, in the same run.
//
//   build/bench/tests/bench/bench_acceleration
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "latent/gaussian_mixture.hpp"
#include "latent/mixture/bernoulli.hpp"

namespace {

using latent::Acceleration;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;

template <class Model>
struct Problem {
  RowMatrix<double> x;
  std::vector<Model> starts;
};

using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

Words random_words(Index components, Index d, std::uint64_t seed) {
  latent::Random random(seed);
  RowMatrix<double> p(components, d);
  for (Index i = 0; i < p.size(); ++i) p.data()[i] = 0.1 + 0.8 * random.uniform();
  return {Vector<double>::Constant(components, 1.0 / static_cast<double>(components)), {p}};
}

Problem<Words> words(Index components, Index d) {
  Problem<Words> problem{random_words(components, d, 1003).sample(2000, 5), {}};
  for (std::uint64_t s = 0; s < 20; ++s)
    problem.starts.push_back(random_words(components, d, 1000 + s));
  return problem;
}

// Three round clouds, `distance` standard deviations apart.
Problem<Bells> clouds(double distance) {
  RowMatrix<double> means(3, 2);
  means << 0, 0, distance, 0, 0, distance;
  const Bells truth{Eigen::VectorXd{{0.3, 0.3, 0.4}}, latent::Gaussian<>::isotropic(means, 1.0)};
  Problem<Bells> problem{truth.sample(1000, 3), {}};
  for (Index s = 0; s < 20; ++s)
    problem.starts.push_back(latent::start_at_random(truth, problem.x, 7, s));
  return problem;
}

template <class Model>
void fit(benchmark::State& state, const Problem<Model>& problem, Acceleration kind) {
  const auto run = [&](const Model& start, Acceleration with) {
    return latent::EM{.max_iterations = 100000, .tolerance = 1e-10, .acceleration = with}.fit(
        start, problem.x, latent::Serial{});
  };
  std::vector<double> ratios;
  double loss = 0.0;
  for (const Model& start : problem.starts) {
    const auto plain = run(start, Acceleration::none);
    const auto fast = run(start, kind);
    ratios.push_back(static_cast<double>(plain.report.evaluations) /
                     static_cast<double>(fast.report.evaluations));
    loss = std::max(loss, plain.log_likelihood - fast.log_likelihood);
  }
  std::sort(ratios.begin(), ratios.end());
  double evaluations = 0.0;
  for (auto _ : state) {
    evaluations = 0.0;
    for (const Model& start : problem.starts)
      evaluations += static_cast<double>(run(start, kind).report.evaluations);
  }
  state.counters["E_steps"] = evaluations / static_cast<double>(problem.starts.size());
  state.counters["times_fewer"] = 0.5 * (ratios[9] + ratios[10]);
  state.counters["loss"] = loss;
}

void on_words(benchmark::State& state, Acceleration kind, Index components, Index d) {
  fit(state, words(components, d), kind);
}
void on_clouds(benchmark::State& state, Acceleration kind, double distance) {
  fit(state, clouds(distance), kind);
}

BENCHMARK_CAPTURE(on_words, overlapping_plain, Acceleration::none, 3, 8);
BENCHMARK_CAPTURE(on_words, overlapping_squarem, Acceleration::squarem, 3, 8);
BENCHMARK_CAPTURE(on_words, overlapping_anderson, Acceleration::anderson, 3, 8);
BENCHMARK_CAPTURE(on_words, apart_plain, Acceleration::none, 4, 20);
BENCHMARK_CAPTURE(on_words, apart_squarem, Acceleration::squarem, 4, 20);
BENCHMARK_CAPTURE(on_words, apart_anderson, Acceleration::anderson, 4, 20);
BENCHMARK_CAPTURE(on_clouds, overlapping_plain, Acceleration::none, 2.0);
BENCHMARK_CAPTURE(on_clouds, overlapping_squarem, Acceleration::squarem, 2.0);
BENCHMARK_CAPTURE(on_clouds, overlapping_anderson, Acceleration::anderson, 2.0);
BENCHMARK_CAPTURE(on_clouds, apart_plain, Acceleration::none, 6.0);
BENCHMARK_CAPTURE(on_clouds, apart_squarem, Acceleration::squarem, 6.0);
BENCHMARK_CAPTURE(on_clouds, apart_anderson, Acceleration::anderson, 6.0);

}  // namespace
