// The sweep over k: its criteria against their definitions, what it chooses, threads, bad input.
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <Eigen/Geometry>

#include "cluster/kmeans_data.hpp"
#include "latent/choose_clusters.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::ChooseClusters;
using latent::ClusterRow;
using latent::GapRule;
using latent::Index;
using latent::KMeans;
using latent::Labels;
using latent_test::close;
using latent_test::contains;
using latent_test::message_of;

namespace {

// Clouds of sd 1 whose centres are at least 12 apart, on a square grid.
Eigen::MatrixXd clouds(Index rows, Index count, std::uint64_t seed) {
  Eigen::MatrixXd x = latent_test::normal_matrix(rows, 3, seed);
  for (Index i = 0; i < rows; ++i) {
    const Index k = i % count;
    x(i, 0) += 12.0 * static_cast<double>(k % 2);
    x(i, 1) += 12.0 * static_cast<double>(k / 2);
  }
  return x;
}

std::vector<ClusterRow> rows_of_gaps(const std::vector<double>& gaps, double error) {
  std::vector<ClusterRow> rows(gaps.size());
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    rows[i].clusters = static_cast<Index>(i) + 1;
    rows[i].gap = gaps[i];
    rows[i].gap_error = error;
  }
  return rows;
}

}  // namespace

TEST_CASE("choosing k: separated clouds are counted, whatever the seed", "[selection]") {
  for (std::uint64_t seed = 0; seed < 3; ++seed)
    for (const Index count : {2, 3, 5}) {
      const Eigen::MatrixXd x = clouds(150, count, seed);
      const ChooseClusters options{
          .to = 7, .kmeans = {.restarts = 2, .seed = seed}, .seeds = 3, .references = 5};
      const auto choice = options.fit(x);
      INFO(choice.reason);
      CHECK(choice.clusters == count);
      CHECK(choice.votes.size() == 5);
      CHECK_THAT(choice.reason, contains(std::to_string(count) + " clusters: "));
      CHECK(choice.fit.model.centroids().rows() == count);
      CHECK(choice.fit.inertia == choice.rows[static_cast<std::size_t>(count - 1)].inertia);
      CHECK(choice.rows[static_cast<std::size_t>(count - 1)].stability == 1.0);
    }
}

TEST_CASE("choosing k: one cloud is one cluster, also a slanted one", "[selection]") {
  const ChooseClusters options{.to = 5, .seeds = 2};
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const Eigen::MatrixXd x = latent_test::normal_matrix(300, 3, seed);
    Eigen::Matrix3d slant;
    slant << 3, 1, 0, 1, 2, 0, 0, 1, 1;
    for (const Eigen::MatrixXd& cloud : {x, Eigen::MatrixXd(x * slant)}) {
      const auto choice = options.fit(cloud);
      INFO("seed " << seed << ": " << choice.table().to_markdown());
      CHECK(choice.clusters == 1);
      CHECK_THAT(choice.reason, contains("1 cluster: "));
      CHECK(choice.fit.labels == Labels::Zero(300));
    }
  }
}

TEST_CASE("choosing k: the criteria are what they are called", "[selection]") {
  const Eigen::MatrixXd x = clouds(90, 4, 5);
  const ChooseClusters options{.from = 2, .to = 4, .seeds = 2, .references = 3};
  const auto choice = options.fit(x);
  REQUIRE(choice.rows.size() == 3);
  for (const ClusterRow& row : choice.rows) {
    KMeans kmeans = options.kmeans;
    kmeans.clusters = row.clusters;
    const auto a = kmeans.fit(x);
    kmeans.seed = 1;
    const auto b = kmeans.fit(x);
    const auto& best = b.inertia < a.inertia ? b : a;
    CHECK(row.inertia == best.inertia);
    CHECK(row.stability == latent::adjusted_rand_index(a.labels, b.labels));
    CHECK(close(*row.silhouette, latent::silhouette(x, best.labels), 1e-13));
    CHECK(row.calinski_harabasz == latent::calinski_harabasz(x, best.labels));
    CHECK(row.davies_bouldin == latent::davies_bouldin(x, best.labels));
    // -2 sum_i log (n_k / n N(x_i; c_k, W / (n D))) + p log n, row by row.
    const double variance = best.inertia / (90.0 * 3.0);
    double bic = (3.0 * static_cast<double>(row.clusters) + static_cast<double>(row.clusters)) *
                 std::log(90.0);
    for (Index i = 0; i < 90; ++i) {
      const int k = best.labels[i];
      const auto size = static_cast<double>((best.labels.array() == k).count());
      bic += -2.0 * std::log(size / 90.0) + 3.0 * std::log(2.0 * std::numbers::pi * variance) +
             latent_test::distance2(x, i, best.model.centroids(), k) / variance;
    }
    CHECK(close(*row.bic, bic, 1e-12));
    CHECK(*row.gap_error > 0.0);
  }
  const latent::Table table = choice.table();
  CHECK(table.rows() == 3);
  CHECK(table.cell(1, 0).whole == 3);
  CHECK(table.cell(1, 1).number == choice.rows[1].inertia);
}

