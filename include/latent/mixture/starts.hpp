// Starting points for mixtures, and restarts.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "latent/em/em.hpp"
#include "latent/mixture/mixture.hpp"

LATENT_BEGIN

namespace detail {

template <class S>
void check_component_count(const Samples<S>& data, Index components, Index restarts,
                           std::string_view who) {
  check_shape(data, who);
  require(components >= 1 && components <= data.rows(), who,
          ": components must satisfy 1 <= components <= rows; got components = ", components,
          " with ", data.rows(), " rows");
  require(restarts >= 1, who, ": restarts must be at least 1; got ", restarts);
}

// The sums of the columns over all rows, times their weights; and the sum of the weights at the
// end.
template <class S, class Team>
Vector<double> column_sums(const Samples<S>& data, Team& team) {
  return team.reduce(
      lanes_of(data.rows()), [&] { return Vector<double>(Vector<double>::Zero(data.cols() + 1)); },
      [&](Index lane, Vector<double>& sums) {
        for_each_block<double>(data, lane, [&](const Block<double>& block) {
          for (Index i = 0; i < block.x.rows(); ++i) {
            for (Index j = 0; j < data.cols(); ++j) sums[j] += block.weights[i] * block.x(i, j);
            sums[data.cols()] += block.weights[i];
          }
        });
      });
}

// `count` different rows of positive weight, drawn uniformly; fewer where there are not as many.
template <class S>
std::vector<Index> distinct_rows(const Samples<S>& data, Index count, std::uint64_t seed,
                                 Index restart) {
  std::vector<Index> rows;
  for (Index i = 0; i < data.rows(); ++i)
    if (data.weight(i) > 0.0) rows.push_back(i);
  Random random(seed, Purpose::initialisation, static_cast<std::uint64_t>(restart));
  // The head of a Fisher-Yates shuffle.
  const auto available = static_cast<Index>(rows.size());
  const Index taken = std::min(count, available);
  for (Index i = 0; i < taken; ++i)
    std::swap(rows[static_cast<std::size_t>(i)],
              rows[static_cast<std::size_t>(i + random.below(available - i))]);
  rows.resize(static_cast<std::size_t>(taken));
  return rows;
}

// a / b drawn into [0.01, 0.99], and 1/2 for 0 / 0: a start must forbid nothing. Scaling a and b
// changes nothing.
inline double inner_proportion(double a, double b) {
  return b > 0.0 ? 0.98 * (a / b) + 0.01 : 0.5;
}

// p moved by normal noise on the scale of log p/(1-p), so that no two components start alike.
inline double jittered(double p, double size, Random& random) {
  const double logit = std::log(p) - std::log1p(-p) + size * random.normal();
  return 1.0 / (1.0 + std::exp(-logit));
}

// The same source with only its labelled rows counting; empty weights where no row is labelled.
template <class S>
Vector<double> labelled_weights(const Samples<S>& data) {
  if (!data.has_labels()) return {};
  Vector<double> weights(data.rows());
  double sum = 0.0;
  for (Index i = 0; i < data.rows(); ++i)
    sum += weights[i] = data.label(i) >= 0 ? data.weight(i) : 0.0;
  return sum > 0.0 ? weights : Vector<double>{};
}

// BinomialMixture and BernoulliMixture: each restart starts component k at from_row(model, k, row,
// sums, random) for a random row and the column sums (see column_sums); where the data have labels,
// the components with labelled rows start at from_labels(model, k, known) instead, `known` being
// the statistics of those rows.
template <class Options, class Model, class S, class Exec, class Observer, class FromRow,
          class FromLabels>
auto fit_from_rows(const Options& options, std::string_view who, const Model& rough,
                   const Samples<S>& data, const Exec& executor, Observer& observer,
                   const FromRow& from_row, const FromLabels& from_labels) {
  const EM em{options.max_iterations, options.tolerance, options.convergence, Acceleration::none,
              options.seed};
  em.check();
  auto&& team = executor.team();
  check_model_and_data(rough, data, team, who);
  const Vector<double> sums = column_sums(data, team);
  const Vector<double> labelled = labelled_weights(data);
  const auto start = [&](Index restart) {
    Model model = rough;
    const auto rows = distinct_rows(data, rough.components(), options.seed, restart);
    Random random(options.seed, Purpose::initialisation, static_cast<std::uint64_t>(restart), 1);
    for (Index k = 0; k < rough.components(); ++k)
      from_row(model, k, rows[static_cast<std::size_t>(k) % rows.size()], sums, random);
    if (labelled.size() > 0) {
      const auto known = e_step(model, data.weights(labelled), Soft{}, Step{}, team).statistics;
      for (Index k = 0; k < rough.components(); ++k)
        if (known.n[k] > 0.0) from_labels(model, k, known);
    }
    return model;
  };
  return best_of<Model>(options.restarts, start, em.limits(), data, team, Soft{}, observer);
}

}  // namespace detail

LATENT_END
