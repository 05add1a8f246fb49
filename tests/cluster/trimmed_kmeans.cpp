// Trimmed k-means: which rows are left out, and what is left of k-means.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/cluster/kmeans.hpp"
#include "latent/cluster/trimmed_kmeans.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::EmptyCluster;
using latent::Index;
using latent::InvalidArgument;
using latent::KMeans;
using latent::KMeansInit;
using latent::Labels;
using latent::Status;
using latent::Threads;
using latent::TrimmedKMeans;
using latent::TrimmedKMeansFit;
using latent_test::contains;
using latent_test::eps;

namespace {

Eigen::MatrixXd column(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Index>(values.size()));
}

Labels labels_of(const std::vector<int>& values) {
  return Eigen::Map<const Labels>(values.data(), static_cast<Index>(values.size()));
}

template <class A, class B>
bool same_fit(const A& a, const B& b) {
  if (a.report.trace.size() != b.report.trace.size()) return false;
  for (std::size_t t = 0; t < a.report.trace.size(); ++t)
    if (a.report.trace[t].objective != b.report.trace[t].objective ||
        a.report.trace[t].change != b.report.trace[t].change ||
        a.report.trace[t].index != b.report.trace[t].index)
      return false;
  if (a.report.notes.size() != b.report.notes.size()) return false;
  for (std::size_t t = 0; t < a.report.notes.size(); ++t)
    if (a.report.notes[t].component != b.report.notes[t].component ||
        a.report.notes[t].value != b.report.notes[t].value)
      return false;
  return a.labels == b.labels && latent_test::same_bits(a.inertia, b.inertia) &&
         a.report.restarts == b.report.restarts && a.report.status == b.report.status &&
         a.report.iterations == b.report.iterations &&
         a.report.evaluations == b.report.evaluations &&
         latent_test::same_bits(a.model.centroids(), b.model.centroids());
}

// The same labels by the same way; sums were taken in another order.
template <class A, class B>
bool same_but_for_rounding(const A& a, const B& b) {
  const auto close = [](double x, double y) {
    return std::abs(x - y) <= 64 * latent_test::eps * std::abs(x);
  };
  if (a.report.trace.size() != b.report.trace.size()) return false;
  for (std::size_t t = 0; t < a.report.trace.size(); ++t)
    if (!close(a.report.trace[t].objective, b.report.trace[t].objective)) return false;
  if (a.report.notes.size() != b.report.notes.size()) return false;
  for (std::size_t t = 0; t < a.report.notes.size(); ++t)
    if (a.report.notes[t].component != b.report.notes[t].component ||
        !close(a.report.notes[t].value, b.report.notes[t].value))
      return false;
  return a.labels == b.labels && a.report.status == b.report.status &&
         a.report.iterations == b.report.iterations && close(a.inertia, b.inertia) &&
         (a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <=
             64 * latent_test::eps * a.model.centroids().cwiseAbs().maxCoeff();
}

// Three clouds of unit variance, 20 apart; every 20th row lies far off, in all directions.
Eigen::MatrixXd polluted(Index rows, std::uint64_t seed) {
  Eigen::MatrixXd x = latent_test::normal_matrix(rows, 2, seed);
  latent::Random random{seed + 1};
  for (Index i = 0; i < rows; ++i) {
    if (i % 20 == 19) {
      const double angle = 6.2831853 * random.uniform();
      const double radius = 100 + 200 * random.uniform();
      x.row(i) << radius * std::cos(angle), radius * std::sin(angle);
    } else {
      x.row(i) += Eigen::RowVector2d(i % 3 == 1 ? 20 : 0, i % 3 == 2 ? 20 : 0);
    }
  }
  return x;
}

// The largest distance from a true centre to the nearest centroid.
double off_by(const Eigen::MatrixXd& centroids) {
  Eigen::MatrixXd centres(3, 2);
  centres << 0, 0, 20, 0, 0, 20;
  double off = 0.0;
  for (Index k = 0; k < 3; ++k)
    off = std::max(off, (centroids.rowwise() - centres.row(k)).rowwise().norm().minCoeff());
  return off;
}

// The least inertia over all ways to leave out `out` rows and to part the others in two.
double optimum(const Eigen::MatrixXd& x, Index out) {
  const Index rows = x.rows();
  std::vector<int> part(static_cast<std::size_t>(rows), 0);
  double best = std::numeric_limits<double>::infinity();
  for (;;) {
    if (std::count(part.begin(), part.end(), 2) == out) {
      double inertia = 0.0;
      for (const int k : {0, 1}) {
        Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(x.cols());
        double count = 0.0;
        for (Index i = 0; i < rows; ++i)
          if (part[static_cast<std::size_t>(i)] == k) {
            mean += x.row(i);
            count += 1.0;
          }
        for (Index i = 0; i < rows && count > 0.0; ++i)
          if (part[static_cast<std::size_t>(i)] == k)
            inertia += (x.row(i) - mean / count).squaredNorm();
      }
      best = std::min(best, inertia);
    }
    std::size_t digit = 0;
    while (digit < part.size() && part[digit] == 2) part[digit++] = 0;
    if (digit == part.size()) return best;
    ++part[digit];
  }
}

}  // namespace

