// PCA of data in blocks, against PCA of all rows.
#include "latent/decomposition/incremental_pca.hpp"

#include <cmath>
#include <limits>

#include "decomposition/irises.hpp"
#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::All;
using latent::IncrementalPCA;
using latent::Index;
using latent::PCA;
using latent::PCAFit;
using latent::VarianceRatio;
using latent_test::close_matrix;
using latent_test::eps;
using State = latent::IncrementalPCAState<double>;

namespace {

State learned(const IncrementalPCA& pca, const Eigen::MatrixXd& x, Index rows) {
  State state;
  for (Index first = 0; first < x.rows(); first += rows)
    pca.partial_fit(state, x.middleRows(first, std::min(rows, x.rows() - first)));
  return state;
}

Eigen::MatrixXd projector(const Eigen::MatrixXd& v) {
  return v * v.transpose();
}

// n x d of rank r, the j-th singular direction of size 2^-j, plus noise of that size.
Eigen::MatrixXd low_rank(Index n, Index d, Index r, double noise, std::uint64_t seed) {
  Eigen::MatrixXd x = latent_test::normal_rows(n, r, seed);
  for (Index j = 0; j < r; ++j) x.col(j) *= std::ldexp(1.0, -static_cast<int>(j + j % 5));
  return x * latent_test::normal_rows(d, r, seed + 1).transpose() / 4.0 +
         noise * latent_test::normal_rows(n, d, seed + 2);
}

}  // namespace

TEST_CASE("incremental pca: nothing is cut with all components, and the fit is that of all rows") {
  const double offset = GENERATE(0.0, 1e6);
  const Index rows = GENERATE(1, 2, 7, 40, 300);
  const bool exact = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(300, 6, 3, offset);
  const auto whole = PCA{}.fit(x).model;
  const IncrementalPCA pca{.exact = exact};
  const State state = learned(pca, x, rows);
  CHECK(state.n() == 300.0);
  CHECK(state.columns() == 6);
  CHECK(state.steps == (300 + rows - 1) / rows);
  const auto [model, report] = pca.finish(state);
  CHECK(report.converged());
  CHECK(model.rank() == 6);
  CHECK((model.mean() - whole.mean()).cwiseAbs().maxCoeff() <= 4 * eps * (offset + 20));
  CHECK(close_matrix(model.explained_variance(), whole.explained_variance(), 1e-12));
  CHECK(close_matrix(model.explained_variance_ratio(), whole.explained_variance_ratio(), 1e-12));
  CHECK((model.projection() - whole.projection()).cwiseAbs().maxCoeff() <= 1e-11);
  CHECK(close_matrix(model.transform(x), whole.transform(x), 1e-11 + 4 * eps * offset));
}

TEST_CASE("incremental pca: more columns than rows, one row after another") {
  const Eigen::MatrixXd x = latent_test::normal_rows(9, 40, 3, 50.0);
  const IncrementalPCA pca{};
  const Index rows = GENERATE(1, 4, 9);
  const auto [model, report] = pca.finish(learned(pca, x, rows));
  const auto whole = PCA{}.fit(x).model;
  CHECK(model.components() == 9);
  CHECK(model.rank() == 8);
  CHECK(report.status == latent::Status::degenerate);
  CHECK(close_matrix(model.explained_variance(), whole.explained_variance(), 1e-12));
  const Eigen::MatrixXd v = model.projection();
  CHECK((projector(v.leftCols(8)) - projector(whole.projection().leftCols(8)))
            .cwiseAbs()
            .maxCoeff() <= 1e-12);
  CHECK((v.transpose() * v - Eigen::MatrixXd::Identity(9, 9)).cwiseAbs().maxCoeff() <= 40 * eps);
}

