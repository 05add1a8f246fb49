#include <Eigen/SparseCore>

#include "latent/decomposition/nmf.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::NMF;
using latent::NMFLoss;
using latent::NMFSolver;
using latent_test::close_matrix;
using latent_test::same_bits;

namespace {

const std::pair<NMFSolver, NMFLoss> ways[] = {
    {NMFSolver::hals, NMFLoss::frobenius},
    {NMFSolver::multiplicative, NMFLoss::frobenius},
    {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};

latent::RowMatrix<double> mostly_zero(Index rows, Index cols) {
  const latent::RowMatrix<double> keep = latent_test::uniform_parts(rows, cols, 99);
  return ((keep.array() > 0.8).cast<double>() * latent_test::parts_data(rows, cols, 4, 3).array())
      .matrix();
}

}  // namespace

TEST_CASE("nmf: sparse rows give what the same dense rows give") {
  // Square, so that nothing tells rows of H from columns but the code.
  const Index n = GENERATE(12, 70);
  const latent::RowMatrix<double> x = mostly_zero(n, 12);
  const Eigen::SparseMatrix<double> columns = x.sparseView();
  const Eigen::SparseMatrix<double, Eigen::RowMajor> rows = x.sparseView();
  const Index k = n == 12 ? 12 : 4;
  const auto w0 = latent_test::uniform_parts(n, k, 5);
  const auto h0 = latent_test::uniform_parts(k, 12, 6);
  const Eigen::VectorXd v = Eigen::VectorXd::LinSpaced(n, 0.0, 2.0);
  for (const auto& [solver, loss] : ways) {
    NMF nmf{.solver = solver, .loss = loss, .max_iterations = 10, .tolerance = 0.0};
    nmf.l1_components = 0.01;
    const auto dense = nmf.fit_from(w0, h0, x);
    const auto by_rows = nmf.fit_from(w0, h0, rows);
    CHECK(close_matrix(by_rows.weights, dense.weights, 1e-9));
    CHECK(close_matrix(by_rows.model.components(), dense.model.components(), 1e-9));
    CHECK(by_rows.objective == Approx(dense.objective).epsilon(1e-9));
    const auto by_columns = nmf.fit_from(w0, h0, columns);
    CHECK(same_bits(by_columns.weights, by_rows.weights));
    const auto weighted = nmf.fit_from(w0, h0, latent::samples(rows).weights(v));
    const auto expected = nmf.fit_from(w0, h0, latent::samples(x).weights(v));
    CHECK(close_matrix(weighted.model.components(), expected.model.components(), 1e-9));
    CHECK(weighted.objective == Approx(expected.objective).epsilon(1e-9));
    const auto far = nmf.fit_from(w0, std::ldexp(1.0, 100) * h0,
                                  Eigen::SparseMatrix<double>(std::ldexp(1.0, 100) * columns));
    if (loss == NMFLoss::kullback_leibler) CHECK(same_bits(far.weights, by_rows.weights));
    const auto w = dense.model.transform(x);
    CHECK(close_matrix(dense.model.transform(rows), w, 1e-8));
    CHECK(dense.model.error(rows) == Approx(dense.model.error(x)).epsilon(1e-8));
  }
}

TEST_CASE("nmf: sparse rows have the same bits on any number of threads") {
  const latent::RowMatrix<double> x = mostly_zero(5000, 30);
  const Eigen::SparseMatrix<double, Eigen::RowMajor> rows = x.sparseView();
  for (const auto& [solver, loss] : ways) {
    const NMF nmf{.components = 4, .solver = solver, .loss = loss, .max_iterations = 3};
    const auto serial = nmf.fit(rows, latent::Serial{});
    for (const int threads : {1, 2, 3, 8}) {
      const auto fit = nmf.fit(rows, latent::Threads{threads});
      CHECK(same_bits(fit.weights, serial.weights));
      CHECK(same_bits(fit.model.components(), serial.model.components()));
      CHECK(same_bits(fit.objective, serial.objective));
    }
    const auto dense = nmf.fit(x);
    CHECK(serial.objective == Approx(dense.objective).epsilon(1e-6));
  }
}

TEST_CASE("nmf: a negative entry of a sparse matrix is refused with its place") {
  Eigen::SparseMatrix<double> x(5, 4);
  x.insert(3, 2) = -2.0;
  CHECK(latent_test::message_of<latent::DataError>([&] { NMF{.components = 1}.fit(x); }) ==
        "NMF: data must be finite and not negative; got -2 at row 3, column 2");
}
