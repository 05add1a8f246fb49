// Sparse rows through k-means: the clusters of the dense path.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "cluster/sparse_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::KMeans;
using latent::Labels;
using latent::RowMatrix;
using latent::samples;
using latent::Serial;
using latent::Status;
using latent::Threads;
using latent_test::dense_labels;
using latent_test::message_of;
using latent_test::sparse;
using latent_test::Sparse;
using latent_test::sparse_blobs;
using latent_test::thinned;

namespace {

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  return a.labels == b.labels && a.model.centroids() == b.model.centroids() &&
         std::memcmp(&a.inertia, &b.inertia, sizeof a.inertia) == 0 &&
         a.report.iterations == b.report.iterations;
}

template <class S>
constexpr double eps_of = static_cast<double>(std::numeric_limits<S>::epsilon());

// The same clusters by the same way; centroids and inertia but for the order of summation.
template <class S>
void check_same_fit(const latent::KMeansFit<S>& a, const latent::KMeansFit<S>& b, double scale) {
  CHECK(a.labels == b.labels);
  CHECK(a.report.iterations == b.report.iterations);
  CHECK(a.report.status == b.report.status);
  REQUIRE(a.model.centroids().rows() == b.model.centroids().rows());
  CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <=
        static_cast<S>(16 * eps_of<S> * scale));
  CHECK(latent_test::close(a.inertia, b.inertia, 1e-10 + 64 * eps_of<S>));
}

}  // namespace

TEMPLATE_TEST_CASE("kmeans sparse: fits go the way of the dense ones", "[kmeans]", double, float) {
  using S = TestType;
  struct Case {
    Index rows, cols, clusters;
    int every;
  };
  for (const auto& [rows, cols, clusters, every] :
       {Case{2600, 20, 4, 2}, {900, 400, 30, 100}, {900, 3, 5, 2}, {300, 40, 60, 4}}) {
    const RowMatrix<S> x = sparse_blobs<S>(rows, cols, 6, every, 12);
    const Sparse<S> s = sparse(x);
    const Eigen::VectorXd w = latent_test::lattice(rows, 1, 3, 13);
    const RowMatrix<S> start = x.topRows(clusters);
    check_same_fit(KMeans{}.fit_from(start, samples(s)), KMeans{}.fit_from(start, samples(x)), 20);
    check_same_fit(KMeans{}.fit_from(start, samples(s).weights(w)),
                   KMeans{}.fit_from(start, samples(x).weights(w)), 20);
    const KMeans options{.clusters = clusters, .max_iterations = 4, .tolerance = 1e-3};
    check_same_fit(options.fit(samples(s)), options.fit(samples(x)), 20);
    const Eigen::SparseMatrix<S> column_major = s;
    CHECK(same_bits(options.fit(samples(s)), options.fit(samples(column_major))));
  }
}

TEST_CASE("kmeans sparse: where every number is stored, the fit is the dense one", "[kmeans]") {
  const RowMatrix<double> x = latent_test::blobs(5000, 12, 5, 1.0, 14);
  const Sparse<double> s = sparse(x);
  REQUIRE(s.nonZeros() == x.size());
  const Eigen::VectorXd w = latent_test::normal_matrix(5000, 1, 15).cwiseAbs();
  const RowMatrix<double> start = x.topRows(5);
  const auto a = KMeans{}.fit_from(start, samples(s).weights(w));
  const auto b = KMeans{}.fit_from(start, samples(x).weights(w));
  CHECK(a.labels == b.labels);
  // Dense sums follow the labels, sparse ones are taken anew: they round differently.
  CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <=
        8 * latent_test::eps * x.cwiseAbs().maxCoeff());
  CHECK(a.report.iterations == b.report.iterations);
}

TEST_CASE("kmeans sparse: every iteration on a lattice labels as the dense kernel does",
          "[kmeans]") {
  const RowMatrix<double> x = thinned<double>(latent_test::lattice(1200, 10, 3, 16), 2, 17);
  const Sparse<double> s = sparse(x);
  Index seen = 0;
  const auto fit =
      KMeans{}.fit_from(RowMatrix<double>(x.topRows(30)), samples(s), Serial{},
                        [&](const latent::KMeansIteration<double>& view) {
                          ++seen;
                          CHECK(view.labels == dense_labels<double>(x, view.centroids));
                        });
  CHECK(seen == fit.report.iterations);
  CHECK(fit.labels == dense_labels<double>(x, fit.model.centroids()));
  CHECK(fit.report.converged());
}

