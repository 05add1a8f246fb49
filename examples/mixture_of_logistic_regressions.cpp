// Two kinds of customers. Each is sent an offer with a price and a time of delivery, and buys or
// does not. One kind looks at the price, the other at the delivery; which kind a customer is was
// not recorded.
//
// A logistic regression of the whole finds an average customer who does not exist. A mixture of two
// finds both kinds, and how many there are. Its M-step would need a logistic regression for each
// kind, weighted by the responsibilities, and that has no closed form. EM does not care: it climbs
// as long as the M-step improves on the expected log-likelihood. One step to the top of a quadratic
// bound (Jaakkola and Jordan 2000) is enough, and this is called generalised EM.
//
// Look at: the estimates beside the truth; the log-likelihoods; and how many iterations a Newton
// step needs where nothing is hidden, against the bound steps of the mixture.
#include <cmath>
#include <latent/logistic_regression.hpp>
#include <sstream>

#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using Experts = latent::LogisticExperts<double>;

namespace {

// Columns: price and delivery (both in standard units), bought (0 or 1).
RowMatrix<double> offers(Index n, const latent::Mixture<Experts>& truth, std::uint64_t seed) {
  RowMatrix<double> rows(n, 3);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = latent::Random(seed).at(static_cast<std::uint64_t>(i));
    const Index kind = random.uniform() < truth.weights[0] ? 0 : 1;
    rows(i, 0) = random.normal();
    rows(i, 1) = random.normal();
    const double score = truth.family.intercepts[kind] +
                         truth.family.coefficients(kind, 0) * rows(i, 0) +
                         truth.family.coefficients(kind, 1) * rows(i, 1);
    rows(i, 2) = random.uniform() < 1.0 / (1.0 + std::exp(-score)) ? 1.0 : 0.0;
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"two kinds of customers: a mixture of logistic regressions"};
  program.takes_seed();
  return program.run(argc, argv, [&] {
    const latent::Mixture truth{
        Vector<double>{{0.6, 0.4}},
        Experts{RowMatrix<double>{{-4.0, 0.0}, {0.0, -4.0}}, Vector<double>{{1.0, -1.0}}}};
    const RowMatrix<double> rows = offers(20000, truth, program.seed);

    // One regression for all: the features are the data, the response is the label.
    const RowMatrix<double> features = rows.leftCols(2);
    const latent::Labels bought = rows.col(2).cast<int>();
    const auto one =
        latent::EM{}.fit(latent::LogisticRegression<>(2), latent::samples(features).labels(bought));

    // Two: the response is the last column, and the label is what is hidden.
    const latent::Mixture start{
        Vector<double>{{0.5, 0.5}},
        Experts{RowMatrix<double>{{-1.0, 0.0}, {0.0, -1.0}}, Vector<double>{{0.0, 0.0}}}};
    const auto two = latent::EM{.tolerance = 1e-9}.fit(start, rows);

    examples::Table table{{"customers", "share", "price", "delivery", "intercept"}};
    const auto add = [&](const std::string& who, double share, double price, double delivery,
                         double intercept) {
      table.row(who, fixed(share, 3), fixed(price, 2), fixed(delivery, 2), fixed(intercept, 2));
    };
    const auto add_kinds = [&](const std::string& who, const latent::Mixture<Experts>& mixture) {
      for (Index k = 0; k < 2; ++k)
        add(who + (k == 0 ? " first" : " second"), mixture.weights[k],
            mixture.family.coefficients(k, 0), mixture.family.coefficients(k, 1),
            mixture.family.intercepts[k]);
    };
    add("one regression: all", 1.0, one.model.coefficients[0], one.model.coefficients[1],
        one.model.intercept);
    add_kinds("mixture: the", two.model);
    add_kinds("truth: the", truth);

    examples::Table fits{{"model", "log-likelihood", "iterations", "status"}};
    const auto add_fit = [&](const std::string& name, const auto& fit) {
      fits.row(name, fixed(fit.log_likelihood, 2), fit.report.iterations,
               latent::to_string(fit.report.status));
    };
    add_fit("one regression", one);
    add_fit("mixture of two", two);

    std::ostringstream page;
    page << "# Two kinds of customers, " << rows.rows() << " offers\n\n"
         << table << '\n'
         << fits << "\nUnder the truth the log-likelihood is "
         << fixed(truth.log_likelihood(rows), 2) << ".\n";
    program.publish("mixture_of_logistic_regressions.md", page.str());
  });
}
