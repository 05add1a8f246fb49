// What GaussianMixture does about components that collapse.
#include "latent/mixture/singularity.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "latent/mixture/gaussian_mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent::Singularity;
using latent::Status;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::same_bits;
using Bells = latent::Gaussian<Covariance::full, double>;
using Mix = latent::Mixture<Bells>;
using Fit = latent::GaussianMixture<>;

namespace {

constexpr Singularity every_policy[] = {Singularity::floor, Singularity::restart, Singularity::drop,
                                        Singularity::split, Singularity::fail};
constexpr Singularity repairs[] = {Singularity::restart, Singularity::drop, Singularity::split};

// n rows in two clouds, and at the end two rows in one place.
RowMatrix<double> with_twins(Index n) {
  RowMatrix<double> means(2, 2);
  means << 0, 0, 9, 0;
  RowMatrix<double> x(n + 2, 2);
  x.topRows(n) = Mix{Eigen::Vector2d(0.4, 0.6), Bells::isotropic(means, 1.0)}.sample(n, 7);
  x.row(n) << 4, 7;
  x.row(n + 1) << 4, 7;
  return x;
}

// A component for each cloud and one that will shrink onto the twins.
Mix lured() {
  RowMatrix<double> means(3, 2);
  means << 0, 0, 9, 0, 4, 7;
  return {Eigen::Vector3d::Constant(1.0 / 3.0), Bells::isotropic(means, 2.0)};
}

bool has_note(const latent::Report& report, const std::string& text) {
  for (const latent::Note& note : report.notes)
    if (note.message.find(text) != std::string::npos) return true;
  return false;
}

// What holds of every fit.
template <class EMFit, class Data>
void check_sound(const EMFit& fit, const Data& x) {
  CHECK(latent::all_finite(fit.model.parameters()));
  CHECK(latent::is_finite(fit.log_likelihood));
  CHECK(close(fit.model.weights.sum(), 1.0, 4 * latent_test::eps));
  CHECK(close(fit.log_likelihood, fit.model.log_likelihood(x), 1e-12));
  for (std::size_t t = 0; t < fit.report.trace.size(); ++t)
    CHECK(fit.report.trace[t].index == static_cast<Index>(t));
  CHECK(same_bits(fit.report.trace.back().log_likelihood, fit.log_likelihood));
}

}  // namespace

TEST_CASE("singularity: a component on two rows in one place is noted with iteration and weight") {
  const RowMatrix<double> x = with_twins(98);
  for (const Singularity policy : every_policy) {
    INFO("policy " << static_cast<int>(policy));
    const auto fit =
        Fit{.init = latent::GaussianStart::plus_plus, .singularity = policy}.fit_from(lured(), x);
    check_sound(fit, x);
    const latent::Note& first = fit.report.notes.at(0);
    CHECK_THAT(first.message, latent_test::contains("component 2 met the covariance floor"));
    CHECK(first.component == 2);
    CHECK(first.iteration > 1);
    CHECK(close(first.value, 2.0, 1e-3));
    CHECK(fit.model.degenerate() == (policy == Singularity::floor));
    CHECK(fit.report.status == (policy == Singularity::floor  ? Status::degenerate
                                : policy == Singularity::fail ? Status::numerical_failure
                                                              : Status::converged));
    CHECK(fit.model.components() == (policy == Singularity::drop ? 2 : 3));
  }
}

TEST_CASE("singularity: floor is EM as it is") {
  const RowMatrix<double> x = with_twins(98);
  CHECK(same_bits(Fit{}.fit_from(lured(), x).model.parameters(),
                  latent::EM{}.fit(lured(), x).model.parameters()));
}

TEST_CASE("singularity: fail returns the model of the iteration before") {
  const RowMatrix<double> x = with_twins(98);
  const auto fit = Fit{.singularity = Singularity::fail}.fit_from(lured(), x);
  const Index collapse = fit.report.notes.at(0).iteration;
  const auto before = latent::EM{.max_iterations = collapse - 1}.fit(lured(), x);
  CHECK(same_bits(fit.model.parameters(), before.model.parameters()));
  CHECK(same_bits(fit.log_likelihood, before.log_likelihood));
  CHECK(!fit.model.degenerate());
  CHECK(has_note(fit.report, "the fit ends with the model before"));
  // A failed fit stays as it is.
  CHECK(same_bits(latent::EM{}.resume(fit, x).model.parameters(), fit.model.parameters()));
  // A run that failed loses to one that did not, whatever its likelihood.
  const auto best = Fit{.components = 3,
                        .restarts = 12,
                        .init = latent::GaussianStart::plus_plus,
                        .singularity = Singularity::fail}
                        .fit(x);
  CHECK(best.report.status == Status::converged);
}

