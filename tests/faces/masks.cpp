// Faces of which some pixels are hidden or missing.
#include <limits>

#include <Eigen/QR>

#include "faces/drawn.hpp"
#include "latent/faces/eigenfaces.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Eigenfaces;
using latent::Index;
using latent_test::across;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::eps;
using latent_test::names;

namespace {

using Mask = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic>;
const double missing = std::numeric_limits<double>::quiet_NaN();
constexpr Index pixels = down * across;

// The upper four rows of the picture are seen.
Mask upper() {
  Mask mask = Mask::Constant(1, pixels, false);
  mask.leftCols(4 * across).setConstant(true);
  return mask;
}

const Eigenfaces five{.shape = {down, across}, .keep = 5};

}  // namespace

TEST_CASE("masks: with every pixel visible the code is the projection") {
  const auto images = drawn_faces(5, 3, 31);
  const auto model = five.fit(images, names(5, 3)).model;
  const Mask all = Mask::Constant(1, pixels, true);
  const Eigen::MatrixXd codes = model.encode(images);
  CHECK((model.encode(images, all) - codes).cwiseAbs().maxCoeff() <= 1e-11);
  const auto match = model.identify(images.row(4), all);
  CHECK(match.label == 1);
  CHECK(latent_test::close(match.distance_from_face_space,
                           model.identify(images.row(4)).distance_from_face_space, 1e-10));
}

TEST_CASE("masks: the code is the least-squares solution on the visible pixels") {
  const auto images = drawn_faces(5, 3, 32);
  const auto model = five.fit(images, names(5, 3)).model;
  const Eigen::MatrixXd asked = drawn_faces(5, 1, 33).cast<double>();
  const Mask mask = upper();
  const Eigen::MatrixXd codes = model.encode(asked, mask);
  const Eigen::MatrixXd axes = model.space().projection().topRows(4 * across);
  const Eigen::RowVectorXd mean = model.space().mean().head(4 * across).transpose();
  for (Index i = 0; i < asked.rows(); ++i) {
    const Eigen::VectorXd rest = (asked.row(i).head(4 * across) - mean).transpose();
    const Eigen::VectorXd expected = axes.colPivHouseholderQr().solve(rest);
    CHECK((codes.row(i).transpose() - expected).norm() <= 1e-9 * expected.norm());
    const double left = (rest - axes * expected).norm();
    const auto match = model.identify(asked.row(i), mask);
    CHECK(latent_test::close(match.distance_from_face_space, left * std::sqrt(6.0 / 4.0), 1e-9));
  }
}

TEST_CASE("masks: what is hidden is never looked at, be it NaN") {
  const auto images = drawn_faces(5, 3, 34);
  const auto model = five.fit(images, names(5, 3)).model;
  const Mask mask = upper();
  Eigen::MatrixXd hidden = images.cast<double>();
  hidden.rightCols(2 * across).setConstant(missing);
  CHECK(model.encode(hidden, mask) == model.encode(images, mask));
  CHECK(model.reconstruct(hidden, mask).allFinite());
  CHECK(model.identify(hidden.row(7), mask).label == 2);
  CHECK(model.candidates(hidden.row(7), mask).front().label == 2);
  CHECK_THROWS_AS(model.encode(hidden), latent::DataError);
  CHECK_THROWS_AS(model.identify(hidden.row(7)), latent::DataError);
  hidden(3, 2) = missing;
  CHECK_THROWS_AS(model.encode(hidden, mask), latent::DataError);
  CHECK_THROWS_WITH(model.encode(hidden, mask), latent_test::contains("row 3, column 2"));
}

