// E-step variants: what becomes of a row of log p(x, z) over the values of z.
#pragma once

#include <cmath>
#include <limits>

#include "latent/core/numeric.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

// The posterior itself: the EM of Dempster, Laird and Rubin 1977.
struct Soft {};

namespace detail {

// Turns a tile of log joint densities (n x K) into responsibilities, in place, and returns the
// tile's sums.
//   known label y:          r = 1 at y;                  log p(x, y)
//   row impossible under
//   every component:        r = prior weights;           -inf
//   else:                   r_k = p(x, k) / p(x);        log p(x) = log sum_k p(x, k)
// Rows of weight 0 count for nothing. With `weighted` the weights are multiplied into r. A NaN or
// +inf among the log densities makes the sums NaN, which the engine reports.
template <class S>
Expectation respond(RowMatrix<S>& joint, const Block<S>& block, const Vector<double>& prior,
                    bool weighted, Vector<double>* row_log_likelihood = nullptr) {
  const Index rows = joint.rows();
  const Index components = joint.cols();
  Vector<double> largest(rows);
  bool sound = true;
  for (Index i = 0; i < rows; ++i) {
    S* row = joint.data() + i * components;
    S top = -std::numeric_limits<S>::infinity();
    for (Index k = 0; k < components; ++k) {
      sound = sound && (is_finite(row[k]) || is_negative_infinity(row[k]));
      top = row[k] > top ? row[k] : top;
    }
    const int label = block.labels[i];
    largest[i] = static_cast<double>(label >= 0 ? row[label] : top);
    if (!is_finite(top))
      top = S(0);  // keeps -inf - -inf out of the loop; such rows are rewritten below
    for (Index k = 0; k < components; ++k) row[k] -= top;
  }
  if (!sound) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    joint.setZero();
    if (row_log_likelihood != nullptr) row_log_likelihood->setConstant(rows, nan);
    return {nan, nan, nan};
  }
  S* all = joint.data();
  for (Index e = 0; e < rows * components; ++e) all[e] = exp_nonpositive(all[e]);

  Expectation sums;
  if (row_log_likelihood != nullptr) row_log_likelihood->resize(rows);
  for (Index i = 0; i < rows; ++i) {
    S* row = joint.data() + i * components;
    const double weight = block.weights[i];
    const S factor = weighted ? static_cast<S>(weight) : S(1);
    const int label = block.labels[i];
    double log_likelihood = largest[i];
    if (label >= 0) {
      for (Index k = 0; k < components; ++k) row[k] = k == label ? factor : S(0);
    } else if (!is_finite(log_likelihood)) {
      for (Index k = 0; k < components; ++k) row[k] = factor * static_cast<S>(prior[k]);
    } else {
      S sum = 0;
      for (Index k = 0; k < components; ++k) sum += row[k];
      log_likelihood += std::log(static_cast<double>(sum));
      const S scale = factor / sum;
      for (Index k = 0; k < components; ++k) row[k] *= scale;
    }
    if (row_log_likelihood != nullptr) (*row_log_likelihood)[i] = log_likelihood;
    if (weight > 0.0) {
      sums.log_likelihood += weight * log_likelihood;
      sums.magnitude += weight * std::abs(log_likelihood);
    }
  }
  sums.objective = sums.log_likelihood;
  return sums;
}

}  // namespace detail

LATENT_END
