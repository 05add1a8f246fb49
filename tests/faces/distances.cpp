// How codes are compared: the formulas, by hand, and who is nearest under them.
#include <cmath>
#include <limits>
#include <vector>

#include "faces/drawn.hpp"
#include "latent/faces/eigenfaces.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Eigenfaces;
using latent::FaceCandidate;
using latent::FaceDistance;
using latent::FaceRule;
using latent::Index;
using latent::NearestFace;
using latent_test::across;
using latent_test::close_on;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::eps;
using latent_test::names;

namespace {

// The formulas of FaceDistance as they stand in its comments.
double by_formula(FaceDistance distance, const Eigen::VectorXd& a, const Eigen::VectorXd& b,
                  const Eigen::VectorXd& variance) {
  const Eigen::VectorXd u = a.cwiseQuotient(variance.cwiseSqrt());
  const Eigen::VectorXd v = b.cwiseQuotient(variance.cwiseSqrt());
  switch (distance) {
    case FaceDistance::euclidean:
      return (a - b).norm();
    case FaceDistance::cosine:
      return 1.0 - a.dot(b) / (a.norm() * b.norm());
    case FaceDistance::mahalanobis:
      return (u - v).norm();
    case FaceDistance::mahalanobis_cosine:
      return 1.0 - u.dot(v) / (u.norm() * v.norm());
  }
  return -1.0;
}

constexpr FaceDistance all_distances[] = {FaceDistance::euclidean, FaceDistance::cosine,
                                          FaceDistance::mahalanobis,
                                          FaceDistance::mahalanobis_cosine};

}  // namespace

TEST_CASE("face distance: each is its formula over the components that are left") {
  const auto images = drawn_faces(6, 3, 11);
  const auto asked = drawn_faces(6, 1, 12);
  const auto model = Eigenfaces{.shape = {down, across}, .keep = 8}.fit(images, names(6, 3)).model;
  const Eigen::MatrixXd codes = model.codes();
  const Eigen::VectorXd variance = model.space().explained_variance();
  for (const FaceDistance distance : all_distances) {
    for (const Index drop : {0, 3}) {
      const auto other = model.with({.distance = distance, .drop = drop});
      for (Index q = 0; q < asked.rows(); ++q) {
        const Eigen::VectorXd code = model.encode(asked.row(q)).row(0).transpose();
        const std::vector<FaceCandidate> candidates = other.candidates(asked.row(q));
        REQUIRE(candidates.size() == 18);
        for (const FaceCandidate& candidate : candidates) {
          const double expected =
              by_formula(distance, code.tail(8 - drop), codes.row(candidate.row).tail(8 - drop),
                         variance.tail(8 - drop));
          const double scale = distance == FaceDistance::euclidean ? 1000.0 : 10.0;
          CHECK(close_on(scale, candidate.distance, expected, 64 * eps));
          CHECK(candidate.label == static_cast<int>(candidate.row / 3));
        }
        CHECK(other.identify(asked.row(q)).distance == candidates.front().distance);
        CHECK(other.identify(asked.row(q)).row == candidates.front().row);
      }
    }
  }
}

TEST_CASE("face distance: candidates ascend, everyone once, the first enrolled first in a tie") {
  Eigen::MatrixXd images(5, 2);
  images << 0, 0, 8, 0, 3, 0, 8, 0, -3, 0;
  Eigen::VectorXi people(5);
  people << 4, 2, 7, 1, 9;
  const auto model = Eigenfaces{.shape = {1, 2}}.fit(images, people).model;
  const auto candidates = model.candidates(Eigen::RowVector2d(0, 0));
  const Index rows[] = {0, 2, 4, 1, 3};
  REQUIRE(candidates.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(candidates[i].row == rows[i]);
    CHECK(candidates[i].label == people[rows[i]]);
    CHECK(close_on(8.0, candidates[i].distance, images.row(rows[i]).norm(), 16 * eps));
  }
}

