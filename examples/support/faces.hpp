// Portraits for the eigenfaces: drawn ones, and a reader for a folder of photographs.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <string>

namespace examples {

using FaceMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// One grey face a row, its pixels row by row from the top left, 0 black to 255 white.
struct Faces {
  int width = 32;
  int height = 32;
  FaceMatrix images;       // n x width*height
  Eigen::VectorXi people;  // n: who it is, from 1
  std::string source;      // for captions
};

// people x images_each faces drawn from parameters: a person has a head, features, hair and perhaps
// glasses or a beard; an image has its light, expression, pose and noise. The same seed draws the
// same faces, and the first images of a person do not depend on how many there are.
Faces draw_faces(int people = 40, int images_each = 10, std::uint64_t seed = 1, int size = 32);

// Reads DIR/s1/1.pgm ... DIR/s40/10.pgm, the layout of the ORL face database: folders "s" and a
// number, images (PGM, PNG, JPEG, PPM) of any size in them, both in the order of their numbers.
// Each is cropped to the square in its middle and made size x size grey. people = the folder's
// number. Throws FileError naming the folder or the image.
Faces read_faces(const std::filesystem::path& folder, int size = 32);

// Those of the folder, or where none is named 10 drawn ones of each of 40 people.
Faces faces_from(const std::filesystem::path& folder, std::uint64_t seed);

}  // namespace examples
