// Broken contracts end in typed errors that name the rule and the value.
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/kmeans.hpp"
#include "support/catch.hpp"

using latent::DataError;
using latent::Index;
using latent::InvalidArgument;
using latent::KMeans;
using latent::KMeansModel;
using latent_test::contains;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

Eigen::MatrixXd data() {
  return latent_test::normal_matrix(20, 3, 60);
}

template <class Error, class F>
void check_throws(const F& f, const char* part) {
  try {
    f();
  } catch (const Error& error) {
    CHECK_THAT(std::string(error.what()), contains(part));
    CHECK_THAT(std::string(error.what()), contains("KMeans"));
    return;
  }
  FAIL("no error, expected: " << part);
}

}  // namespace

TEST_CASE("kmeans: options out of range are refused", "[kmeans]") {
  const Eigen::MatrixXd x = data();
  const auto refuse = [&](const KMeans& options, const char* part) {
    check_throws<InvalidArgument>([&] { options.fit(x); }, part);
  };
  refuse({.clusters = 0}, "clusters must be at least 1; got 0");
  refuse({.clusters = -1}, "clusters must be at least 1; got -1");
  refuse({.clusters = 21}, "clusters must not exceed the number of rows; got 21");
  refuse({.clusters = 2, .restarts = 0}, "restarts must be at least 1; got 0");
  refuse({.clusters = 2, .max_iterations = 0}, "max_iterations must be at least 1; got 0");
  refuse({.clusters = 2, .tolerance = -1e-9}, "tolerance must be finite and not negative");
  refuse({.clusters = 2, .tolerance = not_a_number}, "tolerance must be finite and not negative");
  refuse({.clusters = 2, .tolerance = inf}, "tolerance must be finite and not negative");
  Eigen::VectorXd w = Eigen::VectorXd::Zero(20);
  w.head(2).setOnes();
  check_throws<InvalidArgument>([&] { KMeans{.clusters = 3}.fit(latent::samples(x).weights(w)); },
                                "rows of positive weight; got 3 clusters for 2");
  CHECK(KMeans{.clusters = 2}.fit(latent::samples(x).weights(w)).inertia == 0.0);
  for (const std::uint64_t seed : {std::uint64_t{0}, ~std::uint64_t{0}})
    CHECK(KMeans{.clusters = 3, .seed = seed}.fit(x).report.converged());
}

TEST_CASE("kmeans: empty data are refused", "[kmeans]") {
  check_throws<InvalidArgument>([] { KMeans{.clusters = 1}.fit(Eigen::MatrixXd(0, 3)); },
                                "at least one row; got 0 x 3");
  check_throws<InvalidArgument>([] { KMeans{.clusters = 1}.fit(Eigen::MatrixXd(3, 0)); },
                                "at least one column; got 3 x 0");
  check_throws<InvalidArgument>([] { KMeans{}.fit_from(Eigen::MatrixXd(0, 3), data()); },
                                "clusters must be at least 1; got 0");
}

TEST_CASE("kmeans: NaN and infinities are found wherever they hide", "[kmeans]") {
  for (const double bad : {not_a_number, inf, -inf})
    for (const Index row : {Index{0}, Index{2500}, Index{4999}}) {
      Eigen::MatrixXd x = latent_test::normal_matrix(5000, 3, 61);
      x(row, 1) = bad;
      const std::string place = latent::detail::concat("row ", row, ", column 1");
      check_throws<DataError>([&] { KMeans{.clusters = 2}.fit(x); }, place.c_str());
      check_throws<DataError>([&] { KMeans{.clusters = 2}.fit(x.cast<float>()); }, place.c_str());
      const Eigen::MatrixXd start = latent_test::normal_matrix(2, 3, 62);
      check_throws<DataError>([&] { KMeans{}.fit_from(start, x); }, place.c_str());
      // In a row of zero weight too.
      Eigen::VectorXd w = Eigen::VectorXd::Ones(5000);
      w[row] = 0;
      check_throws<DataError>([&] { KMeans{}.fit_from(start, latent::samples(x).weights(w)); },
                              place.c_str());
      const KMeansModel<double> model{latent::RowMatrix<double>(start)};
      check_throws<DataError>([&] { model.predict(x); }, place.c_str());
      check_throws<DataError>([&] { model.transform(x); }, place.c_str());
      check_throws<DataError>([&] { model.score(x); }, place.c_str());
    }
  // Of two bad rows, the first is named, whatever the number of threads.
  Eigen::MatrixXd x = latent_test::normal_matrix(20000, 3, 63);
  x(3000, 2) = not_a_number;
  x(17000, 0) = inf;
  for (int repeat = 0; repeat < 20; ++repeat)
    check_throws<DataError>([&] { KMeans{.clusters = 2}.fit(x, latent::Threads{4}); },
                            "NaN at row 3000, column 2");
}

