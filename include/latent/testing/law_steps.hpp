// Laws of the M-step: it climbs, what it returns is a maximum, and it ends in a fixed point.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "latent/core/report.hpp"
#include "latent/core/statistics.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/convergence.hpp"
#include "latent/em/em.hpp"
#include "latent/em/lower_bound.hpp"
#include "latent/em/run.hpp"
#include "latent/testing/law_data.hpp"

LATENT_BEGIN

namespace testing::detail {

template <class M, class S, class Assign = Soft>
Evaluated<M> evaluated(M model, const Samples<S>& data, const Assign& assign = {}) {
  auto team = Serial{}.team();
  Report unread;
  return detail::evaluate(std::move(model), data, assign, Step{}, team, unread);
}

// What rounding may do to an objective.
template <class M>
double rounding_of(const Evaluated<M>& at, double mass) {
  return rounding<M>(at.step.sums.magnitude + std::abs(at.objective - at.step.sums.objective),
                     mass);
}

template <class M, class S, class Assign>
Evaluated<M> step_from(const Evaluated<M>& from, const Samples<S>& data, const Assign& assign) {
  Evaluated<M> next = evaluated<M>(from.model.maximize(from.step.statistics), data, assign);
  if constexpr (requires { from.model.maximize_safely(from.step.statistics); }) {
    auto team = Serial{}.team();
    if (!next.usable || detail::falls(from, next, total_weight(data, team)))
      next = evaluated<M>(from.model.maximize_safely(from.step.statistics), data, assign);
  }
  return next;
}

// Steps of EM, until three in a row gain no more than rounding explains, or `most` of them.
template <class M>
struct Climb {
  std::optional<Evaluated<M>> before;  // the model before the last
  Evaluated<M> last;
  std::vector<double> moves;  // of parameters(), where the model has them
  bool settled = false;
};

template <class M, class S, class Assign>
Climb<M> climb(const Evaluated<M>& start, const Subject<M, S>& subject, const Assign& assign,
               Index most, std::string_view law, Verdict& verdict) {
  Climb<M> path{std::nullopt, start, {}, false};
  double worst = 0.0;
  Index when = 0;
  int still = 0;
  for (Index t = 1; t <= most && path.last.usable; ++t) {
    Evaluated<M> next = step_from(path.last, subject.data, assign);
    if (!next.usable) {
      verdict.add(concat(law, ": step ", t, " gave numbers that are not finite"));
      path.last.usable = false;
      return path;
    }
    const double gain = latent::detail::difference(next.objective, path.last.objective);
    // Where something had to be mended, the model before may lie higher: a start that breaks what
    // the M-step keeps, or a covariance at its floor, which is known to few digits.
    const bool excused = latent::detail::degenerate(next.model);
    const bool fell = is_negative_infinity(next.objective)
                          ? is_finite(path.last.objective)
                          : gain < -rounding_of(next, subject.mass);
    if (fell && !excused && gain < worst) {
      worst = gain;
      when = t;
    }
    if constexpr (HasParameters<M>) {
      const Vector<double> moved = next.model.parameters() - path.last.model.parameters();
      path.moves.push_back(std::sqrt(moved.squaredNorm()));
    }
    const bool finite = is_finite(gain) && is_finite(next.objective);
    still = finite && std::abs(gain) <= rounding_of(next, subject.mass) ? still + 1 : 0;
    path.before.emplace(std::move(path.last));
    path.last = std::move(next);
    if (still >= 3) {
      path.settled = true;
      break;
    }
  }
  if (when > 0) verdict.add(concat(law, ": step ", when, " changed it by ", worst));
  return path;
}

// Where steps have ceased to gain, one more changes nothing: neither the objective nor, beyond what
// the steps before it did, the parameters.
template <class M, class S>
void law_of_fixed_points(const Climb<M>& path, const Subject<M, S>& subject, Verdict& verdict) {
  if (!path.settled || latent::detail::degenerate(path.last.model)) return;
  const Evaluated<M> next = step_from(path.last, subject.data, Soft{});
  const double gain = latent::detail::difference(next.objective, path.last.objective);
  // In float, steps without a gain that can be seen may still be on their way over a plateau.
  if (std::is_same_v<ScalarOf<M>, double> &&
      !(std::abs(gain) <= 4.0 * rounding_of(next, subject.mass)))
    verdict.add(
        concat("a fixed point stays: after three steps without gain one more changed the "
               "objective by ",
               gain));
  if constexpr (HasParameters<M>) {
    const Vector<double> at = path.last.model.parameters();
    const Vector<double> moved = next.model.parameters() - at;
    double most = 0.0;
    for (std::size_t i = path.moves.size() - 3; i < path.moves.size(); ++i)
      most = std::max(most, path.moves[i]);
    const double now = std::sqrt(moved.squaredNorm());
    if (!(now <= 4.0 * most + 64.0 * epsilon_of<M>() * std::sqrt(at.squaredNorm())))
      verdict.add(concat("a fixed point stays: after steps of at most ", most,
                         " one more moved the parameters by ", now));
  }
}

// A fit reports what its model is.
template <class M, class S>
void law_of_reports(const M& model, const Subject<M, S>& subject, Verdict& verdict) {
  const auto fit = EM{.max_iterations = 3, .tolerance = 0}.fit(model, subject.data, Serial{});
  const auto again = expected(fit.model, subject.data).sums;
  if (!(std::abs(latent::detail::difference(again.log_likelihood, fit.log_likelihood)) <=
        rounding<M>(again.magnitude, subject.mass)))
    verdict.add(concat("the log-likelihood reported, ", fit.log_likelihood,
                       ", is not that of the model, ", again.log_likelihood));
}

inline constexpr Index directions = 5;

// Statistics of the same data under other weights, less those under their own: the directions in
// which M-steps are compared.
template <class M, class S>
std::vector<StatisticsOf<M>> directions_at(const M& model, const Subject<M, S>& subject,
                                           const StatisticsOf<M>& statistics) {
  std::vector<StatisticsOf<M>> out;
  for (Index d = 1; d <= directions; ++d) {
    const Vector<double> u = random_multipliers(subject.size(), d);
    out.push_back(expected(model, subject.pick(subject.all(), u)).statistics);
    latent::add_scaled(out.back(), -1.0, statistics);
  }
  return out;
}

template <class M>
M blended(const M& model, StatisticsOf<M> statistics, double share,
          const StatisticsOf<M>& direction) {
  latent::add_scaled(statistics, share, direction);
  return model.maximize(statistics);
}

// For mixtures. Q(theta', theta) + log prior(theta') is not below that of theta, and no M-step of
// blended statistics has a higher one: an M-step that is slightly off is found although the
// log-likelihood still rises under it.
template <class M, class S>
void law_of_q(const Evaluated<M>& start, const Subject<M, S>& subject, Verdict& verdict) {
  const StatisticsOf<M>& s = start.step.statistics;
  const M next = start.model.maximize(s);
  if (latent::detail::degenerate(next)) return;  // something was mended: no free maximum
  auto team = Serial{}.team();
  const QSums sums = detail::q_sums(next, start.model, subject.data, team);
  const double best = sums.next + detail::log_prior(next);
  const double before = sums.before + detail::log_prior(start.model);
  if (!is_finite(best)) return;
  const double slack = rounding<M>(start.step.sums.magnitude + std::abs(sums.next) + sums.entropy +
                                       std::abs(detail::log_prior(next)),
                                   subject.mass);
  if (is_finite(before) && best < before - slack)
    verdict.add(concat("the M-step lowered Q (plus log prior): from ", before, " to ", best));
  double found = best;
  for (const StatisticsOf<M>& direction : directions_at(start.model, subject, s))
    // A step that is off by little is found by a small share, in float by a large one.
    for (const double share : {0.2, -0.2, 0.001, -0.001}) {
      const M other = blended(start.model, s, share, direction);
      const double q =
          detail::q_sums(other, start.model, subject.data, team).next + detail::log_prior(other);
      if (is_finite(q)) found = std::max(found, q);
    }
  if (found > best + slack)
    verdict.add(concat("the M-step does not maximise Q (plus log prior): it reached ", best,
                       ", but the M-step of slightly blended statistics ", found));
}

// For any model: near a fixed point the objective is stationary, since a fixed point of EM is a
// stationary point of what it maximises. Its derivative along the M-steps of blended statistics is
// taken by central differences of two widths, extrapolated. Three things hide what is smaller:
// rounding, curvature, and what EM had still to gain, which bounds the gradient: a step gains at
// least half its square, in the metric of the complete data, where a direction has a length of about
// the square root of its dimension. A derivative without a gain (at the border of the parameters)
// and a gain without a derivative (at a saddle point) are no error.
template <class M, class S>
void law_of_stationarity(const Climb<M>& path, const Subject<M, S>& subject, Verdict& verdict) {
  if (!path.before || !path.last.usable || latent::detail::degenerate(path.last.model)) return;
  const Evaluated<M>& from = *path.before;
  const StatisticsOf<M>& s = from.step.statistics;
  const double here = path.last.objective;
  if (!is_finite(here)) return;
  const Evaluated<M> beyond = step_from(path.last, subject.data, Soft{});
  if (!beyond.usable) return;
  const double slack = rounding_of(path.last, subject.mass);
  const double left = std::max(0.0, beyond.objective - here);
  const double residual = 8.0 * std::sqrt(static_cast<double>(latent::packed_size(s))) *
                          std::sqrt(2.0 * (left + slack));
  constexpr double wide = 0.1;
  constexpr double narrow = 0.05;
  double steepest = 0.0;
  double gained = 0.0;
  for (const StatisticsOf<M>& direction : directions_at(from.model, subject, s)) {
    bool usable = true;
    const auto objective = [&](double share) {
      const Evaluated<M> at = evaluated<M>(blended(from.model, s, share, direction), subject.data);
      usable =
          usable && at.usable && is_finite(at.objective) && !latent::detail::degenerate(at.model);
      return at.objective;
    };
    const double up = objective(narrow);
    const double down = objective(-narrow);
    const double slope = (up - down) / (2.0 * narrow);
    const double slope_wide = (objective(wide) - objective(-wide)) / (2.0 * wide);
    if (!usable) continue;
    const double derivative = slope + (slope - slope_wide) / 3.0;
    const double hidden = 4.0 * slack / narrow + residual + 2.0 * std::abs(slope - slope_wide);
    const double gain = std::max(up, down) - here;
    if (std::abs(derivative) > hidden && gain > 0.25 * narrow * std::abs(derivative) &&
        std::abs(derivative) > std::abs(steepest)) {
      steepest = derivative;
      gained = gain;
    }
  }
  if (steepest != 0.0)
    verdict.add(
        concat("a fixed point of EM is no maximum of the objective: M-steps of slightly "
               "blended statistics gain ",
               gained, ", with a derivative of ", steepest, " where it should vanish"));
}

// What acceleration may propose, and what a component without rows leads to.
template <class M, class S>
void laws_of_odd_statistics(const Evaluated<M>& start, const Subject<M, S>& subject,
                            Verdict& verdict) {
  const M& model = start.model;
  const StatisticsOf<M>& s = start.step.statistics;
  std::vector<StatisticsOf<M>> odd;
  odd.push_back(model.zero());
  odd.push_back(s);
  latent::scale(odd.back(), -1.0);
  const Index leaves = [&] {
    Index count = 0;
    visit_leaves([&](const double*, Index) { ++count; }, unconst(s));
    return count;
  }();
  for (Index leaf = 0; leaf < std::min<Index>(leaves, 8); ++leaf)
    for (const double factor : {0.0, -1.0, 3.0}) {
      odd.push_back(s);
      Index at = 0;
      visit_leaves(
          [&](double* x, Index n) {
            for (Index i = 0; at == leaf && i < n; ++i) x[i] *= factor;
            ++at;
          },
          odd.back());
    }
  odd.push_back(s);
  const Random stream(23);
  Index place = 0;
  visit_leaves(
      [&](double* x, Index n) {
        for (Index i = 0; i < n; ++i)
          x[i] *= 3.0 * stream.at(static_cast<std::uint64_t>(place++)).normal();
      },
      odd.back());
  for (const StatisticsOf<M>& statistics : odd)
    verdict.attempt("maximize must not throw for odd statistics",
                    [&] { (void)model.maximize(statistics); });

  // A mixture meets components without rows in earnest. Other models may answer nonsense with NaN,
  // which a fit refuses.
  if constexpr (HasLogJoint<M>) {
    if (start.usable) {
      const auto demand_sound = [&](const char* law, const StatisticsOf<M>& statistics) {
        if (!detail::valid(model, statistics)) return;
        const Evaluated<M> at = evaluated<M>(model.maximize(statistics), subject.data);
        const double sum = at.step.sums.log_likelihood;
        if (!is_finite(sum) && !is_negative_infinity(sum))
          verdict.add(concat(law, ": the log-likelihood became ", sum));
      };
      demand_sound("statistics without a row leave a usable model", model.zero());
      const Labels last =
          Labels::Constant(subject.data.rows(), static_cast<int>(model.weights.size()) - 1);
      demand_sound("a component that no row belongs to leaves a usable model",
                   expected(model, subject.labelled(last)).statistics);
    }
  }
}

}  // namespace testing::detail

LATENT_END
