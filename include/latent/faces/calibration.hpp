// Thresholds for "nobody I know" and "no face", measured on the faces themselves.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "latent/core/report.hpp"
#include "latent/faces/leave_out.hpp"
#include "latent/metrics/error_curve.hpp"

LATENT_BEGIN

// What the thresholds may cost; each in 0 ... 1.
struct CalibrationTarget {
  // At most this share of strangers is given a name; and at most this share of pictures without a
  // face passes for one, where such pictures are given.
  double false_accept_rate = 0.01;
  // At most this share of faces is taken for no face, where no such pictures are given.
  double face_reject_rate = 0.01;
};

struct FaceCalibration {
  double threshold = 0.0;       // for Eigenfaces::threshold or FaceRule::threshold
  double face_threshold = 0.0;  // likewise
  // What both together cost:
  double false_accept_rate = 0.0;    // of strangers: given a name
  double false_reject_rate = 0.0;    // of the enrolled: given no name
  double wrong_name_rate = 0.0;      // of the enrolled: given another's name
  double face_reject_rate = 0.0;     // of all faces: taken for no face
  double no_face_accept_rate = 0.0;  // of the pictures without a face: taken for one
  // What other thresholds would cost: of the enrolled (genuine) against strangers, and of faces
  // (genuine) against the pictures without one (no points where none were given).
  ErrorCurve people;
  ErrorCurve faces;
  Report report;  // evaluations: the fits; degenerate where a target cannot be met
};

namespace detail {

// Between this point of the curve and the next, where nothing changes.
inline double threshold_at(const ErrorCurve& curve, Index place) {
  const auto i = static_cast<std::size_t>(place);
  if (i + 1 == curve.points.size()) return std::numeric_limits<double>::infinity();
  const double above = curve.points[i + 1].threshold;
  const double below = std::max(0.0, curve.points[i].threshold);
  const double between = below + 0.5 * (above - below);
  return between < above ? between : below;
}

// The smallest threshold that rejects at most this share of the distances, ascending.
inline double keeping_threshold(const std::vector<double>& sorted, double reject_rate) {
  const double most = reject_rate * static_cast<double>(sorted.size());
  const auto rejected = static_cast<std::size_t>(most * (1.0 + 1e-12));
  if (rejected >= sorted.size()) return 0.0;
  const double last_kept = sorted[sorted.size() - 1 - rejected];
  const auto above = std::upper_bound(sorted.begin(), sorted.end(), last_kept);
  return above == sorted.end() ? last_kept : last_kept + 0.5 * (*above - last_kept);
}

template <class S, class Exec>
FaceCalibration calibrate(const Eigenfaces& options, const Samples<S>& source, Labels people,
                          const CalibrationTarget& target, const Vector<double>& no_faces,
                          const Exec& executor) {
  const Stopwatch watch;
  const HoldOut<double> held = hold_out(options, source, std::move(people), executor);
  const auto persons = images_by_person(held.people);
  auto&& team = executor.team();
  const FaceTrials own = ask_left_out(held, single_images(source.rows()), team);
  const FaceTrials strange = ask_left_out(held, persons, team);

  std::vector<Index> known;  // images of people who have another one
  for (const auto& images : persons)
    if (images.size() > 1) known.insert(known.end(), images.begin(), images.end());
  std::sort(known.begin(), known.end());

  FaceCalibration result;
  result.report.status = Status::converged;
  result.report.evaluations = source.rows() + static_cast<Index>(persons.size()) + 1;
  result.people = error_curve(Vector<double>(own.distance(known)), strange.distance);
  const Index place = result.people.at_false_accept(target.false_accept_rate);
  result.threshold = threshold_at(result.people, place);

  Vector<double> faces(2 * source.rows());
  faces << own.distance_from_face_space, strange.distance_from_face_space;
  if (no_faces.size() > 0) {
    result.faces = error_curve(faces, no_faces);
    result.face_threshold =
        threshold_at(result.faces, result.faces.at_false_accept(target.false_accept_rate));
  } else {
    std::vector<double> sorted(faces.data(), faces.data() + faces.size());
    std::sort(sorted.begin(), sorted.end());
    result.face_threshold = keeping_threshold(sorted, target.face_reject_rate);
  }

  const auto named = [&](const FaceTrials& trials, Index i) {
    return trials.distance[i] <= result.threshold &&
           trials.distance_from_face_space[i] <= result.face_threshold;
  };
  double rejected = 0.0, wrong = 0.0, accepted = 0.0;
  for (const Index i : known) {
    rejected += !named(own, i);
    wrong += named(own, i) && own.nearest[i] != own.people[i];
  }
  for (Index i = 0; i < source.rows(); ++i) accepted += named(strange, i);
  const auto share = [](double part, Index whole) { return part / static_cast<double>(whole); };
  result.false_reject_rate = share(rejected, static_cast<Index>(known.size()));
  result.wrong_name_rate = share(wrong, static_cast<Index>(known.size()));
  result.false_accept_rate = share(accepted, source.rows());
  const auto beyond = [&](const Vector<double>& distances) {
    return static_cast<double>((distances.array() > result.face_threshold).count());
  };
  result.face_reject_rate = share(beyond(faces), faces.size());
  if (no_faces.size() > 0)
    result.no_face_accept_rate =
        share(static_cast<double>(no_faces.size()) - beyond(no_faces), no_faces.size());

  const auto note = [&](double reached, const char* what) {
    if (reached <= target.false_accept_rate + 1e-12) return;
    result.report.status = Status::degenerate;
    result.report.notes.push_back(
        {0, -1, reached,
         concat("calibrate: a share of ", reached, " of ", what,
                " is at distance 0, so that no threshold keeps them out")});
  };
  note(result.false_accept_rate, "strangers");
  note(result.no_face_accept_rate, "pictures without a face");
  result.report.seconds = watch.seconds();
  return result;
}

template <class S, class People>
Labels checked_calibration(const Samples<S>& source, const Eigen::DenseBase<People>& people,
                           const CalibrationTarget& target) {
  for (const double rate : {target.false_accept_rate, target.face_reject_rate})
    require(rate >= 0.0 && rate <= 1.0, "calibrate: rates must be 0 ... 1; got ", rate);
  Labels labels = checked_trial_people(source, people);
  const auto persons = images_by_person(labels);
  std::size_t most = 0;
  for (const auto& images : persons) most = std::max(most, images.size());
  require<DataError>(
      persons.size() >= 2 && most >= 2 && source.rows() - static_cast<Index>(most) >= 2,
      "calibrate: there must be two people, one of them with two images, and two "
      "images left without anyone; got ",
      source.rows(), " images of ", persons.size(),
      " people, the largest number of one person being ", most);
  return labels;
}

}  // namespace detail

