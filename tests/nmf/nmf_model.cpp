#include "latent/decomposition/nmf_model.hpp"

#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::NMFLoss;
using latent::NMFModel;
using latent_test::eps;
using latent_test::parts_data;
using latent_test::uniform_parts;

TEST_CASE("nmf model: transform finds the non-negative least squares of each row") {
  const latent::RowMatrix<double> h = uniform_parts(4, 30, 3, 0.3);
  const latent::RowMatrix<double> x = parts_data(50, 30, 4, 5, 0.5);
  const NMFModel<double> model{h};
  const latent::RowMatrix<double> w = model.transform(x);
  const Eigen::MatrixXd gradient = (w * h - x) * h.transpose();
  const double scale = x.rowwise().norm().maxCoeff() * h.norm();
  Index zeros = 0;
  for (Index i = 0; i < 50; ++i)
    for (Index k = 0; k < 4; ++k) {
      zeros += w(i, k) == 0.0;
      if (w(i, k) > 0.0)
        CHECK(std::abs(gradient(i, k)) <= 64 * eps * scale);
      else
        CHECK(gradient(i, k) >= -64 * eps * scale);
    }
  CHECK(zeros > 0);
  CHECK(zeros < 200);
  CHECK(model.error(x) == Approx(latent_test::half_squares(x, w, h)).epsilon(1e-12));
}

TEST_CASE("nmf model: transform of the divergence balances every row") {
  // At a minimum sum_j h_kj x_j / r_j = sum_j h_kj wherever w_k > 0; and the row's sum is kept.
  const latent::RowMatrix<double> h = uniform_parts(3, 25, 3);
  const latent::RowMatrix<double> x = uniform_parts(20, 3, 8) * h;
  const NMFModel<double> model{h, NMFLoss::kullback_leibler};
  const latent::RowMatrix<double> w = model.transform(x);
  CHECK(((w * h).rowwise().sum() - x.rowwise().sum()).norm() <= 1e-12 * x.norm() * 25);
  CHECK((w * h - x).norm() <= 1e-4 * x.norm());
  CHECK(model.error(x) == Approx(latent_test::divergence_of(x, w, h)).margin(1e-12 * x.sum()));
}

TEST_CASE("nmf model: rows do not see each other") {
  const latent::RowMatrix<double> h = uniform_parts(5, 12, 3, 0.2);
  const latent::RowMatrix<double> x = parts_data(150, 12, 4, 5, 0.5);
  for (const NMFLoss loss : {NMFLoss::frobenius, NMFLoss::kullback_leibler}) {
    const NMFModel<double> model{h, loss};
    const latent::RowMatrix<double> all = model.transform(x);
    const double tolerance = loss == NMFLoss::frobenius ? 1e-11 : 1e-6;
    for (const Index i : {Index{0}, Index{77}, Index{149}})
      CHECK((model.transform(x.row(i)) - all.row(i)).norm() <= tolerance * all.row(i).norm());
  }
}

TEST_CASE("nmf model: any scalar, order and scale of the data") {
  const latent::RowMatrix<double> h = uniform_parts(3, 10, 3, 0.2);
  const latent::RowMatrix<double> x = parts_data(40, 10, 3, 5);
  const NMFModel<double> model{h};
  const latent::RowMatrix<double> w = model.transform(x);
  CHECK(model.transform(Eigen::MatrixXd(x)) == w);
  CHECK(model.transform(x, latent::Serial{}) == w);
  CHECK(model.transform(x, latent::Threads{3}) == w);
  CHECK(model.transform(Eigen::MatrixXd(std::ldexp(1.0, 300) * x)) == std::ldexp(1.0, 300) * w);
  const NMFModel<double> far{latent::RowMatrix<double>(std::ldexp(1.0, -500) * h)};
  CHECK(far.transform(x) == std::ldexp(1.0, 500) * w);
  const NMFModel<float> single{latent::RowMatrix<float>(h.cast<float>())};
  CHECK((single.transform(x).cast<double>() - w).norm() <= 1e-4 * w.norm());
  CHECK(model.inverse_transform(w) ==
        latent::RowMatrix<double>(model.inverse_transform(w, latent::Serial{})));
  CHECK((model.inverse_transform(w) - w * h).norm() <= 16 * eps * x.norm());
  CHECK(model.transform(Eigen::MatrixXd(0, 10)).rows() == 0);
}

TEST_CASE("nmf model: the penalty of the weights counts in transform") {
  const latent::RowMatrix<double> h = uniform_parts(3, 10, 3, 0.2);
  const latent::RowMatrix<double> x = parts_data(40, 10, 3, 5);
  for (const int j : {0, 37}) {
    const double c = std::ldexp(1.0, j);
    // In the units of c X and H, the penalties c l1 and l2 give c W.
    const NMFModel<double> model{h, NMFLoss::frobenius, c * 0.01, 0.02};
    const latent::RowMatrix<double> w = model.transform(Eigen::MatrixXd(c * x)) / c;
    const Eigen::MatrixXd gradient =
        (w * h - x) * h.transpose() + 10 * (0.02 * w.array() + 0.01).matrix();
    for (Index i = 0; i < 40; ++i)
      for (Index k = 0; k < 3; ++k) {
        if (w(i, k) > 0.0) CHECK(std::abs(gradient(i, k)) <= 1e-12 * x.norm());
        CHECK(gradient(i, k) >= -1e-12 * x.norm());
      }
  }
}

TEST_CASE("nmf model: what cannot be is refused") {
  using latent::DataError;
  using latent::InvalidArgument;
  using latent_test::message_of;
  CHECK_THROWS_AS(NMFModel<double>(latent::RowMatrix<double>(0, 3)), InvalidArgument);
  const latent::RowMatrix<double> negative = -uniform_parts(2, 3, 1);
  CHECK_THROWS_AS(NMFModel<double>(negative), DataError);
  const latent::RowMatrix<double> h = uniform_parts(2, 3, 1);
  CHECK_THROWS_AS(NMFModel<double>(h, NMFLoss::frobenius, -1.0), InvalidArgument);
  const NMFModel<double> model{h};
  CHECK_THROWS_AS(model.transform(Eigen::MatrixXd::Zero(2, 4)), InvalidArgument);
  CHECK_THROWS_AS(model.inverse_transform(Eigen::MatrixXd::Zero(2, 3)), InvalidArgument);
  Eigen::MatrixXd x = Eigen::MatrixXd::Ones(3, 3);
  x(2, 1) = -0.5;
  CHECK(message_of<DataError>([&] { model.transform(x); }) ==
        "NMFModel: transform: data must be finite and not negative; got -0.5 at row 2, column 1");
}
