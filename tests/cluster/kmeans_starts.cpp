// The starts of k-means against plain reference code, and what each of them promises.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::KMeansInit;
using latent::Purpose;
using latent::Random;
using latent::RowMatrix;
using latent::Samples;

namespace {

constexpr KMeansInit all_starts[] = {
    KMeansInit::plus_plus, KMeansInit::greedy_plus_plus, KMeansInit::random,  KMeansInit::parallel,
    KMeansInit::afk_mc2,   KMeansInit::farthest_first,   KMeansInit::pca_part};

template <class S>
RowMatrix<S> start_of(const Samples<S>& data, KMeansInit init, Index clusters, std::uint64_t seed,
                      int threads = 1) {
  latent::detail::Team team{threads};
  return latent::detail::initial_centroids(data, init, clusters, seed, 0, team);
}

template <class S>
bool same_bits(const RowMatrix<S>& a, const RowMatrix<S>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a.array() == b.array()).all();
}

template <class S>
double plain_distance(const Samples<S>& data, Index a, Index b) {
  double sum = 0.0;
  for (Index j = 0; j < data.cols(); ++j) {
    const double t = static_cast<double>(data(a, j)) - static_cast<double>(data(b, j));
    sum += t * t;
  }
  return sum;
}

// A row drawn in proportion to its mass, and the sum of the masses, row by row in long double.
template <class Mass>
long double plain_total(Index rows, const Mass& mass) {
  long double total = 0;
  for (Index i = 0; i < rows; ++i) total += static_cast<long double>(mass(i));
  return total;
}

template <class Mass>
Index plain_draw(Index rows, const Mass& mass, double uniform) {
  long double target = static_cast<long double>(uniform) * plain_total(rows, mass);
  Index row = -1;
  for (Index i = 0; i < rows; ++i) {
    if (!(mass(i) > 0)) continue;
    row = i;
    if (target < static_cast<long double>(mass(i))) break;
    target -= static_cast<long double>(mass(i));
  }
  return row;
}

// Greedy k-means++ as the textbook has it: every distance to every centre. With the same random
// numbers it draws the same rows but where a draw falls within the rounding between two rows.
template <class S>
RowMatrix<S> plain_greedy(const Samples<S>& data, Index clusters, Index candidates,
                          std::uint64_t seed) {
  const Index n = data.rows();
  std::vector<double> nearest(static_cast<std::size_t>(n), 1.0);
  const auto near = [&](Index i) { return nearest[static_cast<std::size_t>(i)]; };
  RowMatrix<S> centres(clusters, data.cols());
  for (Index k = 0; k < clusters; ++k) {
    Random random{seed, Purpose::initialisation, 0, static_cast<std::uint64_t>(k)};
    Index best = -1;
    long double most = -1;
    for (Index c = 0; c < (k == 0 ? 1 : candidates); ++c) {
      const Index row = plain_draw(
          n, [&](Index i) { return data.weight(i) * near(i); }, random.uniform());
      const long double saved = plain_total(n, [&](Index i) {
        return data.weight(i) * std::max(0.0, near(i) - plain_distance(data, i, row));
      });
      if (saved > most) {
        most = saved;
        best = row;
      }
    }
    for (Index i = 0; i < n; ++i) {
      const double d = plain_distance(data, i, best);
      nearest[static_cast<std::size_t>(i)] = k == 0 ? d : std::min(near(i), d);
    }
    for (Index j = 0; j < data.cols(); ++j) centres(k, j) = data(best, j);
  }
  return centres;
}