TEST_CASE("trimmed kmeans: five points by hand", "[kmeans]") {
  const Eigen::MatrixXd x = column({0, 1, 10, 11, 100});
  const auto fit = TrimmedKMeans{.trim = 0.2}.fit_from(column({0, 10}), x);
  CHECK(fit.labels == labels_of({0, 0, 1, 1, -1}));
  CHECK(fit.model.centroids() == column({0.5, 10.5}));
  CHECK(fit.inertia == 1.0);
  CHECK(fit.threshold == 0.5);
  CHECK(fit.model.threshold() == 0.5);
  CHECK(fit.report.converged());
  CHECK(fit.report.iterations == 2);
  REQUIRE(fit.report.trace.size() == 3);
  CHECK(fit.report.trace[0].objective == 2.0);
  CHECK(fit.report.trace[1].objective == 1.0);
  // predict knows no outliers, the test does.
  CHECK(fit.model.predict(x) == labels_of({0, 0, 1, 1, 1}));
  const auto out = fit.model.outliers(column({0, 1, 1.01, 10, 99, -0.01}));
  CHECK((out == Eigen::Array<bool, 6, 1>(false, false, true, false, true, true)).all());
}

TEST_CASE("trimmed kmeans: the row on the boundary is kept with the rest of its weight",
          "[kmeans]") {
  // 1.5 of 5 rows go: the last, and half of the next farthest. At the start two are at distance 1;
  // the higher index goes first. Then c = (10 + 11 / 2) / 1.5 = 31 / 3, and the rows are at
  // distances 1/2, 1/2, 1/3, 2/3: half of the same row again.
  const auto fit =
      TrimmedKMeans{.trim = 0.3}.fit_from(column({0, 10}), column({0, 1, 10, 11, 100}));
  CHECK(fit.labels == labels_of({0, 0, 1, 1, -1}));
  CHECK(fit.model.centroids()(0, 0) == 0.5);
  CHECK(fit.model.centroids()(1, 0) == Approx(31.0 / 3.0).epsilon(2 * eps));
  CHECK(fit.inertia == Approx(0.25 + 0.25 + 1.0 / 9.0 + 0.5 * 4.0 / 9.0).epsilon(1e-14));
  CHECK(fit.threshold == Approx(2.0 / 3.0).epsilon(1e-14));
  CHECK(fit.report.trace[0].objective == 1.5);
  // The middle one of three equal distances: ties by index.
  const auto tied = TrimmedKMeans{.trim = 0.25, .max_iterations = 1}.fit_from(
      column({0}), column({-1, 1, -1, 1}));
  CHECK(tied.report.trace[0].objective == 3.0);
  CHECK(tied.model.centroids()(0, 0) == Approx(-1.0 / 3.0).epsilon(2 * eps));
}

TEST_CASE("trimmed kmeans: an empty cluster takes a row that is kept", "[kmeans]") {
  // The last row is left out; of the two at distance 1 the higher index moves.
  const auto fit =
      TrimmedKMeans{.trim = 0.2}.fit_from(column({0, 10, 1000}), column({0, 1, 10, 11, 100}));
  CHECK(fit.labels == labels_of({0, 0, 1, 2, -1}));
  CHECK(fit.model.centroids() == column({0.5, 10, 11}));
  REQUIRE(fit.report.notes.size() == 1);
  CHECK_THAT(fit.report.notes[0].message, contains("took row 3"));
}

