// Hidden Markov models of coins and of binary rows.
#include "latent/em/em.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/binomial.hpp"
#include "latent/models/hidden_markov.hpp"
#include "support/catch.hpp"

using latent::HiddenMarkov;
using latent::RowMatrix;
using latent::Vector;

TEST_CASE("hidden markov: coins and binary rows serve as states") {
  const RowMatrix<double> sticky{{0.9, 0.1}, {0.2, 0.8}};
  const HiddenMarkov coins{Vector<double>{{0.5, 0.5}}, sticky,
                           latent::Binomial{Vector<double>{{0.8, 0.4}}}};
  const RowMatrix<double> rounds = coins.sample(3000, 2);
  const auto coin_fit = latent::EM{.max_iterations = 300}.fit(coins, rounds);
  CHECK(coin_fit.report.converged());
  CHECK((coin_fit.model.family.probability - coins.family.probability).cwiseAbs().maxCoeff() <
        0.03);
  const HiddenMarkov bits{Vector<double>{{0.5, 0.5}}, sticky,
                          latent::Bernoulli{RowMatrix<double>{{0.9, 0.2, 0.5}, {0.3, 0.7, 0.5}}}};
  const RowMatrix<double> rows = bits.sample(3000, 3);
  const auto bit_fit = latent::EM{.max_iterations = 300}.fit(bits, rows);
  CHECK(bit_fit.report.converged());
  CHECK((bit_fit.model.transition - sticky).cwiseAbs().maxCoeff() < 0.1);
  CHECK(bit_fit.model.parameters().size() == 2 + 4 + 6);
  CHECK(bit_fit.model.parameters()[3] == bit_fit.model.transition(0, 1));
}
