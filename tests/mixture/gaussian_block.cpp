// The sums of a Gaussian E-step beside plain ones, row by row.
#include <cmath>
#include <limits>
#include <vector>

#include "latent/gaussian_mixture.hpp"
#include "support/catch.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;

namespace {

template <class S>
using Bells = latent::GaussianFamily<S>;

template <class S>
RowMatrix<S> rows_of(Index n, Index d) {
  RowMatrix<S> x(n, d);
  const latent::Random stream(3, latent::Purpose::sampling);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    for (Index j = 0; j < d; ++j)
      x(i, j) = static_cast<S>(random.normal() + 0.5 * static_cast<double>(i % 3));
  }
  return x;
}

template <class Model, class S>
auto sums_of(const Model& model, const latent::Samples<S>& data) {
  auto team = latent::Serial{}.team();
  return latent::detail::e_step(model, data, latent::Soft{}, latent::Step{}, team).statistics;
}

// What the E-step of a block must sum, from the densities of each row in double.
template <class S>
void check_block(Covariance form, Index n, Index d, Index K) {
  INFO(std::string(to_string(form)) << ", " << n << " x " << d << ", K = " << K);
  const RowMatrix<S> x = rows_of<S>(n, d);
  const RowMatrix<double> exact = x.template cast<double>();
  RowMatrix<S> means = rows_of<S>(K, d);
  means.array() += S(0.25);
  const latent::Mixture<Bells<S>> model{Eigen::VectorXd::Constant(K, 1.0 / static_cast<double>(K)),
                                        Bells<S>::isotropic(form, means, 1.5)};
  Eigen::VectorXd weights(n);
  for (Index i = 0; i < n; ++i) weights[i] = static_cast<double>(i % 4) * 0.5;
  weights[0] = 1.0;
  const auto found = sums_of(model, latent::samples(x).weights(weights));
  Eigen::VectorXd sum_r = Eigen::VectorXd::Zero(K);
  RowMatrix<double> sums = RowMatrix<double>::Zero(K, d);
  RowMatrix<double> scatter = RowMatrix<double>::Zero(found.family.scatter.rows(), d);
  const bool diagonal = latent::detail::is_diagonal(form);
  const bool shared = latent::detail::is_shared(form);
  for (Index i = 0; i < n; ++i) {
    Eigen::VectorXd r(K);
    for (Index k = 0; k < K; ++k)
      r[k] = std::exp(-(exact.row(i) - means.row(k).template cast<double>()).squaredNorm() / 3.0);
    r *= weights[i] / r.sum();
    sum_r += r;
    for (Index k = 0; k < K; ++k) {
      const Eigen::RowVectorXd z = exact.row(i) - means.row(k).template cast<double>();
      sums.row(k) += r[k] * z;
      const Index b = shared ? 0 : k;
      for (Index a = 0; a < d; ++a) {
        if (diagonal) scatter(b, a) += r[k] * z[a] * z[a];
        for (Index c = 0; !diagonal && c <= a; ++c) scatter(b * d + a, c) += r[k] * z[a] * z[c];
      }
    }
  }
  // A responsibility is the exponential of up to about 20 d, whose error it multiplies.
  const double allowed = static_cast<double>(64 * (n + 4 * d)) *
                         static_cast<double>(std::numeric_limits<S>::epsilon());
  CHECK((found.n - sum_r).cwiseAbs().maxCoeff() <= allowed);
  CHECK((found.family.sum - sums).cwiseAbs().maxCoeff() <= 4.0 * allowed);
  RowMatrix<double> difference = found.family.scatter - scatter;
  for (Index row = 0; !diagonal && row < difference.rows(); ++row)  // lower triangles count
    difference.row(row).tail(d - 1 - row % d).setZero();
  CHECK(difference.cwiseAbs().maxCoeff() <= 16.0 * allowed);
}

}  // namespace

TEST_CASE("gaussian block: the sums of every size of block are those of its rows") {
  for (const Covariance form :
       {Covariance::VVV, Covariance::EEE, Covariance::VVI, Covariance::EEI}) {
    for (const Index n : {1, 7, 32, 33, 100, 256, 300})
      for (const Index d : {1, 2, 3, 5, 7, 13}) {
        check_block<double>(form, n, d, 3);
        check_block<float>(form, n, d, 2);
      }
  }
}

TEST_CASE("gaussian block: a row beyond every component counts by the weights of the mixture") {
  RowMatrix<double> x = rows_of<double>(40, 2);
  x(17, 0) = 1e200;  // its square overflows
  const latent::Mixture<Bells<double>> model{
      Eigen::Vector2d(0.25, 0.75),
      Bells<double>::isotropic(Covariance::VVV, RowMatrix<double>::Identity(2, 2), 1.0)};
  const auto found = sums_of(model, latent::samples(x));
  CHECK(std::abs(found.n.sum() - 40.0) <= 1e-12);
  CHECK(model.log_likelihood(x) == -std::numeric_limits<double>::infinity());
  const RowMatrix<double> r = model.responsibilities(x);
  CHECK(r(17, 0) == 0.25);
}