TEST_CASE("kmeans: a start must fit the data and the options", "[kmeans]") {
  const Eigen::MatrixXd x = data();
  const Eigen::MatrixXd start = x.topRows(3);
  CHECK(KMeans{}.fit_from(start, x).model.centroids().rows() == 3);
  CHECK(KMeans{.clusters = 3}.fit_from(start, x).model.centroids().rows() == 3);
  check_throws<InvalidArgument>([&] { KMeans{.clusters = 8}.fit_from(start, x); },
                                "got 3 rows for 8 clusters");
  check_throws<InvalidArgument>([&] { KMeans{.clusters = 0}.fit_from(start, x); },
                                "got 3 rows for 0 clusters");
  check_throws<InvalidArgument>([&] { KMeans{}.fit_from(start.leftCols(2), x); },
                                "as many columns as the data; got 3 x 2 for data of 20 x 3");
  check_throws<InvalidArgument>([&] { KMeans{}.fit_from(latent_test::normal_matrix(21, 3, 1), x); },
                                "got 21 clusters for 20 rows");
  for (const double bad : {not_a_number, inf}) {
    Eigen::MatrixXd broken = start;
    broken(2, 1) = bad;
    check_throws<DataError>([&] { KMeans{}.fit_from(broken, x); }, "row 2, column 1");
  }
  // Finite in double, not in float.
  Eigen::MatrixXd large = start;
  large(0, 0) = 1e300;
  check_throws<DataError>([&] { KMeans{}.fit_from(large, x.cast<float>()); }, "row 0, column 0");
  // Integers are welcome.
  Eigen::MatrixXi lattice = latent_test::lattice(30, 2, 9, 64).cast<int>();
  CHECK(KMeans{}.fit_from(lattice.topRows(2), lattice).report.iterations > 0);
}

TEST_CASE("kmeans: magnitudes whose squares overflow are refused, large ones work", "[kmeans]") {
  Eigen::MatrixXd x = data();
  x(7, 2) = 1e160;
  for (const latent::KMeansInit init : {latent::KMeansInit::plus_plus, latent::KMeansInit::random})
    check_throws<DataError>([&] { KMeans{.clusters = 2, .init = init}.fit(x); }, "row 7, column 2");
  check_throws<DataError>([&] { KMeans{}.fit_from(x.middleRows(6, 2), data()); },
                          "centroid of row 1, column 2");
  x(7, 2) = 1e140;
  const auto fit = KMeans{.clusters = 2}.fit(x);
  CHECK(std::isfinite(fit.inertia));
  CHECK(fit.model.centroids().allFinite());
  Eigen::VectorXd w = Eigen::VectorXd::Constant(20, 1e40);
  check_throws<DataError>([&] { KMeans{.clusters = 2}.fit(latent::samples(x).weights(w)); },
                          "must be finite; got a total weight of");
  // The largest floats, in few and in many columns.
  for (const Index cols : {2, 9}) {
    const float most = std::numeric_limits<float>::max();
    Eigen::MatrixXf f = Eigen::MatrixXf::Constant(6, cols, most);
    f.topRows(3) *= -1.0f;
    const auto far = KMeans{.clusters = 2}.fit(f);
    CHECK(far.inertia == 0.0);
    CHECK(far.labels[0] != far.labels[5]);
    CHECK(far.model.centroids().allFinite());
  }
  // Data so small that squared distances underflow: every row would seem to lie on its centroid.
  const Eigen::VectorXd shape = latent_test::normal_matrix(50, 1, 65);
  for (const double scale : {1e-310, 1e-170})
    check_throws<DataError>([&] { KMeans{.clusters = 3}.fit(scale * shape); },
                            "must be 0 or at least 2^-480");
  const double least = 0x1p-478;
  CHECK(KMeans{.clusters = 3}.fit(least * shape).labels == KMeans{.clusters = 3}.fit(shape).labels);
}

