#include "latent/eigenfaces.hpp"

#include <limits>

#include "faces/drawn.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Eigenfaces;
using latent::Index;
using latent::Match;

using latent_test::across;
using latent_test::Bytes;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::eps;
using latent_test::names;

TEST_CASE("eigenfaces: bytes are computed with as double") {
  Bytes images(2, 2);
  images << 250, 10, 252, 20;
  const auto model = Eigenfaces{.shape = {1, 2}}.fit(images, Eigen::Vector2i(0, 1)).model;
  CHECK(model.mean_face() == Eigen::RowVector2d(251, 15));
  CHECK(model.components() == 1);
  CHECK((model.eigenface(0) - Eigen::RowVector2d(1, 5) / std::sqrt(26.0)).norm() <= 4 * eps);
}

TEST_CASE("eigenfaces: pixels run along the rows of the image") {
  const Bytes images = drawn_faces(5, 3, 1);
  const auto model = Eigenfaces{.shape = {down, across}, .keep = 3}.fit(images, names(5, 3)).model;
  const Eigen::MatrixXd mean = model.mean_face();
  REQUIRE(mean.rows() == down);
  REQUIRE(mean.cols() == across);
  const Eigen::VectorXd expected = images.cast<double>().colwise().mean().transpose();
  for (Index p = 0; p < expected.size(); ++p)
    CHECK(std::abs(mean(p / across, p % across) - expected[p]) <= 16 * eps * 255);
  CHECK(model.eigenface(2)(1, 0) == model.space().projection()(across, 2));
  CHECK_THROWS_AS(model.eigenface(3), latent::InvalidArgument);
  CHECK_THROWS_AS(model.eigenface(-1), latent::InvalidArgument);
}

TEST_CASE("eigenfaces: n images have at most n - 1 eigenfaces, and copies add none") {
  const Bytes images = drawn_faces(4, 1, 2);
  const auto [model, report] = Eigenfaces{.shape = {down, across}}.fit(images, names(4, 1));
  CHECK(model.components() == 3);
  CHECK(report.converged());
  CHECK(report.notes.empty());
  Bytes twice(8, images.cols());
  twice << images, images;
  CHECK(Eigenfaces{.shape = {down, across}}.fit(twice, names(4, 2)).model.components() == 3);
  const auto asked = Eigenfaces{.shape = {down, across}, .keep = 4}.fit(images, names(4, 1));
  CHECK(asked.model.components() == 3);
  CHECK(asked.report.notes.size() == 1);
  // By the covariance solver the same space.
  const auto direct = Eigenfaces{.shape = {down, across}, .solver = latent::PCASolver::covariance}
                          .fit(images, names(4, 1))
                          .model;
  CHECK(direct.components() == 3);
  CHECK((direct.space().projection() - model.space().projection()).cwiseAbs().maxCoeff() <= 1e-10);
}

TEST_CASE("eigenfaces: an enrolled image finds its own label at distance 0, in any form") {
  const Bytes images = drawn_faces(6, 3, 3);
  const Eigen::VectorXi people = names(6, 3);
  const auto model = Eigenfaces{.shape = {down, across}}.fit(images, people).model;
  for (Index i = 0; i < images.rows(); ++i) {
    const Eigen::VectorXd face = images.row(i).cast<double>();
    const Eigen::MatrixXd picture =
        Eigen::Map<const latent::RowMatrix<double>>(face.data(), down, across);
    for (const Match& match :
         {model.identify(images.row(i)), model.identify(face), model.identify(picture)}) {
      CHECK(match.label == people[i]);
      CHECK(match.distance <= 1e-9 * face.norm());
      CHECK(match.distance_from_face_space <= 1e-9 * face.norm());
      CHECK(match.is_known);
      CHECK(match.is_face);
    }
  }
}

TEST_CASE("eigenfaces: new images of the people are recognised, blank ones lie far off") {
  const auto model =
      Eigenfaces{.shape = {down, across}, .keep = 5, .threshold = 80.0, .face_threshold = 100.0}
          .fit(drawn_faces(6, 4, 4), names(6, 4))
          .model;
  const Bytes others = drawn_faces(6, 4, 5);
  for (Index i = 0; i < others.rows(); ++i) {
    const Match match = model.identify(others.row(i));
    CHECK(match.label == static_cast<int>(i / 4));
    CHECK(match.is_face);
  }
  const Match blank = model.identify(Eigen::VectorXd::Zero(down * across));
  CHECK_FALSE(blank.is_known);
  CHECK_FALSE(blank.is_face);
  CHECK(blank.label == -1);
}

