// Sparse rows against centroids: labels, distances and sums, beside their definition and the dense
// kernel.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "cluster/sparse_data.hpp"
#include "latent/cluster/sparse_sums.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::Labels;
using latent::RowMatrix;
using latent::samples;
using latent_test::dense_labels;
using latent_test::sparse;
using latent_test::Sparse;
using latent_test::sparse_blobs;
using latent_test::thinned;
namespace detail = latent::detail;

namespace {

template <class S>
Labels sparse_labels(const RowMatrix<S>& x, const RowMatrix<S>& centroids) {
  const Sparse<S> rows = sparse(x);
  const detail::TransposedCentroids<S> table{centroids};
  detail::SparseScratch<S> scratch(x.cols(), table.stride());
  Labels labels(x.rows());
  detail::assign_sparse_tile(samples(rows), centroids, table, scratch, 0, x.rows(), labels.data());
  CHECK((scratch.dense.array() == S(0)).all());
  return labels;
}

}  // namespace

TEMPLATE_TEST_CASE("sparse rows: labels are those of the dense kernel, ties included", "[kmeans]",
                   double, float) {
  using S = TestType;
  for (const Index clusters : {1, 2, 3, 7, 8, 17, 40, 100, 150, 300}) {
    // Halves of small integers: exact in both, and full of ties.
    const RowMatrix<S> x = thinned<S>(latent_test::lattice(300, 12, 3, 1), 3, 2);
    const RowMatrix<S> c = (latent_test::lattice(clusters, 12, 3, 3) / 2).cast<S>();
    CHECK(sparse_labels<S>(x, c) == dense_labels<S>(x, c));
    Index ties = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      const Index best = latent_test::nearest(x, i, c);
      for (Index k = best + 1; k < clusters; ++k)
        ties += latent_test::distance2(x, i, c, k) == latent_test::distance2(x, i, c, best);
    }
    if (clusters > 10) CHECK(ties > 0);

    const RowMatrix<S> y = sparse_blobs<S>(300, 60, 5, 6, 4);
    const RowMatrix<S> near = (y.topRows(clusters) + y.bottomRows(clusters)) / S(2);
    CHECK(sparse_labels<S>(y, near) == dense_labels<S>(y, near));
    // Pairs of centroids that differ by the last bit.
    RowMatrix<S> twins = near;
    for (Index k = 1; k < clusters; k += 2) {
      twins.row(k) = twins.row(k - 1);
      twins(k, k % 60) = std::nextafter(twins(k, k % 60), S(9));
    }
    CHECK(sparse_labels<S>(y, twins) == dense_labels<S>(y, twins));
  }
}

TEMPLATE_TEST_CASE("sparse rows: offsets and extreme magnitudes do not change labels", "[kmeans]",
                   double, float) {
  using S = TestType;
  const RowMatrix<S> x = sparse_blobs<S>(200, 30, 4, 3, 5);
  const RowMatrix<S> far =
      (x.array() + S(std::is_same_v<S, float> ? 1e5 : 1e8)).matrix();  // stores every number
  CHECK(sparse_labels<S>(far, far.topRows(20)) == dense_labels<S>(far, far.topRows(20)));
  for (const int power : {-140, 130, std::is_same_v<S, float> ? 60 : 470}) {
    const RowMatrix<S> scaled =
        x.unaryExpr([&](S value) { return static_cast<S>(std::ldexp(value, power)); });
    CHECK(sparse_labels<S>(scaled, scaled.topRows(20)) ==
          dense_labels<S>(scaled, scaled.topRows(20)));
  }
}

