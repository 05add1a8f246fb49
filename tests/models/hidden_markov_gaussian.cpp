// Hidden Markov models with Gaussian states.
#include <cmath>

#include "latent/em/em.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/models/hidden_markov.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::HiddenMarkov;
using latent::Index;
using latent::Labels;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::eps;

namespace {

const RowMatrix<double>& sticky() {
  static const RowMatrix<double> transition{{0.9, 0.1}, {0.2, 0.8}};
  return transition;
}

}  // namespace

TEST_CASE("hidden markov: Gaussian states that overlap are told apart by their neighbours") {
  const HiddenMarkov truth{
      Vector<double>{{0.5, 0.5}}, sticky(),
      latent::Gaussian<>::isotropic(RowMatrix<double>{{0.0, 0.0}, {1.5, 1.0}}, 1.0)};
  Labels states;
  const RowMatrix<double> x = truth.sample(6000, 1, &states);
  const HiddenMarkov start{
      Vector<double>{{0.5, 0.5}}, RowMatrix<double>{{0.5, 0.5}, {0.5, 0.5}},
      latent::Gaussian<>::isotropic(RowMatrix<double>{{-1.0, 0.0}, {2.0, 0.0}}, 2.0)};
  const auto fit = latent::EM{.max_iterations = 500}.fit(start, x);
  CHECK(fit.report.converged());
  CHECK((fit.model.transition - sticky()).cwiseAbs().maxCoeff() < 0.05);
  CHECK((fit.model.family.means - truth.family.means).cwiseAbs().maxCoeff() < 0.15);
  CHECK(fit.log_likelihood > truth.log_likelihood(x));
  const double right = (fit.model.predict(x).array() == states.array()).cast<double>().mean();
  const latent::Mixture<latent::Gaussian<>> alone{truth.stationary(), truth.family};
  const double by_rows = (alone.predict(x).array() == states.array()).cast<double>().mean();
  CHECK(right > by_rows + 0.03);
}

TEST_CASE("hidden markov: Gaussian rows far from every state keep their log-likelihood") {
  const HiddenMarkov model{Vector<double>{{0.5, 0.5}}, sticky(),
                           latent::Gaussian<>::isotropic(RowMatrix<double>{{0.0}, {1.0}}, 1.0)};
  RowMatrix<double> x = RowMatrix<double>::Constant(2000, 1, 1500.0);
  // Density -1.1e6 a row, 1499.5 nats apart for the second state.
  const RowMatrix<double> gamma = model.posterior(x);
  CHECK(gamma.col(1).isOnes(0.0));
  const double row = -0.5 * 1499.0 * 1499.0 - 0.5 * std::log(2 * M_PI);
  CHECK(
      close(model.log_likelihood(x), std::log(0.5) + 2000 * row + 1999 * std::log(0.8), 64 * eps));
  CHECK(model.predict(x) == Labels::Ones(2000));
}