TEST_CASE("choosing k: fits and criteria are in the scale of the options", "[selection]") {
  // Three clouds in columns 0 and 1 and again in 2 and 3, of which the last has another unit.
  Eigen::MatrixXd x(120, 4);
  x << clouds(120, 3, 6).leftCols(2), clouds(120, 3, 7).leftCols(2);
  Eigen::MatrixXd wide = x;
  wide.col(3) *= 0x1p20;
  const ChooseClusters options{.from = 2, .to = 4, .seeds = 2, .references = 2};
  const auto said = [](const auto& choice) { return choice.table().to_csv() + choice.reason; };

  // Standardizing takes a power of two away exactly.
  ChooseClusters standard = options;
  standard.kmeans.standardize = true;
  const auto choice = standard.fit(wide);
  CHECK(choice.clusters == 3);
  CHECK(said(choice) == said(standard.fit(x)));
  KMeans kmeans = standard.kmeans;
  kmeans.clusters = 3;
  const auto plain = kmeans.fit(wide);
  CHECK(latent::adjusted_rand_index(choice.fit.labels, plain.labels) == 1.0);
  CHECK(close(choice.fit.inertia, plain.inertia, 1e-12));
  CHECK(choice.fit.model.column_factors() == plain.model.column_factors());
  CHECK(choice.fit.model.predict(wide) == choice.fit.labels);
  double apart = 0.0;  // of each centroid in the units of the data to the mean of its rows
  for (int k = 0; k < 3; ++k) {
    Eigen::RowVector4d sum = Eigen::RowVector4d::Zero();
    for (Index i = 0; i < 120; ++i)
      if (choice.fit.labels[i] == k) sum += wide.row(i);
    const auto rows = static_cast<double>((choice.fit.labels.array() == k).count());
    apart = std::max(apart, (sum / rows - choice.fit.model.centroids().row(k)).norm());
  }
  CHECK(apart <= 1e-12 * 0x1p24);
  Eigen::MatrixXd by_hand = wide;
  for (Index j = 0; j < 4; ++j) {
    by_hand.col(j).array() -= by_hand.col(j).mean();
    by_hand.col(j) /= by_hand.col(j).norm() / std::sqrt(120.0);
  }
  CHECK(close(*choice.rows[1].silhouette, latent::silhouette(by_hand, plain.labels), 1e-12));

  // A column of weight 0 is as good as absent, from the dimension in BIC too.
  ChooseClusters weighted = options;
  weighted.reference = latent::GapReference::box;
  const auto absent = weighted.fit(Eigen::MatrixXd(x.leftCols(3)));
  weighted.kmeans.feature_weights = Eigen::Vector4d(1.0, 1.0, 1.0, 0.0);
  const auto ignored = weighted.fit(wide);
  CHECK(ignored.fit.labels == absent.fit.labels);
  for (std::size_t i = 0; i < 3; ++i) {
    const ClusterRow& a = ignored.rows[i];
    const ClusterRow& b = absent.rows[i];
    CHECK(close(*a.silhouette, *b.silhouette, 1e-12));
    CHECK(close(*a.calinski_harabasz, *b.calinski_harabasz, 1e-12));
    CHECK(close(*a.davies_bouldin, *b.davies_bouldin, 1e-12));
    CHECK(close(*a.bic, *b.bic, 1e-12));
    CHECK(close(*a.gap, *b.gap, 1e-11));
  }
}

