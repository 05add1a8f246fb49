// Hidden Markov models: the same bits on any executor, for every E-step variant.
#include <algorithm>
#include <vector>

#include "latent/em/em.hpp"
#include "models/die.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::Casino;
using latent_test::same_bits;

namespace {

template <class Source, class Assign>
void check_executors(const Source& source, const Assign& assign) {
  Casino start = latent_test::casino();
  start.transition = RowMatrix<double>{{0.7, 0.3}, {0.4, 0.6}};
  const latent::EM em{.max_iterations = 5, .tolerance = 0, .seed = 3};
  const auto serial = em.fit(start, source, latent::Serial{}, assign);
  for (const int threads : {1, 2, 3, 8}) {
    INFO("threads " << threads);
    const auto fit = em.fit(start, source, latent::Threads{threads}, assign);
    CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
    CHECK(same_bits(fit.log_likelihood, serial.log_likelihood));
  }
}

// 9000 rows in sequences of 1 ... 700: five lanes, which sequences overlap.
std::vector<Index> uneven_lengths() {
  std::vector<Index> lengths;
  Index left = 9000;
  for (Index i = 0; left > 0; ++i) {
    lengths.push_back(std::min(left, 1 + (i * i * 37) % 700));
    left -= lengths.back();
  }
  return lengths;
}

}  // namespace

TEST_CASE("hidden markov: fits give the same bits on any executor, whatever the variant") {
  const auto lengths = uneven_lengths();
  const RowMatrix<double> x = latent_test::casino().sample(lengths, 1);
  const auto source = latent::samples(x).sequences(lengths);
  check_executors(source, latent::Soft{});
  check_executors(source, latent::Hard{});
  check_executors(source, latent::Stochastic{});
  check_executors(source, latent::Annealed{.start = 0.5});
  check_executors(latent::samples(x), latent::Soft{});
  check_executors(latent::samples(x), latent::Stochastic{});
}

TEST_CASE("hidden markov: other layouts of the data give the same bits") {
  const auto lengths = uneven_lengths();
  const RowMatrix<double> x = latent_test::casino().sample(lengths, 1);
  RowMatrix<double> wide(9000, 3);
  wide.col(1) = x;
  const auto source = latent::samples(x).sequences(lengths);
  const auto strided = latent::samples(wide.col(1)).sequences(lengths);
  const Casino model = latent_test::casino();
  CHECK(same_bits(model.log_likelihood(source), model.log_likelihood(strided)));
  CHECK(same_bits(model.posterior(source), model.posterior(strided)));
}
