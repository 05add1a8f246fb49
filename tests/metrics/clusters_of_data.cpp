// Silhouette, Calinski-Harabasz and Davies-Bouldin: worked values, the definition row by row, weights,
// unknown rows, threads, offsets, and degenerate data.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/SparseCore>

#include "cluster/kmeans_data.hpp"
#include "latent/metrics.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Index;
using latent::Labels;
using latent::RowMatrix;
using latent::samples;
using latent_test::close;
using latent_test::message_of;

namespace {

Labels cyclic(Index rows, int count) {
  Labels labels(rows);
  for (Index i = 0; i < rows; ++i) labels[i] = static_cast<int>(i % count);
  return labels;
}

// The definition, in long double.
Eigen::VectorXd silhouettes(const Eigen::MatrixXd& x, const Labels& labels) {
  const int count = labels.maxCoeff() + 1;
  Eigen::VectorXd values(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    std::vector<long double> sum(static_cast<std::size_t>(count), 0.0L);
    std::vector<long double> rows(static_cast<std::size_t>(count), 0.0L);
    for (Index j = 0; j < x.rows(); ++j) {
      if (i == j) continue;
      long double squares = 0.0L;
      for (Index d = 0; d < x.cols(); ++d) {
        const long double t = static_cast<long double>(x(i, d)) - static_cast<long double>(x(j, d));
        squares += t * t;
      }
      sum[static_cast<std::size_t>(labels[j])] += std::sqrt(squares);
      rows[static_cast<std::size_t>(labels[j])] += 1;
    }
    const auto own = static_cast<std::size_t>(labels[i]);
    long double b = std::numeric_limits<long double>::infinity();
    for (std::size_t k = 0; k < sum.size(); ++k)
      if (k != own && rows[k] > 0) b = std::min(b, sum[k] / rows[k]);
    const long double a = rows[own] > 0 ? sum[own] / rows[own] : 0.0L;
    values[i] = rows[own] > 0 ? static_cast<double>((b - a) / std::max(a, b)) : 0.0;
  }
  return values;
}

struct Both {
  double calinski_harabasz = 0.0;
  double davies_bouldin = 0.0;
};

// The definitions, in long double.
Both dispersions(const Eigen::MatrixXd& x, const Labels& labels) {
  using Long = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
  const Long y = x.cast<long double>();
  const Index count = labels.maxCoeff() + 1;
  Long centres = Long::Zero(count, y.cols());
  Long rows = Long::Zero(count, 1);
  for (Index i = 0; i < y.rows(); ++i) {
    centres.row(labels[i]) += y.row(i);
    rows(labels[i], 0) += 1;
  }
  for (Index k = 0; k < count; ++k) centres.row(k) /= rows(k, 0);
  const Long mean = y.colwise().mean();
  long double within = 0, between = 0;
  Long width = Long::Zero(count, 1);
  for (Index i = 0; i < y.rows(); ++i) {
    within += (y.row(i) - centres.row(labels[i])).squaredNorm();
    width(labels[i], 0) += (y.row(i) - centres.row(labels[i])).norm() / rows(labels[i], 0);
  }
  long double worst = 0;
  for (Index k = 0; k < count; ++k) {
    between += rows(k, 0) * (centres.row(k) - mean).squaredNorm();
    long double most = 0;
    for (Index l = 0; l < count; ++l)
      if (l != k)
        most =
            std::max(most, (width(k, 0) + width(l, 0)) / (centres.row(k) - centres.row(l)).norm());
    worst += most / static_cast<long double>(count);
  }
  const auto n = static_cast<long double>(y.rows());
  const auto k = static_cast<long double>(count);
  return {static_cast<double>(between / (k - 1) / (within / (n - k))), static_cast<double>(worst)};
}

}  // namespace

TEST_CASE("silhouette: sparse, scaled and column-major rows are read as they are", "[metrics]") {
  for (const Index cols : {3, 20}) {
    RowMatrix<double> x = latent_test::lattice(90, cols, 3, 8);
    const Eigen::MatrixXd by_column = x;
    const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = x.sparseView();
    const Labels labels = cyclic(90, 3);
    const Eigen::VectorXd expected = latent::silhouette_samples(x, labels);
    CHECK(latent::silhouette_samples(by_column, labels) == expected);
    CHECK(latent::silhouette_samples(sparse, labels) == expected);
    const Eigen::MatrixXd half = 0.5 * x;
    const auto scaled = samples(half).scale_columns(Eigen::VectorXd::Constant(cols, 2.0));
    CHECK(latent::silhouette_samples(scaled, labels) == expected);
  }
}

