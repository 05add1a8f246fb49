#include "support/image.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "support/stb.hpp"

// Part of stb_image_write, which defines but does not declare it.
extern "C" unsigned char* stbi_zlib_compress(unsigned char* data, int size, int* compressed_size,
                                             int quality);

namespace examples {

namespace {

using Bytes = std::vector<unsigned char>;

std::size_t area(int width, int height, int channels) {
  return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
         static_cast<std::size_t>(channels);
}

unsigned char to_byte(double value) {
  return static_cast<unsigned char>(std::lround(std::clamp(value, 0.0, 255.0)));
}

bool starts_with(const Bytes& bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
}

Image with_channels(Image image, int channels) {
  if (channels == 0 || channels == image.channels) return image;
  Image result{image.width, image.height, channels};
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      if (channels == 3) {
        for (int c = 0; c < 3; ++c) result.at(x, y, c) = image.at(x, y);
      } else {  // luma of ITU-R BT.601
        result.at(x, y) = to_byte(0.299 * image.at(x, y, 0) + 0.587 * image.at(x, y, 1) +
                                  0.114 * image.at(x, y, 2));
      }
    }
  return result;
}

// A number of a PNM header: blanks and comments (# to the end of the line), then digits.
int header_number(const Bytes& bytes, std::size_t& at, const std::filesystem::path& path) {
  const auto blank = [&] {
    return std::string_view{" \t\r\n\v\f"}.find(static_cast<char>(bytes[at])) !=
           std::string_view::npos;
  };
  while (at < bytes.size() && (blank() || bytes[at] == '#')) {
    if (bytes[at] == '#')
      while (at < bytes.size() && bytes[at] != '\n') ++at;
    else
      ++at;
  }
  int value = 0;
  const std::size_t first = at;
  for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at) {
    value = value * 10 + (bytes[at] - '0');
    if (value > 100'000'000)
      throw FileError(path, "the header of the image holds a number that is too large");
  }
  if (at == first)
    throw FileError(path, at == bytes.size() ? "the image is truncated in its header"
                                             : "the header of the image is damaged");
  return value;
}

Image read_pnm(const Bytes& bytes, const std::filesystem::path& path) {
  std::size_t at = 2;
  const int width = header_number(bytes, at, path);
  const int height = header_number(bytes, at, path);
  const int white = header_number(bytes, at, path);
  ++at;  // one blank, then the pixels
  if (width == 0 || height == 0)
    throw FileError(
        path, "the image has no pixels: " + std::to_string(width) + " x " + std::to_string(height));
  if (white < 1 || white > 65535)
    throw FileError(path, "the header of the image is damaged: white is " + std::to_string(white));
  const int channels = bytes[1] == '5' ? 1 : 3;
  const std::size_t depth = white > 255 ? 2 : 1;
  const std::size_t count = area(width, height, channels);
  const std::size_t given = at < bytes.size() ? bytes.size() - at : 0;
  if (given < count * depth)
    throw FileError(path, "the image is truncated: " + std::to_string(given) + " of " +
                              std::to_string(count * depth) + " bytes of pixels");
  Image image{width, height, channels};
  for (std::size_t i = 0; i < count; ++i) {
    const int value = depth == 1 ? bytes[at + i] : bytes[at + 2 * i] * 256 + bytes[at + 2 * i + 1];
    image.pixels[i] =
        white == 255 ? static_cast<unsigned char>(value) : to_byte(255.0 * value / white);
  }
  return image;
}

// False where a Huffman table of a JPEG lists more than 256 codes: stb_image before 2.28 writes
// past its arrays then. Bytes ff c4 begin a segment of tables, and do not occur in the compressed
// pixels.
bool huffman_tables_fit(const Bytes& jpeg) {
  for (std::size_t at = 2; at + 4 < jpeg.size(); ++at) {
    if (jpeg[at] != 0xff || jpeg[at + 1] != 0xc4) continue;
    const std::size_t end =
        std::min(jpeg.size(), at + 2 + jpeg[at + 2] * std::size_t{256} + jpeg[at + 3]);
    for (std::size_t table = at + 4; table < end && table + 17 <= jpeg.size();) {
      std::size_t codes = 0;
      for (std::size_t bits = 1; bits <= 16; ++bits) codes += jpeg[table + bits];
      if (codes > 256) return false;
      table += 17 + codes;
    }
  }
  return true;
}

