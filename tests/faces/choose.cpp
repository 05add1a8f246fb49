#include "latent/faces/choose_eigenfaces.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "faces/drawn.hpp"
#include "support/catch.hpp"

using latent::ChooseEigenfaces;
using latent::Eigenfaces;
using latent::FaceDistance;
using latent::Index;
using latent::Lighting;
using latent::NearestFace;
using latent_test::across;
using latent_test::Bytes;
using latent_test::down;
using latent_test::drawn_faces;
using latent_test::names;

namespace {

const ChooseEigenfaces sweep{
    .shape = {down, across},
    .distance = {FaceDistance::euclidean, FaceDistance::mahalanobis_cosine},
    .drop = {0, 2},
    .components = {2, 5, 40}};

// Faces under a light that differs from image to image more than people do.
Eigen::MatrixXd under_lights(Index people, Index each, std::uint64_t seed) {
  latent::Random random{seed};
  Eigen::MatrixXd images = drawn_faces(people, each, seed).cast<double>();
  for (Index i = 0; i < images.rows(); ++i) images.row(i) *= 0.2 + 3.0 * random.uniform();
  return images;
}

}  // namespace

TEST_CASE("choose eigenfaces: every count is that of leave one out with the same options") {
  const Eigen::MatrixXd images = under_lights(8, 3, 71);
  const auto choice = sweep.fit(images, names(8, 3));
  // 2 lightings, 2 distances, 2 references, and 5 of the 6 pairs of drop and components.
  CHECK(choice.trials.size() == 40);
  CHECK(choice.report.evaluations == 2 * 25);
  Index most = -1;
  for (const auto& trial : choice.trials) {
    CHECK(trial.right == leave_one_out(trial.options, images, names(8, 3)).right());
    most = std::max(most, trial.right);
  }
  CHECK(choice.right == most);
}

TEST_CASE("choose eigenfaces: misplaced are the people before the right one, and decide ties") {
  const Eigen::MatrixXd images = under_lights(8, 3, 76);
  const auto people = names(8, 3);
  const auto choice = sweep.fit(images, people);
  Index total = 0;
  for (const std::size_t t : {std::size_t{1}, std::size_t{8}, std::size_t{39}}) {
    Index before = 0;
    for (Index i = 0; i < 24; ++i) {
      std::vector<Index> rest;
      for (Index j = 0; j < 24; ++j)
        if (j != i) rest.push_back(j);
      const Eigen::MatrixXd others = images(rest, Eigen::all);
      Eigenfaces options = choice.trials[t].options;
      options.keep = std::min<Index>(std::get<Index>(options.keep), 23);
      const auto model = options.fit(others, Eigen::VectorXi(people(rest))).model;
      std::set<int> met;
      for (const auto& candidate : model.candidates(images.row(i))) {
        if (candidate.label == people[i]) break;
        met.insert(candidate.label);
      }
      before += static_cast<Index>(met.size());
    }
    total += before;
    CHECK(choice.trials[t].misplaced == before);
  }
  CHECK(total > 0);
  for (const auto& trial : choice.trials)
    CHECK((trial.right < choice.right || trial.misplaced >= choice.misplaced));
}

TEST_CASE("choose eigenfaces: light that differs is taken out, and new images gain by it") {
  const auto choice = sweep.fit(under_lights(8, 3, 72), names(8, 3));
  CHECK(choice.options.lighting == Lighting::standardized);
  CHECK(choice.options.shape.rows == down);
  const auto plain = Eigenfaces{.shape = {down, across}, .keep = 5};
  const auto right = [&](const Eigenfaces& options) {
    const auto model = options.fit(under_lights(8, 3, 72), names(8, 3)).model;
    const Eigen::MatrixXd asked = under_lights(8, 5, 73);
    Index count = 0;
    for (Index i = 0; i < asked.rows(); ++i)
      count += model.identify(asked.row(i)).label == static_cast<int>(i / 5);
    return count;
  };
  CHECK(right(choice.options) > right(plain) + 8);
}

TEST_CASE("choose eigenfaces: the first tried wins a tie") {
  Eigen::MatrixXd images(6, 2);  // two people far apart: every setting is right
  images << 0, 0, 1, 0, 0, 1, 100, 100, 101, 100, 100, 101;
  ChooseEigenfaces easy{.shape = {1, 2}, .lighting = {Lighting::as_is}, .drop = {0}};
  easy.components = {2, 1};
  easy.distance = {FaceDistance::euclidean, FaceDistance::mahalanobis};
  Eigen::VectorXi people(6);
  people << 0, 0, 0, 1, 1, 1;
  const auto choice = easy.fit(images, people);
  CHECK(choice.right == 6);
  CHECK(std::get<Index>(choice.options.keep) == 2);
  CHECK(choice.options.distance == FaceDistance::euclidean);
  CHECK(choice.options.nearest == NearestFace::image);
}

TEST_CASE("choose eigenfaces: every executor gives the same counts") {
  const Eigen::MatrixXd images = under_lights(6, 3, 74);
  const auto serial = sweep.fit(images, names(6, 3), latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto other = sweep.fit(images, names(6, 3), latent::Threads{threads});
    REQUIRE(other.trials.size() == serial.trials.size());
    for (std::size_t t = 0; t < serial.trials.size(); ++t)
      CHECK(other.trials[t].right == serial.trials[t].right);
  }
}

TEST_CASE("choose eigenfaces: lists are checked") {
  const Bytes images = drawn_faces(3, 2, 75);
  const auto people = names(3, 2);
  const auto with = [&](auto change) {
    ChooseEigenfaces options{.shape = {down, across}};
    change(options);
    return options;
  };
  const ChooseEigenfaces broken[] = {
      with([](auto& o) { o.lighting.clear(); }),   with([](auto& o) { o.distance.clear(); }),
      with([](auto& o) { o.nearest.clear(); }),    with([](auto& o) { o.drop.clear(); }),
      with([](auto& o) { o.components.clear(); }), with([](auto& o) { o.drop = {-1}; }),
      with([](auto& o) { o.components = {0}; }),   with([](auto& o) { o.drop = {150}; }),
      with([](auto& o) { o.shape = {2, 2}; })};
  for (const ChooseEigenfaces& options : broken)
    CHECK_THROWS_AS(options.fit(images, people), latent::InvalidArgument);
  CHECK_THROWS_AS(
      (ChooseEigenfaces{.shape = {down, across}}.fit(images.topRows(2), people.head(2))),
      latent::DataError);
}
