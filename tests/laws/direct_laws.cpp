// The laws of latent models on models that are no Mixture, right and wrong ones: the law that one
// expects must find each mistake.
#include <atomic>
#include <cmath>
#include <concepts>
#include <numbers>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "laws/obey.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;

namespace {

// One Gaussian each at +m and -m with variance 1 and equal weights: EM's step is m' = mean of x
// tanh(m x).
struct Mirrored {
  using Statistics = Eigen::Matrix<double, 2, 1>;  // sum of w x tanh(m x), sum of w
  double m = 0.1;
  double factor = 1.0;  // 1 in the right model

  Statistics zero() const { return Statistics::Zero(); }
  double expect(const latent::Block<double>& block, Statistics& s) const {
    double log_likelihood = 0.0;
    for (Index i = 0; i < block.x.rows(); ++i) {
      const double x = block.x(i, 0);
      const double w = block.weights[i];
      s[0] += w * x * std::tanh(m * x);
      s[1] += w;
      log_likelihood += w * (-0.5 * (x * x + m * m) + std::log(std::cosh(m * x)) -
                             0.5 * std::log(2 * std::numbers::pi));
    }
    return log_likelihood;
  }
  Mirrored maximize(const Statistics& s) const { return {factor * s[0] / s[1], factor}; }
};

enum class Mistake {
  none,
  mean_off,          // by 1 %
  variance_off,      // by 1 %
  share_off,         // by 1 %
  prior_untold,      //
  missing_term,      // the log-likelihood lacks the logarithm of the deviation
  weights_ignored,   //
  weights_squared,   //
  not_normalised,    // r sums to more than 1
  posterior_off,     // r is a power of the posterior
  labels_ignored,    //
  field_untold,      // fields() leaves one out
  place_counts,      // of a block in the data
  calls_remembered,  //
  thread_counts,     //
  goes_back,         // the M-step returns the start
  drifts,            // a parameter that nothing depends on grows
  zero_counts,       // zero() holds something
  joint_untold,      // log_joint lacks a term that the E-step has
  throws_for_odd,
};

std::atomic<int> calls{0};
const std::thread::id main_thread = std::this_thread::get_id();

struct PairStatistics {
  Eigen::Vector2d n;
  Eigen::Vector2d sum;
  double squares = 0.0;
  double nothing = 0.0;
  bool untold = false;
  auto fields() { return std::tie(n, sum, untold ? nothing : squares); }
};

// Two normal distributions of one column with one variance. `pull`: rows at 0 in the second mean.
struct Pair {
  using Statistics = PairStatistics;
  Eigen::Vector2d weights{0.4, 0.6};
  Eigen::Vector2d mean{1.0, 4.0};
  double variance = 1.5;
  Mistake mistake = Mistake::none;
  double pull = 0.0;
  double unused = 1.0;

