#include "latent/decomposition/leading_eigen.hpp"

#include "latent/core/executor.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::RowMatrix;

TEST_CASE("missed_one: a copy of an eigenvalue that was left out is noticed") {
  const Eigen::VectorXd values = Eigen::VectorXd::LinSpaced(40, 5.0, 0.0);
  Eigen::VectorXd doubled = values;
  doubled[1] = doubled[0];
  const auto apply = [&](const RowMatrix<double>& block) {
    return RowMatrix<double>(block * doubled.asDiagonal());
  };
  const RowMatrix<double> axes = RowMatrix<double>::Identity(40, 40);
  latent::detail::RitzVectors<double> found;
  found.values = doubled.head(8);
  found.vectors = axes.topRows(8);
  CHECK(!latent::detail::missed_one(found, 8, apply));
  for (Index j = 1; j < 8; ++j) {
    found.values[j] = doubled[j + 1];
    found.vectors.row(j) = axes.row(j + 1);
  }
  CHECK(latent::detail::missed_one(found, 8, apply));
}
