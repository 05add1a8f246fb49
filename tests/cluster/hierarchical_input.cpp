// HierarchicalKMeans: threads, weights, duplicates, float and bad input.
#include <cmath>
#include <limits>
#include <string>

#include "cluster/hierarchical_data.hpp"
#include "latent/cluster/hierarchical_kmeans.hpp"
#include "support/catch.hpp"

using latent::ClusterShare;
using latent::HierarchicalKMeans;
using latent::HierarchicalKMeansFit;
using latent::Index;
using latent::RowMatrix;
using latent::Status;
using latent_test::blobs;
using latent_test::empty;
using latent_test::message_of;
using latent_test::same_bits;
using latent_test::sizes;

namespace {

template <class S>
bool same(const HierarchicalKMeansFit<S>& a, const HierarchicalKMeansFit<S>& b) {
  bool equal = a.labels == b.labels && same_bits(a.inertia, b.inertia) &&
               a.report.trace.size() == b.report.trace.size() &&
               a.report.status == b.report.status && a.model.levels() == b.model.levels() &&
               same_bits(a.error.mislabelled, b.error.mislabelled) &&
               same_bits(a.error.mislabelled_error, b.error.mislabelled_error) &&
               same_bits(a.error.excess, b.error.excess) &&
               same_bits(a.error.excess_error, b.error.excess_error);
  for (Index l = 0; equal && l < a.model.levels(); ++l)
    equal = same_bits(a.model.nodes(l), b.model.nodes(l));
  for (std::size_t t = 0; equal && t < a.report.trace.size(); ++t)
    equal = same_bits(a.report.trace[t].objective, b.report.trace[t].objective);
  return equal;
}

}  // namespace

TEST_CASE("hierarchical: the same bits for any number of threads", "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(9000, 6, 60, 1.0, 16);
  const Eigen::VectorXd w = latent_test::lattice(9000, 1, 4, 17);
  const auto check = [&](const HierarchicalKMeans& options, const auto& data) {
    const auto serial = options.fit(data, latent::Serial{});
    for (const int threads : {1, 2, 3, 8}) {
      const auto fit = options.fit(data, latent::Threads{threads});
      CHECK(same(serial, fit));
      CHECK(fit.model.predict(data, latent::Threads{threads}) == serial.labels);
    }
  };
  check({.clusters = 90, .refine = 2, .max_iterations = 4, .error_rows = 500},
        latent::samples(x).weights(w));
  check({.clusters = 90, .levels = 3, .beam = 2, .refine = 1, .max_iterations = 4}, x);
  check({.clusters = 60, .refine = 2, .max_iterations = 4}, Eigen::MatrixXf(x.cast<float>()));
}

TEST_CASE("hierarchical: a row alone gets the label it gets among others", "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(3000, 6, 60, 1.0, 18);
  const RowMatrix<double> rows = x;
  const auto fit = HierarchicalKMeans{.clusters = 70, .beam = 3, .refine = 1}.fit(x);
  CHECK(same(fit, HierarchicalKMeans{.clusters = 70, .beam = 3, .refine = 1}.fit(rows)));
  for (Index i = 0; i < 300; ++i) CHECK(fit.model.predict(x.row(i))[0] == fit.labels[i]);
  CHECK(fit.model.predict(x.middleRows(777, 1001)) == fit.labels.segment(777, 1001));
  CHECK(fit.model.predict(Eigen::MatrixXd(0, 6)).size() == 0);
}

