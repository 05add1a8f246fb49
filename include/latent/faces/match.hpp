// What a recogniser of faces is asked with, and what it answers.
#pragma once

#include <type_traits>
#include <utility>

#include "latent/core/error.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

struct ImageShape {
  Index rows = 0;
  Index cols = 0;
};

// What identify() answers: a distance, where 0 is a perfect match and larger is worse. The four
// cases are those of Turk and Pentland (1991): near face space and near a person, the person is
// named; near face space alone, somebody unknown; far from face space, no face, whoever it is like.
struct Match {
  int label = -1;                         // the person; -1 where is_known or is_face is false
  double distance = 0.0;                  // to the nearest enrolled face, as FaceDistance says
  double distance_from_face_space = 0.0;  // of the image to its reconstruction, Euclidean
  bool is_face = true;                    // distance_from_face_space <= face_threshold
  bool is_known = true;                   // distance <= threshold
  int nearest = -1;                       // the person whom the image is most like, known or not
  Index row = -1;                         // of the enrolled image: see FaceCandidate
};

// One of those whom an image may show.
struct FaceCandidate {
  int label = -1;
  double distance = 0.0;
  Index row = -1;  // the enrolled image; where people are their means, the person's first image
};

namespace detail {

// Throws InvalidArgument unless the shape has as many pixels as there are columns.
inline void check_image_shape(const ImageShape& shape, Index columns) {
  require(
      shape.rows > 0 && shape.cols > 0 && columns % shape.rows == 0 &&
          columns / shape.rows == shape.cols,
      "Eigenfaces: shape must be positive and have as many pixels as the data have columns; got ",
      shape.rows, " x ", shape.cols, " for ", columns, " columns");
}

// One label >= 0 an image. Throws InvalidArgument (size) and DataError (negative).
template <class People>
Labels checked_people(const People& people, Index images) {
  static_assert(
      std::is_integral_v<typename People::Scalar> && !std::is_same_v<typename People::Scalar, bool>,
      "people are integers");
  detail::require(people.size() == images && (people.rows() == 1 || people.cols() == 1),
                  "Eigenfaces: there must be one person an image; got ", people.size(),
                  " people for ", images, " images");
  const typename People::PlainObject given = people;  // evaluated once
  Labels labels(images);
  for (Index i = 0; i < images; ++i) {
    const auto person = given.cols() == 1 ? given.coeff(i, 0) : given.coeff(0, i);
    detail::require<DataError>(std::in_range<int>(person) && person >= 0,
                               "Eigenfaces: people must be at least 0 and fit an int; got people(",
                               i, ") = ", person);
    labels[i] = static_cast<int>(person);
  }
  return labels;
}

}  // namespace detail

LATENT_END
