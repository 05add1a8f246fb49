// What a recogniser does with faces that it has not seen, asked of the faces it is made from: each
// is left out in turn, face space and all.
#pragma once

#include <algorithm>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "latent/faces/eigenfaces.hpp"

LATENT_BEGIN

// One entry an image, asked of a model that was fitted without it.
struct FaceTrials {
  Labels people;                            // who it is
  Labels nearest;                           // whom it is most like
  Vector<double> distance;                  // from them
  Vector<double> distance_from_face_space;  // of that model

  Index right() const { return (people.array() == nearest.array()).count(); }
  double recognition_rate() const {
    return static_cast<double>(right()) / static_cast<double>(people.size());
  }
};

namespace detail {

// The images of a fit, ready to be left out. T is always double: a template, so that only who
// leaves images out compiles their fits.
template <class T>
struct HoldOut {
  // n x r: coordinates in the space that all images span, r <= n - 1 and r <= D. A rotation leaves
  // every distance and every face space as they are, and r columns cost less than D.
  RowMatrix<T> images;
  Vector<double> weights;  // empty = ones
  Labels people;
  Eigenfaces options;  // for such coordinates
};

template <class S, class Exec>
HoldOut<double> hold_out(const Eigenfaces& options, const Samples<S>& images, Labels people,
                         const Exec& executor) {
  Eigenfaces whole = options;
  whole.keep = All{};
  whole.solver = PCASolver::automatic;
  const EigenfacesModel<S> model = whole.fit(images, people, executor).model;
  HoldOut<double> held{model.codes().template cast<double>(), images.weights(), std::move(people),
                       options};
  held.options.shape = {1, held.images.cols()};
  held.options.lighting = Lighting::as_is;
  held.options.solver = PCASolver::automatic;
  return held;
}

// Every image by itself.
inline std::vector<std::vector<Index>> single_images(Index count) {
  std::vector<std::vector<Index>> groups;
  for (Index i = 0; i < count; ++i) groups.push_back({i});
  return groups;
}

// The images of every person, the people by their first image.
inline std::vector<std::vector<Index>> images_by_person(const Labels& people) {
  std::vector<std::vector<Index>> groups;
  std::map<int, std::size_t> places;
  for (Index i = 0; i < people.size(); ++i) {
    const auto [found, fresh] = places.try_emplace(people[i], groups.size());
    if (fresh) groups.emplace_back();
    groups[found->second].push_back(i);
  }
  return groups;
}

// The model of all images but those of `group`, which are ascending.
template <class T>
EigenfacesModel<T> fit_without(const HoldOut<T>& held, const std::vector<Index>& group) {
  std::vector<Index> others;
  for (Index i = 0; i < held.people.size(); ++i)
    if (!std::binary_search(group.begin(), group.end(), i)) others.push_back(i);
  const RowMatrix<T> rest = held.images(others, Eigen::all);
  const Labels people = held.people(others);
  Eigenfaces options = held.options;
  if (const Index* asked = std::get_if<Index>(&options.keep))
    options.keep = std::min({*asked, rest.rows(), rest.cols()});
  Samples<T> source = samples(rest);
  if (held.weights.size() > 0)
    source = std::move(source).weights(Vector<double>(held.weights(others)));
  return options.fit(source, people, Serial{}).model;
}

// Each group asked of a model without it. The fits are spread over the team.
template <class T, class Team>
FaceTrials ask_left_out(const HoldOut<T>& held, const std::vector<std::vector<Index>>& groups,
                        Team& team) {
  const Index n = held.people.size();
  FaceTrials trials{held.people, Labels(n), Vector<double>(n), Vector<double>(n)};
  team.for_each_lane(static_cast<Index>(groups.size()), [&](Index g) {
    const std::vector<Index>& group = groups[static_cast<std::size_t>(g)];
    const RowMatrix<T> asked = held.images(group, Eigen::all);
    const std::vector<Match> matches = fit_without(held, group).identify_each(asked, Serial{});
    for (std::size_t i = 0; i < group.size(); ++i) {
      trials.nearest[group[i]] = matches[i].nearest;
      trials.distance[group[i]] = matches[i].distance;
      trials.distance_from_face_space[group[i]] = matches[i].distance_from_face_space;
    }
  });
  return trials;
}

// Source and people, checked for fits that leave images out.
template <class S, class People>
Labels checked_trial_people(const Samples<S>& images, const Eigen::DenseBase<People>& people) {
  Labels labels = checked_people(people.derived(), images.rows());
  require<DataError>(images.rows() >= 3,
                     "Eigenfaces: to leave one image out there must be at least 3; got ",
                     images.rows());
  return labels;
}

}  // namespace detail

// Each of n images (n x D) asked of the model that `options` fit to the other n - 1: n honest
// answers from n images. Thresholds of the options play no part. Where keep asks for more
// components than n - 1 images have, all are kept. A person's only image cannot be right.
// Throws what fit throws, and DataError for fewer than 3 images. One fit of all images, then n of n
// x min(n, D) coordinates: O(n^2 D + n^4) for n < D. The same bits for any executor.
template <class Images, class People, Executor Exec = Threads>
FaceTrials leave_one_out(const Eigenfaces& options, const Images& images,
                         const Eigen::DenseBase<People>& people, const Exec& executor = {}) {
  const auto& source = detail::as_samples(images);
  Labels labels = detail::checked_trial_people(source, people);
  const detail::HoldOut<double> held =
      detail::hold_out(options, source, std::move(labels), executor);
  auto&& team = executor.team();
  return detail::ask_left_out(held, detail::single_images(source.rows()), team);
}

LATENT_END