TEST_CASE("kmeans: weights that leave no digits are refused", "[kmeans]") {
  const Eigen::MatrixXd x = data();
  Eigen::VectorXd w = Eigen::VectorXd::Ones(20);
  for (const double tiny : {std::numeric_limits<double>::denorm_min(), 0x1p-481}) {
    w[7] = tiny;
    check_throws<DataError>([&] { KMeans{.clusters = 2}.fit(latent::samples(x).weights(w)); },
                            "a weight must be 0 or at least 2^-480");
  }
  w[7] = 0x1p-480;
  const auto fit = KMeans{.clusters = 2}.fit(latent::samples(x).weights(w));
  CHECK(fit.report.converged());

  const Eigen::MatrixXf floats = x.cast<float>();
  const auto weighted = [](double first) {
    return KMeans{.clusters = 2, .feature_weights = Eigen::Vector3d{first, 1.0, 0.0}};
  };
  for (const double far : {1e-80, 1e80}) {
    check_throws<InvalidArgument>([&] { weighted(far).fit(floats); },
                                  "feature_weights of float data must be 0 or within");
    CHECK(weighted(far).fit(x).report.converged());
  }
}

TEST_CASE("kmeans: the model refuses other shapes and answers nothing with nothing", "[kmeans]") {
  const auto model = KMeans{.clusters = 2}.fit(data()).model;
  check_throws<InvalidArgument>([&] { model.predict(Eigen::MatrixXd(4, 2)); },
                                "must have 3 columns, as the centroids; got 4 x 2");
  check_throws<InvalidArgument>([&] { model.transform(Eigen::MatrixXd(0, 2)); }, "got 0 x 2");
  check_throws<InvalidArgument>([&] { model.score(Eigen::MatrixXd(4, 5)); }, "got 4 x 5");
  CHECK(model.predict(Eigen::MatrixXd(0, 3)).size() == 0);
  CHECK(model.transform(Eigen::MatrixXd(0, 3)).rows() == 0);
  CHECK(model.transform(Eigen::MatrixXd(0, 3)).cols() == 2);
  CHECK(model.score(Eigen::MatrixXd(0, 3)) == 0.0);
  const KMeansModel<double> none;
  check_throws<InvalidArgument>([&] { none.predict(data()); }, "fit it before use");
  check_throws<InvalidArgument>([&] { none.transform(data()); }, "fit it before use");
  check_throws<InvalidArgument>([&] { none.score(data()); }, "fit it before use");
  check_throws<InvalidArgument>([] { KMeansModel<double>{latent::RowMatrix<double>(0, 2)}; },
                                "got 0 x 2");
  check_throws<DataError>(
      [] { KMeansModel<double>{latent::RowMatrix<double>::Constant(1, 2, not_a_number)}; },
      "must be finite");
}

TEST_CASE("kmeans: models copy, move and swap like values", "[kmeans]") {
  const Eigen::MatrixXd x = data();
  auto model = KMeans{.clusters = 2}.fit(x).model;
  const auto labels = model.predict(x);
  auto copy = model;
  auto moved = std::move(model);
  CHECK(moved.predict(x) == labels);
  model = copy;
  CHECK(model.predict(x) == labels);
  std::vector<KMeansModel<double>> many(1, copy);
  for (int i = 0; i < 20; ++i) many.push_back(copy);
  CHECK(many[7].predict(x) == labels);
  KMeansModel<double> other{latent::RowMatrix<double>::Zero(1, 3)};
  std::swap(other, copy);
  CHECK(other.predict(x) == labels);
  CHECK(copy.predict(x) == latent::Labels::Zero(20));
}
