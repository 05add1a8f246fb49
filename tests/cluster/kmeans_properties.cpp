// What must not change, or change in a known way, when the problem is rewritten.
#include <cmath>
#include <numeric>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::KMeans;
using latent::KMeansFit;
using latent::KMeansInit;
using latent::Labels;
using latent::RowMatrix;
using latent_test::eps;

namespace {

// The grid that every property runs on.
template <class F>
void for_each_problem(const F& f) {
  for (const Index rows : {1, 2, 3, 10, 257, 2500})
    for (const Index cols : {1, 2, 5, 33})
      for (const Index clusters : {1, 2, 5}) {
        if (clusters > rows || rows * cols > 20000) continue;
        const auto seed = static_cast<std::uint64_t>(1000 * rows + 10 * cols + clusters);
        INFO(rows << " x " << cols << ", " << clusters << " clusters, seed " << seed);
        const Eigen::MatrixXd x = latent_test::normal_matrix(rows, cols, seed);
        f(x, Eigen::MatrixXd(x.topRows(clusters)), seed);
      }
}

Index iterations(const KMeansFit<double>& fit) {
  return fit.report.iterations;
}

template <class A, class B>
double difference(const A& a, const B& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

bool same_result(const KMeansFit<double>& a, const KMeansFit<double>& b) {
  return a.labels == b.labels && a.inertia == b.inertia &&
         a.model.centroids() == b.model.centroids() && iterations(a) == iterations(b);
}

}  // namespace

TEST_CASE("kmeans: permuting the rows permutes the labels", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t seed) {
    std::vector<Index> order(static_cast<std::size_t>(x.rows()));
    std::iota(order.begin(), order.end(), Index{0});
    latent::Random{seed}.shuffle(order);
    Eigen::MatrixXd permuted(x.rows(), x.cols());
    for (Index i = 0; i < x.rows(); ++i)
      permuted.row(i) = x.row(order[static_cast<std::size_t>(i)]);
    const auto a = KMeans{}.fit_from(start, x);
    const auto b = KMeans{}.fit_from(start, permuted);
    Index changed = 0;
    for (Index i = 0; i < x.rows(); ++i)
      changed += b.labels[i] != a.labels[order[static_cast<std::size_t>(i)]] ? 1 : 0;
    CHECK(changed == 0);
    CHECK(difference(a.model.centroids(), b.model.centroids()) <= 1e-12);
    CHECK(iterations(a) == iterations(b));
  });
}

TEST_CASE("kmeans: permuting the columns permutes the centroids' columns", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t) {
    const auto a = KMeans{}.fit_from(start, x);
    const auto b = KMeans{}.fit_from(start.rowwise().reverse(), x.rowwise().reverse());
    CHECK(a.labels == b.labels);
    CHECK(difference(a.model.centroids(), b.model.centroids().rowwise().reverse()) <= 1e-12);
  });
}

TEST_CASE("kmeans: permuting the start permutes the clusters, to the bit", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t) {
    const auto a = KMeans{}.fit_from(start, x);
    const auto b = KMeans{}.fit_from(start.colwise().reverse(), x);
    CHECK(a.inertia == b.inertia);
    CHECK(a.model.centroids() == b.model.centroids().colwise().reverse());
    const int last = static_cast<int>(start.rows()) - 1;
    CHECK(a.labels == Labels((last - b.labels.array()).matrix()));
  });
}

TEST_CASE("kmeans: translating the data translates the centroids", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t) {
    for (const double shift : {0x1p10, 0x1p25}) {
      // The stored rows are rounded: what is compared is their own problem, moved back exactly.
      const Eigen::MatrixXd moved = x.array() + shift;
      const Eigen::MatrixXd back = moved.array() - shift;
      const auto a = KMeans{}.fit_from(Eigen::MatrixXd((start.array() + shift) - shift), back);
      const auto b = KMeans{}.fit_from(Eigen::MatrixXd(start.array() + shift), moved);
      CHECK(a.labels == b.labels);
      CHECK(difference(a.model.centroids().array() + shift, b.model.centroids().array()) <=
            4 * eps * shift);
      CHECK(b.inertia == Approx(latent_test::inertia_of(moved, b.model.centroids(), b.labels))
                             .epsilon(1e-12)
                             .margin(0));
    }
  });
}

