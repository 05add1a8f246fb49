// 8-bit pictures: reading, writing, resizing, and sheets of small ones.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "support/file.hpp"

namespace examples {

// Rows from top to bottom, pixels from left to right, channels together: height x width x channels
// bytes.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 1;  // 1 grey, 3 RGB
  std::vector<unsigned char> pixels;

  Image() = default;
  Image(int w, int h, int c, unsigned char value = 0);

  unsigned char& at(int x, int y, int c = 0) { return pixels[offset(x, y, c)]; }
  unsigned char at(int x, int y, int c = 0) const { return pixels[offset(x, y, c)]; }

 private:
  std::size_t offset(int x, int y, int c) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(x)) *
               static_cast<std::size_t>(channels) +
           static_cast<std::size_t>(c);
  }
};

// Reads PNG, JPEG, PGM (P5) or PPM (P6); the content decides, not the name. channels: 1 or 3
// converts, 0 keeps grey grey and makes everything else RGB. Throws FileError: missing, empty, not
// an image, truncated, no pixels.
Image read_image(const std::filesystem::path& path, int channels = 0);

// Writes a PNG and returns its size in bytes. Throws FileError.
std::size_t write_png(const std::filesystem::path& path, const Image& image);

// Writes a PNG with a palette (at most 256 RGB colours, `colours` is K x 3 in 0..255) and 1, 2, 4
// or 8 bits a pixel, which is what makes an image of few colours small. `labels` holds one palette
// index a pixel. Returns the bytes.
std::size_t write_palette_png(const std::filesystem::path& path, int width, int height,
                              const Eigen::Ref<const Eigen::MatrixXd>& colours,
                              const Eigen::VectorXi& labels);

// The mean of the pixels under each new pixel, fractions of pixels included. For making images
// smaller.
Image resize_by_area(const Image& image, int width, int height);

// Each pixel becomes a square of factor x factor.
Image enlarge(const Image& image, int factor);

// The largest square in the middle.
Image crop_to_square(const Image& image);

// The images beside each other, equally high, with a white margin.
Image side_by_side(const std::vector<Image>& images, int margin);

// The images below each other, on the left of a white sheet.
Image stacked(const std::vector<Image>& images, int margin);

// A white band above the image with a line of black text (ASCII, cut where it is too long) in its
// middle.
Image captioned(const Image& image, const std::string& text, int scale = 2);

// How grey values become bytes: each tile over its own range, or all tiles over one.
struct GreyRange {
  bool each_tile = true;
  double black = 0.0;
  double white = 255.0;
  static GreyRange own() { return {}; }
  static GreyRange fixed(double black, double white) { return {false, black, white}; }
};

// A sheet of n grey tiles, `columns` in a row: row i of `tiles` (n x width*height) is tile i,
// itself row by row.
Image montage(const Eigen::Ref<const Eigen::MatrixXd>& tiles, int width, int height, int columns,
              GreyRange range = GreyRange::fixed(0.0, 255.0), int margin = 1,
              unsigned char background = 255);

}  // namespace examples
