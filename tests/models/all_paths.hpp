// A hidden Markov model the slow way: every one of its K^T paths.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/core/types.hpp"

namespace latent_test {

// What the sum over all paths says of one sequence.
struct AllPaths {
  double log_likelihood = -std::numeric_limits<double>::infinity();
  latent::RowMatrix<double> gamma;        // T x K
  latent::RowMatrix<double> transitions;  // K x K, expected
  std::vector<int> best;  // the most probable path; ties to the lowest, from the end
  double best_log_probability = -std::numeric_limits<double>::infinity();
};

// `density` (T x K): log p(x_t | k). labels: T, -1 = unknown; empty = all unknown.
inline AllPaths all_paths(const latent::Vector<double>& initial,
                          const latent::RowMatrix<double>& transition,
                          const latent::RowMatrix<double>& density, const latent::Labels& labels) {
  using latent::Index;
  const Index length = density.rows();
  const Index states = density.cols();
  std::vector<std::vector<int>> paths;
  std::vector<long double> logs;
  std::vector<int> path(static_cast<std::size_t>(length), 0);
  for (;;) {
    long double log_p = 0.0L;
    for (Index t = 0; t < length; ++t) {
      const int state = path[static_cast<std::size_t>(t)];
      log_p += std::log(static_cast<long double>(
          t == 0 ? initial[state] : transition(path[static_cast<std::size_t>(t - 1)], state)));
      log_p += static_cast<long double>(density(t, state));
      if (labels.size() > 0 && labels[t] >= 0 && labels[t] != state)
        log_p = -std::numeric_limits<long double>::infinity();
    }
    paths.push_back(path);
    logs.push_back(log_p);
    // The first state counts fastest: paths that tie come in the order of their last states.
    Index t = 0;
    while (t < length && ++path[static_cast<std::size_t>(t)] == static_cast<int>(states))
      path[static_cast<std::size_t>(t++)] = 0;
    if (t == length) break;
  }
  AllPaths out;
  out.gamma = latent::RowMatrix<double>::Zero(length, states);
  out.transitions = latent::RowMatrix<double>::Zero(states, states);
  const long double top = *std::max_element(logs.begin(), logs.end());
  if (!std::isfinite(top)) return out;
  long double sum = 0.0L;
  for (const long double log_p : logs) sum += std::exp(log_p - top);
  out.log_likelihood = static_cast<double>(top + std::log(sum));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto p = static_cast<double>(std::exp(logs[i] - top) / sum);
    for (Index t = 0; t < length; ++t) {
      const int state = paths[i][static_cast<std::size_t>(t)];
      out.gamma(t, state) += p;
      if (t > 0) out.transitions(paths[i][static_cast<std::size_t>(t - 1)], state) += p;
    }
    if (out.best.empty() && logs[i] == top) out.best = paths[i];
  }
  out.best_log_probability = static_cast<double>(top);
  return out;
}

// Rows that sum to 1, of random numbers; some of them exactly 0 with `zeros`.
inline latent::RowMatrix<double> random_distributions(latent::Index rows, latent::Index cols,
                                                      latent::Random& random, bool zeros = false) {
  latent::RowMatrix<double> p(rows, cols);
  for (latent::Index j = 0; j < rows; ++j) {
    for (latent::Index k = 0; k < cols; ++k)
      p(j, k) = zeros && k != j && random.uniform() < 0.4 ? 0.0 : 0.05 + random.uniform();
    p.row(j) /= p.row(j).sum();
  }
  return p;
}

}  // namespace latent_test
