// HierarchicalKMeans: exactly K clusters, labels of the model, and an error that is the true one.
#include "latent/cluster/hierarchical_kmeans.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "cluster/hierarchical_data.hpp"
#include "latent/cluster/kmeans.hpp"
#include "support/catch.hpp"

using latent::ClusterShare;
using latent::HierarchicalKMeans;
using latent::Index;
using latent::KMeans;
using latent::Labels;
using latent_test::blobs;
using latent_test::empty;
using latent_test::sizes;

namespace {

template <class X, class Model>
double distance_to_label(const X& x, Index row, const Model& model, const Labels& labels) {
  return latent_test::distance2(x, row, model.centroids(), labels[row]);
}

}  // namespace

TEST_CASE("hierarchical: exactly K clusters, none empty, labels of the model", "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(3000, 5, 60, 2.0, 1);
  for (const Index clusters : {1, 2, 3, 17, 60, 173})
    for (const Index levels : {1, 2, 3, 5})
      for (const ClusterShare share : {ClusterShare::inertia, ClusterShare::weight}) {
        INFO(clusters << " clusters, " << levels << " levels");
        const auto fit =
            HierarchicalKMeans{
                .clusters = clusters, .levels = levels, .beam = 2, .refine = 1, .share = share}
                .fit(x);
        CHECK(fit.model.centroids().rows() == clusters);
        CHECK(fit.model.levels() == levels);
        CHECK(empty(sizes(fit.labels, clusters)) == 0);
        CHECK(fit.labels == fit.model.predict(x));
        CHECK(fit.inertia ==
              Approx(latent_test::inertia_of(x, fit.model.centroids(), fit.labels)).epsilon(1e-12));
        CHECK(fit.inertia == Approx(-fit.model.score(x)).epsilon(1e-12));
        CHECK(fit.inertia == fit.report.trace.back().objective);
      }
}

TEST_CASE("hierarchical: the tree is whole, and its fan-out is what was asked for",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(2000, 3, 40, 2.0, 2);
  const auto check = [&](const HierarchicalKMeans& options, Index top) {
    const auto fit = options.fit(x);
    CHECK(fit.model.nodes(0).rows() == top);
    for (Index l = 0; l + 1 < fit.model.levels(); ++l) {
      Index next = 0;
      for (Index node = 0; node < fit.model.nodes(l).rows(); ++node) {
        const auto [first, count] = fit.model.children(l, node);
        CHECK(first == next);
        CHECK(count >= 1);
        next += count;
      }
      CHECK(next == fit.model.nodes(l + 1).rows());
    }
    CHECK_THROWS_AS(fit.model.children(fit.model.levels() - 1, 0), latent::InvalidArgument);
    CHECK_THROWS_AS(fit.model.children(-1, 0), latent::InvalidArgument);
    CHECK_THROWS_AS(fit.model.nodes(-1), latent::InvalidArgument);
  };
  check({.clusters = 100}, 10);              // sqrt(100)
  check({.clusters = 125, .levels = 3}, 5);  // cube root
  check({.clusters = 100, .branching = 7}, 7);
  check({.clusters = 5, .branching = 9}, 5);  // no more nodes than clusters
  check({.clusters = 64, .levels = 6, .refine = 0}, 2);
}

TEST_CASE("hierarchical: a beam of one goes where the nearest node of each level leads",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(1500, 7, 40, 1.5, 3);
  for (const Index levels : {2, 3}) {
    const auto fit =
        HierarchicalKMeans{.clusters = 60, .levels = levels, .beam = 1, .refine = 2}.fit(x);
    for (Index i = 0; i < x.rows(); i += 7) {
      std::pair<Index, Index> range{0, fit.model.nodes(0).rows()};
      for (Index l = 0;; ++l) {
        const Index node =
            range.first +
            latent_test::nearest(x, i, fit.model.nodes(l).middleRows(range.first, range.second));
        if (l + 1 == levels) {
          CHECK(fit.labels[i] == node);
          break;
        }
        range = fit.model.children(l, node);
      }
    }
  }
}

TEST_CASE("hierarchical: a beam of b takes the nearest of the leaves below the b nearest nodes",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(1000, 6, 50, 1.0, 4);
  const auto fit = HierarchicalKMeans{.clusters = 64, .refine = 1}.fit(x);
  for (const Index beam : {2, 3, 5}) {
    const Labels labels = fit.model.with_beam(beam).predict(x);
    for (Index i = 0; i < x.rows(); i += 3) {
      std::vector<std::pair<double, Index>> nodes;
      for (Index p = 0; p < fit.model.nodes(0).rows(); ++p)
        nodes.emplace_back(latent_test::distance2(x, i, fit.model.nodes(0), p), p);
      std::sort(nodes.begin(), nodes.end());
      std::pair<double, Index> best{std::numeric_limits<double>::infinity(), 0};
      for (Index rank = 0; rank < beam; ++rank) {
        const auto [first, count] =
            fit.model.children(0, nodes[static_cast<std::size_t>(rank)].second);
        for (Index k = first; k < first + count; ++k)
          best = std::min(best, {latent_test::distance2(x, i, fit.model.centroids(), k), k});
      }
      CHECK(labels[i] == best.second);
    }
  }
}