// k-means++ by rejection, with every distance to every centre: the masses are those of the first
// 1, 2, 4, 8, ... centres, or of more where 8 + n / 256 draws in a row were refused.
template <class S>
RowMatrix<S> plain_plus_plus(const Samples<S>& data, Index clusters, std::uint64_t seed) {
  const Index n = data.rows();
  std::vector<Index> rows;
  std::size_t known = 0;
  const auto nearest = [&](Index i, std::size_t centres) {
    double least = centres == 0 ? 1.0 : std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < centres; ++k)
      least = std::min(least, plain_distance(data, i, rows[k]));
    return least;
  };
  std::vector<double> old(static_cast<std::size_t>(n), 1.0);
  const auto learn = [&] {
    known = rows.size();
    for (Index i = 0; i < n; ++i) old[static_cast<std::size_t>(i)] = nearest(i, known);
  };
  const auto mass = [&](Index i) { return data.weight(i) * old[static_cast<std::size_t>(i)]; };
  RowMatrix<S> centres(clusters, data.cols());
  for (Index k = 0; k < clusters; ++k) {
    if (rows.size() - known >= std::max<std::size_t>(known, 1)) learn();
    Random random{seed, Purpose::initialisation, 0, static_cast<std::uint64_t>(k)};
    Index row = -1;
    for (Index refused = 0; row < 0; ++refused) {
      if (refused == 8 + n / 256) learn();
      const Index drawn = plain_draw(n, mass, random.uniform());
      if (rows.size() == known ||
          random.uniform() * old[static_cast<std::size_t>(drawn)] < nearest(drawn, rows.size()))
        row = drawn;
    }
    rows.push_back(row);
    for (Index j = 0; j < data.cols(); ++j) centres(k, j) = data(row, j);
  }
  return centres;
}

template <class S>
void check_plain(const Samples<S>& data, Index clusters, std::uint64_t seed) {
  CHECK(same_bits(start_of(data, KMeansInit::plus_plus, clusters, seed),
                  plain_plus_plus(data, clusters, seed)));
  CHECK(same_bits(start_of(data, KMeansInit::greedy_plus_plus, clusters, seed),
                  plain_greedy(data, clusters, latent::detail::greedy_candidates(clusters), seed)));
}

// The sum of w times the squared distance to the nearest centre.
template <class S>
double inertia_of_start(const Samples<S>& data, const RowMatrix<S>& centres) {
  double sum = 0.0;
  for (Index i = 0; i < data.rows(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (Index k = 0; k < centres.rows(); ++k) {
      double d = 0.0;
      for (Index j = 0; j < data.cols(); ++j) {
        const double t = static_cast<double>(data(i, j)) - static_cast<double>(centres(k, j));
        d += t * t;
      }
      least = std::min(least, d);
    }
    sum += data.weight(i) * least;
  }
  return sum;
}

// The chi-square statistic of counts against probabilities; those of probability 0 must be 0.
double chi_square(const Eigen::VectorXd& counts, const Eigen::VectorXd& p) {
  double sum = 0.0;
  for (Index i = 0; i < p.size(); ++i) {
    const double expected = p[i] * counts.sum();
    if (p[i] > 0)
      sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    else
      CHECK(counts[i] == 0);
  }
  return sum;
}

const Eigen::VectorXd tiny_x = (Eigen::VectorXd(6) << 0, 1, 1, 4, 6, 11).finished();
const Eigen::VectorXd tiny_w = (Eigen::VectorXd(6) << 2, 1, 3, 0, 1, 0.5).finished();

// The probabilities of the second centre of k-means++ on the tiny set, summed over the first.
Eigen::VectorXd tiny_second() {
  Eigen::VectorXd p = Eigen::VectorXd::Zero(6);
  for (Index a = 0; a < 6; ++a) {
    const Eigen::VectorXd mass = tiny_w.array() * (tiny_x.array() - tiny_x[a]).square();
    p += tiny_w[a] / tiny_w.sum() * mass / mass.sum();
  }
  return p;
}

// Values, not rows: two rows are equal. 0, 1 (both), 4, 6, 11.
Index value_of(double x) {
  return static_cast<Index>(std::find(tiny_x.data(), tiny_x.data() + 6, x) - tiny_x.data());
}

Eigen::VectorXd by_value(Eigen::VectorXd p) {
  p[1] += p[2];
  p[2] = 0;
  return p;
}

}  // namespace

