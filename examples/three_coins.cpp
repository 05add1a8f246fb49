// Three coins: the first, with P(heads) = pi, decides whether the second (p) or the third (q) is
// tossed, and only that toss is written down: 1, 1, 0, 1, 0, 0, 1, 0, 1, 1. (Li Hang, "Statistical
// Learning Methods", section 9.1.)
//
// Look at: every start ends after a single step, each in another place, and yet all have the same
// likelihood. A single toss is 1 with probability s = pi p + (1 - pi) q, so that is all the data
// can tell. EM finds s = 6/10 at once and leaves the rest where the start put it. More data of this
// kind would not help; several tosses a round would (see two_coins).
#include <array>
#include <latent/bernoulli_mixture.hpp>
#include <sstream>

#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::RowMatrix;
using latent::Vector;
using Coins = latent::Mixture<latent::Bernoulli<double>>;

int main(int argc, char** argv) {
  examples::Program program{"EM on three coins: what the data cannot tell"};
  return program.run(argc, argv, [&] {
    const RowMatrix<double> tosses{{1}, {1}, {0}, {1}, {0}, {0}, {1}, {0}, {1}, {1}};

    examples::Table table{{"", "π", "p", "q", "s = π p + (1 - π) q", "log-likelihood"}};
    const auto add = [&](const std::string& name, const Coins& model, double log_likelihood) {
      const double pi = model.weights[0];
      const double p = model.family.probability(0, 0);
      const double q = model.family.probability(1, 0);
      table.row(name, fixed(pi, 4), fixed(p, 4), fixed(q, 4), fixed(pi * p + (1.0 - pi) * q, 4),
                fixed(log_likelihood, 6));
    };
    for (const auto& [pi, p, q] :
         {std::array{0.5, 0.5, 0.5}, std::array{0.4, 0.6, 0.7}, std::array{0.46, 0.55, 0.67}}) {
      const Coins start{Vector<double>{{pi, 1.0 - pi}},
                        latent::Bernoulli{RowMatrix<double>{{p}, {q}}}};
      const auto step = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(start, tosses);
      const auto end = latent::EM{.max_iterations = 100, .tolerance = 0}.fit(start, tosses);
      add("start", start, start.log_likelihood(tosses));
      add("1 step", step.model, step.log_likelihood);
      add("100 steps", end.model, end.log_likelihood);
    }

    std::ostringstream page;
    page << "# Three coins\n\n"
         << table
         << "\nThree starts, three answers, one likelihood: the tosses determine s = 0.6, the "
            "share of ones, and no\n"
            "more. Every π, p, q with this s is a maximum, and EM stays at the first one it "
            "meets.\n";
    program.publish("three_coins.md", page.str());
  });
}