TEST_CASE("hierarchical: a beam of all nodes finds the nearest centroid", "[hierarchical]") {
  for (const Index cols : {2, 9}) {
    const Eigen::MatrixXd x = blobs(2500, cols, 40, 1.0, 5);
    const Eigen::MatrixXd others = latent_test::normal_matrix(3000, cols, 6);
    for (const Index levels : {2, 3}) {
      const auto fit =
          HierarchicalKMeans{.clusters = 80, .levels = levels, .beam = 80, .refine = 1}.fit(x);
      CHECK(fit.labels == fit.model.flat().predict(x));
      CHECK(fit.error.mislabelled == 0.0);
      CHECK(fit.error.excess == 0.0);
      CHECK(fit.model.predict(others) == fit.model.flat().predict(others));
      CHECK(fit.model.with_beam(1000000).predict(others) == fit.model.flat().predict(others));
    }
  }
}

TEST_CASE("hierarchical: more beams never take a row farther", "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(2500, 8, 60, 1.0, 7);
  const auto fit = HierarchicalKMeans{.clusters = 100, .refine = 1}.fit(x);
  Labels before = fit.model.with_beam(1).predict(x);
  for (Index beam = 2; beam <= 10; ++beam) {
    const Labels after = fit.model.with_beam(beam).predict(x);
    Index farther = 0;
    for (Index i = 0; i < x.rows(); ++i)
      farther +=
          distance_to_label(x, i, fit.model, after) > distance_to_label(x, i, fit.model, before)
              ? 1
              : 0;
    CHECK(farther == 0);
    before = after;
  }
  CHECK(before == fit.model.flat().predict(x));  // 10 nodes
}

TEST_CASE("hierarchical: refinement never raises the inertia", "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(4000, 6, 80, 1.0, 8);
  for (const Index beam : {1, 3}) {
    const auto fit = HierarchicalKMeans{.clusters = 90, .beam = beam, .refine = 8}.fit(x);
    REQUIRE(fit.report.trace.size() >= 3);
    for (std::size_t t = 1; t < fit.report.trace.size(); ++t)
      CHECK(fit.report.trace[t].objective <= fit.report.trace[t - 1].objective * (1 + 1e-13));
    CHECK(fit.report.trace.back().objective < fit.report.trace[0].objective);
    CHECK(fit.report.iterations + 1 == static_cast<Index>(fit.report.trace.size()));
  }
}

TEST_CASE("hierarchical: refined to the end, centroids are the weighted means of their rows",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(600, 4, 20, 3.0, 9);
  const Eigen::VectorXd w = latent_test::lattice(600, 1, 50, 9).array() + 1.0;
  const auto fit = HierarchicalKMeans{.clusters = 20, .beam = 2, .refine = 300}.fit(
      latent::samples(x).weights(w));
  REQUIRE(fit.report.converged());
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(20, 4);
  Eigen::VectorXd weights = Eigen::VectorXd::Zero(20);
  for (Index i = 0; i < 600; ++i) {
    sums.row(fit.labels[i]) += w[i] * x.row(i);
    weights[fit.labels[i]] += w[i];
  }
  const Eigen::MatrixXd means = sums.array().colwise() / weights.array();
  CHECK((fit.model.centroids() - means).cwiseAbs().maxCoeff() <= 1e-13);
}

TEST_CASE("hierarchical: the error reported is that of all rows where the sample is all rows",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(1500, 8, 60, 1.0, 10);
  const Eigen::VectorXd w = latent_test::lattice(1500, 1, 4, 11);
  const auto fit = HierarchicalKMeans{.clusters = 100, .beam = 1, .refine = 1}.fit(
      latent::samples(x).weights(w));
  double total = 0.0, wrong = 0.0, given = 0.0, least = 0.0;
  for (Index i = 0; i < x.rows(); ++i) {
    const double e = latent_test::distance2(x, i, fit.model.centroids(),
                                            latent_test::nearest(x, i, fit.model.centroids()));
    const double d = distance_to_label(x, i, fit.model, fit.labels);
    total += w[i];
    wrong += d > e ? w[i] : 0.0;
    given += w[i] * d;
    least += w[i] * e;
  }
  CHECK(fit.error.rows == (w.array() > 0).count());
  CHECK(fit.error.mislabelled > 0.02);
  CHECK(fit.error.mislabelled == Approx(wrong / total).epsilon(1e-12));
  CHECK(fit.error.excess == Approx((given - least) / least).epsilon(1e-10));
  CHECK(fit.error.mislabelled_error == 0.0);
  CHECK(fit.error.excess_error == 0.0);
}

