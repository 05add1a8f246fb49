// Acceleration of EM in the space of statistics. One iteration of EM maps the statistics that made a
// model to the expected statistics of that model, s -> G(s); a maximum is a fixed point. Statistics
// form a vector space, so that G can be extrapolated without a line of code in the model. Linear
// constraints (counts that sum to n) hold for every proposal, and what is no statistic of any
// data is refused by the model's valid().
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "latent/core/statistics.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// How the next statistics are found. A proposal whose objective is lower than that of the model at
// hand is dropped for a shorter one, in the end for the plain step of EM, so that the objective
// never falls. Extrapolation may end at a saddle, which EM would leave: where little changes, a few
// plain steps must contract before the fit has converged. It may lead to another maximum than plain
// EM from the same start, lower or higher; to make that rare, it waits until the plain steps have
// become small.
//
//   none       EM as it is
//   squarem    one step of squared extrapolation after each plain step (Varadhan and Roland 2008,
//              scheme S3): needs no memory beyond two steps
//   anderson   the combination of the last steps whose residuals cancel best (Anderson 1965; Walker
//              and Ni 2011; for EM: Henderson and Varadhan 2019): fewest E-steps, remembers ten steps
enum class Acceleration { none, squarem, anderson };

namespace detail {

// One evaluation of the map: out = G(in), packed.
struct MapStep {
  Vector<double> in;
  Vector<double> out;
};

// a' M b, M the diagonal of `metric`.
inline double inner(const Vector<double>& a, const Vector<double>& b,
                    const Vector<double>& metric) {
  double sum = 0.0;
  for (Index i = 0; i < a.size(); ++i) sum += a[i] * metric[i] * b[i];
  return sum;
}

// Statistics of different kinds (counts, sums, squares) have different units: each field counts in
// units of its own mean square.
template <class Statistics>
Vector<double> metric_of(const Statistics& statistics) {
  Vector<double> metric(latent::packed_size(statistics));
  Index at = 0;
  visit_leaves(
      [&](const double* leaf, Index n) {
        double squares = 0.0;
        for (Index i = 0; i < n; ++i) squares += leaf[i] * leaf[i];
        const double weight = squares > 0.0 ? static_cast<double>(n) / squares : 0.0;
        for (Index i = 0; i < n; ++i) metric[at++] = weight;
      },
      unconst(statistics));
  return metric;
}

// Proposals for the next statistics, from the steps so far, oldest first.
class Accelerator {
 public:
  static constexpr std::size_t window = 10;

  Accelerator(Acceleration kind, std::vector<MapStep> memory)
      : kind_{kind}, steps_{std::move(memory)} {}

  const std::vector<MapStep>& memory() const { return steps_; }

  // |out - in| of the last step over that of the one before, which it continued; below 1 the map
  // contracts. Infinite where there are no two such steps.
  double contraction(const Vector<double>& metric) const {
    if (steps_.size() < 2 || steps_.back().in != steps_[steps_.size() - 2].out)
      return std::numeric_limits<double>::infinity();
    const Vector<double> now = steps_.back().out - steps_.back().in;
    const Vector<double> then = steps_.back().in - steps_[steps_.size() - 2].in;
    const double before = inner(then, then, metric);
    return before > 0.0 ? std::sqrt(inner(now, now, metric) / before) : 0.0;
  }
  void forget() {
    if (steps_.size() > 1) steps_.erase(steps_.begin(), steps_.end() - 1);
  }

  // After each iteration.
  void observe(MapStep step) {
    steps_.push_back(std::move(step));
    const std::size_t most = kind_ == Acceleration::squarem ? 2 : window + 1;
    if (steps_.size() > most) steps_.erase(steps_.begin());
  }

  // The boldest proposal, then two shorter ones; nothing where the plain step is next.
  std::optional<Vector<double>> propose(const Vector<double>& metric) {
    trials_ = 0;
    if (steps_.size() < 2) return std::nullopt;
    return kind_ == Acceleration::squarem ? squared(metric) : mixed(metric);
  }
  std::optional<Vector<double>> shorten() {
    if (++trials_ > 2) return std::nullopt;
    if (kind_ == Acceleration::squarem) {
      length_ = 0.5 * (length_ + 1.0);
      return extrapolated();
    }
    length_ *= 0.5;
    const Vector<double>& plain = steps_.back().out;
    return Vector<double>(plain + length_ * direction_);
  }

 private:
  // s0 -> s1 -> s2 by two plain steps: r = s1 - s0, v = s2 - 2 s1 + s0, s' = s0 + 2 a r + a^2 v with
  // a = |r| / |v|. a = 1 is s2, the plain step.
  std::optional<Vector<double>> squared(const Vector<double>& metric) {
    const MapStep& first = steps_[steps_.size() - 2];
    const MapStep& second = steps_.back();
    if (second.in != first.out) return std::nullopt;
    const Vector<double> r = first.out - first.in;
    const Vector<double> v = (second.out - second.in) - r;
    if (!(inner(r, v, metric) < 0.0)) return std::nullopt;  // the map expands: see mixed()
    const double curvature = inner(v, v, metric);
    if (!(curvature > 0.0)) return std::nullopt;
    length_ = std::sqrt(inner(r, r, metric) / curvature);
    if (!(length_ > 1.0)) return std::nullopt;
    return extrapolated();
  }
  Vector<double> extrapolated() const {
    const MapStep& first = steps_[steps_.size() - 2];
    const MapStep& second = steps_.back();
    const Vector<double> r = first.out - first.in;
    return first.in + 2.0 * length_ * r + length_ * length_ * ((second.out - second.in) - r);
  }

  // Least squares over differences of residuals, by modified Gram-Schmidt from the newest on; what
  // is nearly dependent on newer differences is left out.
  std::optional<Vector<double>> mixed(const Vector<double>& metric) {
    const MapStep& last = steps_.back();
    Vector<double> residual = last.out - last.in;
    direction_ = Vector<double>::Zero(residual.size());
    std::vector<Vector<double>> basis;    // of residual differences, orthogonal
    std::vector<Vector<double>> outputs;  // the differences of outputs that go with them
    for (std::size_t i = steps_.size() - 1; i > 0; --i) {
      Vector<double> df = (steps_[i].out - steps_[i].in) - (steps_[i - 1].out - steps_[i - 1].in);
      Vector<double> dg = steps_[i].out - steps_[i - 1].out;
      const double before = inner(df, df, metric);
      for (std::size_t j = 0; j < basis.size(); ++j) {
        const double share = inner(df, basis[j], metric) / inner(basis[j], basis[j], metric);
        df -= share * basis[j];
        dg -= share * outputs[j];
      }
      const double after = inner(df, df, metric);
      if (!(after > 1e-10 * before)) continue;
      // A direction in which the map expands leads away from a saddle; cancelling its residual would
      // lead to the saddle. Older steps know no better.
      if (!(inner(dg - df, df, metric) < 0.0)) break;
      const double gamma = inner(residual, df, metric) / after;
      residual -= gamma * df;
      direction_ -= gamma * dg;
      basis.push_back(std::move(df));
      outputs.push_back(std::move(dg));
    }
    if (basis.empty()) return std::nullopt;
    length_ = 1.0;
    return Vector<double>(last.out + direction_);
  }

  Acceleration kind_;
  std::vector<MapStep> steps_;
  Vector<double> direction_;
  double length_ = 1.0;
  int trials_ = 0;
};

}  // namespace detail

LATENT_END