TEST_CASE("hierarchical: rows of weight zero take no part and are labelled all the same",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(1200, 4, 30, 2.0, 19);
  // The rows without weight stand between the others, and two of them far outside.
  Eigen::MatrixXd more(2400, 4);
  Eigen::VectorXd w(2400);
  for (Index i = 0; i < 1200; ++i) {
    more.row(2 * i) = x.row(i);
    more.row(2 * i + 1) =
        (i < 2 ? 1e6 : 1.0) * latent_test::normal_matrix(1, 4, 20 + static_cast<std::uint64_t>(i));
    w[2 * i] = 1.0;
    w[2 * i + 1] = 0.0;
  }
  const auto fit = HierarchicalKMeans{.clusters = 40}.fit(latent::samples(more).weights(w));
  CHECK(empty(sizes(fit.labels, 40, w)) == 0);
  CHECK(fit.labels == fit.model.predict(more));
  CHECK(fit.model.centroids().cwiseAbs().maxCoeff() <= x.cwiseAbs().maxCoeff());
  const auto plain = HierarchicalKMeans{.clusters = 40}.fit(x);
  CHECK(fit.inertia <= 1.3 * plain.inertia);
  CHECK(plain.inertia <= 1.3 * fit.inertia);
  CHECK(same(plain, HierarchicalKMeans{.clusters = 40}.fit(
                        latent::samples(x).weights(Eigen::VectorXd::Ones(1200)))));
}

TEST_CASE("hierarchical: as many clusters as rows, and duplicates", "[hierarchical]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(90, 3, 21);
  for (const Index levels : {1, 2, 3}) {
    const auto all = HierarchicalKMeans{.clusters = 90, .levels = levels}.fit(x);
    CHECK(all.inertia == 0.0);
    CHECK(empty(sizes(all.labels, 90)) == 0);

    // Every row five times: as many clusters as different rows, then more.
    const Eigen::MatrixXd five = x.replicate(5, 1);
    const auto exact = HierarchicalKMeans{.clusters = 90, .levels = levels}.fit(five);
    CHECK(exact.inertia == 0.0);
    CHECK(empty(sizes(exact.labels, 90)) == 0);
    CHECK(exact.report.status != Status::degenerate);
    const auto few = HierarchicalKMeans{.clusters = 100, .levels = levels}.fit(five);
    CHECK(few.report.status == Status::degenerate);
    REQUIRE_FALSE(few.report.notes.empty());
    CHECK(few.report.notes.back().value == 90);
    CHECK(few.model.centroids().rows() == 100);
    CHECK(few.inertia == 0.0);
    CHECK(few.error.excess == 0.0);
  }
  const auto same_rows =
      HierarchicalKMeans{.clusters = 12}.fit(Eigen::MatrixXd::Constant(5000, 2, 0.1));
  CHECK(same_rows.inertia == 0.0);
  CHECK(same_rows.model.centroids().rows() == 12);
  CHECK((same_rows.model.centroids().array() == 0.1).all());
}

TEST_CASE("hierarchical: a place of many equal rows gets one cluster, and others the rest",
          "[hierarchical]") {
  // Half of all rows are the origin or its mirror -0; a share by weight alone would waste clusters.
  Eigen::MatrixXd x = latent_test::normal_matrix(2000, 3, 22);
  x.topRows(600).setZero();
  x.middleRows(600, 400).setConstant(-0.0);
  for (const ClusterShare share : {ClusterShare::inertia, ClusterShare::weight}) {
    const auto fit = HierarchicalKMeans{.clusters = 1001, .refine = 1, .share = share}.fit(x);
    CHECK(empty(sizes(fit.labels, 1001)) == 0);
    CHECK(fit.inertia == 0.0);
    CHECK(fit.report.status != Status::degenerate);
  }
  const auto one_more = HierarchicalKMeans{.clusters = 1002, .refine = 0}.fit(x);
  CHECK(one_more.report.status == Status::degenerate);
  CHECK(one_more.report.notes.back().value == 1001);
}

TEST_CASE("hierarchical: numbers far apart in size are all data", "[hierarchical]") {
  // A cloud whose squares underflow is one place for every method here.
  Eigen::MatrixXd x = latent_test::normal_matrix(400, 2, 23);
  x.topRows(200) *= 1e-200;
  x.bottomRows(200).array() += 100.0;
  const auto fit = HierarchicalKMeans{.clusters = 12, .branching = 2}.fit(x);
  CHECK(fit.model.centroids().allFinite());
  CHECK(fit.labels == fit.model.predict(x));
  CHECK(std::isfinite(fit.inertia));
}

