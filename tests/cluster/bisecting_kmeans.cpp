// BisectingKMeans: worked by hand, and what its hierarchy promises.
#include "latent/cluster/bisecting_kmeans.hpp"

#include <set>
#include <string>

#include "cluster/kmeans_data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::BisectingKMeans;
using latent::BisectingSplit;
using latent::Index;
using latent::Labels;
using latent::Status;
using latent_test::blobs;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

Index used(const Labels& labels) {
  return static_cast<Index>(std::set<int>(labels.begin(), labels.end()).size());
}

template <class S>
bool same(const latent::BisectingKMeansFit<S>& a, const latent::BisectingKMeansFit<S>& b) {
  bool equal = a.labels == b.labels && a.tree_labels == b.tree_labels &&
               same_bits(a.inertia, b.inertia) && a.splits.size() == b.splits.size() &&
               same_bits(a.model.centroids(), b.model.centroids());
  for (std::size_t s = 0; equal && s < a.splits.size(); ++s)
    equal = a.splits[s].cluster == b.splits[s].cluster &&
            same_bits(a.splits[s].inertias, b.splits[s].inertias, 2);
  return equal;
}

}  // namespace

TEST_CASE("bisecting: a line of points, worked by hand", "[bisecting]") {
  // {0, 1} {10, 12} {40, 44}, mean 107/6. In two: {0, 1, 10, 12} and {40, 44}; the left has the mean
  // 23/4 and the inertia 245 - 529/4 = 451/4, the right 8. Then {0, 1} and {10, 12}, 1/2 and 2.
  Eigen::VectorXd x(6);
  x << 0, 1, 10, 12, 40, 44;
  const auto fit = BisectingKMeans{.clusters = 3, .trials = 10}.fit(x);
  CHECK(fit.labels == (Labels(6) << 0, 0, 2, 2, 1, 1).finished());
  CHECK(fit.model.centroids() == (Eigen::VectorXd(3) << 0.5, 42, 11).finished());
  CHECK(fit.inertia == 0.5 + 2 + 8);
  REQUIRE(fit.splits.size() == 2);
  CHECK(fit.splits[0].cluster == 0);
  CHECK(fit.splits[0].weight == 6);
  CHECK(fit.splits[0].inertia == Approx(3781 - 107.0 * 107.0 / 6).epsilon(1e-14));
  CHECK(fit.splits[0].weights[0] == 4);
  CHECK(fit.splits[0].inertias[0] == Approx(451.0 / 4).epsilon(1e-14));
  CHECK(fit.splits[0].inertias[1] == 8);
  CHECK(fit.splits[1].cluster == 0);
  CHECK(fit.splits[1].inertia == Approx(451.0 / 4).epsilon(1e-14));
  REQUIRE(fit.report.trace.size() == 3);
  CHECK(fit.report.trace[1].objective == Approx(451.0 / 4 + 8).epsilon(1e-14));
  CHECK(fit.report.converged());

  CHECK(fit.labels_at(1) == Labels::Zero(6));
  CHECK(fit.labels_at(2) == (Labels(6) << 0, 0, 0, 0, 1, 1).finished());
  CHECK(fit.labels_at(3) == fit.labels);
  const auto merges = fit.merges();
  REQUIRE(merges.size() == 2);
  CHECK((merges[0].first == 0 && merges[0].second == 2 && merges[0].weight == 4));
  CHECK((merges[1].first == 1 && merges[1].second == 3 && merges[1].weight == 6));
  CHECK(merges[0].height == fit.splits[1].inertia);
}

TEST_CASE("bisecting: inertia and weight choose different clusters to divide", "[bisecting]") {
  // After the first division: 8 rows within 1, and 2 rows 40 apart.
  Eigen::VectorXd x(10);
  x << 0, 0, 0, 0, 1, 1, 1, 1, 980, 1020;
  const auto far = BisectingKMeans{.clusters = 3, .trials = 5}.fit(x);
  CHECK(far.splits[1].cluster == 1);
  CHECK(far.inertia == 2);
  const auto heavy =
      BisectingKMeans{.clusters = 3, .split = BisectingSplit::largest_weight, .trials = 5}.fit(x);
  CHECK(heavy.splits[1].cluster == 0);
  CHECK(heavy.inertia == 800);
}

