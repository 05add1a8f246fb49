// Brightness and contrast taken out of every image.
#include <cmath>
#include <limits>

#include "faces/drawn.hpp"
#include "latent/faces/eigenfaces.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Eigenfaces;
using latent::Index;
using latent::Lighting;
using latent_test::across;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::eps;
using latent_test::names;

namespace {

const Eigenfaces standardized{
    .shape = {down, across}, .keep = 6, .lighting = Lighting::standardized};

// (x - mean) / standard deviation, row by row, divisor D.
Eigen::MatrixXd by_definition(const Eigen::MatrixXd& x) {
  Eigen::MatrixXd y = x.colwise() - x.rowwise().mean();
  for (Index i = 0; i < y.rows(); ++i)
    y.row(i) /= std::sqrt(y.row(i).squaredNorm() / static_cast<double>(y.cols()));
  return y;
}

}  // namespace

TEST_CASE("lighting: the model is that of images standardised one by one") {
  const auto images = drawn_faces(5, 3, 21);
  const Eigen::MatrixXd y = by_definition(images.cast<double>());
  const auto model = standardized.fit(images, names(5, 3)).model;
  const auto plain = Eigenfaces{.shape = {down, across}, .keep = 6}.fit(y, names(5, 3)).model;
  CHECK((model.mean_face() - plain.mean_face()).cwiseAbs().maxCoeff() <= 64 * eps);
  CHECK((model.codes() - plain.codes()).cwiseAbs().maxCoeff() <= 1e-11);
  const auto asked = drawn_faces(5, 2, 22);
  const Eigen::MatrixXd lit = by_definition(asked.cast<double>());
  CHECK((model.encode(asked) - plain.encode(lit)).cwiseAbs().maxCoeff() <= 1e-11);
  for (Index q = 0; q < asked.rows(); ++q) {
    const auto match = model.identify(asked.row(q));
    const auto expected = plain.identify(lit.row(q));
    CHECK(match.label == expected.label);
    CHECK(latent_test::close(match.distance, expected.distance, 1e-10));
    CHECK(latent_test::close(match.distance_from_face_space, expected.distance_from_face_space,
                             1e-10));
  }
}

TEST_CASE("lighting: brightness and contrast change no answer") {
  const Eigen::MatrixXd images = drawn_faces(5, 3, 23).cast<double>();
  const auto model = standardized.fit(images, names(5, 3)).model;
  const auto asked = drawn_faces(5, 2, 24);
  for (Index q = 0; q < asked.rows(); ++q) {
    const Eigen::RowVectorXd face = asked.row(q).cast<double>();
    const Eigen::RowVectorXd dark = (0.25 * face.array() + 7.0).matrix();
    const auto a = model.identify(face);
    const auto b = model.identify(dark);
    CHECK(a.label == b.label);
    CHECK(latent_test::close(a.distance, b.distance, 1e-10));
  }
}

TEST_CASE("lighting: a reconstruction has the light of its image") {
  const Eigen::MatrixXd images = drawn_faces(5, 3, 25).cast<double>();
  Eigenfaces options = standardized;
  options.keep = latent::All{};
  const auto model = options.fit(images, names(5, 3)).model;
  CHECK((model.reconstruct(images) - images).cwiseAbs().maxCoeff() <= 1e-10 * 255);
  const Eigen::MatrixXd dark = (0.25 * images.array() + 7.0).matrix();
  CHECK((model.reconstruct(dark) - dark).cwiseAbs().maxCoeff() <= 1e-10 * 255);
  const Eigen::MatrixXd decoded = model.decode(model.encode(images));
  CHECK((decoded - by_definition(images)).cwiseAbs().maxCoeff() <= 1e-11);
}

TEST_CASE("lighting: an image without contrast becomes 0, not NaN and not noise") {
  Eigen::MatrixXd images = drawn_faces(4, 2, 26).cast<double>();
  for (const double grey : {0.0, 0.1, 200.0, 1e300}) {
    images.row(3).setConstant(grey);
    const auto model = standardized.fit(images, names(4, 2)).model;
    CHECK(model.codes().allFinite());
    const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(1, down * across);
    const auto plain = model.space().transform(zero);
    CHECK((model.codes().row(3) - plain.row(0)).cwiseAbs().maxCoeff() <= 1e-13);
    CHECK((model.reconstruct(images).row(3).array() - grey).abs().maxCoeff() <= 1e-12 * grey);
  }
}

TEST_CASE("lighting: weights and float data pass through, and what is not finite is named") {
  const Eigen::MatrixXf images = drawn_faces(4, 2, 27).cast<float>();
  const auto model = standardized.fit(images, names(4, 2)).model;
  static_assert(std::is_same_v<decltype(model.mean_face()), latent::RowMatrix<float>>);
  const Eigen::MatrixXd y = by_definition(images.cast<double>());
  const auto plain = Eigenfaces{.shape = {down, across}, .keep = 6}.fit(y, names(4, 2)).model;
  CHECK((model.codes().cast<double>() - plain.codes()).cwiseAbs().maxCoeff() <= 1e-4);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(8);
  w[0] = 0.0;
  const auto without = standardized.fit(latent::samples(images).weights(w), names(4, 2)).model;
  const auto fewer = standardized.fit(images.bottomRows(7), names(4, 2).tail(7)).model;
  CHECK((without.mean_face() - fewer.mean_face()).cwiseAbs().maxCoeff() <= 1e-5f);
  Eigen::MatrixXf broken = images;
  broken(2, 5) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(standardized.fit(broken, names(4, 2)),
                    latent_test::contains("row 2, column 5"));
  CHECK_THROWS_AS(model.identify(broken.row(2)), latent::DataError);
  CHECK_THROWS_AS(model.encode(images.leftCols(7)), latent::InvalidArgument);
}