  Vector<double> parameters() const {
    return Vector<double>{{weights[0], mean[0], mean[1], variance, unused}};
  }
  Statistics zero() const {
    return {Eigen::Vector2d::Constant(mistake == Mistake::zero_counts ? 0.25 : 0.0),
            Eigen::Vector2d::Zero(), 0.0, 0.0, mistake == Mistake::field_untold};
  }
  double log_density(double x, Index k) const {
    const double z = x - mean[k];
    const double term = mistake == Mistake::missing_term ? 0.0 : 0.5 * std::log(variance);
    return std::log(weights[k]) - 0.5 * z * z / variance - term -
           0.5 * std::log(2.0 * std::numbers::pi);
  }
  // The posterior of a row; its log-likelihood is returned.
  double posterior(double x, int label, Eigen::Vector2d& r) const {
    const Eigen::Vector2d joint(log_density(x, 0), log_density(x, 1));
    if (label >= 0 && mistake != Mistake::labels_ignored) {
      r.setZero();
      r[label] = 1.0;
      return joint[label];
    }
    const double log_sum = latent::log_sum_exp(joint.data(), 2);
    for (Index k = 0; k < 2; ++k) r[k] = std::exp(joint[k] - log_sum);
    if (mistake == Mistake::not_normalised) r[0] *= 1.01;
    if (mistake == Mistake::posterior_off) {
      r = r.array().pow(1.05).matrix().eval();
      r /= r[0] + r[1];
    }
    return log_sum;
  }
  latent::Expectation expect(const latent::Block<double>& block, Statistics& s) const {
    latent::Expectation sums;
    double factor = 1.0;
    if (mistake == Mistake::calls_remembered) factor += 1e-9 * ++calls;
    if (mistake == Mistake::place_counts) factor += 1e-9 * static_cast<double>(block.first_row);
    if (mistake == Mistake::thread_counts && std::this_thread::get_id() != main_thread)
      factor += 1e-12;
    for (Index i = 0; i < block.x.rows(); ++i) {
      double w = factor * block.weights[i];
      if (mistake == Mistake::weights_ignored) w = 1.0;
      if (mistake == Mistake::weights_squared) w *= w;
      const double x = block.x(i, 0);
      Eigen::Vector2d r;
      const double log_likelihood = posterior(x, block.labels[i], r);
      for (Index k = 0; k < 2; ++k) {
        s.n[k] += w * r[k];
        s.sum[k] += w * r[k] * x;
        s.squares += w * r[k] * x * x;
      }
      sums.log_likelihood += w * log_likelihood;
      sums.magnitude += w * std::abs(log_likelihood);
    }
    sums.objective = sums.log_likelihood;
    return sums;
  }
  Pair maximize(const Statistics& s) const {
    const double n = s.n[0] + s.n[1];
    if (mistake == Mistake::throws_for_odd && n < 0.0) throw std::logic_error("negative");
    Pair next = *this;
    if (mistake == Mistake::drifts) next.unused *= 8.0;
    if (mistake == Mistake::goes_back) return Pair{};
    if (!(s.n[0] > 0.0) || !(s.n[1] > 0.0)) return next;
    next.weights = s.n / n;
    double squares = s.squares;
    for (Index k = 0; k < 2; ++k) {
      next.mean[k] = s.sum[k] / (s.n[k] + (k == 1 ? pull * variance : 0.0));
      squares += next.mean[k] * (s.n[k] * next.mean[k] - 2.0 * s.sum[k]);
    }
    if (!(squares > 0.0)) return *this;
    next.variance = squares / n;
    if (mistake == Mistake::mean_off) next.mean[0] *= 1.01;
    if (mistake == Mistake::variance_off) next.variance *= 1.01;
    if (mistake == Mistake::share_off) {
      next.weights[0] *= 0.99;
      next.weights[1] = 1.0 - next.weights[0];
    }
    return next;
  }
};

// The same with log p(x, z), which mixtures have and other models need not.
struct OpenPair : Pair {
  OpenPair maximize(const Statistics& s) const { return {Pair::maximize(s)}; }
  void log_joint(const Eigen::Ref<const RowMatrix<double>>& x, RowMatrix<double>& out) const {
    out.resize(x.rows(), 2);
    for (Index i = 0; i < x.rows(); ++i)
      for (Index k = 0; k < 2; ++k) {
        out(i, k) = log_density(x(i, 0), k);
        if (mistake == Mistake::joint_untold) out(i, k) += 0.25;
      }
  }
  template <class S>
  RowMatrix<double> responsibilities(const latent::Samples<S>& data) const {
    RowMatrix<double> out(data.rows(), 2);
    for (Index i = 0; i < data.rows(); ++i) {
      Eigen::Vector2d r;
      posterior(data(i, 0), data.label(i), r);
      out.row(i) = r.transpose();
    }
    return out;
  }
};

// Zeros and ones of one probability p, beside a hidden toss of a coin that is as likely as p: what is
// drawn stands for the rest of an E-step.
struct Tossed {
  using Statistics = Eigen::Vector3d;  // ones, rows, tosses
  double p = 0.3;
  bool by_place_in_block = false;

