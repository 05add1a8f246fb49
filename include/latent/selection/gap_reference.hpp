// What data without clusters look like: uniform in a box about the data (Tibshirani, Walther and
// Hastie 2001, section 2).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "latent/core/executor.hpp"
#include "latent/core/random.hpp"
#include "latent/decomposition/pca.hpp"

LATENT_BEGIN

// principal_axes: the box has the directions of the principal components, so that a cloud that is
//                 long and slanted is compared with a box of its own shape ("b" in the paper).
//                 O(n D min(n, D)) once.
// box:            the ranges of the columns ("a"): cheap, and finds clusters in any slanted cloud.
enum class GapReference { principal_axes, box };

namespace detail {

template <class S>
class ReferenceData {
 public:
  // Of the rows that have a weight. The data vary.
  template <class Exec>
  ReferenceData(const Samples<S>& data, GapReference kind, std::uint64_t seed, const Exec& executor)
      : rows_{data.rows()}, seed_{seed} {
    if (kind == GapReference::principal_axes) {
      axes_.emplace_back(PCA{}.fit(scaled(data), executor).model);
      range(samples(axes_.front().transform(data, executor)), data);
    } else {
      range(data, data);
    }
  }

  // Reference `index`: n x D.
  RowMatrix<S> draw(Index index) const {
    RowMatrix<S> rows(rows_, low_.size());
    const Random stream{seed_, Purpose::sampling, static_cast<std::uint64_t>(index) + 1};
    for (Index i = 0; i < rows_; ++i) {
      Random random = stream.at(static_cast<std::uint64_t>(i));
      for (Index j = 0; j < rows.cols(); ++j)
        rows(i, j) = static_cast<S>(low_[j] + random.uniform() * (high_[j] - low_[j]));
    }
    return axes_.empty() ? rows : axes_.front().inverse_transform(rows, Serial{});
  }

 private:
  // Weights of mean 1: the principal axes do not depend on their scale, but the divisor n - 1 does.
  static Samples<S> scaled(const Samples<S>& data) {
    if (!data.has_weights()) return data;
    return data.weights(data.weights() * (static_cast<double>(data.rows()) / data.weights().sum()));
  }

  void range(const Samples<S>& scores, const Samples<S>& data) {
    low_ = Vector<double>::Constant(scores.cols(), std::numeric_limits<double>::infinity());
    high_ = -low_;
    for (Index i = 0; i < scores.rows(); ++i) {
      if (!(data.weight(i) > 0.0)) continue;
      for (Index j = 0; j < scores.cols(); ++j) {
        const auto value = static_cast<double>(scores(i, j));
        low_[j] = std::min(low_[j], value);
        high_[j] = std::max(high_[j], value);
      }
    }
  }

  Index rows_;
  std::uint64_t seed_;
  std::vector<PCAModel<S>> axes_;  // one, or none
  Vector<double> low_;             // L
  Vector<double> high_;
};

}  // namespace detail

LATENT_END