TEST_CASE("singularity: fail at the start returns the start") {
  // Components of k-means on as many rows as there are components have no variance.
  const RowMatrix<double> x = with_twins(98).topRows(4);
  const auto fit = Fit{.components = 4, .singularity = Singularity::fail}.fit(x);
  CHECK(fit.report.status == Status::numerical_failure);
  CHECK(fit.report.iterations == 0);
  CHECK(latent::is_finite(fit.log_likelihood));
  CHECK_THAT(fit.report.notes.back().message, latent_test::contains("component "));
}

TEST_CASE("singularity: drop leaves the fit of the other components") {
  const RowMatrix<double> x = with_twins(98);
  const auto fit = Fit{.tolerance = 1e-13, .singularity = Singularity::drop}.fit_from(lured(), x);
  RowMatrix<double> means(2, 2);
  means << 0, 0, 9, 0;
  const auto two = latent::EM{.tolerance = 1e-13}.fit(
      Mix{Eigen::Vector2d(0.5, 0.5), Bells::isotropic(means, 2.0)}, x);
  CHECK(close(fit.log_likelihood, two.log_likelihood, 1e-10));
  CHECK(close_matrix(fit.model.family.means, two.model.family.means, 1e-5));
  CHECK(has_note(fit.report, "component 2 is dropped, and 2 are left"));
  // Weights that are fixed keep their proportions.
  Mix uneven = lured();
  uneven.weights = Eigen::Vector3d(0.6, 0.3, 0.1);
  const auto fixed =
      Fit{.weighting = latent::Weighting::fixed, .singularity = Singularity::drop}.fit_from(uneven,
                                                                                            x);
  REQUIRE(fixed.model.components() == 2);
  CHECK(close(fixed.model.weights[0], 2.0 / 3.0, 1e-15));
  check_sound(fixed, x);
}

TEST_CASE("singularity: split gives the component half of the heaviest") {
  const RowMatrix<double> x = with_twins(98);
  const auto fit = Fit{.singularity = Singularity::split}.fit_from(lured(), x);
  CHECK(has_note(fit.report, "component 2 begins anew as half of component 1"));
  // The halves lie one deviation to either side of the middle, along the longest axis.
  RowMatrix<double> means(2, 2);
  means << 1, 2, 50, 50;
  Eigen::Matrix2d wide;
  wide << 9, 0, 0, 1;
  Mix model{Eigen::Vector2d(0.8, 0.2), Bells(means, {wide, wide})};
  RowMatrix<double> two(4, 2);
  two << 0, 0, 3, 1, 50, 50, 50, 50;
  model = latent::fit_complete(model, latent::samples(two).labels(Eigen::Vector4i(0, 0, 1, 1)));
  REQUIRE(model.degenerate());
  // Both are singular: there is none to divide.
  CHECK(!latent::detail::split_heaviest(model, 1, latent::samples(two)).model);
  RowMatrix<double> more(6, 2);
  more << -2, 2, 4, 2, 1, 1, 1, 3, 50, 50, 50, 50;
  latent::Labels labels(6);
  labels << 0, 0, 0, 0, 1, 1;
  model = latent::fit_complete(model, latent::samples(more).labels(labels));
  const auto halves = latent::detail::split_heaviest(model, 1, latent::samples(more)).model;
  REQUIRE(halves);
  // Variances of component 0: 18/4 and 2/4 about (1, 2).
  CHECK(close(halves->family.means(0, 0), 1.0 - std::sqrt(4.5), 1e-12));
  CHECK(close(halves->family.means(1, 0), 1.0 + std::sqrt(4.5), 1e-12));
  CHECK(close(halves->family.means(0, 1), 2.0, 1e-12));
  CHECK(close(halves->weights[0], 0.5, 1e-15));
  CHECK(close(halves->weights[1], 0.5, 1e-15));
  CHECK(close_matrix(halves->family.covariance(1), model.family.covariance(0), 1e-14));
}

TEST_CASE("singularity: restart begins anew and says how often") {
  const RowMatrix<double> x = with_twins(98);
  const Fit options{.init = latent::GaussianStart::plus_plus, .singularity = Singularity::restart};
  const auto fit = options.fit_from(lured(), x);
  CHECK(has_note(fit.report, "the run begins anew, fresh start 1 of at most 10"));
  CHECK(fit.report.trace.front().index == 0);
  // Only twins: no start can help, and the floor serves in the end.
  RowMatrix<double> pairs(6, 1);
  pairs << 0, 0, 5, 5, 9, 9;
  const auto hopeless = Fit{.components = 3, .singularity = Singularity::restart}.fit(pairs);
  check_sound(hopeless, pairs);
  CHECK(hopeless.report.status == Status::degenerate);
  CHECK(has_note(hopeless.report, "fresh start 10 of at most 10"));
  CHECK(!has_note(hopeless.report, "fresh start 11"));
  CHECK(has_note(hopeless.report, "the floor serves from here on: there were 10 repairs"));
}