TEST_CASE("eigenfaces: the threshold is met, not passed, and without one everyone is known") {
  Eigen::MatrixXd images(2, 2);
  images << 0, 0, 8, 0;
  Eigenfaces eigenfaces{.shape = {1, 2}};
  const Eigen::RowVector2d face(11, 4);  // 3 from the second image, 4 from face space
  const Match open = eigenfaces.fit(images, Eigen::Vector2i(7, 9)).model.identify(face);
  CHECK(open.label == 9);
  CHECK(open.distance == Approx(3.0).epsilon(1e-14));
  CHECK(open.distance_from_face_space == Approx(4.0).epsilon(1e-14));
  eigenfaces.threshold = open.distance;
  eigenfaces.face_threshold = open.distance_from_face_space;
  const Match met = eigenfaces.fit(images, Eigen::Vector2i(7, 9)).model.identify(face);
  CHECK(met.is_known);
  CHECK(met.is_face);
  CHECK(met.label == 9);
  eigenfaces.threshold = std::nextafter(open.distance, 0.0);
  eigenfaces.face_threshold = std::nextafter(open.distance_from_face_space, 0.0);
  const Match passed = eigenfaces.fit(images, Eigen::Vector2i(7, 9)).model.identify(face);
  CHECK_FALSE(passed.is_known);
  CHECK_FALSE(passed.is_face);
  CHECK(passed.label == -1);
}

TEST_CASE("eigenfaces: equal distances go to the first enrolled") {
  Eigen::MatrixXd images(3, 2);
  images << -4, 0, 4, 0, 4, 0;
  const auto model = Eigenfaces{.shape = {1, 2}}.fit(images, Eigen::Vector3i(5, 3, 1)).model;
  CHECK(model.identify(Eigen::RowVector2d(4, 0)).label == 3);
}

TEST_CASE("eigenfaces: enrolling adds people and leaves face space alone") {
  const Bytes images = drawn_faces(5, 3, 6);
  const auto model = Eigenfaces{.shape = {down, across}, .keep = 6}.fit(images, names(5, 3)).model;
  Eigen::MatrixXd stranger(1, down * across);
  for (Index p = 0; p < stranger.size(); ++p) stranger(0, p) = p % 2 == 0 ? 200.0 : 30.0;
  const auto larger = model.enroll(stranger, Eigen::VectorXi::Constant(1, 42));
  CHECK(larger.identify(stranger).label == 42);
  CHECK(larger.identify(stranger).distance <= 1e-9 * stranger.norm());
  CHECK(model.identify(stranger).label != 42);
  CHECK(larger.space().projection() == model.space().projection());
  CHECK(larger.codes().topRows(15) == model.codes());
  CHECK(larger.identify(images.row(14)).label == 4);
  CHECK_THROWS_AS(model.enroll(stranger, Eigen::VectorXi::Constant(1, -1)), latent::DataError);
  CHECK_THROWS_AS(model.enroll(stranger, Eigen::VectorXi::Constant(2, 1)), latent::InvalidArgument);
  CHECK_THROWS_AS(model.enroll(stranger.leftCols(5), Eigen::VectorXi::Constant(1, 1)),
                  latent::InvalidArgument);
}

TEST_CASE("eigenfaces: decoding codes reconstructs, exactly once all eigenfaces are kept") {
  const Bytes images = drawn_faces(5, 3, 7);
  const Eigen::MatrixXd x = images.cast<double>();
  double last = std::numeric_limits<double>::infinity();
  for (Index keep : {Index{1}, Index{4}, Index{9}, Index{14}}) {
    const auto model =
        Eigenfaces{.shape = {down, across}, .keep = keep}.fit(images, names(5, 3)).model;
    CHECK(model.reconstruct(images) == model.decode(model.encode(images)));
    const double error = (model.reconstruct(images) - x).norm();
    CHECK(error < last);
    last = error;
  }
  CHECK(last <= 35 * 24 * eps * x.norm());
}

