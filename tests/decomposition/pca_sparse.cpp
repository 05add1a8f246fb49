// Sparse sources through principal components: tiles are what dense ones give, so every bit is.
#include <Eigen/SparseCore>

#include "latent/core/random.hpp"
#include "latent/pca.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::samples;

TEST_CASE("pca: sparse rows give the components of dense ones, to the bit") {
  latent::Random random{3};
  RowMatrix<double> x = RowMatrix<double>::Zero(2300, 9);
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j)
      if (random.below(4) == 0) x(i, j) = random.normal() * static_cast<double>(j + 1);
  const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = x.sparseView();
  const Eigen::VectorXd w = Eigen::VectorXd::LinSpaced(2300, 0.0, 2.0);
  for (const bool standardize : {false, true}) {
    const latent::PCA options{.keep = 3, .standardize = standardize};
    const auto a = options.fit(samples(sparse).weights(w));
    const auto b = options.fit(samples(x).weights(w), latent::Serial{});
    CHECK(a.model.components() == b.model.components());
    CHECK(a.model.explained_variance() == b.model.explained_variance());
    CHECK(a.model.mean() == b.model.mean());
    CHECK(a.model.transform(samples(sparse)) == b.model.transform(samples(x)));
  }
}
