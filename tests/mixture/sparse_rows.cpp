// Sparse sources through EM: tiles are what dense ones give, so every bit is.
#include <Eigen/SparseCore>

#include "latent/bernoulli_mixture.hpp"
#include "latent/core/random.hpp"
#include "latent/gaussian_mixture.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::samples;

namespace {

// Two groups of rows: each has ones mostly in its own half of the columns.
RowMatrix<double> binary(Index rows, Index cols) {
  latent::Random random{3};
  RowMatrix<double> x = RowMatrix<double>::Zero(rows, cols);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j)
      if (random.uniform() < ((2 * j < cols) == (i % 3 == 0) ? 0.4 : 0.05)) x(i, j) = 1.0;
  return x;
}

}  // namespace

TEST_CASE("mixtures: sparse binary rows fit as dense ones, to the bit") {
  const RowMatrix<double> x = binary(3000, 24);
  const Eigen::SparseMatrix<double> sparse = x.sparseView();
  const latent::BernoulliMixture options{.components = 2, .restarts = 2, .max_iterations = 20};
  const auto a = options.fit(samples(sparse), latent::Threads{2});
  const auto b = options.fit(samples(x), latent::Serial{});
  CHECK(a.log_likelihood == b.log_likelihood);
  CHECK(a.model.family.probability == b.model.family.probability);
  CHECK(a.model.weights == b.model.weights);
  CHECK(a.model.predict(samples(sparse)) == b.model.predict(samples(x)));
}

TEST_CASE("mixtures: sparse rows fit Gaussians as dense ones, to the bit") {
  RowMatrix<double> x = binary(2500, 4);
  latent::Random random{4};
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j)
      if (x(i, j) > 0.0) x(i, j) += random.normal();
  const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = x.sparseView();
  const latent::GaussianMixture<> options{.components = 2, .max_iterations = 10};
  const auto a = options.fit(samples(sparse));
  const auto b = options.fit(samples(x));
  CHECK(a.log_likelihood == b.log_likelihood);
  CHECK(a.model.responsibilities(samples(sparse)) == b.model.responsibilities(samples(x)));
}