// PNG and JPEG. A JPEG without its end marker would be filled up with grey in silence, so the
// marker is looked for.
Image read_compressed(const Bytes& bytes, bool jpeg, const std::filesystem::path& path) {
  if (jpeg) {
    const std::array<unsigned char, 2> end{0xff, 0xd9};
    if (std::find_end(bytes.begin(), bytes.end(), end.begin(), end.end()) == bytes.end())
      throw FileError(path, "the image is truncated: a JPEG without its end");
    if (!huffman_tables_fit(bytes))
      throw FileError(path, "the image is damaged: a Huffman table is too long");
  }
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw FileError(path, "the file is too large");
  const int size = static_cast<int>(bytes.size());
  int width = 0;
  int height = 0;
  int channels = 0;
  // Grey stays grey, everything else becomes RGB without transparency.
  stbi_info_from_memory(bytes.data(), size, &width, &height, &channels);
  const int wanted = channels <= 2 && channels > 0 ? 1 : 3;
  const std::unique_ptr<stbi_uc, void (*)(void*)> decoded{
      stbi_load_from_memory(bytes.data(), size, &width, &height, &channels, wanted),
      stbi_image_free};
  if (!decoded) {
    const char* reason = stbi_failure_reason();
    throw FileError(path, std::string{"the image is truncated or damaged"} +
                              (reason ? std::string{" ("} + reason + ")" : ""));
  }
  Image image{width, height, wanted};
  std::copy_n(decoded.get(), image.pixels.size(), image.pixels.begin());
  return image;
}

void append_to(void* context, void* data, int size) {
  const auto* first = static_cast<const unsigned char*>(data);
  auto& bytes = *static_cast<Bytes*>(context);
  bytes.insert(bytes.end(), first, first + size);
}

void append_number(Bytes& bytes, std::uint32_t value) {  // most significant byte first
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<unsigned char>(value >> shift));
}

// CRC-32 as in the PNG specification, annex D.
std::uint32_t crc32(const unsigned char* first, const unsigned char* last) {
  std::uint32_t crc = 0xffffffffu;
  for (; first != last; ++first) {
    crc ^= *first;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

void append_chunk(Bytes& png, std::string_view type, const Bytes& content) {
  append_number(png, static_cast<std::uint32_t>(content.size()));
  const std::size_t first = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), content.begin(), content.end());
  append_number(png, crc32(png.data() + first, png.data() + png.size()));
}

void paste(const Image& image, Image& sheet, int left, int top) {
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (int c = 0; c < image.channels; ++c) sheet.at(left + x, top + y, c) = image.at(x, y, c);
}

void require(bool holds, const char* rule) {
  if (!holds) throw std::invalid_argument(rule);
}

}  // namespace

Image::Image(int w, int h, int c, unsigned char value) : width{w}, height{h}, channels{c} {
  require(w >= 0 && h >= 0 && (c == 1 || c == 3),
          "Image: sizes must not be negative, channels must be 1 or 3");
  pixels.assign(area(w, h, c), value);
}

Image read_image(const std::filesystem::path& path, int channels) {
  require(channels == 0 || channels == 1 || channels == 3,
          "read_image: channels must be 0, 1 or 3");
  const Bytes bytes = read_bytes(path);
  if (starts_with(bytes, "P5") || starts_with(bytes, "P6"))
    return with_channels(read_pnm(bytes, path), channels);
  const bool png = starts_with(bytes, "\x89PNG\r\n\x1a\n");
  const bool jpeg = starts_with(bytes, "\xff\xd8\xff");
  if (!png && !jpeg) throw FileError(path, "is not a PNG, JPEG, PGM (P5) or PPM (P6) image");
  return with_channels(read_compressed(bytes, jpeg, path), channels);
}

