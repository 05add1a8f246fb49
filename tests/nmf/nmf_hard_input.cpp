// Input that breaks a careless factorisation: products that underflow, zeros, tiny and huge scales.
#include <cmath>
#include <limits>

#include "latent/decomposition/nmf.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::NMF;
using latent::NMFInit;
using latent::NMFLoss;
using latent::NMFSolver;
using latent::RowMatrix;
using latent_test::all_parts;
using latent_test::eps;
using latent_test::parts_data;
using latent_test::uniform_parts;

namespace {

const std::pair<NMFSolver, NMFLoss> ways[] = {
    {NMFSolver::hals, NMFLoss::frobenius},
    {NMFSolver::multiplicative, NMFLoss::frobenius},
    {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};

template <class Fit>
void check_parts(const Fit& fit) {
  CHECK(all_parts(fit.weights));
  CHECK(all_parts(fit.model.components()));
  CHECK(std::isfinite(fit.objective));
  for (const auto& row : fit.report.trace) CHECK(std::isfinite(row.objective));
}

}  // namespace

TEST_CASE("nmf: a start whose product underflows gives finite numbers") {
  const RowMatrix<double> x = uniform_parts(12, 2, 5, 0.1) * uniform_parts(2, 7, 6, 0.1);
  for (const auto& [solver, loss] : ways)
    for (const double size : {1e-150, 1e-170, 1e-200, 1e-300}) {
      INFO("solver " << static_cast<int>(solver) << " from " << size);
      const RowMatrix<double> w0 = size * uniform_parts(12, 2, 1);
      const RowMatrix<double> h0 = size * uniform_parts(2, 7, 2);
      const auto fit =
          NMF{.solver = solver, .loss = loss, .max_iterations = 40}.fit_from(w0, h0, x);
      check_parts(fit);
    }
}

TEST_CASE("nmf: least numbers beside others, and under products that underflow, stay finite") {
  RowMatrix<double> x = parts_data(12, 7, 2, 9);
  x.row(3).setConstant(1e-323);
  x(5, 1) = 1e-323;
  x.col(4).setConstant(std::numeric_limits<double>::denorm_min());
  for (const auto& [solver, loss] : ways)
    for (const NMFInit init : {NMFInit::nndsvd, NMFInit::nndsvda, NMFInit::random}) {
      const auto fit = NMF{.components = 3, .solver = solver, .init = init, .loss = loss}.fit(x);
      check_parts(fit);
      CHECK(all_parts(fit.model.transform(x)));
      CHECK(fit.weights.row(3).maxCoeff() <= 1e-150);
    }
  RowMatrix<float> f = parts_data(12, 7, 2, 9).cast<float>();
  f(5, 1) = std::numeric_limits<float>::denorm_min();
  for (const auto& [solver, loss] : ways) {
    check_parts(NMF{.components = 3, .solver = solver, .loss = loss}.fit(f));
    check_parts(NMF{.solver = solver, .loss = loss}.fit_from(1e-30 * uniform_parts(12, 2, 1),
                                                             1e-30 * uniform_parts(2, 7, 2), f));
  }
}

TEST_CASE("nmf: float data may be scaled by a power of two as well, to the bit") {
  const RowMatrix<float> x = parts_data(30, 12, 3, 17).cast<float>();
  const int j = GENERATE(-90, -24, 1, 24, 60);
  const RowMatrix<float> scaled = std::ldexp(1.0f, j) * x;
  for (const auto& [solver, loss] : ways) {
    const NMF nmf{.components = 3, .solver = solver, .loss = loss};
    const auto base = nmf.fit(x);
    const auto fit = nmf.fit(scaled);
    CHECK(fit.weights == base.weights);
    CHECK(fit.model.components() == std::ldexp(1.0f, j) * base.model.components());
    CHECK(fit.report.iterations == base.report.iterations);
    CHECK(fit.model.transform(scaled) == base.model.transform(x));
  }
}

TEST_CASE("nmf: data of rank one are met to rounding, whatever the solver and the loss") {
  const RowMatrix<double> x = uniform_parts(30, 1, 3, 0.2) * uniform_parts(1, 20, 4, 0.2);
  for (const auto& [solver, loss] : ways)
    for (const NMFInit init : {NMFInit::automatic, NMFInit::random, NMFInit::nndsvd}) {
      const auto fit = NMF{.components = 1, .solver = solver, .init = init, .loss = loss}.fit(x);
      CHECK((x - fit.weights * fit.model.components()).norm() <= 1e-12 * x.norm());
      CHECK((x - fit.model.transform(x) * fit.model.components()).norm() <= 1e-12 * x.norm());
    }
}

TEST_CASE("nmf: more components than rows or columns, by every solver, meet the data") {
  const RowMatrix<double> x = parts_data(5, 4, 2, 33, 0.3);
  for (const auto& [solver, loss] : ways)
    for (const Index count : {4, 5, 6, 11}) {
      const auto fit = NMF{.components = count,
                           .solver = solver,
                           .loss = loss,
                           .max_iterations = 20000,
                           .tolerance = 1e-12}
                           .fit(x);
      check_parts(fit);
      CHECK(fit.weights.cols() == count);
      CHECK((x - fit.weights * fit.model.components()).norm() <= 1e-3 * x.norm());
    }
}

TEST_CASE("nmf: what a row counts moves between the factors without changing the objective") {
  // (W D) (H / D) for a diagonal D of powers of two: the same products, to the bit.
  const RowMatrix<double> x = parts_data(20, 9, 3, 41);
  const RowMatrix<double> w0 = uniform_parts(20, 3, 1);
  const RowMatrix<double> h0 = uniform_parts(3, 9, 2);
  const Eigen::Vector3d d(0.25, 8.0, 1024.0);
  for (const auto& [solver, loss] : ways) {
    const NMF nmf{.solver = solver, .loss = loss, .max_iterations = 15, .tolerance = 0.0};
    const auto base = nmf.fit_from(w0, h0, x);
    const auto fit = nmf.fit_from(RowMatrix<double>(w0 * d.asDiagonal()),
                                  RowMatrix<double>(d.cwiseInverse().asDiagonal() * h0), x);
    REQUIRE(fit.report.trace.size() == base.report.trace.size());
    for (std::size_t t = 0; t < fit.report.trace.size(); ++t)
      CHECK(
          latent_test::close(fit.report.trace[t].objective, base.report.trace[t].objective, 1e-13));
  }
}

TEST_CASE("nmf: where components have nothing to do, rows and columns of zeros still get zeros") {
  RowMatrix<double> x = RowMatrix<double>::Zero(9, 6);
  x(2, 3) = 4.0;  // one number alone
  for (const auto& [solver, loss] : ways)
    for (const NMFInit init : {NMFInit::automatic, NMFInit::nndsvd, NMFInit::random}) {
      const auto fit =
          NMF{.components = 2, .solver = solver, .init = init, .loss = loss, .restarts = 3}.fit(x);
      check_parts(fit);
      const RowMatrix<double> product = fit.weights * fit.model.components();
      CHECK((product - x).cwiseAbs().maxCoeff() <= 64 * eps * 4.0);
      for (Index i = 0; i < 9; ++i)
        if (i != 2) CHECK(fit.weights.row(i).maxCoeff() == 0.0);
      for (Index j = 0; j < 6; ++j)
        if (j != 3) CHECK(fit.model.components().col(j).maxCoeff() == 0.0);
    }
}

TEST_CASE("nmf: a component that is 0 has no weights, and they are not in the objective") {
  RowMatrix<double> x = RowMatrix<double>::Zero(9, 6);
  x(2, 3) = 4.0;
  for (const double l1 : {0.0, 1e-3}) {
    const auto fit = NMF{.components = 2, .l1_weights = l1, .max_iterations = 1}.fit(x);
    Index idle = 0;
    for (Index k = 0; k < 2; ++k) {
      if (fit.model.components().row(k).maxCoeff() > 0.0) continue;
      ++idle;
      CHECK(fit.weights.col(k).maxCoeff() == 0.0);
    }
    CHECK(idle == 1);
    const double expected = latent_test::half_squares(x, fit.weights, fit.model.components()) +
                            6 * l1 * fit.weights.sum();
    CHECK(latent_test::close_on(16.0, fit.objective, expected, 64 * eps));
  }
}
