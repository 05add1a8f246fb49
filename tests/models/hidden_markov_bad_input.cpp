// What a hidden Markov model refuses, and in which words.
#include <limits>
#include <string>
#include <vector>

#include "latent/em/em.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/models/hidden_markov.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::Index;
using latent::InvalidArgument;
using latent::Labels;
using latent::RowMatrix;
using latent::Vector;
using latent_test::contains;
using latent_test::message_of;

namespace {

using Model = latent::HiddenMarkov<latent::Bernoulli<double>>;

Model good() {
  return {Vector<double>{{0.5, 0.5}}, RowMatrix<double>{{0.9, 0.1}, {0.2, 0.8}},
          latent::Bernoulli{RowMatrix<double>{{0.9}, {0.3}}}};
}

const RowMatrix<double>& rows() {
  static const RowMatrix<double> x{{1}, {0}, {0}, {1}};
  return x;
}

// The message of a fit, which every member that reads data must give as well.
template <class Change>
std::string refused(const Change& change) {
  Model model = good();
  change(model);
  const std::string message =
      message_of<InvalidArgument>([&] { (void)latent::EM{}.fit(model, rows()); });
  CHECK(message_of<InvalidArgument>([&] { (void)model.posterior(rows()); }) == message);
  CHECK(message_of<InvalidArgument>([&] { (void)model.viterbi(rows()); }) == message);
  CHECK(message_of<InvalidArgument>([&] { (void)model.log_likelihood(rows()); }) == message);
  CHECK(message_of<InvalidArgument>([&] { (void)model.sample(3, 1); }) == message);
  CHECK(message_of<InvalidArgument>([&] { (void)model.stationary(); }) == message);
  return message;
}

}  // namespace

TEST_CASE("hidden markov: parameters that are no distributions are refused with their place") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  CHECK_THAT(refused([](Model& m) {
               m.initial = Vector<double>{{0.5, 0.6}};
             }),
             contains("initial must sum to 1; got 1.1"));
  CHECK_THAT(refused([](Model& m) {
               m.initial = Vector<double>{{1.5, -0.5}};
             }),
             contains("initial must be finite and not negative; got initial(1) = -0.5"));
  CHECK_THAT(refused([&](Model& m) { m.initial[0] = nan; }), contains("got initial(0) = nan"));
  CHECK_THAT(refused([](Model& m) { m.transition(1, 0) = 0.5; }),
             contains("row 1 of transition must sum to 1; got 1.3"));
  CHECK_THAT(refused([](Model& m) { m.transition.row(0) << 1.25, -0.25; }),
             contains("row 0 of transition must be finite and not negative; got transition(0, 1) = "
                      "-0.25"));
  CHECK_THAT(refused([&](Model& m) { m.transition(1, 1) = nan; }),
             contains("got transition(1, 1) = nan"));
  CHECK_THAT(refused([&](Model& m) { m.transition(0, 0) = inf; }),
             contains("got transition(0, 0) = inf"));
  CHECK_THAT(refused([](Model& m) { m.family.probability(1, 0) = 2; }),
             contains("Bernoulli: probabilities must lie in [0, 1]"));
}

TEST_CASE("hidden markov: shapes that disagree are refused") {
  CHECK_THAT(refused([](Model& m) { m.initial = Vector<double>(0); }),
             contains("there must be at least one state"));
  CHECK_THAT(refused([](Model& m) {
               m.initial = Vector<double>{{0.2, 0.3, 0.5}};
             }),
             contains("transition must be 3 x 3, as there are 3 initial probabilities; got 2 x 2"));
  CHECK_THAT(refused([](Model& m) { m.transition = RowMatrix<double>::Constant(2, 3, 1.0 / 3); }),
             contains("transition must be 2 x 2, as there are 2 initial probabilities; got 2 x 3"));
  CHECK_THAT(refused([](Model& m) {
               m.family.probability = RowMatrix<double>{{0.1}, {0.2}, {0.3}};
             }),
             contains("one component a state; got 3 components for 2 states"));
  CHECK_THAT(
      message_of<InvalidArgument>([] { (void)good().posterior(RowMatrix<double>::Zero(3, 2)); }),
      contains("as many columns as the model has dimensions, 1"));
}

TEST_CASE("hidden markov: concentrations below 1 are refused") {
  CHECK_THAT(refused([](Model& m) { m.initial_concentration = 0.5; }),
             contains("concentrations must be finite and at least 1; got 0.5"));
  CHECK_THAT(refused([](Model& m) { m.transition_concentration = 0.0; }),
             contains("concentrations must be finite and at least 1; got 0"));
}

TEST_CASE("hidden markov: data are refused before any work") {
  const Model model = good();
  CHECK_THAT(message_of<DataError>([&] {
               (void)latent::EM{}.fit(model, RowMatrix<double>{{1}, {0.5}});
             }),
             contains("Bernoulli: data must be 0 or 1; got 0.5 at row 1"));
  const Labels labels{{0, 1, 2, -1}};
  CHECK_THAT(message_of<DataError>(
                 [&] { (void)latent::EM{}.fit(model, latent::samples(rows()).labels(labels)); }),
             contains("labels must be below the number of components, 2; got labels(2) = 2"));
  const Vector<double> weights{{1, 1, 2, 2}};
  CHECK_THAT(message_of<DataError>(
                 [&] { (void)latent::EM{}.fit(model, latent::samples(rows()).weights(weights)); }),
             contains("the rows of a sequence must have one weight; got weights(2) = 2"));
  CHECK_NOTHROW(
      latent::EM{}.fit(model, latent::samples(rows()).weights(weights).sequences({2, 2})));
  CHECK_THAT(message_of<InvalidArgument>([&] { (void)model.sample(-1, 1); }),
             contains("n must not be negative; got -1"));
  CHECK_THAT(message_of<InvalidArgument>([&] {
               (void)model.sample(std::vector<Index>{3, 0}, 1);
             }),
             contains("lengths must be positive; got 0"));
  CHECK_THAT(message_of<InvalidArgument>([&] { (void)model.bic(RowMatrix<double>(0, 1)); }),
             contains("data must have at least one row"));
}
