// Hidden Markov models of coins and of binary rows, in double and float.
#include <type_traits>

#include "latent/em/em.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/binomial.hpp"
#include "latent/models/hidden_markov.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::HiddenMarkov;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;

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

TEST_CASE("hidden markov: float rows give a float model close to that in double") {
  const RowMatrix<double> transition{{0.9, 0.1}, {0.2, 0.8}};
  const HiddenMarkov wide{Vector<double>{{0.5, 0.5}}, transition,
                          latent::Binomial{Vector<double>{{0.8, 0.4}}}};
  const HiddenMarkov narrow{Vector<double>{{0.5, 0.5}}, transition,
                            latent::Binomial{Vector<float>{{0.8f, 0.4f}}}};
  const RowMatrix<double> x = wide.sample(3000, 4);
  const RowMatrix<float> narrow_x = x.cast<float>();
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  const auto a = em.fit(wide, x);
  const auto b = em.fit(narrow, narrow_x);
  // Float densities carry 1e-7 of their size, some tens a row, into the posterior.
  CHECK(close(a.log_likelihood, b.log_likelihood, 1e-5));
  CHECK(close_matrix(a.model.transition, b.model.transition, 1e-4));
  static_assert(std::is_same_v<decltype(b.model.posterior(narrow_x)), RowMatrix<float>>);
}
