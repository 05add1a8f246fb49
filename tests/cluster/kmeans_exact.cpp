// Labels, inertia and distances against plain double arithmetic: far from the origin, in float, in
// many columns, near ties.
#include <cmath>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::KMeans;
using latent::KMeansModel;
using latent::Labels;
using latent::RowMatrix;
using latent_test::eps;

namespace {

// Sums of squares in another order differ by (d + 2) eps / 2 at most on either side.
double tie(Index cols) {
  return static_cast<double>(cols + 3) * eps;
}

template <class S>
void check_labels(const RowMatrix<S>& x, const RowMatrix<S>& centroids) {
  const Labels labels = KMeansModel<S>(centroids).predict(x);
  CHECK(latent_test::wrong_labels(x, centroids, labels, tie(x.cols())) == 0);
}

}  // namespace

TEST_CASE("kmeans: every label is the nearest centroid in double", "[kmeans]") {
  for (const Index cols : {1, 2, 3, 4, 5, 8, 16, 33, 70})
    for (const Index clusters : {1, 2, 5, 40})
      for (const double offset : {0.0, 1e2, 1e4, 1e6}) {
        INFO(cols << " columns, " << clusters << " clusters, offset " << offset);
        const Eigen::MatrixXd x = latent_test::normal_matrix(700, cols, 11).array() + offset;
        const Eigen::MatrixXd c = latent_test::normal_matrix(clusters, cols, 12).array() + offset;
        check_labels<double>(x, c);
        check_labels<float>(x.cast<float>(), c.cast<float>());
      }
}

TEST_CASE("kmeans: far rows and far centroids do not spoil the labels", "[kmeans]") {
  for (const Index cols : {3, 9, 40}) {
    Eigen::MatrixXd x = latent_test::normal_matrix(600, cols, 13);
    x.topRows(20) *= 1e7;
    Eigen::MatrixXd c = latent_test::normal_matrix(30, cols, 14);
    c.row(29).setConstant(1e8);
    check_labels<double>(x, c);
    check_labels<float>(x.cast<float>(), c.cast<float>());
    // Beyond the range of a product in float, and below it.
    check_labels<float>((1e25 * x).cast<float>(), (1e25 * c).cast<float>());
    check_labels<float>((1e-22 * x).cast<float>(), (1e-22 * c).cast<float>());
    check_labels<double>(1e130 * x, 1e130 * c);
  }
}

TEST_CASE("kmeans: ties go to the lowest index, on lattices too", "[kmeans]") {
  for (const Index cols : {2, 6, 12}) {
    const Eigen::MatrixXd x = latent_test::lattice(3000, cols, 3, 15);
    const Eigen::MatrixXd c = latent_test::lattice(20, cols, 3, 16);  // duplicates among them
    Labels labels = KMeansModel<double>(RowMatrix<double>(c)).predict(x);
    CHECK(latent_test::wrong_labels(x, c, labels) == 0);
    labels = KMeansModel<float>(RowMatrix<float>(c.cast<float>())).predict(x.cast<float>().eval());
    CHECK(latent_test::wrong_labels(x, c, labels) == 0);
    // The same lattice off the grid: the halves of the gap lie far below the rounding of a product.
    const Eigen::MatrixXd shifted = x.array() + 0x1p20;
    const Eigen::MatrixXd centres = c.array() + 0x1p20;
    labels = KMeansModel<float>(RowMatrix<float>(centres.cast<float>()))
                 .predict(shifted.cast<float>().eval());
    CHECK(latent_test::wrong_labels(shifted, centres, labels) == 0);
  }
}

