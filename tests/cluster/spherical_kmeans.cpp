// Spherical k-means: directions, cosines, centroids of length one.
#include <cmath>
#include <string>

#include "cluster/kmeans_data.hpp"
#include "latent/cluster/kmeans.hpp"
#include "latent/cluster/spherical_kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::EmptyCluster;
using latent::Index;
using latent::InvalidArgument;
using latent::KMeansInit;
using latent::Labels;
using latent::SphericalKMeans;
using latent::SphericalKMeansFit;
using latent::SphericalKMeansModel;
using latent::Status;
using latent::Threads;
using latent_test::contains;
using latent_test::eps;

namespace {

template <class S>
bool same_fit(const SphericalKMeansFit<S>& a, const SphericalKMeansFit<S>& b) {
  if (a.report.trace.size() != b.report.trace.size()) return false;
  for (std::size_t t = 0; t < a.report.trace.size(); ++t)
    if (a.report.trace[t].objective != b.report.trace[t].objective) return false;
  return a.labels == b.labels && a.inertia == b.inertia && a.report.restarts == b.report.restarts &&
         latent_test::same_bits(a.model.centroids(), b.model.centroids());
}

// The definition, in double: cosine of each row and centroid.
template <class X, class C>
Eigen::MatrixXd cosines(const X& x, const C& c) {
  const Eigen::MatrixXd rows = x.template cast<double>().rowwise().normalized();
  const Eigen::MatrixXd centres = c.template cast<double>().rowwise().normalized();
  return rows * centres.transpose();
}

// Rows about `count` directions, of lengths from 1/1000 to 1000.
Eigen::MatrixXd beams(Index rows, Index cols, Index count, double spread, std::uint64_t seed) {
  const Eigen::MatrixXd axes = latent_test::normal_matrix(count, cols, seed).rowwise().normalized();
  Eigen::MatrixXd x = spread * latent_test::normal_matrix(rows, cols, seed + 1);
  latent::Random random{seed + 2};
  for (Index i = 0; i < rows; ++i) {
    x.row(i) += axes.row(i % count);
    x.row(i) *= std::pow(10.0, 6.0 * random.uniform() - 3.0);
  }
  return x;
}

}  // namespace

TEST_CASE("spherical kmeans: four directions by hand", "[kmeans]") {
  // Directions (1, 0), (0.8, 0.6), (0, 1), (-0.6, 0.8) at several lengths. The means of the two pairs
  // are (0.9, 0.3) and (-0.3, 0.9): every row has the cosine 3 / sqrt(10) with its own.
  Eigen::MatrixXd x(4, 2);
  x << 5, 0, 0.4, 0.3, 0, 100, -3, 4;
  Eigen::MatrixXd start(2, 2);
  start << 2, 0, 0, 0.1;
  const auto fit = SphericalKMeans{}.fit_from(start, x);
  CHECK(fit.labels == Eigen::Vector4i(0, 0, 1, 1));
  Eigen::MatrixXd centroids(2, 2);
  centroids << 3, 1, -1, 3;
  centroids /= std::sqrt(10.0);
  CHECK((fit.model.centroids() - centroids).cwiseAbs().maxCoeff() <= 4 * eps);
  CHECK(fit.inertia == Approx(4 * (1 - 3 / std::sqrt(10.0))).epsilon(1e-14));
  CHECK(fit.report.trace[0].objective == Approx(0.2 + 0.2).epsilon(1e-14));  // 1 - 0.8, twice
  CHECK(fit.report.iterations == 2);
  CHECK(fit.report.converged());
  // 1 - cosine of (7, 0) with both; the sign tells opposite directions apart.
  const auto d = fit.model.transform(Eigen::RowVector2d(7, 0));
  CHECK(d(0, 0) == Approx(1 - 3 / std::sqrt(10.0)).epsilon(1e-14));
  CHECK(d(0, 1) == Approx(1 + 1 / std::sqrt(10.0)).epsilon(1e-14));
  CHECK(fit.model.score(x) == Approx(-fit.inertia).epsilon(1e-14));
}

