// Eigenfaces: recognition of faces by their principal components (Sirovich and Kirby 1987; Turk and
// Pentland 1991).
//
//   const auto [model, report] = Eigenfaces{.shape = {112, 92}, .keep = 40}.fit(images, people);
//   const Match who = model.identify(image);      // who.label, who.distance, who.is_known
#pragma once

#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "latent/decomposition/eigenfaces_model.hpp"
#include "latent/decomposition/pca_fit.hpp"

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
  // An image is known if it lies this near to an enrolled one within face space. Infinite: everyone
  // is someone. There is no useful finite default, since distances grow with pixels and contrast.
  double threshold = std::numeric_limits<double>::infinity();
  PCASolver solver = PCASolver::automatic;
  // An image is a face if it lies this near to face space. Infinite: everything is a face.
  double face_threshold = std::numeric_limits<double>::infinity();

  // images: n x D, rows flattened row by row, float, double or integers (which become double);
  // people: n labels >= 0; one person alone is allowed. The images are enrolled. Weights of a
  // source are frequencies. Components below the noise floor are dropped, with a note where keep
  // asked for them by number; images without any variance leave one arbitrary eigenface and the
  // status degenerate.
  // Throws InvalidArgument (shape, keep, thresholds, sizes) and DataError (not finite, fewer than 2
  // images, negative people).
  template <class Images, class People, Executor Exec = Threads>
  auto fit(const Images& images, const Eigen::DenseBase<People>& people,
           const Exec& executor = {}) const {
    const auto& source = detail::as_samples(images);
    using S = typename detail::Bare<decltype(source)>::Scalar;
    check(source);
    Labels labels = detail::checked_people(people.derived(), source.rows());
    const detail::PCAPlan plan{keep, solver, false, false, true, "Eigenfaces"};
    PCAFit<S> space = detail::fit_rows(plan, source, executor);
    if (const Index* asked = std::get_if<Index>(&keep); asked && *asked > space.model.rank())
      space.report.notes.push_back(
          {0, space.model.rank(), static_cast<double>(*asked),
           detail::concat("Eigenfaces: ", *asked, " components asked for, the images have ",
                          space.model.rank())});
    RowMatrix<S> codes = space.model.transform(source, executor);
    return EigenfacesFit<S>{EigenfacesModel<S>{std::move(space.model), shape, std::move(codes),
                                               std::move(labels), threshold, face_threshold},
                            std::move(space.report)};
  }

 private:
  template <class S>
  void check(const Samples<S>& images) const {
    detail::check_shape(images, "Eigenfaces");
    detail::require(shape.rows > 0 && shape.cols > 0 && images.cols() % shape.rows == 0 &&
                        images.cols() / shape.rows == shape.cols,
                    "Eigenfaces: shape must be positive and have as many pixels as the data have "
                    "columns; got ",
                    shape.rows, " x ", shape.cols, " for ", images.cols(), " columns");
    // Written so that NaN fails.
    detail::require(!is_nan(threshold) && threshold >= 0.0,
                    "Eigenfaces: threshold must be at least 0; got ", threshold);
    detail::require(!is_nan(face_threshold) && face_threshold >= 0.0,
                    "Eigenfaces: face_threshold must be at least 0; got ", face_threshold);
  }
};

LATENT_END
