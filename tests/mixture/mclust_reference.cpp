// Discriminant analysis and noise components against mclust.
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/noise_component.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::close_on;
using latent_test::same_bits;

namespace {

using Bells = latent::GaussianFamily<double>;
using Mix = latent::Mixture<Bells>;

// mclust 6.0.0: MclustDA(iris[, 1:4], Species, modelType = "EDDA", modelNames = form): the
// log-likelihood, parameters less the two free weights, flowers mistaken, and P(versicolor) of flowers
// 134 and 71, counted from 1. Of the forms that it finds by iteration: those of mstep() with
// emControl(tol = c(0, 1e-15)), since its default stops earlier.
struct Edda {
  Covariance form;
  double log_likelihood;
  Index parameters;
  Index mistaken;
  double of_134;
  double of_71;
};
constexpr Edda edda[] = {
    {Covariance::EII, -414.697951273338, 13, 11, 0.284118962677, 0.81355257541},
    {Covariance::VII, -392.498414498489, 15, 12, 0.316398685009, 0.737028217678},
    {Covariance::EEI, -364.517364338082, 16, 6, 0.839571756531, 0.260552669625},
    {Covariance::VEI, -340.836052522266, 18, 5, 0.73493507223, 0.200793905768},
    {Covariance::EVI, -342.973698472802, 22, 6, 0.791201541116, 0.171752235577},
    {Covariance::VVI, -309.362757893942, 24, 6, 0.712645155099, 0.154494056689},
    {Covariance::EEE, -256.646184254885, 22, 3, 0.733363567709, 0.249077333953},
    {Covariance::VEE, -238.394671973978, 24, 3, 0.676362442637, 0.132826957055},
    {Covariance::EVE, -235.552151015892, 28, 4, 0.732436228242, 0.345805594281},
    {Covariance::VVE, -215.343104781619, 30, 3, 0.660149772042, 0.217917850206},
    {Covariance::EEV, -215.143263127436, 34, 2, 0.537267749137, 0.562062168886},
    {Covariance::VEV, -187.709744403277, 36, 3, 0.489579137783, 0.396043902309},
    {Covariance::EVV, -209.454797698671, 40, 3, 0.681428349974, 0.49448239317},
    {Covariance::VVV, -182.920848605296, 42, 3, 0.602287981636, 0.328451334301}};

}  // namespace

TEST_CASE("discriminant analysis: iris in all fourteen forms as mclust's EDDA") {
  const RowMatrix<double> table = latent_test::read_table("iris");
  const RowMatrix<double> x = table.leftCols(4);
  const Eigen::VectorXi species = table.col(4).cast<int>();
  const auto data = latent::samples(x).labels(species);
  static_assert(std::size(edda) == std::size(latent::every_covariance));
  for (const Edda& exact : edda) {
    INFO(std::string(to_string(exact.form)));
    const Mix start{Vector<double>::Constant(3, 1.0 / 3.0),
                    Bells::isotropic(exact.form, x.topRows(3), 1.0)};
    const auto model = latent::fit_complete(start, data);
    CHECK(model.free_parameters() - 2 == exact.parameters);
    CHECK(!model.degenerate());
    const auto labelled = model.log_likelihood(data);
    if (exact.form == Covariance::VVE) {
      // With common axes and free volumes mclust's iteration ends before its minimum: its sum of
      // log p(x, species) is -221.454587035092.
      CHECK(labelled > -221.454587035092 * (1.0 + 1e-12));
    } else {
      // Iterated forms end where a step moves volumes or axes by 1e-10, slow ones at several of that.
      CHECK(close(model.log_likelihood(x), exact.log_likelihood, 1e-8));
      const auto r = model.responsibilities(x);
      CHECK(close_on(1.0, r(133, 1), exact.of_134, 1e-6));
      CHECK(close_on(1.0, r(70, 1), exact.of_71, 1e-6));
    }
    CHECK((model.predict(x) - species).cwiseAbs().cwiseMin(1).sum() == exact.mistaken);
    // One step and not a fit: known labels leave nothing to iterate, but for the common axes, which
    // each M-step seeks from where the last one ended.
    const auto again = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(model, data);
    CHECK(close(again.log_likelihood, labelled, 1e-9));
  }
}

TEST_CASE("noise: Old Faithful as mclust, from the same partition and in the same box") {
  // mclust 6.0.0, me() with Vinv = 1 / the volume of the data's box, eps = 0, tol = 1e-15, from the
  // partition eruptions < 2.5, others, 2.5 <= eruptions < 3.2 (noise).
  struct Reference {
    Covariance form;
    double log_likelihood;
    double weights[3];
    double means[2][2];
  };
  constexpr Reference references[] = {
      {Covariance::diagonal,
       -1141.22157448336,
       {0.326417638717, 0.60017597504, 0.0734063862422},
       {{1.99656583797, 54.0387649123}, {4.31860291266, 80.2766902902}}},
      {Covariance::spherical,
       -1380.75560987715,
       {0.0459258561437, 0.12158521236, 0.832488931496},
       {{1.96697380585, 53.6304629679}, {4.31016788027, 82.1767089038}}}};
  const RowMatrix<double> x = latent_test::read_table("faithful");
  latent::Labels part(x.rows());
  for (Index i = 0; i < x.rows(); ++i) part[i] = x(i, 0) < 2.5 ? 0 : x(i, 0) < 3.2 ? 2 : 1;
  for (const Reference& exact : references) {
    const latent::Mixture clusters{Eigen::Vector2d(0.5, 0.5),
                                   Bells::isotropic(exact.form, x.topRows(2), 1.0)};
    const auto rough = with_noise(clusters, x, 0.1);
    CHECK(rough.components() == 3);
    CHECK(close_matrix(rough.weights, Eigen::Vector3d(0.45, 0.45, 0.1), 1e-15));
    const auto start = start_from_labels(rough, latent::samples(x).labels(part));
    const auto fit = latent::EM{.max_iterations = 20000, .tolerance = 0}.fit(start, x);
    CHECK(close(fit.log_likelihood, exact.log_likelihood, 1e-12));
    const auto& found = std::get<0>(fit.model.family.families);
    for (Index k = 0; k < 3; ++k)
      CHECK(close_on(1.0, fit.model.weights[k], exact.weights[k], 1e-7));
    for (Index k = 0; k < 2; ++k)
      for (Index j = 0; j < 2; ++j) CHECK(close(found.means(k, j), exact.means[k][j], 1e-7));
    // The box is known: one parameter more than the clusters have, the weight of the noise.
    CHECK(fit.model.free_parameters() == clusters.free_parameters() + 1);
  }
}