std::size_t write_png(const std::filesystem::path& path, const Image& image) {
  require(image.width > 0 && image.height > 0, "write_png: the image must have pixels");
  Bytes bytes;
  const int written =
      stbi_write_png_to_func(append_to, &bytes, image.width, image.height, image.channels,
                             image.pixels.data(), image.width * image.channels);
  if (written == 0) throw FileError(path, "the image cannot be encoded");
  return write_bytes(path, bytes);
}

std::size_t write_palette_png(const std::filesystem::path& path, int width, int height,
                              const Eigen::Ref<const Eigen::MatrixXd>& colours,
                              const Eigen::VectorXi& labels) {
  require(
      width > 0 && height > 0 && static_cast<std::size_t>(labels.size()) == area(width, height, 1),
      "write_palette_png: there must be one label a pixel");
  require(colours.rows() >= 1 && colours.rows() <= 256 && colours.cols() == 3,
          "write_palette_png: the palette must be K x 3 with K from 1 to 256");
  require(labels.minCoeff() >= 0 && labels.maxCoeff() < colours.rows(),
          "write_palette_png: labels must be rows of the palette");
  const int bits = colours.rows() <= 2 ? 1 : colours.rows() <= 4 ? 2 : colours.rows() <= 16 ? 4 : 8;

  Bytes scanlines;  // each begins with its filter, 0 = none
  Eigen::Index next = 0;
  for (int y = 0; y < height; ++y) {
    scanlines.push_back(0);
    for (int x = 0; x < width; ++x, ++next) {
      const int used = x * bits % 8;
      if (used == 0) scanlines.push_back(0);
      scanlines.back() =
          static_cast<unsigned char>(scanlines.back() | labels[next] << (8 - bits - used));
    }
  }
  int size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> compressed{
      stbi_zlib_compress(scanlines.data(), static_cast<int>(scanlines.size()), &size, 8),
      std::free};
  if (!compressed) throw FileError(path, "the image cannot be encoded");

  Bytes header;
  append_number(header, static_cast<std::uint32_t>(width));
  append_number(header, static_cast<std::uint32_t>(height));
  header.insert(header.end(), {static_cast<unsigned char>(bits), 3 /* palette */, 0, 0, 0});
  Bytes palette;
  for (Eigen::Index k = 0; k < colours.rows(); ++k)
    for (Eigen::Index c = 0; c < 3; ++c) palette.push_back(to_byte(colours(k, c)));

  Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  append_chunk(png, "IHDR", header);
  append_chunk(png, "PLTE", palette);
  append_chunk(png, "IDAT", Bytes(compressed.get(), compressed.get() + size));
  append_chunk(png, "IEND", {});
  return write_bytes(path, png);
}

Image resize_by_area(const Image& image, int width, int height) {
  require(width > 0 && height > 0 && image.width > 0 && image.height > 0,
          "resize_by_area: sizes must be at least 1");
  // Separable: the share of old pixel j in new pixel i along one axis, rows sum to 1.
  const auto shares = [](int from, int to) {
    Eigen::MatrixXd share = Eigen::MatrixXd::Zero(to, from);
    const double step = static_cast<double>(from) / to;
    for (int i = 0; i < to; ++i) {
      const double first = i * step;
      const double last = first + step;
      for (int j = static_cast<int>(first); j < from && j < last; ++j)
        share(i, j) =
            std::max(0.0, std::min(last, j + 1.0) - std::max(first, static_cast<double>(j))) / step;
    }
    return share;
  };
  const Eigen::MatrixXd across = shares(image.width, width);
  const Eigen::MatrixXd down = shares(image.height, height);
  Image result{width, height, image.channels};
  Eigen::MatrixXd plane(image.height, image.width);
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) plane(y, x) = image.at(x, y, c);
    const Eigen::MatrixXd smaller = down * plane * across.transpose();
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) result.at(x, y, c) = to_byte(smaller(y, x));
  }
  return result;
}

Image enlarge(const Image& image, int factor) {
  require(factor >= 1, "enlarge: the factor must be at least 1");
  Image result{image.width * factor, image.height * factor, image.channels};
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x)
      for (int c = 0; c < result.channels; ++c)
        result.at(x, y, c) = image.at(x / factor, y / factor, c);
  return result;
}

