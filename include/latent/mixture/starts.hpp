// Starting points for mixtures, and restarts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/random.hpp"
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

// The engine that the options of a fit describe.
template <class Options>
EM em_of(const Options& options) {
  return {.max_iterations = options.max_iterations,
          .tolerance = options.tolerance,
          .convergence = options.convergence,
          .acceleration = options.acceleration,
          .seed = options.seed};
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

// The statistics of the rows of x under given responsibilities: r(block) answers n x K for a block.
template <class Family, class S, class Team, class Responsibilities>
MixtureStatistics<typename Family::Statistics> statistics_under(const Mixture<Family>& model,
                                                                const Samples<S>& data, Team& team,
                                                                const Responsibilities& r) {
  using T = ScalarOf<Family>;
  return team.reduce(
      lanes_of(data.rows()), [&] { return model.zero(); },
      [&](Index lane, auto& sums) {
        for_each_block<T>(data, lane, [&](const Block<T>& block) {
          RowMatrix<T> weighted = r(block);
          for (Index i = 0; i < weighted.rows(); ++i)
            for (Index k = 0; k < weighted.cols(); ++k) {
              weighted(i, k) *= static_cast<T>(block.weights[i]);
              sums.n[k] += static_cast<double>(weighted(i, k));
            }
          model.family.accumulate(block.x, weighted, sums.family);
        });
      });
}

// The mixture's M-step from gather(model), but components without statistics keep their share of the
// weights: they are not known to be absent.
template <class Family, class Gather>
Mixture<Family> maximize_known(const Mixture<Family>& model, std::string_view who,
                               const Gather& gather) {
  Vector<double> n;
  Mixture<Family> next = detail::maximize_twice(model, [&](const Mixture<Family>& about) {
    auto sums = gather(about);
    require<DataError>(latent::all_finite(sums), who,
                       ": the weighted sums of the data must be finite; they overflow");
    n = sums.n;
    return sums;
  });
  for (Index k = 0; k < model.components(); ++k)
    if (!(n[k] > 0.0)) next.weights = model.weights;
  return next;
}

// See start_at_random.
template <class Family, class S, class Team>
Mixture<Family> random_start(const Mixture<Family>& model, const Samples<S>& data,
                             std::uint64_t seed, Index restart, Team& team) {
  using T = ScalarOf<Family>;
  const Index components = model.components();
  const double weight = total_weight(data, team);
  Vector<double> known = Vector<double>::Zero(components);  // weight of the labelled rows
  for (Index i = 0; i < data.labels().size(); ++i)
    if (data.label(i) >= 0) known[data.label(i)] += data.weight(i);
  // Every component gets a little of everything, since a start must forbid nothing.
  Vector<double> base(components);
  for (Index k = 0; k < components; ++k)
    base[k] = known[k] > 0.0 ? 0.02 * known[k] / weight : 0.5 / static_cast<double>(components);
  const auto rows = distinct_rows(data, components, seed, restart);
  Mixture<Family> start = detail::maximize_twice(model, [&](const Mixture<Family>& about) {
    auto sums = detail::statistics_under(about, data, team, [&](const Block<T>& block) {
      RowMatrix<T> r(block.x.rows(), components);
      for (Index i = 0; i < r.rows(); ++i)
        for (Index k = 0; k < components; ++k)
          r(i, k) = static_cast<T>(base[k] + (block.labels[i] == k ? 1.0 : 0.0));
      return r;
    });
    Random random(seed, Purpose::initialisation, static_cast<std::uint64_t>(restart), 1);
    RowMatrix<T> row(1, data.cols());
    for (Index k = 0; k < components; ++k) {
      // Not quite half, so that components that drew equal rows do not start alike.
      const double pull = 0.4 + 0.2 * random.uniform();
      if (known[k] > 0.0) continue;
      data.read(rows[static_cast<std::size_t>(k) % rows.size()], 1, row);
      RowMatrix<T> r = RowMatrix<T>::Zero(1, components);
      r(0, k) = static_cast<T>(pull * weight / static_cast<double>(components));
      about.family.accumulate(row, r, sums.family);
      sums.n[k] += static_cast<double>(r(0, k));
    }
    return sums;
  });
  start.weights = model.weights;
  return start;
}

// BinomialMixture and BernoulliMixture: restarts from random rows, or from labelled ones.
template <class Options, class Model, class S, class Exec, class Observer>
auto fit_at_random(const Options& options, std::string_view who, const Model& rough,
                   const Samples<S>& data, const Exec& executor, Observer& observer) {
  const EM em = em_of(options);
  em.check();
  auto&& team = executor.team();
  check_model_and_data(rough, data, team, who);
  return best_of<Model>(
      options.restarts,
      [&](Index restart) { return detail::random_start(rough, data, options.seed, restart, team); },
      em.limits(), data, team, Soft{}, observer);
}

}  // namespace detail