TEST_CASE("hierarchical: the standard error is the spread of the estimate over samples",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(3000, 8, 60, 1.0, 12);
  const auto fit = HierarchicalKMeans{.clusters = 100, .beam = 1, .refine = 0}.fit(x);
  const auto truth = fit.model.assignment_error(x, 3000);
  CHECK(truth.rows == 3000);
  constexpr int samples = 60;
  double spread[2] = {0.0, 0.0};
  double said[2] = {0.0, 0.0};
  for (std::uint64_t seed = 0; seed < samples; ++seed) {
    const auto error = fit.model.assignment_error(x, 300, seed);
    CHECK(error.rows == 300);
    spread[0] += std::pow(error.mislabelled - truth.mislabelled, 2) / samples;
    spread[1] += std::pow(error.excess - truth.excess, 2) / samples;
    said[0] += error.mislabelled_error / samples;
    said[1] += error.excess_error / samples;
  }
  // The mean square of 60 deviations is within a factor 2 of the variance but once in 10^4.
  for (const int e : {0, 1}) {
    CHECK(spread[e] < 2.0 * said[e] * said[e]);
    CHECK(spread[e] > 0.5 * said[e] * said[e]);
  }
  // A sample of one has no spread to tell, and an unmeasured error says so.
  CHECK(fit.model.assignment_error(x, 1).mislabelled_error == 0.0);
  CHECK(HierarchicalKMeans{.clusters = 9, .error_rows = 0}.fit(x).error.rows == 0);
  CHECK_THROWS_AS(fit.model.assignment_error(x, 0), latent::InvalidArgument);
}

TEST_CASE("hierarchical: on separate clouds the inertia is close to that of k-means",
          "[hierarchical]") {
  const Eigen::MatrixXd x = blobs(6000, 10, 100, 4.0, 13);
  const double flat = KMeans{.clusters = 100, .restarts = 3}.fit(x).inertia;
  const auto fit = HierarchicalKMeans{.clusters = 100}.fit(x);
  CHECK(fit.inertia <= 1.3 * flat);
  // And where there are no clouds at all.
  const Eigen::MatrixXd y = latent_test::normal_matrix(6000, 2, 14);
  CHECK(HierarchicalKMeans{.clusters = 100}.fit(y).inertia <=
        1.1 * KMeans{.clusters = 100}.fit(y).inertia);
}

TEST_CASE("hierarchical: shares follow inertia to the power D / (D + 2), or weight",
          "[hierarchical]") {
  // Webster's divisors by hand: 3 : 1 : 1 of 10 are 6, 2, 2, and a cap gives the rest away.
  using latent::detail::apportion;
  const std::vector<Index> free{100, 100, 100};
  CHECK(apportion({3, 1, 1}, free, 10) == std::vector<Index>{6, 2, 2});
  CHECK(apportion({3, 1, 1}, {4, 100, 100}, 10) == std::vector<Index>{4, 3, 3});
  CHECK(apportion({1000, 1, 0}, free, 10) == std::vector<Index>{8, 1, 1});
  CHECK(apportion({0, 0, 0}, {1, 1, 5}, 7) == std::vector<Index>{1, 1, 5});
  CHECK(apportion({53, 24, 23}, free, 7) == std::vector<Index>{3, 2, 2});  // D'Hondt: 4, 2, 1
  CHECK(apportion({1, 1, 1}, free, 4) == std::vector<Index>{2, 1, 1});
  CHECK(apportion({1, 1}, {1, 2}, 9) == std::vector<Index>{1, 2});

  // Two squares far apart: sides 1 and 8, weights 3 : 1. Inertia 3 : 64, its root 1 : 4.6.
  Eigen::MatrixXd x(4000, 2);
  latent::Random random{15};
  for (Index i = 0; i < 4000; ++i)
    for (Index j = 0; j < 2; ++j)
      x(i, j) = i < 3000 ? random.uniform() : 1000.0 + 8.0 * random.uniform();
  const auto children_of_first = [&](ClusterShare share) {
    const auto fit =
        HierarchicalKMeans{.clusters = 66, .branching = 2, .refine = 0, .share = share}.fit(x);
    const Index first = fit.model.nodes(0)(0, 0) < 500 ? 0 : 1;
    return fit.model.children(0, first).second;
  };
  const double expected = 66.0 / (1.0 + std::sqrt(64.0 / 3.0));  // about 11.7
  CHECK(std::abs(static_cast<double>(children_of_first(ClusterShare::inertia)) - expected) <= 1.5);
  CHECK(std::abs(static_cast<double>(children_of_first(ClusterShare::weight)) - 49.5) <= 1.0);
}