TEST_CASE("trimmed kmeans: one cluster is a trimmed mean", "[kmeans]") {
  const auto fit = TrimmedKMeans{.clusters = 1, .trim = 0.2}.fit(column({0, 1, 100, 2, 3}));
  CHECK(fit.model.centroids()(0, 0) == 1.5);
  CHECK(fit.labels == labels_of({0, 0, -1, 0, 0}));
  CHECK(fit.inertia == 5.0);
}

TEST_CASE("trimmed kmeans: without trimming it is KMeans, but for rounding", "[kmeans]") {
  for (const Index cols : {1, 3, 6})
    for (const Index clusters : {1, 4, 9}) {
      const Eigen::MatrixXd x = latent_test::normal_matrix(2500, cols, 100 + std::uint64_t(cols));
      const Eigen::VectorXd w = latent_test::lattice(2500, 1, 3, 7);
      const auto weighted = latent::samples(x).weights(w);
      const KMeansInit init = KMeansInit::plus_plus;
      const KMeans plain{.clusters = clusters, .init = init, .tolerance = 1e-5};
      const TrimmedKMeans trimmed{
          .clusters = clusters, .trim = 0.0, .init = init, .restarts = 1, .tolerance = 1e-5};
      CHECK(same_but_for_rounding(plain.fit(x), trimmed.fit(x)));
      CHECK(same_but_for_rounding(plain.fit(weighted), trimmed.fit(weighted)));
    }
  // Through empty clusters, by every policy; and in float.
  const Eigen::MatrixXd x = latent_test::blobs(500, 2, 4, 10.0, 8);
  Eigen::MatrixXd start = x.topRows(6);
  start.row(4).setConstant(1e4);
  start.row(5).setConstant(1e4);
  for (const EmptyCluster policy :
       {EmptyCluster::farthest, EmptyCluster::drop, EmptyCluster::keep, EmptyCluster::fail}) {
    const KMeans plain{.empty_cluster = policy};
    const TrimmedKMeans trimmed{.trim = 0.0, .empty_cluster = policy};
    CHECK(same_but_for_rounding(plain.fit_from(start, x), trimmed.fit_from(start, x)));
  }
  // The row that an empty cluster took counts as a label that has not changed since.
  const Eigen::MatrixXd line = column({0, 1, 10});
  const auto moved = TrimmedKMeans{.trim = 0.0}.fit_from(column({0, 100}), line);
  CHECK(moved.report.iterations == 2);
  CHECK(same_but_for_rounding(KMeans{}.fit_from(column({0, 100}), line), moved));
  const Eigen::MatrixXd few = latent_test::lattice(50, 1, 3, 9);
  CHECK(same_but_for_rounding(KMeans{.clusters = 5, .init = KMeansInit::random}.fit(few),
                              TrimmedKMeans{.clusters = 5, .trim = 0.0, .restarts = 1}.fit(few)));
}

TEST_CASE("trimmed kmeans: selection agrees with sorting", "[kmeans]") {
  latent::Random random{10};
  for (const Index rows : {1, 2, 3, 10, 101, 1000})
    for (int trial = 0; trial < 20; ++trial) {
      const Eigen::VectorXd distances = latent_test::lattice(rows, 1, 8, random.bits());  // ties
      Eigen::VectorXd w = latent_test::lattice(rows, 1, 4, random.bits());
      w[0] = 1.0;
      const double total = w.sum();
      const double excess = std::floor(0.8 * random.uniform() * total * 4.0) / 4.0;
      const auto data = latent::samples(Eigen::MatrixXd(Eigen::MatrixXd::Zero(rows, 1))).weights(w);
      const auto found = latent::detail::trim_farthest(data, distances, excess, total);
      const Eigen::VectorXd kept = latent::detail::kept_samples(data, found).weights();

      std::vector<Index> order;
      for (Index i = 0; i < rows; ++i) order.push_back(i);
      std::sort(order.begin(), order.end(), [&](Index a, Index b) {
        return distances[a] != distances[b] ? distances[a] > distances[b] : a > b;
      });
      Eigen::VectorXd expected = w;
      double rest = excess;
      for (const Index i : order) {
        const double taken = std::min(rest, expected[i]);
        expected[i] -= taken;
        rest -= taken;
      }
      CHECK(kept == expected);
      for (const Index row : found.rows) CHECK(w[row] > 0.0);
      const auto last =
          std::find_if(order.begin(), order.end(), [&](Index i) { return expected[i] > 0.0; });
      CHECK(found.boundary == (excess > 0.0 ? *last : -1));
    }
}