TEST_CASE("eigenfaces: one person alone, and float images, are fine") {
  const Eigen::MatrixXf images = drawn_faces(1, 4, 8).cast<float>();
  const auto model =
      Eigenfaces{.shape = {down, across}}.fit(images, Eigen::VectorXi::Zero(4), {}).model;
  static_assert(std::is_same_v<decltype(model.mean_face()), latent::RowMatrix<float>>);
  CHECK(model.components() == 3);
  CHECK(model.identify(images.row(2)).label == 0);
  CHECK(model.identify(images.row(2)).distance <= 1e-6 * 500);
}

TEST_CASE("eigenfaces: images without variance leave a degenerate model, not NaN") {
  const Eigen::MatrixXd images = Eigen::MatrixXd::Constant(3, 6, 9.0);
  const auto [model, report] = Eigenfaces{.shape = {2, 3}}.fit(images, Eigen::Vector3i(2, 1, 0));
  CHECK(report.status == latent::Status::degenerate);
  CHECK(model.components() == 1);
  CHECK(model.identify(images.row(1)).label == 2);
  CHECK(model.identify(images.row(1)).distance == 0.0);
}

TEST_CASE("eigenfaces: bad input is a typed error before any work") {
  const Bytes images = drawn_faces(3, 2, 9);
  const Eigen::VectorXi people = names(3, 2);
  const Eigenfaces good{.shape = {down, across}};
  CHECK_THROWS_AS((Eigenfaces{.shape = {5, 4}}.fit(images, people)), latent::InvalidArgument);
  CHECK_THROWS_WITH((Eigenfaces{.shape = {5, 4}}.fit(images, people)),
                    latent_test::contains("5 x 4 for 24 columns"));
  CHECK_THROWS_AS((Eigenfaces{.shape = {-6, -4}}.fit(images, people)), latent::InvalidArgument);
  CHECK_THROWS_AS((Eigenfaces{}.fit(images, people)), latent::InvalidArgument);
  CHECK_THROWS_AS(good.fit(images, people.head(5)), latent::InvalidArgument);
  Eigen::VectorXi negative = people;
  negative[4] = -1;
  CHECK_THROWS_AS(good.fit(images, negative), latent::DataError);
  CHECK_THROWS_WITH(good.fit(images, negative), latent_test::contains("people(4) = -1"));
  CHECK_THROWS_AS(good.fit(images.topRows(0), people.head(0)), latent::InvalidArgument);
  CHECK_THROWS_AS(good.fit(images.topRows(1), people.head(1)), latent::DataError);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double threshold : {-1.0, nan}) {
    CHECK_THROWS_AS(
        (Eigenfaces{.shape = {down, across}, .threshold = threshold}.fit(images, people)),
        latent::InvalidArgument);
    CHECK_THROWS_AS(
        (Eigenfaces{.shape = {down, across}, .face_threshold = threshold}.fit(images, people)),
        latent::InvalidArgument);
  }
  CHECK_THROWS_AS((Eigenfaces{.shape = {down, across}, .keep = 7}.fit(images, people)),
                  latent::InvalidArgument);
  const auto model = good.fit(images, people).model;
  CHECK_THROWS_AS(model.identify(Eigen::VectorXd::Zero(23)), latent::InvalidArgument);
  CHECK_THROWS_AS(model.identify(images), latent::InvalidArgument);
  CHECK_THROWS_AS(model.identify(Eigen::VectorXd::Constant(24, nan)), latent::DataError);
  CHECK_THROWS_AS(model.encode(images.leftCols(3)), latent::InvalidArgument);
}

TEST_CASE("eigenfaces: every executor gives the same bits, for more images than a lane holds") {
  const Bytes images = drawn_faces(30, 100, 9);
  const Eigenfaces options{.shape = {down, across}, .keep = 6};
  const auto serial = options.fit(images, names(30, 100), latent::Serial{}).model;
  const Eigen::MatrixXd codes = serial.encode(images);
  for (const int threads : {1, 2, 3, 8}) {
    const auto model = options.fit(images, names(30, 100), latent::Threads{threads}).model;
    CHECK(model.mean_face() == serial.mean_face());
    CHECK(model.codes() == serial.codes());
    CHECK(model.encode(images) == codes);
    for (Index j = 0; j < 6; ++j) CHECK(model.eigenface(j) == serial.eigenface(j));
  }
}