TEST_CASE("face distance: an enrolled image is at distance 0 from itself in every distance") {
  const auto images = drawn_faces(6, 3, 13);
  const auto people = names(6, 3);
  for (const FaceDistance distance : all_distances) {
    const auto model =
        Eigenfaces{.shape = {down, across}, .distance = distance}.fit(images, people).model;
    for (Index i = 0; i < images.rows(); ++i) {
      const auto match = model.identify(images.row(i));
      CHECK(match.label == people[i]);
      CHECK(match.row == i);
      CHECK(match.distance <= 1e-9);
    }
  }
}

TEST_CASE("face distance: contrast does not change a cosine, but it changes lengths") {
  const auto images = drawn_faces(6, 3, 14);
  auto model = Eigenfaces{.shape = {down, across}, .keep = 6, .distance = FaceDistance::cosine}
                   .fit(images, names(6, 3))
                   .model;
  const Eigen::RowVectorXd mean = model.space().mean().transpose();
  const Eigen::RowVectorXd face = images.row(4).cast<double>();
  const Eigen::RowVectorXd faint = mean + 0.25 * (face - mean);
  CHECK(model.identify(faint).distance <= 1e-13);
  CHECK(model.identify(faint).label == 1);
  CHECK(model.with({}).identify(faint).distance > 10.0);
  // Opposite codes are at 2; the mean face has no direction and is at 1 from every face.
  const auto opposite = model.candidates(Eigen::RowVectorXd(mean - (face - mean)));
  CHECK(close_on(1.0, opposite.back().distance, 2.0, 1e-13));
  CHECK(opposite.back().row == 4);
  for (const FaceCandidate& candidate : model.candidates(mean))
    CHECK(close_on(1.0, candidate.distance, 1.0, 0.5));
}

TEST_CASE("face distance: a code without direction is at 1 from all others and at 0 from itself") {
  Eigen::MatrixXd images(3, 2);
  images << -4, 0, 4, 0, 0, 0;  // the last is the mean
  for (const FaceDistance distance : {FaceDistance::cosine, FaceDistance::mahalanobis_cosine}) {
    const auto model = Eigenfaces{.shape = {1, 2}, .distance = distance}
                           .fit(images, Eigen::Vector3i(1, 2, 3))
                           .model;
    const auto candidates = model.candidates(Eigen::RowVector2d(0, 0));
    CHECK(candidates[0].label == 3);
    CHECK(candidates[0].distance == 0.0);
    CHECK(close_on(1.0, candidates[1].distance, 1.0, 4 * eps));
    CHECK(close_on(1.0, candidates[2].distance, 1.0, 4 * eps));
  }
}

TEST_CASE("face distance: a person's mean is the mean of the codes, whatever the order of images") {
  const auto images = drawn_faces(5, 4, 15);
  Eigen::VectorXi people(20);
  for (Index i = 0; i < 20; ++i) people[i] = 100 - static_cast<int>(i % 5);
  for (const FaceDistance distance : all_distances) {
    const FaceRule rule{.distance = distance, .drop = 1, .nearest = NearestFace::person_mean};
    const auto model =
        Eigenfaces{.shape = {down, across}, .keep = 7}.fit(images, people).model.with(rule);
    const Eigen::MatrixXd codes = model.codes();
    const Eigen::VectorXd variance = model.space().explained_variance();
    const auto asked = drawn_faces(1, 1, 16);
    const Eigen::VectorXd code = model.encode(asked).row(0).transpose();
    const auto candidates = model.candidates(asked.row(0));
    REQUIRE(candidates.size() == 5);
    for (const FaceCandidate& candidate : candidates) {
      const Index person = candidate.row;  // the first image of person 100 - k is image k
      REQUIRE(person < 5);
      CHECK(candidate.label == 100 - static_cast<int>(person));
      Eigen::VectorXd mean = Eigen::VectorXd::Zero(7);
      for (Index i = person; i < 20; i += 5) mean += codes.row(i).transpose() / 4.0;
      const double expected = by_formula(distance, code.tail(6), mean.tail(6), variance.tail(6));
      CHECK(close_on(1000.0, candidate.distance, expected, 64 * eps));
    }
  }
}

