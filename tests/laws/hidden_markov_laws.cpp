// The laws of latent models, on hidden Markov models.
#include <string>
#include <vector>

#include "latent/models/hidden_markov.hpp"
#include "latent/testing/laws.hpp"
#include "models/die.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::RowMatrix;

TEST_CASE("hidden markov: keeps the laws of latent models") {
  std::vector<Index> lengths;
  for (Index i = 0; i < 60; ++i) lengths.push_back(1 + (i * 13) % 120);
  const latent_test::Casino model = latent_test::casino();
  const RowMatrix<double> x = model.sample(lengths, 1);
  REQUIRE(x.rows() > 2048);
  for (const std::string& broken :
       latent::testing::broken_laws(model, latent::samples(x).sequences(lengths)))
    FAIL_CHECK(broken);
}
