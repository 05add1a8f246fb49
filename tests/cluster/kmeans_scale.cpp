// Standardized columns and weights of features.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cluster/sparse_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::InvalidArgument;
using latent::KMeans;
using latent::KMeansModel;
using latent::Labels;
using latent::RowMatrix;
using latent::samples;
using latent::Samples;
using latent::Vector;
using latent_test::message_of;
using latent_test::sparse_blobs;

namespace {

// Columns of very different scale, with an offset.
RowMatrix<double> uneven(Index rows, std::uint64_t seed) {
  RowMatrix<double> x = latent_test::blobs(rows, 5, 3, 2.0, seed);
  x.col(1) *= 1000.0;
  x.col(3) *= 0.01;
  x.col(2).array() += 50.0;
  return x;
}

// sum_j a_j^2 (x_j - c_j)^2
template <class S>
double scaled_distance2(const RowMatrix<S>& x, Index i, const RowMatrix<S>& c, Index k,
                        const Vector<double>& a) {
  double sum = 0.0;
  for (Index j = 0; j < x.cols(); ++j) {
    const double t = a[j] * (static_cast<double>(x(i, j)) - static_cast<double>(c(k, j)));
    sum += t * t;
  }
  return sum;
}

// Labels are the argmin of the scaled distances to the centroids of the model; ties within rounding.
template <class S>
void check_labels(const RowMatrix<S>& x, const latent::KMeansFit<S>& fit, const Vector<double>& a,
                  double tolerance) {
  const RowMatrix<S>& c = fit.model.centroids();
  double inertia = 0.0;
  for (Index i = 0; i < x.rows(); ++i) {
    const double own = scaled_distance2(x, i, c, fit.labels[i], a);
    inertia += own;
    for (Index k = 0; k < c.rows(); ++k)
      CHECK(own <= scaled_distance2(x, i, c, k, a) * (1 + tolerance) + tolerance);
  }
  CHECK(latent_test::close(fit.inertia, inertia, tolerance));
}

Vector<double> deviations(const RowMatrix<double>& x, const Eigen::VectorXd& w) {
  Vector<double> out(x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    const double mean = w.dot(x.col(j)) / w.sum();
    out[j] = std::sqrt((w.array() * (x.col(j).array() - mean).square()).sum() / w.sum());
  }
  return out;
}

}  // namespace

TEST_CASE("kmeans scale: standardized columns are divided by their weighted deviation",
          "[kmeans]") {
  const RowMatrix<double> x = uneven(700, 1);
  const Eigen::VectorXd w = latent_test::lattice(700, 1, 3, 2);
  const auto data = samples(x).weights(w);
  const KMeans options{.clusters = 3, .restarts = 3, .standardize = true};
  const auto fit = options.fit(data);
  const Vector<double> s = deviations(x, w);
  for (Index j = 0; j < 5; ++j)
    CHECK(latent_test::close(fit.model.column_factors()[j], 1.0 / s[j], 1e-12));
  // The same as on data divided beforehand, in other units.
  const RowMatrix<double> divided = x * s.cwiseInverse().asDiagonal();
  const auto other = KMeans{.clusters = 3, .restarts = 3}.fit(samples(divided).weights(w));
  CHECK(fit.labels == other.labels);
  CHECK(fit.report.iterations == other.report.iterations);
  CHECK(latent_test::close(fit.inertia, other.inertia, 1e-10));
  const RowMatrix<double> back = other.model.centroids() * s.asDiagonal();
  CHECK(((fit.model.centroids() - back).cwiseAbs() * s.cwiseInverse().asDiagonal()).maxCoeff() <=
        1e-9);
  CHECK(fit.report.notes.empty());
}

TEST_CASE("kmeans scale: the squared distance is the weighted sum over columns", "[kmeans]") {
  const RowMatrix<double> x = uneven(500, 3);
  Vector<double> weights(5);
  weights << 2.0, 1e-6, 3.0, 1e4, 0.25;
  const KMeans options{.clusters = 4, .feature_weights = weights};
  const auto fit = options.fit(samples(x));
  check_labels<double>(x, fit, weights.cwiseSqrt(), 1e-10);
  CHECK(fit.model.predict(samples(x)) == fit.labels);
  CHECK(latent_test::close(-fit.model.score(samples(x)), fit.inertia, 1e-13));
  const RowMatrix<double> distances = fit.model.transform(samples(x));
  for (Index i = 0; i < 20; ++i)
    for (Index k = 0; k < 4; ++k)
      CHECK(latent_test::close(
          distances(i, k),
          std::sqrt(scaled_distance2<double>(x, i, fit.model.centroids(), k, weights.cwiseSqrt())),
          1e-9));
  // Centroids are the means of their rows, in the units of the data.
  for (Index k = 0; k < 4; ++k) {
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(5);
    double count = 0.0;
    for (Index i = 0; i < x.rows(); ++i)
      if (fit.labels[i] == k) {
        mean += x.row(i);
        count += 1.0;
      }
    mean /= count;
    for (Index j = 0; j < 5; ++j)
      CHECK(latent_test::close_on(x.col(j).cwiseAbs().maxCoeff(), fit.model.centroids()(k, j),
                                  mean[j], 1e-12));
  }
}

