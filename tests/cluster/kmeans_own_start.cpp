// Starts of the user's own, and restarts.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::Index;
using latent::InvalidArgument;
using latent::KMeans;
using latent::KMeansInit;
using latent::Random;
using latent::RowMatrix;
using latent::Samples;
using latent_test::message_of;

namespace {

// A row anywhere, K times.
struct AnyRows {
  std::vector<double> first_numbers;
  RowMatrix<double> operator()(const Samples<double>& data, Index clusters, Random& random) {
    RowMatrix<double> rows(clusters, data.cols());
    for (Index k = 0; k < clusters; ++k) {
      const Index row = random.below(data.rows());
      for (Index j = 0; j < data.cols(); ++j) rows(k, j) = data(row, j);
    }
    first_numbers.push_back(rows(0, 0));
    return rows;
  }
};

}  // namespace

TEST_CASE("kmeans own start: it is called once a restart, with random numbers of its own",
          "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(3000, 3, 6, 3.0, 50);
  AnyRows start;
  const KMeans options{.clusters = 6, .restarts = 4, .seed = 3};
  const auto fit = options.fit_from(start, x, latent::Threads{2});
  CHECK(start.first_numbers.size() == 4);
  CHECK(start.first_numbers[0] != start.first_numbers[1]);
  REQUIRE(fit.report.restarts.size() == 4);
  CHECK(fit.inertia == *std::min_element(fit.report.restarts.begin(), fit.report.restarts.end()));
  // Each run is the run from the rows given.
  for (Index r = 0; r < 4; ++r) {
    Random random{3, latent::Purpose::initialisation, static_cast<std::uint64_t>(r)};
    AnyRows again;
    const RowMatrix<double> rows = again(latent::samples(x), 6, random);
    CHECK(KMeans{}.fit_from(rows, x).inertia == fit.report.restarts[static_cast<std::size_t>(r)]);
  }
  CHECK(options.fit_from(AnyRows{}, x, latent::Serial{}).model.centroids() ==
        fit.model.centroids());
}

TEST_CASE("kmeans own start: lambdas, expressions, float data and the default of clusters",
          "[kmeans]") {
  const Eigen::MatrixXf x = latent_test::blobs(500, 2, 8, 5.0, 51).cast<float>();
  const auto top = [&x](const auto&, Index clusters, Random&) { return x.topRows(clusters); };
  const auto fit = KMeans{}.fit_from(top, x);
  CHECK(fit.model.centroids() == KMeans{}.fit_from(x.topRows(8), x).model.centroids());
  const auto doubles = [](const Samples<float>& data, Index clusters, Random& random) {
    return Eigen::MatrixXd(Eigen::MatrixXd::Constant(clusters, data.cols(), random.normal()));
  };
  CHECK(KMeans{.clusters = 2}.fit_from(doubles, x).labels.maxCoeff() == 1);
}