// Thresholds for a model that the same options fit to these images (n x D) of these people (n
// labels). Each image is asked twice: of a model without it, as a new image of an enrolled person,
// and of a model without its person, as a stranger. `threshold` is the largest, half way to the
// next distance that occurs, that gives a name to at most the target's share of the strangers.
// `face_threshold` is the smallest, half way likewise, that takes at most the target's share of
// faces, of either kind, for no face. Rates are shares of n images or fewer: 100 images measure no
// rate below 1 %, and a target below 1 / n lets no stranger in.
//
// Throws what fit throws, InvalidArgument (rates), and DataError where two people, or a second
// image of somebody, are missing. n + people fits to n x min(n, D) coordinates: O(n^2 D + n^4) for
// n < D. The same bits for any executor.
template <class Images, class People, Executor Exec = Threads>
FaceCalibration calibrate(const Eigenfaces& options, const Images& images,
                          const Eigen::DenseBase<People>& people,
                          const CalibrationTarget& target = {}, const Exec& executor = {}) {
  const auto& source = detail::as_samples(images);
  Labels labels = detail::checked_calibration(source, people, target);
  return detail::calibrate(options, source, std::move(labels), target, Vector<double>(), executor);
}

// The same with pictures that show no face (m x D, m >= 1): `face_threshold` is then the largest
// that at most the target's share of them passes.
template <class Images, class People, class Pictures, Executor Exec = Threads>
FaceCalibration calibrate(const Eigenfaces& options, const Images& images,
                          const Eigen::DenseBase<People>& people, const CalibrationTarget& target,
                          const Eigen::DenseBase<Pictures>& no_faces, const Exec& executor = {}) {
  const auto& source = detail::as_samples(images);
  Labels labels = detail::checked_calibration(source, people, target);
  detail::require(no_faces.rows() > 0,
                  "calibrate: there must be at least one picture without a face; got none");
  const auto matches =
      options.fit(source, labels, executor).model.identify_each(no_faces.derived(), executor);
  Vector<double> distances(static_cast<Index>(matches.size()));
  for (Index i = 0; i < distances.size(); ++i)
    distances[i] = matches[static_cast<std::size_t>(i)].distance_from_face_space;
  return detail::calibrate(options, source, std::move(labels), target, distances, executor);
}

LATENT_END