  Statistics zero() const { return Statistics::Zero(); }
  template <class A>
  requires std::same_as<A, latent::Soft> || std::same_as<A, latent::Stochastic>
  double expect(const latent::Block<double>& block, const A& /*assign*/, const latent::Step& step,
                Statistics& s) const {
    double log_likelihood = 0.0;
    const latent::Random stream(step.seed, latent::Purpose::assignment,
                                static_cast<std::uint64_t>(step.restart),
                                static_cast<std::uint64_t>(step.iteration));
    for (Index i = 0; i < block.x.rows(); ++i) {
      const double x = block.x(i, 0) > 3.0 ? 1.0 : 0.0;
      const double w = block.weights[i];
      const Index place = by_place_in_block ? i : block.first_row + i;
      double toss = p;
      if constexpr (std::is_same_v<A, latent::Stochastic>)
        toss = stream.at(static_cast<std::uint64_t>(place)).uniform() < p ? 1.0 : 0.0;
      s += w * Eigen::Vector3d(x, 1.0, toss);
      log_likelihood += w * (x > 0.0 ? std::log(p) : std::log1p(-p));
    }
    return log_likelihood;
  }
  Tossed maximize(const Statistics& s) const { return {s[0] / s[1], by_place_in_block}; }
};

Pair pair(Mistake mistake) {
  Pair model;
  model.mistake = mistake;
  return model;
}

OpenPair open_pair(Mistake mistake) {
  return {pair(mistake)};
}

RowMatrix<double> data(Index n) {
  RowMatrix<double> x(n, 1);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(5).at(static_cast<std::uint64_t>(i));
    x(i, 0) = random.uniform() < 0.35 ? 0.5 + random.normal() : 4.5 + random.normal();
  }
  return x;
}

constexpr const char* not_stationary = "a fixed point of EM is no maximum of the objective";
constexpr const char* not_maximal = "the M-step does not maximise Q";

}  // namespace

TEST_CASE("laws: models that are no Mixture obey") {
  for (const Index n : {2, 5, 60, 5000}) {
    latent_test::obey_on("pair", pair(Mistake::none), data(n));
    latent_test::obey_on("pair with log_joint", open_pair(Mistake::none), data(n));
    latent_test::obey_on("mirrored", Mirrored{0.1}, data(n));
  }
  latent_test::obey_on("mirrored, two rows", Mirrored{0.1}, Eigen::Vector2d(2.0, -2.0));
  latent_test::obey_on("mirrored, slower than linear", Mirrored{0.5}, Eigen::Vector2d(1.0, -1.0));
  latent_test::obey_on("mirrored, at its saddle point", Mirrored{0.0}, data(5000));
  latent::Labels some(5000);
  latent::Vector<double> weights(5000);
  for (Index i = 0; i < 5000; ++i) {
    some[i] = static_cast<int>(i % 3) - 1;
    weights[i] = static_cast<double>(i % 7) / 4.0;
  }
  const RowMatrix<double> x = data(5000);
  const auto all = latent::samples(x).weights(weights).labels(some);
  latent_test::obey_on("pair", pair(Mistake::none), all);
  latent_test::obey_on("pair with log_joint", open_pair(Mistake::none), all);
  latent_test::obey_on("mirrored", Mirrored{0.3}, all);
}

TEST_CASE("mutants: a model's M-step that is 1 percent off is found at its fixed point") {
  for (const Index n : {400, 5000}) {
    CHECK_BREAKS(pair(Mistake::mean_off), data(n), not_stationary);
    CHECK_BREAKS(pair(Mistake::variance_off), data(n), not_stationary);
    CHECK_BREAKS(pair(Mistake::share_off), data(n), not_stationary);
    CHECK_BREAKS((Mirrored{0.1, 0.99}), data(n), not_stationary);
    CHECK_BREAKS((Mirrored{0.1, 1.01}), data(n), not_stationary);
    CHECK_BREAKS(open_pair(Mistake::mean_off), data(n), not_maximal);
    CHECK_BREAKS(open_pair(Mistake::variance_off), data(n), not_maximal);
    CHECK_BREAKS(open_pair(Mistake::share_off), data(n), not_maximal);
  }
}

