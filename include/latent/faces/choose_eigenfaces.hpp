// Which settings recognise best? Asked of the training images alone, by leaving each out.
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/report.hpp"
#include "latent/faces/leave_out.hpp"

LATENT_BEGIN

// Settings, and what they made of the n images.
struct EigenfacesTrial {
  Eigenfaces options;
  Index right = 0;  // images that were recognised
  // How many people came before the right one, summed over the images whose person has another.
  Index misplaced = 0;
};

struct EigenfacesChoice {
  Eigenfaces options;                   // the best: fit with these
  Index right = 0;                      // by them, of the n images
  Index misplaced = 0;                  // by them
  std::vector<EigenfacesTrial> trials;  // all, in the order in which they are tried
  Report report;                        // evaluations: the fits
};

// Every combination of these settings is tried. The most images right wins; on a tie, where fewest
// people come before the right one; on a further tie the first tried, and what stands first in a
// list is tried first. Lists must not be empty.
struct ChooseEigenfaces {
  ImageShape shape;
  std::vector<Lighting> lighting = {Lighting::as_is, Lighting::standardized};
  std::vector<FaceDistance> distance = {FaceDistance::euclidean, FaceDistance::cosine,
                                        FaceDistance::mahalanobis,
                                        FaceDistance::mahalanobis_cosine};
  std::vector<NearestFace> nearest = {NearestFace::image, NearestFace::person_mean};
  std::vector<Index> drop = {0, 1, 2, 3};
  // Eigenfaces kept, at least 1; more than n - 1 images have stand for all that they have.
  // Combinations that drop would leave without a component are passed over.
  std::vector<Index> components = {10, 20, 40, 60, 100, 150};

  // images: n x D, n >= 3; people: n labels >= 0. Each image is asked of models that were fitted to
  // the others, so that what is chosen owes nothing to images that are asked later. The winner's
  // own count flatters it a little, being the best of many.
  // Throws InvalidArgument (shapes, lists) and DataError (not finite, fewer than 3 images, negative
  // people). n fits a lighting, each O(n^3) for n < D, and one comparison of n codes a combination
  // and image. The same bits for any executor.
  template <class Images, class People, Executor Exec = Threads>
  EigenfacesChoice fit(const Images& images, const Eigen::DenseBase<People>& people,
                       const Exec& executor = {}) const {
    const detail::Stopwatch watch;
    check();
    const auto& source = detail::as_samples(images);
    const Labels labels = detail::checked_trial_people(source, people);
    EigenfacesChoice choice;
    for (const Lighting light : lighting) {
      std::vector<EigenfacesTrial> trials = settings(light);
      const Eigenfaces whole{.shape = shape, .lighting = light};
      const detail::HoldOut<double> held = detail::hold_out(whole, source, labels, executor);
      auto&& team = executor.team();
      count_right(held, team, trials);
      choice.trials.insert(choice.trials.end(), trials.begin(), trials.end());
      choice.report.evaluations += source.rows() + 1;
    }
    const EigenfacesTrial& best = *std::max_element(
        choice.trials.begin(), choice.trials.end(),
        [](const EigenfacesTrial& a, const EigenfacesTrial& b) {
          return a.right != b.right ? a.right < b.right : a.misplaced > b.misplaced;
        });
    choice.options = best.options;
    choice.right = best.right;
    choice.misplaced = best.misplaced;
    choice.report.status = Status::converged;
    choice.report.seconds = watch.seconds();
    return choice;
  }

 private:
  void check() const {
    const auto filled = [](const auto& list, std::string_view what) {
      detail::require(!list.empty(), "ChooseEigenfaces: ", what, " must not be empty");
    };
    filled(lighting, "lighting");
    filled(distance, "distance");
    filled(nearest, "nearest");
    filled(drop, "drop");
    filled(components, "components");
    for (const Index count : drop)
      detail::require(count >= 0, "ChooseEigenfaces: drop must be at least 0; got ", count);
    for (const Index count : components)
      detail::require(count >= 1, "ChooseEigenfaces: components must be at least 1; got ", count);
    detail::require(*std::min_element(drop.begin(), drop.end()) <
                        *std::max_element(components.begin(), components.end()),
                    "ChooseEigenfaces: some number of components must be larger than some drop");
  }

  std::vector<EigenfacesTrial> settings(Lighting light) const {
    std::vector<EigenfacesTrial> trials;
    for (const FaceDistance of : distance)
      for (const NearestFace to : nearest)
        for (const Index dropped : drop)
          for (const Index kept : components)
            if (dropped < kept)
              trials.push_back({{.shape = shape,
                                 .keep = kept,
                                 .distance = of,
                                 .drop = dropped,
                                 .nearest = to,
                                 .lighting = light},
                                0});
    return trials;
  }

  // One fit of all components an image left out; fewer of them are their first.
  template <class T, class Team>
  static void count_right(const detail::HoldOut<T>& held, Team& team,
                          std::vector<EigenfacesTrial>& trials) {
    const Index n = held.people.size();
    RowMatrix<double> before(n, static_cast<Index>(trials.size()));  // -1: nobody to be right
    team.for_each_lane(n, [&](Index i) {
      const EigenfacesModel<T> model = detail::fit_without(held, {i});
      const RowMatrix<T> asked = model.encode(held.images.row(i), Serial{});
      const int person = held.people[i];
      const bool enrolled = (model.people().array() == person).any();
      for (std::size_t t = 0; t < trials.size(); ++t) {
        const Eigenfaces& options = trials[t].options;
        const Index kept = std::min(std::get<Index>(options.keep), model.components());
        double& result = before(i, static_cast<Index>(t));
        result = -1.0;
        if (!enrolled || options.drop >= kept) continue;
        const detail::Gallery<T> gallery(model.codes().leftCols(kept), model.people(),
                                         options.rule(),
                                         model.space().parts().deviation.head(kept));
        result = static_cast<double>(gallery.nearer_than(person, asked.data()));
      }
    });
    for (std::size_t t = 0; t < trials.size(); ++t) {
      for (Index i = 0; i < n; ++i) {
        const double places = before(i, static_cast<Index>(t));
        trials[t].right += places == 0.0;
        if (places > 0.0) trials[t].misplaced += static_cast<Index>(places);
      }
    }
  }
};

LATENT_END