TEST_CASE("kmeans: near ties are decided by differences, not by products", "[kmeans]") {
  // Rows at distances from two centroids that differ in the last digits, far from a third.
  const Index cols = 12;
  const Eigen::MatrixXd base = latent_test::normal_matrix(2, cols, 17);
  Eigen::MatrixXd c(3, cols);
  c.topRows(2) = base;
  c.row(2).setConstant(300.0);
  const Eigen::RowVectorXd middle = 0.5 * (base.row(0) + base.row(1));
  const Eigen::RowVectorXd across = base.row(1) - base.row(0);
  Eigen::MatrixXd x(400, cols);
  for (Index i = 0; i < x.rows(); ++i)
    x.row(i) = middle + (static_cast<double>(i) - 199.5) * 1e-8 * across;
  check_labels<float>(x.cast<float>(), c.cast<float>());
  for (Index i = 0; i < x.rows(); ++i)
    x.row(i) = middle + (static_cast<double>(i) - 199.5) * 1e-14 * across;
  check_labels<double>(x, c);
}

TEST_CASE("kmeans: float data at offset 1e4 are clustered as in double", "[kmeans]") {
  Eigen::MatrixXf x = latent_test::blobs(2000, 16, 5, 3.0, 18).cast<float>();
  x.array() += 1e4f;
  const Eigen::MatrixXf start = x.topRows(5);
  const auto in_float = KMeans{}.fit_from(start, x);
  const auto in_double = KMeans{}.fit_from(start, Eigen::MatrixXd(x.cast<double>()));
  CHECK(in_float.labels == in_double.labels);
  CHECK(in_float.report.iterations == in_double.report.iterations);
  CHECK(latent_test::wrong_labels(x, in_float.model.centroids(), in_float.labels, tie(16)) == 0);
  const double inertia = latent_test::inertia_of(x, in_float.model.centroids(), in_float.labels);
  CHECK(in_float.inertia == Approx(inertia).epsilon(24 * eps));
}

TEST_CASE("kmeans: a start far away leaves no trace in the means", "[kmeans]") {
  const Eigen::VectorXd x = latent_test::normal_matrix(3000, 1, 22).array() + 3.0;
  const auto near = KMeans{.clusters = 1}.fit(x);
  const auto far = KMeans{}.fit_from(Eigen::MatrixXd::Constant(1, 1, -1e9), x);
  CHECK(std::abs(near.model.centroids()(0, 0) - far.model.centroids()(0, 0)) <= 8 * eps);
  CHECK(far.inertia == Approx(near.inertia).epsilon(1e-14));
}

TEST_CASE("kmeans: inertia is exact at offset 1e8", "[kmeans]") {
  const Eigen::Vector4d x(1e8, 1e8 + 1, 1e8 + 10, 1e8 + 11);
  CHECK(KMeans{.clusters = 2, .restarts = 10}.fit(x).inertia == 1.0);
  Eigen::MatrixXd wide(4, 6);
  wide.colwise() = x;
  CHECK(KMeans{.clusters = 2, .restarts = 10}.fit(wide).inertia == 6.0);
}

TEST_CASE("kmeans: the inertia of close float rows does not vanish", "[kmeans]") {
  const Eigen::Vector4f x(-1.0001f, -.9999f, .9999f, 1.0001f);
  const auto fit = KMeans{.clusters = 2, .restarts = 5}.fit(x);
  CHECK(fit.inertia == Approx(4.0013e-8).epsilon(1e-4));
  CHECK(fit.inertia == latent_test::inertia_of(x, fit.model.centroids(), fit.labels));
}

TEST_CASE("kmeans: distances in a thousand nearly equal columns are right", "[kmeans]") {
  RowMatrix<float> x(2, 1000);
  x.row(0).setConstant(1.0f);
  x.row(1).setConstant(1.001f);
  const KMeansModel<float> model(x);
  const RowMatrix<float> d = model.transform(x);
  const double step = static_cast<double>(1.001f) - 1.0;
  CHECK(d(0, 0) == 0.0f);
  CHECK(d(1, 1) == 0.0f);
  CHECK(static_cast<double>(d(0, 1)) == Approx(std::sqrt(1000.0) * step).epsilon(1e-6));
  CHECK(d(0, 1) == d(1, 0));
  CHECK(model.predict(x) == Eigen::Vector2i(0, 1));
}