TEST_CASE("kmeans: scaling by a power of two changes no bit but the exponent", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t seed) {
    for (const double factor : {0x1p-100, 0x1p-40, 0x1p40, 0x1p400}) {
      const auto a = KMeans{}.fit_from(start, x);
      const auto b = KMeans{}.fit_from(factor * start, factor * x);
      CHECK(a.labels == b.labels);
      CHECK(factor * a.model.centroids() == b.model.centroids());
      CHECK(factor * factor * a.inertia == b.inertia);
      const KMeans options{
          .clusters = start.rows(), .restarts = 2, .tolerance = 1e-3, .seed = seed};
      const auto c = options.fit(x);
      const auto d = options.fit(factor * x);
      CHECK(c.labels == d.labels);
      CHECK(factor * c.model.centroids() == d.model.centroids());
      CHECK(iterations(c) == iterations(d));
    }
  });
}

TEST_CASE("kmeans: all rows twice give the same centroids and twice the inertia", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t) {
    for (const double tolerance : {0.0, 1e-3}) {
      const auto a = KMeans{.tolerance = tolerance}.fit_from(start, x);
      const auto b = KMeans{.tolerance = tolerance}.fit_from(start, latent_test::stacked(x, x));
      CHECK(a.labels == b.labels.head(x.rows()));
      CHECK(a.labels == b.labels.tail(x.rows()));
      CHECK(difference(a.model.centroids(), b.model.centroids()) <= 1e-12);
      CHECK(b.inertia == Approx(2 * a.inertia).epsilon(1e-13));
      CHECK(iterations(a) == iterations(b));
    }
  });
}

TEST_CASE("kmeans: a weight of two is a row twice, a weight of zero is no row", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t seed) {
    const Index rows = x.rows();
    // The start's rows stay, so that both problems have enough of them.
    Eigen::VectorXd w = latent_test::lattice(rows, 1, 4, seed);
    w.head(start.rows()).setOnes();
    Eigen::MatrixXd repeated(static_cast<Index>(w.sum()), x.cols());
    Index next = 0;
    for (Index i = 0; i < rows; ++i)
      for (int copy = 0; copy < static_cast<int>(w[i]); ++copy) repeated.row(next++) = x.row(i);
    const Eigen::VectorXd random_w =
        w.array() * latent_test::normal_matrix(rows, 1, seed).array().abs();

    const auto a = KMeans{}.fit_from(start, latent::samples(x).weights(w));
    const auto b = KMeans{}.fit_from(start, repeated);
    CHECK(difference(a.model.centroids(), b.model.centroids()) <= 1e-12);
    CHECK(a.inertia == Approx(b.inertia).epsilon(1e-12));
    CHECK(iterations(a) == iterations(b));
    CHECK(a.model.predict(repeated) == b.labels);
    CHECK(a.model.score(latent::samples(x).weights(w)) == Approx(-a.inertia).epsilon(1e-12));

    // With a tolerance, and with weights that are no integers.
    Eigen::VectorXd kept_w(static_cast<Index>((w.array() > 0).count()));
    Eigen::MatrixXd kept(kept_w.size(), x.cols());
    next = 0;
    for (Index i = 0; i < rows; ++i)
      if (w[i] > 0) {
        kept.row(next) = x.row(i);
        kept_w[next++] = random_w[i];
      }
    for (const double tolerance : {0.0, 1e-3}) {
      const KMeans options{.tolerance = tolerance};
      const auto c = options.fit_from(start, latent::samples(x).weights(random_w));
      const auto d = options.fit_from(start, latent::samples(kept).weights(kept_w));
      CHECK(difference(c.model.centroids(), d.model.centroids()) <= 1e-12);
      CHECK(c.inertia == Approx(d.inertia).epsilon(1e-12));
      CHECK(iterations(c) == iterations(d));
      CHECK(c.labels == c.model.predict(x));
    }
  });
}