TEST_CASE("choosing k: the gap is the logarithm of the inertia against that of references",
          "[selection]") {
  // References are in the box of the columns: three points in the corners give the box, and the
  // fits of the references themselves the rest.
  const Eigen::MatrixXd x = latent_test::blobs(80, 2, 3, 5.0, 3);
  const ChooseClusters options{
      .from = 1, .to = 2, .seeds = 1, .references = 4, .reference = latent::GapReference::box};
  const auto choice = options.fit(x);
  const latent::detail::ReferenceData<double> uniform{latent::samples(x), latent::GapReference::box,
                                                      0, latent::Threads{1}};
  for (const ClusterRow& row : choice.rows) {
    std::vector<double> logs;
    for (Index b = 0; b < 4; ++b) {
      const latent::RowMatrix<double> drawn = uniform.draw(b);
      for (Index j = 0; j < 2; ++j) {
        CHECK(drawn.col(j).minCoeff() >= x.col(j).minCoeff());
        CHECK(drawn.col(j).maxCoeff() <= x.col(j).maxCoeff());
        // 80 uniform numbers leave a tenth of the range at an end empty once in 4000 times.
        const double range = x.col(j).maxCoeff() - x.col(j).minCoeff();
        CHECK(drawn.col(j).maxCoeff() - drawn.col(j).minCoeff() > 0.8 * range);
      }
      KMeans kmeans = options.kmeans;
      kmeans.clusters = row.clusters;
      logs.push_back(std::log(kmeans.fit(drawn).inertia));
    }
    double mean = 0.0;
    double variance = 0.0;
    for (const double l : logs) mean += l / 4.0;
    for (const double l : logs) variance += (l - mean) * (l - mean) / 4.0;
    CHECK(close(*row.gap, mean - std::log(row.inertia), 1e-12));
    CHECK(close(*row.gap_error, std::sqrt(variance * 1.25), 1e-11));
  }
  CHECK(uniform.draw(0) != uniform.draw(1));
}

TEST_CASE("choosing k: references along the principal axes are as slanted as the data",
          "[selection]") {
  Eigen::MatrixXd x = latent_test::normal_matrix(400, 2, 4);
  x.col(0) *= 20.0;
  const Eigen::MatrixXd turned = x * Eigen::Rotation2Dd(0.7).toRotationMatrix().transpose();
  const latent::detail::ReferenceData<double> uniform{
      latent::samples(turned), latent::GapReference::principal_axes, 0, latent::Threads{1}};
  const Eigen::MatrixXd back =
      uniform.draw(0) *
      Eigen::Rotation2Dd(0.7).toRotationMatrix();  // about, but for the axes' error
  for (Index j = 0; j < 2; ++j) {
    const double range = x.col(j).maxCoeff() - x.col(j).minCoeff();
    const double drawn = back.col(j).maxCoeff() - back.col(j).minCoeff();
    CHECK(drawn > 0.8 * range);
    CHECK(drawn < 1.3 * range);
  }
}

TEST_CASE("choosing k: the rules of one standard error, worked by hand", "[selection]") {
  using latent::detail::gap_choice;
  // A pause after 1 that the whole sweep overrules; 4 is within the error of the highest, 5.
  const auto pause = rows_of_gaps({0.50, 0.45, 0.80, 1.15, 1.20, 1.10}, 0.1);
  CHECK(gap_choice(pause, GapRule::first) == 1);
  CHECK(gap_choice(pause, GapRule::highest) == 4);
  CHECK(gap_choice(rows_of_gaps({0.1, 0.3, 0.5}, 0.1), GapRule::first) == 3);
  CHECK(gap_choice(rows_of_gaps({0.1, 0.3, 0.35}, 0.1), GapRule::first) == 2);
  CHECK(gap_choice(rows_of_gaps({0.9, 0.95, 0.3}, 0.1), GapRule::highest) == 1);
  CHECK(gap_choice({ClusterRow{}}, GapRule::highest) == 0);
}

TEST_CASE("choosing k: votes are counted, and the reason says so", "[selection]") {
  using latent::detail::decide;
  const std::vector<ClusterRow> rows = rows_of_gaps({0, 0, 0, 0, 0}, 0.1);
  const auto most = decide(rows, {{"gap", 4}, {"BIC", 5}, {"a", 2}, {"b", 5}, {"c", 5}});
  CHECK(most.clusters == 5);
  CHECK(most.reason == "5 clusters: 3 of 5 criteria (BIC, b and c); 4 by gap; 2 by a");
  const auto tied = decide(rows, {{"gap", 3}, {"BIC", 5}, {"a", 5}, {"b", 3}, {"c", 2}});
  CHECK(tied.clusters == 3);
  CHECK_THAT(tied.reason, contains("of equal votes"));
  // The gap alone says one or several; the BIC has no such say beside it.
  CHECK(decide(rows, {{"gap", 1}, {"BIC", 3}, {"a", 3}}).clusters == 1);
  CHECK(decide(rows, {{"gap", 2}, {"BIC", 1}, {"a", 3}}).clusters == 2);
  CHECK(decide(rows, {{"BIC", 1}, {"a", 3}}).clusters == 1);
  CHECK(decide(rows, {}).clusters == 1);
}

