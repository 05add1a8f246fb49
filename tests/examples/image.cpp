// The examples' image files: what cannot be read is a typed error that names the file and the
// reason.
#include "support/image.hpp"

#include <filesystem>
#include <string>

#include "folder.hpp"
#include "support/catch.hpp"

namespace {

namespace fs = std::filesystem;
using examples::FileError;
using examples::Image;
using latent_test::Folder;

// What the error says, or "read" where there is none.
std::string reason(const fs::path& file) {
  try {
    examples::read_image(file);
  } catch (const FileError& error) {
    CHECK(error.path == file);
    return error.what();
  }
  return "read";
}

Image gradient(int width, int height, int channels) {
  Image image{width, height, channels};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        image.at(x, y, c) = static_cast<unsigned char>((7 * x + 13 * y + 50 * c) % 256);
  return image;
}

}  // namespace

TEST_CASE("image: a missing file, a folder, an empty file and a text are named as such") {
  const Folder folder;
  CHECK_THAT(reason(folder.path / "no.png"), latent_test::contains("no.png: no such file"));
  CHECK_THAT(reason(folder.path), latent_test::contains("is a folder"));
  examples::write_text(folder.path / "empty.png", "");
  CHECK_THAT(reason(folder.path / "empty.png"),
             latent_test::contains("empty.png: the file is empty"));
  examples::write_text(folder.path / "text.png", "eruptions,waiting\n3.6,79\n");
  CHECK_THAT(reason(folder.path / "text.png"),
             latent_test::contains("is not a PNG, JPEG, PGM (P5) or PPM (P6) image"));
}

TEST_CASE("image: a PNG cut anywhere is an error, never a picture") {
  const Folder folder;
  const fs::path whole = folder.path / "whole.png";
  examples::write_png(whole, gradient(40, 30, 3));
  auto bytes = examples::read_bytes(whole);
  REQUIRE(reason(whole) == "read");
  for (const std::size_t kept :
       {std::size_t{9}, std::size_t{20}, std::size_t{40}, bytes.size() / 2, bytes.size() - 20}) {
    const fs::path cut = folder.path / "cut.png";
    examples::write_bytes(cut, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept)});
    INFO("bytes kept: " << kept << " of " << bytes.size());
    CHECK_THAT(reason(cut), latent_test::contains("cut.png: the image is truncated or damaged"));
  }
}

TEST_CASE("image: PGM and PPM: comments and any white are read, damage is told") {
  const Folder folder;
  const auto write = [&](const std::string& text) {
    examples::write_text(folder.path / "a.pgm", text);
    return folder.path / "a.pgm";
  };
  const Image grey = examples::read_image(
      write(std::string{"P5 # made by hand\n2 1\n# white\n15\n"} + '\x0f' + '\x03'));
  CHECK(grey.width == 2);
  CHECK(grey.height == 1);
  CHECK(grey.channels == 1);
  CHECK(int{grey.at(0, 0)} == 255);
  CHECK(int{grey.at(1, 0)} == 51);
  const Image deep = examples::read_image(write(std::string{"P5 1 1 65535\n"} + '\x80' + '\x00'));
  CHECK(int{deep.at(0, 0)} == 128);
  CHECK_THAT(reason(write("P5 2 2 255\nabc")), latent_test::contains("truncated: 3 of 4 bytes"));
  CHECK_THAT(reason(write("P6 0 2 255\n")), latent_test::contains("no pixels: 0 x 2"));
  CHECK_THAT(reason(write("P5 2")), latent_test::contains("truncated in its header"));
  CHECK_THAT(reason(write("P5 x")), latent_test::contains("header of the image is damaged"));
  CHECK_THAT(reason(write("P5 999999999999 1 255\n")), latent_test::contains("too large"));
}

TEST_CASE("image: what is written is read again, pixel by pixel") {
  const Folder folder;
  for (const int channels : {1, 3}) {
    const Image image = gradient(17, 5, channels);
    const fs::path file = folder.path / "image.png";
    const std::size_t bytes = examples::write_png(file, image);
    CHECK(bytes == fs::file_size(file));
    const Image again = examples::read_image(file);
    CHECK(again.width == image.width);
    CHECK(again.height == image.height);
    CHECK(again.channels == channels);
    CHECK(again.pixels == image.pixels);
  }
  CHECK_THROWS_AS(examples::write_png(folder.path / "no" / "such" / "a.png", gradient(2, 2, 1)),
                  FileError);
}

TEST_CASE("image: a palette PNG of 2, 4, 16 or more colours holds exactly those colours") {
  const Folder folder;
  for (const int colours : {2, 3, 4, 5, 16, 17, 256}) {
    const int width = 13;  // no multiple of the pixels in a byte
    const int height = 22;
    Eigen::MatrixXd palette(colours, 3);
    for (int k = 0; k < colours; ++k) palette.row(k) << k, 255 - k, (37 * k) % 256;
    Eigen::VectorXi labels(width * height);
    for (int i = 0; i < labels.size(); ++i) labels[i] = i % colours;
    const fs::path file = folder.path / "palette.png";
    examples::write_palette_png(file, width, height, palette, labels);
    const Image image = examples::read_image(file);
    INFO(colours << " colours");
    REQUIRE(image.channels == 3);
    int wrong = 0;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < 3; ++c)
          wrong += static_cast<double>(image.at(x, y, c)) != palette(labels[y * width + x], c);
    CHECK(wrong == 0);
  }
}

TEST_CASE("image: resizing by area keeps the mean and averages whole blocks exactly") {
  Image image{4, 2, 1};
  image.pixels = {10, 20, 100, 200, 30, 40, 100, 200};
  const Image half = examples::resize_by_area(image, 2, 1);
  CHECK(int{half.at(0, 0)} == 25);
  CHECK(int{half.at(1, 0)} == 150);
  const Image third = examples::resize_by_area(Image{92, 112, 1, 77}, 32, 32);
  for (const unsigned char pixel : third.pixels) CHECK(int{pixel} == 77);
}

TEST_CASE("image: a JPEG that is cut, or whose tables are too long, is an error") {
  const Folder folder;
  const fs::path file = folder.path / "a.jpg";
  std::vector<unsigned char> jpeg{0xff, 0xd8, 0xff, 0xc4, 0x00, 0x13, 0x00};
  jpeg.insert(jpeg.end(), 16, 17);  // 272 codes
  examples::write_bytes(file, jpeg);
  CHECK_THAT(reason(file),
             latent_test::contains("a.jpg: the image is truncated: a JPEG without its end"));
  jpeg.insert(jpeg.end(), {0xff, 0xd9});
  examples::write_bytes(file, jpeg);
  CHECK_THAT(reason(file), latent_test::contains("a Huffman table is too long"));
}
