// The starts of k-means on sparse rows, which they take by their stored entries.
#include <cmath>
#include <cstdint>
#include <vector>

#include "cluster/sparse_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::KMeans;
using latent::KMeansInit;
using latent::RowMatrix;
using latent::samples;
using latent::Samples;
using latent::Threads;
using latent_test::sparse;
using latent_test::Sparse;
using latent_test::sparse_blobs;
using latent_test::thinned;

namespace {

// pca_part works in dense tiles.
constexpr KMeansInit by_entries[] = {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus,
                                     KMeansInit::random,    KMeansInit::parallel,
                                     KMeansInit::afk_mc2,   KMeansInit::farthest_first};

template <class S>
RowMatrix<S> start_of(const Samples<S>& data, KMeansInit init, Index clusters, std::uint64_t seed,
                      int threads = 1) {
  latent::detail::Team team{threads};
  return latent::detail::initial_centroids(data, init, clusters, seed, 0, team);
}

// 300 rows in 10 groups with 60 columns of their own, `stride` columns from one group to the next.
Sparse<float> documents(int stride) {
  latent::Random random{31};
  std::vector<Eigen::Triplet<float>> entries;
  for (int i = 0; i < 300; ++i)
    for (int p = 0; p < 30; ++p)
      entries.emplace_back(i, stride * (i % 10) + static_cast<int>(random.below(60)), 1.0f);
  Sparse<float> s(300, 10 * stride);
  s.setFromTriplets(entries.begin(), entries.end());
  return s;
}

}  // namespace

// Sums of whole numbers are exact in any order, so the ways cannot part by rounding.
TEMPLATE_TEST_CASE("sparse starts: on a lattice they are the rows of the dense path", "[kmeans]",
                   double, float) {
  using S = TestType;
  const RowMatrix<S> x = thinned<S>(latent_test::lattice(3000, 25, 9, 41), 3, 42);
  const Sparse<S> s = sparse(x);
  const Eigen::VectorXd w = latent_test::lattice(3000, 1, 3, 43);
  for (const KMeansInit init : by_entries) {
    CAPTURE(static_cast<int>(init));
    for (const Index clusters : {2, 5, 40}) {
      CHECK(start_of(samples(s), init, clusters, 7) == start_of(samples(x), init, clusters, 7));
      CHECK(start_of(samples(s).weights(w), init, clusters, 8) ==
            start_of(samples(x).weights(w), init, clusters, 8));
    }
  }
}

TEST_CASE("sparse starts: factors of columns and rows are those of the dense path", "[kmeans]") {
  const RowMatrix<double> x = thinned<double>(latent_test::lattice(700, 12, 9, 44), 3, 45);
  const Sparse<double> s = sparse(x);
  latent::Vector<double> columns(12);
  for (Index j = 0; j < 12; ++j) columns[j] = std::ldexp(1.0, static_cast<int>(j % 4) - 1);
  latent::Vector<double> rows(700);
  for (Index i = 0; i < 700; ++i) rows[i] = std::ldexp(1.0, static_cast<int>(i % 3));
  const auto scaled = [&](const auto& m) {
    return samples(m).scale_columns(columns).scale_rows(rows).slice(30, 600);
  };
  for (const KMeansInit init : by_entries) {
    CAPTURE(static_cast<int>(init));
    CHECK(start_of(scaled(s), init, 9, 3) == start_of(scaled(x), init, 9, 3));
  }
}

TEST_CASE("sparse starts: the same bits for any number of threads", "[kmeans]") {
  const RowMatrix<float> x = sparse_blobs<float>(9000, 40, 6, 8, 46);
  const Sparse<float> s = sparse(x);
  for (const KMeansInit init : by_entries)
    for (const int threads : {2, 3, 8}) {
      CAPTURE(static_cast<int>(init), threads);
      CHECK(start_of(samples(s), init, 17, 5, threads) == start_of(samples(s), init, 17, 5));
    }
}

// Numbers whose squares round: the expansion |c|^2 - ... would leave something of a row on a centre.
TEST_CASE("sparse starts: rows on a chosen centre are never chosen while others remain",
          "[kmeans]") {
  const RowMatrix<double> few = 1e3 * sparse_blobs<double>(12, 300, 4, 4, 47);
  RowMatrix<double> x(1200, 300);
  for (Index i = 0; i < x.rows(); ++i) x.row(i) = few.row(i % 12);
  const Sparse<double> s = sparse(x);
  for (const KMeansInit init : by_entries) {
    if (init == KMeansInit::random) continue;
    CAPTURE(static_cast<int>(init));
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      const RowMatrix<double> start = start_of(samples(s), init, 12, seed);
      for (Index a = 0; a < 12; ++a)
        for (Index b = 0; b < a; ++b) CHECK(start.row(a) != start.row(b));
      const KMeans options{.clusters = 12, .init = init, .seed = seed};
      CHECK(options.fit(s).inertia == 0.0);
    }
  }
}

TEST_CASE("sparse starts: 60,000 columns, most of them empty, change nothing", "[kmeans]") {
  const Sparse<float> wide = documents(6000);
  const RowMatrix<float> narrow = documents(60);
  for (const KMeansInit init : by_entries) {
    CAPTURE(static_cast<int>(init));
    const RowMatrix<float> start = start_of(samples(wide), init, 10, 9);
    const RowMatrix<float> expected = start_of(samples(narrow), init, 10, 9);
    RowMatrix<float> squeezed(10, 600);
    for (Index group = 0; group < 10; ++group)
      squeezed.middleCols(60 * group, 60) = start.middleCols(6000 * group, 60);
    CHECK(squeezed == expected);
    const auto fit = KMeans{.clusters = 10, .init = init, .seed = 9}.fit(wide, Threads{2});
    CHECK(fit.report.converged());
    CHECK(latent_test::close(
        fit.inertia, KMeans{.clusters = 10, .init = init, .seed = 9}.fit(narrow).inertia, 1e-6));
  }
}
