#include <limits>

#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::PCA;
using latent::PCASolver;

namespace {

const double eps = std::numeric_limits<double>::epsilon();

Eigen::MatrixXd projector(const Eigen::MatrixXd& v) {
  return v * v.transpose();
}

}  // namespace

TEST_CASE("pca: any executor, storage order and alignment give the same bits") {
  const Eigen::MatrixXd x = latent_test::normal_rows(10000, 7, 3, 20.0);
  const auto serial = PCA{}.fit(x, latent::Serial{}).model;
  const auto same = [&](const latent::PCAModel<double>& model) {
    CHECK(model.projection() == serial.projection());
    CHECK(model.explained_variance() == serial.explained_variance());
    CHECK(model.mean() == serial.mean());
  };
  const Eigen::MatrixXd scores = serial.transform(x, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    same(PCA{}.fit(x, latent::Threads{threads}).model);
    CHECK(serial.transform(x, latent::Threads{threads}) == scores);
    CHECK(serial.score(x, latent::Threads{threads}) == serial.score(x, latent::Serial{}));
  }
  same(PCA{}.fit(latent::RowMatrix<double>(x), {}).model);
  same(PCA{}.fit(2.0 * x - x).model);
  Eigen::VectorXd buffer(70008);
  for (Index shift = 0; shift < 8; ++shift) {
    Eigen::Map<Eigen::MatrixXd> moved(buffer.data() + shift, 10000, 7);
    moved = x;
    same(PCA{}.fit(moved).model);
  }
}

TEST_CASE("pca: weights of one are no weights, to the bit") {
  const Eigen::MatrixXd x = latent_test::normal_rows(3000, 4, 8);
  const auto plain = PCA{}.fit(x).model;
  const auto ones = PCA{}.fit(latent::samples(x).weights(Eigen::VectorXd::Ones(3000))).model;
  CHECK(ones.projection() == plain.projection());
  CHECK(ones.explained_variance() == plain.explained_variance());
}

TEST_CASE("pca: weight 2 is the row twice, weight 0 is no row, labels are ignored") {
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const Eigen::MatrixXd x = latent_test::normal_rows(60, 4, 8, 1e3);
    Eigen::VectorXd w = Eigen::VectorXd::Ones(60);
    w[3] = 2.0;
    w[5] = 0.0;
    Eigen::MatrixXd repeated = x;
    repeated.row(5) = x.row(3);
    const auto source = latent::samples(x).weights(w).labels(Eigen::VectorXi::Zero(60));
    const auto weighted = PCA{.solver = solver}.fit(source).model;
    const auto expected = PCA{.solver = solver}.fit(repeated).model;
    CHECK((weighted.explained_variance() - expected.explained_variance()).norm() <=
          1e-12 * expected.explained_variance()[0]);
    CHECK((weighted.projection() - expected.projection()).norm() <= 1e-11);
    CHECK((weighted.mean() - expected.mean()).norm() <= 8 * eps * 1e3);
  }
}

TEST_CASE("pca: rows in another order give the same components, columns permute the axes") {
  const Eigen::MatrixXd x = latent_test::normal_rows(3000, 4, 12);
  const auto model = PCA{}.fit(x).model;
  const auto turned = PCA{}.fit(Eigen::MatrixXd(x.colwise().reverse())).model;
  CHECK((turned.projection() - model.projection()).norm() <= 1e-11);
  const auto swapped = PCA{}.fit(Eigen::MatrixXd(x.rowwise().reverse())).model;
  CHECK((swapped.projection().colwise().reverse() - model.projection()).norm() <= 1e-11);
  CHECK((swapped.explained_variance() - model.explained_variance()).norm() <= 1e-11);
}

TEST_CASE("pca: a shift of the data moves the mean alone, as far as the numbers allow") {
  const Eigen::MatrixXd x = latent_test::normal_rows(2000, 3, 2);
  const Eigen::MatrixXd moved = x.array() + std::ldexp(1.0, 20);
  const Eigen::MatrixXd stored = moved.array() - std::ldexp(1.0, 20);
  const auto here = PCA{}.fit(stored).model;
  const auto there = PCA{}.fit(moved).model;
  CHECK((here.explained_variance() - there.explained_variance()).norm() <=
        1e-12 * here.explained_variance()[0]);
  CHECK((here.projection() - there.projection()).norm() <= 1e-11);
}

TEST_CASE("pca: a power of two as scale changes no bit of the axes") {
  const int j = GENERATE(-900, -40, 1, 40, 900);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const Eigen::MatrixXd x = latent_test::normal_rows(50, 5, 4, 3.0);
    const Eigen::MatrixXd scaled = std::ldexp(1.0, j) * x;
    const auto base = PCA{.solver = solver}.fit(x).model;
    const auto model = PCA{.solver = solver}.fit(scaled).model;
    CHECK(model.projection() == base.projection());
    CHECK(model.explained_variance_ratio() == base.explained_variance_ratio());
    CHECK(model.singular_values() == std::ldexp(1.0, j) * base.singular_values());
    CHECK(model.transform(scaled) == std::ldexp(1.0, j) * base.transform(x));
  }
}