TEST_CASE("mutants: a log-likelihood or prior that is not what the M-step maximises is found") {
  CHECK_BREAKS(pair(Mistake::missing_term), data(5000), not_stationary);
  CHECK_BREAKS(open_pair(Mistake::missing_term), data(5000), not_maximal);
  Pair wrong = pair(Mistake::prior_untold);
  wrong.pull = 50.0;
  CHECK_BREAKS(wrong, data(5000), not_stationary);
  CHECK_BREAKS(OpenPair{wrong}, data(5000), not_maximal);
}

TEST_CASE("mutants: responsibilities that are no posterior are found") {
  CHECK_BREAKS(pair(Mistake::not_normalised), data(5000), not_stationary);
  CHECK_BREAKS(open_pair(Mistake::not_normalised), data(5000), "sum to 1");
  CHECK_BREAKS(pair(Mistake::posterior_off), data(5000), not_stationary);
  CHECK_BREAKS(open_pair(Mistake::posterior_off), data(5000), "the posterior of log_joint");
}

TEST_CASE("mutants: an E-step and a log_joint that disagree are found") {
  CHECK_BREAKS(open_pair(Mistake::joint_untold), data(5000),
               "the log-likelihood of the E-step is that of log_joint");
}

TEST_CASE("mutants: draws that depend on the block are found") {
  latent_test::obey_on("tossed", Tossed{}, data(5000));
  CHECK_BREAKS((Tossed{0.3, true}), data(5000), "the draw of a row depends on its place alone");
}

TEST_CASE("mutants: a zero that is none is found") {
  CHECK_BREAKS(pair(Mistake::zero_counts), data(5000), "zero() is neutral");
  CHECK_BREAKS(pair(Mistake::zero_counts), data(5000), "merging the statistics of two parts");
}

TEST_CASE("mutants: a parameter that moves on after convergence is found") {
  CHECK_BREAKS(pair(Mistake::drifts), data(5000), "a fixed point stays");
}

TEST_CASE("mutants: a model that ignores labels is found") {
  CHECK_BREAKS(open_pair(Mistake::labels_ignored), data(5000), "rows with known labels");
}

TEST_CASE("mutants: a model that misuses weights is found") {
  CHECK_BREAKS(pair(Mistake::weights_ignored), data(5000), "a weight of 2 is a row given twice");
  CHECK_BREAKS(pair(Mistake::weights_squared), data(5000), "a weight of 2 is a row given twice");
  CHECK_BREAKS(pair(Mistake::weights_squared), data(5000), "linear in the weights");
}

TEST_CASE("mutants: a model's statistic that is not among the fields is found") {
  CHECK_BREAKS(pair(Mistake::field_untold), data(5000), "nothing that fields() leaves out");
}

TEST_CASE("mutants: a model that depends on places, calls or threads is found") {
  CHECK_BREAKS(pair(Mistake::place_counts), data(5000), "rows in another order");
  CHECK_BREAKS(pair(Mistake::place_counts), data(5000), "blocks may be cut anywhere");
  CHECK_BREAKS(pair(Mistake::calls_remembered), data(5000), "the same E-step again");
  // Twenty lanes: other threads than the first come to work.
  CHECK_BREAKS(pair(Mistake::thread_counts), data(40000), "gives the bits of Serial{}");
}

TEST_CASE("mutants: a model's M-step that falls back or fails for odd statistics is found") {
  Pair ahead = latent::EM{.max_iterations = 3}.fit(pair(Mistake::none), data(5000)).model;
  ahead.mistake = Mistake::goes_back;
  CHECK_BREAKS(ahead, data(5000), "an M-step lowered the objective");
  CHECK_BREAKS(pair(Mistake::throws_for_odd), data(5000), "maximize must not throw");
}