TEST_CASE("spherical kmeans: labels, objective and centroids are those of the definition",
          "[kmeans]") {
  for (const Index cols : {2, 3, 10, 40}) {
    const Eigen::MatrixXd x = beams(600, cols, 6, 0.4, 10);
    const Eigen::VectorXd w = latent_test::normal_matrix(600, 1, 11).cwiseAbs();
    const auto fit =
        SphericalKMeans{.clusters = 6, .restarts = 2}.fit(latent::samples(x).weights(w));
    const Eigen::MatrixXd cos = cosines(x, fit.model.centroids());
    double sum = 0.0;
    for (Index i = 0; i < 600; ++i) {
      CHECK(cos(i, fit.labels[i]) >= cos.row(i).maxCoeff() - 8 * eps);
      sum += w[i] * (1 - cos(i, fit.labels[i]));
    }
    CHECK(fit.inertia == Approx(sum).epsilon(1e-12));
    CHECK(fit.report.trace.back().objective == fit.inertia);
    for (Index k = 0; k < 6; ++k) {
      Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(cols);
      for (Index i = 0; i < 600; ++i)
        if (fit.labels[i] == k) mean += w[i] * x.row(i).normalized();
      CHECK((fit.model.centroids().row(k) - mean.normalized()).norm() <= 1e-13);
    }
    CHECK(fit.model.predict(x) == fit.labels);
    CHECK((fit.model.transform(x).array() - (1 - cos.array())).abs().maxCoeff() <= 16 * eps);
    // Never rises.
    const auto& trace = fit.report.trace;
    for (std::size_t t = 1; t < trace.size(); ++t)
      CHECK(trace[t].objective <= trace[t - 1].objective * (1 + 8 * eps * double(cols)));
  }
}

TEST_CASE("spherical kmeans: the length of a row plays no part", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(500, 5, 20);
  latent::Random random{21};
  Eigen::MatrixXd powers = x;
  Eigen::MatrixXd factors = x;
  for (Index i = 0; i < 500; ++i) {
    powers.row(i) *= std::ldexp(1.0, static_cast<int>(random.below(1200)) - 800);
    factors.row(i) *= 0.01 + 100 * random.uniform();
  }
  const SphericalKMeans options{.clusters = 7, .restarts = 2};
  const auto fit = options.fit(x);
  CHECK(same_fit(fit, options.fit(powers)));
  CHECK(fit.model.predict(powers) == fit.labels);
  const auto other = options.fit(factors);
  CHECK(other.labels == fit.labels);
  CHECK((other.model.centroids() - fit.model.centroids()).cwiseAbs().maxCoeff() <= 1e-13);
}

TEST_CASE("spherical kmeans: finds directions that distances do not", "[kmeans]") {
  const Eigen::MatrixXd x = beams(900, 20, 3, 0.1, 30);
  for (const KMeansInit init :
       {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus, KMeansInit::random}) {
    const auto fit = SphericalKMeans{.clusters = 3, .init = init, .restarts = 5}.fit(x);
    Index wrong = 0;
    for (Index i = 0; i < 900; ++i) wrong += fit.labels[i] != fit.labels[i % 3] ? 1 : 0;
    CHECK(wrong == 0);
    CHECK(fit.labels[0] != fit.labels[1]);
    CHECK(fit.labels[0] != fit.labels[2]);
    CHECK(fit.labels[1] != fit.labels[2]);
  }
  // Euclidean clusters of the same rows are made by their lengths: most are short, and lie together.
  const auto plain = latent::KMeans{.clusters = 3, .restarts = 5}.fit(x);
  CHECK((plain.labels.array() == plain.labels[0]).count() > 600);
}

