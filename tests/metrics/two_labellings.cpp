// Metrics that compare two labellings: worked values, counting by brute force, what they must not
// depend on, and degenerate labels.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "latent/core/random.hpp"
#include "latent/metrics.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::Labels;
using latent_test::close;
using latent_test::message_of;

namespace {

Labels labels_of(std::initializer_list<int> values) {
  Labels labels(static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), labels.data());
  return labels;
}

Labels random_labels(Index rows, int count, std::uint64_t seed) {
  latent::Random random{seed};
  Labels labels(rows);
  for (Index i = 0; i < rows; ++i) labels[i] = static_cast<int>(random.below(count));
  return labels;
}

// Pairs counted one by one.
struct Pairs {
  double both = 0, only_a = 0, only_b = 0, neither = 0;

  Pairs(const Labels& a, const Labels& b) {
    for (Index i = 0; i < a.size(); ++i)
      for (Index j = 0; j < i; ++j) {
        const bool in_a = a[i] == a[j];
        const bool in_b = b[i] == b[j];
        (in_a && in_b ? both : in_a ? only_a : in_b ? only_b : neither) += 1;
      }
  }
  // Hubert and Arabie 1985: (index - expected) / (maximum - expected).
  double adjusted() const {
    const double all = both + only_a + only_b + neither;
    const double expected = (both + only_a) * (both + only_b) / all;
    return (both - expected) / ((2 * both + only_a + only_b) / 2 - expected);
  }
};

// -sum p log p over the distinct values.
double entropy_of(const std::vector<long>& values) {
  double sum = 0.0;
  for (const long v : std::set<long>(values.begin(), values.end())) {
    const double p = static_cast<double>(std::count(values.begin(), values.end(), v)) /
                     static_cast<double>(values.size());
    sum -= p * std::log(p);
  }
  return sum;
}

double entropy_of(const Labels& a) {
  return entropy_of(std::vector<long>(a.begin(), a.end()));
}
double entropy_of_both(const Labels& a, const Labels& b) {
  std::vector<long> values;
  for (Index i = 0; i < a.size(); ++i) values.push_back(1000L * a[i] + b[i]);
  return entropy_of(values);
}

// Every metric that is symmetric, in one row.
std::vector<double> symmetric_metrics(const Labels& a, const Labels& b) {
  return {latent::rand_index(a, b), latent::adjusted_rand_index(a, b),
          latent::fowlkes_mallows(a, b), latent::normalized_mutual_information(a, b),
          latent::matched_accuracy(a, b)};
}

// The most rows that agree, over all one-to-one mappings of `count` labels.
Index best_agreement(const Labels& a, const Labels& b, int count) {
  std::vector<int> to(static_cast<std::size_t>(count));
  for (int k = 0; k < count; ++k) to[static_cast<std::size_t>(k)] = k;
  Index best = 0;
  do {
    Index agree = 0;
    for (Index i = 0; i < a.size(); ++i) agree += to[static_cast<std::size_t>(a[i])] == b[i];
    best = std::max(best, agree);
  } while (std::next_permutation(to.begin(), to.end()));
  return best;
}

}  // namespace

TEST_CASE("metrics: adjusted Rand index of small partitions worked by hand", "[metrics]") {
  // Pairs: 1 together in both, 1 in the second alone, 4 in neither: (1 - 1/3) / (3/2 - 1/3) = 4/7.
  CHECK(close(latent::adjusted_rand_index(labels_of({0, 0, 1, 2}), labels_of({0, 0, 1, 1})),
              4.0 / 7.0, 4 * latent_test::eps));
  // Crossed: 0 in both, 2 and 2 alone: (0 - 2/3) / (2 - 2/3) = -1/2.
  CHECK(close(latent::adjusted_rand_index(labels_of({0, 0, 1, 1}), labels_of({0, 1, 0, 1})), -0.5,
              4 * latent_test::eps));
  CHECK(latent::adjusted_rand_index(labels_of({0, 0, 0, 0}), labels_of({0, 1, 2, 3})) == 0.0);
  CHECK(latent::rand_index(labels_of({0, 0, 1, 2}), labels_of({0, 0, 1, 1})) == 5.0 / 6.0);
}

TEST_CASE("metrics: Hubert and Arabie's pairs counted one by one", "[metrics]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Labels a = random_labels(60, 2 + static_cast<int>(seed % 5), seed);
    Labels b = a;
    const Labels other = random_labels(60, 4, seed + 100);
    for (Index i = 0; i < 60; i += 1 + static_cast<Index>(seed % 4)) b[i] = other[i];
    const Pairs pairs{a, b};
    const double all = 60.0 * 59.0 / 2.0;
    CHECK(latent_test::close_on(1.0, latent::adjusted_rand_index(a, b), pairs.adjusted(), 1e-13));
    CHECK(close(latent::rand_index(a, b), (pairs.both + pairs.neither) / all, 1e-14));
    CHECK(close(latent::fowlkes_mallows(a, b),
                pairs.both / std::sqrt((pairs.both + pairs.only_a) * (pairs.both + pairs.only_b)),
                1e-14));
  }
}