TEST_CASE("pca: a reflection of the data reflects the axes") {
  const Eigen::MatrixXd x = latent_test::normal_rows(500, 4, 6);
  Eigen::VectorXd h(4);
  h << 1, -2, 0.5, 3;
  const Eigen::MatrixXd q =
      Eigen::MatrixXd::Identity(4, 4) - 2.0 * h * h.transpose() / h.squaredNorm();
  const auto base = PCA{.keep = 2}.fit(x).model;
  const auto model = PCA{.keep = 2}.fit(Eigen::MatrixXd(x * q)).model;
  CHECK((model.explained_variance() - base.explained_variance()).norm() <= 1e-11);
  CHECK((projector(model.projection()) - q * projector(base.projection()) * q).norm() <= 1e-11);
}

TEST_CASE("pca: scores are uncorrelated, with the explained variances, divisor n - 1") {
  const Eigen::MatrixXd x = latent_test::normal_rows(700, 6, 14, 50.0);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto model = PCA{.solver = solver}.fit(x).model;
    const Eigen::MatrixXd scores = model.transform(x);
    const Eigen::MatrixXd expected = model.explained_variance().asDiagonal();
    CHECK((latent::covariance(scores) - expected).cwiseAbs().maxCoeff() <= 1e-12 * expected(0, 0));
    CHECK(std::abs(model.explained_variance_ratio().sum() - 1.0) <= 4 * 6 * eps);
    CHECK(model.explained_variance_ratio().minCoeff() >= 0.0);
    CHECK((scores.colwise().mean()).cwiseAbs().maxCoeff() <= 64 * eps * 50);
  }
}

TEST_CASE("pca: axes are orthonormal at every shape") {
  const Index n = GENERATE(2, 3, 10, 257);
  const Index d = GENERATE(1, 2, 5, 33);
  const Eigen::MatrixXd x = latent_test::normal_rows(n, d, 77);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto model = PCA{.solver = solver}.fit(x).model;
    const Eigen::MatrixXd v = model.projection();
    CHECK(v.cols() == std::min(n, d));
    CHECK(
        (v.transpose() * v - Eigen::MatrixXd::Identity(v.cols(), v.cols())).cwiseAbs().maxCoeff() <=
        10 * static_cast<double>(std::max(n, d)) * eps);
    CHECK(model.rank() == std::min(n - 1, d));
    for (Index j = 0; j < v.cols(); ++j) {
      Index at = 0;
      CHECK(v.col(j).cwiseAbs().maxCoeff(&at) > 0.0);
      CHECK(v(at, j) > 0.0);
      CHECK((j == 0 || model.explained_variance()[j] <= model.explained_variance()[j - 1]));
    }
  }
}

TEST_CASE("pca: equal variances are met as a subspace") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Identity(4, 4);
  for (const PCASolver solver : {PCASolver::covariance, PCASolver::gram}) {
    const auto model = PCA{.keep = 3, .solver = solver}.fit(x).model;
    CHECK((model.explained_variance().array() - 1.0 / 3).abs().maxCoeff() <= 8 * eps);
    const Eigen::MatrixXd expected =
        Eigen::MatrixXd::Identity(4, 4) - Eigen::MatrixXd::Constant(4, 4, 0.25);
    CHECK((projector(model.projection()) - expected).cwiseAbs().maxCoeff() <= 1e-12);
  }
}

TEST_CASE("pca: float data give the components of the same numbers in double") {
  const Eigen::MatrixXf x = latent_test::normal_rows(5000, 6, 5, 1e3).cast<float>();
  const auto single = PCA{.keep = 3}.fit(x).model;
  const auto exact = PCA{.keep = 3}.fit(x.cast<double>()).model;
  static_assert(std::is_same_v<decltype(single)::Scalar, float>);
  for (Index j = 0; j < 3; ++j)
    CHECK(static_cast<double>(single.singular_values()[j]) ==
          Approx(exact.singular_values()[j]).epsilon(1e-6));
  CHECK((single.projection().cast<double>() - exact.projection()).cwiseAbs().maxCoeff() <= 1e-6);
  CHECK((single.transform(x).cast<double>() - exact.transform(x)).cwiseAbs().maxCoeff() <= 1e-4);
}

TEST_CASE("pca: integers become double") {
  Eigen::MatrixXi x(3, 2);
  x << 1, 2, 2, 5, 4, 4;
  CHECK(PCA{}.fit(x).model.projection() == PCA{}.fit(x.cast<double>()).model.projection());
}