TEST_CASE("spherical kmeans: rows that cancel out leave the centroid where it is", "[kmeans]") {
  Eigen::MatrixXd x(2, 2);
  x << 3, 0, -0.5, 0;
  const auto fit = SphericalKMeans{}.fit_from(Eigen::RowVector2d(0, 1), x);
  CHECK(fit.model.centroids() == Eigen::RowVector2d(0, 1));
  CHECK(fit.inertia == 2.0);
  REQUIRE_FALSE(fit.report.notes.empty());
  CHECK_THAT(fit.report.notes[0].message, contains("rows cancel out"));
  CHECK(fit.report.notes[0].component == 0);
  // Three directions at 120 degrees cancel but for rounding.
  Eigen::MatrixXd three(3, 2);
  three << 1, 0, -0.5, std::sqrt(0.75), -0.5, -std::sqrt(0.75);
  for (const double angle : {0.1, 1.0, 2.5}) {
    const Eigen::RowVector2d start(std::cos(angle), std::sin(angle));
    const auto still = SphericalKMeans{}.fit_from(start, three);
    CHECK((still.model.centroids() - start).norm() <= 2 * eps);
    CHECK(still.inertia == Approx(3.0).epsilon(1e-14));
    const auto still_f =
        SphericalKMeans{}.fit_from(start.cast<float>(), Eigen::MatrixXf(three.cast<float>()));
    CHECK((still_f.model.centroids() - start.cast<float>()).norm() <= 1e-6f);
  }
}

TEST_CASE("spherical kmeans: a row without direction is refused, and named", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(5000, 3, 40);
  const auto fit = SphericalKMeans{.clusters = 2}.fit(x);
  x.row(4321).setZero();
  x.row(4700).setZero();
  CHECK_THAT(latent_test::message_of<DataError>([&] { SphericalKMeans{.clusters = 2}.fit(x); }),
             contains("SphericalKMeans: rows must have a direction; got a row of length zero at "
                      "row 4321"));
  CHECK_THAT(latent_test::message_of<DataError>([&] { fit.model.predict(x); }), contains("4321"));
  CHECK_THROWS_AS(fit.model.score(x), DataError);
  CHECK_THROWS_AS(SphericalKMeans{}.fit_from(Eigen::RowVector3d::Zero(), x.topRows(9)), DataError);
  CHECK_THROWS_AS(SphericalKMeansModel<double>(latent::RowMatrix<double>::Zero(2, 2)), DataError);
}

TEST_CASE("spherical kmeans: the same bits for any number of threads", "[kmeans]") {
  const Eigen::MatrixXd x = beams(6000, 7, 9, 0.3, 50);
  const Eigen::MatrixXf xf = x.cast<float>();
  const SphericalKMeans options{.clusters = 6, .restarts = 2, .max_iterations = 6};
  const auto serial = options.fit(x, latent::Serial{});
  const auto serial_f = options.fit(xf, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    CHECK(same_fit(serial, options.fit(x, Threads{threads})));
    CHECK(same_fit(serial_f, options.fit(xf, Threads{threads})));
    CHECK(serial.model.predict(x, Threads{threads}) == serial.labels);
    CHECK(serial_f.model.predict(xf, Threads{threads}) == serial_f.labels);
  }
  CHECK(serial_f.inertia == Approx(serial.inertia).epsilon(1e-3));
  // Cosines of floats: about the epsilon of float a row.
  const Eigen::MatrixXd cos = cosines(xf, serial_f.model.centroids());
  double sum = 0.0;
  for (Index i = 0; i < 6000; ++i) sum += 1 - cos(i, serial_f.labels[i]);
  CHECK(std::abs(serial_f.inertia - sum) <= 6000 * 2e-7);
}

TEST_CASE("spherical kmeans: weights are repetitions, and their scale is free", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(300, 4, 60);
  Eigen::VectorXd w = latent_test::lattice(300, 1, 4, 61);
  w.head(5).setOnes();
  Eigen::MatrixXd repeated(static_cast<Index>(w.sum()), 4);
  Index next = 0;
  for (Index i = 0; i < 300; ++i)
    for (int copy = 0; copy < static_cast<int>(w[i]); ++copy) repeated.row(next++) = x.row(i);
  const auto a = SphericalKMeans{}.fit_from(x.topRows(5), latent::samples(x).weights(w));
  const auto b = SphericalKMeans{}.fit_from(x.topRows(5), repeated);
  CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <= 1e-12);
  CHECK(a.inertia == Approx(b.inertia).epsilon(1e-12));
  CHECK(a.report.iterations == b.report.iterations);
  const auto c = SphericalKMeans{}.fit_from(x.topRows(5), latent::samples(x).weights(0x1p40 * w));
  CHECK(a.labels == c.labels);
  CHECK(a.model.centroids() == c.model.centroids());
}