TEST_CASE("choosing k: weights that count as too few rows are refused", "[selection]") {
  using latent::DataError;
  const Eigen::MatrixXd x = clouds(300, 3, 1);
  const auto of_weight = [&](double weight) {
    return latent::samples(x).weights(Eigen::VectorXd::Constant(300, weight));
  };
  const ChooseClusters options{.to = 4, .seeds = 2, .references = 2};
  CHECK(message_of<DataError>([&] { options.fit(of_weight(1.0 / 256.0)); }) ==
        "ChooseClusters: weights count as rows, and must sum to at least 5; got a total weight of "
        "1.171875 for 300 rows of positive weight; divide the weights by their mean");
  CHECK(message_of<DataError>([&] { latent::GMeans{}.fit(of_weight(1.0 / 256.0)); }) ==
        "GMeans: weights count as rows, and must sum to at least 8; got a total weight of 1.171875 "
        "for 300 rows of positive weight; divide the weights by their mean");
  CHECK(options.fit(of_weight(1.0)).clusters == 3);
  CHECK(options.fit(of_weight(1.0 / 32.0)).clusters == 3);
  // Four rows of weight 1 are as good as four rows.
  const Eigen::MatrixXd four = x.topRows(4);
  const auto few = options.fit(latent::samples(four).weights(Eigen::VectorXd::Ones(4)));
  CHECK(few.reason == options.fit(four).reason);
  CHECK(latent::GMeans{}.fit(latent::samples(four).weights(Eigen::VectorXd::Ones(4))).labels ==
        Labels::Zero(4));
}

TEST_CASE("choosing k: stability is that of rows that count, and of several starts",
          "[selection]") {
  // Two places that every start finds, and between them rows of weight 0 beyond number.
  Eigen::MatrixXd x = latent_test::normal_matrix(200, 1, 2);
  Eigen::VectorXd w = Eigen::VectorXd::Zero(200);
  for (Index i = 0; i < 24; ++i) {
    w[i] = 1.0;
    x(i, 0) = static_cast<double>(i % 6);
  }
  const KMeans kmeans{.init = latent::KMeansInit::random};
  const ChooseClusters options{.from = 2, .to = 4, .kmeans = kmeans, .seeds = 6, .references = 0};
  const auto all = options.fit(latent::samples(x).weights(w));
  const auto without = options.fit(Eigen::MatrixXd(x.topRows(24)));
  CHECK(all.rows[1].stability < 1.0);  // or the comparison shows nothing
  for (std::size_t i = 0; i < 3; ++i) CHECK(all.rows[i].stability == without.rows[i].stability);

  // Starts without a seed agree with themselves, which says nothing.
  for (const auto init : {latent::KMeansInit::farthest_first, latent::KMeansInit::pca_part}) {
    ChooseClusters once = options;
    once.kmeans.init = init;
    const auto choice = once.fit(x);
    for (const ClusterRow& row : choice.rows) CHECK_FALSE(row.stability.has_value());
    CHECK(choice.table().cell(0, 8).kind == latent::Cell::Kind::empty);
    CHECK(choice.clusters >= 2);
    once.kmeans.algorithm = latent::KMeansAlgorithm::mini_batch;  // its batches use the seed
    CHECK(once.fit(x).rows.front().stability.has_value());
  }
}

TEST_CASE("choosing k: the same bits for any number of threads", "[selection]") {
  const Eigen::MatrixXd x = latent_test::blobs(2100, 3, 3, 3.0, 2);
  const Eigen::VectorXd w = latent_test::lattice(2100, 1, 3, 1);
  const auto data = latent::samples(x).weights(w);
  const ChooseClusters options{.from = 2,
                               .to = 4,
                               .kmeans = {.max_iterations = 5},
                               .seeds = 2,
                               .references = 2,
                               .silhouette_rows = 300};
  const auto serial = options.fit(data, latent::Threads{1});
  const latent::GMeans splitting{.kmeans = {.max_iterations = 5}};
  const auto split = splitting.fit(data, latent::Threads{1});
  for (const int threads : {2, 3, 8}) {
    const auto choice = options.fit(data, latent::Threads{threads});
    CHECK(choice.reason == serial.reason);
    CHECK(choice.table().to_csv() == serial.table().to_csv());  // digits that read back
    CHECK(choice.fit.labels == serial.fit.labels);
    CHECK(choice.fit.model.centroids() == serial.fit.model.centroids());
    CHECK(splitting.fit(data, latent::Threads{threads}).model.centroids() ==
          split.model.centroids());
  }
}

