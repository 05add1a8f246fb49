#include "latent/decomposition/nmf.hpp"
#include "nmf/parts.hpp"
#include "nmf/small_reference.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::NMF;
using latent::NMFInit;
using latent::NMFLoss;
using latent::NMFSolver;
using latent_test::close_matrix;

namespace {

const latent_test::SmallNMF small;

NMF steps(NMFLoss loss, Index count) {
  return {.components = 2,
          .solver = NMFSolver::multiplicative,
          .loss = loss,
          .max_iterations = count,
          .tolerance = 0.0};
}

}  // namespace

TEST_CASE("nmf: the first multiplicative step gives the exact fractions of the reference") {
  const auto fit = steps(NMFLoss::frobenius, 1).fit_from(small.w0, small.h0, small.x);
  Eigen::MatrixXd h(2, 4);
  h << 1.0 / 2, 5.0 / 18, 10.0 / 21, 8.0 / 13, 3.0 / 7, 3.0 / 4, 16.0 / 31, 3.0 / 7;
  Eigen::MatrixXd w(5, 2);
  w << 206615682.0 / 232628563, 25541334.0 / 12211075, 1069790904.0 / 465337813,
      87575124.0 / 89928259, 347930856.0 / 310198313, 52944528.0 / 62538953,
      500467968.0 / 206825771, 1049412.0 / 1448365, 320510736.0 / 232628563, 37990407.0 / 12211075;
  // A handful of roundings an entry.
  CHECK(close_matrix(fit.model.components(), h, 8 * latent_test::eps));
  CHECK(close_matrix(fit.weights, w, 16 * latent_test::eps));
}

TEST_CASE("nmf: twenty multiplicative steps on squares follow the reference") {
  const auto fit = steps(NMFLoss::frobenius, 20).fit_from(small.w0, small.h0, small.x);
  REQUIRE(fit.report.trace.size() == 21);
  // The objective is a difference of numbers of size |X|^2 = 97.
  for (std::size_t t = 0; t <= 20; ++t)
    CHECK(latent_test::close_on(97.0, 2.0 * fit.report.trace[t].objective,
                                latent_test::small_frobenius_objective[t], 64 * latent_test::eps));
  CHECK(close_matrix(fit.model.components(), latent_test::small_frobenius_h(), 1e-13));
  CHECK(close_matrix(fit.weights, latent_test::small_frobenius_w(), 1e-13));
  CHECK(fit.report.status == latent::Status::max_iterations);
  CHECK(fit.report.iterations == 20);
}

TEST_CASE("nmf: twenty multiplicative steps on the divergence follow the reference") {
  const auto fit = steps(NMFLoss::kullback_leibler, 20).fit_from(small.w0, small.h0, small.x);
  REQUIRE(fit.report.trace.size() == 21);
  for (std::size_t t = 0; t <= 20; ++t)
    CHECK(latent_test::close_on(34.0, fit.report.trace[t].objective,
                                latent_test::small_divergence_objective[t], 64 * latent_test::eps));
  CHECK(close_matrix(fit.model.components(), latent_test::small_divergence_h(), 1e-13));
  CHECK(close_matrix(fit.weights, latent_test::small_divergence_w(), 1e-13));
}

TEST_CASE("nmf: multiplicative steps keep zeros, and default starts have none") {
  Eigen::MatrixXd w0 = small.w0;
  w0(1, 0) = 0.0;
  for (const NMFLoss loss : {NMFLoss::frobenius, NMFLoss::kullback_leibler}) {
    const auto fit = steps(loss, 50).fit_from(w0, small.h0, small.x);
    CHECK(fit.weights(1, 0) == 0.0);
    CHECK(latent_test::all_parts(fit.weights));
    const auto locked = NMF{.components = 3,
                            .solver = NMFSolver::multiplicative,
                            .init = NMFInit::nndsvd,
                            .loss = loss,
                            .max_iterations = 5}
                            .fit(small.x);
    bool said = false;
    for (const auto& note : locked.report.notes)
      said = said || note.message.find("zeros") != std::string::npos;
    CHECK(said);
    // The second singular vectors have both signs, so half of a plain nndsvd start is zero; every
    // entry of the default one is positive, and stays so for a step where data are positive.
    const Eigen::MatrixXd positive = small.x.array() + 1.0;
    const auto open =
        NMF{.components = 3, .solver = NMFSolver::multiplicative, .loss = loss, .max_iterations = 1}
            .fit(positive);
    CHECK(open.weights.minCoeff() > 0.0);
    CHECK(open.model.components().minCoeff() > 0.0);
    CHECK(open.report.notes.empty());
  }
}

TEST_CASE("nmf: multiplicative steps with penalties lower the penalised objective") {
  const latent::RowMatrix<double> x = latent_test::parts_data(40, 17, 3, 5);
  for (const NMFLoss loss : {NMFLoss::frobenius, NMFLoss::kullback_leibler}) {
    NMF nmf{.components = 4, .solver = NMFSolver::multiplicative, .loss = loss};
    nmf.l1_weights = 0.02;
    nmf.l2_weights = 0.03;
    nmf.l1_components = 0.01;
    nmf.l2_components = 0.05;
    nmf.tolerance = 0.0;
    double last = std::numeric_limits<double>::infinity();
    const auto w0 = latent_test::uniform_parts(40, 4, 8);
    const auto h0 = latent_test::uniform_parts(4, 17, 9);
    for (Index t = 1; t <= 30; ++t) {
      nmf.max_iterations = t;
      const auto fit = nmf.fit_from(w0, h0, x);
      const auto& w = fit.weights;
      const auto& h = fit.model.components();
      const double expected = (loss == NMFLoss::frobenius ? latent_test::half_squares(x, w, h)
                                                          : latent_test::divergence_of(x, w, h)) +
                              17 * (0.02 * w.sum() + 0.5 * 0.03 * w.squaredNorm()) +
                              40 * (0.01 * h.sum() + 0.5 * 0.05 * h.squaredNorm());
      CHECK(fit.objective == Approx(expected).epsilon(1e-12));
      CHECK(expected <= last + 64 * latent_test::eps * x.squaredNorm());
      last = expected;
    }
  }
}