TEST_CASE("metrics: mutual information is what the entropies say", "[metrics]") {
  using latent::Normalisation;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Labels a = random_labels(80, 3, seed);
    Labels b = a;
    const Labels other = random_labels(80, 5, seed + 50);
    for (Index i = 0; i < 80; i += 2) b[i] = other[i];
    const double ha = entropy_of(a);
    const double hb = entropy_of(b);
    const double information = ha + hb - entropy_of_both(a, b);
    const auto nmi = [&](Normalisation by) {
      return latent::normalized_mutual_information(a, b, by);
    };
    const double tolerance = 1e-13;  // differences of entropies of a few units
    CHECK(close(nmi(Normalisation::arithmetic), 2 * information / (ha + hb), tolerance));
    CHECK(close(nmi(Normalisation::geometric), information / std::sqrt(ha * hb), tolerance));
    CHECK(close(nmi(Normalisation::minimum), information / std::min(ha, hb), tolerance));
    CHECK(close(nmi(Normalisation::maximum), information / std::max(ha, hb), tolerance));
    CHECK(nmi(Normalisation::arithmetic) == latent::normalized_mutual_information(a, b));
    CHECK(close(latent::homogeneity(a, b), information / hb, tolerance));
    CHECK(close(latent::completeness(a, b), information / ha, tolerance));
  }
}

TEST_CASE("metrics: a cluster split in two is homogeneous, and two merged are complete",
          "[metrics]") {
  const Labels fine = labels_of({0, 0, 1, 1, 2, 2});
  const Labels coarse = labels_of({0, 0, 0, 0, 1, 1});
  CHECK(latent::homogeneity(fine, coarse) == Approx(1.0).epsilon(1e-15));
  CHECK(latent::homogeneity(coarse, fine) < 0.7);
  CHECK(latent::completeness(coarse, fine) == Approx(1.0).epsilon(1e-15));
  CHECK(latent::completeness(fine, coarse) < 0.7);
  CHECK(latent::purity(fine, coarse) == 1.0);
  CHECK(latent::purity(coarse, fine) == 4.0 / 6.0);
}

TEST_CASE("metrics: symmetric, and blind to names and to the order of the rows", "[metrics]") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Labels a = random_labels(300, 6, seed);
    Labels b = a;
    const Labels other = random_labels(300, 4, seed + 10);
    for (Index i = 0; i < 300; i += 3) b[i] = other[i];
    const std::vector<double> base = symmetric_metrics(a, b);

    const int names[] = {700, 3, 2147483647, 41, 0, 12};
    Labels renamed(300);
    for (Index i = 0; i < 300; ++i) renamed[i] = names[a[i]];
    std::vector<Index> order(300);
    for (Index i = 0; i < 300; ++i) order[static_cast<std::size_t>(i)] = i;
    latent::Random{seed}.shuffle(order);
    Labels shuffled_a(300), shuffled_b(300);
    for (Index i = 0; i < 300; ++i) {
      shuffled_a[i] = a[order[static_cast<std::size_t>(i)]];
      shuffled_b[i] = b[order[static_cast<std::size_t>(i)]];
    }
    CHECK(symmetric_metrics(shuffled_a, shuffled_b) == base);
    for (const auto& again : {symmetric_metrics(b, a), symmetric_metrics(renamed, b)})
      for (std::size_t m = 0; m < base.size(); ++m) CHECK(close(again[m], base[m], 1e-13));
    for (const double value : symmetric_metrics(a, renamed)) CHECK(value == 1.0);
  }
}

