// The drawn faces and the reader of folders of photographs.
#include "support/faces.hpp"

#include <filesystem>
#include <string>

#include "folder.hpp"
#include "support/catch.hpp"
#include "support/image.hpp"

namespace fs = std::filesystem;

TEST_CASE("faces: the same seed draws the same faces, another seed other ones") {
  const examples::Faces first = examples::draw_faces(3, 2, 5);
  const examples::Faces again = examples::draw_faces(3, 2, 5);
  const examples::Faces other = examples::draw_faces(3, 2, 6);
  CHECK(first.images == again.images);
  CHECK(first.images != other.images);
  CHECK(first.people == (Eigen::VectorXi(6) << 1, 1, 2, 2, 3, 3).finished());
}

TEST_CASE("faces: more people and images leave the first ones as they are") {
  const examples::Faces few = examples::draw_faces(2, 2, 1);
  const examples::Faces many = examples::draw_faces(3, 4, 1);
  CHECK(few.images.row(1) == many.images.row(1));
  CHECK(few.images.row(2) == many.images.row(4));
}

TEST_CASE("faces: whole grey values of 0 to 255 that differ between people and between images") {
  const examples::Faces faces = examples::draw_faces(4, 3, 1);
  REQUIRE(faces.images.rows() == 12);
  REQUIRE(faces.images.cols() == 1024);
  CHECK(faces.images.minCoeff() >= 0.0);
  CHECK(faces.images.maxCoeff() <= 255.0);
  CHECK((faces.images.array() == faces.images.array().round()).all());
  for (Eigen::Index i = 1; i < faces.images.rows(); ++i) {
    // Far more than the noise (standard deviation 3, so 4.2 for a difference).
    const double difference = (faces.images.row(i) - faces.images.row(i - 1)).norm() / 32.0;
    CHECK(difference > 8.0);
  }
}

TEST_CASE("faces: a folder is read in the order of its numbers, labels are the folders' numbers") {
  const latent_test::Folder temporary;
  const fs::path folder = temporary.path / "faces";
  for (const int who : {2, 10, 1}) {
    fs::create_directories(folder / ("s" + std::to_string(who)));
    for (const int image : {10, 9})
      examples::write_png(
          folder / ("s" + std::to_string(who)) / (std::to_string(image) + ".png"),
          examples::Image{92, 112, 1, static_cast<unsigned char>(10 * who + image)});
  }
  examples::write_text(folder / "README", "not a person");
  examples::write_text(folder / "s1" / "notes.txt", "not an image");

  const examples::Faces faces = examples::read_faces(folder);
  CHECK(faces.people == (Eigen::VectorXi(6) << 1, 1, 2, 2, 10, 10).finished());
  CHECK(faces.images.col(0) == (Eigen::VectorXd(6) << 19, 20, 29, 30, 109, 110).finished());

  examples::write_text(folder / "s2" / "11.pgm", "no image");
  CHECK_THROWS_WITH(examples::read_faces(folder), latent_test::contains("11.pgm: is not a PNG"));
  fs::remove_all(folder);
  CHECK_THROWS_WITH(examples::read_faces(folder), latent_test::contains("no such folder"));
  CHECK_THROWS_WITH(examples::read_faces(temporary.path),
                    latent_test::contains("holds no images in folders s1, s2"));
}
