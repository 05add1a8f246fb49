// Trying the laws on a model.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "latent/testing/laws.hpp"
#include "support/catch.hpp"

namespace latent_test {

inline constexpr latent::Index law_rows = 5000;  // three lanes, the last of them short

template <class Model, class Data>
void obey_on(const std::string& what, const Model& model, const Data& data) {
  const std::vector<std::string> broken = latent::testing::broken_laws(model, data);
  for (const std::string& law : broken) FAIL_CHECK(what << ": " << law);
  CHECK(broken.empty());
}

// `start` on data of `truth`: as they are, with weights, with some labels, all labels, and few rows.
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
  const auto data = latent::samples(x);
  obey_on("plain", start, data);
  obey_on("weights and labels", start, data.weights(weights).labels(some));
  obey_on("all labels", start, data.labels(labels));
  obey_on("at the truth", truth, data.slice(0, 300));
  obey_on("at a maximum", latent::EM{.tolerance = 1e-12}.fit(start, data).model, data);
  for (const latent::Index n : {2, 3, 17}) {
    obey_on("few rows", start, data.slice(100, n));
    obey_on("few rows with weights", start, data.weights(weights).labels(some).slice(40, n));
  }
}

// Whether one of the sentences speaks of `law`; with it a list of all, for the message.
inline std::pair<bool, std::string> speaks_of(const std::vector<std::string>& broken,
                                              const std::string& law) {
  std::string all;
  for (const std::string& sentence : broken) all += "\n  " + sentence;
  return {all.find(law) != std::string::npos, all};
}

}  // namespace latent_test

#define CHECK_BREAKS(model, data, law)                                              \
  do {                                                                              \
    const auto [spoken, all] =                                                      \
        latent_test::speaks_of(latent::testing::broken_laws((model), (data)), law); \
    INFO("expected: " << law << "\nbroken:" << all);                                \
    CHECK(spoken);                                                                  \
  } while (false)