TEST_CASE("kmeans scale: weights of one and no options give the bits of a plain fit", "[kmeans]") {
  const RowMatrix<double> x = latent_test::blobs(600, 6, 3, 1.0, 4);
  const auto plain = KMeans{.clusters = 5}.fit(samples(x));
  const auto ones =
      KMeans{.clusters = 5, .feature_weights = Vector<double>::Ones(6)}.fit(samples(x));
  CHECK(plain.labels == ones.labels);
  CHECK(plain.inertia == ones.inertia);
  CHECK(plain.model.centroids() == ones.model.centroids());
  CHECK(plain.model.column_factors().size() == 0);
  CHECK(plain.model.scaled_centroids() == plain.model.centroids());
}

TEST_CASE("kmeans scale: powers of two on columns change nothing under standardize", "[kmeans]") {
  const RowMatrix<double> x = uneven(900, 5);
  RowMatrix<double> scaled = x;
  const int powers[] = {-300, 3, 200, -1, 0};
  for (Index j = 0; j < 5; ++j)
    for (Index i = 0; i < 900; ++i) scaled(i, j) = std::ldexp(x(i, j), powers[j]);
  const KMeans options{.clusters = 7, .standardize = true};
  const auto a = options.fit(samples(x));
  const auto b = options.fit(samples(scaled));
  CHECK(a.labels == b.labels);
  CHECK(a.inertia == b.inertia);
  CHECK(a.report.iterations == b.report.iterations);
  CHECK(a.model.scaled_centroids() == b.model.scaled_centroids());
  for (Index j = 0; j < 5; ++j)
    for (Index k = 0; k < 7; ++k)
      CHECK(b.model.centroids()(k, j) == std::ldexp(a.model.centroids()(k, j), powers[j]));
}

TEST_CASE("kmeans scale: a constant column stays as it is, with a note", "[kmeans]") {
  RowMatrix<double> x = uneven(300, 6);
  x.col(3).setConstant(0.1);
  x.col(4).setZero();
  for (const bool sparse : {false, true}) {
    const Eigen::SparseMatrix<double, Eigen::RowMajor> rows = x.sparseView();
    const auto data = sparse ? samples(rows) : samples(x);
    // 0.3: sums of it round.
    const auto fit = KMeans{.clusters = 3, .standardize = true}.fit(
        data.weights(Vector<double>::Constant(300, 0.3)));
    CHECK(fit.model.column_factors()[3] == 1.0);
    CHECK(fit.model.column_factors()[4] == 1.0);
    REQUIRE(fit.report.notes.size() == 1);
    CHECK(fit.report.notes[0].value == 2.0);
    CHECK(fit.report.notes[0].message ==
          "constant columns were not standardized, the first is column 3; value = how many");
    CHECK(fit.report.converged());
    for (Index k = 0; k < 3; ++k) CHECK(fit.model.centroids()(k, 3) == 0.1);
  }
}

TEST_CASE("kmeans scale: ignored columns decide nothing and hold the means of the clusters",
          "[kmeans]") {
  const RowMatrix<double> x = uneven(400, 7);
  Vector<double> weights = Vector<double>::Ones(5);
  weights[1] = 0.0;
  RowMatrix<double> other = x;
  other.col(1) = latent_test::normal_matrix(400, 1, 8) * 1e6;
  for (const bool standardize : {false, true}) {
    const KMeans options{.clusters = 4, .standardize = standardize, .feature_weights = weights};
    const auto a = options.fit(samples(x));
    const auto b = options.fit(samples(other));
    CHECK(a.labels == b.labels);
    CHECK(a.inertia == b.inertia);
    for (const auto* pair : {&a, &b}) {
      const RowMatrix<double>& given = pair == &a ? x : other;
      Eigen::VectorXd sums = Eigen::VectorXd::Zero(4);
      Eigen::VectorXd counts = sums;
      for (Index i = 0; i < 400; ++i) {
        sums[pair->labels[i]] += given(i, 1);
        counts[pair->labels[i]] += 1.0;
      }
      const Eigen::VectorXd means = sums.cwiseQuotient(counts);
      CHECK((pair->model.centroids().col(1) - means).cwiseAbs().maxCoeff() <=
            1e-12 * given.col(1).cwiseAbs().maxCoeff());
    }
  }
}

