// Eigenfaces: 400 faces of 32 x 32 pixels are 400 points in 1024 dimensions, and their first 36
// principal components, drawn as pictures, are faces of a kind. 36 coefficients then stand for 1024
// pixels: enough to draw the face again, and to tell who it is. (M. Turk and A. Pentland,
// "Eigenfaces for recognition", J. Cognitive Neuroscience 3, 1991.)
//
// The faces are drawn by this program, unless --faces names a folder of photographs in the layout
// of the ORL database (DIR/s1/1.pgm ... DIR/s40/10.pgm).
//
// Look at: the first eigenfaces are skin, hair and light from the left or right, later ones
// glasses, mouths and eyes; in the reconstructions, a person is recognised from 16 coefficients on;
// and 36 coefficients name the person nearly as often as all 1024 pixels do.
#include <latent/eigenfaces.hpp>
#include <sstream>

#include "support/faces.hpp"
#include "support/image.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::GreyRange;
using latent::Index;
using latent::RowMatrix;

namespace {

// Every second image of a person: 0, 2, 4, ... or 1, 3, 5, ...
examples::Faces half(const examples::Faces& all, Index first) {
  std::vector<Index> rows;
  Index image = 0;
  for (Index i = 0; i < all.people.size(); ++i) {
    image = i > 0 && all.people[i] == all.people[i - 1] ? image + 1 : 0;
    if (image % 2 == first) rows.push_back(i);
  }
  return {all.width, all.height, all.images(rows, Eigen::all), all.people(rows), all.source};
}

// Correct answers where an image gets the name of the nearest one, pixel by pixel.
Index by_pixels(const examples::Faces& known, const examples::Faces& asked) {
  Index correct = 0;
  for (Index i = 0; i < asked.images.rows(); ++i) {
    Index nearest = 0;
    (known.images.rowwise() - asked.images.row(i)).rowwise().squaredNorm().minCoeff(&nearest);
    correct += known.people[nearest] == asked.people[i];
  }
  return correct;
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"eigenfaces: the principal components of faces"};
  std::filesystem::path folder;
  program.takes_threads().takes_seed().takes_path(
      "--faces", folder, "folder of photographs, DIR/s1/1.pgm ...; default: drawn faces");
  return program.run(argc, argv, [&] {
    const examples::Faces faces =
        folder.empty() ? examples::draw_faces(40, 10, program.seed) : examples::read_faces(folder);
    const int w = faces.width;
    const int h = faces.height;
    const latent::Threads threads{program.threads};
    const auto save = [&](const std::string& name, const examples::Image& image) {
      examples::write_png(program.output / name, image);
    };
    const auto grey = GreyRange::fixed(0.0, 255.0);

    // What all faces have in common, and the 36 ways in which they differ most.
    const auto model = latent::Eigenfaces{.shape = {h, w}, .keep = 36}
                           .fit(faces.images, faces.people, threads)
                           .model;
    Eigen::MatrixXd basis(36, Index{w} * h);
    for (Index j = 0; j < basis.rows(); ++j)
      basis.row(j) = RowMatrix<double>(model.eigenface(j)).reshaped<Eigen::RowMajor>().transpose();
    const Eigen::MatrixXd mean =
        RowMatrix<double>(model.mean_face()).reshaped<Eigen::RowMajor>().transpose();
    save("faces.png", examples::enlarge(examples::montage(faces.images, w, h, 20, grey), 2));
    save("mean_face.png", examples::enlarge(examples::montage(mean, w, h, 1, grey), 6));
    save("eigenfaces.png",
         examples::enlarge(examples::montage(basis, w, h, 6, GreyRange::own()), 4));

    // A face from its first coefficients: the others are set to 0 and the face is drawn again.
    std::vector<Index> chosen;
    for (Index i = 0; i < 8; ++i) chosen.push_back(i * faces.images.rows() / 8);
    const RowMatrix<double> some = faces.images(chosen, Eigen::all);
    const auto column = [&](const Eigen::MatrixXd& tiles, const std::string& text) {
      return examples::captioned(examples::enlarge(examples::montage(tiles, w, h, 1, grey), 3),
                                 text);
    };
    std::vector<examples::Image> columns{column(some, "original")};
    for (const Index l : {1, 4, 16, 36}) {
      RowMatrix<double> codes = model.encode(some);
      codes.rightCols(36 - l).setZero();
      columns.push_back(column(model.decode(codes), std::to_string(l)));
    }
    save("reconstructions.png", examples::side_by_side(columns, 4));

    // Who is it? Every second image is known, the others are asked.
    const examples::Faces known = half(faces, 0);
    const examples::Faces asked = half(faces, 1);
    examples::Table table{
        {"coefficients", "correct of " + std::to_string(asked.people.size()), "rate"}};
    const auto add = [&](const std::string& name, Index correct) {
      table.row(
          name, correct,
          examples::fixed(
              100.0 * static_cast<double>(correct) / static_cast<double>(asked.people.size()), 1) +
              " %");
    };
    for (const Index l : {1, 4, 16, 36, 100}) {
      const auto recogniser = latent::Eigenfaces{.shape = {h, w}, .keep = l}
                                  .fit(known.images, known.people, threads)
                                  .model;
      Index correct = 0;
      for (Index i = 0; i < asked.images.rows(); ++i)
        correct += recogniser.identify(asked.images.row(i)).label == asked.people[i];
      add(std::to_string(l), correct);
    }
    add("all pixels", by_pixels(known, asked));

    std::ostringstream page;
    page << "# Eigenfaces: " << faces.images.rows() << " " << faces.source << "\n\n"
         << table << "\nThe nearest of " << known.people.size()
         << " known images names the person.\n";
    program.publish("eigenfaces.md", page.str());
  });
}