TEST_CASE("kmeans starts: bounds and batches change no row of k-means++", "[kmeans]") {
  for (const Index cols : {1, 3, 7, 8, 17, 40}) {
    const Eigen::MatrixXd x =
        latent_test::blobs(2600, cols, 9, 3.0, static_cast<std::uint64_t>(cols));
    const RowMatrix<double> rows = x;
    INFO(cols << " columns");
    check_plain(latent::samples(rows), 24, 5);
    check_plain(latent::samples(x), 24, 6);  // columns side by side
    const Eigen::MatrixXf narrow = (x.array() + 50.0).cast<float>();
    check_plain(latent::samples(narrow), 24, 7);
    const Eigen::VectorXd w = latent_test::lattice(2600, 1, 3, 80);
    check_plain(latent::samples(rows).weights(w), 24, 8);
    // Wide apart: whole tiles and most rows are ruled out by the triangle inequality.
    RowMatrix<double> sorted(2600, cols);
    for (Index i = 0; i < 2600; ++i)
      sorted.row(i) = x.row(i).array() + 1000.0 * static_cast<double>(i / 200);
    check_plain(latent::samples(sorted), 30, 9);
    // Far from the origin, and one column a million times the others.
    check_plain(latent::samples(RowMatrix<double>(sorted.array() + 1e9)), 20, 10);
    sorted.col(0) *= 1e6;
    check_plain(latent::samples(sorted), 20, 11);
    // Lattices tie, and have few distinct rows.
    check_plain(latent::samples(latent_test::lattice(2600, cols, 5, 12)), 5, 12);
  }
}

TEST_CASE("kmeans starts: bounds hold for outliers and at the ends of the range", "[kmeans]") {
  for (const Index cols : {2, 12}) {
    const Eigen::MatrixXd x = latent_test::blobs(600, cols, 5, 4.0, 90);
    for (const double scale : {0x1p-460, 0x1p-100, 0x1p470}) {
      const RowMatrix<double> scaled = scale * x;
      check_plain(latent::samples(scaled), 12, 1);
    }
    RowMatrix<double> far = x;
    far.row(300).setConstant(0x1p470);
    far.row(301).setConstant(-1e60);
    far.row(302).setConstant(1e9);
    check_plain(latent::samples(far), 12, 2);
    // All rows of the sketch's sample the same but one that is not in it.
    RowMatrix<double> hidden = RowMatrix<double>::Ones(3000, cols);
    hidden.row(1).setConstant(2.0);
    check_plain(latent::samples(hidden), 2, 3);
    // Neighbours closer than their squares can tell from 0.
    RowMatrix<double> close = 0x1p-470 * x;
    for (Index i = 0; i < 300; ++i) close.row(2 * i + 1) = close.row(2 * i) * (1 + 0x1p-52);
    const auto start = start_of(latent::samples(close), KMeansInit::plus_plus, 12, 4);
    CHECK(start.allFinite());
  }
}

TEST_CASE("kmeans starts: the same bits for any number of threads, order of storage and memory",
          "[kmeans]") {
  for (const Index cols : {3, 11, 40})
    for (const KMeansInit init : all_starts) {
      INFO(cols << " columns, start " << static_cast<int>(init));
      const Eigen::MatrixXd x = latent_test::blobs(7000, cols, 10, 2.0, 91);
      const Eigen::VectorXd w = latent_test::lattice(7000, 1, 4, 92);
      const RowMatrix<double> rows = x;
      const auto data = latent::samples(x).weights(w);
      const RowMatrix<double> one = start_of(data, init, 12, 3);
      for (const int threads : {2, 3, 8})
        CHECK(same_bits(one, start_of(data, init, 12, 3, threads)));
      CHECK(same_bits(one, start_of(latent::samples(rows).weights(w), init, 12, 3)));
      RowMatrix<double> padded(7000, cols + 3);
      padded.block(0, 1, 7000, cols) = rows;
      const Samples<double> strided{padded.data() + 1, 7000, cols, cols + 3, 1};
      CHECK(same_bits(one, start_of(Samples<double>(strided).weights(w), init, 12, 3)));
      const Eigen::MatrixXf narrow = x.cast<float>();
      const auto floats = latent::samples(narrow).weights(w);
      CHECK(same_bits(start_of(floats, init, 12, 3), start_of(floats, init, 12, 3, 3)));
    }
}