TEST_CASE("metrics: four points on a line, worked by hand", "[metrics]") {
  const Eigen::Vector4d x{0, 1, 4, 6};
  const Labels labels = Eigen::Vector4i{5, 5, 2, 2};
  // a: 1, 1, 2, 2; b: 5, 4, 3.5, 5.5
  const Eigen::VectorXd s = latent::silhouette_samples(x, labels);
  const double expected[] = {4.0 / 5, 3.0 / 4, 1.5 / 3.5, 3.5 / 5.5};
  for (Index i = 0; i < 4; ++i) CHECK(close(s[i], expected[i], 1e-15));
  CHECK(close(latent::silhouette(x, labels), (0.8 + 0.75 + 3.0 / 7 + 7.0 / 11) / 4, 1e-15));
  // Centroids 0.5 and 5 about 2.75: B = 4 * 2.25^2 = 20.25, W = 0.5 + 2; CH = 20.25 / (2.5 / 2).
  CHECK(close(latent::calinski_harabasz(x, labels), 16.2, 1e-15));
  // (0.5 + 1) / 4.5
  CHECK(close(latent::davies_bouldin(x, labels), 1.0 / 3, 1e-15));
}

TEST_CASE("metrics: silhouettes are what the definition says, row by row", "[metrics]") {
  // Through differences and through products, in blocks that are full and that are not; clusters
  // that are tight for how far out they lie.
  for (const double gap : {1.0, 1e6})
    for (const Index cols : {1, 3, 8, 9, 40}) {
      INFO(cols << " columns, gap " << gap);
      const Eigen::MatrixXd x = latent_test::blobs(333, cols, 4, gap, 11);
      Labels labels = cyclic(333, 4);
      for (Index i = 0; i < 40; ++i) labels[i] = 3;  // some are wrong
      labels[50] = 4;                                // alone
      const Eigen::VectorXd expected = silhouettes(x, labels);
      const Eigen::VectorXd s = latent::silhouette_samples(x, labels);
      // Distances are right to 2^-33, so s to 2^-31, on the scale of 1.
      CHECK((s - expected).cwiseAbs().maxCoeff() <= 0x1p-31);
      CHECK(s[50] == 0.0);
      CHECK(close(latent::silhouette(x, labels), expected.mean(), 0x1p-31));
      const Both both = dispersions(x, labels);
      CHECK(close(latent::calinski_harabasz(x, labels), both.calinski_harabasz, 1e-12));
      CHECK(close(latent::davies_bouldin(x, labels), both.davies_bouldin, 1e-12));
    }
}

TEST_CASE("metrics: an offset of the data changes nothing that the data do not", "[metrics]") {
  for (const Index cols : {2, 20}) {
    // Multiples of 1/64, so that the rows at 2^24 are the same rows, in double and in float.
    const Eigen::MatrixXd near = latent_test::lattice(300, cols, 64, 3) / 64.0;
    const Eigen::MatrixXd far = near.array() + 0x1p24;
    const Labels labels = cyclic(300, 3);
    CHECK(close(latent::silhouette(far, labels), latent::silhouette(near, labels), 1e-9));
    CHECK(close(latent::calinski_harabasz(far, labels), latent::calinski_harabasz(near, labels),
                1e-9));
    CHECK(close(latent::davies_bouldin(far, labels), latent::davies_bouldin(near, labels), 1e-9));
    const Eigen::MatrixXf single = (near.array() + 0x1p10).matrix().cast<float>();
    CHECK(close(latent::silhouette(single, labels), latent::silhouette(near, labels), 1e-9));
    CHECK(close(latent::calinski_harabasz(single, labels), latent::calinski_harabasz(near, labels),
                1e-9));
    CHECK(latent::silhouette(Eigen::MatrixXd(near * 0x1p-400), labels) ==
          latent::silhouette(near, labels));
  }
}

TEST_CASE("metrics: the same bits for any number of threads", "[metrics]") {
  for (const Index cols : {3, 12}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(2500, cols, 12);
    const Labels labels = cyclic(2500, 7);
    const auto bits = [&](const auto& executor) {
      Eigen::VectorXd all(2505);
      const auto estimate =
          latent::SampledSilhouette{.rows = 600, .seed = 3}.estimate(x, labels, executor);
      all << latent::silhouette_samples(x, labels, executor),
          latent::silhouette(x, labels, executor), estimate.value, estimate.standard_error,
          latent::calinski_harabasz(x, labels, executor),
          latent::davies_bouldin(x, labels, executor);
      return all;
    };
    const Eigen::VectorXd serial = bits(latent::Serial{});
    for (const int threads : {1, 2, 3, 8})
      CHECK(latent_test::same_bits(serial, bits(latent::Threads{threads})));
  }
}