TEST_CASE("kmeans scale: starts, observers and models speak the units of the data", "[kmeans]") {
  const RowMatrix<double> x = uneven(500, 9);
  const KMeans options{.max_iterations = 50, .standardize = true};
  const RowMatrix<double> start = x.topRows(4);
  bool first = true;
  const auto watch = [&](const latent::KMeansIteration<double>& view) {
    if (first)
      CHECK((view.centroids - start).cwiseAbs().maxCoeff() <=
            4 * latent_test::eps * start.cwiseAbs().maxCoeff());
    first = false;
  };
  const auto fit = options.fit_from(start, samples(x), latent::Threads{}, watch);
  CHECK_FALSE(first);
  const auto again = options.fit_from(fit.model.centroids(), samples(x), latent::Threads{}, watch);
  CHECK(again.labels == fit.labels);
  CHECK(again.report.iterations <= 2);
  // A model is rebuilt exactly from its parts, and nearly from the first two.
  const KMeansModel<double> rebuilt{fit.model.centroids(), fit.model.column_factors(),
                                    fit.model.scaled_centroids()};
  CHECK(rebuilt.transform(samples(x)) == fit.model.transform(samples(x)));
  const KMeansModel<double> near{fit.model.centroids(), fit.model.column_factors()};
  CHECK((near.scaled_centroids() - fit.model.scaled_centroids()).cwiseAbs().maxCoeff() <=
        2 * latent_test::eps * fit.model.scaled_centroids().cwiseAbs().maxCoeff());
}

TEMPLATE_TEST_CASE("kmeans scale: sparse and dense columns have one scale, to the bit", "[kmeans]",
                   double, float) {
  using S = TestType;
  RowMatrix<S> x = sparse_blobs<S>(5000, 15, 4, 3, 10);
  x.col(2) *= S(1000);
  x.col(5).array() += S(100);                                                 // every number stored
  for (Index i = 0; i < x.rows(); ++i) x(i, 7) = S(x(i, 7) != S(0) ? 1 : 0);  // not constant
  const Eigen::SparseMatrix<S, Eigen::RowMajor> rows = x.sparseView();
  const Vector<double> w = latent_test::normal_matrix(5000, 1, 11).cwiseAbs();
  const Vector<double> features = latent_test::normal_matrix(15, 1, 12).cwiseAbs();
  const KMeans options{
      .clusters = 6, .max_iterations = 8, .standardize = true, .feature_weights = features};
  const auto a = options.fit(samples(x).weights(w));
  const auto b = options.fit(samples(rows).weights(w));
  CHECK(a.model.column_factors() == b.model.column_factors());
  CHECK(a.labels == b.labels);
  CHECK(a.report.iterations == b.report.iterations);
  CHECK(b.model.predict(samples(x)) == a.labels);
  CHECK(b.model.predict(samples(rows), latent::Serial{}) == a.labels);
  const Vector<double> s = deviations(x.template cast<double>(), w);
  for (Index j = 0; j < 15; ++j)
    CHECK(latent_test::close(a.model.column_factors()[j], std::sqrt(features[j]) / s[j], 1e-12));
  for (const int threads : {1, 2, 3, 8}) {
    const auto c = options.fit(samples(rows).weights(w), latent::Threads{threads});
    CHECK(c.model.column_factors() == b.model.column_factors());
    CHECK(c.model.centroids() == b.model.centroids());
    CHECK(c.inertia == b.inertia);
  }
}

TEST_CASE("kmeans scale: bad weights of features are refused before any work", "[kmeans]") {
  const RowMatrix<double> x = uneven(20, 13);
  const auto said = [&](const Vector<double>& weights) {
    const KMeans options{.clusters = 2, .feature_weights = weights};
    const auto text = message_of<InvalidArgument>([&] { options.fit(samples(x)); });
    CHECK(text == message_of<InvalidArgument>(
                      [&] { options.fit_from(RowMatrix<double>(x.topRows(2)), samples(x)); }));
    return text;
  };
  CHECK(said(Vector<double>::Ones(4)) ==
        "KMeans: feature_weights must have one weight a column; got 4 weights for 5 columns");
  Vector<double> weights = Vector<double>::Ones(5);
  weights[3] = -1.0;
  CHECK(said(weights) ==
        "KMeans: feature_weights must be finite and not negative; got feature_weights[3] = -1");
  weights[3] = std::nan("");
  CHECK(said(weights) ==
        "KMeans: feature_weights must be finite and not negative; got feature_weights[3] = nan");
  CHECK(said(Vector<double>::Zero(5)) == "KMeans: feature_weights must not all be 0");
  const auto of_model = [](const Vector<double>& factors, const RowMatrix<double>& scaled) {
    return message_of<InvalidArgument>([&] {
      KMeansModel<double>{RowMatrix<double>::Ones(2, 3), factors, scaled};
    });
  };
  CHECK(of_model(Vector<double>::Ones(2), {}) ==
        "KMeansModel: there must be one factor a column; got 2 factors for 3 columns");
  CHECK(of_model(Vector<double>::Constant(3, -2.0), {}) ==
        "KMeansModel: factors must be finite and not negative; got that of column 0 = -2");
  CHECK(of_model(Vector<double>::Ones(3), RowMatrix<double>::Ones(3, 3)) ==
        "KMeansModel: scaled centroids must have the shape of the centroids, 2 x 3; got 3 x 3");
}
