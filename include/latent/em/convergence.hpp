// When EM stops.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <vector>

#include "latent/core/numeric.hpp"
#include "latent/core/report.hpp"
#include "latent/em/concepts.hpp"
#include "latent/em/lower_bound.hpp"

LATENT_BEGIN

// What is compared with the tolerance after each iteration, from theta to theta'. L is the
// objective, W the sum of the weights. None of the rules promises that the parameters are within a
// distance of a maximum, nor that the maximum is the highest: EM converges linearly, near a flat
// maximum slower than that, and it climbs from where it starts.
//
//   log_likelihood   |L(theta') - L(theta)| / W. Costs nothing. A small step may also mean a slow
//                    rate: with rate a, what is left is a / (1 - a) times the last gain.
//   parameters       ||theta' - theta||, Euclidean, over model.parameters(). In the units of the
//                    parameters, so that scaling a column changes what it means.
//   q_function       |Q(theta', theta) - Q(theta, theta)| / W. One more pass over the data an
//                    iteration. Promises less than the first rule: L gains at least what Q gains.
//   aitken           |L(infinity) - L(theta')| / W, where L(infinity) is Aitken's extrapolation of the
//                    last three values (Boehning, Dietz, Schaub, Schlattmann and Lindsay 1994).
//                    Sees through a slow rate where the rate has settled; wrong before that, and
//                    where convergence is slower than linear. Not for accelerated fits, whose
//                    steps have no rate; infinite until there are three values.
enum class Convergence { log_likelihood, parameters, q_function, aitken };

namespace detail {

template <class M>
concept HasLogJoint = requires(const M& model, const Eigen::Ref<const RowMatrix<ScalarOf<M>>>& x,
                               RowMatrix<ScalarOf<M>>& out) {
  detail::prepared(model).log_joint(x, out);
  { model.weights } -> std::convertible_to<Vector<double>>;
};

// What is left to gain after the objectives a, b, c, if they go on like a geometric series.
inline double aitken_remainder(double a, double b, double c) {
  if (!is_finite(a) || !is_finite(b)) return std::numeric_limits<double>::infinity();
  if (c == b) return 0.0;
  const double rate = (c - b) / (b - a);
  if (!is_finite(rate) || rate < 0.0 || rate >= 1.0) return std::numeric_limits<double>::infinity();
  return (c - b) * rate / (1.0 - rate);
}

// What the rule looks at after the step from `before` to `after`, whose objective is the last of the
// trace; `weight` is the sum of the weights, `least` the gain a unit of weight that says nothing, and
// `three` whether the last three objectives compare.
template <class Model, class S, class Team>
double change(Convergence rule, const Model& before, const Model& after,
              const std::vector<Iteration>& trace, double weight, double least, bool three,
              const Samples<S>& data, Team& team) {
  const std::size_t last = trace.size() - 1;
  if constexpr (HasParameters<Model>) {
    if (rule == Convergence::parameters) {
      const Vector<double> moved = after.parameters() - before.parameters();
      return std::sqrt(moved.squaredNorm());
    }
  }
  if constexpr (HasLogJoint<Model>) {
    if (rule == Convergence::q_function) {
      const QSums sums = detail::q_sums(after, before, data, team);
      return std::abs(difference(sums.next, sums.before) +
                      difference(detail::log_prior(after), detail::log_prior(before))) /
             weight;
    }
  }
  const double gain = std::abs(difference(trace[last].objective, trace[last - 1].objective));
  if (rule == Convergence::aitken) {
    if (gain / weight <= least) return gain / weight;
    if (last < 2 || !three) return std::numeric_limits<double>::infinity();
    return aitken_remainder(trace[last - 2].objective, trace[last - 1].objective,
                            trace[last].objective) /
           weight;
  }
  return gain / weight;
}

}  // namespace detail

LATENT_END
