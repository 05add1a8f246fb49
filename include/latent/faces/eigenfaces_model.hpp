// A fitted space of faces and the people enrolled in it (Turk and Pentland 1991).
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "latent/decomposition/pca_model.hpp"
#include "latent/faces/face_rule.hpp"
#include "latent/faces/gallery.hpp"
#include "latent/faces/length.hpp"
#include "latent/faces/lighting.hpp"
#include "latent/faces/match.hpp"
#include "latent/faces/visible_pixels.hpp"

LATENT_BEGIN

// Immutable; every member is const and safe to call from any number of threads. Images are rows,
// flattened row by row: pixel (r, c) in column r * shape.cols + c. S is the scalar of the fitted
// images, D the pixels, L the eigenfaces. Where a mask is given (n x D, or D pixels or rows x cols
// for all images; bool or integers, nonzero = visible), hidden pixels may hold anything, NaN too;
// without one every pixel must be finite. All members that take images throw InvalidArgument
// (shapes) and DataError (not finite, a mask that leaves nothing).
template <class S>
class EigenfacesModel {
 public:
  using Scalar = S;

  // codes: n x L, of the enrolled images of `people` (n labels >= 0). Throws InvalidArgument
  // (shapes, the rule).
  EigenfacesModel(PCAModel<S> space, ImageShape shape, Lighting lighting, RowMatrix<S> codes,
                  Labels people, const FaceRule& rule)
      : space_{std::move(space)},
        shape_{shape},
        lighting_{lighting},
        gallery_{checked(space_, shape, codes, people, rule), std::move(people), rule,
                 space_.parts().deviation} {}

  ImageShape shape() const { return shape_; }
  Lighting lighting() const { return lighting_; }
  Index components() const { return space_.components(); }        // L
  const PCAModel<S>& space() const { return space_; }             // the components themselves
  const RowMatrix<S>& codes() const { return gallery_.codes(); }  // of the enrolled, one a row
  const Labels& people() const { return gallery_.people(); }      // of the enrolled images
  const FaceRule& rule() const { return gallery_.rule(); }
  double threshold() const { return rule().threshold; }
  double face_threshold() const { return rule().face_threshold; }

  RowMatrix<S> mean_face() const { return image(space_.mean()); }  // rows x cols
  // rows x cols, of length 1; j in 0 ... L-1 (InvalidArgument).
  RowMatrix<S> eigenface(Index j) const {
    detail::require(j >= 0 && j < components(), "Eigenfaces: eigenface must be 0 ... ",
                    components() - 1, "; got ", j);
    return image(space_.projection().col(j));
  }

  // n x L.
  template <class Images, Executor Exec = Threads>
  RowMatrix<S> encode(const Images& images, const Exec& executor = {}) const {
    return lit(images, executor,
               [&](const auto& source, const auto&) { return space_.transform(source, executor); });
  }
  // n x L, by least squares on the visible pixels: see detail::VisibleCoder. There should be
  // several times as many of them as eigenfaces.
  template <class Images, class Mask, Executor Exec = Threads>
  RowMatrix<S> encode(const Images& images, const Eigen::DenseBase<Mask>& visible,
                      const Exec& executor = {}) const {
    return seen(images, visible, executor).codes;
  }

  // n x D images from codes (n x L); standardised ones where the lighting is.
  template <class Codes, Executor Exec = Threads>
  RowMatrix<S> decode(const Codes& codes, const Exec& executor = {}) const {
    return space_.inverse_transform(codes, executor);
  }

  // n x D: the images as the eigenfaces see them, each with its own brightness and contrast.
  template <class Images, Executor Exec = Threads>
  RowMatrix<S> reconstruct(const Images& images, const Exec& executor = {}) const {
    return lit(images, executor, [&](const auto& source, const auto& light) {
      return shaded(decode(space_.transform(source, executor), executor), light);
    });
  }
  // n x D, the hidden pixels as well: what face space expects there.
  template <class Images, class Mask, Executor Exec = Threads>
  RowMatrix<S> reconstruct(const Images& images, const Eigen::DenseBase<Mask>& visible,
                           const Exec& executor = {}) const {
    const detail::VisibleCodes<S> codes = seen(images, visible, executor);
    return shaded(decode(codes.codes, executor), codes.light);
  }

