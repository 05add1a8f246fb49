// What every family's test asks.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "latent/em.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

namespace latent_test {

// What prepare() makes may refer to its family: a temporary has none, and a family that lasts has.
template <class Family>
concept PreparesTemporaries = requires(Family&& family) {
  std::forward<Family>(family).prepare();
};
template <class Family>
concept PreparesWhatLasts = PreparesTemporaries<const Family&> && PreparesTemporaries<Family&> &&
    !PreparesTemporaries<Family>;

// A fit has the same bits on any executor. x has more than one lane (2048 rows).
template <class Model, class Data>
void check_executors(const Model& start, const Data& x) {
  REQUIRE(x.rows() > 2048);
  const latent::EM em{.max_iterations = 6, .tolerance = 0};
  const auto serial = em.fit(start, x, latent::Serial{});
  CHECK(serial.report.iterations == 6);
  for (const int threads : {1, 2, 3, 8}) {
    INFO("threads " << threads);
    const auto fit = em.fit(start, x, latent::Threads{threads});
    CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
    CHECK(same_bits(fit.log_likelihood, serial.log_likelihood));
  }
}

// The derivative of f at `at`, by the five-point rule; error about (eps |f| / step + step^4 |f'''''|).
template <class F>
double derivative(const F& f, double at, double step) {
  return (8.0 * (f(at + step) - f(at - step)) - (f(at + 2.0 * step) - f(at - 2.0 * step))) /
         (12.0 * step);
}

// sum_i log p(x_i) + log prior, which EM climbs.
template <class Model, class Data>
double objective(const Model& model, const Data& x) {
  return model.log_likelihood(x) + model.log_prior();
}

// The statistics of an E-step, for what is asked of them directly.
template <class Model, class Data>
auto statistics_of(const Model& model, const Data& x) {
  auto team = latent::Serial{}.team();
  return latent::detail::e_step(model, latent::samples(x), latent::Soft{}, latent::Step{}, team)
      .statistics;
}

}  // namespace latent_test