TEST_CASE("metrics: degenerate partitions have values and no NaN", "[metrics]") {
  const Labels one = Labels::Zero(5);
  const Labels all = labels_of({4, 3, 2, 1, 0});
  const Labels some = labels_of({0, 0, 1, 1, 1});
  for (const Labels& same : {one, all, some, Labels(Labels::Zero(1))}) {
    for (const double value : symmetric_metrics(same, same)) CHECK(value == 1.0);
    CHECK(latent::homogeneity(same, same) == 1.0);
    CHECK(latent::completeness(same, same) == 1.0);
    CHECK(latent::purity(same, same) == 1.0);
  }
  for (const auto by : {latent::Normalisation::arithmetic, latent::Normalisation::geometric,
                        latent::Normalisation::minimum, latent::Normalisation::maximum}) {
    CHECK(latent::normalized_mutual_information(one, some, by) == 0.0);
    CHECK(latent::normalized_mutual_information(all, one, by) == 0.0);
  }
  CHECK(latent::adjusted_rand_index(one, all) == 0.0);
  CHECK(latent::adjusted_rand_index(one, some) == 0.0);
  CHECK(latent::fowlkes_mallows(one, all) == 0.0);
  CHECK(latent::rand_index(one, all) == 0.0);
  CHECK(latent::homogeneity(one, some) == 0.0);
  CHECK(latent::completeness(one, some) == 1.0);
  CHECK(latent::matched_accuracy(all, one) == 0.2);

  // As many labels as rows: nothing is as large as their product.
  Labels many(200000);
  for (Index i = 0; i < many.size(); ++i) many[i] = static_cast<int>(many.size() - i);
  CHECK(latent::adjusted_rand_index(many, Labels(many.reverse())) == 1.0);
  CHECK(latent::normalized_mutual_information(many, Labels::Zero(200000)) == 0.0);
}

TEST_CASE("metrics: rows that are unknown in either are left out", "[metrics]") {
  const Labels a = labels_of({0, 0, 1, 2, -1, 1, 0});
  const Labels b = labels_of({0, 0, 1, 1, 1, -1, -1});
  const std::vector<double> known =
      symmetric_metrics(labels_of({0, 0, 1, 2}), labels_of({0, 0, 1, 1}));
  CHECK(symmetric_metrics(a, b) == known);
  CHECK(latent::match_labels(a, b).rows == 4);
}

TEST_CASE("metrics: labels that cannot be compared are refused", "[metrics]") {
  using latent::DataError;
  using latent::InvalidArgument;
  const auto ari = [](const auto& a, const auto& b) { return latent::adjusted_rand_index(a, b); };
  CHECK_THAT(message_of<InvalidArgument>([&] { ari(Labels::Zero(3), Labels::Zero(4)); }),
             latent_test::contains("3 and 4"));
  CHECK_THAT(message_of<InvalidArgument>([&] { ari(Labels(), Labels()); }),
             latent_test::contains("at least one label"));
  CHECK_THAT(message_of<InvalidArgument>(
                 [&] { ari(Eigen::MatrixXi(Eigen::MatrixXi::Zero(2, 2)), Labels::Zero(4)); }),
             latent_test::contains("2 x 2"));
  CHECK_THAT(message_of<DataError>([&] {
               ari(labels_of({0, -2}), labels_of({0, 1}));
             }),
             latent_test::contains("-2 at row 1"));
  CHECK_THAT(message_of<DataError>([&] {
               ari(labels_of({0, -1}), labels_of({-1, 1}));
             }),
             latent_test::contains("no row"));
  const Eigen::Matrix<long long, 2, 1> wide{0, 1LL << 32};
  CHECK_THAT(message_of<DataError>([&] {
               ari(wide, labels_of({0, 1}));
             }),
             latent_test::contains("4294967296 at row 1"));
  CHECK_THROWS_AS(latent::normalized_mutual_information(Labels(), Labels()), InvalidArgument);
  CHECK_THROWS_AS(latent::matched_accuracy(Labels(), Labels()), InvalidArgument);
  CHECK_THROWS_AS(latent::purity(labels_of({-3}), labels_of({1})), DataError);
}

TEST_CASE("metrics: matching labels with classes is the best of all matchings", "[metrics]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const int count = 2 + static_cast<int>(seed % 5);
    const Labels a = random_labels(50, count, seed);
    const Labels b =
        random_labels(50, 1 + static_cast<int>(seed % static_cast<unsigned>(count)), seed + 1);
    const Index best = best_agreement(a, b, count);
    const auto match = latent::match_labels(a, b);
    CHECK(match.agreeing == best);
    CHECK(match.accuracy == static_cast<double>(best) / 50.0);
    CHECK(latent::match_labels(b, a).agreeing == best);
    // The mapping it gives does what it says.
    const Labels mapped = match.apply(a);
    CHECK((mapped.array() == b.array()).count() == best);
    std::set<int> used;
    for (const int c : match.classes) CHECK((c == -1 || used.insert(c).second));
  }
}

TEST_CASE("metrics: a matching worked by hand, with a label too many", "[metrics]") {
  // The greedy choice, 7 with 0 (3 rows), would leave 9 with 1 row: 4. The best is 2 + 3.
  const Labels labels = labels_of({7, 7, 7, 7, 7, 9, 9, 9, 4});
  const Labels truth = labels_of({0, 0, 0, 1, 1, 0, 0, 0, 1});
  const auto match = latent::match_labels(labels, truth);
  CHECK(match.labels == std::vector<int>{4, 7, 9});
  CHECK(match.classes == std::vector<int>{-1, 1, 0});
  CHECK(match.agreeing == 5);
  CHECK(match.accuracy == 5.0 / 9.0);
  CHECK(match.apply(labels_of({9, 4, 5, -1})) == labels_of({0, -1, -1, -1}));
}