TEST_CASE("incremental pca: what is cut of low-rank data is noise alone") {
  const Index rows = GENERATE(1, 3, 50, 400);
  const Eigen::MatrixXd x = low_rank(400, 30, 4, 0.0, 8).array() + 7.0;
  const auto whole = PCA{.keep = 4}.fit(x).model;
  const IncrementalPCA pca{.keep = 4};
  const auto [model, report] = pca.finish(learned(pca, x, rows));
  CHECK(report.converged());
  CHECK(model.rank() == 4);
  CHECK(close_matrix(model.singular_values(), whole.singular_values(), 1e-12));
  CHECK((projector(model.projection()) - projector(whole.projection())).cwiseAbs().maxCoeff() <=
        1e-10);
  CHECK((model.inverse_transform(model.transform(x)) - x).cwiseAbs().maxCoeff() <= 1e-12);
}

TEST_CASE("incremental pca: what is cut is counted, and the strong directions are near") {
  const Eigen::MatrixXd x = low_rank(2000, 20, 5, 0.02, 4);
  const auto whole = PCA{.keep = 5}.fit(x).model;
  const IncrementalPCA pca{.keep = 5};
  State state;
  double cut = 0.0;
  for (Index first = 0; first < 2000; first += 100) {
    const auto step = pca.partial_fit(state, x.middleRows(first, 100));
    CHECK(step.weight == 100.0);
    CHECK(step.cut > 0.0);
    cut += step.cut;
  }
  CHECK(cut < 0.2);
  const auto model = pca.finish(state).model;
  CHECK(model.components() == 5);
  CHECK(model.rank() == 6);
  // The trace of the scatter is exact, whatever was cut.
  const double trace = PCA{}.fit(x).model.explained_variance().sum();
  CHECK(model.explained_variance().sum() + 15 * model.noise_variance() ==
        Approx(trace).epsilon(1e-12));
  CHECK(model.explained_variance_ratio()[0] ==
        Approx(model.explained_variance()[0] / trace).epsilon(1e-12));
  // Cutting only ever takes variance from a direction (Ky Fan): no sum of leading ones is larger.
  double found = 0.0;
  double best = 0.0;
  for (Index j = 0; j < 5; ++j) {
    found += model.explained_variance()[j];
    best += whole.explained_variance()[j];
    CHECK(found <= best * (1 + 1e-12));
  }
  CHECK(found >= 0.999 * best);
  CHECK((projector(model.projection().leftCols(3)) - projector(whole.projection().leftCols(3)))
            .cwiseAbs()
            .maxCoeff() <= 0.02);
  CHECK(model.score(x) == Approx(whole.score(x)).epsilon(1e-3));
  // All rows as one block: one cut, of nothing that matters.
  const auto once = pca.finish(learned(pca, x, 2000)).model;
  CHECK(close_matrix(once.explained_variance(), whole.explained_variance(), 1e-12));
  CHECK(once.noise_variance() == Approx(whole.noise_variance()).epsilon(1e-11));
}

TEST_CASE("incremental pca: Laeuchli's matrix in single rows is met to eps of the largest") {
  const double e = GENERATE(1e-3, 1e-7, 1e-9, 1e-12);
  const double offset = GENERATE(0.0, 1.0);
  Eigen::MatrixXd x(4, 3);
  x << 1, 1, 1, e, 0, 0, 0, e, 0, 0, 0, e;
  const double rounding = offset > 0.0 ? 2 * eps : 0.0;
  x.array() += offset;
  const double sigma[3] = {1.5 - e / 2, e, e};
  for (const Index rows : {1, 2, 4}) {
    const IncrementalPCA pca{};
    const auto model = pca.finish(learned(pca, x, rows)).model;
    CHECK(model.rank() == 3);
    for (Index j = 0; j < 3; ++j)
      CHECK(std::abs(model.singular_values()[j] - sigma[j]) / eps <= 6 + 4 * rounding / eps);
  }
}

