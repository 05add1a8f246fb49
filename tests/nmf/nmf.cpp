#include "latent/decomposition/nmf.hpp"

#include <limits>

#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::NMF;
using latent::NMFInit;
using latent::NMFLoss;
using latent::NMFSolver;
using latent_test::all_parts;
using latent_test::eps;
using latent_test::parts_data;
using latent_test::uniform_parts;

TEST_CASE("nmf: the objective never rises, whatever the solver") {
  const latent::RowMatrix<double> x = parts_data(57, 23, 4, 11);
  const auto w0 = uniform_parts(57, 5, 1);
  const auto h0 = uniform_parts(5, 23, 2);
  const std::pair<NMFSolver, NMFLoss> ways[] = {
      {NMFSolver::hals, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};
  for (const auto& [solver, loss] : ways) {
    double last = std::numeric_limits<double>::infinity();
    for (Index t = 1; t <= 40; ++t) {
      const auto fit =
          NMF{.solver = solver, .loss = loss, .max_iterations = t, .tolerance = 0.0}.fit_from(
              w0, h0, x);
      const double objective =
          loss == NMFLoss::frobenius
              ? latent_test::half_squares(x, fit.weights, fit.model.components())
              : latent_test::divergence_of(x, fit.weights, fit.model.components());
      CHECK(fit.report.iterations == t);
      CHECK(fit.report.status == latent::Status::max_iterations);
      CHECK(objective <= last + 64 * eps * x.squaredNorm());
      CHECK(fit.objective == Approx(objective).epsilon(1e-12));
      CHECK(fit.report.trace.back().objective == fit.objective);
      CHECK(all_parts(fit.weights));
      CHECK(all_parts(fit.model.components()));
      last = objective;
    }
  }
}

TEST_CASE("nmf: exact products are recovered") {
  const latent::RowMatrix<double> rank_three =
      uniform_parts(30, 3, 21, 0.3) * uniform_parts(3, 20, 22, 0.3);
  const auto three =
      NMF{.components = 3, .max_iterations = 20000, .tolerance = 1e-12}.fit(rank_three);
  CHECK((rank_three - three.weights * three.model.components()).norm() <= 1e-6 * rank_three.norm());
  const latent::RowMatrix<double> rank_one = uniform_parts(30, 1, 3) * uniform_parts(1, 20, 4);
  for (const NMFInit init : {NMFInit::automatic, NMFInit::random, NMFInit::nndsvd}) {
    const auto one = NMF{.components = 1, .init = init}.fit(rank_one);
    CHECK(one.report.converged());
    CHECK((rank_one - one.weights * one.model.components()).norm() <= 1e-12 * rank_one.norm());
  }
}

TEST_CASE("nmf: coordinate descent ends where no entry can improve") {
  // The conditions of Karush, Kuhn and Tucker: the gradient is 0 at positive entries, and not
  // negative at zeros.
  const latent::RowMatrix<double> x = parts_data(40, 15, 3, 31);
  const auto fit = NMF{.components = 3, .max_iterations = 5000, .tolerance = 1e-15}.fit(x);
  const Eigen::MatrixXd w = fit.weights;
  const Eigen::MatrixXd h = fit.model.components();
  const Eigen::MatrixXd of_w = (w * h - x) * h.transpose();
  const Eigen::MatrixXd of_h = w.transpose() * (w * h - x);
  const double scale = x.norm() * std::max(h.norm(), w.norm());
  Index zeros = 0;
  const auto check = [&](const Eigen::MatrixXd& factor, const Eigen::MatrixXd& gradient) {
    double worst = 0.0;
    for (Index i = 0; i < factor.size(); ++i) {
      const double g = gradient.data()[i];
      zeros += factor.data()[i] == 0.0;
      worst = std::max(worst, factor.data()[i] > 0.0 ? std::abs(g) * std::min(1.0, factor.data()[i])
                                                     : std::max(-g, 0.0));
    }
    CHECK(worst <= 1e-6 * scale);
  };
  check(w, of_w);
  check(h, of_h);
  CHECK(zeros > 5);
}

TEST_CASE("nmf: rows and columns of zeros get zeros, and zeros alone are degenerate") {
  latent::RowMatrix<double> x = parts_data(20, 9, 3, 7);
  x.row(4).setZero();
  x.col(6).setZero();
  const std::pair<NMFSolver, NMFLoss> ways[] = {
      {NMFSolver::hals, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};
  for (const auto& [solver, loss] : ways)
    for (const NMFInit init : {NMFInit::automatic, NMFInit::random}) {
      const NMF nmf{.components = 3, .solver = solver, .init = init, .loss = loss};
      const auto fit = nmf.fit(x);
      CHECK(fit.weights.row(4).maxCoeff() == 0.0);
      CHECK(fit.model.components().col(6).maxCoeff() == 0.0);
      CHECK(all_parts(fit.weights));
      CHECK(all_parts(fit.model.components()));
      CHECK(fit.model.transform(x).row(4).maxCoeff() == 0.0);
      const auto nothing = nmf.fit(latent::RowMatrix<double>::Zero(5, 4));
      CHECK(nothing.report.status == latent::Status::degenerate);
      CHECK(nothing.weights == latent::RowMatrix<double>::Zero(5, 3));
      CHECK(nothing.objective == 0.0);
    }
}

TEST_CASE("nmf: a power of two as scale is a factor of the components alone, to the bit") {
  const latent::RowMatrix<double> x = parts_data(30, 12, 3, 17);
  const int j = GENERATE(-400, -41, -3, 1, 40, 400);
  const Eigen::MatrixXd scaled = std::ldexp(1.0, j) * x;
  const std::pair<NMFSolver, NMFLoss> ways[] = {
      {NMFSolver::hals, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};
  for (const auto& [solver, loss] : ways)
    for (const NMFInit init : {NMFInit::random, NMFInit::nndsvda}) {
      const NMF nmf{.components = 3, .solver = solver, .init = init, .loss = loss};
      const auto base = nmf.fit(x);
      const auto fit = nmf.fit(scaled);
      CHECK(fit.weights == base.weights);
      CHECK(fit.model.components() == std::ldexp(1.0, j) * base.model.components());
      CHECK(fit.report.iterations == base.report.iterations);
      CHECK(fit.objective == std::ldexp(base.objective, loss == NMFLoss::frobenius ? 2 * j : j));
      CHECK(fit.model.transform(scaled) == base.model.transform(x));
    }
}

TEST_CASE("nmf: numbers near the ends of the range stay finite") {
  latent::RowMatrix<double> x = parts_data(12, 7, 2, 9);
  for (const double scale : {5e-324, 1e-310, 1e-170, 1e150})
    for (const NMFLoss loss : {NMFLoss::frobenius, NMFLoss::kullback_leibler}) {
      const Eigen::MatrixXd scaled = (scale * x.array().ceil()).matrix();
      const auto fit = NMF{.components = 2, .loss = loss, .max_iterations = 50}.fit(scaled);
      CHECK(all_parts(fit.weights));
      CHECK(all_parts(fit.model.components()));
      CHECK(std::isfinite(fit.objective));
    }
  // One tiny number beside others, under a reconstruction that underflows.
  x(3, 2) = 1e-323;
  for (const NMFInit init : {NMFInit::nndsvd, NMFInit::random}) {
    const auto fit = NMF{.components = 2, .init = init, .loss = NMFLoss::kullback_leibler}.fit(x);
    CHECK(all_parts(fit.weights));
    CHECK(std::isfinite(fit.objective));
  }
  const Eigen::MatrixXf f = 1e-30f * x.cast<float>();
  for (const NMFLoss loss : {NMFLoss::frobenius, NMFLoss::kullback_leibler}) {
    const auto fit = NMF{.components = 2, .loss = loss}.fit(f);
    CHECK(all_parts(fit.weights));
    CHECK(all_parts(fit.model.components()));
    CHECK(fit.model.components().maxCoeff() > 0.0f);
  }
}

TEST_CASE("nmf: weights are frequencies") {
  const latent::RowMatrix<double> x = parts_data(30, 8, 3, 41);
  Eigen::VectorXd v = Eigen::VectorXd::Ones(30);
  v[3] = 2.0;
  v[7] = 0.0;
  latent::RowMatrix<double> repeated = x;
  repeated.row(7) = x.row(3);
  latent::RowMatrix<double> w0 = uniform_parts(30, 3, 5);
  w0.row(7) = w0.row(3);
  const auto h0 = uniform_parts(3, 8, 6);
  const std::pair<NMFSolver, NMFLoss> ways[] = {
      {NMFSolver::hals, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::frobenius},
      {NMFSolver::multiplicative, NMFLoss::kullback_leibler}};
  for (const auto& [solver, loss] : ways) {
    NMF nmf{.solver = solver, .loss = loss, .max_iterations = 20, .tolerance = 0.0};
    nmf.l1_weights = 0.01;
    nmf.l2_components = 0.02;
    const auto weighted = nmf.fit_from(w0, h0, latent::samples(x).weights(v));
    const auto plain = nmf.fit_from(w0, h0, repeated);
    CHECK(latent_test::close_matrix(weighted.model.components(), plain.model.components(), 1e-11));
    CHECK(latent_test::close(weighted.objective, plain.objective, 1e-11));
    const auto ones = nmf.fit_from(w0, h0, latent::samples(x).weights(Eigen::VectorXd::Ones(30)));
    const auto none = nmf.fit_from(w0, h0, x);
    CHECK(ones.model.components() == none.model.components());
    CHECK(ones.weights == none.weights);
  }
  const auto fit = NMF{.components = 3}.fit(latent::samples(x).weights(v));
  const auto same = NMF{.components = 3}.fit(repeated);
  CHECK(latent_test::close(fit.objective, same.objective, 1e-6));
}

TEST_CASE("nmf: penalties shrink, and l1 makes zeros") {
  const latent::RowMatrix<double> x = parts_data(50, 20, 4, 51);
  const auto plain = NMF{.components = 4}.fit(x);
  const auto sparse = NMF{.components = 4, .l1_weights = 0.02, .l1_components = 0.02}.fit(x);
  const auto small = NMF{.components = 4, .l2_weights = 0.05, .l2_components = 0.05}.fit(x);
  const auto zeros = [](const auto& m) { return (m.array() == 0.0).count(); };
  CHECK(sparse.report.converged());
  CHECK(zeros(sparse.model.components()) > zeros(plain.model.components()));
  CHECK(small.weights.norm() * small.model.components().norm() <
        plain.weights.norm() * plain.model.components().norm());
  // The objective is the documented one.
  NMF nmf{.components = 4};
  nmf.l1_weights = 0.01;
  nmf.l2_weights = 0.02;
  nmf.l1_components = 0.03;
  nmf.l2_components = 0.04;
  const auto fit = nmf.fit(x);
  const auto& w = fit.weights;
  const auto& h = fit.model.components();
  CHECK(fit.objective ==
        Approx(latent_test::half_squares(x, w, h) + 20 * (0.01 * w.sum() + 0.01 * w.squaredNorm()) +
               50 * (0.03 * h.sum() + 0.02 * h.squaredNorm()))
            .epsilon(1e-12));
  // At a minimum, the gradient at positive entries of W is 0 with its penalty.
  nmf.tolerance = 1e-15;
  nmf.max_iterations = 5000;
  const auto settled = nmf.fit(x);
  const Eigen::MatrixXd gradient =
      (settled.weights * settled.model.components() - x) * settled.model.components().transpose() +
      20 * (0.02 * settled.weights.array() + 0.01).matrix();
  for (Index i = 0; i < 50; ++i)
    for (Index k = 0; k < 4; ++k)
      if (settled.weights(i, k) > 1e-3) CHECK(std::abs(gradient(i, k)) <= 1e-6 * x.norm());
}

TEST_CASE("nmf: float data give a float model near that of double") {
  const Eigen::MatrixXf x = parts_data(300, 40, 5, 61).cast<float>();
  const auto w0 = uniform_parts(300, 5, 1);
  const auto h0 = uniform_parts(5, 40, 2);
  for (const NMFLoss loss : {NMFLoss::frobenius, NMFLoss::kullback_leibler}) {
    const NMF nmf{
        .solver = NMFSolver::multiplicative, .loss = loss, .max_iterations = 30, .tolerance = 0.0};
    const auto single = nmf.fit_from(w0, h0, x);
    const auto exact = nmf.fit_from(w0, h0, x.cast<double>());
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(single.model)>::Scalar, float>);
    CHECK(single.objective == Approx(exact.objective).epsilon(1e-4));
    CHECK((single.model.components().cast<double>() - exact.model.components()).norm() <=
          1e-3 * exact.model.components().norm());
  }
  // Coordinate descent sweeps blocks whose width depends on the scalar: the paths differ, what is
  // said about them does not.
  const auto fit = NMF{.max_iterations = 30, .tolerance = 0.0}.fit_from(w0, h0, x);
  const double objective = latent_test::half_squares(x, fit.weights, fit.model.components());
  CHECK(fit.objective == Approx(objective).epsilon(1e-5));
  CHECK(fit.report.trace.back().objective == fit.objective);
  const double rounding = 64 * 1.2e-7 * x.cast<double>().squaredNorm();
  for (std::size_t t = 1; t < fit.report.trace.size(); ++t)
    CHECK(fit.report.trace[t].objective <= fit.report.trace[t - 1].objective + rounding);
}

TEST_CASE("nmf: restarts keep the best, and more components than columns are allowed") {
  const latent::RowMatrix<double> x = parts_data(30, 6, 3, 71, 0.5);
  const auto fit = NMF{.components = 3, .init = NMFInit::random, .restarts = 5}.fit(x);
  REQUIRE(fit.report.restarts.size() == 5);
  CHECK(fit.objective == *std::min_element(fit.report.restarts.begin(), fit.report.restarts.end()));
  const auto once = NMF{.components = 3, .restarts = 5}.fit(x);
  CHECK(once.report.restarts.size() == 1);
  CHECK(once.report.notes.size() == 1);
  const auto many = NMF{.components = 9}.fit(x);
  CHECK(many.weights.cols() == 9);
  CHECK(many.objective <= fit.objective);
}

TEST_CASE("nmf: an observer sees every iteration and can stop the fit") {
  const latent::RowMatrix<double> x = parts_data(30, 6, 3, 81);
  std::vector<double> seen;
  const auto fit =
      NMF{.components = 2}.fit(x, latent::Serial{}, [&](const latent::NMFIteration<double>& view) {
        seen.push_back(view.objective);
        CHECK(view.components.rows() == 2);
        return view.index < 3;
      });
  CHECK(fit.report.status == latent::Status::stopped);
  CHECK(seen.size() == 3);
  CHECK(fit.report.iterations == 3);
  CHECK(seen.back() == Approx(fit.objective).epsilon(1e-10));
}
