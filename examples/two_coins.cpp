// Two coins, five rounds of ten tosses, and nobody wrote down which coin a round was tossed with.
// (Do and Batzoglou, "What is the expectation maximization algorithm?", Nature Biotechnology 26,
// 2008; the textbook's tables 5.3 to 5.5.)
//
// Asked: P(heads) of coin A and of coin B. EM begins with a guess, 0.6 and 0.5, and repeats
//   E-step: how probable is each coin in each round? That shares the round's heads and tails
//   between the coins. M-step: P(heads) = expected heads / expected tosses.
// Look at: the shares of round 2 (9 heads, nearly all for A) and of round 4 (4 heads, mostly for
// B), and how the two numbers part company from one iteration to the next.
#include <latent/coins.hpp>
#include <sstream>

#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;
using Coins = latent::Mixture<latent::Binomial<double>>;

namespace {

// Sees every iteration: the model before, the expected counts of its E-step, and the model made
// from them.
struct Tables {
  const latent::RowMatrix<double>& rounds;
  examples::Table first{
      {"round", "P(A)", "P(B)", "heads of A", "tails of A", "heads of B", "tails of B"}};
  examples::Table all{
      {"iteration", "heads of A", "tails of A", "heads of B", "tails of B", "θ_A", "θ_B"}};

  void on_iteration(const auto& view) {
    const latent::RowMatrix<double>& counts = view.statistics.family;  // coin x (heads, tails)
    if (view.index == 1) {
      const latent::RowMatrix<double> r = view.before.responsibilities(rounds);
      for (Index i = 0; i < rounds.rows(); ++i)
        first.row(i + 1, fixed(r(i, 0), 2), fixed(r(i, 1), 2), fixed(r(i, 0) * rounds(i, 0), 2),
                  fixed(r(i, 0) * rounds(i, 1), 2), fixed(r(i, 1) * rounds(i, 0), 2),
                  fixed(r(i, 1) * rounds(i, 1), 2) + (i == 4 ? "*" : ""));
      first.row("sum", "", "", fixed(counts(0, 0), 2), fixed(counts(0, 1), 2),
                fixed(counts(1, 0), 2), fixed(counts(1, 1), 2));
    }
    all.row(view.index, fixed(counts(0, 0), 2), fixed(counts(0, 1), 2), fixed(counts(1, 0), 2),
            fixed(counts(1, 1), 2), fixed(view.after.family.probability[0], 3),
            fixed(view.after.family.probability[1], 3));
  }
};

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"EM on two coins: which coin was it, and how fair is each?"};
  return program.run(argc, argv, [&] {
    const std::vector<std::string> strings{"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH", "HTHTTTHHTT",
                                           "THHHTHHHTH"};
    const latent::RowMatrix<double> rounds = latent::tosses(strings);  // 5 x (heads, tails)
    examples::Table data{{"round", "tosses", "heads", "tails"}};
    for (Index i = 0; i < rounds.rows(); ++i)
      data.row(i + 1, strings[static_cast<std::size_t>(i)], fixed(rounds(i, 0), 0),
               fixed(rounds(i, 1), 0));

    Coins start{latent::Vector<double>{{0.5, 0.5}},
                latent::Binomial{latent::Vector<double>{{0.6, 0.5}}}};
    start.weighting = latent::Weighting::fixed;  // either coin is as likely, and that is known
    Tables tables{rounds};
    latent::EM{.max_iterations = 10, .tolerance = 0}.fit(start, rounds, latent::Serial{},
                                                         latent::Soft{}, tables);
    const auto limit = latent::EM{.tolerance = 1e-15}.fit(start, rounds);

    std::ostringstream page;
    page << "# Two coins\n\nTable 5.3: five rounds of ten tosses\n\n"
         << data << "\nTable 5.4: the first E-step, from θ_A = 0.6 and θ_B = 0.5\n\n"
         << tables.first
         << "\n\\* Often printed as 1.07. Exactly it is 0.3527849 x 3 = 1.0583547, and only with "
            "1.06 does the column\n"
            "add up to 8.43.\n"
         << "\nTable 5.5: ten iterations\n\n"
         << tables.all << "\nThe limit is θ_A = " << fixed(limit.model.family.probability[0], 6)
         << ", θ_B = " << fixed(limit.model.family.probability[1], 6) << ", reached after "
         << limit.report.iterations << " iterations (" << latent::to_string(limit.report.status)
         << ").\n";
    program.publish("two_coins.md", page.str());
  });
}