TEST_CASE("incremental pca: a spectrum of decades is met, also about 1e4") {
  const double offset = GENERATE(0.0, 1e4);
  const Index rows = GENERATE(1, 13, 60);
  const Index n = 60;
  const Index d = 7;
  // Orthonormal columns of mean 0, by cosines; axes by a reflection.
  Eigen::MatrixXd x(n, d);
  double sigma[7];
  for (Index j = 0; j < d; ++j) {
    sigma[j] = std::pow(10.0, -2.0 * static_cast<double>(j));
    for (Index i = 0; i < n; ++i)
      x(i, j) = sigma[j] * std::sqrt(2.0 / 60) *
                std::cos(std::acos(-1.0) * static_cast<double>(j + 1) *
                         (static_cast<double>(i) + 0.5) / 60);
  }
  Eigen::VectorXd h(d);
  h << 1, -2, 0.5, 3, -1, 0.25, 2;
  x = x * (Eigen::MatrixXd::Identity(d, d) - 2.0 * h * h.transpose() / h.squaredNorm());
  const Eigen::MatrixXd moved = x.array() + offset;
  const IncrementalPCA pca{};
  const auto model = pca.finish(learned(pca, moved, rows)).model;
  // The rounding of the numbers themselves: eps of the offset a number, over 60 x 7 of them.
  const double stored = eps * offset * 20;
  // Ten eps for a solution, and an eps for each merge, which add up like a random walk.
  const double solved = 10 + std::sqrt(static_cast<double>((n + rows - 1) / rows));
  INFO("rows a block: " << rows << ", offset: " << offset);
  for (Index j = 0; j < d; ++j)
    CHECK(std::abs(model.singular_values()[j] - sigma[j]) / eps <= solved + stored / eps);
}

TEST_CASE("incremental pca: keep as a share of the variance, and whitening") {
  const Eigen::MatrixXd x = latent_test::irises();
  const IncrementalPCA pca{.keep = VarianceRatio{0.95}, .whiten = true};
  const auto model = pca.finish(learned(pca, x, 20)).model;
  const auto whole = PCA{.keep = VarianceRatio{0.95}, .whiten = true}.fit(x).model;
  CHECK(model.components() == 2);
  CHECK(close_matrix(model.transform(x), whole.transform(x), 1e-11));
  CHECK(close_matrix(model.noise_variance() * Eigen::VectorXd::Ones(1),
                     whole.noise_variance() * Eigen::VectorXd::Ones(1), 1e-12));
}

TEST_CASE("incremental pca: scales of 1e-170 and 1e160 give the same components") {
  const double scale = GENERATE(1e-170, 1e160);
  const bool exact = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(60, 4, 3, 2.0);
  const IncrementalPCA pca{.keep = 3, .exact = exact};
  const auto base = pca.finish(learned(pca, x, 11)).model;
  const auto model = pca.finish(learned(pca, scale * x, 11)).model;
  CHECK((model.projection() - base.projection()).cwiseAbs().maxCoeff() <= 1e-12);
  CHECK(close_matrix(model.singular_values() / scale, base.singular_values(), 1e-12));
}

TEST_CASE("incremental pca: blocks that lie 1e8 apart lose no digit of what they hold") {
  Eigen::MatrixXd x = latent_test::normal_rows(200, 5, 3);
  x.bottomRows(100).col(0).array() += 1e8;
  const Eigen::MatrixXd stored = x;
  const IncrementalPCA pca{};
  const auto model = pca.finish(learned(pca, stored, 100)).model;
  // Along the first axis 5e7 sqrt(200); the others as in the rows centred block by block.
  CHECK(model.singular_values()[0] == Approx(5e7 * std::sqrt(200.0)).epsilon(1e-7));
  Eigen::MatrixXd centred(200, 4);
  centred = stored.rightCols(4).rowwise() - stored.rightCols(4).colwise().mean();
  const auto rest = PCA{}.fit(centred).model;
  for (Index j = 0; j < 4; ++j)
    CHECK(model.singular_values()[j + 1] == Approx(rest.singular_values()[j]).epsilon(0.02));
}