  // Who is it? One image: D pixels as a row or column, or rows x cols. The nearest enrolled face
  // names the person; the first enrolled wins a tie. An enrolled image finds itself at a distance
  // of rounding size. O(D L + L enrolled).
  template <class Image>
  Match identify(const Eigen::DenseBase<Image>& face) const {
    return identify_each(flattened(face.derived()), Serial{}).front();
  }
  // Of an image of which some pixels are hidden. Its distance from face space is that of the
  // visible pixels times sqrt(D / visible), so that one threshold serves.
  template <class Image, class Mask>
  Match identify(const Eigen::DenseBase<Image>& face, const Eigen::DenseBase<Mask>& visible) const {
    const detail::VisibleCodes<S> codes = seen(flattened(face.derived()), visible, Serial{});
    return match(codes.codes.data(), codes.distance[0]);
  }
  // Of n images (n x D): n answers.
  template <class Images, Executor Exec = Threads>
  std::vector<Match> identify_each(const Images& images, const Exec& executor = {}) const {
    std::vector<Match> matches;
    compare(
        images, executor, [&](Index rows) { matches.resize(static_cast<std::size_t>(rows)); },
        [&](Index row, const S* code, double from_face_space) {
          matches[static_cast<std::size_t>(row)] = match(code, from_face_space);
        });
    return matches;
  }

  // Everyone enrolled, the nearest first, whatever the thresholds: one candidate an enrolled image,
  // or a person where people are their means; the first enrolled comes first in a tie.
  template <class Image>
  std::vector<FaceCandidate> candidates(const Eigen::DenseBase<Image>& face) const {
    return gallery_.candidates(encode(flattened(face.derived()), Serial{}).data());
  }
  template <class Image, class Mask>
  std::vector<FaceCandidate> candidates(const Eigen::DenseBase<Image>& face,
                                        const Eigen::DenseBase<Mask>& visible) const {
    return gallery_.candidates(seen(flattened(face.derived()), visible, Serial{}).codes.data());
  }

  // A model that also knows these images (n x D) of these people (n labels >= 0), new ones or old;
  // face space stays as it is. Throws DataError for negative labels as well.
  template <class Images, class People>
  EigenfacesModel enroll(const Images& images, const Eigen::DenseBase<People>& people) const {
    const Labels labels = detail::checked_people(people.derived(), images.rows());
    const RowMatrix<S> added = encode(images);
    RowMatrix<S> codes(this->codes().rows() + added.rows(), components());
    codes << this->codes(), added;
    Labels all(this->people().size() + labels.size());
    all << this->people(), labels;
    return {space_, shape_, lighting_, std::move(codes), std::move(all), rule()};
  }

  // A model that compares by another rule; face space and the enrolled stay, and are copied. Throws
  // InvalidArgument.
  EigenfacesModel with(const FaceRule& rule) const {
    return {space_, shape_, lighting_, codes(), people(), rule};
  }

  // f(row, candidates sorted as above, match) for each of n images: what an evaluation looks at.
  // Rows may come from several threads at once.
  template <class Images, class Exec, class F>
  void for_each_comparison(const Images& images, const Exec& executor, F&& f) const {
    compare(
        images, executor, [](Index) {},
        [&](Index row, const S* code, double from_face_space) {
          f(row, gallery_.candidates(code), match(code, from_face_space));
        });
  }

