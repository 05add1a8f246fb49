// Input that breaks careless eigenfaces: bytes, copies, flat images, and the solvers against each other.
#include <cmath>
#include <limits>

#include "faces/drawn.hpp"
#include "latent/faces/eigenfaces.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Eigenfaces;
using latent::Index;
using latent::Match;
using latent::PCASolver;
using latent_test::across;
using latent_test::Bytes;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::eps;
using latent_test::names;

namespace {

constexpr PCASolver solvers[] = {PCASolver::automatic, PCASolver::covariance, PCASolver::gram,
                                 PCASolver::svd};

// Every byte there is, the large ones more often, so that a sum in bytes wraps.
Bytes noise(Index count, Index pixels) {
  latent::Random random{81};
  Bytes images(count, pixels);
  for (Index i = 0; i < images.size(); ++i)
    images.data()[i] = static_cast<std::uint8_t>(255 - random.below(256) * random.below(256) / 256);
  return images;
}

// The sine of the largest angle between two spans of orthonormal columns, at most.
double between(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (b - a * (a.transpose() * b)).norm();
}

}  // namespace

TEST_CASE("eigenfaces: bytes give the model of the same numbers in double, to the bit") {
  const bool many = GENERATE(false, true);  // packed products as well
  const Bytes images = many ? noise(70, 12 * 10) : noise(9, 12 * 10);
  const Eigen::VectorXi people = Eigen::VectorXi::LinSpaced(images.rows(), 0, 20);
  const Eigen::MatrixXd mean = images.cast<double>().colwise().mean();
  for (const PCASolver solver : solvers) {
    const Eigenfaces options{.shape = {12, 10}, .keep = 5, .solver = solver};
    const auto of_bytes = options.fit(images, people).model;
    const auto model = options.fit(latent::RowMatrix<double>(images.cast<double>()), people).model;
    CHECK(latent_test::same_bits(of_bytes.space().projection(), model.space().projection()));
    CHECK(latent_test::same_bits(of_bytes.codes(), model.codes()));
    CHECK((of_bytes.space().mean().transpose() - mean).cwiseAbs().maxCoeff() <= 70 * eps * 255);
    CHECK(of_bytes.identify(images.row(3)).distance == model.identify(images.row(3)).distance);
    CHECK(of_bytes.identify(images.row(3).cast<double>()).distance ==
          of_bytes.identify(images.row(3)).distance);
  }
}

TEST_CASE("eigenfaces: every solver finds the same face space") {
  const bool many = GENERATE(false, true);
  const Bytes images = many ? noise(70, 12 * 10) : noise(9, 12 * 10);
  const Eigen::VectorXi people = Eigen::VectorXi::LinSpaced(images.rows(), 0, 20);
  const auto exact =
      Eigenfaces{.shape = {12, 10}, .solver = PCASolver::svd}.fit(images, people).model;
  CHECK(exact.components() == images.rows() - 1);
  const Eigen::MatrixXd space = exact.space().projection();
  for (const PCASolver solver : solvers) {
    const auto model = Eigenfaces{.shape = {12, 10}, .solver = solver}.fit(images, people).model;
    REQUIRE(model.components() == images.rows() - 1);
    CHECK(between(space, model.space().projection()) <= 1e-8);
    const Eigen::VectorXd sigma = model.space().singular_values();
    CHECK((sigma - exact.space().singular_values()).cwiseAbs().maxCoeff() <=
          static_cast<double>(images.size()) * eps * sigma[0]);
  }
}

TEST_CASE("eigenfaces: copies of images add no eigenface, however many and in whichever order") {
  const Bytes once = drawn_faces(5, 1, 82);
  Bytes images(30, once.cols());
  Eigen::VectorXi people(30);
  for (Index i = 0; i < 30; ++i) {
    images.row(i) = once.row(i * 7 % 5);
    people[i] = static_cast<int>(i * 7 % 5);
  }
  for (const PCASolver solver : solvers) {
    const auto [model, report] =
        Eigenfaces{.shape = {down, across}, .solver = solver}.fit(images, people);
    CHECK(model.components() == 4);
    CHECK(model.space().rank() == 4);
    const auto few = Eigenfaces{.shape = {down, across}, .solver = solver}.fit(once, names(5, 1));
    CHECK(between(few.model.space().projection(), model.space().projection()) <= 1e-8);
    for (Index i = 0; i < 30; ++i) {
      const Match match = model.identify(images.row(i));
      CHECK(match.label == people[i]);
      CHECK(match.distance <= 1e-9 * images.row(i).cast<double>().norm());
      CHECK(match.row == i % 5);  // of equal distances, the first enrolled
    }
  }
}

TEST_CASE("eigenfaces: pixels that never change, at 0 and at 255, take no part") {
  Bytes images = drawn_faces(6, 2, 83);
  images.col(0).setZero();
  images.col(7).setConstant(255);
  for (const PCASolver solver : solvers) {
    const auto model =
        Eigenfaces{.shape = {down, across}, .solver = solver}.fit(images, names(6, 2)).model;
    CHECK(model.space().projection().row(0).norm() <= 240 * eps);
    CHECK(model.space().projection().row(7).norm() <= 240 * eps);
    CHECK(model.mean_face()(0, 0) == 0.0);
    CHECK(model.mean_face()(7 / across, 7 % across) == 255.0);
  }
}

TEST_CASE("eigenfaces: a blank image is the code of the mean taken off, and no NaN") {
  const Bytes images = drawn_faces(6, 3, 84);
  const auto model = Eigenfaces{.shape = {down, across}, .keep = 5}.fit(images, names(6, 3)).model;
  const Eigen::VectorXd mean = model.space().mean();
  const Eigen::MatrixXd v = model.space().projection();
  const Match black = model.identify(Bytes(Bytes::Zero(1, down * across)));
  CHECK(latent_test::close(black.distance_from_face_space,
                           (mean - v * (v.transpose() * mean)).norm(), 64 * eps));
  CHECK(black.is_known);  // without a threshold
  // One more than the distance, and one less: strictly more is unknown.
  auto rule = latent::FaceRule{};
  rule.threshold = black.distance * (1 + 4 * eps);
  CHECK(model.with(rule).identify(Eigen::VectorXd::Zero(down * across)).is_known);
  rule.threshold = black.distance * (1 - 4 * eps);
  const Match unknown = model.with(rule).identify(Eigen::VectorXd::Zero(down * across));
  CHECK_FALSE(unknown.is_known);
  CHECK(unknown.label == -1);
  CHECK(unknown.nearest == black.label);
}

TEST_CASE("eigenfaces: thresholds of everyone, and labels of any size") {
  Eigen::MatrixXd images(3, 2);
  images << -4, 0, 4, 0, 0, 3;
  const int largest = std::numeric_limits<int>::max();
  const auto model = Eigenfaces{.shape = {1, 2}, .threshold = 0.0}
                         .fit(images, Eigen::Vector3i(largest, 0, largest))
                         .model;
  CHECK(model.identify(Eigen::RowVector2d(-4.5, 0)).label == -1);
  CHECK(model.identify(Eigen::RowVector2d(-4.5, 0)).nearest == largest);
  using Long = Eigen::Matrix<long long, Eigen::Dynamic, 1>;
  Long beyond(3);
  beyond << 0, 1, static_cast<long long>(largest) + 1;
  CHECK_THROWS_AS((Eigenfaces{.shape = {1, 2}}.fit(images, beyond)), latent::DataError);
  CHECK_THROWS_AS((Eigenfaces{.shape = {1, 2}}.fit(images, Eigen::Vector4i(0, 1, 2, 3))),
                  latent::InvalidArgument);
}
