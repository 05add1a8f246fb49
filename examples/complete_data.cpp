// The two coins again, this time with the coin of each round written down: B A A B A, heads 5 9 8 4
// 7 of ten.
//
// With known labels there is nothing to iterate: one E-step that believes the labels and one M-step
// are the maximum likelihood estimate, 24/30 = 0.8 and 9/20 = 0.45. The library has no second code
// for it: a label in the data block takes the place of the posterior, so some labels are as good as
// all or none.
//
// Look at: how few labels it takes to come near the answer of all of them.
#include <latent/coins.hpp>
#include <sstream>

#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Vector;
using Coins = latent::Mixture<latent::Binomial<double>>;

int main(int argc, char** argv) {
  examples::Program program{"two coins with known labels: none, some, all"};
  return program.run(argc, argv, [&] {
    const latent::RowMatrix<double> rounds{{5, 5}, {9, 1}, {8, 2}, {4, 6}, {7, 3}};  // heads, tails
    const latent::Labels labels{{1, 0, 0, 1, 0}};                                    // A = 0, B = 1
    Coins start{Vector<double>{{0.5, 0.5}}, latent::Binomial{Vector<double>{{0.6, 0.5}}}};
    start.weighting = latent::Weighting::fixed;

    examples::Table table{{"known labels", "θ_A", "θ_B", "iterations"}};
    const auto add = [&](const std::string& known, const Coins& model, latent::Index iterations) {
      table.row(known, fixed(model.family.probability[0], 4), fixed(model.family.probability[1], 4),
                iterations);
    };
    const latent::EM em{.tolerance = 1e-12};
    const auto none = em.fit(start, rounds);
    add("? ? ? ? ?", none.model, none.report.iterations);
    const auto some =
        em.fit(start, latent::samples(rounds).labels(latent::Labels{{1, -1, -1, -1, 0}}));
    add("B ? ? ? A", some.model, some.report.iterations);
    add("B A A B A", latent::fit_complete(start, latent::samples(rounds).labels(labels)), 1);

    std::ostringstream page;
    page << "# Complete data\n\n" << table << "\nWith all labels: θ_A = 24/30, θ_B = 9/20.\n";
    program.publish("complete_data.md", page.str());
  });
}
