// What holds of a PCA whichever solver found it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "latent/decomposition/incremental_pca.hpp"
#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::PCA;
using latent::PCAFit;
using latent::PCASolver;
using latent_test::eps;

namespace {

constexpr PCASolver all_solvers[] = {PCASolver::automatic, PCASolver::covariance, PCASolver::gram,
                                     PCASolver::svd, PCASolver::randomized};

double as_double(Index value) {
  return static_cast<double>(value);
}

}  // namespace

TEST_CASE("every pca: axes are orthonormal, and all of them make up the centred rows") {
  const Index n = GENERATE(2, 3, 10, 16, 30, 40, 41);
  const Index d = GENERATE(1, 2, 3, 10, 16, 30, 40, 100);
  const double offset = GENERATE(0.0, 1e4);
  const Eigen::MatrixXd x = latent_test::normal_rows(n, d, 9, offset);
  const Index all = std::min(n, d);
  const double size = as_double(std::max(n, d));
  for (const PCASolver solver : all_solvers) {
    INFO("solver " << to_string(solver) << ", " << n << " x " << d);
    const auto model = PCA{.keep = all, .solver = solver}.fit(x).model;
    CHECK(model.rank() == std::min(n - 1, d));
    const Eigen::MatrixXd v = model.projection();
    CHECK((v.transpose() * v - Eigen::MatrixXd::Identity(all, all)).cwiseAbs().maxCoeff() <=
          10 * size * eps);
    const Eigen::MatrixXd centred = x.rowwise() - model.mean().transpose();
    // Each number of the mean is rounded, and with it every row.
    const double rounding = 0.5 * eps * x.cwiseAbs().maxCoeff() * std::sqrt(as_double(n * d));
    CHECK((centred - model.transform(x) * v.transpose()).norm() <=
          35 * size * eps * centred.norm() + rounding);
  }
}

TEST_CASE("every pca: shares of the variance fall, lie in 0 to 1, and add up to at most 1") {
  const Index n = GENERATE(2, 9, 10, 11, 150);
  const Index d = GENERATE(1, 10, 120);
  const bool standardize = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(n, d, 4, 10.0);
  const Index all = std::min(n, d);
  for (const PCASolver solver : all_solvers) {
    for (const Index keep : {Index{1}, (all + 1) / 2, all}) {
      INFO("solver " << to_string(solver) << ", " << n << " x " << d << ", keep " << keep);
      const auto model =
          PCA{.keep = keep, .solver = solver, .standardize = standardize}.fit(x).model;
      const Eigen::VectorXd share = model.explained_variance_ratio();
      CHECK(share.minCoeff() >= 0.0);
      CHECK(share.maxCoeff() <= 1.0);
      for (Index j = 1; j < keep; ++j) CHECK(share[j] <= share[j - 1]);
      const double rounding = 4 * as_double(std::max(n, d)) * eps;
      CHECK(share.sum() <= 1.0 + rounding);
      if (keep == all) CHECK(share.sum() >= 1.0 - rounding);
    }
  }
}

TEST_CASE("every pca: the variances explained are those of the scores, divisor n - 1") {
  const Eigen::MatrixXd x = latent_test::normal_rows(60, 12, 14, 50.0);
  for (const PCASolver solver : all_solvers) {
    INFO("solver " << to_string(solver));
    const auto model = PCA{.keep = 12, .solver = solver}.fit(x).model;
    const Eigen::MatrixXd scores = model.transform(x);
    for (Index j = 0; j < 12; ++j) {
      const double squares = (scores.col(j).array() - scores.col(j).mean()).square().sum();
      CHECK(latent_test::close(model.explained_variance()[j], squares / 59, 1e-12));
    }
    // One row more, equal to the mean: the same squares, another divisor.
    Eigen::MatrixXd more(61, 12);
    more << x, model.mean().transpose();
    const auto larger = PCA{.keep = 12, .solver = solver}.fit(more).model;
    for (Index j = 0; j < 12; ++j)
      CHECK(latent_test::close(larger.explained_variance()[j],
                               model.explained_variance()[j] * 59 / 60, 1e-12));
  }
}