TEST_CASE("kmeans sparse: the same bits for any number of threads, narrow and wide", "[kmeans]") {
  for (const int every : {8, 300}) {
    const RowMatrix<float> x = sparse_blobs<float>(4500, 100, 6, every, 18);
    const Sparse<float> s = sparse(x);
    const auto data = samples(s).weights(latent_test::normal_matrix(4500, 1, 19).cwiseAbs());
    const KMeans options{.clusters = 9, .max_iterations = 5, .standardize = true};
    const auto serial = options.fit(data, Serial{});
    for (const int threads : {2, 3, 8}) {
      CHECK(same_bits(serial, options.fit(data, Threads{threads})));
      CHECK(serial.model.predict(data, Threads{threads}) == serial.labels);
      CHECK(serial.model.score(data, Threads{threads}) == serial.model.score(data, Serial{}));
      CHECK(serial.model.transform(data, Threads{threads}) ==
            serial.model.transform(data, Serial{}));
    }
  }
}

TEST_CASE("kmeans sparse: a weight is a number of copies, and rows of weight 0 take no part",
          "[kmeans]") {
  const RowMatrix<double> x = sparse_blobs<double>(400, 30, 4, 4, 20);
  const Eigen::VectorXd w = latent_test::lattice(400, 1, 4, 21);
  RowMatrix<double> copies(static_cast<Index>(w.sum()), 30);
  Index at = 0;
  for (Index i = 0; i < 400; ++i)
    for (int c = 0; c < static_cast<int>(w[i]); ++c) copies.row(at++) = x.row(i);
  const RowMatrix<double> start = x.topRows(6);
  const Sparse<double> s = sparse(x);
  const Sparse<double> repeated = sparse(copies);
  const auto a = KMeans{}.fit_from(start, samples(s).weights(w));
  const auto b = KMeans{}.fit_from(start, samples(repeated));
  CHECK(a.report.iterations == b.report.iterations);
  CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <= 1e-13);
  CHECK(latent_test::close(a.inertia, b.inertia, 1e-12));
  Eigen::VectorXd scaled = 8.0 * w;
  CHECK(KMeans{}.fit_from(start, samples(s).weights(scaled)).model.centroids() ==
        a.model.centroids());
}

TEST_CASE("kmeans sparse: every policy for empty clusters is that of the dense path", "[kmeans]") {
  const RowMatrix<double> x = sparse_blobs<double>(300, 12, 3, 3, 22);
  const Sparse<double> s = sparse(x);
  RowMatrix<double> start = x.topRows(6);
  start.row(2).setConstant(1e3);
  start.row(4).setConstant(-1e3);
  for (const EmptyCluster policy :
       {EmptyCluster::farthest, EmptyCluster::drop, EmptyCluster::keep, EmptyCluster::fail}) {
    const KMeans options{.empty_cluster = policy};
    const auto a = options.fit_from(start, samples(s));
    const auto b = options.fit_from(start, samples(x));
    CHECK(a.labels == b.labels);
    CHECK(a.report.iterations == b.report.iterations);
    REQUIRE(a.report.notes.size() == b.report.notes.size());
    for (std::size_t i = 0; i < a.report.notes.size(); ++i)
      CHECK(a.report.notes[i].message == b.report.notes[i].message);
  }
}

TEST_CASE("kmeans sparse: as many clusters as distinct rows leave no inertia", "[kmeans]") {
  const RowMatrix<double> x = sparse_blobs<double>(40, 25, 3, 5, 23);
  const Sparse<double> s = sparse(x);
  CHECK(KMeans{}.fit_from(x, samples(s)).inertia == 0.0);
  const RowMatrix<double> twice = latent_test::stacked(x, x);
  const Sparse<double> pairs = sparse(twice);
  const auto fit = KMeans{}.fit_from(x, samples(pairs));
  CHECK(fit.inertia == 0.0);
  CHECK(fit.model.centroids() == x);
  // Rows without entries are rows of zeros.
  const Sparse<double> nothing(50, 20);
  const auto zero = KMeans{.clusters = 2}.fit(nothing);
  CHECK(zero.inertia == 0.0);
  CHECK(zero.report.status == Status::degenerate);
  CHECK(zero.model.centroids().cwiseAbs().maxCoeff() == 0.0);
}

