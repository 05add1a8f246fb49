// The laws of latent models, over every family, in double and float, with weights and labels.
#include "latent/coins.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/gaussian.hpp"
#include "laws/obey.hpp"
#include "support/catch.hpp"

using latent_test::obey;

namespace {

template <class S>
latent::Mixture<latent::Binomial<S>> coins(double a, double b) {
  latent::Vector<S> p(2);
  p << static_cast<S>(a), static_cast<S>(b);
  return {Eigen::Vector2d(0.4, 0.6), {p}};
}

template <class S>
latent::Mixture<latent::Bernoulli<S>> words(double shift) {
  latent::RowMatrix<S> p(3, 7);
  for (latent::Index k = 0; k < 3; ++k)
    for (latent::Index j = 0; j < 7; ++j)
      p(k, j) = static_cast<S>(0.1 + shift + 0.2 * static_cast<double>((k * 2 + j) % 4));
  return {Eigen::Vector3d(0.2, 0.3, 0.5), {p}};
}

template <class S>
latent::Mixture<latent::Gaussian<latent::Covariance::full, S>> bells(double spread) {
  latent::RowMatrix<S> means(3, 4);
  for (latent::Index k = 0; k < 3; ++k)
    for (latent::Index j = 0; j < 4; ++j)
      means(k, j) = static_cast<S>(spread * static_cast<double>((k + 1) * (j + 2) % 5));
  return {Eigen::Vector3d(0.2, 0.3, 0.5),
          latent::Gaussian<latent::Covariance::full, S>::isotropic(means, S(1))};
}

}  // namespace

TEST_CASE("laws: binomial mixtures obey") {
  obey(coins<double>(0.7, 0.2), coins<double>(0.6, 0.5));
  obey(coins<float>(0.7, 0.2), coins<float>(0.6, 0.5));
}

TEST_CASE("laws: Bernoulli mixtures obey") {
  obey(words<double>(0.05), words<double>(0.0));
  obey(words<float>(0.05), words<float>(0.0));
}

TEST_CASE("laws: Gaussian mixtures obey") {
  obey(bells<double>(2.0), bells<double>(1.5));
  obey(bells<float>(2.0), bells<float>(1.5));
}

namespace {

// Breaks three laws: the sums depend on the block's place, weights are counted twice, the M-step is
// off by 1 %.
struct Careless : latent::Binomial<double> {
  void accumulate(const Eigen::Ref<const latent::RowMatrix<double>>& x,
                  const latent::RowMatrix<double>& r, latent::RowMatrix<double>& s) const {
    latent::Binomial<double>::accumulate(x, r.cwiseProduct(r), s);
  }
  Careless maximize(const latent::Vector<double>& n, const latent::RowMatrix<double>& s) const {
    Careless next = *this;
    next.probability = latent::Binomial<double>::maximize(n, s).probability * 0.9;
    return next;
  }
};

}  // namespace

TEST_CASE("laws: a careless family is told which laws it breaks") {
  const auto x = coins<double>(0.7, 0.2).sample(latent_test::law_rows, 7);
  Careless family;
  family.probability = Eigen::Vector2d(0.6, 0.5);
  const latent::Mixture<Careless> model{Eigen::Vector2d(0.5, 0.5), family};
  const auto broken = latent::testing::broken_laws(model, latent::samples(x));
  std::string all;
  for (const std::string& law : broken) all += law + "\n";
  CHECK_THAT(all, latent_test::contains("a weight of 2 is a row given twice"));
  CHECK_THAT(all, latent_test::contains("weights scaled by a power of two"));
  CHECK_THAT(all, latent_test::contains("an M-step lowered the objective"));
}