TEST_CASE("kmeans own start: what it must not return is an error that names the restart",
          "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(30, 3, 52);
  const auto returning = [&](RowMatrix<double> bad) {
    return [&x, bad, run = 0](const Samples<double>&, Index clusters, Random&) mutable {
      return run++ < 2 ? RowMatrix<double>(x.topRows(clusters)) : bad;
    };
  };
  const KMeans options{.clusters = 4, .restarts = 5};
  const auto shape = [&](Index rows, Index cols) {
    return message_of<InvalidArgument>(
        [&] { options.fit_from(returning(RowMatrix<double>::Zero(rows, cols)), x); });
  };
  CHECK(shape(3, 3) ==
        "KMeans: the start must be clusters x columns, 4 x 3; got 3 x 3 for restart 2");
  CHECK(shape(4, 2) ==
        "KMeans: the start must be clusters x columns, 4 x 3; got 4 x 2 for restart 2");
  CHECK_FALSE(shape(0, 0).empty());
  RowMatrix<double> bad = x.topRows(4);
  for (const double value : {std::numeric_limits<double>::quiet_NaN(),
                             -std::numeric_limits<double>::infinity(), 1e200}) {
    bad(2, 1) = value;
    const std::string message = message_of<DataError>([&] { options.fit_from(returning(bad), x); });
    CHECK_THAT(message, latent_test::contains("restart 2"));
    CHECK_THAT(message, latent_test::contains("row 2, column 1"));
  }
  // Within the range, but the inertia is not.
  bad(2, 1) = 0x1p480;
  const Eigen::VectorXd w = Eigen::VectorXd::Constant(30, 1e40);
  CHECK_THAT(message_of<DataError>(
                 [&] { options.fit_from(returning(bad), latent::samples(x).weights(w)); }),
             latent_test::contains("must be finite; got a total weight"));
  // Options and data are looked at before it is called.
  Index calls = 0;
  const auto counting = [&](const Samples<double>&, Index clusters, Random&) {
    ++calls;
    return RowMatrix<double>(x.topRows(clusters));
  };
  CHECK_FALSE(
      message_of<InvalidArgument>([&] { KMeans{.clusters = 0}.fit_from(counting, x); }).empty());
  CHECK_FALSE(
      message_of<InvalidArgument>([&] { KMeans{.clusters = 31}.fit_from(counting, x); }).empty());
  CHECK_FALSE(message_of<InvalidArgument>([&] {
                KMeans{.clusters = 2, .restarts = 0}.fit_from(counting, x);
              }).empty());
  CHECK(calls == 0);
}

TEST_CASE("kmeans restarts: the best run is kept, of equal ones the first, for every start",
          "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(2500, 2, 12, 2.0, 53);
  for (const KMeansInit init : {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus,
                                KMeansInit::random, KMeansInit::parallel, KMeansInit::afk_mc2}) {
    INFO("start " << static_cast<int>(init));
    std::vector<RowMatrix<double>> last(6);
    const auto fit = KMeans{.clusters = 12, .init = init, .restarts = 6, .seed = 4}.fit(
        x, latent::Threads{2}, [&](const latent::KMeansIteration<double>& view) {
          last[static_cast<std::size_t>(view.restart)] = view.next_centroids;
        });
    REQUIRE(fit.report.restarts.size() == 6);
    const auto least = std::min_element(fit.report.restarts.begin(), fit.report.restarts.end());
    CHECK(fit.inertia == *least);
    const auto best = static_cast<std::size_t>(least - fit.report.restarts.begin());
    CHECK((fit.model.centroids() - last[best]).cwiseAbs().maxCoeff() <= 1e-12);
    CHECK(*std::max_element(fit.report.restarts.begin(), fit.report.restarts.end()) > *least);
  }
  // Two mirrored optima of the same inertia: the centroids are those of run 0.
  const Eigen::Vector4d square(-3, -1, 1, 3);
  auto mirrored = [run = 0](const auto&, Index, Random&) mutable {
    const double sign = run++ % 2 == 0 ? 1.0 : -1.0;
    return RowMatrix<double>(sign * Eigen::Vector3d(-2, 1, 3));
  };
  const auto fit = KMeans{.clusters = 3, .restarts = 4}.fit_from(mirrored, square);
  REQUIRE(fit.report.restarts.size() == 4);
  CHECK(fit.report.restarts[0] == fit.report.restarts[1]);
  CHECK(fit.model.centroids() == Eigen::Vector3d(-2, 1, 3));
}

TEST_CASE("kmeans restarts: deterministic starts run once, and the report says so", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::blobs(2500, 2, 12, 2.0, 54);
  for (const KMeansInit init : {KMeansInit::farthest_first, KMeansInit::pca_part}) {
    const auto one = KMeans{.clusters = 12, .init = init, .seed = 1}.fit(x);
    const auto many = KMeans{.clusters = 12, .init = init, .restarts = 7, .seed = 2}.fit(x);
    CHECK(one.model.centroids() == many.model.centroids());
    CHECK(one.inertia == many.inertia);
    CHECK(many.report.restarts.size() == 1);
    CHECK(one.report.notes.empty());
    REQUIRE(many.report.notes.size() == 1);
    CHECK(many.report.notes[0].value == 7);
    CHECK_THAT(many.report.notes[0].message, latent_test::contains("deterministic"));
  }
}
