// Components of several families: clusters beside a noise component, and banks put together.
#include "latent/mixture/heterogeneous.hpp"

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "latent/mixture/binomial.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/uniform.hpp"
#include "mixture/family_checks.hpp"

using latent::Heterogeneous;
using latent::Index;
using latent::Mixture;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

static_assert(latent_test::PreparesWhatLasts<Heterogeneous<latent::Gaussian<>, latent::Uniform<>>>);

RowMatrix<double> centres() {
  RowMatrix<double> means(2, 2);
  means << 0, 0, 6, 2;
  return means;
}

// Two round clusters of unit variance, and every twentieth row anywhere in a box of side 60.
struct Noisy {
  RowMatrix<double> x;
  latent::Labels labels;  // 2 = noise
};
Noisy noisy(Index n, std::uint64_t seed) {
  Noisy made{RowMatrix<double>(n, 2), latent::Labels(n)};
  const latent::Random stream(seed);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    made.labels[i] = i % 20 == 0 ? 2 : static_cast<int>(i % 2);
    for (Index j = 0; j < 2; ++j)
      made.x(i, j) =
          i % 20 == 0 ? -20.0 + 60.0 * random.uniform() : centres()(i % 2, j) + random.normal();
  }
  return made;
}

RowMatrix<double> guess() {
  RowMatrix<double> means(2, 2);
  means << 1, 1, 5, 1;
  return means;
}

}  // namespace

TEST_CASE("heterogeneous: a uniform component catches outliers, and the means come out better") {
  const Noisy data = noisy(4000, 1);
  const latent::EM em;
  const auto without = em.fit(
      Mixture{Eigen::Vector2d(0.5, 0.5), latent::Gaussian<>::isotropic(guess(), 4.0)}, data.x);
  const auto with = em.fit(Mixture{Eigen::Vector3d(0.45, 0.45, 0.1),
                                   Heterogeneous{latent::Gaussian<>::isotropic(guess(), 4.0),
                                                 latent::Uniform<>::around(data.x)}},
                           data.x);
  REQUIRE(with.report.converged());
  const auto& bells = std::get<0>(with.model.family.families);
  const double error = (bells.means - centres()).norm();
  const double error_without = (without.model.family.means - centres()).norm();
  CHECK(error < error_without / 3);
  CHECK(error < 5 * std::sqrt(4.0 / 1900));  // as far as sampling goes
  CHECK(std::abs(bells.covariance(0)(0, 0) - 1.0) < 0.2);
  CHECK(without.model.family.covariance(0)(0, 0) > 2.0);
  CHECK(std::abs(with.model.weights[2] - 0.05) < 0.015);
  // The planted rows are told as noise, but for those that fell among the clusters: their boxes of
  // +-4 cover 2 * 64 / 3600 of the noise.
  const auto predicted = with.model.predict(data.x);
  Index caught = 0;
  Index planted = 0;
  Index mistaken = 0;
  for (Index i = 0; i < 4000; ++i) {
    planted += data.labels[i] == 2 ? 1 : 0;
    caught += data.labels[i] == 2 && predicted[i] == 2 ? 1 : 0;
    mistaken += data.labels[i] != 2 && predicted[i] == 2 ? 1 : 0;
  }
  CHECK(planted == 200);
  CHECK(caught >= 185);
  CHECK(mistaken <= 20);
}

TEST_CASE("heterogeneous: one family is that family, bit for bit") {
  const Noisy data = noisy(3000, 2);
  const auto bells = latent::Gaussian<>::isotropic(guess(), 4.0);
  const latent::EM em{.max_iterations = 5, .tolerance = 0};
  const auto plain = em.fit(Mixture{Eigen::Vector2d(0.5, 0.5), bells}, data.x);
  const auto wrapped =
      em.fit(Mixture<Heterogeneous<latent::Gaussian<>>>{Eigen::Vector2d(0.5, 0.5),
                                                        Heterogeneous<latent::Gaussian<>>(bells)},
             data.x);
  CHECK(same_bits(plain.model.parameters(), wrapped.model.parameters()));
  CHECK(same_bits(plain.log_likelihood, wrapped.log_likelihood));
  CHECK(plain.model.free_parameters() == wrapped.model.free_parameters());
  CHECK(same_bits(plain.model.sample(9, 4), wrapped.model.sample(9, 4)));
}

