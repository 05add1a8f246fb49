// Parts of faces: a face as a sum of parts, none of them taken away again. Non-negative matrix
// factorisation finds the parts; beside it the two other descriptions of the same faces, by the
// nearest of a few centroids and by eigenfaces. (D. Lee and S. Seung, "Learning the parts of
// objects by non-negative matrix factorization", Nature 401, 1999.)
//
// The faces are drawn by this program, unless --faces names a folder of photographs in the layout
// of the ORL database (DIR/s1/1.pgm ... DIR/s40/10.pgm).
//
// Look at: the parts are dark where a face has nothing of them, and penalties on their sum make them
// smaller pieces; eigenfaces of the same number err less, since they may subtract; a centroid errs
// most, since it is one whole face; and faces that were left out are rebuilt nearly as well as those
// the parts come from.
#include <latent/kmeans.hpp>
#include <latent/nmf.hpp>
#include <latent/pca.hpp>
#include <sstream>

#include "support/faces.hpp"
#include "support/image.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::GreyRange;
using latent::Index;
using latent::RowMatrix;

namespace {

// Mean squared error a pixel.
double error_of(const RowMatrix<double>& images, const RowMatrix<double>& again) {
  return (images - again).squaredNorm() / static_cast<double>(images.size());
}

// The share of entries below a hundredth of the largest of their part.
double dark_share(const RowMatrix<double>& parts) {
  double dark = 0.0;
  for (Index k = 0; k < parts.rows(); ++k)
    dark += static_cast<double>((parts.row(k).array() < 0.01 * parts.row(k).maxCoeff()).count());
  return dark / static_cast<double>(parts.size());
}

std::string percent(double share) {
  return examples::fixed(100.0 * share, 0) + " %";
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"parts of faces: centroids, eigenfaces and parts"};
  std::filesystem::path folder;
  program.takes_threads().takes_seed().takes_path(
      "--faces", folder, "folder of photographs, DIR/s1/1.pgm ...; default: drawn faces");
  return program.run(argc, argv, [&] {
    const examples::Faces faces = examples::faces_from(folder, program.seed);
    const int w = faces.width;
    const int h = faces.height;
    const Index parts = 36;
    const latent::Threads threads{program.threads};

    // Every fifth image is kept back.
    std::vector<Index> rows;
    std::vector<Index> kept_back;
    for (Index i = 0; i < faces.images.rows(); ++i) (i % 5 == 4 ? kept_back : rows).push_back(i);
    const RowMatrix<double> images = faces.images(rows, Eigen::all);
    const RowMatrix<double> others = faces.images(kept_back, Eigen::all);

    const auto centroids = latent::KMeans{.clusters = parts, .restarts = 5, .seed = program.seed}
                               .fit(images, threads)
                               .model;
    const auto basis = latent::PCA{.keep = parts}.fit(images, threads).model;
    const latent::NMF plain{.components = parts};
    const auto learnt = plain.fit(images, threads);
    // Penalties on both factors: with one alone, the other would grow to escape it.
    latent::NMF sparser = plain;
    sparser.l1_weights = 0.3;
    sparser.l1_components = 0.3;
    const auto pieces = sparser.fit(images, threads);

    const auto by_centroid = [&](const RowMatrix<double>& x) -> RowMatrix<double> {
      return centroids.centroids()(centroids.predict(x), Eigen::all);
    };
    const auto by_eigenfaces = [&](const RowMatrix<double>& x) {
      return basis.inverse_transform(basis.transform(x));
    };
    const auto by_parts = [](const latent::NMFModel<double>& model, const RowMatrix<double>& x) {
      return model.inverse_transform(model.transform(x));
    };

    examples::Table table{
        {"description", "numbers a face", "error", "error, new faces", "dark share of the parts"}};
    const auto add = [&](const std::string& name, const std::string& numbers, const auto& again,
                         const std::string& dark) {
      table.row(name, numbers, examples::fixed(error_of(images, again(images)), 1),
                examples::fixed(error_of(others, again(others)), 1), dark);
    };
    add("nearest of 36 centroids", "1", by_centroid, "");
    add("36 eigenfaces", "36", by_eigenfaces, "");
    add(
        "36 parts", "36", [&](const RowMatrix<double>& x) { return by_parts(learnt.model, x); },
        percent(dark_share(learnt.model.components())));
    add(
        "36 parts, penalised", "36",
        [&](const RowMatrix<double>& x) { return by_parts(pieces.model, x); },
        percent(dark_share(pieces.model.components())));

    const auto sheet = [&](const RowMatrix<double>& tiles, const std::string& text) {
      return examples::captioned(
          examples::enlarge(examples::montage(tiles.topRows(18), w, h, 6, GreyRange::own()), 2),
          text);
    };
    examples::write_png(program.output / "parts.png",
                        examples::side_by_side({sheet(centroids.centroids(), "centroids"),
                                                sheet(basis.projection().transpose(), "eigenfaces"),
                                                sheet(learnt.model.components(), "parts"),
                                                sheet(pieces.model.components(), "penalised")},
                                               6));

    const auto grey = GreyRange::fixed(0.0, 255.0);
    std::vector<Index> chosen;
    for (Index i = 0; i < 8; ++i) chosen.push_back(i * others.rows() / 8);
    const RowMatrix<double> some = others(chosen, Eigen::all);
    const auto column = [&](const RowMatrix<double>& tiles, const std::string& text) {
      return examples::captioned(examples::enlarge(examples::montage(tiles, w, h, 1, grey), 3),
                                 text);
    };
    examples::write_png(
        program.output / "parts_rebuilt.png",
        examples::side_by_side(
            {column(some, "new"), column(by_centroid(some), "centroid"),
             column(by_eigenfaces(some), "eigen"), column(by_parts(learnt.model, some), "parts"),
             column(by_parts(pieces.model, some), "penalised")},
            4));

    std::ostringstream page;
    page << "# Parts of faces: " << images.rows() << " " << faces.source << ", " << others.rows()
         << " kept back\n\n"
         << table << "\nErrors are mean squares a pixel, of grey values 0 to 255. The parts took "
         << learnt.report.iterations << " iterations (" << latent::to_string(learnt.report.status)
         << "), the penalised ones " << pieces.report.iterations << ".\n";
    program.publish("parts_of_faces.md", page.str());
  });
}
