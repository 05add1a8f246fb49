#include "latent/faces/calibration.hpp"

#include <cmath>
#include <limits>

#include "faces/drawn.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::calibrate;
using latent::Eigenfaces;
using latent::FaceCalibration;
using latent::FaceTrials;
using latent::Index;
using latent::leave_one_out;
using latent_test::across;
using latent_test::Bytes;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::names;

namespace {

const Eigenfaces options{.shape = {down, across}, .keep = 6};

// Rows of x but for those where left_out(i).
template <class F>
std::vector<Index> without(Index n, const F& left_out) {
  std::vector<Index> rows;
  for (Index i = 0; i < n; ++i)
    if (!left_out(i)) rows.push_back(i);
  return rows;
}

}  // namespace

TEST_CASE("leave one out: every answer is that of a model fitted without the image") {
  const Bytes images = drawn_faces(5, 3, 51);
  const Eigen::VectorXi people = names(5, 3);
  for (const auto lighting : {latent::Lighting::as_is, latent::Lighting::standardized}) {
    for (const auto distance :
         {latent::FaceDistance::euclidean, latent::FaceDistance::mahalanobis_cosine}) {
      Eigenfaces o = options;
      o.lighting = lighting;
      o.distance = distance;
      o.drop = 1;
      const FaceTrials trials = leave_one_out(o, images, people);
      Index right = 0;
      for (Index i = 0; i < 15; ++i) {
        const auto rest = without(15, [&](Index j) { return j == i; });
        const Bytes others = images(rest, Eigen::all);
        const Eigen::VectorXi names_of_others = people(rest);
        const auto match = o.fit(others, names_of_others).model.identify(images.row(i));
        CHECK(trials.nearest[i] == match.nearest);
        CHECK(latent_test::close(trials.distance[i], match.distance, 1e-8));
        CHECK(latent_test::close(trials.distance_from_face_space[i], match.distance_from_face_space,
                                 1e-8));
        right += match.nearest == people[i];
      }
      CHECK(trials.right() == right);
      CHECK(trials.recognition_rate() == static_cast<double>(right) / 15.0);
    }
  }
}

TEST_CASE("leave one out: all components, and weights, are those of the rest") {
  const Bytes images = drawn_faces(4, 2, 52);
  const Eigen::VectorXi people = names(4, 2);
  Eigen::VectorXd w = Eigen::VectorXd::LinSpaced(8, 1, 3);
  const Eigen::MatrixXd x = images.cast<double>();
  const Eigenfaces all{.shape = {down, across},
                       .keep = latent::VarianceRatio{0.9},
                       .distance = latent::FaceDistance::mahalanobis};
  const FaceTrials trials = leave_one_out(all, latent::samples(x).weights(w), people);
  for (Index i = 0; i < 8; ++i) {
    const auto rest = without(8, [&](Index j) { return j == i; });
    const Eigen::MatrixXd others = x(rest, Eigen::all);
    const Eigen::VectorXi names_of_others = people(rest);
    const Eigen::VectorXd weights = w(rest);
    const auto match =
        all.fit(latent::samples(others).weights(weights), names_of_others).model.identify(x.row(i));
    CHECK(latent_test::close(trials.distance[i], match.distance, 1e-8));
  }
  // Seven images have six components: asking for seven takes what there is.
  const FaceTrials seven = leave_one_out(Eigenfaces{.shape = {down, across}, .keep = 7}, x, people);
  const FaceTrials every = leave_one_out(Eigenfaces{.shape = {down, across}}, x, people);
  CHECK((seven.distance - every.distance).cwiseAbs().maxCoeff() <= 1e-9 * 255);
}

TEST_CASE(
    "calibrate: thresholds let in at most the target's share of strangers, and no fewer than they "
    "can") {
  const Bytes images = drawn_faces(7, 4, 53);
  const Eigen::VectorXi people = names(7, 4);
  // Each image as a stranger: of a model without its person.
  Eigen::VectorXd strange(28);
  for (Index i = 0; i < 28; ++i) {
    const auto rest = without(28, [&](Index j) { return j / 4 == i / 4; });
    const Bytes others = images(rest, Eigen::all);
    const Eigen::VectorXi names_of_others = people(rest);
    strange[i] = options.fit(others, names_of_others).model.identify(images.row(i)).distance;
  }
  std::sort(strange.begin(), strange.end());
  for (const double rate : {0.0, 0.05, 0.25, 1.0}) {
    const FaceCalibration result =
        calibrate(options, images, people, {.false_accept_rate = rate, .face_reject_rate = 0.0});
    const auto allowed = static_cast<Index>(rate * 28 + 1e-9);
    CHECK(result.report.converged());
    CHECK(result.report.evaluations == 28 + 7 + 1);
    CHECK((strange.array() <= result.threshold).count() == allowed);
    if (allowed < 28) {
      CHECK(result.threshold < strange[allowed]);
      CHECK(result.threshold > (allowed > 0 ? strange[allowed - 1] : 0.0));
    } else {
      CHECK(std::isinf(result.threshold));
    }
    CHECK(result.face_reject_rate == 0.0);
    CHECK(result.false_accept_rate == static_cast<double>(allowed) / 28.0);
    // What it costs the enrolled, from the answers themselves.
    const FaceTrials own = leave_one_out(options, images, people);
    Index rejected = 0;
    Index wrong = 0;
    for (Index i = 0; i < 28; ++i) {
      rejected += own.distance[i] > result.threshold;
      wrong += own.distance[i] <= result.threshold && own.nearest[i] != people[i];
    }
    CHECK(result.false_reject_rate == static_cast<double>(rejected) / 28.0);
    CHECK(result.wrong_name_rate == static_cast<double>(wrong) / 28.0);
  }
}

