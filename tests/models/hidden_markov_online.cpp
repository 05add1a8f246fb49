// Hidden Markov models learned from batches and parts of whole sequences.
#include <vector>

#include "latent/em/incremental.hpp"
#include "latent/em/online.hpp"
#include "models/die.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::Casino;
using latent_test::close;

TEST_CASE("hidden markov: online and incremental EM take whole sequences and reach the maximum") {
  const std::vector<Index> lengths(60, 100);
  const RowMatrix<double> x = latent_test::casino().sample(lengths, 1);
  const auto source = latent::samples(x).sequences(lengths);
  Casino start = latent_test::casino();
  start.transition = RowMatrix<double>{{0.7, 0.3}, {0.4, 0.6}};
  const auto full = latent::EM{.max_iterations = 5000, .tolerance = 1e-11}.fit(start, source);
  REQUIRE(full.report.converged());
  const auto online = latent::OnlineEM{.batch = 500}.fit(start, source);
  CHECK(online.log_likelihood > start.log_likelihood(source));
  const auto polished =
      latent::OnlineEM{.batch = 500, .polish = 5000, .tolerance = 1e-11}.fit(start, source);
  CHECK(close(polished.log_likelihood, full.log_likelihood, 1e-6));
  const auto parts =
      latent::IncrementalEM{.parts = 6, .max_passes = 5000, .tolerance = 1e-11}.fit(start, source);
  CHECK(close(parts.log_likelihood, full.log_likelihood, 1e-6));
}