TEST_CASE("face distance: enrolling moves a person's mean") {
  Eigen::MatrixXd images(2, 2);
  images << 0, 0, 8, 0;
  const auto model = Eigenfaces{.shape = {1, 2}, .nearest = NearestFace::person_mean}
                         .fit(images, Eigen::Vector2i(1, 2))
                         .model;
  CHECK(close_on(8.0, model.identify(Eigen::RowVector2d(6, 0)).distance, 2.0, 16 * eps));
  const auto more = model.enroll(Eigen::RowVector2d(4, 0), Eigen::VectorXi::Constant(1, 2));
  CHECK(close_on(8.0, more.identify(Eigen::RowVector2d(6, 0)).distance, 0.0, 16 * eps));
  CHECK(more.candidates(Eigen::RowVector2d(6, 0)).size() == 2);
}

TEST_CASE("face distance: weights make the space, not the gallery") {
  const auto images = drawn_faces(4, 2, 17);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(8);
  w[3] = 2.0;
  Eigen::MatrixXd repeated(9, down * across);
  repeated << images.cast<double>(), images.row(3).cast<double>();
  const Eigenfaces options{.shape = {down, across}, .keep = 3};
  const Eigen::MatrixXd x = images.cast<double>();
  const auto weighted = options.fit(latent::samples(x).weights(w), names(4, 2)).model;
  Eigen::VectorXi people(9);
  people << names(4, 2), 1;
  const auto copied = options.fit(repeated, people).model;
  CHECK((weighted.codes() - copied.codes().topRows(8)).cwiseAbs().maxCoeff() <= 1e-9);
  CHECK(weighted.people().size() == 8);
}

TEST_CASE("face distance: rules are checked") {
  const auto images = drawn_faces(4, 2, 18);
  const auto people = names(4, 2);
  const auto model = Eigenfaces{.shape = {down, across}, .keep = 3}.fit(images, people).model;
  for (const Index drop : {-1, 3, 4})
    CHECK_THROWS_AS(model.with({.drop = drop}), latent::InvalidArgument);
  CHECK_THROWS_WITH(model.with({.drop = 3}), latent_test::contains("0 ... 2; got 3"));
  CHECK_THROWS_AS(model.with({.threshold = -1.0}), latent::InvalidArgument);
  CHECK_THROWS_AS(model.with({.face_threshold = std::numeric_limits<double>::quiet_NaN()}),
                  latent::InvalidArgument);
  CHECK_THROWS_AS((Eigenfaces{.shape = {down, across}, .keep = 3, .drop = 3}.fit(images, people)),
                  latent::InvalidArgument);
  CHECK_THROWS_AS((Eigenfaces{.shape = {down, across}, .drop = 8}.fit(images, people)),
                  latent::InvalidArgument);
  // 8 images have 7 components, which is known after the fit.
  CHECK_THROWS_AS((Eigenfaces{.shape = {down, across}, .drop = 7}.fit(images, people)),
                  latent::DataError);
  CHECK_NOTHROW(model.with({.drop = 2}));
}

TEST_CASE("face distance: pixels of any magnitude give the same names") {
  const Eigen::MatrixXd images = drawn_faces(5, 3, 19).cast<double>();
  const auto people = names(5, 3);
  const auto asked = drawn_faces(5, 1, 20);
  for (const FaceDistance distance : all_distances) {
    const Eigenfaces options{.shape = {down, across}, .keep = 6, .distance = distance};
    const auto model = options.fit(images, people).model;
    for (const double scale : {std::ldexp(1.0, -560), std::ldexp(1.0, 520)}) {
      const Eigen::MatrixXd scaled = scale * images;
      const auto other = options.fit(scaled, people).model;
      for (Index q = 0; q < asked.rows(); ++q) {
        const Eigen::RowVectorXd face = asked.row(q).cast<double>();
        const auto plain = model.identify(face);
        const auto match = other.identify(Eigen::RowVectorXd(scale * face));
        CHECK(match.label == plain.label);
        const double unit = distance == FaceDistance::euclidean ? scale : 1.0;
        CHECK(latent_test::close(match.distance / unit, plain.distance, 1e-9));
      }
    }
  }
}