TEST_CASE("spherical kmeans: one cluster, restarts, too few directions, empty clusters",
          "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(400, 3, 70);
  const auto one = SphericalKMeans{.clusters = 1}.fit(x);
  const Eigen::RowVectorXd mean = x.rowwise().normalized().colwise().mean();
  CHECK((one.model.centroids() - mean.normalized()).norm() <= 1e-13);

  const auto best = SphericalKMeans{.clusters = 9, .restarts = 6}.fit(x);
  REQUIRE(best.report.restarts.size() == 6);
  for (const double sum : best.report.restarts) CHECK(best.inertia <= sum);
  CHECK(best.report.restarts.front() == SphericalKMeans{.clusters = 9}.fit(x).inertia);

  // Two directions at powers of two in length are two rows, whatever the clusters.
  Eigen::MatrixXd two(6, 2);
  two << 1, 1, 2, 2, 4, 4, -1, 1, -2, 2, -8, 8;
  const auto few = SphericalKMeans{.clusters = 4}.fit(two);
  CHECK(few.report.status == Status::degenerate);
  CHECK(few.inertia == 0.0);

  Eigen::MatrixXd start(3, 3);
  start << x.row(0), x.row(1), x.row(0);  // the third never wins a tie
  CHECK(SphericalKMeans{.empty_cluster = EmptyCluster::drop}
            .fit_from(start, x)
            .model.centroids()
            .rows() == 2);
  CHECK(SphericalKMeans{.empty_cluster = EmptyCluster::fail}.fit_from(start, x).report.status ==
        Status::degenerate);
  const auto once = SphericalKMeans{.max_iterations = 1}.fit_from(start, x);
  CHECK(once.report.notes.size() == 1);
  CHECK((once.model.centroids().rowwise().norm().array() - 1.0).abs().maxCoeff() <= 4 * eps);
  const auto relocated = SphericalKMeans{}.fit_from(start, x);
  CHECK(relocated.report.converged());
  for (Index k = 0; k < 3; ++k) {
    CHECK((relocated.labels.array() == static_cast<int>(k)).any());
    CHECK(relocated.model.centroids().row(k).norm() == Approx(1.0).epsilon(4 * eps));
  }
}

TEST_CASE("spherical kmeans: bad input is refused", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(20, 3, 80);
  const auto refuse = [&](const SphericalKMeans& options, const char* part) {
    const std::string message = latent_test::message_of<InvalidArgument>([&] { options.fit(x); });
    CHECK_THAT(message, contains("SphericalKMeans: "));
    CHECK_THAT(message, contains(part));
  };
  refuse({.clusters = 0}, "clusters must be at least 1; got 0");
  refuse({.clusters = 21}, "clusters must not exceed the number of rows; got 21");
  refuse({.clusters = 2, .restarts = 0}, "restarts must be at least 1");
  refuse({.clusters = 2, .max_iterations = 0}, "max_iterations must be at least 1");
  refuse({.clusters = 2, .tolerance = -1.0}, "tolerance must be finite and not negative");
  CHECK_THROWS_AS(SphericalKMeans{}.fit(Eigen::MatrixXd(0, 3)), InvalidArgument);
  CHECK_THROWS_AS(SphericalKMeans{}.fit_from(x.leftCols(2), x), InvalidArgument);
  CHECK_THROWS_AS((SphericalKMeans{.clusters = 3}.fit_from(x.topRows(2), x)), InvalidArgument);
  const auto fit = SphericalKMeans{.clusters = 2}.fit(x);
  CHECK_THROWS_AS(fit.model.predict(x.leftCols(2)), InvalidArgument);
  CHECK_THROWS_AS(SphericalKMeansModel<double>{}.predict(x), InvalidArgument);
  CHECK(fit.model.predict(Eigen::MatrixXd(0, 3)).size() == 0);
  x(3, 1) = std::nan("");
  CHECK_THAT(latent_test::message_of<DataError>([&] { SphericalKMeans{.clusters = 2}.fit(x); }),
             contains("got NaN at row 3, column 1"));
  CHECK_THROWS_AS(fit.model.transform(x), DataError);
}