TEST_CASE("bisecting: the inertia falls with every split and heights rise with every merge",
          "[bisecting]") {
  const Eigen::MatrixXd x = blobs(1500, 4, 20, 3.0, 11);
  for (const BisectingSplit split :
       {BisectingSplit::largest_inertia, BisectingSplit::largest_weight}) {
    const auto fit = BisectingKMeans{.clusters = 25, .split = split}.fit(x);
    CHECK(used(fit.labels) == 25);
    double before = std::numeric_limits<double>::infinity();
    for (const auto& iteration : fit.report.trace) {
      CHECK(iteration.objective < before);
      before = iteration.objective;
    }
    CHECK(fit.inertia == fit.report.trace.back().objective);
    CHECK(fit.inertia ==
          Approx(latent_test::inertia_of(x, fit.model.centroids(), fit.labels)).epsilon(1e-12));
    const auto merges = fit.merges();
    std::vector<double> height(50, 0.0);
    for (std::size_t t = 0; t < merges.size(); ++t) {
      height[25 + t] = merges[t].height;
      CHECK(merges[t].first < merges[t].second);
      CHECK(merges[t].second < static_cast<Index>(25 + t));
      for (const Index part : {merges[t].first, merges[t].second})
        CHECK(merges[t].height >= height[static_cast<std::size_t>(part)] * (1 - 1e-12));
    }
    CHECK(merges.back().weight == 1500);
  }
}

TEST_CASE("bisecting: labels of fewer clusters are unions of clusters", "[bisecting]") {
  const Eigen::MatrixXd x = blobs(800, 3, 12, 3.0, 12);
  const auto fit = BisectingKMeans{.clusters = 16}.fit(x);
  for (Index k = 1; k <= 16; ++k) {
    const Labels coarse = fit.labels_at(k);
    CHECK(used(coarse) == k);
    std::vector<int> of(16, -1);
    Index torn = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      int& known = of[static_cast<std::size_t>(fit.labels[i])];
      if (known < 0) known = coarse[i];
      torn += known != coarse[i] ? 1 : 0;
    }
    CHECK(torn == 0);
    // The half with the earlier row keeps the number.
    for (Index c = 1; c < k; ++c) {
      const auto first_of = [&](Index cluster, const Labels& labels) {
        Index i = 0;
        while (labels[i] != cluster) ++i;
        return i;
      };
      const Labels then = fit.labels_at(c + 1);
      CHECK(first_of(fit.splits[static_cast<std::size_t>(c) - 1].cluster, then) <
            first_of(c, then));
    }
    // A fit that stops there passes through the same clusters.
    CHECK(BisectingKMeans{.clusters = k}.fit(x).labels == coarse);
  }
  CHECK(message_of<latent::InvalidArgument>([&] { fit.labels_at(17); }).find("in 1 ... 16") !=
        std::string::npos);
  CHECK_THROWS_AS(fit.labels_at(0), latent::InvalidArgument);
}

TEST_CASE("bisecting: refinement ends at the nearest centroid with no more inertia",
          "[bisecting]") {
  const Eigen::MatrixXd x = blobs(1200, 5, 18, 2.0, 13);
  const auto plain = BisectingKMeans{.clusters = 18}.fit(x);
  const auto refined = BisectingKMeans{.clusters = 18, .refine = true}.fit(x);
  CHECK(refined.tree_labels == plain.labels);
  CHECK(refined.inertia <= plain.inertia);
  CHECK(refined.labels == refined.model.predict(x));
  CHECK(latent_test::wrong_labels(x, refined.model.centroids(), refined.labels) == 0);
  CHECK(refined.inertia == Approx(-refined.model.score(x)).epsilon(1e-12));
}

TEST_CASE("bisecting: the same bits for any number of threads", "[bisecting]") {
  const Eigen::MatrixXd x = blobs(5000, 6, 30, 1.5, 14);
  const Eigen::VectorXd w = latent_test::lattice(5000, 1, 4, 15);
  for (const bool refine : {false, true}) {
    const BisectingKMeans options{
        .clusters = 40, .trials = 2, .max_iterations = 20, .refine = refine};
    const auto data = latent::samples(x).weights(w);
    const auto serial = options.fit(data, latent::Serial{});
    for (const int threads : {1, 2, 3, 8})
      CHECK(same(serial, options.fit(data, latent::Threads{threads})));
  }
  const Eigen::MatrixXf xf = x.cast<float>();
  const BisectingKMeans options{.clusters = 20, .trials = 1, .max_iterations = 20};
  CHECK(same(options.fit(xf, latent::Serial{}), options.fit(xf, latent::Threads{3})));
}

