#include <limits>

#include "latent/decomposition/nmf.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::NMF;
using latent::NMFLoss;
using latent::NMFSolver;
using latent_test::all_parts;
using latent_test::parts_data;
using latent_test::same_bits;

namespace {

const std::pair<NMFSolver, NMFLoss> ways[] = {
    {NMFSolver::hals, NMFLoss::frobenius},
    {NMFSolver::multiplicative, NMFLoss::frobenius},
    {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};

// About a third are missing.
Eigen::MatrixXi holes(Index rows, Index cols) {
  return (latent_test::uniform_parts(rows, cols, 99).array() > 0.33).cast<int>().matrix();
}

double loss_where(const Eigen::MatrixXi& observed, const Eigen::MatrixXd& x,
                  const Eigen::MatrixXd& r, NMFLoss loss) {
  double sum = 0.0;
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j) {
      if (observed(i, j) == 0) continue;
      if (loss == NMFLoss::frobenius)
        sum += 0.5 * (x(i, j) - r(i, j)) * (x(i, j) - r(i, j));
      else
        sum += (x(i, j) > 0 ? x(i, j) * std::log(x(i, j) / r(i, j)) : 0.0) - x(i, j) + r(i, j);
    }
  return sum;
}

}  // namespace

TEST_CASE("nmf: a mask of ones changes nothing that counts") {
  const latent::RowMatrix<double> x = parts_data(40, 11, 3, 3);
  for (const auto& [solver, loss] : ways) {
    const NMF nmf{.components = 3, .solver = solver, .loss = loss, .max_iterations = 15};
    const auto masked = nmf.fit_masked(x, Eigen::MatrixXi::Ones(40, 11));
    const auto plain = nmf.fit(x);
    CHECK(same_bits(masked.weights, plain.weights));
    CHECK(same_bits(masked.model.components(), plain.model.components()));
  }
}

TEST_CASE("nmf: missing entries are not looked at, and the objective is that of the others") {
  const Eigen::MatrixXi observed = holes(40, 11);
  const latent::RowMatrix<double> x = parts_data(40, 11, 3, 3);
  latent::RowMatrix<double> other = x;
  for (Index i = 0; i < 40; ++i)
    for (Index j = 0; j < 11; ++j)
      if (observed(i, j) == 0) other(i, j) = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [solver, loss] : ways) {
    NMF nmf{.components = 3, .solver = solver, .loss = loss, .tolerance = 0.0};
    double last = std::numeric_limits<double>::infinity();
    for (nmf.max_iterations = 1; nmf.max_iterations <= 25; ++nmf.max_iterations) {
      const auto fit = nmf.fit_masked(x, observed);
      const double objective = loss_where(observed, x, fit.weights * fit.model.components(), loss);
      CHECK(fit.objective == Approx(objective).epsilon(1e-11));
      CHECK(objective <= last + 64 * latent_test::eps * x.squaredNorm());
      CHECK(fit.report.status == latent::Status::max_iterations);
      last = objective;
    }
    nmf.max_iterations = 10;
    const auto fit = nmf.fit_masked(x, observed);
    const auto blind = nmf.fit_masked(other, observed);
    CHECK(same_bits(fit.weights, blind.weights));
    CHECK(same_bits(fit.model.components(), blind.model.components()));
    for (const int threads : {1, 2, 3, 8}) {
      const auto same = nmf.fit_masked(x, observed, latent::Threads{threads});
      CHECK(same_bits(same.weights, fit.weights));
      CHECK(same_bits(same.model.components(), fit.model.components()));
    }
  }
}

TEST_CASE("nmf: entries that are missing from an exact product are found again") {
  const latent::RowMatrix<double> x =
      latent_test::uniform_parts(60, 3, 1, 0.3) * latent_test::uniform_parts(3, 20, 2, 0.3);
  const Eigen::MatrixXi observed = holes(60, 20);
  const auto fit =
      NMF{.components = 3, .max_iterations = 5000, .tolerance = 1e-9}.fit_masked(x, observed);
  CHECK((fit.weights * fit.model.components() - x).norm() <= 1e-3 * x.norm());
  const auto w = fit.model.transform_masked(x, observed);
  CHECK((w * fit.model.components() - x).norm() <= 1e-3 * x.norm());
}

TEST_CASE("nmf: rows and columns without an observed entry get zeros, and are said") {
  Eigen::MatrixXi observed = holes(40, 11);
  observed.row(7).setZero();
  observed.col(2).setZero();
  const latent::RowMatrix<double> x = parts_data(40, 11, 3, 3);
  for (const auto& [solver, loss] : ways) {
    const auto fit = NMF{.components = 3, .solver = solver, .loss = loss}.fit_masked(x, observed);
    CHECK(fit.weights.row(7).maxCoeff() == 0.0);
    CHECK(fit.model.components().col(2).maxCoeff() == 0.0);
    CHECK(all_parts(fit.weights));
    CHECK(fit.report.notes.size() >= 2);
    CHECK(fit.model.transform_masked(x, observed).row(7).maxCoeff() == 0.0);
  }
}
