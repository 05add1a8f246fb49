// A face, three ways: as the nearest of a few typical faces (k-means), as a mean face plus a
// weighted sum of eigenfaces (principal components), as a sum of parts (non-negative matrices).
// Each spends the same number of pictures on the same faces.
//
// The faces are drawn by this program, unless --faces names a folder of photographs in the layout
// of the ORL database (DIR/s1/1.pgm ... DIR/s40/10.pgm).
//
// Look at: a centroid is a face that nobody has, and everybody near it gets it whole; eigenfaces are
// no faces, and add up to nearly any. The same pictures leave an error several times smaller,
// because they are combined, where a centroid is only chosen.
#include <latent/eigenfaces.hpp>
#include <latent/kmeans.hpp>
#include <latent/nmf.hpp>
#include <sstream>
#include <vector>

#include "support/faces.hpp"
#include "support/image.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::FaceMatrix;
using examples::GreyRange;
using latent::Index;

namespace {

constexpr Index pictures = 36;

// What a way to represent faces makes of them.
struct Representation {
  std::string name;
  std::string numbers;  // what it keeps of a face
  FaceMatrix basis;     // the pictures it is made of, one a row
  GreyRange range;      // how they are shown
  FaceMatrix rebuilt;   // n x D: the faces, represented and drawn again

  double error(const FaceMatrix& faces) const {  // mean squared error of a pixel
    return (rebuilt - faces).squaredNorm() / static_cast<double>(faces.size());
  }
};

Representation by_centroids(const examples::Faces& faces, std::uint64_t seed,
                            const latent::Threads& threads) {
  const auto fit =
      latent::KMeans{.clusters = pictures, .restarts = 10, .seed = seed}.fit(faces.images, threads);
  const FaceMatrix centroids = fit.model.centroids();
  return {"centroids", "which one", centroids, GreyRange::fixed(0.0, 255.0),
          centroids(fit.labels, Eigen::all)};
}

Representation by_eigenfaces(const examples::Faces& faces, const latent::Threads& threads) {
  const auto model = latent::Eigenfaces{.shape = {faces.height, faces.width}, .keep = pictures}
                         .fit(faces.images, faces.people, threads)
                         .model;
  return {"eigenfaces", std::to_string(pictures) + " coefficients",
          model.space().projection().transpose(), GreyRange::own(),
          model.reconstruct(faces.images, threads)};
}

Representation by_parts(const examples::Faces& faces, const latent::Threads& threads) {
  const auto fit = latent::NMF{.components = pictures}.fit(faces.images, threads);
  const FaceMatrix parts = fit.model.components();
  return {"parts", std::to_string(pictures) + " coefficients of at least 0", parts,
          GreyRange::own(), fit.weights * parts};
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"faces: centroids, eigenfaces and parts of the same faces"};
  std::filesystem::path folder;
  program.takes_threads().takes_seed().takes_path(
      "--faces", folder, "folder of photographs, DIR/s1/1.pgm ...; default: drawn faces");
  return program.run(argc, argv, [&] {
    const examples::Faces faces = examples::faces_from(folder, program.seed);
    const latent::Threads threads{program.threads};
    const std::vector<Representation> ways{by_centroids(faces, program.seed, threads),
                                           by_eigenfaces(faces, threads), by_parts(faces, threads)};

    std::vector<Index> chosen;
    for (Index i = 0; i < 10; ++i) chosen.push_back(i * faces.images.rows() / 10 + i);
    const auto row = [&](const FaceMatrix& all, const std::string& text) {
      return examples::captioned(
          examples::enlarge(examples::montage(all(chosen, Eigen::all), faces.width, faces.height,
                                              10, GreyRange::fixed(0.0, 255.0)),
                            2),
          text);
    };
    std::vector<examples::Image> rows{row(faces.images, "the faces")};
    std::vector<examples::Image> bases;
    const FaceMatrix mean = faces.images.colwise().mean();
    const double total = (faces.images.rowwise() - mean.row(0)).squaredNorm() /
                         static_cast<double>(faces.images.size());
    examples::Table table{
        {"representation", "of a face it keeps", "squared error a pixel", "share of the variance"}};
    table.row("the mean face alone", "nothing", examples::fixed(total, 1), "0.0 %");
    for (const Representation& way : ways) {
      rows.push_back(row(way.rebuilt, "as " + way.name));
      bases.push_back(examples::captioned(
          examples::enlarge(examples::montage(way.basis, faces.width, faces.height, 6, way.range),
                            2),
          std::to_string(pictures) + " " + way.name));
      const double error = way.error(faces.images);
      table.row(way.name, way.numbers, examples::fixed(error, 1),
                examples::fixed(100.0 * (1.0 - error / total), 1) + " %");
    }
    examples::write_png(program.output / "faces_three_ways.png", examples::stacked(rows, 6));
    examples::write_png(program.output / "faces_bases.png", examples::side_by_side(bases, 8));

    std::ostringstream page;
    page << "# The same faces, represented: " << faces.images.rows() << " " << faces.source
         << "\n\nBy " << pictures << " pictures each.\n\n"
         << table;
    program.publish("faces.md", page.str());
  });
}
