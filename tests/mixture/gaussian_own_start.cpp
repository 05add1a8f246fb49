// The maxima that GaussianMixture reaches from its own starts.
#include "latent/mixture/gaussian_mixture.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;

namespace {

// Reference maxima from the starts of tests/mixture/gaussian.cpp and gaussian_tied.cpp, computed with
// 30 digits; diagonal and spherical: mclust 6.0.0, me() from the two kinds of eruption.
template <Covariance Form>
void reaches(const RowMatrix<double>& x, Index components, double reference) {
  for (const std::uint64_t seed : {0ull, 1ull, 2ull}) {
    const auto fit =
        latent::GaussianMixture<Form>{
            .components = components, .restarts = 4, .seed = seed, .tolerance = 1e-12}
            .fit(x);
    INFO(std::string(to_string(Form)) << ", seed " << seed);
    CHECK(fit.report.converged());
    CHECK(fit.log_likelihood >= reference - 1e-8 * std::abs(reference));
    CHECK(fit.report.restarts.size() == 4);
  }
}

}  // namespace

TEST_CASE("gaussian own start: Old Faithful in two components reaches the reference maxima") {
  const RowMatrix<double> x = latent_test::read_table("faithful");
  reaches<Covariance::full>(x, 2, -1130.2639601847);
  reaches<Covariance::tied>(x, 2, -1140.1867594371);
  reaches<Covariance::diagonal>(x, 2, -1147.8063525378);
  reaches<Covariance::spherical>(x, 2, -1709.5292821774);
}

TEST_CASE("gaussian own start: iris in three components reaches the reference maxima") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  reaches<Covariance::full>(x, 3, -180.18547713130);
  reaches<Covariance::tied>(x, 3, -256.35404312558);
}
