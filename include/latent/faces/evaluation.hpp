// How well a model recognises faces that it was not made from.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "latent/faces/eigenfaces_model.hpp"
#include "latent/metrics/confusion.hpp"
#include "latent/metrics/error_curve.hpp"

LATENT_BEGIN

// Of n images. A stranger is a person who is not enrolled, whom a model should give no name.
struct FaceEvaluation {
  std::vector<Match> matches;  // of every image, in order
  // Truth: the person, -1 for strangers; answers: the label, -1 where no name was given.
  Confusion confusion;
  double accuracy = 0.0;  // share of right answers, thresholds and strangers included

  Index enrolled = 0;   // images of people who are enrolled
  Index strangers = 0;  // images of people who are not
  // Shares, 0 where there is no such image:
  double recognition_rate = 0.0;   // of the enrolled: the nearest is right, thresholds aside
  double wrong_name_rate = 0.0;    // of the enrolled: given another's name
  double false_reject_rate = 0.0;  // of the enrolled: given no name
  double false_accept_rate = 0.0;  // of the strangers: given a name
  // cumulative_match[r]: share of the enrolled whose person is among the r + 1 nearest people (P. J.
  // Phillips, H. Moon, S. A. Rizvi and P. J. Rauss 2000); one entry a person of the gallery.
  std::vector<double> cumulative_match;
  // "Is this image of that person?" asked of every image and every person of the gallery, whose
  // distance is that of their nearest face. Without points where all answers are yes, or all no.
  ErrorCurve verification;
};

namespace detail {

// What one image says of every enrolled person, the nearest first.
struct PersonDistances {
  std::vector<int> people;
  std::vector<double> distance;
};

inline PersonDistances person_distances(const std::vector<FaceCandidate>& candidates) {
  PersonDistances result;
  std::vector<int> met;  // ascending
  for (const FaceCandidate& candidate : candidates) {
    const auto place = std::lower_bound(met.begin(), met.end(), candidate.label);
    if (place != met.end() && *place == candidate.label) continue;
    met.insert(place, candidate.label);
    result.people.push_back(candidate.label);
    result.distance.push_back(candidate.distance);
  }
  return result;
}

inline double share_of(Index part, Index whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

}  // namespace detail

// images: n x D, that the model was not fitted to; people: n labels >= 0. Throws InvalidArgument
// (shapes, no images) and DataError (not finite, negative people). For P people and m enrolled
// images O(n (D L + m L + m log m)) time and O(n P) memory.
template <class S, class Images, class People, Executor Exec = Threads>
FaceEvaluation evaluate(const EigenfacesModel<S>& model, const Images& images,
                        const Eigen::DenseBase<People>& people, const Exec& executor = {}) {
  const auto& source = detail::as_samples(images);
  detail::check_shape(source, "Eigenfaces: evaluate");
  const Labels labels = detail::checked_people(people.derived(), source.rows());
  const Index n = source.rows();

  FaceEvaluation result;
  result.matches.resize(static_cast<std::size_t>(n));
  std::vector<detail::PersonDistances> to_people(static_cast<std::size_t>(n));
  model.for_each_comparison(
      source, executor,
      [&](Index row, const std::vector<FaceCandidate>& candidates, const Match& match) {
        result.matches[static_cast<std::size_t>(row)] = match;
        to_people[static_cast<std::size_t>(row)] = detail::person_distances(candidates);
      });

  const std::size_t gallery = to_people.front().people.size();
  std::vector<Index> at_rank(gallery, 0);
  std::vector<double> genuine;
  std::vector<double> impostor;
  Labels truth(n);
  Labels answers(n);
  Index recognised = 0, wrong = 0, rejected = 0, accepted = 0;
  for (Index i = 0; i < n; ++i) {
    const Match& match = result.matches[static_cast<std::size_t>(i)];
    const detail::PersonDistances& nearest = to_people[static_cast<std::size_t>(i)];
    bool enrolled = false;
    for (std::size_t r = 0; r < gallery; ++r) {
      const bool same = nearest.people[r] == labels[i];
      (same ? genuine : impostor).push_back(nearest.distance[r]);
      if (!same) continue;
      enrolled = true;
      ++at_rank[r];
    }
    truth[i] = enrolled ? labels[i] : -1;
    answers[i] = match.label;
    ++(enrolled ? result.enrolled : result.strangers);
    if (enrolled) {
      recognised += match.nearest == labels[i];
      wrong += match.label >= 0 && match.label != labels[i];
      rejected += match.label < 0;
    } else {
      accepted += match.label >= 0;
    }
  }
  result.confusion = confusion(answers, truth);
  result.accuracy = result.confusion.accuracy();
  result.recognition_rate = detail::share_of(recognised, result.enrolled);
  result.wrong_name_rate = detail::share_of(wrong, result.enrolled);
  result.false_reject_rate = detail::share_of(rejected, result.enrolled);
  result.false_accept_rate = detail::share_of(accepted, result.strangers);
  Index within = 0;
  for (const Index count : at_rank) {
    within += count;
    result.cumulative_match.push_back(detail::share_of(within, result.enrolled));
  }
  if (!genuine.empty() && !impostor.empty()) {
    using List = Eigen::Map<const Vector<double>>;
    result.verification = error_curve(List(genuine.data(), static_cast<Index>(genuine.size())),
                                      List(impostor.data(), static_cast<Index>(impostor.size())));
  }
  return result;
}

LATENT_END
