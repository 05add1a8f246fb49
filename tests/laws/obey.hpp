// The laws of latent models on data from a model, with and without weights and labels.
#pragma once

#include <string>

#include "latent/testing/laws.hpp"
#include "support/catch.hpp"

namespace latent_test {

inline constexpr latent::Index law_rows = 5000;  // three lanes, the last of them short

template <class Model>
void obey(const Model& truth, const Model& start) {
  latent::Labels labels;
  const auto x = truth.sample(law_rows, 7, &labels);
  latent::Vector<double> weights(law_rows);
  latent::Labels some(law_rows);
  latent::Random random(3);
  for (latent::Index i = 0; i < law_rows; ++i) {
    weights[i] = random.uniform() < 0.1 ? 0.0 : 0.25 + random.uniform();
    some[i] = random.uniform() < 0.2 ? labels[i] : -1;
  }
  for (const std::string& broken : latent::testing::broken_laws(start, latent::samples(x)))
    FAIL_CHECK(broken);
  for (const std::string& broken :
       latent::testing::broken_laws(start, latent::samples(x).weights(weights).labels(some)))
    FAIL_CHECK("weights and labels: " << broken);
  SUCCEED();
}

}  // namespace latent_test
