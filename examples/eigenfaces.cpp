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
// 36 coefficients name the person nearly as often as all 1024 pixels do, and a distance chosen on
// the known faces alone more often; a hidden mouth is guessed from the rest of the face; and
// thresholds, measured on the known faces, tell strangers from friends and a raccoon from both.
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

// Every fourth person is a stranger.
bool is_stranger(int person) {
  return person % 4 == 0;
}

examples::Faces without_strangers(const examples::Faces& all) {
  std::vector<Index> rows;
  for (Index i = 0; i < all.people.size(); ++i)
    if (!is_stranger(all.people[i])) rows.push_back(i);
  return {all.width, all.height, all.images(rows, Eigen::all), all.people(rows), all.source};
}

// Pieces of a picture, each as large as a face.
examples::FaceMatrix pieces(const examples::Image& picture, int width, int height) {
  const int across = picture.width / width;
  const int down = picture.height / height;
  examples::FaceMatrix tiles(Index{across} * down, Index{width} * height);
  for (int t = 0; t < across * down; ++t)
    for (int p = 0; p < width * height; ++p)
      tiles(t, p) = picture.at(t % across * width + p % width, t / across * height + p / width);
  return tiles;
}

std::string percent(double share) {
  return examples::fixed(100.0 * share, 1) + " %";
}

const char* name_of(latent::FaceDistance distance) {
  const char* const names[] = {"euclidean", "cosine", "mahalanobis", "mahalanobis_cosine"};
  return names[static_cast<int>(distance)];
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"eigenfaces: the principal components of faces"};
  std::filesystem::path folder;
  program.takes_threads().takes_seed().takes_path(
      "--faces", folder, "folder of photographs, DIR/s1/1.pgm ...; default: drawn faces");
  return program.run(argc, argv, [&] {
    const examples::Faces faces = examples::faces_from(folder, program.seed);
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
    const auto correct_of = [&](const latent::Eigenfaces& options) {
      const auto recogniser = options.fit(known.images, known.people, threads).model;
      return latent::evaluate(recogniser, asked.images, asked.people, threads).confusion.right();
    };
    for (const Index l : {1, 4, 16, 36, 100})
      add(std::to_string(l), correct_of({.shape = {h, w}, .keep = l}));
    add("all pixels", by_pixels(known, asked));
    // Distance, reference, light, and how many coefficients: whatever names most known faces when
    // each is left out in turn.
    latent::ChooseEigenfaces sweep{.shape = {h, w}, .drop = {0, 2}};
    sweep.components = {20, 50, 100};
    const auto choice = sweep.fit(known.images, known.people, threads);
    const Index kept = std::get<Index>(choice.options.keep);
    add("the best settings", correct_of(choice.options));

    // The lower third of a face is hidden: its code comes from the rest.
    const auto recogniser = latent::Eigenfaces{.shape = {h, w}, .keep = 36}
                                .fit(known.images, known.people, threads)
                                .model;
    Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic> visible =
        Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic>::Constant(h, w, true);
    visible.bottomRows(h / 3).setConstant(false);
    std::vector<Index> shown;
    for (Index i = 0; i < 6; ++i) shown.push_back(i * asked.images.rows() / 6 + 2);
    const RowMatrix<double> wholes = asked.images(shown, Eigen::all);
    RowMatrix<double> hidden = wholes;
    hidden.rightCols(Index{w} * (h / 3)).setConstant(0.0);
    Index named_by_rest = 0;
    for (Index i = 0; i < asked.images.rows(); ++i)
      named_by_rest += recogniser.identify(asked.images.row(i), visible).label == asked.people[i];
    save("hidden.png", examples::side_by_side(
                           {column(wholes, "new face"), column(hidden, "seen"),
                            column(recogniser.reconstruct(hidden, visible, threads), "guessed")},
                           4));

    // Who is nobody? Half of the pieces of another picture help to find the thresholds, and all the
    // others are asked.
    const examples::Faces friends = without_strangers(known);
    const examples::FaceMatrix other =
        pieces(examples::read_image(program.data / "raccoon.png", 1), w, h);
    const Index half_of_other = other.rows() / 2;
    latent::Eigenfaces options = choice.options;
    examples::Table gates{{"aim: strangers let in", "threshold", "strangers let in",
                           "friends not named", "friends misnamed", "not faces let in"}};
    double equal_error = 0.0;
    for (const double aim : {0.01, 0.05, 0.2}) {
      const auto calibrated =
          latent::calibrate(options, friends.images, friends.people, {.false_accept_rate = aim},
                            other.topRows(half_of_other), threads);
      latent::Eigenfaces gated = options;
      gated.threshold = calibrated.threshold;
      gated.face_threshold = calibrated.face_threshold;
      const auto model_of_friends = gated.fit(friends.images, friends.people, threads).model;
      const auto result = latent::evaluate(model_of_friends, asked.images, asked.people, threads);
      Index not_faces = 0;
      for (const latent::Match& match :
           model_of_friends.identify_each(other.bottomRows(other.rows() - half_of_other), threads))
        not_faces += match.is_face;
      equal_error = result.verification.equal_error_rate;
      gates.row(percent(aim), examples::fixed(calibrated.threshold, 3),
                percent(result.false_accept_rate), percent(result.false_reject_rate),
                percent(result.wrong_name_rate),
                percent(static_cast<double>(not_faces) /
                        static_cast<double>(other.rows() - half_of_other)));
    }

    std::ostringstream page;
    page << "# Eigenfaces: " << faces.images.rows() << " " << faces.source << "\n\n"
         << table << "\nThe nearest of " << known.people.size()
         << " known images names the person. The best settings, chosen by leaving each known image "
            "out: distance "
         << name_of(choice.options.distance) << ", "
         << (choice.options.nearest == latent::NearestFace::image ? "nearest image"
                                                                  : "nearest mean of a person")
         << ", light "
         << (choice.options.lighting == latent::Lighting::as_is ? "as it is" : "standardized")
         << ", " << kept << " coefficients without the first " << choice.options.drop
         << ".\nWith the lower third of every face hidden, 36 coefficients name " << named_by_rest
         << " of " << asked.people.size() << ".\n\n## Strangers\n\n"
         << gates << "\n"
         << "Three people of four are enrolled. Thresholds come from their known images, and the "
         << asked.people.size()
         << " other images of everyone are asked. \"Is this image of that person?\" has an equal "
            "error rate of "
         << percent(equal_error) << ".\n";
    program.publish("eigenfaces.md", page.str());
  });
}