TEST_CASE("bisecting: rows of weight zero take no part and are labelled all the same",
          "[bisecting]") {
  const Eigen::MatrixXd x = blobs(400, 3, 6, 6.0, 16);
  Eigen::MatrixXd more(500, 3);
  more << x, 100.0 * latent_test::normal_matrix(100, 3, 17);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(500);
  w.tail(100).setZero();
  const auto plain = BisectingKMeans{.clusters = 6}.fit(x);
  const auto weighted = BisectingKMeans{.clusters = 6}.fit(latent::samples(more).weights(w));
  CHECK(weighted.labels.head(400) == plain.labels);
  CHECK((weighted.model.centroids() - plain.model.centroids()).cwiseAbs().maxCoeff() <= 1e-12);
  CHECK(weighted.inertia == Approx(plain.inertia).epsilon(1e-12));
  CHECK(weighted.labels.tail(100) == weighted.model.predict(more.bottomRows(100)));
}

TEST_CASE("bisecting: an integer weight is so many rows", "[bisecting]") {
  // Clouds so far apart that every way to begin finds them.
  const Eigen::MatrixXd x = blobs(200, 2, 4, 50.0, 18);
  const Eigen::VectorXd w = latent_test::lattice(200, 1, 3, 19).array() + 1.0;
  Eigen::MatrixXd repeated(static_cast<Index>(w.sum()), 2);
  Index next = 0;
  for (Index i = 0; i < 200; ++i)
    for (int copy = 0; copy < static_cast<int>(w[i]); ++copy) repeated.row(next++) = x.row(i);
  const BisectingKMeans options{.clusters = 4, .trials = 10};
  const auto a = options.fit(latent::samples(x).weights(w));
  const auto b = options.fit(repeated);
  CHECK(a.inertia == Approx(b.inertia).epsilon(1e-11));
  CHECK(a.model.predict(repeated) == b.labels);
}

TEST_CASE("bisecting: one cluster, as many clusters as rows, and fewer distinct rows",
          "[bisecting]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(40, 3, 20);
  const auto one = BisectingKMeans{.clusters = 1}.fit(x);
  CHECK(one.splits.empty());
  CHECK(one.merges().empty());
  CHECK(one.labels == Labels::Zero(40));
  CHECK((one.model.centroids() - x.colwise().mean()).cwiseAbs().maxCoeff() <= 1e-15);
  const auto all = BisectingKMeans{.clusters = 40}.fit(x);
  CHECK(used(all.labels) == 40);
  CHECK(all.inertia == 0.0);
  CHECK(all.report.converged());

  for (const BisectingSplit split :
       {BisectingSplit::largest_inertia, BisectingSplit::largest_weight}) {
    const auto few = BisectingKMeans{.clusters = 9, .split = split}.fit(
        latent_test::stacked(x.topRows(5), x.topRows(5)));
    CHECK(few.report.status == Status::degenerate);
    REQUIRE(few.report.notes.size() == 1);
    CHECK(few.report.notes[0].value == 5);
    CHECK(few.model.centroids().rows() == 5);
    CHECK(few.labels.head(5) == few.labels.tail(5));
    CHECK(few.inertia == 0.0);
  }
  const auto same_rows = BisectingKMeans{.clusters = 2}.fit(Eigen::MatrixXd::Constant(50, 2, 0.1));
  CHECK(same_rows.model.centroids().rows() == 1);
  CHECK(same_rows.inertia == 0.0);
}

TEST_CASE("bisecting: bad input is refused", "[bisecting]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(20, 3, 21);
  const auto refused = [&](const BisectingKMeans& options, const std::string& part) {
    CHECK_THAT(message_of<latent::InvalidArgument>([&] { options.fit(x); }),
               latent_test::contains(part));
  };
  refused({.clusters = 0}, "BisectingKMeans: clusters must be at least 1; got 0");
  refused(
      {.clusters = 21},
      "BisectingKMeans: clusters must not exceed the number of rows; got 21 clusters for 20 rows");
  refused({.clusters = 2, .trials = 0}, "trials must be at least 1; got 0");
  refused({.clusters = 2, .max_iterations = 0}, "max_iterations must be at least 1; got 0");
  refused({.clusters = 2, .tolerance = -1.0}, "tolerance must be finite and not negative; got -1");
  Eigen::MatrixXd bad = x;
  bad(7, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(message_of<latent::DataError>([&] { BisectingKMeans{}.fit(bad); }) ==
        "BisectingKMeans: data must be finite; got NaN at row 7, column 1");
}