TEST_CASE("singularity: of several components that collapse, the lightest is mended first") {
  RowMatrix<double> x(10, 2);
  x << 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 9, 0, 8, 1, 9, 2, 7, 0, 8, 3;
  latent::Labels labels(10);
  labels << 0, 0, 0, 1, 1, 2, 2, 2, 2, 2;
  const Mix model = latent::fit_complete(lured(), latent::samples(x).labels(labels));
  REQUIRE(model.degenerate());
  const latent::Note worst = latent::detail::worst_collapse(model, 4);
  CHECK(worst.component == 1);
  CHECK(worst.value == 2.0);
  CHECK(worst.iteration == 4);
  const auto fit = Fit{.singularity = Singularity::drop}.fit_from(model, x);
  CHECK(has_note(fit.report, "component 1 is dropped, and 2 are left"));
}

TEST_CASE("singularity: a covariance that all share belongs to no component") {
  RowMatrix<double> x = RowMatrix<double>::Zero(10, 1);
  x.topRows(5).setOnes();
  for (const Singularity policy : {Singularity::drop, Singularity::split}) {
    const auto fit = latent::GaussianMixture<Covariance::tied>{.singularity = policy}.fit(x);
    CHECK(fit.report.status == Status::degenerate);
    CHECK(fit.model.components() == 2);
    CHECK(has_note(fit.report, "all components share the covariance that is singular"));
  }
}

TEST_CASE("singularity: where all rows together are singular, no repair is tried") {
  RowMatrix<double> x = with_twins(98);
  x.col(1).setConstant(3.0);
  const auto floored = Fit{.components = 2}.fit(x);
  for (const Singularity policy : repairs) {
    INFO("policy " << static_cast<int>(policy));
    const auto fit = Fit{.components = 2, .singularity = policy}.fit(x);
    CHECK(same_bits(fit.model.parameters(), floored.model.parameters()));
    CHECK(fit.report.status == Status::degenerate);
    CHECK(has_note(fit.report, "the covariance of all rows together is singular"));
  }
}

TEST_CASE("singularity: five rows of ones and five of zeros in ten components stay finite") {
  RowMatrix<double> x = RowMatrix<double>::Zero(10, 2);
  x.topRows(5).setOnes();
  for (const RowMatrix<double>& data : {x, RowMatrix<double>(x.leftCols(1))})
    for (const Singularity policy : every_policy) {
      INFO("policy " << static_cast<int>(policy) << ", " << data.cols() << " columns");
      const auto fit = Fit{.components = 10, .singularity = policy}.fit(data);
      check_sound(fit, data);
      CHECK(!fit.report.notes.empty());
      bool named = false;
      for (const latent::Note& note : fit.report.notes) named = named || note.component >= 0;
      CHECK(named);
      CHECK(fit.report.notes.front().iteration == 0);
      CHECK_THAT(fit.report.notes.front().message, latent_test::contains("its weight is"));
      // One column has a variance of its own: one component is left, which is sound.
      if (policy == Singularity::drop && data.cols() == 1) {
        CHECK(fit.report.status == Status::converged);
        REQUIRE(fit.model.components() == 1);
        CHECK(close(fit.model.family.means(0, 0), 0.5, 1e-15));
        CHECK(close(fit.model.family.covariance(0)(0, 0), 0.25, 1e-14));
      } else {
        CHECK(fit.report.status ==
              (policy == Singularity::fail ? Status::numerical_failure : Status::degenerate));
      }
    }
}

TEST_CASE("singularity: fewer rows than columns, and as many components as rows, are flagged") {
  const RowMatrix<double> x = with_twins(98);
  for (const Index n : {1, 2, 3, 5})
    for (const Index components : {Index{1}, n})
      for (const Singularity policy : every_policy) {
        const RowMatrix<double> few = x.topRows(n);
        const auto fit = Fit{.components = components, .singularity = policy}.fit(few);
        INFO(n << " rows, " << components << " components, policy " << static_cast<int>(policy));
        check_sound(fit, few);
        const bool enough = n >= 3 && (components == 1 || policy == Singularity::drop);
        CHECK((fit.report.status == Status::converged) == enough);
      }
}

