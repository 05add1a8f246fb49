// Starts for mixtures: random rows, labels, k-means, responsibilities.
#include "latent/mixture/starts.hpp"

#include <cmath>

#include "latent/cluster/kmeans.hpp"
#include "latent/coins.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/gaussian.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;
using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

namespace {

Bells bells() {
  RowMatrix<double> means(3, 2);
  means << 0, 0, 9, 0, 0, 9;
  return {Eigen::Vector3d(0.2, 0.3, 0.5), latent::Gaussian<>::isotropic(means, 1.0)};
}
Bells blank() {  // says how many and of which kind, no more
  return {Eigen::Vector3d(0.2, 0.3, 0.5),
          latent::Gaussian<>::isotropic(RowMatrix<double>::Zero(3, 2), 1.0)};
}

}  // namespace

TEST_CASE(
    "starts: responsibilities give the weighted M-step, exactly the one of labels if 0 or 1") {
  latent::Labels labels;
  const RowMatrix<double> x = bells().sample(3000, 5, &labels);
  RowMatrix<double> r = RowMatrix<double>::Zero(3000, 3);
  for (Index i = 0; i < 3000; ++i) r(i, labels[i]) = 1.0;
  const auto from_labels = latent::start_from_labels(blank(), latent::samples(x).labels(labels));
  const auto from_r = latent::start_from_responsibilities(blank(), x, r);
  const auto complete = latent::fit_complete(blank(), latent::samples(x).labels(labels));
  CHECK(same_bits(from_labels.parameters(), from_r.parameters()));
  CHECK(same_bits(from_labels.parameters(), complete.parameters()));
  // The posterior of a model as soft labels is one iteration of EM.
  const auto soft = latent::start_from_responsibilities(bells(), x, bells().responsibilities(x));
  const auto step = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(bells(), x);
  CHECK(close_matrix(soft.parameters(), step.model.parameters(), 1e-12));
}

TEST_CASE("starts: k-means labels lead to the clusters") {
  const RowMatrix<double> x = bells().sample(3000, 5);
  const auto labels = latent::KMeans{.clusters = 3}.fit(x).labels;
  const auto start = latent::start_from_labels(blank(), latent::samples(x).labels(labels));
  const auto fit = latent::EM{}.fit(start, x);
  CHECK(fit.log_likelihood >= bells().log_likelihood(x));
  CHECK(fit.report.iterations < 20);
}

TEST_CASE("starts: a component that nobody labelled keeps its parameters, and the weights stay") {
  latent::Labels labels;
  const RowMatrix<double> x = bells().sample(300, 5, &labels);
  for (Index i = 0; i < 300; ++i)
    if (labels[i] == 1) labels[i] = -1;
  const auto start = latent::start_from_labels(bells(), latent::samples(x).labels(labels));
  CHECK(start.weights == bells().weights);
  CHECK(start.family.means.row(1) == bells().family.means.row(1));
  CHECK(start.family.means.row(0) != bells().family.means.row(0));
}

TEST_CASE("starts: random rows pull components apart, restarts differ, executors and seeds agree") {
  const RowMatrix<double> x = bells().sample(5000, 5);
  const auto first = latent::start_at_random(blank(), x, 3, 0, latent::Serial{});
  CHECK(first.family.means.row(0) != first.family.means.row(1));
  CHECK(first.weights == blank().weights);
  for (const int threads : {1, 2, 3, 8})
    CHECK(
        same_bits(latent::start_at_random(blank(), x, 3, 0, latent::Threads{threads}).parameters(),
                  first.parameters()));
  CHECK(!same_bits(latent::start_at_random(blank(), x, 3, 1).parameters(), first.parameters()));
  CHECK(!same_bits(latent::start_at_random(blank(), x, 4, 0).parameters(), first.parameters()));
  const auto best = latent::EM{}.fit_best(
      10, [&](Index restart) { return latent::start_at_random(blank(), x, 1, restart); }, x);
  CHECK(best.report.restarts.size() == 10);
  CHECK(best.log_likelihood >= bells().log_likelihood(x));
}

TEST_CASE("starts: a random start forbids nothing, with labels or without") {
  RowMatrix<double> x(6, 3);
  x << 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1;
  const Words model{Eigen::Vector2d(0.5, 0.5), {RowMatrix<double>::Constant(2, 3, 0.5)}};
  const latent::Labels labels{{0, 0, 1, -1, -1, -1}};
  for (Index restart = 0; restart < 5; ++restart) {
    const auto plain = latent::start_at_random(model, x, 0, restart);
    const auto named =
        latent::start_at_random(model, latent::samples(x).labels(labels), 0, restart);
    for (const auto* start : {&plain, &named}) {
      CHECK(start->family.probability.minCoeff() > 0.0);
      CHECK(start->family.probability.maxCoeff() < 1.0);
    }
    CHECK(named.family.probability(0, 0) > 0.9);  // both rows of label 0 begin with 1
    CHECK(named.family.probability(1, 0) < 0.1);
  }
}

TEST_CASE("starts: rows that are all equal give components that are not") {
  const RowMatrix<double> x = RowMatrix<double>::Constant(50, 2, 3.0);
  const auto start =
      latent::start_at_random(latent::Mixture{Eigen::Vector2d(0.5, 0.5),
                                              latent::Binomial<double>{Eigen::Vector2d(0.1, 0.9)}},
                              x);
  CHECK(latent::all_finite(start.parameters()));
  CHECK(start.family.probability[0] == 0.5);
}

TEST_CASE("starts: responsibilities of the wrong shape or kind are refused") {
  const RowMatrix<double> x = bells().sample(10, 5);
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               latent::start_from_responsibilities(blank(), x, RowMatrix<double>::Ones(10, 2));
             }),
             latent_test::contains("10 x 3; got 10 x 2"));
  RowMatrix<double> r = RowMatrix<double>::Ones(10, 3);
  r(4, 1) = -0.5;
  CHECK_THAT(
      message_of<latent::DataError>([&] { latent::start_from_responsibilities(blank(), x, r); }),
      latent_test::contains("got -0.5 at row 4, component 1"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { latent::start_from_labels(blank(), latent::samples(x)); }),
             latent_test::contains("the source must have labels"));
}
