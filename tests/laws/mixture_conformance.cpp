// What every fitted mixture must do with its input, over every family: the same list for all.
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "latent/coins.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/gaussian.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

using Coins = latent::Mixture<latent::Binomial<double>>;
using Words = latent::Mixture<latent::Bernoulli<double>>;
using Bells = latent::Mixture<latent::Gaussian<>>;

template <class Model>
Model made();

template <>
Coins made() {
  return {Eigen::Vector2d(0.4, 0.6), {Eigen::Vector2d(0.7, 0.3)}};
}
template <>
Words made() {
  RowMatrix<double> p(2, 5);
  p << 0.9, 0.2, 0.5, 0.6, 0.3, 0.1, 0.7, 0.4, 0.5, 0.8;
  return {Eigen::Vector2d(0.4, 0.6), {p}};
}
template <>
Bells made() {
  RowMatrix<double> means(2, 3);
  means << 0, 1, 2, 2, 0, -1;
  return {Eigen::Vector2d(0.4, 0.6), latent::Gaussian<>::isotropic(means, 1.5)};
}

template <class Model>
void conform() {
  const Model model = made<Model>();
  const RowMatrix<double> x = model.sample(2500, 3);
  const Index d = x.cols();
  const latent::EM em{.max_iterations = 4, .tolerance = 0};
  const auto fit = em.fit(model, x);
  const auto parameters = fit.model.parameters();
  const auto labels = fit.model.predict(x);
  const auto density = fit.model.log_density(x);
  const auto r = fit.model.responsibilities(x);

  {  // Answers are what their names say.
    for (Index i = 0; i < x.rows(); ++i) {
      double sum = 0;
      for (Index k = 0; k < 2; ++k) {
        REQUIRE(r(i, k) >= 0.0);
        sum += r(i, k);
      }
      REQUIRE(std::abs(sum - 1) <= 8 * latent_test::eps);
      REQUIRE(labels[i] == (r(i, 1) > r(i, 0) ? 1 : 0));
    }
    CHECK(latent_test::close(density.sum(), fit.log_likelihood, 1e-13));
  }
  {  // No rows: no answers, no error. Wrong columns: an error.
    const RowMatrix<double> none(0, d);
    CHECK(fit.model.predict(none).size() == 0);
    CHECK(fit.model.log_density(none).size() == 0);
    CHECK(fit.model.responsibilities(none).rows() == 0);
    CHECK(fit.model.responsibilities(none).cols() == 2);
    CHECK(fit.model.log_likelihood(none) == 0.0);
    const RowMatrix<double> wide = RowMatrix<double>::Zero(3, d + 1);
    CHECK_THAT(message_of<latent::InvalidArgument>([&] { fit.model.predict(wide); }),
               latent_test::contains("got 3 x"));
    CHECK_THROWS_AS(fit.model.log_density(wide), latent::InvalidArgument);
    CHECK_THROWS_AS(fit.model.responsibilities(wide), latent::InvalidArgument);
    CHECK_THROWS_AS(fit.model.bic(wide), latent::InvalidArgument);
  }
  {  // Part of the rows: the same labels, and densities but for the order of a few additions.
    for (const Index count : {1, 7, 300}) {
      const RowMatrix<double> part = x.middleRows(777, count);
      CHECK(fit.model.predict(part) == labels.segment(777, count));
      const auto again = fit.model.log_density(part);
      for (Index i = 0; i < count; ++i)
        CHECK(latent_test::close(again[i], density[777 + i], 1e-13));
    }
  }
  {  // Where the data lie, and in which order, changes no bit.
    const Eigen::MatrixXd columns = x;
    CHECK(same_bits(em.fit(model, columns).model.parameters(), parameters));
    CHECK(same_bits(em.fit(model, x + RowMatrix<double>::Zero(x.rows(), d)).model.parameters(),
                    parameters));
    std::vector<double> store(static_cast<std::size_t>(x.size() + 16));
    for (Index offset = 0; offset < 8; ++offset) {
      Eigen::Map<RowMatrix<double>> moved(store.data() + offset, x.rows(), d);
      moved = x;
      CHECK(same_bits(em.fit(model, moved).model.parameters(), parameters));
      CHECK(same_bits(fit.model.log_density(moved), density));
    }
    RowMatrix<double> gaps = RowMatrix<double>::Zero(x.rows(), 2 * d + 1);
    const Eigen::Map<RowMatrix<double>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> strided(
        gaps.data(), x.rows(), d, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(2 * d + 1, 2));
    for (Index i = 0; i < x.rows(); ++i)
      for (Index j = 0; j < d; ++j) gaps(i, 2 * j) = x(i, j);
    CHECK(same_bits(em.fit(model, strided).model.parameters(), parameters));
  }
  {  // Again is the same; asking changes nothing.
    CHECK(same_bits(em.fit(model, x).model.parameters(), parameters));
    CHECK(same_bits(fit.model.parameters(), parameters));
    CHECK(
        same_bits(em.fit(model, latent::samples(x).weights(latent::Vector<double>::Ones(x.rows())))
                      .model.parameters(),
                  parameters));
  }
  {  // Values: copies, moves, containers.
    Model copy = fit.model;
    Model other = made<Model>();
    other = copy;
    copy = std::move(other);
    std::vector<Model> many(3, copy);
    many.push_back(std::move(copy));
    copy = many.front();
    CHECK(same_bits(many.back().predict(x), labels));
    CHECK(same_bits(copy.log_density(x), density));
  }
  {  // A failing call leaves the model as it was.
    RowMatrix<double> bad = x;
    bad(2400, d - 1) = std::numeric_limits<double>::infinity();
    CHECK_THAT(message_of<latent::DataError>([&] { fit.model.predict(bad); }),
               latent_test::contains("inf at row 2400"));
    CHECK(same_bits(fit.model.log_density(x), density));
  }
}

}  // namespace

TEST_CASE("conformance: ties go to the lowest component") {
  const Coins twins{Eigen::Vector3d(0.2, 0.4, 0.4), {Eigen::Vector3d(0.5, 0.7, 0.7)}};
  const RowMatrix<double> x = latent::tosses({"HHHH", "TTTT"});
  CHECK(twins.predict(x)[0] == 1);
  const Coins certain{Eigen::Vector3d(0.2, 0.4, 0.4), {Eigen::Vector3d(1.0, 1.0, 1.0)}};
  CHECK(certain.predict(x)[1] == 1);  // impossible everywhere: the largest weight, then the lowest
}

TEST_CASE("conformance: binomial mixtures") {
  conform<Coins>();
}
TEST_CASE("conformance: Bernoulli mixtures") {
  conform<Words>();
}
TEST_CASE("conformance: Gaussian mixtures") {
  conform<Bells>();
}