 private:
  static RowMatrix<S> checked(const PCAModel<S>& space, const ImageShape& shape,
                              RowMatrix<S>& codes, const Labels& people, const FaceRule& rule) {
    detail::check_image_shape(shape, space.columns());
    detail::require(
        codes.rows() > 0 && codes.rows() == people.size() && codes.cols() == space.components(),
        "Eigenfaces: there must be a code of ", space.components(),
        " numbers for each of at least one image; got ", codes.rows(), " x ", codes.cols(), " for ",
        people.size(), " people");
    detail::check_rule(rule, space.components());
    return std::move(codes);
  }

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

  template <class T>
  void check_pixels(const Samples<T>& images) const {
    detail::require(images.cols() == space_.columns(), "Eigenfaces: images must have ",
                    space_.columns(), " columns, one a pixel; got ", images.rows(), " x ",
                    images.cols());
  }

  // f(source of the images as face space takes them, the light of each; empty = as it is).
  template <class Images, class Exec, class F>
  auto lit(const Images& images, const Exec& executor, F&& f) const {
    const auto& source = detail::as_samples(images);
    check_pixels(source);
    if (lighting_ == Lighting::as_is) return f(source, std::vector<detail::ImageLight>{});
    auto&& team = executor.team();
    auto relit = detail::standardized(source, team, "Eigenfaces");
    return f(samples(relit.images), relit.light);
  }

  template <class Images, class Mask, class Exec>
  detail::VisibleCodes<S> seen(const Images& images, const Eigen::DenseBase<Mask>& visible,
                               const Exec& executor) const {
    const auto& source = detail::as_samples(images);
    check_pixels(source);
    const detail::VisibleColumns columns =
        detail::visible_columns(visible.derived(), source.rows(), shape_);
    auto&& team = executor.team();
    return detail::encode_visible(space_, source, columns, lighting_, team, "Eigenfaces");
  }

  // Gives images back the light that was taken from them.
  static RowMatrix<S> shaded(RowMatrix<S> images, const std::vector<detail::ImageLight>& light) {
    if (light.empty()) return images;
    for (Index i = 0; i < images.rows(); ++i) {
      const auto [mean, scale] = light[static_cast<std::size_t>(i)];
      for (Index j = 0; j < images.cols(); ++j)
        images(i, j) = static_cast<S>(mean + scale * static_cast<double>(images(i, j)));
    }
    return images;
  }

  // size(n), then f(row, code, distance from face space) for each row, from several threads.
  template <class Images, class Exec, class Size, class F>
  void compare(const Images& images, const Exec& executor, const Size& size, const F& f) const {
    constexpr Index strip = 64;  // images of one job: as many at once whatever the threads
    lit(images, executor, [&](const auto& source, const auto&) {
      size(source.rows());
      auto&& team = executor.team();
      team.for_each_lane((source.rows() + strip - 1) / strip, [&](Index job) {
        const Index first = job * strip;
        const Index count = std::min(strip, source.rows() - first);
        const auto part = source.slice(first, count);
        const RowMatrix<S> codes = space_.transform(part, Serial{});
        const RowMatrix<S> decoded = decode(codes, Serial{});
        RowMatrix<S> pixels(count, source.cols());
        part.read(0, count, pixels);
        for (Index i = 0; i < count; ++i)
          f(first + i, codes.data() + i * codes.cols(),
            detail::distance_between(pixels.data() + i * pixels.cols(),
                                     decoded.data() + i * decoded.cols(), pixels.cols()));
      });
    });
  }

  Match match(const S* code, double from_face_space) const {
    const FaceCandidate nearest = gallery_.nearest(code);
    Match match;
    match.distance = nearest.distance;
    match.distance_from_face_space = from_face_space;
    match.is_known = match.distance <= threshold();
    match.is_face = match.distance_from_face_space <= face_threshold();
    match.nearest = nearest.label;
    match.row = nearest.row;
    match.label = match.is_known && match.is_face ? nearest.label : -1;
    return match;
  }

  PCAModel<S> space_;
  ImageShape shape_;
  Lighting lighting_;
  detail::Gallery<S> gallery_;
};

LATENT_END