TEMPLATE_TEST_CASE("sparse rows: the margin bounds the rounding of expanded values", "[kmeans]",
                   double, float) {
  using S = TestType;
  const RowMatrix<S> x = sparse_blobs<S>(200, 500, 4, 10, 6);
  const RowMatrix<S> c = sparse_blobs<S>(37, 500, 4, 2, 8);
  const detail::TransposedCentroids<S> table{c};
  const Sparse<S> rows = sparse(x);
  const auto source = samples(rows);
  std::vector<S> buffer;
  latent::Vector<S> values(table.stride());
  Index clear = 0;
  double worst = 0.0;
  for (Index i = 0; i < x.rows(); ++i) {
    const latent::SparseRow<S> row = source.sparse_row(i, buffer);
    const auto nearest = detail::expand_row(row, table, values.data());
    const double margin = table.margin(detail::squared_norm(row.values, row.count), row.count);
    std::vector<S> sorted(values.data(), values.data() + 37);
    for (Index k = 0; k < 37; ++k) {
      long double exact = 0;
      for (Index j = 0; j < 500; ++j) {
        const auto centre = static_cast<long double>(c(k, j));
        exact += centre * (centre - 2 * static_cast<long double>(x(i, j)));
      }
      const auto error = static_cast<double>(std::abs(static_cast<long double>(values[k]) - exact));
      worst = std::max(worst, error / margin);
    }
    CHECK(values[nearest.index] == nearest.first);
    std::sort(sorted.begin(), sorted.end());
    CHECK(nearest.first == sorted[0]);
    CHECK(nearest.second == sorted[1]);
    clear += static_cast<double>(sorted[1]) - static_cast<double>(sorted[0]) > margin;
  }
  CHECK(worst <= 0.5);   // an error counts for each of two values
  CHECK(worst >= 1e-4);  // and the bound is not so wide that all is checked again
  CHECK(clear >= 198);
}

TEST_CASE("sparse rows: squared distances keep their digits where the expansion cancels",
          "[kmeans]") {
  const Index cols = 3000;
  RowMatrix<double> x = sparse_blobs<double>(1, cols, 1, 20, 9);
  const Sparse<double> rows = sparse(x);
  std::vector<double> buffer;
  latent::Vector<double> dense = latent::Vector<double>::Zero(cols);
  const auto row = samples(rows).sparse_row(0, buffer);
  Index place = 0;
  while (x(0, place) == 0.0) ++place;
  for (const double step : {0.0, 1e-12, 1e-6, 1e-3, 0.1, 1.0, 30.0}) {
    RowMatrix<double> c = x;
    c(0, place) += step;
    c(0, cols - 1) += step;
    const double squared = detail::sparse_squared_distance(
        row, c.data(), detail::long_squared_norm(c.data(), cols), dense);
    const double exact = detail::squared_distance(x.data(), c.data(), cols);
    CHECK(latent_test::close(squared, exact, 1e-11));
    if (step == 0.0) CHECK(squared == 0.0);
    CHECK(dense.cwiseAbs().maxCoeff() == 0.0);
  }
}

TEST_CASE("sparse rows: sums are those of their definition, weighted, narrow and wide",
          "[kmeans]") {
  for (const Index clusters : {3, 90}) {
    const int every = clusters == 3 ? 5 : 50;
    const RowMatrix<double> x = sparse_blobs<double>(2500, 50, 4, every, 10);
    const Sparse<double> rows = sparse(x);
    const RowMatrix<double> c = x.middleRows(40, clusters) * 0.7;
    Eigen::VectorXd w = latent_test::lattice(2500, 1, 4, 11) * 0.3;
    const auto source = samples(rows).weights(w);
    CHECK((clusters * 50 * 2500 <= source.stored_entries() * detail::lane_rows) == (clusters == 3));
    Labels labels = Labels::Constant(2500, -1);
    detail::Team team{1};
    const auto sums =
        detail::sum_sparse_clusters(source, c, detail::Labelling::assign, labels, team);
    CHECK(labels == dense_labels<double>(x, c));
    CHECK(sums.changed == static_cast<double>((w.array() > 0).count()));
    RowMatrix<double> offsets = RowMatrix<double>::Zero(clusters, 50);
    RowMatrix<double> sizes = offsets;  // sum of the magnitudes added
    Eigen::VectorXd weights = Eigen::VectorXd::Zero(clusters);
    Eigen::VectorXd members = weights;
    double inertia = 0.0;
    for (Index i = 0; i < 2500; ++i) {
      const Index k = labels[i];
      offsets.row(k) += w[i] * (x.row(i) - c.row(k));
      sizes.row(k) += w[i] * (x.row(i) - c.row(k)).cwiseAbs();
      weights[k] += w[i];
      members[k] += w[i] > 0.0 ? 1.0 : 0.0;
      inertia += w[i] * (x.row(i) - c.row(k)).squaredNorm();
    }
    CHECK(((sums.offsets - offsets).cwiseAbs().array() <= 2500 * latent_test::eps * sizes.array())
              .all());
    CHECK((sums.weights - weights).cwiseAbs().maxCoeff() <= 2500 * latent_test::eps * w.sum());
    CHECK(sums.members == members);
    CHECK(latent_test::close(sums.inertia, inertia, 2500 * latent_test::eps));
  }
}
