// Cross-validated log-likelihood of mixtures (Smyth 2000, "Model selection for probabilistic
// clustering using cross-validated likelihood").
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "latent/core/numeric.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "latent/selection/mixture_pass.hpp"

LATENT_BEGIN

namespace detail {

// The fold of each row, 0 ... folds - 1, at random, of equal size but for one row; -1 for rows of
// weight 0.
template <class S>
std::vector<Index> random_folds(const Samples<S>& data, Index folds, std::uint64_t seed) {
  std::vector<Index> rows;
  for (Index i = 0; i < data.rows(); ++i)
    if (data.weight(i) > 0.0) rows.push_back(i);
  Random(seed, Purpose::batches).shuffle(rows);
  std::vector<Index> fold(static_cast<std::size_t>(data.rows()), -1);
  for (std::size_t p = 0; p < rows.size(); ++p)
    fold[static_cast<std::size_t>(rows[p])] = static_cast<Index>(p) % folds;
  return fold;
}

// log p(x_i) of each row under fit(rows of the other folds), 0 for rows of weight 0. Labels serve the
// fits; of a row held out nothing is known but x.
template <class Fit, class S, class Team>
Vector<double> held_out_log_density(const Fit& fit, const Samples<S>& data,
                                    const std::vector<Index>& fold, Index folds, Team& team) {
  const Index n = data.rows();
  const auto at = [&](Index i) { return fold[static_cast<std::size_t>(i)]; };
  Vector<double> held = Vector<double>::Zero(n);
  for (Index f = 0; f < folds; ++f) {
    Vector<double> weights(n);
    for (Index i = 0; i < n; ++i) weights[i] = at(i) == f ? 0.0 : data.weight(i);
    const auto model = fit(data.weights(weights));
    const MixturePass pass = pass_over(model, data.labels(Labels::Constant(n, -1)), team);
    for (Index i = 0; i < n; ++i)
      if (at(i) == f) held[i] = pass.log_density[i];
  }
  return held;
}

struct WeightedMean {
  std::optional<double> value;  // none where it is not finite
  std::optional<double> error;  // sqrt(sum_i w_i (x_i - mean)^2 / ((W - 1) W)); W > 1
};

template <class S>
WeightedMean weighted_mean(const Samples<S>& data, const Vector<double>& x) {
  double total = 0.0;
  double sum = 0.0;
  for (Index i = 0; i < x.size(); ++i)
    if (data.weight(i) > 0.0) {
      total += data.weight(i);
      sum += data.weight(i) * x[i];
    }
  WeightedMean mean;
  if (!is_finite(sum)) return mean;
  mean.value = sum / total;
  if (!(total > 1.0)) return mean;
  double squares = 0.0;
  for (Index i = 0; i < x.size(); ++i)
    if (data.weight(i) > 0.0)
      squares += data.weight(i) * (x[i] - *mean.value) * (x[i] - *mean.value);
  mean.error = std::sqrt(squares / ((total - 1.0) * total));
  if (!is_finite(*mean.error)) mean.error.reset();
  return mean;
}

}  // namespace detail

LATENT_END
