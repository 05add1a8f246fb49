// A fitted space of faces and the people enrolled in it (Turk and Pentland 1991).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "latent/decomposition/pca_model.hpp"

LATENT_BEGIN

struct ImageShape {
  Index rows = 0;
  Index cols = 0;
};

// What identify() answers. Both distances are Euclidean, in units of a pixel: 0 is a perfect match,
// and larger is worse.
struct Match {
  int label = -1;                         // the person; -1 where is_known is false
  double distance = 0.0;                  // to the nearest enrolled image, within face space
  double distance_from_face_space = 0.0;  // of the image to its reconstruction
  bool is_face = true;                    // distance_from_face_space <= face_threshold
  bool is_known = true;                   // distance <= threshold
};

namespace detail {

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

// Immutable; every member is const and safe to call from any number of threads. Images are rows,
// flattened row by row: pixel (r, c) in column r * shape.cols + c. S is the scalar of the fitted
// images, D the pixels, L the eigenfaces.
template <class S>
class EigenfacesModel {
 public:
  using Scalar = S;

  EigenfacesModel(PCAModel<S> space, ImageShape shape, RowMatrix<S> codes, Labels people,
                  double threshold, double face_threshold)
      : space_{std::move(space)},
        shape_{shape},
        codes_{std::move(codes)},
        people_{std::move(people)},
        threshold_{threshold},
        face_threshold_{face_threshold} {}

  ImageShape shape() const { return shape_; }
  Index components() const { return space_.components(); }  // L
  const PCAModel<S>& space() const { return space_; }       // the components behind the faces
  const RowMatrix<S>& codes() const { return codes_; }      // of the enrolled images, one a row
  const Labels& people() const { return people_; }          // of the enrolled images
  double threshold() const { return threshold_; }
  double face_threshold() const { return face_threshold_; }

  RowMatrix<S> mean_face() const { return image(space_.mean()); }  // rows x cols
  // rows x cols, of length 1; j in 0 ... L-1 (InvalidArgument).
  RowMatrix<S> eigenface(Index j) const {
    detail::require(j >= 0 && j < components(), "Eigenfaces: eigenface must be 0 ... ",
                    components() - 1, "; got ", j);
    return image(space_.projection().col(j));
  }

  // n x L. Throws InvalidArgument (pixels) and DataError (not finite).
  template <class Images, Executor Exec = Threads>
  RowMatrix<S> encode(const Images& images, const Exec& executor = {}) const {
    return space_.transform(images, executor);
  }
  // n x D images from codes (n x L).
  template <class Codes, Executor Exec = Threads>
  RowMatrix<S> decode(const Codes& codes, const Exec& executor = {}) const {
    return space_.inverse_transform(codes, executor);
  }
  // n x D: the images as the eigenfaces see them.
  template <class Images, Executor Exec = Threads>
  RowMatrix<S> reconstruct(const Images& images, const Exec& executor = {}) const {
    return decode(encode(images, executor), executor);
  }

  // Who is it? One image: D pixels as a row or column, or rows x cols. The nearest enrolled image
  // within face space names the person; the first enrolled wins a tie. An enrolled image finds
  // itself at a distance of rounding size. O(D L + L enrolled).
  // Throws InvalidArgument (shape) and DataError (not finite).
  template <class Image>
  Match identify(const Eigen::DenseBase<Image>& face) const {
    const RowMatrix<S> pixels = flattened(face.derived());
    const RowMatrix<S> code = encode(pixels, Serial{});
    const RowMatrix<S> seen = decode(code, Serial{});
    Match match;
    match.distance_from_face_space = distance(pixels.data(), seen.data(), pixels.size());
    int nearest = -1;
    for (Index i = 0; i < codes_.rows(); ++i) {
      const double d = distance(code.data(), codes_.data() + i * codes_.cols(), code.size());
      if (i == 0 || d < match.distance) {
        match.distance = d;
        nearest = people_[i];
      }
    }
    match.is_known = match.distance <= threshold_;
    match.is_face = match.distance_from_face_space <= face_threshold_;
    match.label = match.is_known ? nearest : -1;
    return match;
  }

  // A model that also knows these images (n x D) of these people (n labels >= 0); face space stays
  // as it is. Throws InvalidArgument (shapes) and DataError (not finite, negative labels).
  template <class Images, class People>
  EigenfacesModel enroll(const Images& images, const Eigen::DenseBase<People>& people) const {
    const Labels labels = detail::checked_people(people.derived(), images.rows());
    const RowMatrix<S> added = encode(images);
    RowMatrix<S> codes(codes_.rows() + added.rows(), components());
    codes << codes_, added;
    Labels all(people_.size() + labels.size());
    all << people_, labels;
    return {space_, shape_, std::move(codes), std::move(all), threshold_, face_threshold_};
  }

 private:
  template <class Pixels>
  RowMatrix<S> image(const Pixels& pixels) const {
    RowMatrix<S> result(shape_.rows, shape_.cols);
    for (Index i = 0; i < result.size(); ++i) result.data()[i] = pixels[i];
    return result;
  }

  // 1 x D.
  template <class Image>
  RowMatrix<S> flattened(const Image& face) const {
    const bool as_image = face.rows() == shape_.rows && face.cols() == shape_.cols;
    const bool as_vector =
        face.size() == shape_.rows * shape_.cols && (face.rows() == 1 || face.cols() == 1);
    detail::require(as_image || as_vector, "Eigenfaces: identify takes one image of ", shape_.rows,
                    " x ", shape_.cols, " pixels or ", shape_.rows * shape_.cols, " in a row; got ",
                    face.rows(), " x ", face.cols());
    const RowMatrix<S> pixels = face.matrix().template cast<S>();
    return Eigen::Map<const RowMatrix<S>>(pixels.data(), 1, pixels.size());
  }

  // In units of the largest gap's power of two, so that no square over- or underflows.
  static double distance(const S* a, const S* b, Index count) {
    const auto gap = [&](Index i) { return static_cast<double>(a[i]) - static_cast<double>(b[i]); };
    double largest = 0.0;
    for (Index i = 0; i < count; ++i) largest = std::max(largest, std::abs(gap(i)));
    if (largest == 0.0 || !is_finite(largest)) return largest;
    const int exponent = std::ilogb(largest);
    double sum = 0.0;
    for (Index i = 0; i < count; ++i) {
      const double scaled = std::ldexp(gap(i), -exponent);
      sum += scaled * scaled;
    }
    return std::ldexp(std::sqrt(sum), exponent);
  }

  PCAModel<S> space_;
  ImageShape shape_;
  RowMatrix<S> codes_;
  Labels people_;
  double threshold_;
  double face_threshold_;
};

LATENT_END
