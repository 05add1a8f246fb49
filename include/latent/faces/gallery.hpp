// The enrolled faces, and who of them is nearest.
#pragma once

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "latent/faces/face_rule.hpp"
#include "latent/faces/length.hpp"
#include "latent/faces/match.hpp"

LATENT_BEGIN

namespace detail {

// A code becomes a signature, in which every FaceDistance is a Euclidean distance or half the
// square of one: without the dropped components, divided by the standard deviations, and of length
// 1, as the distance asks. |u - v|^2 / 2 is 1 - cos(u, v) for unit vectors, without its
// cancellation: equal codes are at distance 0. A code without a direction, that of the mean face,
// gets an axis of its own, so that it is at distance 1 from every direction and 0 from itself.
template <class S>
class Gallery {
 public:
  // codes: n x L, n >= 1; people: n; deviation: the L standard deviations along the components.
  Gallery(RowMatrix<S> codes, Labels people, const FaceRule& rule, Vector<double> deviation)
      : codes_{std::move(codes)},
        people_{std::move(people)},
        rule_{rule},
        deviation_{std::move(deviation)} {
    if (rule_.nearest == NearestFace::image) {
      rows_.resize(static_cast<std::size_t>(codes_.rows()));
      std::iota(rows_.begin(), rows_.end(), Index{0});
      if (!signs_codes_as_they_are()) sign_rows(codes_);
    } else {
      sign_rows(means());
    }
  }

  const RowMatrix<S>& codes() const { return codes_; }
  const Labels& people() const { return people_; }
  const FaceRule& rule() const { return rule_; }
  const Vector<double>& deviation() const { return deviation_; }

  // The lowest row wins a tie.
  FaceCandidate nearest(const S* code) const {
    std::vector<S> signature(static_cast<std::size_t>(width()));
    sign(code, signature.data());
    FaceCandidate best = candidate(0, signature.data());
    for (Index i = 1; i < references(); ++i) {
      const FaceCandidate other = candidate(i, signature.data());
      if (other.distance < best.distance) best = other;
    }
    return best;
  }

  // How many people are nearer than this one, who is enrolled: 0 where the nearest is right.
  Index nearer_than(int person, const S* code) const {
    std::vector<S> signature(static_cast<std::size_t>(width()));
    sign(code, signature.data());
    std::vector<FaceCandidate> others;
    FaceCandidate own;
    for (Index i = 0; i < references(); ++i) {
      const FaceCandidate next = candidate(i, signature.data());
      if (next.label != person)
        others.push_back(next);
      else if (own.row < 0 || next.distance < own.distance)
        own = next;
    }
    std::vector<int> nearer;
    for (const FaceCandidate& other : others)
      if (other.distance < own.distance || (other.distance == own.distance && other.row < own.row))
        nearer.push_back(other.label);
    std::sort(nearer.begin(), nearer.end());
    return std::unique(nearer.begin(), nearer.end()) - nearer.begin();
  }

  // All, ascending by distance; the lowest row first in a tie.
  std::vector<FaceCandidate> candidates(const S* code) const {
    std::vector<S> signature(static_cast<std::size_t>(width()));
    sign(code, signature.data());
    std::vector<FaceCandidate> all;
    all.reserve(rows_.size());
    for (Index i = 0; i < references(); ++i) all.push_back(candidate(i, signature.data()));
    std::stable_sort(all.begin(), all.end(), [](const FaceCandidate& a, const FaceCandidate& b) {
      return a.distance < b.distance;
    });
    return all;
  }

 private:
  bool signs_codes_as_they_are() const {
    return rule_.distance == FaceDistance::euclidean && rule_.drop == 0;
  }
  Index references() const { return static_cast<Index>(rows_.size()); }
  Index width() const { return codes_.cols() - rule_.drop + (is_angular(rule_.distance) ? 1 : 0); }

  FaceCandidate candidate(Index i, const S* signature) const {
    const bool as_they_are = rule_.nearest == NearestFace::image && signs_codes_as_they_are();
    const RowMatrix<S>& signatures = as_they_are ? codes_ : signatures_;
    double distance = distance_between(signature, signatures.data() + i * width(), width());
    if (is_angular(rule_.distance)) distance *= 0.5 * distance;
    const Index row = rows_[static_cast<std::size_t>(i)];
    return {people_[row], distance, row};
  }

  void sign(const S* code, S* signature) const {
    const Index count = codes_.cols() - rule_.drop;
    const auto value = [&](Index j) {
      const auto coefficient = static_cast<double>(code[rule_.drop + j]);
      if (!is_whitened(rule_.distance)) return coefficient;
      const double deviation = deviation_[rule_.drop + j];
      return deviation > 0.0 ? coefficient / deviation : 0.0;
    };
    double length = 1.0;
    if (is_angular(rule_.distance)) {
      length = length_of(count, value);
      signature[count] = length > 0.0 ? S{0} : S{1};
      if (!(length > 0.0)) length = 1.0;
    }
    for (Index j = 0; j < count; ++j) signature[j] = static_cast<S>(value(j) / length);
  }

  void sign_rows(const RowMatrix<S>& codes) {
    signatures_.resize(codes.rows(), width());
    for (Index i = 0; i < codes.rows(); ++i)
      sign(codes.data() + i * codes.cols(), signatures_.data() + i * width());
  }

  // The mean code of each person, in the order of their first images, which rows_ then holds.
  RowMatrix<S> means() {
    std::map<int, Index> places;
    std::vector<double> counts;
    std::vector<Index> place_of;
    for (Index i = 0; i < people_.size(); ++i) {
      const auto [found, fresh] = places.try_emplace(people_[i], references());
      if (fresh) {
        rows_.push_back(i);
        counts.push_back(0.0);
      }
      counts[static_cast<std::size_t>(found->second)] += 1.0;
      place_of.push_back(found->second);
    }
    RowMatrix<double> sums = RowMatrix<double>::Zero(references(), codes_.cols());
    for (Index i = 0; i < people_.size(); ++i) {
      const Index place = place_of[static_cast<std::size_t>(i)];
      const double share = 1.0 / counts[static_cast<std::size_t>(place)];
      for (Index j = 0; j < codes_.cols(); ++j)
        sums(place, j) += share * static_cast<double>(codes_(i, j));
    }
    return sums.cast<S>();
  }

  RowMatrix<S> codes_;
  Labels people_;
  FaceRule rule_;
  Vector<double> deviation_;
  RowMatrix<S> signatures_;  // one a reference; empty where the codes are their own signatures
  std::vector<Index> rows_;  // the enrolled image of each reference
};

}  // namespace detail

LATENT_END