TEST_CASE("kmeans: weights of one, and weights scaled by a power of two, change no bit",
          "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t seed) {
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(x.rows());
    const Eigen::VectorXd w = latent_test::normal_matrix(x.rows(), 1, seed).cwiseAbs();
    for (const KMeansInit init :
         {KMeansInit::plus_plus, KMeansInit::greedy_plus_plus, KMeansInit::random}) {
      const KMeans options{
          .clusters = start.rows(), .init = init, .restarts = 2, .tolerance = 1e-4, .seed = seed};
      CHECK(same_result(options.fit(x), options.fit(latent::samples(x).weights(ones))));
      const auto a = options.fit(latent::samples(x).weights(w));
      for (const double factor : {0x1p-60, 0x1p60}) {
        const auto b = options.fit(latent::samples(x).weights(factor * w));
        CHECK(a.labels == b.labels);
        CHECK(a.model.centroids() == b.model.centroids());
        CHECK(factor * a.inertia == b.inertia);
        CHECK(iterations(a) == iterations(b));
      }
    }
  });
}

TEST_CASE("kmeans: float and double agree on numbers that both hold", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t) {
    const Eigen::MatrixXf xf = x.cast<float>();
    const auto a = KMeans{}.fit_from(start.cast<float>(), xf);
    const auto b = KMeans{}.fit_from(start.cast<float>(), xf.cast<double>());
    CHECK(a.labels == b.labels);
    CHECK(difference(a.model.centroids().cast<double>(), b.model.centroids()) <= 1e-5);
  });
}

TEST_CASE("kmeans: a constant column changes no label", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t) {
    Eigen::MatrixXd wide(x.rows(), x.cols() + 1);
    wide << x, Eigen::VectorXd::Constant(x.rows(), 12345.678);
    Eigen::MatrixXd wide_start(start.rows(), x.cols() + 1);
    wide_start << start, Eigen::VectorXd::Constant(start.rows(), 12345.678);
    const auto a = KMeans{}.fit_from(start, x);
    const auto b = KMeans{}.fit_from(wide_start, wide);
    CHECK(a.labels == b.labels);
    CHECK(b.inertia == Approx(a.inertia).epsilon(1e-12));
  });
}

TEST_CASE("kmeans: predict on the data of the fit gives its labels", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t seed) {
    const auto fit = KMeans{.clusters = start.rows(), .restarts = 3, .seed = seed}.fit(x);
    CHECK(fit.model.predict(x) == fit.labels);
    const RowMatrix<double> d = fit.model.transform(x);
    double inertia = 0.0;
    for (Index i = 0; i < x.rows(); ++i) {
      CHECK(d(i, fit.labels[i]) == d.row(i).minCoeff());
      inertia += d(i, fit.labels[i]) * d(i, fit.labels[i]);
    }
    CHECK(inertia == Approx(fit.inertia).epsilon(1e-12));
  });
}

TEST_CASE("kmeans: a rotation changes no label", "[kmeans]") {
  for_each_problem([](const Eigen::MatrixXd& x, const Eigen::MatrixXd& start, std::uint64_t seed) {
    const Eigen::VectorXd v = latent_test::normal_matrix(x.cols(), 1, seed + 1).normalized();
    const Eigen::MatrixXd h =
        Eigen::MatrixXd::Identity(x.cols(), x.cols()) - 2.0 * v * v.transpose();
    const auto a = KMeans{}.fit_from(start, x);
    const auto b = KMeans{}.fit_from(start * h, x * h);
    CHECK(a.labels == b.labels);
    CHECK(b.inertia == Approx(a.inertia).epsilon(1e-12).margin(1e-24));
  });
}

TEST_CASE("kmeans: more restarts are never worse", "[kmeans]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(600, 4, 50);
  double before = std::numeric_limits<double>::infinity();
  for (const Index restarts : {1, 2, 4, 8}) {
    const double inertia = KMeans{.clusters = 12, .restarts = restarts, .seed = 4}.fit(x).inertia;
    CHECK(inertia <= before);
    before = inertia;
  }
}