TEST_CASE("singularity: weights, scale and executors change no decision") {
  const RowMatrix<double> x = with_twins(4500);
  const double factor = std::ldexp(1.0, -40);
  Mix small = lured();
  small.family =
      Bells::isotropic(RowMatrix<double>(small.family.means * factor), 2.0 * factor * factor);
  latent::Vector<double> weights = latent::Vector<double>::Ones(4501);
  weights[4500] = 2.0;
  for (const Singularity policy : every_policy) {
    INFO("policy " << static_cast<int>(policy));
    const Fit options{
        .max_iterations = 40, .init = latent::GaussianStart::plus_plus, .singularity = policy};
    const auto fit = options.fit_from(lured(), x, latent::Serial{});
    for (const int threads : {1, 2, 3, 8})
      CHECK(same_bits(options.fit_from(lured(), x, latent::Threads{threads}).model.parameters(),
                      fit.model.parameters()));
    const auto scaled = options.fit_from(small, RowMatrix<double>(x * factor));
    const auto weighted =
        options.fit_from(lured(), latent::samples(x.topRows(4501)).weights(weights));
    REQUIRE(scaled.report.notes.size() == fit.report.notes.size());
    for (std::size_t i = 0; i < fit.report.notes.size(); ++i) {
      CHECK(scaled.report.notes[i].iteration == fit.report.notes[i].iteration);
      CHECK(scaled.report.notes[i].component == fit.report.notes[i].component);
    }
    CHECK(scaled.model.predict(RowMatrix<double>(x * factor)) == fit.model.predict(x));
    CHECK(weighted.report.notes.at(0).iteration == fit.report.notes.at(0).iteration);
    // Other rows are drawn where a row stands for two.
    if (policy != Singularity::restart) {
      CHECK(weighted.report.notes.size() == fit.report.notes.size());
      CHECK(close_matrix(weighted.model.family.means, fit.model.family.means, 1e-6));
    }
  }
}

TEST_CASE("singularity: labels name components, which are then neither dropped nor divided") {
  const RowMatrix<double> x = with_twins(98);
  latent::Labels labels = latent::Labels::Constant(100, -1);
  labels.tail(2).setConstant(2);
  for (const Singularity policy : {Singularity::drop, Singularity::split}) {
    const auto fit =
        Fit{.singularity = policy}.fit_from(lured(), latent::samples(x).labels(labels));
    CHECK(fit.model.components() == 3);
    CHECK(fit.report.status == Status::degenerate);
    CHECK(has_note(fit.report, "labels name it"));
  }
  labels.setConstant(-1);
  labels[0] = 0;
  labels[1] = 1;
  const auto dropped =
      Fit{.singularity = Singularity::drop}.fit_from(lured(), latent::samples(x).labels(labels));
  CHECK(dropped.model.components() == 2);
}

TEST_CASE("singularity: an interrupted run goes on with the bits of an uninterrupted one") {
  const RowMatrix<double> x = with_twins(60);
  for (const Singularity policy : every_policy) {
    INFO("policy " << static_cast<int>(policy));
    Fit options{.components = 6,
                .restarts = 4,
                .seed = 3,
                .init = latent::GaussianStart::plus_plus,
                .singularity = policy};
    const auto whole = options.fit(x);
    options.short_runs = 4;
    for (const Index iterations : {1, 3, 8}) {
      options.short_iterations = iterations;
      const auto parts = options.fit(x);
      CHECK(same_bits(parts.log_likelihood, whole.log_likelihood));
      CHECK(same_bits(parts.model.parameters(), whole.model.parameters()));
      CHECK(parts.report.notes.size() == whole.report.notes.size());
      CHECK(parts.report.iterations == whole.report.iterations);
      check_sound(parts, x);
    }
  }
}

TEST_CASE("singularity: an observer sees the iterations of the report, and may stop") {
  const RowMatrix<double> x = with_twins(98);
  std::vector<double> seen;
  const auto watch = [&](const latent::IterationView<Mix>& view) {
    seen.push_back(view.objective);
    return seen.size() < 30;
  };
  const auto fit =
      Fit{.tolerance = 0, .singularity = Singularity::drop}.fit_from(lured(), x, {}, watch);
  CHECK(fit.report.status == Status::stopped);
  CHECK(seen.size() == 30);
  // The iteration at which the component was dropped is that of the repaired model.
  std::size_t found = 0;
  for (const latent::Iteration& at : fit.report.trace)
    if (found < seen.size() && same_bits(at.objective, seen[found])) ++found;
  CHECK(found == seen.size());
}

TEST_CASE("singularity: a prior keeps covariances sound, so that nothing is done") {
  const RowMatrix<double> x = with_twins(98);
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const RowMatrix<double> centred = x.rowwise() - mean;
  const auto prior = latent::NormalInverseWishart::weak(
      mean.transpose(), RowMatrix<double>(centred.transpose() * centred / 100.0), 3);
  for (const Singularity policy : every_policy) {
    const auto fit = Fit{.prior = prior, .singularity = policy}.fit_from(lured(), x);
    CHECK(fit.report.status == Status::converged);
    CHECK(fit.report.notes.empty());
    CHECK(fit.model.components() == 3);
  }
}
