// What every fitted mixture must do with its input: the same list for all families.
#pragma once

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "latent/em.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

namespace latent_test {

template <class Model>
void conform(const Model& model) {
  const latent::RowMatrix<double> x = model.sample(2500, 3);
  const latent::Index d = x.cols();
  const latent::EM em{.max_iterations = 4, .tolerance = 0};
  const auto fit = em.fit(model, x);
  const auto parameters = fit.model.parameters();
  const auto labels = fit.model.predict(x);
  const auto density = fit.model.log_density(x);
  const auto r = fit.model.responsibilities(x);

  {  // Answers are what their names say.
    for (latent::Index i = 0; i < x.rows(); ++i) {
      double sum = 0;
      for (latent::Index k = 0; k < 2; ++k) {
        REQUIRE(r(i, k) >= 0.0);
        sum += r(i, k);
      }
      REQUIRE(std::abs(sum - 1) <= 8 * eps);
      REQUIRE(labels[i] == (r(i, 1) > r(i, 0) ? 1 : 0));
    }
    CHECK(close(density.sum(), fit.log_likelihood, 1e-13));
  }
  {  // No rows: no answers, no error. Wrong columns: an error.
    const latent::RowMatrix<double> none(0, d);
    CHECK(fit.model.predict(none).size() == 0);
    CHECK(fit.model.log_density(none).size() == 0);
    CHECK(fit.model.responsibilities(none).rows() == 0);
    CHECK(fit.model.responsibilities(none).cols() == 2);
    CHECK(fit.model.log_likelihood(none) == 0.0);
    const latent::RowMatrix<double> wide = latent::RowMatrix<double>::Zero(3, d + 1);
    CHECK_THAT(message_of<latent::InvalidArgument>([&] { fit.model.predict(wide); }),
               contains("got 3 x"));
    CHECK_THROWS_AS(fit.model.log_density(wide), latent::InvalidArgument);
    CHECK_THROWS_AS(fit.model.responsibilities(wide), latent::InvalidArgument);
    CHECK_THROWS_AS(fit.model.bic(wide), latent::InvalidArgument);
  }
  {  // Part of the rows: the same labels, and densities but for the order of a few additions.
    for (const latent::Index count : {1, 7, 300}) {
      const latent::RowMatrix<double> part = x.middleRows(777, count);
      CHECK(fit.model.predict(part) == labels.segment(777, count));
      const auto again = fit.model.log_density(part);
      for (latent::Index i = 0; i < count; ++i) CHECK(close(again[i], density[777 + i], 1e-13));
    }
  }
  {  // Where the data lie, and in which order, changes no bit.
    const Eigen::MatrixXd columns = x;
    CHECK(same_bits(em.fit(model, columns).model.parameters(), parameters));
    CHECK(same_bits(
        em.fit(model, x + latent::RowMatrix<double>::Zero(x.rows(), d)).model.parameters(),
        parameters));
    std::vector<double> store(static_cast<std::size_t>(x.size() + 16));
    for (latent::Index offset = 0; offset < 8; ++offset) {
      Eigen::Map<latent::RowMatrix<double>> moved(store.data() + offset, x.rows(), d);
      moved = x;
      CHECK(same_bits(em.fit(model, moved).model.parameters(), parameters));
      CHECK(same_bits(fit.model.log_density(moved), density));
    }
    latent::RowMatrix<double> gaps = latent::RowMatrix<double>::Zero(x.rows(), 2 * d + 1);
    const Eigen::Map<latent::RowMatrix<double>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>
        strided(gaps.data(), x.rows(), d,
                Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(2 * d + 1, 2));
    for (latent::Index i = 0; i < x.rows(); ++i)
      for (latent::Index j = 0; j < d; ++j) gaps(i, 2 * j) = x(i, j);
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
    Model other = model;
    other = copy;
    copy = std::move(other);
    std::vector<Model> many(3, copy);
    many.push_back(std::move(copy));
    copy = many.front();
    CHECK(same_bits(many.back().predict(x), labels));
    CHECK(same_bits(copy.log_density(x), density));
  }
  {  // A failing call leaves the model as it was.
    latent::RowMatrix<double> bad = x;
    bad(2400, d - 1) = std::numeric_limits<double>::infinity();
    CHECK_THAT(message_of<latent::DataError>([&] { fit.model.predict(bad); }),
               contains("inf at row 2400"));
    CHECK(same_bits(fit.model.log_density(x), density));
  }
}

}  // namespace latent_test
