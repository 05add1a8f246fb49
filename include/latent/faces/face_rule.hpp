// How two faces are compared, and what is far.
#pragma once

#include <limits>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// Between the codes a and b of two faces, over the components j that the rule leaves; v_j is the
// variance that component j explains, divisor n - 1. (H. Moon and P. J. Phillips, "Computational
// and performance aspects of PCA-based face-recognition algorithms", Perception 30, 2001.)
enum class FaceDistance {
  euclidean,           // sqrt(sum_j (a_j - b_j)^2), in units of a pixel
  cosine,              // 1 - cos(a, b), 0 ... 2: the length of a code, its contrast, is left out
  mahalanobis,         // sqrt(sum_j (a_j - b_j)^2 / v_j): every component counts the same
  mahalanobis_cosine,  // 1 - cos of the codes a_j / sqrt(v_j) (Bolme, Beveridge, Teixeira and
                       // Draper 2003)
};

// With whom an image is compared.
enum class NearestFace {
  image,        // every enrolled image
  person_mean,  // the mean code of each person's enrolled images (Turk and Pentland 1991)
};

// All that a fitted face space can be asked with anew, without another fit: model.with(rule).
struct FaceRule {
  FaceDistance distance = FaceDistance::euclidean;
  // The first components left out of the distance between codes: they are mostly light (Moon and
  // Phillips 2001). 0 ... L - 1. Reconstruction and face space keep them.
  Index drop = 0;
  NearestFace nearest = NearestFace::image;
  // An image is of nobody enrolled if and only if its distance is larger; at least 0. Infinite:
  // everyone is someone. There is no useful finite default, since distances grow with pixels and
  // contrast: calibrate() finds one.
  double threshold = std::numeric_limits<double>::infinity();
  // An image is no face if and only if its distance from face space is larger; at least 0.
  // Infinite: everything is a face.
  double face_threshold = std::numeric_limits<double>::infinity();
};

namespace detail {

// `components`: how many there are, or can be at most. Throws InvalidArgument.
inline void check_rule(const FaceRule& rule, Index components) {
  require(rule.drop >= 0 && rule.drop < components,
          "Eigenfaces: drop must leave a component, 0 ... ", components - 1, "; got ", rule.drop);
  // Written so that NaN fails.
  require(!is_nan(rule.threshold) && rule.threshold >= 0.0,
          "Eigenfaces: threshold must be at least 0; got ", rule.threshold);
  require(!is_nan(rule.face_threshold) && rule.face_threshold >= 0.0,
          "Eigenfaces: face_threshold must be at least 0; got ", rule.face_threshold);
}

inline bool is_angular(FaceDistance distance) {
  return distance == FaceDistance::cosine || distance == FaceDistance::mahalanobis_cosine;
}
inline bool is_whitened(FaceDistance distance) {
  return distance == FaceDistance::mahalanobis || distance == FaceDistance::mahalanobis_cosine;
}

}  // namespace detail

LATENT_END