TEST_CASE("hierarchical: float data far from the origin", "[hierarchical]") {
  const Eigen::MatrixXd clouds = blobs(2000, 4, 25, 30.0, 24);
  const double near_zero = HierarchicalKMeans{.clusters = 25}.fit(clouds).inertia;
  for (const double shift : {1e3, 1e5}) {
    const Eigen::MatrixXf x = (clouds.array() + shift).matrix().cast<float>();
    const auto fit = HierarchicalKMeans{.clusters = 25}.fit(x);
    CHECK(fit.labels == fit.model.predict(x));
    CHECK(fit.inertia ==
          Approx(latent_test::inertia_of(x, fit.model.centroids(), fit.labels)).epsilon(1e-10));
    CHECK(fit.inertia <= 1.5 * near_zero);
  }
}

TEST_CASE("hierarchical: bad input is refused", "[hierarchical]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(20, 3, 25);
  const auto refused = [&](const HierarchicalKMeans& options, const std::string& part) {
    CHECK_THAT(message_of<latent::InvalidArgument>([&] { options.fit(x); }),
               latent_test::contains(part));
  };
  refused({.clusters = 0}, "HierarchicalKMeans: clusters must be at least 1; got 0");
  refused({.clusters = 21},
          "HierarchicalKMeans: clusters must not exceed the number of rows; got 21 clusters for 20 "
          "rows");
  refused({.clusters = 2, .levels = 0}, "levels must be in 1 ... 16; got 0");
  refused({.clusters = 2, .levels = 17}, "levels must be in 1 ... 16; got 17");
  refused({.clusters = 2, .branching = -1}, "branching must be at least 0; got -1");
  refused({.clusters = 2, .beam = 0}, "beam must be at least 1; got 0");
  refused({.clusters = 2, .refine = -1}, "refine must be at least 0; got -1");
  refused({.clusters = 2, .max_iterations = 0}, "max_iterations must be at least 1; got 0");
  refused({.clusters = 2, .tolerance = -1.0}, "tolerance must be finite and not negative; got -1");
  refused({.clusters = 2, .error_rows = -1}, "error_rows must be at least 0; got -1");
  Eigen::MatrixXd bad = x;
  bad(7, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(message_of<latent::DataError>([&] { HierarchicalKMeans{}.fit(bad); }) ==
        "HierarchicalKMeans: data must be finite; got NaN at row 7, column 1");

  const auto model = HierarchicalKMeans{.clusters = 4}.fit(x).model;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { model.predict(Eigen::MatrixXd(5, 2)); }),
             latent_test::contains("data must have 3 columns, as the centroids; got 5 x 2"));
  CHECK_THROWS_AS(model.with_beam(0), latent::InvalidArgument);
  CHECK_THAT(message_of<latent::DataError>([&] { model.predict(bad); }),
             latent_test::contains("row 7, column 1"));
  const latent::HierarchicalKMeansModel<double> unfitted;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { unfitted.predict(x); }),
             latent_test::contains("fit it before use"));
  CHECK_THROWS_AS(unfitted.centroids(), latent::InvalidArgument);
  CHECK_THROWS_AS(unfitted.assignment_error(x), latent::InvalidArgument);
}

TEST_CASE("hierarchical: children of what has none are refused as they were asked for",
          "[hierarchical]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(60, 3, 26);
  const auto two = HierarchicalKMeans{.clusters = 9}.fit(x).model;
  REQUIRE(two.levels() == 2);
  const auto said = [](const auto& model, Index level, Index node) {
    return message_of<latent::InvalidArgument>([&] { model.children(level, node); });
  };
  const std::string above = "HierarchicalKMeansModel: children: level must lie above the last, ";
  CHECK(said(two, 1, 0) == above + "1; got 1");
  CHECK(said(two, 2, 0) == above + "1; got 2");
  CHECK(said(two, -1, 0) == above + "1; got -1");
  CHECK(said(two, 0, 3) ==
        "HierarchicalKMeansModel: children: node must be in 0 ... 2; got 3 of level 0");
  CHECK(said(two, 0, -1) ==
        "HierarchicalKMeansModel: children: node must be in 0 ... 2; got -1 of level 0");
  const auto one = HierarchicalKMeans{.clusters = 9, .levels = 1}.fit(x).model;
  CHECK(said(one, 0, 0) == above + "0; got 0");
}