TEST_CASE("kmeans starts: no row without weight, and none twice while others differ", "[kmeans]") {
  // 40 distinct rows, each many times, a quarter of them without weight.
  for (const Index cols : {2, 9}) {
    RowMatrix<double> x(4000, cols);
    Eigen::VectorXd w(4000);
    for (Index i = 0; i < 4000; ++i) {
      const auto value = static_cast<double>(i % 40);
      for (Index j = 0; j < cols; ++j) x(i, j) = value * static_cast<double>(j + 1) + value * value;
      w[i] = i % 4 == 0 ? 0.0 : 1.0 + static_cast<double>(i % 7);
    }
    for (const KMeansInit init : all_starts)
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        INFO("start " << static_cast<int>(init) << ", seed " << seed);
        if (init == KMeansInit::random) continue;
        const auto start = start_of(latent::samples(x).weights(w), init, 30, seed);
        REQUIRE(start.rows() == 30);
        for (Index k = 0; k < 30; ++k) {
          for (Index l = 0; l < k; ++l) CHECK(start.row(l) != start.row(k));
          // x(i, 1) - x(i, 0) is the value itself; all 30 with weight are found.
          CHECK(static_cast<int>(std::lround(start(k, 1) - start(k, 0))) % 4 != 0);
        }
      }
  }
}

TEST_CASE("kmeans starts: more clusters than distinct rows still make K rows", "[kmeans]") {
  for (const Index cols : {2, 9})
    for (const KMeansInit init : all_starts) {
      INFO("start " << static_cast<int>(init));
      RowMatrix<double> x = RowMatrix<double>::Constant(60, cols, 0.1);
      CHECK(start_of(latent::samples(x), init, 5, 1) == RowMatrix<double>::Constant(5, cols, 0.1));
      CHECK(start_of(latent::samples(x), init, 60, 1).rows() == 60);
      x.row(7).setConstant(3.0);
      x.row(9).setConstant(4.0);
      const auto start = start_of(latent::samples(x), init, 8, 2);
      REQUIRE(start.rows() == 8);
      CHECK(start.allFinite());
      if (init != KMeansInit::random) CHECK(inertia_of_start(latent::samples(x), start) == 0.0);
      const auto fit = latent::KMeans{.clusters = 8, .init = init}.fit(x);
      CHECK(fit.inertia == 0.0);
      CHECK(fit.report.status == latent::Status::degenerate);
      // As many clusters as rows, all distinct.
      const Eigen::MatrixXd all = latent_test::normal_matrix(50, cols, 93);
      CHECK(inertia_of_start(latent::samples(all), start_of(latent::samples(all), init, 50, 3)) <=
            (init == KMeansInit::pca_part ? 1e-28 : 0.0));
    }
}

TEST_CASE("kmeans starts: k-means++ draws its first two centres as the formula says", "[kmeans]") {
  const auto data = latent::samples(tiny_x).weights(tiny_w);
  Eigen::VectorXd first = Eigen::VectorXd::Zero(6);
  Eigen::VectorXd second = first;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    const auto start = start_of(data, KMeansInit::plus_plus, 2, seed);
    first[value_of(start(0, 0))] += 1;
    second[value_of(start(1, 0))] += 1;
  }
  // Three degrees of freedom: exceeded with probability 1e-5 by 25.9.
  CHECK(chi_square(first, by_value(tiny_w / tiny_w.sum())) < 25.9);
  CHECK(chi_square(second, by_value(tiny_second())) < 25.9);
}

