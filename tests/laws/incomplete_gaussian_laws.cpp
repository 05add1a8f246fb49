// The laws of latent models on Gaussian mixtures with missing values.
#include "latent/mixture/incomplete_gaussian.hpp"
#include "laws/obey.hpp"
#include "mixture/incomplete_data.hpp"

using latent::Covariance;
using latent_test::bells;

TEST_CASE("laws: Gaussian mixtures with missing values obey") {
  for (const Covariance form :
       {Covariance::VVV, Covariance::EEE, Covariance::VVI, Covariance::VEV}) {
    INFO(std::string(to_string(form)));
    latent::Labels labels;
    const auto x = latent_test::with_gaps(
        bells(Covariance::full).sample(latent_test::law_rows, 7, &labels), 0.25, 3);
    for (latent::Index i = 0; i < labels.size(); ++i)
      if (i % 5 != 0) labels[i] = -1;
    const auto data = latent::samples(x);
    latent_test::obey_on("with gaps", bells(form, 0.8), data);
    latent_test::obey_on("gaps and labels", bells(form, 0.8), data.labels(labels));
    latent_test::obey_on("few rows with gaps", bells(form), data.slice(40, 60));
  }
}
