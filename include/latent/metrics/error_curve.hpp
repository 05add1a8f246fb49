// Accept or reject by a distance: what every threshold costs.
#pragma once

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// What is at most the threshold is accepted.
struct ErrorPoint {
  double threshold = 0.0;
  double false_accept = 0.0;  // share of the impostors accepted
  double false_reject = 0.0;  // share of the genuine rejected
};

// The receiver operating characteristic in terms of its two errors.
struct ErrorCurve {
  // By ascending threshold: minus infinity, which accepts nothing, then each distance that occurs.
  // Between two points nothing changes.
  std::vector<ErrorPoint> points;
  // Where both errors are the same, by straight lines between the points.
  double equal_error_rate = 0.0;
  double equal_error_threshold = 0.0;
  // The probability that a genuine distance is smaller than an impostor's, equal ones by half: the
  // area under the curve of genuine against impostors accepted.
  double area = 0.0;

  // The place in `points` of the largest threshold that accepts at most this share of impostors.
  // Throws InvalidArgument for a share outside 0 ... 1.
  Index at_false_accept(double share) const {
    detail::require(share >= 0.0 && share <= 1.0,
                    "ErrorCurve: a share of false accepts must be 0 ... 1; got ", share);
    // Shares are quotients of counts, so that 1 % of 300 must not fail to be 3 of them.
    const double most = share + 4.0 * std::numeric_limits<double>::epsilon();
    Index last = 0;
    while (last + 1 < static_cast<Index>(points.size()) &&
           points[static_cast<std::size_t>(last + 1)].false_accept <= most)
      ++last;
    return last;
  }
};

namespace detail {

template <class Derived>
std::vector<double> sorted_distances(const Eigen::DenseBase<Derived>& values,
                                     std::string_view which) {
  require(values.size() > 0 && (values.rows() == 1 || values.cols() == 1), "error_curve: ", which,
          " distances must be a vector of at least one; got ", values.rows(), " x ", values.cols());
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic> given =
      values.derived().matrix().template cast<double>();
  require<DataError>(all_finite(given.data(), given.size()), "error_curve: ", which,
                     " distances must be finite");
  std::vector<double> sorted(given.data(), given.data() + given.size());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

inline void find_equal_error(ErrorCurve& curve) {
  std::size_t i = 1;
  while (curve.points[i].false_accept < curve.points[i].false_reject) ++i;
  const ErrorPoint& a = curve.points[i - 1];
  const ErrorPoint& b = curve.points[i];
  const double gap_a = a.false_reject - a.false_accept;
  const double gap_b = b.false_accept - b.false_reject;
  const double s = gap_a / (gap_a + gap_b);  // gap_a > 0, gap_b >= 0
  curve.equal_error_rate = a.false_accept + s * (b.false_accept - a.false_accept);
  curve.equal_error_threshold =
      is_finite(a.threshold) ? a.threshold + s * (b.threshold - a.threshold) : b.threshold;
}

}  // namespace detail

// genuine: distances that should be accepted; impostor: those that should be rejected; at least one
// of each. Throws InvalidArgument (none, no vectors) and DataError (not finite). O(n log n).
template <class A, class B>
ErrorCurve error_curve(const Eigen::DenseBase<A>& genuine, const Eigen::DenseBase<B>& impostor) {
  const std::vector<double> right = detail::sorted_distances(genuine, "genuine");
  const std::vector<double> wrong = detail::sorted_distances(impostor, "impostor");
  const auto genuine_count = static_cast<double>(right.size());
  const auto impostor_count = static_cast<double>(wrong.size());
  ErrorCurve curve;
  curve.points.push_back({-std::numeric_limits<double>::infinity(), 0.0, 1.0});
  std::size_t r = 0;
  std::size_t w = 0;
  while (r < right.size() || w < wrong.size()) {
    const double next =
        w == wrong.size() || (r < right.size() && right[r] <= wrong[w]) ? right[r] : wrong[w];
    while (r < right.size() && right[r] == next) ++r;
    while (w < wrong.size() && wrong[w] == next) ++w;
    const ErrorPoint last = curve.points.back();
    const double false_accept = static_cast<double>(w) / impostor_count;
    const double false_reject = static_cast<double>(right.size() - r) / genuine_count;
    curve.area +=
        (false_accept - last.false_accept) * (1.0 - 0.5 * (false_reject + last.false_reject));
    curve.points.push_back({next, false_accept, false_reject});
  }
  detail::find_equal_error(curve);
  return curve;
}

LATENT_END
