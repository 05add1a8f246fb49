// Wrong families, one mistake each: the law that one expects must find it.
#include <atomic>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "latent/mixture/mixture.hpp"
#include "laws/obey.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;

namespace {

enum class Mistake {
  none,
  mean_off,         // by 1 %
  variance_off,     // by 1 %
  half_a_step,      // the mean goes half of the way
  n_minus_one,      // for n
  missing_term,     // the density lacks the logarithm of the deviation
  prior_untold,     // maximize knows a prior, log_prior does not
  weights_ignored,  // rows are counted
  weights_squared,
  field_untold,         // fields() leaves one out
  place_counts,         // of a row in its tile
  calls_remembered,     //
  thread_counts,        // statistics depend on who computes them
  zero_times_infinity,  // a row of weight 0 gives NaN
  throws_for_odd,
  nan_for_empty,  // a component without rows
};

std::atomic<int> calls{0};
const std::thread::id main_thread = std::this_thread::get_id();

struct BellStatistics {
  Vector<double> sum;
  Vector<double> squares;
  Vector<double> nothing;
  bool untold = false;
  auto fields() { return std::tie(sum, untold ? nothing : squares); }
};

// K normal distributions of one column. A prior of `pull` rows at 0 on each mean, which is none for
// pull = 0.
struct Bell {
  using Statistics = BellStatistics;
  Vector<double> mean;
  Vector<double> variance;
  Mistake mistake = Mistake::none;
  double pull = 0.0;

  Index components() const { return mean.size(); }
  Statistics zero() const {
    const Vector<double> zeros = Vector<double>::Zero(components());
    return {zeros, zeros, zeros, mistake == Mistake::field_untold};
  }
  void log_density(const Eigen::Ref<const RowMatrix<double>>& x, RowMatrix<double>& out) const {
    for (Index i = 0; i < x.rows(); ++i)
      for (Index k = 0; k < components(); ++k) {
        const double z = x(i, 0) - mean[k];
        out(i, k) = -0.5 * z * z / variance[k] - 0.5 * std::log(2.0 * std::numbers::pi);
        if (mistake != Mistake::missing_term) out(i, k) -= 0.5 * std::log(variance[k]);
      }
  }
  void accumulate(const Eigen::Ref<const RowMatrix<double>>& x, const RowMatrix<double>& r,
                  Statistics& s) const {
    double factor = 1.0;
    if (mistake == Mistake::calls_remembered) factor += 1e-9 * ++calls;
    if (mistake == Mistake::thread_counts && std::this_thread::get_id() != main_thread)
      factor += 1e-12;
    for (Index i = 0; i < x.rows(); ++i) {
      if (mistake == Mistake::place_counts) factor += 1e-9;
      double total = 0.0;
      for (Index k = 0; k < components(); ++k) total += r(i, k);
      for (Index k = 0; k < components(); ++k) {
        double weight = factor * r(i, k);
        if (mistake == Mistake::weights_ignored && total > 0.0) weight /= total;
        if (mistake == Mistake::weights_squared) weight *= total;
        s.sum[k] += weight * x(i, 0);
        s.squares[k] += weight * x(i, 0) * x(i, 0);
        if (mistake == Mistake::zero_times_infinity)
          s.squares[k] += 0.0 * weight * std::exp(std::abs(x(i, 0)));
      }
    }
  }
  Bell maximize(const Vector<double>& n, const Statistics& s) const {
    Bell next = *this;
    for (Index k = 0; k < components(); ++k) {
      if (mistake == Mistake::throws_for_odd && n[k] < 0.0) throw std::logic_error("negative");
      const bool empty = !(n[k] > 0.0);
      if (empty && mistake != Mistake::nan_for_empty) continue;
      const double m = s.sum[k] / (n[k] + pull * variance[k]);
      const double v = s.squares[k] / n[k] - 2.0 * m * s.sum[k] / n[k] + m * m;
      if (!empty && !(v > 0.0)) continue;
      next.mean[k] = m;
      next.variance[k] = v;
      if (mistake == Mistake::mean_off) next.mean[k] *= 1.01;
      if (mistake == Mistake::half_a_step) next.mean[k] = 0.5 * (m + mean[k]);
      if (mistake == Mistake::variance_off) next.variance[k] *= 0.99;
      if (mistake == Mistake::n_minus_one && n[k] > 1.0) next.variance[k] *= n[k] / (n[k] - 1.0);
    }
    return next;
  }
};

latent::Mixture<Bell> model(Mistake mistake) {
  return {Eigen::Vector2d(0.4, 0.6),
          {Eigen::Vector2d(1.0, 4.0), Eigen::Vector2d(1.5, 1.0), mistake}};
}

RowMatrix<double> data(Index n) {
  RowMatrix<double> x(n, 1);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(5).at(static_cast<std::uint64_t>(i));
    x(i, 0) = random.uniform() < 0.35 ? 0.5 + random.normal() : 4.5 + 0.8 * random.normal();
  }
  return x;
}