TEST_CASE("trimmed kmeans: many starts find the best of all choices", "[kmeans]") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(9, 2, 200 + seed);
    const auto fit =
        TrimmedKMeans{.clusters = 2, .trim = 2.0 / 9.0, .restarts = 200, .seed = seed}.fit(x);
    CHECK((fit.labels.array() < 0).count() == 2);
    CHECK(fit.inertia == Approx(optimum(x, 2)).epsilon(1e-12));
  }
}

TEST_CASE("trimmed kmeans: never rises, and keeps the nearest rows", "[kmeans]") {
  for (const Index cols : {1, 2, 5, 12})
    for (const double trim : {0.01, 0.1, 0.37, 0.8}) {
      const Eigen::MatrixXd x = latent_test::normal_matrix(1500, cols, 300 + std::uint64_t(cols));
      const Eigen::VectorXd w = latent_test::normal_matrix(1500, 1, 301).cwiseAbs();
      Eigen::MatrixXd start = x.topRows(7);
      start.row(6).setConstant(100.0);  // moved on the way
      const auto fit = TrimmedKMeans{.trim = trim}.fit_from(start, latent::samples(x).weights(w));
      INFO(cols << " columns, trim " << trim);
      const auto& trace = fit.report.trace;
      for (std::size_t t = 1; t < trace.size(); ++t)
        CHECK(trace[t].objective <= trace[t - 1].objective * (1 + 64 * eps * double(cols)));
      CHECK(trace.back().objective == fit.inertia);
      CHECK(fit.report.converged());

      // A fixed point, the part of the boundary row included.
      const auto again = TrimmedKMeans{.trim = trim}.fit_from(fit.model.centroids(),
                                                              latent::samples(x).weights(w));
      CHECK(again.labels == fit.labels);
      CHECK((again.model.centroids() - fit.model.centroids()).cwiseAbs().maxCoeff() <= 1e-12);

      const Labels all = fit.model.predict(x);
      double out = 0.0;
      double boundary = 0.0;
      double inertia = 0.0;
      for (Index i = 0; i < x.rows(); ++i) {
        const double d2 = latent_test::distance2(x, i, fit.model.centroids(), all[i]);
        if (fit.labels[i] < 0) {
          out += w[i];
          CHECK(std::sqrt(d2) >= fit.threshold * (1 - 4 * eps * double(cols)));
        } else {
          CHECK(fit.labels[i] == all[i]);
          CHECK(std::sqrt(d2) <= fit.threshold * (1 + 4 * eps * double(cols)));
          inertia += w[i] * d2;
          if (std::abs(std::sqrt(d2) - fit.threshold) <= 4 * eps * double(cols) * fit.threshold)
            boundary = w[i];
        }
      }
      // What was left out, but for a part of the boundary row.
      const double excess = trim * w.sum();
      CHECK(out <= excess * (1 + 1e-12));
      CHECK(out + boundary >= excess);
      CHECK(fit.inertia ==
            Approx(inertia - (excess - out) * fit.threshold * fit.threshold).epsilon(1e-10));
      const auto outliers = fit.model.outliers(x);
      CHECK((outliers == (fit.labels.array() < 0)).all());
    }
}

