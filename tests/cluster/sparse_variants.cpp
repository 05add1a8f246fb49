// Mini-batches, directions and trimming of sparse rows: the clusters of the dense path.
#include <cmath>
#include <limits>
#include <vector>

#include "cluster/sparse_data.hpp"
#include "latent/cluster/spherical_kmeans.hpp"
#include "latent/cluster/trimmed_kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::KMeans;
using latent::KMeansAlgorithm;
using latent::RowMatrix;
using latent::samples;
using latent::SphericalKMeans;
using latent::Threads;
using latent::TrimmedKMeans;
using latent_test::close;
using latent_test::message_of;
using latent_test::sparse;
using latent_test::Sparse;
using latent_test::sparse_blobs;

TEST_CASE("gather: sparse rows stay sparse, with their factors and weights", "[kmeans]") {
  const RowMatrix<double> x = sparse_blobs<double>(400, 30, 4, 5, 51);
  const Sparse<double> s = sparse(x);
  const Eigen::VectorXd w = latent_test::lattice(400, 1, 4, 52);
  const Eigen::VectorXd factors = latent_test::normal_matrix(30, 1, 53);
  const std::vector<Index> rows{7, 7, 0, 399, 20, 3};
  latent::detail::Team team{2};
  const auto of = [&](const auto& m) {
    const auto data = samples(m).weights(w).scale_columns(factors);
    return latent::detail::gather(data, rows, team);
  };
  const auto some = of(s);
  REQUIRE(some.sparse());
  CHECK_FALSE(some.scaled());
  const auto dense = of(x);
  CHECK_FALSE(dense.sparse());
  Index stored = 0;
  for (Index i = 0; i < 6; ++i) {
    const Index from = rows[static_cast<std::size_t>(i)];
    stored += s.row(from).nonZeros();
    CHECK(some.weight(i) == w[from]);
    CHECK(dense.weight(i) == w[from]);
    for (Index j = 0; j < 30; ++j) {
      CHECK(some(i, j) == x(from, j) * factors[j]);
      CHECK(dense(i, j) == x(from, j) * factors[j]);
    }
  }
  CHECK(some.stored_entries() == stored);
  CHECK(latent::detail::gather(samples(s), std::vector<Index>{}, team).rows() == 0);
}

TEMPLATE_TEST_CASE("mini-batch sparse: batches are those of the dense path", "[kmeans]", double,
                   float) {
  using S = TestType;
  const RowMatrix<S> x = sparse_blobs<S>(3000, 40, 5, 4, 54);
  const Sparse<S> s = sparse(x);
  const Eigen::VectorXd w = latent_test::lattice(3000, 1, 3, 55);
  KMeans options{.clusters = 5, .max_iterations = 4};
  options.algorithm = KMeansAlgorithm::mini_batch;
  options.batch = 500;
  const auto a = options.fit(samples(s).weights(w));
  const auto b = options.fit(samples(x).weights(w));
  CHECK(a.labels == b.labels);
  CHECK(a.report.iterations == b.report.iterations);
  CHECK(a.report.trace.size() == b.report.trace.size());
  CHECK(close(a.inertia, b.inertia,
              1e-10 + 64 * static_cast<double>(std::numeric_limits<S>::epsilon())));
  const auto threads = options.fit(samples(s).weights(w), Threads{3});
  CHECK(threads.labels == a.labels);
  CHECK(threads.model.centroids() == a.model.centroids());
}

TEMPLATE_TEST_CASE("spherical sparse: directions are those of the dense path", "[kmeans]", double,
                   float) {
  using S = TestType;
  constexpr double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  RowMatrix<S> x = sparse_blobs<S>(2500, 30, 5, 3, 56);
  x.col(3).setOnes();  // no row is zero
  const Sparse<S> s = sparse(x);
  const Eigen::VectorXd w = latent_test::lattice(2500, 1, 3, 57);
  const RowMatrix<S> start = x.topRows(5);
  const auto a = SphericalKMeans{}.fit_from(start, samples(s).weights(w));
  const auto b = SphericalKMeans{}.fit_from(start, samples(x).weights(w));
  CHECK(a.labels == b.labels);
  CHECK(a.report.iterations == b.report.iterations);
  CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <=
        static_cast<S>(16 * eps));
  CHECK(close(a.inertia, b.inertia, 64 * eps));
  CHECK(a.model.predict(s) == b.model.predict(x));
  CHECK(close(a.model.score(s), b.model.score(x), 64 * eps));
  CHECK((a.model.transform(s) - b.model.transform(x)).cwiseAbs().maxCoeff() <=
        static_cast<S>(32 * eps));
  for (const int threads : {2, 3, 8})
    CHECK(SphericalKMeans{}
              .fit_from(start, samples(s).weights(w), Threads{threads})
              .model.centroids() == a.model.centroids());
  // Powers of two, of columns that are scaled already: no bit changes.
  latent::Vector<double> rows(2500);
  for (Index i = 0; i < 2500; ++i) rows[i] = std::ldexp(1.0, static_cast<int>(i % 7) - 3);
  const auto scaled = SphericalKMeans{}.fit_from(start, samples(s).weights(w).scale_rows(rows));
  CHECK(scaled.labels == a.labels);
  CHECK(scaled.model.centroids() == a.model.centroids());
}

