// A photograph with few colours: every pixel is a point (red, green, blue), k-means finds k
// centroids, and each pixel is painted in the colour of its centroid. Instead of 24 bits, a pixel
// then needs the number of its centroid, log2 k bits, and the file a palette of k colours.
//
// Look at: the strip. With 2 and 4 colours there is light but hardly a colour; with 16 it is a
// picture; with 64 one has to look twice. And the table: the error falls as the bits rise,
// and k-means ends where its start leads it, so it is worth beginning more than once.
#include <algorithm>
#include <cmath>
#include <latent/kmeans.hpp>
#include <sstream>

#include "support/image.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using examples::Image;
using latent::Index;

namespace {

Image paint(const Image& like, const Eigen::MatrixXd& colours, const latent::Labels& labels) {
  Image image{like.width, like.height, 3};
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<unsigned char>(
        std::lround(colours(labels[static_cast<Index>(i / 3)], static_cast<Index>(i % 3))));
  return image;
}

double rms_error(const Image& a, const Image& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i)
    sum += std::pow(1.0 * a.pixels[i] - b.pixels[i], 2.0);
  return std::sqrt(sum / static_cast<double>(a.pixels.size()));
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"colours of a photograph by k-means"};
  std::filesystem::path file;
  program.takes_threads().takes_seed().takes_path(
      "--image", file, "PNG, JPEG, PPM; default: raccoon.png of the data folder");
  return program.run(argc, argv, [&] {
    if (file.empty()) file = program.data / "raccoon.png";
    const Image photo = examples::read_image(file, 3);
    const latent::RowMatrix<double> pixels =
        Eigen::Map<const latent::RowMatrix<unsigned char>>(photo.pixels.data(),
                                                           Index{photo.width} * photo.height, 3)
            .cast<double>();
    const auto count = static_cast<double>(pixels.rows());
    const auto preview = [&](const Image& image, const std::string& text) {
      return examples::captioned(
          examples::resize_by_area(image, 384, 384 * image.height / image.width), text);
    };

    const std::size_t whole = examples::write_png(program.output / "colors_all.png", photo);
    examples::Table table{{"colours", "bits a pixel", "bytes, unpacked", "bytes of the PNG",
                           "bits a pixel, PNG", "RMS error", "worst start"}};
    table.row("all", 24, fixed(3.0 * count, 0), whole,
              fixed(8.0 * static_cast<double>(whole) / count, 2), fixed(0.0, 2), "");
    std::vector<Image> strip{preview(photo, "original")};
    for (const int k : {64, 16, 8, 4, 2}) {
      const auto fit =
          latent::KMeans{.clusters = k, .restarts = 4, .tolerance = 1e-3, .seed = program.seed}.fit(
              pixels, latent::Threads{program.threads});
      const Eigen::MatrixXd colours = fit.model.centroids();
      const Image image = paint(photo, colours, fit.labels);
      const std::size_t bytes =
          examples::write_palette_png(program.output / ("colors_" + std::to_string(k) + ".png"),
                                      photo.width, photo.height, colours, fit.labels);
      const double bits = std::log2(k);
      const double worst =
          *std::max_element(fit.report.restarts.begin(), fit.report.restarts.end());
      table.row(k, fixed(bits, 0), fixed(std::ceil(bits * count / 8.0) + 3.0 * k, 0), bytes,
                fixed(8.0 * static_cast<double>(bytes) / count, 2),
                fixed(rms_error(photo, image), 2), fixed(std::sqrt(worst / (3.0 * count)), 2));
      strip.push_back(preview(image, std::to_string(k) + " colours"));
    }
    const auto middle = strip.begin() + static_cast<std::ptrdiff_t>(strip.size() / 2);
    examples::write_png(program.output / "colors_strip.png",
                        examples::stacked({examples::side_by_side({strip.begin(), middle}, 6),
                                           examples::side_by_side({middle, strip.end()}, 6)},
                                          6));

    std::ostringstream page;
    page << "# Colours by k-means: " << file.filename().string() << ", " << photo.width << " x "
         << photo.height << "\n\n"
         << table
         << "\nUnpacked: the pixels at so many bits, and 3 bytes a colour for the palette. All PNG "
            "files are\n"
            "written by the same encoder. The error is that of the best of four starts; the worst "
            "of them\n"
            "stands beside it.\n";
    program.publish("color_quantization.md", page.str());
  });
}
