#include <limits>

#include "latent/decomposition/nmf.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::Index;
using latent::InvalidArgument;
using latent::NMF;
using latent::NMFInit;
using latent::NMFLoss;
using latent::NMFSolver;
using latent_test::message_of;

TEST_CASE("nmf: negative numbers, NaN and infinities are refused with their place") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const std::pair<double, const char*> bad[] = {
      {nan, "NaN"}, {inf, "inf"}, {-inf, "-inf"}, {-1e-300, "-1e-300"}};
  for (const auto& [value, text] : bad)
    for (const Index row : {Index{0}, Index{2100}, Index{2999}}) {
      latent::RowMatrix<double> x = latent_test::uniform_parts(3000, 3, 1);
      x(row, 2) = value;
      const std::string expected = "NMF: data must be finite and not negative; got " +
                                   std::string(text) + " at row " + std::to_string(row) +
                                   ", column 2";
      CHECK(message_of<DataError>([&] { NMF{.components = 2}.fit(x); }) == expected);
      Eigen::VectorXd v = Eigen::VectorXd::Ones(3000);
      v[row] = 0.0;
      CHECK(message_of<DataError>(
                [&] { NMF{.components = 2}.fit(latent::samples(x).weights(v)); }) == expected);
      CHECK(message_of<DataError>([&] { NMF{.components = 2}.fit(Eigen::MatrixXd(x)); }) ==
            expected);
    }
}

TEST_CASE("nmf: options out of range are refused") {
  const latent::RowMatrix<double> x = latent_test::uniform_parts(6, 4, 1);
  CHECK(message_of<InvalidArgument>([&] { NMF{}.fit(x); }) ==
        "NMF: components must be at least 1; got 0");
  CHECK_THROWS_AS((NMF{.components = 2, .restarts = 0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS((NMF{.components = 2, .max_iterations = 0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS((NMF{.components = 2, .tolerance = -1.0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS((NMF{.components = 2, .l1_weights = -1.0}.fit(x)), InvalidArgument);
  CHECK_THROWS_AS(
      (NMF{.components = 2, .l2_components = std::numeric_limits<double>::quiet_NaN()}.fit(x)),
      InvalidArgument);
  CHECK(message_of<InvalidArgument>([&] {
          NMF{.components = 2, .solver = NMFSolver::hals, .loss = NMFLoss::kullback_leibler}.fit(x);
        }) == "NMF: solver hals is for loss frobenius; got kullback_leibler");
  CHECK(message_of<InvalidArgument>([&] {
          NMF{.components = 5, .init = NMFInit::nndsvd}.fit(x);
        }) == "NMF: nndsvd starts need components <= min(n, D); got 5 for 6 x 4");
  CHECK_THROWS_AS((NMF{.components = 2}.fit(Eigen::MatrixXd(0, 3))), InvalidArgument);
  CHECK_THROWS_AS((NMF{.components = 2}.fit(Eigen::MatrixXd(3, 0))), InvalidArgument);
  CHECK_THROWS_AS((NMF{.components = 2}.fit(Eigen::MatrixXd::Constant(3, 3, 1e200))), DataError);
}

TEST_CASE("nmf: starts of another shape or with numbers below 0 are refused") {
  const latent::RowMatrix<double> x = latent_test::uniform_parts(6, 4, 1);
  const Eigen::MatrixXd w = Eigen::MatrixXd::Ones(6, 2);
  const Eigen::MatrixXd h = Eigen::MatrixXd::Ones(2, 4);
  CHECK_NOTHROW(NMF{}.fit_from(w, h, x));
  CHECK_THROWS_AS(NMF{}.fit_from(w.topRows(5), h, x), InvalidArgument);
  CHECK_THROWS_AS(NMF{}.fit_from(w.leftCols(1), h, x), InvalidArgument);
  CHECK_THROWS_AS(NMF{}.fit_from(w, h.leftCols(3), x), InvalidArgument);
  CHECK_THROWS_AS(NMF{.components = 3}.fit_from(w, h, x), InvalidArgument);
  CHECK(message_of<DataError>([&] { NMF{}.fit_from(-w, h, x); }) ==
        "NMF: start weights must be finite and not negative; got -1 at row 0, column 0");
  Eigen::MatrixXd nan = h;
  nan(1, 3) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(NMF{}.fit_from(w, nan, x), DataError);
}

TEST_CASE("nmf: masks of another shape or with other numbers are refused") {
  const latent::RowMatrix<double> x = latent_test::uniform_parts(6, 4, 1);
  CHECK_THROWS_AS((NMF{.components = 2}.fit_masked(x, Eigen::MatrixXi::Ones(6, 3))),
                  InvalidArgument);
  CHECK_THROWS_AS((NMF{.components = 2}.fit_masked(x, Eigen::MatrixXd::Constant(6, 4, 0.5))),
                  DataError);
}
