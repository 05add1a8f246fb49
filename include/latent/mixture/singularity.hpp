// What a fit does about a component whose covariance becomes singular.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/report.hpp"
#include "latent/core/source.hpp"
#include "latent/core/types.hpp"
#include "latent/decomposition/symmetric_eigen.hpp"
#include "latent/em/concepts.hpp"
#include "latent/mixture/mixture.hpp"

LATENT_BEGIN

// The likelihood of a mixture of Gaussians has no upper bound: a component that shrinks onto few
// rows adds without end (Day 1969), and such maxima say nothing. A component collapses where its
// M-step meets the floor (relative to the data's own scale, so that scaling the data changes no
// decision), where with floor = 0 its covariance is singular, or where it has no weight left. Every
// collapse is a Note with the component, the iteration and the weight, and so is what was done:
//
// floor:    the covariance stays at the floor and the fit goes on; its status is `degenerate` where
//           that is how it ends.
// restart:  the run begins anew from another start, at most
//           most_repairs times; the report keeps the notes of the runs given up.
// drop:     the component goes and the weights of the others are scaled up: fewer components come
//           back. Of several, that of the least weight goes first.
// split:    the component begins anew as half of the heaviest sound one, divided along its leading
//           axis (Ueda, Nakano, Ghahramani and Hinton 2000); at most most_repairs times.
// fail:     the fit ends with Status::numerical_failure and the model before.
//
// restart, drop and split give way to `floor`, with a note that says why: where the covariance of all
// rows together is singular, so that no component could have a sound one; after most_repairs; for a
// covariance that all components share; and where known labels name the component. A prior
// (GaussianMixture::prior) keeps covariances from becoming singular in the first place.
enum class Singularity : std::uint8_t { floor, restart, drop, split, fail };

namespace detail {

inline constexpr Index most_repairs = 10;

// Of the components that `model` had to mend, the one of least weight; of equals, the first.
// component -1 = the covariance that all share. `model` is degenerate.
template <class Model>
Note worst_collapse(const Model& model, Index iteration) {
  std::vector<Note> events;
  detail::collect_notes(model, iteration, events);
  return *std::min_element(events.begin(), events.end(),
                           [](const Note& a, const Note& b) { return a.value < b.value; });
}

// A model to go on with, or why there is none.
template <class Model>
struct Mending {
  std::optional<Model> model;
  std::string what;
};

template <class S>
bool any_label(const Samples<S>& data, Index from, Index to) {
  for (Index i = 0; i < data.labels().size(); ++i)
    if (data.label(i) >= from && data.label(i) <= to) return true;
  return false;
}

// `model` without component k.
template <class Family, class S>
Mending<Mixture<Family>> without_component(const Mixture<Family>& model, Index k,
                                           const Samples<S>& data) {
  const Index last = model.components() - 1;
  if (last == 0) return {std::nullopt, "there is no other component"};
  if (any_label(data, k, last)) return {std::nullopt, "labels name it, or one after it"};
  std::vector<Index> from;
  RowMatrix<ScalarOf<Family>> means(last, model.dimension());
  Vector<double> weights(last);
  for (Index old = 0; old <= last; ++old) {
    if (old == k) continue;
    const auto at = static_cast<Index>(from.size());
    means.row(at) = model.family.means.row(old);
    weights[at] = model.weights[old];
    from.push_back(old);
  }
  const double sum = weights.sum();
  if (sum > 0.0)
    weights /= sum;
  else
    weights.setConstant(1.0 / static_cast<double>(last));
  return {Mixture<Family>{std::move(weights), model.family.rearranged(from, means), model.weighting,
                          model.concentration},
          concat("component ", k, " is dropped, and ", last, " are left")};
}

// `model` with component k as half of the heaviest component that is sound: both have its covariance,
// and means one standard deviation to either side along its leading axis.
template <class Family, class S>
Mending<Mixture<Family>> split_heaviest(const Mixture<Family>& model, Index k,
                                        const Samples<S>& data) {
  using T = ScalarOf<Family>;
  if (any_label(data, k, k)) return {std::nullopt, "labels name it"};
  std::vector<Note> events;
  detail::collect_notes(model, 0, events);
  Index heaviest = -1;
  for (Index other = 0; other < model.components(); ++other) {
    const bool sound = std::none_of(events.begin(), events.end(),
                                    [&](const Note& event) { return event.component == other; });
    if (sound && (heaviest < 0 || model.weights[other] > model.weights[heaviest])) heaviest = other;
  }
  if (heaviest < 0) return {std::nullopt, "no component is sound"};
  const RowMatrix<double> factor = model.family.cholesky_factor(heaviest);
  const SymmetricEigen<double> axes(factor * factor.transpose());
  Vector<double> step = std::sqrt(axes.values[0]) * axes.vectors.col(0);
  Index largest = 0;  // a sign of its own, whatever the solver's
  step.cwiseAbs().maxCoeff(&largest);
  if (step[largest] < 0.0) step = -step;
  Mixture<Family> made = model;
  RowMatrix<T> means = model.family.means;
  std::vector<Index> from;
  for (Index old = 0; old < model.components(); ++old) from.push_back(old == k ? heaviest : old);
  const RowMatrix<T> middle = means.row(heaviest);
  for (Index j = 0; j < means.cols(); ++j) {
    means(heaviest, j) = static_cast<T>(static_cast<double>(middle(0, j)) - step[j]);
    means(k, j) = static_cast<T>(static_cast<double>(middle(0, j)) + step[j]);
  }
  made.family = model.family.rearranged(from, means);
  if (model.weighting == Weighting::estimated)
    made.weights[k] = made.weights[heaviest] = 0.5 * (model.weights[k] + model.weights[heaviest]);
  return {std::move(made), concat("component ", k, " begins anew as half of component ", heaviest)};
}

}  // namespace detail

LATENT_END
