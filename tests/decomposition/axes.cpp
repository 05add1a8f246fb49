#include "latent/decomposition/axes.hpp"

#include <limits>

#include "latent/decomposition/keep.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::RowMatrix;

TEST_CASE(
    "sign rule: the entry of largest magnitude is positive, the first of those tied decides") {
  RowMatrix<double> axes(5, 3);
  axes << 0.6, -0.8, 0,              //
      -0.8, 0.6, 0,                  //
      -0.6, 0.6 * (1 + 1e-12), 0.5,  // tied: the first decides
      0.6, -0.6 * (1 + 1e-7), 0.5,   // not tied
      0, 0, 0;
  RowMatrix<double> expected(5, 3);
  expected << -0.6, 0.8, 0,           //
      0.8, -0.6, 0,                   //
      0.6, -0.6 * (1 + 1e-12), -0.5,  //
      -0.6, 0.6 * (1 + 1e-7), -0.5,   //
      0, 0, 0;
  latent::detail::apply_sign_rule(axes);
  CHECK(axes == expected);
}

TEST_CASE("orthonormalise: nearly dependent rows become orthonormal and keep their span") {
  const Index n = 70;  // more than two panels
  const Index d = 100;
  RowMatrix<double> axes = latent_test::normal_rows(n, d, 3);
  for (Index i = 1; i < n; ++i) axes.row(i) = axes.row(i - 1) + 1e-3 * axes.row(i);
  const RowMatrix<double> before = axes;
  RowMatrix<double> all(d, d);
  all.topRows(n) = axes;
  latent::detail::orthonormalise(all, n);
  latent::detail::complete_axes(all, n);
  const double eps = std::numeric_limits<double>::epsilon();
  CHECK((all * all.transpose() - Eigen::MatrixXd::Identity(d, d)).cwiseAbs().maxCoeff() <=
        16 * eps);
  // Row i lies in the span of the first i + 1: nothing is left of it along the later ones.
  for (Index i = 0; i + 1 < n; i += 7)
    CHECK((all.bottomRows(d - i - 1) * before.row(i).transpose()).norm() <=
          64 * eps * before.row(i).norm() * static_cast<double>(d));
}

TEST_CASE("complete_axes: an empty set becomes the coordinate axes") {
  RowMatrix<double> axes(3, 3);
  latent::detail::complete_axes(axes, 0);
  CHECK(axes == Eigen::MatrixXd::Identity(3, 3));
}

TEST_CASE("keep: the fewest components that explain the share, at the boundary too") {
  using latent::VarianceRatio;
  using latent::detail::components_to_keep;
  const Eigen::Vector4d variances(4, 2, 1, 1);
  CHECK(components_to_keep(VarianceRatio{0.5}, variances, 4) == 1);
  CHECK(components_to_keep(VarianceRatio{0.5000001}, variances, 4) == 2);
  CHECK(components_to_keep(VarianceRatio{0.75}, variances, 4) == 2);
  CHECK(components_to_keep(VarianceRatio{0.875}, variances, 4) == 3);
  CHECK(components_to_keep(VarianceRatio{1.0}, variances, 4) == 4);
  CHECK(components_to_keep(VarianceRatio{1.0}, Eigen::Vector4d(4, 2, 0, 0), 4) == 2);
  CHECK(components_to_keep(VarianceRatio{1.0}, Eigen::Vector4d(0, 0, 0, 0), 4) == 1);
  CHECK(components_to_keep(latent::All{}, Eigen::Vector4d(4, 2, 0, 0), 4) == 4);
  CHECK(components_to_keep(latent::Keep{2}, variances, 4) == 2);
}

TEST_CASE("polish_orthonormal: nearly orthonormal rows become so, others are left alone") {
  const double eps = std::numeric_limits<double>::epsilon();
  RowMatrix<double> axes = latent_test::normal_rows(12, 100, 3);
  latent::detail::orthonormalise(axes, 12);
  const RowMatrix<double> before = axes;
  for (const double amiss : {1e-14, 1e-9, 1e-6}) {
    RowMatrix<double> rows =
        before + amiss * RowMatrix<double>(latent_test::normal_rows(12, 100, 4));
    CHECK(latent::detail::polish_orthonormal(rows, 12));
    CHECK((rows * rows.transpose() - Eigen::MatrixXd::Identity(12, 12)).cwiseAbs().maxCoeff() <=
          32 * eps);
    CHECK((rows - before).norm() <= 1e4 * amiss);
  }
  RowMatrix<double> skew = before;
  skew.row(3) += 0.1 * skew.row(4);
  const RowMatrix<double> kept = skew;
  CHECK(!latent::detail::polish_orthonormal(skew, 12));
  CHECK(skew == kept);
}