// Starts for EM::fit and EM::fit_best. `model` says how many components there are, with their
// priors; x is a matrix or a source; what is given back has the family that the M-step makes of
// statistics. Each throws what a fit of the same data would.

// Each component begins halfway between all of the data and a row drawn at random (a different one
// for each restart); components with labelled rows begin at those, and others keep clear of nothing.
// The weights are those of `model`. One pass over the data, and the same bits on any executor.
//
//   em.fit_best(20, [&](Index restart) { return start_at_random(model, x, seed, restart); }, x);
template <class Family, class Data, class Exec = Threads>
Mixture<Family> start_at_random(const Mixture<Family>& model, const Data& x, std::uint64_t seed = 0,
                                Index restart = 0, const Exec& executor = {}) {
  decltype(auto) data = detail::as_samples(x);
  auto&& team = executor.team();
  detail::check_model_and_data(model, data, team, "start_at_random");
  return detail::random_start(model, data, seed, restart, team);
}

// The M-step from given responsibilities (n x K, finite, not negative; soft labels). Rows need not
// sum to 1. A component that has none keeps its parameters, and then all keep their weights.
template <class Family, class Data, class R, class Exec = Threads>
Mixture<Family> start_from_responsibilities(const Mixture<Family>& model, const Data& x,
                                            const Eigen::MatrixBase<R>& responsibilities,
                                            const Exec& executor = {}) {
  using T = ScalarOf<Family>;
  decltype(auto) data = detail::as_samples(x);
  auto&& team = executor.team();
  detail::check_model_and_data(model, data, team, "start_from_responsibilities");
  const RowMatrix<double> r = responsibilities.template cast<double>();
  detail::require(r.rows() == data.rows() && r.cols() == model.components(),
                  "start_from_responsibilities: responsibilities must be rows x components, ",
                  data.rows(), " x ", model.components(), "; got ", r.rows(), " x ", r.cols());
  for (Index i = 0; i < r.rows(); ++i)
    for (Index k = 0; k < r.cols(); ++k)
      detail::require<DataError>(is_finite(r(i, k)) && r(i, k) >= 0.0,
                                 "start_from_responsibilities: responsibilities must be finite and "
                                 "not negative; got ",
                                 r(i, k), " at row ", i, ", component ", k);
  return detail::maximize_known(
      model, "start_from_responsibilities", [&](const Mixture<Family>& about) {
        return detail::statistics_under(about, data, team, [&](const Block<T>& block) {
          return RowMatrix<T>(r.middleRows(block.first_row, block.x.rows()).template cast<T>());
        });
      });
}

// The M-step from the rows with known labels; rows of label -1 wait for the fit. From k-means:
//
//   start_from_labels(model, samples(x).labels(KMeans{.clusters = 3}.fit(x).labels))
//
// A component without labelled rows keeps its parameters, and then all keep their weights. Throws
// InvalidArgument for a source without labels.
template <class Family, class S, class Exec = Threads>
Mixture<Family> start_from_labels(const Mixture<Family>& model, const Samples<S>& data,
                                  const Exec& executor = {}) {
  using T = ScalarOf<Family>;
  auto&& team = executor.team();
  detail::check_model_and_data(model, data, team, "start_from_labels");
  detail::require(data.has_labels(), "start_from_labels: the source must have labels");
  return detail::maximize_known(model, "start_from_labels", [&](const Mixture<Family>& about) {
    return detail::statistics_under(about, data, team, [&](const Block<T>& block) {
      RowMatrix<T> r = RowMatrix<T>::Zero(block.x.rows(), model.components());
      for (Index i = 0; i < r.rows(); ++i)
        if (block.labels[i] >= 0) r(i, block.labels[i]) = T(1);
      return r;
    });
  });
}

LATENT_END