TEST_CASE("every pca: of entries that are tied, the first is positive, whichever way data point") {
  // Along (1, -1, 1, -1), and a quarter of that along (1, 1, -1, -1), uncorrelated.
  Eigen::MatrixXd x(40, 4);
  for (Index i = 0; i < 40; ++i) {
    const double along = i % 2 == 0 ? 1.1 : -1.1;
    const double across = i / 2 % 2 == 0 ? 0.275 : -0.275;
    x.row(i) << along + across, across - along, along - across, -along - across;
  }
  Eigen::MatrixXd expected(4, 2);
  expected << 0.5, 0.5, -0.5, 0.5, 0.5, -0.5, -0.5, -0.5;
  for (const double direction : {1.0, -1.0}) {
    const Eigen::MatrixXd data = direction * x;
    const auto check = [&](const auto& model) {
      CHECK((model.projection() - expected).cwiseAbs().maxCoeff() <= 40 * eps);
    };
    for (const PCASolver solver : all_solvers) {
      INFO("solver " << to_string(solver));
      const auto model = PCA{.keep = 2, .solver = solver}.fit(data).model;
      check(model);
      // Rows in another order do not change it.
      check(PCA{.keep = 2, .solver = solver}.fit(data.colwise().reverse()).model);
      // Scores go by the same signs.
      const Eigen::MatrixXd centred = data.rowwise() - model.mean().transpose();
      CHECK((model.transform(data) - centred * model.projection()).cwiseAbs().maxCoeff() <=
            16 * eps);
    }
    const latent::IncrementalPCA pca{.keep = 2};
    latent::IncrementalPCAState<double> state;
    for (Index i = 0; i < 40; i += 8) pca.partial_fit(state, data.middleRows(i, 8));
    check(pca.finish(state).model);
  }
}

TEST_CASE("every pca: equal variances are met as a subspace") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Identity(4, 4);
  const Eigen::MatrixXd expected =
      Eigen::MatrixXd::Identity(4, 4) - Eigen::MatrixXd::Constant(4, 4, 0.25);
  for (const PCASolver solver : all_solvers) {
    INFO("solver " << to_string(solver));
    const auto model = PCA{.keep = 4, .solver = solver}.fit(x).model;
    CHECK(model.rank() == 3);
    for (Index j = 0; j < 3; ++j)
      CHECK(std::abs(model.explained_variance()[j] - 1.0 / 3) <= 8 * eps);
    CHECK(model.explained_variance()[3] == 0.0);
    const Eigen::MatrixXd v = model.projection().leftCols(3);
    CHECK((v * v.transpose() - expected).cwiseAbs().maxCoeff() <= 1e-12);
  }
}

TEST_CASE("every pca: equal variances have the density of their sphere, however many are kept") {
  // Rows e_j and -e_j: covariance 2 / (2 d - 1) times the identity, and every row at distance 1.
  const Index d = 5;
  Eigen::MatrixXd x(2 * d, d);
  x << Eigen::MatrixXd::Identity(d, d), -Eigen::MatrixXd::Identity(d, d);
  const double variance = 2.0 / (2 * as_double(d) - 1);
  const double expected =
      -0.5 * (as_double(d) * std::log(2 * std::acos(-1.0) * variance) + 1 / variance);
  for (const PCASolver solver : all_solvers)
    for (Index keep = 1; keep <= d; ++keep) {
      INFO("solver " << to_string(solver) << ", keep " << keep);
      const auto model = PCA{.keep = keep, .solver = solver}.fit(x).model;
      CHECK(latent_test::close(model.score(x), expected, 32 * eps));
      CHECK(latent_test::close(model.noise_variance(), keep < d ? variance : 0.0, 32 * eps));
    }
  CHECK(PCA{.keep = latent::MinkaRule{}}.fit(x).model.components() < d);  // and not log(0)
}

TEST_CASE("every pca: the mean has score 0 to the bit, also of float rows") {
  const double offset = GENERATE(3.0, -1e6);
  const Eigen::MatrixXd x = latent_test::normal_rows(50, 8, 5, offset);
  for (const PCASolver solver : all_solvers) {
    const auto model = PCA{.keep = 5, .solver = solver, .whiten = true}.fit(x).model;
    CHECK(model.transform(model.mean().transpose()) == Eigen::RowVectorXd::Zero(5));
    // A float mean is rounded: half an eps of the offset in each of 8 columns.
    const auto single = PCA{.keep = 5, .solver = solver}.fit(x.cast<float>()).model;
    CHECK(static_cast<double>(single.transform(single.mean().transpose()).cwiseAbs().maxCoeff()) <=
          0.5 * 1.2e-7 * std::abs(offset + 20) * std::sqrt(8.0));
  }
}

TEST_CASE("every pca: one sample is too few, also where others have no weight") {
  const Eigen::MatrixXd x = latent_test::normal_rows(5, 3, 1);
  Eigen::VectorXd w = Eigen::VectorXd::Zero(5);
  w[2] = 1.0;
  for (const PCASolver solver : all_solvers) {
    const PCA pca{.keep = 1, .solver = solver};
    CHECK_THROWS_WITH(pca.fit(x.topRows(1)), latent_test::contains("1 sample"));
    CHECK_THROWS_AS(pca.fit(x.topRows(1)), latent::DataError);
    CHECK_THROWS_WITH(pca.fit(latent::samples(x).weights(w)), latent_test::contains("1 sample"));
    for (const Index keep : {-1, 0, 4})
      CHECK_THROWS_AS((PCA{.keep = keep, .solver = solver}.fit(x)), latent::InvalidArgument);
  }
}
