#include "latent/decomposition/nmf/start.hpp"

#include <Eigen/SVD>

#include "latent/core/executor.hpp"
#include "nmf/parts.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::NMFInit;

namespace {

latent::detail::NMFFactors<double> start_of(const latent::RowMatrix<double>& x, NMFInit init,
                                            Index components, std::uint64_t seed = 0) {
  auto team = latent::Serial{}.team();
  auto data = latent::detail::nmf_data(latent::samples(x), {}, team, "test");
  latent::detail::NMFPool<double> pool;
  return latent::detail::nmf_start(data, init, components, seed, 0, pool, team);
}

}  // namespace

TEST_CASE("nmf starts: nndsvd takes the larger parts of the singular vectors") {
  // In units where the largest entry is below 1, as nmf_data has them.
  latent::RowMatrix<double> x = latent_test::parts_data(30, 14, 4, 3, 0.05);
  x *= 0.9 / x.maxCoeff();
  const auto start = start_of(x, NMFInit::nndsvd, 3);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
  for (Index k = 0; k < 3; ++k) {
    const Eigen::VectorXd u = svd.matrixU().col(k);
    const Eigen::VectorXd v = svd.matrixV().col(k);
    const Eigen::VectorXd up = u.cwiseMax(0.0), un = (-u).cwiseMax(0.0);
    const Eigen::VectorXd vp = v.cwiseMax(0.0), vn = (-v).cwiseMax(0.0);
    const bool positive = up.norm() * vp.norm() >= un.norm() * vn.norm();
    const Eigen::VectorXd& a = positive ? up : un;
    const Eigen::VectorXd& b = positive ? vp : vn;
    const double size = std::sqrt(svd.singularValues()[k] * a.norm() * b.norm());
    CHECK((start.weights.row(k).transpose() - size * a / a.norm()).norm() <= 1e-6 * size);
    CHECK((start.components.row(k).transpose() - size * b / b.norm()).norm() <= 1e-6 * size);
  }
}

TEST_CASE("nmf starts: the variants fill the zeros of nndsvd and change nothing else") {
  latent::RowMatrix<double> x = latent_test::parts_data(30, 14, 4, 3);
  x *= 0.9 / x.maxCoeff();
  const auto plain = start_of(x, NMFInit::nndsvd, 4);
  const auto mean = start_of(x, NMFInit::nndsvda, 4);
  const auto random = start_of(x, NMFInit::nndsvdar, 4, 5);
  const auto other = start_of(x, NMFInit::nndsvdar, 4, 6);
  Index zeros = 0;
  for (Index i = 0; i < plain.weights.size(); ++i) {
    const double p = plain.weights.data()[i];
    zeros += p == 0.0;
    CHECK(mean.weights.data()[i] == Approx(p > 0.0 ? p : x.mean()).epsilon(1e-14));
    if (p > 0.0) {
      CHECK(random.weights.data()[i] == p);
    } else {
      CHECK(random.weights.data()[i] > 0.0);
      CHECK(random.weights.data()[i] <= 0.01 * x.mean());
    }
  }
  CHECK(zeros > 10);
  CHECK(other.weights != random.weights);
}

TEST_CASE("nmf starts: data of less rank than components have no NaN") {
  const latent::RowMatrix<double> x =
      latent_test::uniform_parts(10, 1, 3) * latent_test::uniform_parts(1, 8, 4);
  for (const NMFInit init : {NMFInit::nndsvd, NMFInit::nndsvda, NMFInit::nndsvdar}) {
    const auto start = start_of(x, init, 5);
    CHECK(latent_test::all_parts(start.weights));
    CHECK(latent_test::all_parts(start.components));
    CHECK((start.components.row(4).maxCoeff() > 0.0) == (init != NMFInit::nndsvd));
  }
}

TEST_CASE("nmf starts: random starts have the size of the data") {
  const latent::RowMatrix<double> x = 0.25 * latent_test::uniform_parts(200, 50, 3);
  const auto start = start_of(x, NMFInit::random, 10, 3);
  const auto again = start_of(x, NMFInit::random, 10, 3);
  CHECK(start.weights == again.weights);
  // The largest entry, just below 1/4, is taken as just below 1: the mean is 1/2. The mean of W H
  // is (mean / L) L 2 / pi.
  CHECK((start.weights.transpose() * start.components).mean() ==
        Approx(0.5 * 2.0 / 3.14159265358979).epsilon(0.1));
}