TEST_CASE("metrics: an integer weight is a repeated row, and unknown rows are absent",
          "[metrics]") {
  for (const Index cols : {2, 10}) {
    const Index n = 120;
    const Eigen::MatrixXd x = latent_test::blobs(n, cols, 3, 2.0, 5);
    Labels labels = cyclic(n, 3);
    const Eigen::VectorXd w = latent_test::lattice(n, 1, 4, 6);  // 0 ... 3
    for (Index i = 0; i < n; i += 7) labels[i] = -1;
    std::vector<Index> rows;
    for (Index i = 0; i < n; ++i)
      for (int r = 0; r < static_cast<int>(w[i]) && labels[i] >= 0; ++r) rows.push_back(i);
    Eigen::MatrixXd repeated(static_cast<Index>(rows.size()), cols);
    Labels repeated_labels(repeated.rows());
    for (Index r = 0; r < repeated.rows(); ++r) {
      repeated.row(r) = x.row(rows[static_cast<std::size_t>(r)]);
      repeated_labels[r] = labels[rows[static_cast<std::size_t>(r)]];
    }
    const auto weighted = samples(x).weights(w);
    CHECK(close(latent::silhouette(weighted, labels), latent::silhouette(repeated, repeated_labels),
                1e-12));
    CHECK(close(latent::calinski_harabasz(weighted, labels),
                latent::calinski_harabasz(repeated, repeated_labels), 1e-12));
    CHECK(close(latent::davies_bouldin(weighted, labels),
                latent::davies_bouldin(repeated, repeated_labels), 1e-12));
    const Eigen::VectorXd s = latent::silhouette_samples(weighted, labels);
    const Eigen::VectorXd expected = silhouettes(repeated, repeated_labels);
    for (Index r = 0; r < repeated.rows(); ++r)
      CHECK(std::abs(s[rows[static_cast<std::size_t>(r)]] - expected[r]) <= 1e-9);
    for (Index i = 0; i < n; ++i)
      if (w[i] == 0.0 || labels[i] < 0) CHECK(s[i] == 0.0);
  }
}

TEST_CASE("metrics: blind to names and to the order of the rows", "[metrics]") {
  const Eigen::MatrixXd x = latent_test::blobs(400, 12, 4, 1.0, 8);
  const Labels labels = cyclic(400, 4);
  const Labels renamed = labels.unaryExpr([](int l) { return 1000 - 7 * l; });
  const Eigen::MatrixXd turned = x.colwise().reverse();
  const Labels turned_labels = labels.reverse();
  const Eigen::VectorXd s = latent::silhouette_samples(x, labels);
  const Eigen::VectorXd back = latent::silhouette_samples(turned, turned_labels).reverse();
  CHECK((back - s).cwiseAbs().maxCoeff() <= 1e-12);
  CHECK((latent::silhouette_samples(x, renamed) - s).cwiseAbs().maxCoeff() <= 1e-12);
  CHECK(close(latent::davies_bouldin(turned, turned_labels), latent::davies_bouldin(x, renamed),
              1e-13));
  CHECK(close(latent::calinski_harabasz(turned, turned_labels),
              latent::calinski_harabasz(x, renamed), 1e-13));
}

TEST_CASE("metrics: a sampled silhouette is within its standard error", "[metrics]") {
  const Eigen::MatrixXd x = latent_test::blobs(1500, 3, 3, 1.0, 9);
  const Labels labels = cyclic(1500, 3);
  const Eigen::VectorXd w = latent_test::lattice(1500, 1, 3, 10);
  const auto weighted = samples(x).weights(w);
  const double exact = latent::silhouette(weighted, labels);
  double mean = 0.0;
  double error = 0.0;
  const int seeds = 40;
  for (int seed = 0; seed < seeds; ++seed) {
    const auto estimate =
        latent::SampledSilhouette{.rows = 50, .seed = static_cast<std::uint64_t>(seed)}.estimate(
            weighted, labels);
    CHECK(estimate.rows == 50);
    CHECK(std::abs(estimate.value - exact) <= 5.0 * estimate.standard_error);
    mean += estimate.value / seeds;
    error += estimate.standard_error / seeds;
  }
  // Unbiased: the mean of 40 is 40^(1/2) times as sure.
  CHECK(std::abs(mean - exact) <= 4.0 * error / std::sqrt(static_cast<double>(seeds)));
  const auto all = latent::SampledSilhouette{.rows = 1500}.estimate(weighted, labels);
  CHECK(close(all.value, exact, 1e-14));
  CHECK(all.standard_error == 0.0);
}