TEST_CASE("kmeans starts: k-means++ draws in proportion to true masses while they are old",
          "[kmeans]") {
  // The fourth centre is drawn by the masses of two, the seventh by those of four.
  const Eigen::VectorXd x =
      (Eigen::VectorXd(10) << 0, 0.5, 1, 4, 4.25, 6, 9, 10, 15, 40).finished();
  const Eigen::VectorXd w = (Eigen::VectorXd(10) << 2, 8, 3, 1, 20, 0, 5, 1, 0.5, 0.125).finished();
  // sets[s]: the probability that the centres so far are the values of s, bit by bit.
  std::vector<double> sets(1024, 0.0);
  for (std::size_t i = 0; i < 10; ++i)
    sets[std::size_t{1} << i] = w[static_cast<Index>(i)] / w.sum();
  Eigen::VectorXd fourth;
  Eigen::VectorXd seventh;
  for (int k = 1; k < 7; ++k) {
    std::vector<double> next(1024, 0.0);
    Eigen::VectorXd p = Eigen::VectorXd::Zero(10);
    for (std::size_t set = 1; set < 1024; ++set) {
      if (!(sets[set] > 0)) continue;
      Eigen::VectorXd mass = w;
      for (Index i = 0; i < 10; ++i) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < 10; ++c)
          if ((set >> c & 1) != 0)
            least = std::min(least, std::pow(x[i] - x[static_cast<Index>(c)], 2));
        mass[i] *= least;
      }
      for (std::size_t i = 0; i < 10; ++i) {
        const double share = sets[set] * mass[static_cast<Index>(i)] / mass.sum();
        p[static_cast<Index>(i)] += share;
        next[set | std::size_t{1} << i] += share;
      }
    }
    if (k == 3) fourth = p;
    if (k == 6) seventh = p;
    sets = next;
  }
  Eigen::VectorXd fourths = Eigen::VectorXd::Zero(10);
  Eigen::VectorXd sevenths = Eigen::VectorXd::Zero(10);
  const auto data = latent::samples(x).weights(w);
  for (std::uint64_t seed = 0; seed < 40000; ++seed) {
    const auto start = start_of(data, KMeansInit::plus_plus, 7, seed);
    for (Index i = 0; i < 10; ++i) {
      fourths[i] += start(3, 0) == x[i] ? 1 : 0;
      sevenths[i] += start(6, 0) == x[i] ? 1 : 0;
    }
  }
  // Eight degrees of freedom: exceeded with probability 1e-5 by 37.4.
  CHECK(chi_square(fourths, fourth) < 37.4);
  CHECK(chi_square(sevenths, seventh) < 37.4);
}

TEST_CASE("kmeans starts: long chains of AFK-MC2 draw as k-means++, short ones do not",
          "[kmeans]") {
  const auto data = latent::samples(tiny_x).weights(tiny_w);
  latent::detail::Team team{1};
  // The third of three centres: the reference is k-means++ itself, enumerated.
  Eigen::VectorXd p = Eigen::VectorXd::Zero(6);
  for (Index a = 0; a < 6; ++a) {
    const Eigen::VectorXd mass = tiny_w.array() * (tiny_x.array() - tiny_x[a]).square();
    for (Index b = 0; b < 6; ++b) {
      const Eigen::VectorXd left =
          tiny_w.array() *
          (tiny_x.array() - tiny_x[a]).square().min((tiny_x.array() - tiny_x[b]).square());
      if (mass[b] > 0) p += tiny_w[a] / tiny_w.sum() * (mass[b] / mass.sum()) * left / left.sum();
    }
  }
  p = by_value(p);
  const auto statistic = [&](Index chain) {
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(6);
    for (std::uint64_t seed = 0; seed < 6000; ++seed) {
      latent::detail::AfkMc2<double, latent::detail::Team> start{data, 3, chain, team};
      counts[value_of(start.run(seed, 0)(2, 0))] += 1;
    }
    return chi_square(counts, p);
  };
  // (A chain of one that stays on a centre hands over to k-means++, and so often that it is better
  // than one of four.)
  const double four = statistic(4);
  const double twelve = statistic(12);
  CHECK(four > 100);
  CHECK(twelve < 0.25 * four);
  CHECK(statistic(60) < 25.9);
}

TEST_CASE("kmeans starts: their inertia, on average over seeds", "[kmeans]") {
  const RowMatrix<double> x = latent_test::blobs(3000, 4, 20, 5.0, 94);
  const auto data = latent::samples(x);
  const auto mean_of = [&](KMeansInit init) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 15; ++seed)
      sum += inertia_of_start(data, start_of(data, init, 20, seed));
    return sum / 15;
  };
  const double random = mean_of(KMeansInit::random);
  const double plain = mean_of(KMeansInit::plus_plus);
  const double greedy = mean_of(KMeansInit::greedy_plus_plus);
  CHECK(plain < 0.5 * random);
  CHECK(greedy < plain);
  CHECK(mean_of(KMeansInit::parallel) < 1.1 * plain);
  CHECK(mean_of(KMeansInit::afk_mc2) < 1.5 * plain);
  CHECK(mean_of(KMeansInit::farthest_first) < 0.5 * random);
  CHECK(mean_of(KMeansInit::pca_part) < plain);
}