TEST_CASE("masks: a face within face space is completed exactly") {
  const auto images = drawn_faces(5, 3, 35);
  for (const auto lighting : {latent::Lighting::as_is, latent::Lighting::standardized}) {
    Eigenfaces options = five;
    options.lighting = latent::Lighting::as_is;
    const auto model = options.fit(images, names(5, 3)).model;
    const Eigen::MatrixXd whole = model.reconstruct(images);
    const Eigen::MatrixXd filled = model.reconstruct(whole, upper());
    CHECK((filled - whole).cwiseAbs().maxCoeff() <= 1e-9 * 255);
    // Under standardised lighting the light is that of the visible pixels: an affine change of it
    // goes through.
    options.lighting = lighting;
    const auto lit = options.fit(images, names(5, 3)).model;
    const Eigen::MatrixXd dark = (0.5 * whole.array() + 3.0).matrix();
    const Eigen::MatrixXd expected = (0.5 * lit.reconstruct(whole, upper()).array() + 3.0).matrix();
    if (lighting == latent::Lighting::standardized)
      CHECK((lit.reconstruct(dark, upper()) - expected).cwiseAbs().maxCoeff() <= 1e-9 * 255);
  }
}

TEST_CASE("masks: directions that the visible pixels do not determine stay at the mean face") {
  const auto images = drawn_faces(5, 3, 36);
  const auto model = five.fit(images, names(5, 3)).model;
  Mask three = Mask::Constant(1, pixels, false);
  three.leftCols(3).setConstant(true);
  const Eigen::MatrixXd codes = model.encode(images, three);
  CHECK(codes.allFinite());
  // The smallest code that gives the three pixels back.
  const Eigen::MatrixXd axes = model.space().projection().topRows(3);
  const Eigen::MatrixXd rest =
      images.cast<double>().leftCols(3).rowwise() - model.space().mean().head(3).transpose();
  const Eigen::MatrixXd expected = rest * (axes * axes.transpose()).inverse() * axes;
  CHECK((codes - expected).cwiseAbs().maxCoeff() <= 1e-7 * expected.cwiseAbs().maxCoeff());
}

TEST_CASE("masks: one for all images, one an image, as a picture, of bool or bytes, are the same") {
  const auto images = drawn_faces(40, 1, 37);
  const auto model = five.fit(images, names(40, 1)).model;
  const Mask mask = upper();
  const Eigen::MatrixXd codes = model.encode(images, mask);
  const Mask each = mask.replicate(40, 1);
  CHECK(model.encode(images, each) == codes);
  Mask picture = Mask::Constant(down, across, false);
  picture.topRows(4).setConstant(true);
  CHECK(model.encode(images, picture) == codes);
  const Eigen::VectorXi column = mask.cast<int>().transpose();
  CHECK(model.encode(images, column) == codes);
  const latent_test::Bytes bytes = (each.cast<int>() * 255).cast<std::uint8_t>().matrix();
  CHECK(model.encode(images, bytes) == codes);
  // Rows of their own masks do not mix.
  Mask two = each;
  two.bottomRows(20).setConstant(true);
  const Eigen::MatrixXd mixed = model.encode(images, two);
  CHECK(mixed.topRows(20) == codes.topRows(20));
  CHECK((mixed.bottomRows(20) - model.encode(images).bottomRows(20)).cwiseAbs().maxCoeff() <=
        1e-11);
  for (const int threads : {1, 2, 3, 8})
    CHECK(model.encode(images, two, latent::Threads{threads}) ==
          model.encode(images, two, latent::Serial{}));
}

TEST_CASE("masks: shapes are checked, and something must be visible") {
  const auto images = drawn_faces(5, 3, 38);
  const auto model = five.fit(images, names(5, 3)).model;
  CHECK_THROWS_AS(model.encode(images, Mask::Constant(14, pixels, true)), latent::InvalidArgument);
  CHECK_THROWS_AS(model.encode(images, Mask::Constant(across, down, true)),
                  latent::InvalidArgument);
  CHECK_THROWS_AS(model.encode(images.leftCols(3), Mask::Constant(1, 3, true)),
                  latent::InvalidArgument);
  CHECK_THROWS_AS(model.identify(images.row(0), Mask::Constant(1, 3, true)),
                  latent::InvalidArgument);
  Mask none = Mask::Constant(15, pixels, true);
  none.row(6).setConstant(false);
  CHECK_THROWS_AS(model.encode(images, none), latent::DataError);
  CHECK_THROWS_WITH(model.encode(images, none), latent_test::contains("row 6"));
}