TEST_CASE("kmeans: a centroid is at distance 0 of itself", "[kmeans]") {
  for (const Index cols : {1, 3, 7, 20}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(900, cols, 19).array() + 1e3;
    const auto fit = KMeans{.clusters = 8}.fit(x);
    const RowMatrix<double> d = fit.model.transform(fit.model.centroids());
    CHECK(d.diagonal() == Eigen::VectorXd::Zero(8));
    const auto in_float = KMeans{.clusters = 8}.fit(x.cast<float>());
    CHECK(in_float.model.transform(in_float.model.centroids()).diagonal() ==
          Eigen::VectorXf::Zero(8));
  }
}

TEST_CASE("kmeans: inertia never increases and is that of the result", "[kmeans]") {
  for (const Index cols : {1, 2, 5, 33})
    for (const Index clusters : {2, 5, 30})
      for (const double offset : {0.0, 1e4}) {
        INFO(cols << " columns, " << clusters << " clusters, offset " << offset);
        const Eigen::MatrixXd x = latent_test::normal_matrix(2500, cols, 20).array() + offset;
        const auto check = [&](const auto& fit, double unit, const auto& rows) {
          const auto& trace = fit.report.trace;
          const double slack = 8 * unit * static_cast<double>(cols);
          for (std::size_t t = 1; t < trace.size(); ++t)
            CHECK(trace[t].objective <= trace[t - 1].objective * (1 + slack));
          const double inertia = latent_test::inertia_of(rows, fit.model.centroids(), fit.labels);
          CHECK(fit.inertia == Approx(inertia).epsilon(static_cast<double>(cols + 8) * eps +
                                                       std::sqrt(2500.0) * eps));
          CHECK(latent_test::wrong_labels(rows, fit.model.centroids(), fit.labels, tie(cols)) == 0);
          CHECK(fit.model.predict(rows) == fit.labels);
          CHECK(-fit.model.score(rows) == Approx(fit.inertia).epsilon(1e-13));
        };
        // Starts that collide, so that clusters run empty on the way.
        Eigen::MatrixXd start = x.topRows(clusters);
        start.row(clusters - 1) = start.row(0);
        check(KMeans{}.fit_from(start, x), eps, x);
        const Eigen::MatrixXf xf = x.cast<float>();
        check(KMeans{}.fit_from(start, xf),
              static_cast<double>(std::numeric_limits<float>::epsilon()), xf);
      }
}

TEST_CASE("kmeans: when clusters run empty by the dozen, Lloyd still converges", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(1200, 2, 21).array().pow(7);
  const auto fit = KMeans{}.fit_from(Eigen::MatrixXd(x.topRows(100)), x);
  CHECK(fit.report.converged());
  Eigen::VectorXi used = Eigen::VectorXi::Zero(100);
  for (Index i = 0; i < x.rows(); ++i) ++used[fit.labels[i]];
  CHECK(used.minCoeff() >= 1);
  CHECK(latent_test::wrong_labels(x, fit.model.centroids(), fit.labels) == 0);
}

TEST_CASE("kmeans: the mean of millions of equal floats is that float", "[kmeans]") {
  const Eigen::VectorXf x = Eigen::VectorXf::Constant(3'000'000, 0.1f);
  // So many rows are enough to tell: beyond 2^18 a step of float is 1/32, a sum in float takes 0.1 for
  // 3/32, and its mean is off by percents.
  float sum = 0.0f;
  for (const float value : x) sum += value;
  const float rows = static_cast<float>(x.size());
  REQUIRE(std::abs(sum / rows - 0.1f) > 0.001f);
  const auto fit = KMeans{.clusters = 1}.fit(x);
  CHECK(fit.model.centroids()(0, 0) == 0.1f);
  // From elsewhere.
  const auto from = KMeans{}.fit_from(Eigen::MatrixXf::Constant(1, 1, 7.0f), x);
  CHECK(from.model.centroids()(0, 0) == 0.1f);
}
