// Two coins, five rounds of ten tosses, and nobody wrote down which coin a round was tossed with.
// (Do and Batzoglou, "What is the expectation maximization algorithm?", Nature Biotechnology 26,
// 2008; the textbook's tables 5.3 to 5.5.)
//
// Asked: P(heads) of coin A and of coin B. EM begins with a guess, 0.6 and 0.5, and repeats
//   E-step: how probable is each coin in each round? That shares the round's heads and tails
//   between the coins. M-step: P(heads) = expected heads / expected tosses.
// Look at: the shares of round 2 (9 heads, nearly all for A) and of round 4 (4 heads, mostly for
// B), and how the two numbers part company from one iteration to the next. Nothing is computed for
// the tables: they are what a TraceTable saw of the fit. two_coins.csv holds all of it, every digit,
// for a program of your own; two_coins.tex and two_coins_first.tex are for a report in LaTeX.
#include <latent/coins.hpp>
#include <sstream>

#include "support/file.hpp"
#include "support/number.hpp"
#include "support/program.hpp"

using examples::fixed;
using latent::Cell;
using latent::Index;
using latent::Table;
using latent::TraceGroup;
using Coins = latent::Mixture<latent::Binomial<double>>;

namespace {

// What the first E-step gave each coin of each round: its share of the round, times the heads and
// the tails. `mark` stands behind the cell that is often printed otherwise.
Table first_step(const latent::RowMatrix<double>& rounds, const latent::TraceTable& trace,
                 const std::string& mark) {
  const latent::TraceRow& step = trace.rows()[1];  // rows()[0] is the start
  const latent::RowMatrix<double>& r = step.responsibilities;
  Table table{{{"round"},
               {"P(A)", 2},
               {"P(B)", 2},
               {"heads of A", 2},
               {"tails of A", 2},
               {"heads of B", 2},
               {"tails of B", 2}}};
  for (Index i = 0; i < rounds.rows(); ++i) {
    const double last = r(i, 1) * rounds(i, 1);
    table.row({i + 1, r(i, 0), r(i, 1), r(i, 0) * rounds(i, 0), r(i, 0) * rounds(i, 1),
               r(i, 1) * rounds(i, 0), i == 4 ? Cell{fixed(last, 2) + mark} : Cell{last}});
  }
  const latent::Vector<double>& sums = step.statistics;  // coin x (heads, tails)
  table.row({"sum", {}, {}, sums[0], sums[1], sums[2], sums[3]});
  return table;
}

// The counts of every E-step, and the coins that the M-step made of them.
Table all_steps(const latent::TraceTable& trace) {
  return trace
      .table(
          {.columns = {{TraceGroup::iteration}, {TraceGroup::statistics}, {TraceGroup::parameters}},
           .start = false})
      .select({{"iteration", {"iteration"}},
               {"s1", {"heads of A", 2}},
               {"s2", {"tails of A", 2}},
               {"s3", {"heads of B", 2}},
               {"s4", {"tails of B", 2}},
               {"probability(0)", {"θ_A", 3, "$\\theta_A$"}},
               {"probability(1)", {"θ_B", 3, "$\\theta_B$"}}});
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"EM on two coins: which coin was it, and how fair is each?"};
  return program.run(argc, argv, [&] {
    const std::vector<std::string> strings{"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH", "HTHTTTHHTT",
                                           "THHHTHHHTH"};
    const latent::RowMatrix<double> rounds = latent::tosses(strings);  // 5 x (heads, tails)
    Table data{{{"round"}, {"tosses"}, {"heads", 0}, {"tails", 0}}};
    for (Index i = 0; i < rounds.rows(); ++i)
      data.row({i + 1, strings[static_cast<std::size_t>(i)], rounds(i, 0), rounds(i, 1)});

    Coins start{latent::Vector<double>{{0.5, 0.5}},
                latent::Binomial{latent::Vector<double>{{0.6, 0.5}}}};
    start.weighting = latent::Weighting::fixed;  // either coin is as likely, and that is known
    latent::TraceTable trace{rounds};
    const auto fit = latent::EM{.max_iterations = 10, .tolerance = 0}.fit(
        start, rounds, latent::Serial{}, latent::Soft{}, trace);
    trace.complete(fit.report);
    const auto limit = latent::EM{.tolerance = 1e-15}.fit(start, rounds);

    std::ostringstream page;
    page << "# Two coins\n\nTable 5.3: five rounds of ten tosses\n\n"
         << data.to_markdown() << "\nTable 5.4: the first E-step, from θ_A = 0.6 and θ_B = 0.5\n\n"
         << first_step(rounds, trace, "*").to_markdown()
         << "\n\\* Often printed as 1.07. Exactly it is 0.3527849 x 3 = 1.0583547, and only with "
            "1.06 does the column\n"
            "add up to 8.43.\n"
         << "\nTable 5.5: ten iterations\n\n"
         << all_steps(trace).to_markdown()
         << "\nThe limit is θ_A = " << fixed(limit.model.family.probability[0], 6)
         << ", θ_B = " << fixed(limit.model.family.probability[1], 6) << ", reached after "
         << limit.report.iterations << " iterations (" << latent::to_string(limit.report.status)
         << ").\n";
    program.publish("two_coins.md", page.str());

    using examples::write_text;
    write_text(program.output / "two_coins.tex", all_steps(trace).to_latex());
    write_text(program.output / "two_coins_first.tex", first_step(rounds, trace, "").to_latex());
    write_text(program.output / "two_coins.csv",
               trace.to_csv({.columns = {{TraceGroup::iteration},
                                         {TraceGroup::log_likelihood},
                                         {TraceGroup::change},
                                         {TraceGroup::parameters},
                                         {TraceGroup::counts},
                                         {TraceGroup::statistics},
                                         {TraceGroup::responsibilities}}}));
  });
}
