// A mixture family of your own: waiting times. Calls are short or long, which is not recorded; the
// times of each kind are exponentially distributed. How many are long, and how long do they last?
//
// The struct below is all there is to write (the library has this family too; here it is yours). The
// library adds the E-step, the weights of the mixture, convergence, threads, known labels, sample
// weights, batches that arrive one by one, and acceleration; it asks for five functions:
//   components, zero           how many, and statistics that hold nothing yet
//   log_density(x, out)        out(i, k) = log p(x_i | k), for a tile of rows
//   accumulate(x, r, s)        s += sum_i r(i, k) T(x_i)
//   maximize(n, s)             the parameters that fit n and s best
// The data are seen in log_density and accumulate only, tile by tile; maximize sees sums. That is
// what lets rows be shared between threads.
//
// Look at: the estimates beside the truth, and the second table, where the same struct is fitted in
// six ways without a change. Two threads give the same bits as one, and the checker of laws, which
// is there for models of your own, has nothing to say.
#include <cmath>
#include <latent/em.hpp>
#include <latent/testing/laws.hpp>
#include <sstream>

#include "support/program.hpp"
#include "support/table.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;

// p(x | k) = rate(k) exp(-rate(k) x), x >= 0.
struct WaitingTimes {
  using Statistics = Vector<double>;  // K: expected sum of the times
  Vector<double> rate;                // K, 1 / mean time

  Index components() const { return rate.size(); }
  Statistics zero() const { return Statistics::Zero(components()); }

  void log_density(const Eigen::Ref<const RowMatrix<double>>& x, RowMatrix<double>& out) const {
    for (Index i = 0; i < x.rows(); ++i)
      for (Index k = 0; k < components(); ++k) out(i, k) = std::log(rate[k]) - rate[k] * x(i, 0);
  }
  void accumulate(const Eigen::Ref<const RowMatrix<double>>& x, const RowMatrix<double>& r,
                  Statistics& s) const {
    for (Index i = 0; i < x.rows(); ++i)
      for (Index k = 0; k < components(); ++k) s[k] += r(i, k) * x(i, 0);
  }
  WaitingTimes maximize(const Vector<double>& n, const Statistics& s) const {
    WaitingTimes next = *this;  // a component that no row belongs to stays as it was
    for (Index k = 0; k < components(); ++k)
      if (n[k] > 0.0 && s[k] > 0.0) next.rate[k] = n[k] / s[k];
    return next;
  }
};

namespace {

// n times of which a share is long.
RowMatrix<double> waiting_times(Index n, double share, double short_mean, double long_mean,
                                std::uint64_t seed) {
  RowMatrix<double> x(n, 1);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(seed).at(static_cast<std::uint64_t>(i));
    const double mean = random.uniform() < share ? long_mean : short_mean;
    x(i, 0) = -mean * std::log(random.uniform_open());
  }
  return x;
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"a mixture family written by a user: exponential waiting times"};
  program.takes_seed();
  return program.run(argc, argv, [&] {
    const RowMatrix<double> times = waiting_times(50000, 0.3, 2.0, 15.0, program.seed);
    const latent::Mixture start{Vector<double>{{0.5, 0.5}},
                                WaitingTimes{Vector<double>{{1.0, 0.1}}}};
    const latent::EM em{.tolerance = 1e-9};
    const auto one = em.fit(start, times, latent::Serial{});
    const auto two = em.fit(start, times, latent::Threads{2});

    const auto& [weights, family] = std::pair{one.model.weights, one.model.family};
    examples::Table table{{"calls", "share", "mean minutes", "true share", "true mean"}};
    table.row("short", examples::fixed(weights[0], 3), examples::fixed(1.0 / family.rate[0], 2),
              "0.700", "2.00");
    table.row("long", examples::fixed(weights[1], 3), examples::fixed(1.0 / family.rate[1], 2),
              "0.300", "15.00");

    // The same struct again, in other hands.
    examples::Table ways{{"way", "E-steps", "share of long", "mean of long", "log-likelihood"}};
    const auto add = [&](const char* way, const auto& fit) {
      ways.row(way, fit.report.evaluations, examples::fixed(fit.model.weights[1], 3),
               examples::fixed(1.0 / fit.model.family.rate[1], 2),
               examples::fixed(fit.log_likelihood, 2));
    };
    add("as above", one);
    latent::EM fast = em;
    fast.acceleration = latent::Acceleration::anderson;
    add("accelerated", fast.fit(start, times));
    add("each call to its likelier kind", em.fit(start, times, {}, latent::Hard{}));
    add("online, 500 calls at a time", latent::OnlineEM{.batch = 500}.fit(start, times));
    Vector<double> twice = Vector<double>::Ones(times.rows());
    twice.head(times.rows() / 2).setConstant(2.0);
    add("the first half counted twice", em.fit(start, latent::samples(times).weights(twice)));
    latent::Labels known = latent::Labels::Constant(times.rows(), -1);
    for (Index i = 0; i < times.rows(); ++i)
      if (times(i, 0) > 40.0) known[i] = 1;  // nobody chats that long briefly
    add("calls over 40 minutes known as long", em.fit(start, latent::samples(times).labels(known)));

    const bool same =
        one.model.weights == two.model.weights && one.model.family.rate == two.model.family.rate &&
        one.log_likelihood == two.log_likelihood && one.report.iterations == two.report.iterations;
    const std::vector<std::string> broken =
        latent::testing::broken_laws(start, latent::samples(times));
    std::ostringstream page;
    page << "# A model of your own: " << times.rows() << " waiting times\n\n"
         << table << "\nLog-likelihood " << examples::fixed(one.log_likelihood, 3) << " after "
         << one.report.iterations << " iterations (" << latent::to_string(one.report.status)
         << ").\n\n"
         << ways << "\n"
         << "The results of Serial{} and Threads{2} are "
         << (same ? "the same, bit for bit" : "DIFFERENT") << ".\n"
         << "Laws of a latent model that it breaks: " << (broken.empty() ? "none" : broken.front())
         << ".\n";
    program.publish("my_own_model.md", page.str());
    if (!same || !broken.empty()) throw std::runtime_error("the family does not keep its promises");
  });
}