TEST_CASE("metrics: an assignment costs the least of all permutations, any shape", "[metrics]") {
  latent::Random random{5};
  for (int round = 0; round < 60; ++round) {
    const Index rows = 1 + random.below(6);
    const Index cols = 1 + random.below(6);
    Eigen::MatrixXd cost(rows, cols);
    // Few distinct values, so that there are ties; negative ones too.
    for (double& c : cost.reshaped()) c = static_cast<double>(random.below(7)) - 3.0;
    const bool wide = rows <= cols;
    const Eigen::MatrixXd tall = wide ? Eigen::MatrixXd(cost.transpose()) : cost;
    std::vector<Index> order;
    for (Index i = 0; i < tall.rows(); ++i) order.push_back(i);
    double least = std::numeric_limits<double>::infinity();
    do {
      double sum = 0.0;
      for (Index j = 0; j < tall.cols(); ++j) sum += tall(order[static_cast<std::size_t>(j)], j);
      least = std::min(least, sum);
    } while (std::next_permutation(order.begin(), order.end()));

    const std::vector<Index> found = latent::solve_assignment(cost);
    REQUIRE(found.size() == static_cast<std::size_t>(rows));
    double sum = 0.0;
    std::set<Index> used;
    for (Index i = 0; i < rows; ++i) {
      const Index j = found[static_cast<std::size_t>(i)];
      if (j < 0) continue;
      CHECK(used.insert(j).second);
      sum += cost(i, j);
    }
    CHECK(static_cast<Index>(used.size()) == std::min(rows, cols));
    CHECK(sum == least);
  }
  CHECK(latent::solve_assignment(Eigen::MatrixXd(0, 3)).empty());
  CHECK(latent::solve_assignment(Eigen::MatrixXd(2, 0)) == std::vector<Index>{-1, -1});
  Eigen::MatrixXd bad = Eigen::MatrixXd::Zero(2, 2);
  bad(1, 0) = std::nan("");
  CHECK_THROWS_AS(latent::solve_assignment(bad), latent::DataError);
}

TEST_CASE("metrics: an assignment of 200 rows is certified by its dual", "[metrics]") {
  // A hidden permutation of cost u_i + v_j; every other cell costs more: it is the only optimum.
  latent::Random random{6};
  const Index n = 200;
  std::vector<Index> hidden;
  for (Index i = 0; i < n; ++i) hidden.push_back(i);
  random.shuffle(hidden);
  Eigen::VectorXd u(n), v(n);
  for (Index i = 0; i < n; ++i) u[i] = 100 * random.normal();
  for (Index i = 0; i < n; ++i) v[i] = 100 * random.normal();
  Eigen::MatrixXd cost(n, n);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      cost(i, j) =
          u[i] + v[j] + (hidden[static_cast<std::size_t>(i)] == j ? 0.0 : 0.01 + random.uniform());
  CHECK(latent::solve_assignment(cost) == hidden);
}

TEST_CASE("metrics: centroid index counts clusters without a counterpart", "[metrics]") {
  Eigen::MatrixXd truth(4, 1);
  truth << 0, 10, 20, 30;
  Eigen::MatrixXd found(4, 1);
  found << 0.4, -0.4, 15.5, 31;  // two in the first, one between the second and the third
  // found to truth: 0, 0, 20, 30: one orphan. truth to found: 0.4 or -0.4, 15.5, 15.5, 31: one.
  CHECK(latent::centroid_index(found, truth) == 1);
  CHECK(latent::centroid_index(truth, found) == 1);
  CHECK(latent::centroid_index(truth, Eigen::MatrixXd(truth.colwise().reverse())) == 0);
  // Orphans in one direction only: three of `truth` go to the only other one.
  CHECK(latent::centroid_index(truth, truth.topRows(1)) == 3);
  CHECK(latent::centroid_index(truth.topRows(1), truth) == 3);
  CHECK(latent::centroid_index(truth.cast<float>(), truth) == 0);
  CHECK_THROWS_AS(latent::centroid_index(truth, Eigen::MatrixXd(2, 2).setZero()),
                  latent::InvalidArgument);
  CHECK_THROWS_AS(latent::centroid_index(Eigen::MatrixXd(0, 1), truth), latent::InvalidArgument);
  found(2, 0) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(latent::centroid_index(truth, found), latent::DataError);
}
