// Equal spherical covariances that tend to zero give k-means, and so does hard EM at any variance.
// (Bishop 2006, section 9.3.2; Celeux and Govaert 1992, section 3.)
#include <cmath>
#include <vector>

#include "latent/cluster/kmeans.hpp"
#include "latent/em/em.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::RowMatrix;
using latent_test::close_matrix;
using Balls = latent::Gaussian<latent::Covariance::EII, double>;
using Mix = latent::Mixture<Balls>;

namespace {

// Equal fixed weights and one known variance.
Mix balls(const RowMatrix<double>& centres, double variance, bool known) {
  const Index k = centres.rows();
  Mix model{latent::Vector<double>::Constant(k, 1.0 / static_cast<double>(k)),
            Balls::isotropic(centres, variance), latent::Weighting::fixed};
  model.family.known_covariances = known;
  return model;
}

struct Centres {
  std::vector<RowMatrix<double>> all;
  void on_iteration(const latent::IterationView<Mix>& view) {
    all.push_back(view.after.family.means);
  }
  void on_iteration(const latent::KMeansIteration<double>& view) {
    all.push_back(view.next_centroids);
  }
};

// Four clouds that overlap a little, each `gap` from the next.
RowMatrix<double> clouds(double gap) {
  RowMatrix<double> means(4, 3);
  means << 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1;
  return balls(RowMatrix<double>(gap * means), 0.04 * gap * gap, true).sample(3000, 5);
}

}  // namespace

TEST_CASE(
    "k-means limit: with a deviation of 1e-4 gaps EM gives the labels and centres of k-means") {
  for (const double gap : {1.0, 1e3}) {
    const RowMatrix<double> x = clouds(gap);
    const RowMatrix<double> start = x.topRows(4);
    const auto lloyd = latent::KMeans{}.fit_from(start, x);
    const double sigma = 1e-4 * gap;
    const auto em = latent::EM{.max_iterations = lloyd.report.iterations + 5, .tolerance = 0}.fit(
        balls(start, sigma * sigma, true), x);
    CHECK(em.model.predict(x) == lloyd.labels);
    CHECK(close_matrix(em.model.family.means, lloyd.model.centroids(), 1e-8));
    CHECK(em.model.family.covariance(0)(0, 0) ==
          Balls::isotropic(start, sigma * sigma).covariance(0)(0, 0));
    // Not so where the variance is that of the clouds: rows between them belong to two.
    const auto wide = latent::EM{.max_iterations = 50, .tolerance = 0}.fit(
        balls(start, 0.04 * gap * gap, true), x);
    CHECK_FALSE(close_matrix(wide.model.family.means, lloyd.model.centroids(), 1e-4));
  }
}

TEST_CASE("k-means limit: the log-likelihood tends to the inertia, but for its constant") {
  const RowMatrix<double> x = clouds(1.0);
  const auto lloyd = latent::KMeans{}.fit_from(RowMatrix<double>(x.topRows(4)), x);
  const double variance = 1e-8;
  const Mix model = balls(lloyd.model.centroids(), variance, true);
  // log p(x) -> log 1/K - D/2 log(2 pi variance) - |x - c|^2 / (2 variance), c the nearest centre.
  const double constant =
      3000.0 * (-std::log(4.0) - 1.5 * std::log(2.0 * 3.14159265358979323846 * variance));
  CHECK(latent_test::close(model.log_likelihood(x), constant - lloyd.inertia / (2.0 * variance),
                           1e-12));
}

TEST_CASE("k-means limit: hard EM takes the steps of Lloyd, whatever the variance") {
  const RowMatrix<double> iris = latent_test::read_table("iris").leftCols(4);
  for (const RowMatrix<double>& x : {clouds(1.0), iris}) {
    // Lengths in tenths are often equally far from two rows: the start lies beside rows, so that no
    // rounding decides.
    RowMatrix<double> start = x.topRows(4);
    for (Index i = 0; i < start.size(); ++i)
      start.data()[i] += 0.01 * std::sin(1.0 + static_cast<double>(i));
    Centres lloyd;
    const auto kmeans = latent::KMeans{.algorithm = latent::KMeansAlgorithm::lloyd}.fit_from(
        start, x, latent::Serial{}, lloyd);
    REQUIRE(lloyd.all.size() > 3);
    for (const double variance : {1e-6, 1.0, 1e4})
      for (const bool known : {true, false}) {
        INFO("variance " << variance << (known ? ", known" : ", estimated"));
        Centres hard;
        const auto em = latent::EM{.max_iterations = kmeans.report.iterations, .tolerance = 0}.fit(
            balls(start, variance, known), x, latent::Serial{}, latent::Hard{}, hard);
        REQUIRE(hard.all.size() == lloyd.all.size());
        // Means of up to n rows, summed in another order.
        for (std::size_t t = 0; t < hard.all.size(); ++t)
          CHECK(close_matrix(hard.all[t], lloyd.all[t], 16 * latent_test::eps));
        CHECK(em.model.predict(x) == kmeans.labels);
      }
  }
}

TEST_CASE("known covariances: the M-step leaves them, and they are no free parameters") {
  const RowMatrix<double> x = clouds(1.0);
  Mix model = balls(x.topRows(4), 0.3, true);
  CHECK(model.free_parameters() == 12);
  CHECK(balls(x.topRows(4), 0.3, false).free_parameters() == 13);
  // Plain steps reach the fixed point; accelerated ones the same.
  const auto plain = latent::EM{.max_iterations = 3000, .tolerance = 0}.fit(model, x);
  const auto fast =
      latent::EM{
          .max_iterations = 3000, .tolerance = 1e-14, .acceleration = latent::Acceleration::squarem}
          .fit(model, x);
  CHECK(close_matrix(plain.model.family.means, fast.model.family.means, 1e-5));
  CHECK(latent_test::same_bits(plain.model.family.covariance(2), model.family.covariance(2)));
  const auto one = model.family.rearranged({3, 1}, RowMatrix<double>(x.topRows(2)));
  CHECK(one.known_covariances);
  CHECK(one.components() == 2);
}