TEST_CASE("heterogeneous: two banks of coins are one bank of all of them") {
  const Mixture whole{Eigen::Vector3d(0.2, 0.3, 0.5),
                      latent::Binomial<double>{Eigen::Vector3d(0.8, 0.5, 0.3), {2.0, 3.0}}};
  const Mixture parts{whole.weights,
                      Heterogeneous{latent::Binomial<double>{Eigen::Vector2d(0.8, 0.5), {2.0, 3.0}},
                                    latent::Binomial<double>{
                                        latent::Vector<double>::Constant(1, 0.3), {2.0, 3.0}}}};
  const auto x = whole.sample(4000, 6);
  CHECK(same_bits(x, parts.sample(4000, 6)));
  const latent::EM em{.max_iterations = 8, .tolerance = 0};
  const auto a = em.fit(whole, x);
  const auto b = em.fit(parts, x);
  CHECK(latent_test::close_matrix(a.model.parameters(), b.model.parameters(), 1e-13));
  CHECK(close(a.report.trace.back().objective, b.report.trace.back().objective, 1e-13));
  CHECK(close(a.model.log_prior(), b.model.log_prior(), 1e-13));
  CHECK(a.model.free_parameters() == b.model.free_parameters());
  latent_test::check_executors(parts, x);
}

TEST_CASE("heterogeneous: notes count components through all families") {
  const Noisy data = noisy(100, 3);
  const Mixture model{Eigen::Vector3d(0.5, 0.5, 0.0),
                      Heterogeneous{latent::Uniform<>::around(data.x),
                                    latent::Gaussian<>::isotropic(guess(), 4.0)}};
  const auto fit = latent::EM{.max_iterations = 2}.fit(model, data.x);
  CHECK(fit.report.status == latent::Status::degenerate);
  REQUIRE_FALSE(fit.report.notes.empty());
  CHECK(fit.report.notes[0].component == 2);
}

TEST_CASE("heterogeneous: every family checks its parameters, its data and its statistics") {
  const auto coins = latent::Binomial<double>{Eigen::Vector2d(0.8, 0.5)};
  const auto box = latent::Uniform<>{Eigen::Vector2d(0, 0), Eigen::Vector2d(10, 10)};
  Mixture model{Eigen::Vector3d(0.4, 0.4, 0.2), Heterogeneous{box, coins}};
  RowMatrix<double> x(2, 2);
  x << 3, 4, 2.5, 1;
  CHECK_THAT(message_of<latent::DataError>([&] { model.predict(x); }),
             latent_test::contains("got 2.5 at row 1, column 0"));
  x(1, 0) = 2;
  const auto s = latent_test::statistics_of(model, x);
  CHECK(model.family.valid(s.n, s.family));
  auto odd = s.family;
  std::get<1>(odd.parts)(1, 1) = -1;
  CHECK_FALSE(model.family.valid(s.n, odd));
  std::get<0>(model.family.families).upper = Eigen::Vector2d(-1, 1);
  CHECK_THROWS_AS(model.predict(x), latent::InvalidArgument);
  const Mixture wide{
      Eigen::Vector3d(0.4, 0.4, 0.2),
      Heterogeneous{coins, latent::Uniform<>{Eigen::Vector3d(0, 0, 0), Eigen::Vector3d(1, 1, 1)}}};
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { wide.predict(x); }),
             latent_test::contains("must agree in their dimension; got 2 and 3"));
}

TEST_CASE("heterogeneous: recentred reaches the families that know it") {
  const Noisy data = noisy(3000, 5);
  const Mixture model{Eigen::Vector3d(0.4, 0.4, 0.2),
                      Heterogeneous{latent::Gaussian<>::isotropic(guess(), 4.0),
                                    latent::Uniform<>::around(data.x)}};
  auto fit = latent::EM{.max_iterations = 3}.fit(model, data.x).model;
  const auto before = latent_test::statistics_of(fit, data.x);
  fit.family = fit.family.recentred();
  const auto after = latent_test::statistics_of(fit, data.x);
  // About the means of the model the sums nearly vanish.
  const auto sum = [](const auto& s) { return std::get<0>(s.family.parts).sum.norm(); };
  CHECK(sum(after) < 0.1 * sum(before));
}

TEST_CASE("heterogeneous: names of parameters tell the families apart") {
  const Heterogeneous both{latent::Binomial<double>{Eigen::Vector2d(0.8, 0.5)},
                           latent::Uniform<>{Eigen::Vector2d(0, 0), Eigen::Vector2d(9, 9)},
                           latent::Binomial<double>{Eigen::Vector2d(0.8, 0.5)}};
  const std::vector<std::string> names = both.parameter_names();
  REQUIRE(static_cast<Index>(names.size()) == both.parameters().size());
  const std::vector<std::string> own =
      latent::Binomial<double>{Eigen::Vector2d(0.8, 0.5)}.parameter_names();
  REQUIRE(own.size() == 2);
  CHECK(names ==
        std::vector<std::string>{"f0." + own[0], "f0." + own[1], "f2." + own[0], "f2." + own[1]});
  const Heterogeneous<latent::Gaussian<>> one(latent::Gaussian<>::isotropic(guess(), 4.0));
  CHECK(one.parameter_names() == std::get<0>(one.families).parameter_names());
  CHECK(latent::Uniform<>{}.parameter_names().empty());
}