TEST_CASE("choosing k: degenerate data give a choice and no NaN", "[selection]") {
  const auto no_nan = [](const auto& choice) {
    return choice.table().to_csv().find("nan") == std::string::npos;
  };
  const ChooseClusters options{.to = 4, .seeds = 2, .references = 2};
  const auto same = options.fit(Eigen::MatrixXd(Eigen::MatrixXd::Constant(9, 2, 0.1)));
  CHECK(same.clusters == 1);
  CHECK(no_nan(same));
  // Two places, five rows each: the inertia is 0 from 2 on.
  const Eigen::MatrixXd two =
      Eigen::VectorXd::LinSpaced(10, 0, 9).unaryExpr([](double i) { return i < 5.0 ? 1.0 : 7.0; });
  const auto places = options.fit(two);
  CHECK(places.clusters == 2);
  CHECK(no_nan(places));
  // As many clusters as rows.
  const auto few = options.fit(Eigen::MatrixXd(latent_test::normal_matrix(4, 2, 1)));
  CHECK(no_nan(few));
  CHECK_FALSE(few.rows.back().bic.has_value());
  const auto one = ChooseClusters{.to = 1}.fit(Eigen::MatrixXd(Eigen::MatrixXd::Ones(1, 1)));
  CHECK(one.clusters == 1);
  CHECK_THAT(one.reason, contains("no criterion"));
}

TEST_CASE("choosing k: options out of their range are refused", "[selection]") {
  using latent::InvalidArgument;
  const Eigen::MatrixXd x = latent_test::normal_matrix(6, 2, 1);
  const auto said = [&](const auto& options) {
    return message_of<InvalidArgument>([&] { options.fit(x); });
  };
  CHECK_THAT(said(ChooseClusters{.from = 0}), contains("from must be at least 1; got 0"));
  CHECK_THAT(said(ChooseClusters{.from = 4, .to = 3}), contains("from = 4, to = 3"));
  CHECK(said(ChooseClusters{.to = 7}) ==
        "ChooseClusters: to must not exceed the number of rows; got to = 7 for 6 rows");
  CHECK(said(latent::GMeans{.start = 7}) ==
        "GMeans: start must not exceed the number of rows; got start = 7 for 6 rows");
  CHECK(message_of<InvalidArgument>([&] {
          const Eigen::VectorXd weights = Eigen::VectorXd::LinSpaced(6, 0, 5);
          ChooseClusters{.to = 6}.fit(latent::samples(x).weights(weights));
        }) ==
        "ChooseClusters: to must not exceed the number of rows of positive weight; got to = 6 "
        "for 5 such rows");
  CHECK_THAT(said(ChooseClusters{.kmeans = {.clusters = 3}}), contains("must not be set; got 3"));
  CHECK_THAT(said(ChooseClusters{.to = 3, .seeds = 0}), contains("seeds"));
  CHECK_THAT(said(ChooseClusters{.to = 3, .references = 1}), contains("references"));
  CHECK_THAT(said(ChooseClusters{.to = 3, .silhouette_rows = 1}), contains("silhouette_rows"));
  CHECK_THAT(said(latent::GMeans{.start = 0}), contains("start"));
  CHECK_THAT(said(latent::GMeans{.critical = 0.0}), contains("critical"));
  CHECK_THAT(said(latent::GMeans{.start = 3, .max_clusters = 2}), contains("max_clusters"));
  CHECK_THAT(said(latent::GMeans{.kmeans = {.clusters = 3}}), contains("must not be set"));
  Eigen::MatrixXd bad = x;
  bad(2, 1) = std::nan("");
  CHECK(message_of<latent::DataError>([&] { ChooseClusters{.to = 3}.fit(bad); }) ==
        "ChooseClusters: data must be finite; got NaN at row 2, column 1");
  CHECK_THROWS_AS(latent::GMeans{}.fit(bad), latent::DataError);
}