TEST_CASE("spherical sparse: rows without a direction are named", "[kmeans]") {
  const auto said = [](double value) {
    Sparse<double> s(20, 9);
    for (int i = 0; i < 20; ++i) s.insert(i, i % 9) = i == 13 ? value : 2.0;
    return message_of<latent::DataError>([&] { SphericalKMeans{.clusters = 2}.fit(s); });
  };
  CHECK(said(0.0) ==
        "SphericalKMeans: rows must have a direction; got a row of length zero at row 13");
  CHECK(said(std::nan("")) == "SphericalKMeans: data must be finite; got NaN at row 13, column 4");
  CHECK(said(0x1p-1030).find("SphericalKMeans: sparse rows must have a length of at least 2^-1022; "
                             "got ") == 0);
  // Lengths whose squares leave the range of double.
  Sparse<double> far(20, 9);
  for (int i = 0; i < 20; ++i) far.insert(i, i % 2) = i % 4 < 2 ? 0x1p1000 : 0x1p-1000;
  const auto fit = SphericalKMeans{.clusters = 2}.fit(far);
  CHECK(fit.inertia == 0.0);
  for (Index i = 2; i < 20; ++i) CHECK(fit.labels[i] == fit.labels[i - 2]);
}

TEMPLATE_TEST_CASE("trimmed sparse: rows left out are those of the dense path", "[kmeans]", double,
                   float) {
  using S = TestType;
  constexpr double eps = static_cast<double>(std::numeric_limits<S>::epsilon());
  RowMatrix<S> x = sparse_blobs<S>(2500, 30, 4, 3, 58);
  for (Index i = 0; i < 100; ++i) x(25 * i, i % 30) = S(100);
  const Sparse<S> s = sparse(x);
  const Eigen::VectorXd w = latent_test::lattice(2500, 1, 3, 59);
  const RowMatrix<S> start = x.middleRows(1, 4);
  const TrimmedKMeans options{.trim = 0.05};
  const auto a = options.fit_from(start, samples(s).weights(w));
  const auto b = options.fit_from(start, samples(x).weights(w));
  CHECK(a.labels == b.labels);
  CHECK((a.labels.array() == -1).any());
  CHECK(a.report.iterations == b.report.iterations);
  CHECK(close(a.inertia, b.inertia, 1e-10 + 64 * eps));
  CHECK(close(a.threshold, b.threshold, 1e-10 + 64 * eps));
  CHECK((a.model.outliers(s) == b.model.outliers(x)).all());
  const Sparse<double> wide = s.template cast<double>();
  CHECK((a.model.outliers(wide) == a.model.outliers(s)).all());
  for (const int threads : {2, 3, 8}) {
    const auto c = options.fit_from(start, samples(s).weights(w), Threads{threads});
    CHECK(c.labels == a.labels);
    CHECK(c.model.centroids() == a.model.centroids());
    CHECK(c.threshold == a.threshold);
  }
}

TEST_CASE("sparse variants: 60,000 columns", "[kmeans]") {
  latent::Random random{60};
  std::vector<Eigen::Triplet<float>> entries;
  for (int i = 0; i < 400; ++i)
    for (int p = 0; p < 30; ++p)
      entries.emplace_back(i, 15000 * (i % 4) + static_cast<int>(random.below(60)), 1.0f);
  Sparse<float> s(400, 60000);
  s.setFromTriplets(entries.begin(), entries.end());
  const RowMatrix<float> start = RowMatrix<float>(s.topRows(4));
  const auto check = [](const latent::Labels& labels) {
    for (Index i = 0; i < labels.size(); ++i) CHECK(labels[i] == i % 4);
  };
  check(SphericalKMeans{}.fit_from(start, s).labels);
  check(TrimmedKMeans{.trim = 0.0}.fit_from(start, s).labels);
  KMeans batches{.max_iterations = 3};
  batches.algorithm = KMeansAlgorithm::mini_batch;
  batches.batch = 100;
  check(batches.fit_from(start, s).labels);
}