TEST_CASE("kmeans starts: every start but random finds separated blobs", "[kmeans]") {
  for (const Index cols : {2, 10, 40}) {
    Eigen::MatrixXd x = latent_test::normal_matrix(300, cols, 95);
    for (Index i = 0; i < 300; ++i) x.row(i).array() += 40.0 * static_cast<double>(i % 3);
    const double best = latent::KMeans{.clusters = 3, .restarts = 50}.fit(x).inertia;
    for (const KMeansInit init : all_starts) {
      if (init == KMeansInit::random) continue;
      int found = 0;
      for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto fit =
            latent::KMeans{.clusters = 3, .init = init, .restarts = 4, .seed = seed}.fit(x);
        found += fit.inertia <= best * (1 + 1e-12) ? 1 : 0;
      }
      CHECK(found == 50);
    }
  }
}

TEST_CASE("kmeans starts: farthest first, by hand", "[kmeans]") {
  // Mean 4 (of weights 2, 1, 1): 11 lies farthest, then 0, then 4; 100 has no weight.
  const Eigen::VectorXd x = (Eigen::VectorXd(5) << 0, 4, 11, 100, 0).finished();
  const Eigen::VectorXd w = (Eigen::VectorXd(5) << 1, 1, 1, 0, 1).finished();
  const auto start = start_of(latent::samples(x).weights(w), KMeansInit::farthest_first, 4, 1);
  CHECK(start == Eigen::Vector4d(11, 0, 4, start(3, 0)));
  CHECK(start(3, 0) != 100);
  // Every next centre is at least as near as the one before was to its predecessors.
  const RowMatrix<double> y = latent_test::normal_matrix(5000, 9, 96);
  const auto far = start_of(latent::samples(y), KMeansInit::farthest_first, 30, 1);
  double before = std::numeric_limits<double>::infinity();
  for (Index k = 1; k < 30; ++k) {
    double own = std::numeric_limits<double>::infinity();
    for (Index l = 0; l < k; ++l) own = std::min(own, (far.row(k) - far.row(l)).squaredNorm());
    double most = 0;
    for (Index i = 0; i < y.rows(); ++i) {
      double nearest = std::numeric_limits<double>::infinity();
      for (Index l = 0; l < k; ++l)
        nearest = std::min(nearest, (y.row(i) - far.row(l)).squaredNorm());
      most = std::max(most, nearest);
    }
    CHECK(own >= most * (1 - 1e-12));
    CHECK(own <= before);
    before = own;
  }
}

TEST_CASE("kmeans starts: PCA-Part divides along the first principal direction", "[kmeans]") {
  // Four tight groups at (+-30, 0) and (30, +-4): first left from right, then the right one.
  for (const Index cols : {2, 36}) {
    RowMatrix<double> x = 0.1 * latent_test::normal_matrix(3000, cols, 97);
    Eigen::VectorXd w = Eigen::VectorXd::Ones(3000);
    for (Index i = 0; i < 3000; ++i) {
      x(i, 0) += i % 3 == 0 ? -30 : 30;
      x(i, 1) += i % 3 == 0 ? 0 : (i % 3 == 1 ? 4 : -4);
      if (i % 5 == 0) {
        x.row(i).setConstant(1e3);
        w[i] = 0;
      }
    }
    const auto start = start_of(latent::samples(x).weights(w), KMeansInit::pca_part, 3, 0);
    Eigen::MatrixXd means = Eigen::MatrixXd::Zero(3, cols);
    Eigen::Vector3d counts = Eigen::Vector3d::Zero();
    for (Index i = 0; i < 3000; ++i) {
      if (i % 5 == 0) continue;
      means.row(i % 3) += x.row(i);
      counts[i % 3] += 1;
    }
    for (Index g = 0; g < 3; ++g) {
      means.row(g) /= counts[g];
      double least = std::numeric_limits<double>::infinity();
      for (Index k = 0; k < 3; ++k)
        least = std::min(least, (start.row(k) - means.row(g)).cwiseAbs().maxCoeff());
      CHECK(least <= 3000 * latent_test::eps * 31);
    }
  }
}