constexpr const char* not_maximal = "the M-step does not maximise Q";

}  // namespace

TEST_CASE("mutants: the family without a mistake obeys") {
  latent_test::obey_on("plain", model(Mistake::none), data(5000));
  latent_test::obey_on("few rows", model(Mistake::none), data(2));
}

TEST_CASE("mutants: a family's M-step that is 1 percent off is found while it still climbs") {
  for (const Index n : {100, 5000}) {
    CHECK_BREAKS(model(Mistake::mean_off), data(n), not_maximal);
    CHECK_BREAKS(model(Mistake::variance_off), data(n), not_maximal);
    CHECK_BREAKS(model(Mistake::half_a_step), data(n), not_maximal);
    CHECK_BREAKS(model(Mistake::n_minus_one), data(n), not_maximal);
  }
}

TEST_CASE("mutants: a density that the M-step does not maximise is found") {
  CHECK_BREAKS(model(Mistake::missing_term), data(5000), not_maximal);
}

TEST_CASE("mutants: a prior that log_prior does not tell of is found") {
  auto wrong = model(Mistake::prior_untold);
  wrong.family.pull = 5.0;
  CHECK_BREAKS(wrong, data(5000), not_maximal);
}

TEST_CASE("mutants: a family that misuses weights is found") {
  CHECK_BREAKS(model(Mistake::weights_ignored), data(5000), "a weight of 2 is a row given twice");
  CHECK_BREAKS(model(Mistake::weights_squared), data(5000), "a weight of 2 is a row given twice");
  CHECK_BREAKS(model(Mistake::weights_squared), data(5000), "linear in the weights");
  CHECK_BREAKS(model(Mistake::weights_squared), data(5000), "scaled by a power of two");
  CHECK_BREAKS(model(Mistake::zero_times_infinity), data(5000),
               "rows of weight 0 count for nothing");
}

TEST_CASE("mutants: an M-step that lowers an objective is found in every E-step variant") {
  const RowMatrix<double> x = data(5000);
  auto ahead = latent::EM{.tolerance = 1e-10}.fit(model(Mistake::none), x).model;
  ahead.family.mistake = Mistake::mean_off;
  CHECK_BREAKS(ahead, x, "an M-step lowered the objective: step 1");
  CHECK_BREAKS(ahead, x, "the M-step lowered Q");
  CHECK_BREAKS(ahead, x, "an M-step lowered the objective of hard EM");
  CHECK_BREAKS(ahead, x, "an M-step lowered the objective of annealed EM");
}

TEST_CASE("mutants: a statistic that is not among the fields is found") {
  CHECK_BREAKS(model(Mistake::field_untold), data(5000), "nothing that fields() leaves out");
}

TEST_CASE("mutants: statistics that depend on order, calls or threads are found") {
  CHECK_BREAKS(model(Mistake::place_counts), data(5000), "rows in another order");
  CHECK_BREAKS(model(Mistake::place_counts), data(5000), "blocks may be cut anywhere");
  CHECK_BREAKS(model(Mistake::calls_remembered), data(5000), "the same E-step again");
  // Twenty lanes: other threads than the first come to work.
  CHECK_BREAKS(model(Mistake::thread_counts), data(40000), "gives the bits of Serial{}");
}

TEST_CASE("mutants: an M-step that fails for odd statistics is found") {
  CHECK_BREAKS(model(Mistake::throws_for_odd), data(5000), "maximize must not throw");
  CHECK_BREAKS(model(Mistake::nan_for_empty), data(5000), "a component that no row belongs to");
}