TEST_CASE("trimmed kmeans: five percent of far rows move k-means, and not this", "[kmeans]") {
  const Eigen::MatrixXd x = polluted(2000, 400);
  const auto plain = KMeans{.clusters = 3, .restarts = 10}.fit(x);
  const auto random = KMeans{.clusters = 3, .init = KMeansInit::random, .restarts = 10}.fit(x);
  CHECK(off_by(plain.model.centroids()) > 5.0);
  CHECK(off_by(random.model.centroids()) > 5.0);
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto fit = TrimmedKMeans{.clusters = 3, .trim = 0.05, .seed = seed}.fit(x);
    // Means of 630 rows: within 5 of their standard errors.
    CHECK(off_by(fit.model.centroids()) < 5.0 * std::sqrt(2.0 / 630.0));
    for (Index i = 0; i < x.rows(); ++i) CHECK((fit.labels[i] < 0) == (i % 20 == 19));
    const Eigen::MatrixXd fresh = polluted(400, 401);
    const auto out = fit.model.outliers(fresh);
    Index wrong = 0;
    for (Index i = 0; i < 400; ++i) wrong += out[i] != (i % 20 == 19) ? 1 : 0;
    CHECK(wrong <= 4);
  }
}

TEST_CASE("trimmed kmeans: weights are repetitions, and their scale is free", "[kmeans]") {
  for (const double trim : {0.05, 0.2, 0.333}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(300, 4, 500);
    Eigen::VectorXd w = latent_test::lattice(300, 1, 4, 501);
    w.head(5).setOnes();
    Eigen::MatrixXd repeated(static_cast<Index>(w.sum()), 4);
    Index next = 0;
    for (Index i = 0; i < 300; ++i)
      for (int copy = 0; copy < static_cast<int>(w[i]); ++copy) repeated.row(next++) = x.row(i);
    const TrimmedKMeans options{.trim = trim};
    const auto a = options.fit_from(x.topRows(5), latent::samples(x).weights(w));
    const auto b = options.fit_from(x.topRows(5), repeated);
    CHECK((a.model.centroids() - b.model.centroids()).cwiseAbs().maxCoeff() <= 1e-12);
    CHECK(a.inertia == Approx(b.inertia).epsilon(1e-12));
    CHECK(a.threshold == Approx(b.threshold).epsilon(1e-12));
    CHECK(a.report.iterations == b.report.iterations);
    for (const double factor : {0x1p-60, 0x1p60}) {
      const auto c = options.fit_from(x.topRows(5), latent::samples(x).weights(factor * w));
      CHECK(a.labels == c.labels);
      CHECK(a.model.centroids() == c.model.centroids());
      CHECK(factor * a.inertia == c.inertia);
      const auto d =
          options.fit_from(factor * x.topRows(5), latent::samples(factor * x).weights(w));
      CHECK(a.labels == d.labels);
      CHECK(factor * a.model.centroids() == d.model.centroids());
      CHECK(factor * a.threshold == d.threshold);
    }
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(300);
    CHECK(same_fit(options.fit_from(x.topRows(5), x),
                   options.fit_from(x.topRows(5), latent::samples(x).weights(ones))));
    // Rows of zero weight are labelled.
    for (Index i = 0; i < 300; ++i)
      if (w[i] == 0.0) CHECK(a.labels[i] == latent_test::nearest(x, i, a.model.centroids()));
  }
}

TEST_CASE("trimmed kmeans: the same bits for any number of threads", "[kmeans]") {
  for (const Index cols : {2, 9}) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(7000, cols, 600);
    const Eigen::VectorXd w = latent_test::normal_matrix(7000, 1, 601).cwiseAbs();
    const TrimmedKMeans options{.clusters = 6, .trim = 0.1, .restarts = 2, .max_iterations = 5};
    const auto serial = options.fit(latent::samples(x).weights(w), latent::Serial{});
    for (const int threads : {1, 2, 3, 8}) {
      const auto fit = options.fit(latent::samples(x).weights(w), Threads{threads});
      CHECK(same_fit(serial, fit));
      CHECK(latent_test::same_bits(serial.threshold, fit.threshold));
      CHECK((serial.model.outliers(x) == fit.model.outliers(x, Threads{threads})).all());
    }
  }
}

TEST_CASE("trimmed kmeans: float rows far from the origin", "[kmeans]") {
  const Eigen::MatrixXd x = polluted(1000, 700);
  for (const double shift : {0.0, 1e4, 1e6}) {
    const Eigen::MatrixXf moved = (x.array() + shift).matrix().cast<float>();
    const auto fit = TrimmedKMeans{.clusters = 3}.fit(moved);
    CHECK(off_by((fit.model.centroids().cast<double>().array() - shift).matrix()) < 0.5);
    Index wrong = 0;
    for (Index i = 0; i < 1000; ++i) wrong += (fit.labels[i] < 0) != (i % 20 == 19) ? 1 : 0;
    CHECK(wrong == 0);
  }
}