Image crop_to_square(const Image& image) {
  const int side = std::min(image.width, image.height);
  const int left = (image.width - side) / 2;
  const int top = (image.height - side) / 2;
  Image result{side, side, image.channels};
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      for (int c = 0; c < image.channels; ++c) result.at(x, y, c) = image.at(left + x, top + y, c);
  return result;
}

Image side_by_side(const std::vector<Image>& images, int margin) {
  require(!images.empty() && margin >= 0, "side_by_side: there must be an image");
  int width = margin * (static_cast<int>(images.size()) - 1);
  for (const Image& image : images) {
    require(image.height == images.front().height && image.channels == images.front().channels,
            "side_by_side: the images must be equally high");
    width += image.width;
  }
  Image sheet{width, images.front().height, images.front().channels, 255};
  int left = 0;
  for (const Image& image : images) {
    paste(image, sheet, left, 0);
    left += image.width + margin;
  }
  return sheet;
}

Image stacked(const std::vector<Image>& images, int margin) {
  require(!images.empty() && margin >= 0, "stacked: there must be an image");
  int width = 0;
  int height = margin * (static_cast<int>(images.size()) - 1);
  for (const Image& image : images) {
    require(image.channels == images.front().channels,
            "stacked: the images must have the same channels");
    width = std::max(width, image.width);
    height += image.height;
  }
  Image sheet{width, height, images.front().channels, 255};
  int top = 0;
  for (const Image& image : images) {
    paste(image, sheet, 0, top);
    top += image.height + margin;
  }
  return sheet;
}

Image captioned(const Image& image, const std::string& text, int scale) {
  require(scale >= 1, "captioned: the scale must be at least 1");
  constexpr int line = 10;  // height of the font, of which 7 are capitals
  Image sheet{image.width, image.height + (line + 2) * scale, image.channels, 255};
  paste(image, sheet, 0, (line + 2) * scale);
  std::string line_of_text = text;  // the font's functions take it as mutable
  const int left =
      std::max(0, (image.width - scale * stb_easy_font_width(line_of_text.data())) / 2);

  // The font comes as rectangles: four corners of x, y, z and a colour each, the first and third
  // opposite.
  struct Corner {
    float x, y, z;
    std::array<unsigned char, 4> colour;
  };
  std::vector<Corner> corners(text.size() * 100);
  const int quads = stb_easy_font_print(0.0f, 2.0f, line_of_text.data(), nullptr, corners.data(),
                                        static_cast<int>(corners.size() * sizeof(Corner)));
  for (std::size_t quad = 0; quad < static_cast<std::size_t>(quads); ++quad) {
    const Corner& first = corners[4 * quad];
    const Corner& last = corners[4 * quad + 2];
    for (int y = static_cast<int>(first.y) * scale; y < static_cast<int>(last.y) * scale; ++y)
      for (int x = left + static_cast<int>(first.x) * scale;
           x < left + static_cast<int>(last.x) * scale; ++x)
        if (x < sheet.width && y < sheet.height)
          for (int c = 0; c < sheet.channels; ++c) sheet.at(x, y, c) = 0;
  }
  return sheet;
}

Image montage(const Eigen::Ref<const Eigen::MatrixXd>& tiles, int width, int height, int columns,
              GreyRange range, int margin, unsigned char background) {
  require(width > 0 && height > 0 && columns > 0 && margin >= 0 && tiles.rows() > 0 &&
              static_cast<std::size_t>(tiles.cols()) == area(width, height, 1),
          "montage: a tile must have width x height values");
  const int count = static_cast<int>(tiles.rows());
  const int rows = (count + columns - 1) / columns;
  Image sheet{columns * (width + margin) + margin, rows * (height + margin) + margin, 1,
              background};
  for (int i = 0; i < count; ++i) {
    const int left = margin + i % columns * (width + margin);
    const int top = margin + i / columns * (height + margin);
    const double black = range.each_tile ? tiles.row(i).minCoeff() : range.black;
    const double white = range.each_tile ? tiles.row(i).maxCoeff() : range.white;
    const double scale = white > black ? 255.0 / (white - black) : 0.0;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        sheet.at(left + x, top + y) =
            to_byte((tiles(i, Eigen::Index{y} * width + x) - black) * scale);
  }
  return sheet;
}

}  // namespace examples