TEST_CASE("kmeans sparse: a model takes sparse rows, of its own scalar or another", "[kmeans]") {
  const RowMatrix<float> x = sparse_blobs<float>(500, 40, 4, 5, 24);
  const Sparse<float> s = sparse(x);
  const auto fit = KMeans{.clusters = 5}.fit(s);
  const Sparse<double> wide = s.cast<double>();
  CHECK(fit.model.predict(s) == fit.labels);
  CHECK(fit.model.predict(x) == fit.labels);
  CHECK(fit.model.predict(wide) == fit.labels);
  CHECK(latent_test::close(-fit.model.score(s), fit.inertia, 1e-13));
  CHECK(latent_test::close(-fit.model.score(wide), fit.inertia, 1e-10));
  const RowMatrix<float> distances = fit.model.transform(x);
  CHECK((fit.model.transform(s) - distances).cwiseAbs().maxCoeff() <=
        2 * std::numeric_limits<float>::epsilon() * distances.maxCoeff());
  const Sparse<float> centroids = sparse(fit.model.centroids());
  CHECK(fit.model.transform(centroids).diagonal().cwiseAbs().maxCoeff() == 0.0f);
  for (Index i = 0; i < 50; ++i)
    CHECK(fit.model.predict(samples(s).slice(i, 1))[0] == fit.labels[i]);
  CHECK(fit.model.predict(Sparse<float>(0, 40)).size() == 0);
  CHECK(fit.model.transform(Sparse<float>(0, 40)).rows() == 0);
  CHECK(fit.model.score(Sparse<float>(0, 40)) == 0.0);
  CHECK(message_of<latent::InvalidArgument>([&] { fit.model.predict(Sparse<float>(3, 39)); }) ==
        "KMeansModel: data must have 40 columns, as the centroids; got 3 x 39");
}

TEST_CASE("kmeans sparse: bad numbers are named by their place", "[kmeans]") {
  const auto with = [](double value) {
    Sparse<double> s = sparse(sparse_blobs<double>(60, 20, 3, 5, 25));
    s.coeffRef(41, 7) = value;
    return s;
  };
  const Sparse<double> good = with(1.0);
  const auto fit = KMeans{.clusters = 3}.fit(good);
  const auto said = [&](double value) {
    const Sparse<double> s = with(value);
    const std::string of_fit = message_of<latent::DataError>([&] { KMeans{.clusters = 3}.fit(s); });
    const std::string of_model = message_of<latent::DataError>([&] { fit.model.predict(s); });
    CHECK("KMeansModel" + of_fit.substr(6) == of_model);
    CHECK(message_of<latent::DataError>([&] { fit.model.transform(s); }) == of_model);
    return of_fit;
  };
  CHECK(said(std::nan("")) == "KMeans: data must be finite; got NaN at row 41, column 7");
  CHECK(said(-std::numeric_limits<double>::infinity()) ==
        "KMeans: data must be finite; got -inf at row 41, column 7");
  CHECK(said(1e150) ==
        "KMeans: magnitudes must not exceed 2^480, about 3e144; got 1e+150 at row 41, column 7");
  CHECK(message_of<latent::InvalidArgument>([] { KMeans{}.fit(Sparse<double>()); }) ==
        "KMeans: data must have at least one row; got 0 x 0");
  CHECK(message_of<latent::InvalidArgument>([] {
          KMeans{.clusters = 4}.fit(Sparse<double>(3, 5));
        }) == "KMeans: clusters must not exceed the number of rows; got 4 clusters for 3 rows");
}

TEST_CASE("kmeans sparse: 60,000 columns", "[kmeans]") {
  latent::Random random{26};
  std::vector<Eigen::Triplet<float>> entries;
  for (int i = 0; i < 600; ++i)
    for (int p = 0; p < 30; ++p)
      entries.emplace_back(i, static_cast<int>(2000 * (i % 30) + random.below(60)), 1.0f);
  Sparse<float> s(600, 60000);
  s.setFromTriplets(entries.begin(), entries.end());
  const RowMatrix<float> start = RowMatrix<float>(s.topRows(30));
  const auto fit = KMeans{}.fit_from(start, s, Threads{2});
  CHECK(fit.report.converged());
  for (int i = 0; i < 600; ++i) CHECK(fit.labels[i] == i % 30);
}