TEST_CASE("trimmed kmeans: more clusters than distinct rows kept", "[kmeans]") {
  // Of three distinct values one is left out.
  const auto fit = TrimmedKMeans{.clusters = 3, .trim = 0.5}.fit_from(
      column({0, 1, 50}), column({0, 0, 0, 1, 1, 1, 100, 100, 101, 102}));
  CHECK(fit.report.status == Status::degenerate);
  CHECK(fit.model.centroids().allFinite());
  CHECK((fit.labels.array() < 0).count() == 5);
  REQUIRE_FALSE(fit.report.notes.empty());
  CHECK_THAT(fit.report.notes.back().message, contains("fewer distinct rows kept"));
  // Next to nothing is kept.
  const auto most = TrimmedKMeans{.clusters = 1, .trim = 0.9999}.fit(column({3, 4, 5}));
  CHECK((most.labels.array() < 0).count() == 2);
  CHECK(most.threshold >= 0.0);
  const auto same =
      TrimmedKMeans{.clusters = 4}.fit(Eigen::MatrixXd(Eigen::MatrixXd::Constant(3000, 2, 0.1)));
  CHECK(same.inertia == 0.0);
  CHECK(same.report.status == Status::degenerate);
}

TEST_CASE("trimmed kmeans: the best run is kept, an observer may stop", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(500, 3, 800);
  const auto fit = TrimmedKMeans{.clusters = 6, .trim = 0.1, .restarts = 5}.fit(x);
  REQUIRE(fit.report.restarts.size() == 5);
  for (const double inertia : fit.report.restarts) CHECK(fit.inertia <= inertia);
  const auto stopped = TrimmedKMeans{.clusters = 6, .trim = 0.1}.fit(
      x, {}, [](const latent::KMeansIteration<double>& view) {
        CHECK((view.labels.array() < 0).count() == 50);
        return view.index < 2;
      });
  CHECK(stopped.report.status == Status::stopped);
  CHECK(stopped.report.restarts.size() == 1);
}

TEST_CASE("trimmed kmeans: bad input is refused", "[kmeans]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(20, 3, 900);
  const auto refuse = [&](const TrimmedKMeans& options, const char* part) {
    const std::string message = latent_test::message_of<InvalidArgument>([&] { options.fit(x); });
    CHECK_THAT(message, contains("TrimmedKMeans: "));
    CHECK_THAT(message, contains(part));
  };
  refuse({.clusters = 0}, "clusters must be at least 1; got 0");
  refuse({.clusters = 21}, "clusters must not exceed the number of rows; got 21");
  refuse({.clusters = 2, .trim = -0.1}, "trim must lie in [0, 1); got -0.1");
  refuse({.clusters = 2, .trim = 1.0}, "trim must lie in [0, 1); got 1");
  refuse({.clusters = 2, .trim = std::nan("")}, "trim must lie in [0, 1)");
  refuse({.clusters = 2, .restarts = 0}, "restarts must be at least 1");
  CHECK_THROWS_AS(TrimmedKMeans{}.fit_from(x.leftCols(2), x), InvalidArgument);
  const auto fit = TrimmedKMeans{.clusters = 2}.fit(x);
  CHECK_THROWS_AS(fit.model.outliers(x.leftCols(2)), InvalidArgument);
  CHECK_THROWS_AS(latent::TrimmedKMeansModel<double>{}.outliers(x), InvalidArgument);
  CHECK_THROWS_AS(latent::TrimmedKMeansModel<double>(latent::RowMatrix<double>(x), -1.0),
                  InvalidArgument);
  CHECK(fit.model.outliers(Eigen::MatrixXd(0, 3)).size() == 0);
  x(3, 1) = std::nan("");
  CHECK_THAT(latent_test::message_of<latent::DataError>([&] { TrimmedKMeans{}.fit(x); }),
             contains("TrimmedKMeans: data must be finite; got NaN at row 3, column 1"));
  CHECK_THROWS_AS(fit.model.outliers(x), latent::DataError);
}
