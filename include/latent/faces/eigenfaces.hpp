// Eigenfaces: recognition of faces by their principal components (Sirovich and Kirby 1987; Turk and
// Pentland 1991).
//
//   const auto [model, report] = Eigenfaces{.shape = {112, 92}, .keep = 40}.fit(images, people);
//   const Match who = model.identify(image);      // who.label, who.distance, who.is_known
#pragma once

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "latent/decomposition/pca_fit.hpp"
#include "latent/faces/eigenfaces_model.hpp"

LATENT_BEGIN

template <class S>
struct EigenfacesFit {
  EigenfacesModel<S> model;
  Report report;
};

// Options; each is checked by fit, before any work.
struct Eigenfaces {
  ImageShape shape;   // pixels down and across; rows * cols = columns of the data
  Keep keep = All{};  // as in PCA; n images have at most n - 1 eigenfaces, copies add none
  double threshold = std::numeric_limits<double>::infinity();  // of FaceRule: nobody enrolled
  PCASolver solver = PCASolver::automatic;
  double face_threshold = std::numeric_limits<double>::infinity();  // of FaceRule: no face
  FaceDistance distance = FaceDistance::euclidean;                  // of FaceRule, as the next two
  Index drop = 0;
  NearestFace nearest = NearestFace::image;
  Lighting lighting = Lighting::as_is;  // what is done about brightness and contrast first

  FaceRule rule() const { return {distance, drop, nearest, threshold, face_threshold}; }

  // images: n x D, rows flattened row by row, float, double or integers (which become double, so
  // that bytes neither wrap nor saturate); people: n labels >= 0; one person alone is allowed. The
  // images are enrolled. Weights of a source are frequencies in face space, and nothing among the
  // enrolled. Components below the noise floor are dropped, with a note where keep asked for them
  // by number; images without any variance leave one arbitrary eigenface and the status degenerate.
  // Throws InvalidArgument (shape, keep, drop, thresholds, sizes) and DataError (not finite, fewer
  // than 2 images, negative people; drop leaves nothing since the images have too few components).
  template <class Images, class People, Executor Exec = Threads>
  auto fit(const Images& images, const Eigen::DenseBase<People>& people,
           const Exec& executor = {}) const {
    const auto& source = detail::as_samples(images);
    using S = typename detail::Bare<decltype(source)>::Scalar;
    check(source);
    Labels labels = detail::checked_people(people.derived(), source.rows());
    if (lighting == Lighting::as_is) return fit_lit<S>(source, std::move(labels), executor);
    auto&& team = executor.team();
    const RowMatrix<S> relit = detail::standardized(source, team, "Eigenfaces").images;
    Samples<S> standard = samples(relit);
    if (source.has_weights()) standard = std::move(standard).weights(source.weights());
    return fit_lit<S>(standard, std::move(labels), executor);
  }

 private:
  template <class S>
  void check(const Samples<S>& images) const {
    detail::check_shape(images, "Eigenfaces");
    detail::check_image_shape(shape, images.cols());
    const Index* asked = std::get_if<Index>(&keep);
    const Index most = std::min(images.rows(), images.cols());
    detail::check_rule(rule(), asked && *asked >= 1 ? *asked : most);
  }

  template <class S, class Exec>
  EigenfacesFit<S> fit_lit(const Samples<S>& source, Labels people, const Exec& executor) const {
    const detail::PCAPlan plan{keep, solver, false, false, true, "Eigenfaces"};
    PCAFit<S> space = detail::fit_rows(plan, source, executor);
    const Index rank = space.model.rank();
    if (const Index* asked = std::get_if<Index>(&keep); asked && *asked > rank)
      space.report.notes.push_back(
          {0, rank, static_cast<double>(*asked),
           detail::concat("Eigenfaces: ", *asked, " components asked for, the images have ",
                          rank)});
    detail::require<DataError>(drop < space.model.components(),
                               "Eigenfaces: drop must leave a component; got drop = ", drop,
                               ", and the images have ", space.model.components());
    RowMatrix<S> codes = space.model.transform(source, executor);
    return {EigenfacesModel<S>{std::move(space.model), shape, lighting, std::move(codes),
                               std::move(people), rule()},
            std::move(space.report)};
  }
};

LATENT_END