TEST_CASE("metrics: the irises by species", "[metrics]") {
  const RowMatrix<double> table = latent_test::read_table("iris");
  const Eigen::MatrixXd x = table.leftCols(4);
  Labels species(150);
  for (Index i = 0; i < 150; ++i) species[i] = static_cast<int>(table(i, 4));
  CHECK(close(latent::silhouette(x, species), silhouettes(x, species).mean(), 1e-13));
  const Both both = dispersions(x, species);
  CHECK(close(latent::calinski_harabasz(x, species), both.calinski_harabasz, 1e-13));
  CHECK(close(latent::davies_bouldin(x, species), both.davies_bouldin, 1e-13));
}

TEST_CASE("metrics: degenerate clusterings have values or typed errors", "[metrics]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(6, 2, 1);
  const Labels alone = Eigen::VectorXi::LinSpaced(6, 0, 5);
  CHECK(latent::silhouette(x, alone) == 0.0);
  CHECK(latent::davies_bouldin(x, alone) == 0.0);
  CHECK_THROWS_AS(latent::calinski_harabasz(x, alone), latent::InvalidArgument);

  // All rows equal, far from the origin, in few columns and in many.
  for (const Index cols : {2, 12}) {
    const Eigen::MatrixXd same = Eigen::MatrixXd::Constant(7, cols, 1e8 + 0.1);
    CHECK(latent::silhouette(same, cyclic(7, 2)) == 0.0);
    CHECK(latent::calinski_harabasz(same, cyclic(7, 2)) == 0.0);
    CHECK(latent::davies_bouldin(same, cyclic(7, 2)) == std::numeric_limits<double>::infinity());
  }
  // Clusters that are points.
  const Eigen::Vector4d points{1, 1, 2, 2};
  const Labels pairs = Eigen::Vector4i{0, 0, 1, 1};
  CHECK(latent::silhouette(points, pairs) == 1.0);
  CHECK(latent::calinski_harabasz(points, pairs) == std::numeric_limits<double>::infinity());
  CHECK(latent::davies_bouldin(points, pairs) == 0.0);
}

TEST_CASE("metrics: data and labels that do not fit are refused", "[metrics]") {
  using latent::DataError;
  using latent::InvalidArgument;
  Eigen::MatrixXd x = latent_test::normal_matrix(6, 9, 1);
  const Labels labels = cyclic(6, 2);
  const auto refused = [&](const auto& error, const Eigen::MatrixXd& data, const Labels& l,
                           const std::string& text) {
    using Error = std::decay_t<decltype(error)>;
    for (const std::string& message :
         {message_of<Error>([&] { latent::silhouette(data, l); }),
          message_of<Error>([&] { latent::silhouette_samples(data, l); }),
          message_of<Error>([&] { latent::SampledSilhouette{}.estimate(data, l); }),
          message_of<Error>([&] { latent::calinski_harabasz(data, l); }),
          message_of<Error>([&] { latent::davies_bouldin(data, l); })})
      CHECK_THAT(message, latent_test::contains(text));
  };
  const InvalidArgument invalid{""};
  const DataError wrong{""};
  refused(invalid, x, cyclic(5, 2), "5 labels for 6 rows");
  refused(invalid, x, Labels::Zero(6), "at least 2 clusters");
  refused(invalid, x, Labels::Constant(6, -1), "at least 2 clusters");
  refused(invalid, Eigen::MatrixXd(0, 2), Labels(), "at least one row");
  refused(invalid, Eigen::MatrixXd(6, 0), labels, "at least one column");
  Labels below = labels;
  below[3] = -2;
  refused(wrong, x, below, "-2 at row 3");
  refused(wrong, x * 1e200, labels, "2^480");
  refused(wrong, x * 1e-200, labels, "scale the data up");
  x(4, 1) = std::nan("");
  refused(wrong, x, labels, "row 4, column 1");
  CHECK_THROWS_AS(latent::SampledSilhouette{.rows = 1}.estimate(x, labels), InvalidArgument);
  const Eigen::VectorXd w{{1, 0, 1, 0, 1, 0}};
  CHECK_THROWS_AS(
      latent::silhouette(samples(latent_test::normal_matrix(6, 2, 1)).weights(w), labels),
      InvalidArgument);
}
