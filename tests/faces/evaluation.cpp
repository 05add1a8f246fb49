#include "latent/faces/evaluation.hpp"

#include "faces/drawn.hpp"
#include "latent/faces/eigenfaces.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Eigenfaces;
using latent::evaluate;
using latent::FaceEvaluation;
using latent::Index;
using latent_test::across;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::eps;
using latent_test::names;

namespace {

// On a line: person 1 at 0, person 2 at 10, person 3 at 20; face space is that line.
latent::EigenfacesModel<double> on_a_line(double threshold, double face_threshold) {
  Eigen::MatrixXd images(3, 2);
  images << 0, 0, 10, 0, 20, 0;
  return Eigenfaces{.shape = {1, 2}, .threshold = threshold, .face_threshold = face_threshold}
      .fit(images, Eigen::Vector3i(1, 2, 3))
      .model;
}

}  // namespace

TEST_CASE("evaluate: counts by hand, strangers and thresholds included") {
  Eigen::MatrixXd images(7, 2);
  images << 1, 0,  // person 1, right
      8, 0,        // person 1, called 2
      14, 0,       // person 3, 4 from person 2: too far
      19, 0,       // person 3, right
      10.5, 0,     // a stranger, called 2
      25, 0,       // a stranger, too far
      1, 9;        // person 1, but no face
  Eigen::VectorXi people(7);
  people << 1, 1, 3, 3, 8, 9, 1;
  const FaceEvaluation result = evaluate(on_a_line(3.0, 5.0), images, people);
  CHECK(result.enrolled == 5);
  CHECK(result.strangers == 2);
  CHECK(result.recognition_rate == 0.6);                       // images 0, 3 and 6
  CHECK(result.wrong_name_rate == 0.2);                        // image 1
  CHECK(result.false_reject_rate == 0.4);                      // images 2 and 6
  CHECK(result.false_accept_rate == 0.5);                      // image 4
  CHECK(result.accuracy == Approx(3.0 / 7.0).epsilon(1e-15));  // 0, 3, 5
  CHECK(result.confusion.count(1, 1) == 1);
  CHECK(result.confusion.count(1, 2) == 1);
  CHECK(result.confusion.count(1, -1) == 1);
  CHECK(result.confusion.count(3, 3) == 1);
  CHECK(result.confusion.count(3, -1) == 1);
  CHECK(result.confusion.count(-1, 2) == 1);
  CHECK(result.confusion.count(-1, -1) == 1);
  REQUIRE(result.matches.size() == 7);
  CHECK_FALSE(result.matches[6].is_face);
  CHECK(result.matches[6].is_known);
  CHECK(result.matches[6].nearest == 1);
  CHECK(result.matches[6].label == -1);
  CHECK(result.cumulative_match == std::vector<double>{0.6, 1.0, 1.0});
  // 5 genuine pairs at distances 1, 8, 6, 1, 1, and 16 others.
  CHECK(result.verification.points.back().threshold == Approx(25.0));
  const auto& points = result.verification.points;
  CHECK(points[1].false_reject == Approx(1.0));  // the stranger at 0.5 comes first
  CHECK(points[1].false_accept == Approx(1.0 / 16.0));
}

TEST_CASE(
    "evaluate: without strangers or with nobody else the shares are 0 and the curve is empty") {
  Eigen::MatrixXd images(2, 2);
  images << 0, 0, 4, 0;
  const auto model = Eigenfaces{.shape = {1, 2}}.fit(images, Eigen::Vector2i(6, 6)).model;
  const FaceEvaluation result = evaluate(model, images, Eigen::Vector2i(6, 6));
  CHECK(result.accuracy == 1.0);
  CHECK(result.strangers == 0);
  CHECK(result.false_accept_rate == 0.0);
  CHECK(result.verification.points.empty());
  CHECK(result.cumulative_match == std::vector<double>{1.0});
  const FaceEvaluation strange = evaluate(model, images, Eigen::Vector2i(1, 2));
  CHECK(strange.enrolled == 0);
  CHECK(strange.recognition_rate == 0.0);
  CHECK(strange.false_accept_rate == 1.0);
  CHECK(strange.accuracy == 0.0);
}

TEST_CASE("evaluate: answers are those of identify, one by one, on any number of threads") {
  const auto model = Eigenfaces{.shape = {down, across},
                                .keep = 5,
                                .threshold = 1.5,
                                .distance = latent::FaceDistance::mahalanobis}
                         .fit(drawn_faces(8, 4, 41), names(8, 4))
                         .model;
  const auto asked = drawn_faces(12, 30, 42);  // more than one strip, four strangers
  const FaceEvaluation serial = evaluate(model, asked, names(12, 30), latent::Serial{});
  CHECK(serial.strangers == 120);
  for (Index i = 0; i < asked.rows(); i += 7) {
    const auto one = model.identify(asked.row(i));
    const auto& match = serial.matches[static_cast<std::size_t>(i)];
    CHECK(match.nearest == one.nearest);
    CHECK(match.label == one.label);
    CHECK(latent_test::close(match.distance, one.distance, 64 * eps * 100));
  }
  for (const int threads : {1, 2, 3, 8}) {
    const FaceEvaluation other = evaluate(model, asked, names(12, 30), latent::Threads{threads});
    CHECK(other.confusion.counts == serial.confusion.counts);
    for (std::size_t i = 0; i < serial.matches.size(); ++i) {
      CHECK(latent_test::same_bits(other.matches[i].distance, serial.matches[i].distance));
      CHECK(latent_test::same_bits(other.matches[i].distance_from_face_space,
                                   serial.matches[i].distance_from_face_space));
    }
    CHECK(latent_test::same_bits(other.verification.area, serial.verification.area));
  }
}

TEST_CASE("evaluate: bad input is a typed error") {
  const auto model = on_a_line(1.0, 1.0);
  const Eigen::MatrixXd images = Eigen::MatrixXd::Zero(3, 2);
  CHECK_THROWS_AS(evaluate(model, images, Eigen::Vector2i(1, 2)), latent::InvalidArgument);
  CHECK_THROWS_AS(evaluate(model, images, Eigen::Vector3i(1, 2, -1)), latent::DataError);
  CHECK_THROWS_AS(evaluate(model, images.topRows(0), Eigen::VectorXi()), latent::InvalidArgument);
  CHECK_THROWS_AS(evaluate(model, Eigen::MatrixXd::Zero(3, 5), Eigen::Vector3i(1, 2, 3)),
                  latent::InvalidArgument);
}