TEST_CASE("calibrate: the calibrated model tells people, strangers and noise apart") {
  const Bytes images = drawn_faces(10, 6, 54);
  const auto result = calibrate(options, images, names(10, 6), {.false_accept_rate = 0.0});
  Eigenfaces calibrated = options;
  calibrated.threshold = result.threshold;
  calibrated.face_threshold = result.face_threshold;
  const auto model = calibrated.fit(images, names(10, 6)).model;
  const Bytes asked = drawn_faces(12, 5, 55);  // people 10 and 11 are strangers
  Index named = 0;
  for (Index i = 0; i < 50; ++i) named += model.identify(asked.row(i)).label == names(12, 5)[i];
  CHECK(named >= 40);
  for (Index i = 50; i < 60; ++i) CHECK(model.identify(asked.row(i)).label == -1);
  Eigen::RowVectorXd noise(down * across);
  for (Index p = 0; p < noise.size(); ++p) noise[p] = p % 2 == 0 ? 250.0 : 0.0;
  CHECK_FALSE(model.identify(noise).is_face);
}

TEST_CASE("calibrate: faces are rejected in at most the target's share") {
  const Bytes images = drawn_faces(7, 4, 56);
  for (const double rate : {0.0, 0.1, 0.5}) {
    const auto result = calibrate(options, images, names(7, 4),
                                  {.false_accept_rate = 0.1, .face_reject_rate = rate});
    const double rejected = std::floor(rate * 56 + 1e-9);
    CHECK(result.face_reject_rate == rejected / 56.0);
    CHECK(result.faces.points.empty());
  }
}

TEST_CASE("calibrate: pictures without a face set the threshold of faces") {
  const Bytes images = drawn_faces(7, 4, 57);
  Eigen::MatrixXd pictures(20, down * across);
  latent::Random random{58};
  for (Index i = 0; i < pictures.rows(); ++i)
    for (Index p = 0; p < pictures.cols(); ++p) pictures(i, p) = 255.0 * random.uniform();
  const latent::CalibrationTarget target{.false_accept_rate = 0.1};
  const auto result = calibrate(options, images, names(7, 4), target, pictures);
  CHECK(result.no_face_accept_rate <= 0.1);
  CHECK(result.no_face_accept_rate == 2.0 / 20.0);
  const auto model =
      options.fit(images, names(7, 4))
          .model.with({.threshold = result.threshold, .face_threshold = result.face_threshold});
  Index passed = 0;
  for (Index i = 0; i < 20; ++i) passed += model.identify(pictures.row(i)).is_face;
  CHECK(passed == 2);
  CHECK(result.faces.area > 0.5);
}

TEST_CASE("calibrate: twins of different names let no threshold keep strangers out") {
  Bytes images = drawn_faces(4, 3, 59);
  images.row(3) = images.row(0);  // of person 1, and of person 0
  const auto result = calibrate(options, images, names(4, 3), {.false_accept_rate = 0.0});
  CHECK(result.threshold >= 0.0);
  CHECK(result.threshold <= 1e-6);
  CHECK(result.false_accept_rate <= 2.0 / 12.0);
}

TEST_CASE("calibrate: every executor gives the same bits") {
  const Bytes images = drawn_faces(7, 4, 60);
  const auto serial = calibrate(options, images, names(7, 4), {}, latent::Serial{});
  const auto trials = leave_one_out(options, images, names(7, 4), latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto other = calibrate(options, images, names(7, 4), {}, latent::Threads{threads});
    CHECK(latent_test::same_bits(serial.threshold, other.threshold));
    CHECK(latent_test::same_bits(serial.face_threshold, other.face_threshold));
    const auto again = leave_one_out(options, images, names(7, 4), latent::Threads{threads});
    CHECK(latent_test::same_bits(trials.distance, again.distance));
    CHECK(latent_test::same_bits(trials.distance_from_face_space, again.distance_from_face_space));
  }
}

TEST_CASE("calibrate: bad input is a typed error") {
  const Bytes images = drawn_faces(4, 3, 61);
  const Eigen::VectorXi people = names(4, 3);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double rate : {-0.1, 1.5, nan}) {
    CHECK_THROWS_AS(calibrate(options, images, people, {.false_accept_rate = rate}),
                    latent::InvalidArgument);
    CHECK_THROWS_AS(calibrate(options, images, people, {.face_reject_rate = rate}),
                    latent::InvalidArgument);
  }
  CHECK_THROWS_AS(calibrate(options, images, people.head(3)), latent::InvalidArgument);
  CHECK_THROWS_AS(calibrate(options, images, Eigen::VectorXi::Zero(12)), latent::DataError);
  CHECK_THROWS_AS(calibrate(options, images, Eigen::VectorXi::LinSpaced(12, 0, 11)),
                  latent::DataError);
  CHECK_THROWS_AS(calibrate(options, images, people, {}, Bytes(0, down * across)),
                  latent::InvalidArgument);
  CHECK_THROWS_AS(leave_one_out(options, images.topRows(2), people.head(2)), latent::DataError);
  CHECK_THROWS_AS(leave_one_out(Eigenfaces{.shape = {3, 3}}, images, people),
                  latent::InvalidArgument);
}
