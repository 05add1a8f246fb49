// The starts of GaussianMixture: partitions, given models, short runs before long ones.
#include "latent/mixture/gaussian_starts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "latent/mixture/gaussian_mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Covariance;
using latent::GaussianStart;
using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;
using Bells = latent::Gaussian<Covariance::full, double>;
using Mix = latent::Mixture<Bells>;
using Fit = latent::GaussianMixture<>;

namespace {

constexpr GaussianStart every_start[] = {GaussianStart::kmeans, GaussianStart::plus_plus,
                                         GaussianStart::random, GaussianStart::hierarchical};

Mix three_bells() {
  RowMatrix<double> means(3, 2);
  means << 0, 0, 7, 0, 0, 9;
  return {Eigen::Vector3d(0.2, 0.3, 0.5), Bells::isotropic(means, 1.0)};
}

// The tree of Ward 1963 by its definition: again and again the pair of groups that adds least to the
// sum of squares, from the rows themselves.
latent::Labels ward_by_definition(const RowMatrix<double>& x, Index groups) {
  std::vector<std::vector<Index>> parts;
  for (Index i = 0; i < x.rows(); ++i) parts.push_back({i});
  const auto squares = [&](const std::vector<Index>& part) {
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(x.cols());
    for (const Index i : part) mean += x.row(i) / static_cast<double>(part.size());
    double sum = 0.0;
    for (const Index i : part) sum += (x.row(i) - mean).squaredNorm();
    return sum;
  };
  while (static_cast<Index>(parts.size()) > groups) {
    double least = std::numeric_limits<double>::infinity();
    std::size_t a = 0;
    std::size_t b = 0;
    for (std::size_t i = 0; i < parts.size(); ++i)
      for (std::size_t j = i + 1; j < parts.size(); ++j) {
        std::vector<Index> both = parts[i];
        both.insert(both.end(), parts[j].begin(), parts[j].end());
        const double growth = squares(both) - squares(parts[i]) - squares(parts[j]);
        if (growth < least) {
          least = growth;
          a = i;
          b = j;
        }
      }
    parts[a].insert(parts[a].end(), parts[b].begin(), parts[b].end());
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(b));
  }
  latent::Labels labels(x.rows());
  for (std::size_t g = 0; g < parts.size(); ++g)
    for (const Index i : parts[g]) labels[i] = static_cast<int>(g);
  return labels;
}

}  // namespace

TEST_CASE(
    "gaussian starts: each is the same on any executor, and restarts differ where they draw") {
  const RowMatrix<double> x = three_bells().sample(5000, 3);
  for (const GaussianStart init : every_start) {
    INFO("start " << static_cast<int>(init));
    const Fit options{.components = 3, .seed = 5, .init = init, .subset = 300};
    const auto serial = options.start(x, 1, latent::Serial{});
    const auto fitted = options.fit(x, latent::Serial{});
    for (const int threads : {1, 2, 3, 8}) {
      CHECK(same_bits(options.start(x, 1, latent::Threads{threads}).parameters(),
                      serial.parameters()));
      CHECK(same_bits(options.fit(x, latent::Threads{threads}).model.parameters(),
                      fitted.model.parameters()));
    }
    CHECK_FALSE(same_bits(options.start(x, 2).parameters(), serial.parameters()));
    CHECK(close(serial.weights.sum(), 1.0, 4 * latent_test::eps));
  }
}

TEST_CASE("gaussian starts: data scaled by a power of two start at the same place") {
  const RowMatrix<double> x = three_bells().sample(400, 3);
  const double factor = std::ldexp(1.0, -40);
  for (const GaussianStart init : every_start) {
    INFO("start " << static_cast<int>(init));
    const Fit options{.components = 3, .init = init};
    const auto plain = options.start(x);
    const auto scaled = options.start(RowMatrix<double>(x * factor));
    CHECK(same_bits(plain.weights, scaled.weights));
    CHECK(close_matrix(RowMatrix<double>(scaled.family.means / factor), plain.family.means, 1e-13));
  }
}

TEST_CASE("gaussian starts: units of the columns do not decide a hierarchical start") {
  const RowMatrix<double> x = three_bells().sample(400, 3);
  const Eigen::Vector2d units(1.0, 1e-3);
  const RowMatrix<double> other = x * units.asDiagonal();
  const Fit options{.components = 3, .init = GaussianStart::hierarchical};
  CHECK(options.start(x).predict(x) == options.start(other).predict(other));
  CHECK(close_matrix(options.start(x).weights, options.start(other).weights, 1e-12));
}

TEST_CASE("gaussian starts: each finds components that lie apart") {
  latent::Labels truth;
  const RowMatrix<double> x = three_bells().sample(600, 4, &truth);
  for (const GaussianStart init : every_start) {
    INFO("start " << static_cast<int>(init));
    const auto fit = Fit{.components = 3, .restarts = 3, .init = init}.fit(x);
    CHECK(fit.log_likelihood >= three_bells().log_likelihood(x));
  }
  // Unlike an arbitrary partition, whose M-step is one Gaussian three times, these begin near the end.
  for (const GaussianStart init : {GaussianStart::kmeans, GaussianStart::hierarchical})
    CHECK(Fit{.components = 3, .init = init}.start(x).log_likelihood(x) >=
          three_bells().log_likelihood(x) - 10.0);
}

TEST_CASE("gaussian starts: labels name the components, whatever the start") {
  latent::Labels truth;
  const RowMatrix<double> x = three_bells().sample(600, 4, &truth);
  latent::Labels few = latent::Labels::Constant(600, -1);
  for (Index i = 0; i < 60; ++i) few[i] = (truth[i] + 1) % 3;
  for (const GaussianStart init : every_start) {
    INFO("start " << static_cast<int>(init));
    const auto fit = Fit{.components = 3, .init = init}.fit(latent::samples(x).labels(few));
    const latent::Labels found = fit.model.predict(x);
    Index right = 0;
    for (Index i = 0; i < 600; ++i) right += found[i] == (truth[i] + 1) % 3 ? 1 : 0;
    CHECK(right >= 590);
  }
  // Where all rows are labelled there is nothing to draw.
  const auto all = latent::samples(x).labels(truth);
  CHECK(close_matrix(Fit{.components = 3, .init = GaussianStart::random}.start(all).parameters(),
                     latent::fit_complete(three_bells(), all).parameters(), 1e-12));
}

TEST_CASE("agglomeration: chains of nearest neighbours find the tree of the definition") {
  const RowMatrix<double> x = three_bells().sample(60, 8);
  const latent::Vector<double> ones = latent::Vector<double>::Ones(60);
  for (const Index groups : {1, 2, 3, 7, 20, 60})
    CHECK(latent::detail::ward_groups(x, ones, groups) == ward_by_definition(x, groups));
  // A weight of 2 is a row given twice.
  RowMatrix<double> twice(80, 2);
  twice << x, x.topRows(20);
  latent::Vector<double> weights = ones;
  weights.head(20).setConstant(2.0);
  for (const Index groups : {2, 3, 7})
    CHECK(latent::detail::ward_groups(x, weights, groups) ==
          latent::detail::ward_groups(twice, latent::Vector<double>::Ones(80), groups).head(60));
}

TEST_CASE("agglomeration: a criterion of whole covariances keeps crossing clouds whole") {
  // Two thin clouds that cross: sums of squares cut the cross into halves, covariances find the bars.
  const latent::Random stream(3, latent::Purpose::sampling);
  RowMatrix<double> x(400, 2);
  for (Index i = 0; i < 400; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    x(i, i % 2) = 6.0 * random.normal();
    x(i, 1 - i % 2) = 0.2 * random.normal();
  }
  const latent::Vector<double> ones = latent::Vector<double>::Ones(400);
  const auto agreement = [&](const latent::Labels& labels) {
    Index same = 0;
    for (Index i = 0; i < 400; ++i) same += labels[i] == static_cast<int>(i % 2) ? 1 : 0;
    return std::max(same, 400 - same);
  };
  CHECK(agreement(latent::detail::agglomerate(Covariance::full, x, ones, 2)) > 340);
  CHECK(agreement(latent::detail::agglomerate(Covariance::EII, x, ones, 2)) < 320);
}

TEST_CASE("gaussian starts: a hierarchical start on all rows is one, and runs once") {
  const RowMatrix<double> x = latent_test::read_table("faithful");
  const auto fit = Fit{.restarts = 5, .init = GaussianStart::hierarchical}.fit(x);
  CHECK(fit.report.restarts.size() == 1);
  CHECK_THAT(fit.report.notes.at(0).message, latent_test::contains("the start is deterministic"));
  const auto drawn = Fit{.restarts = 5, .init = GaussianStart::hierarchical, .subset = 100}.fit(x);
  CHECK(drawn.report.restarts.size() == 5);
}

TEST_CASE("gaussian starts: short runs are reported, and the long ones are the best of them") {
  const RowMatrix<double> x = latent_test::read_table("iris").leftCols(4);
  const Fit options{.components = 3,
                    .restarts = 3,
                    .tolerance = 1e-10,
                    .init = GaussianStart::plus_plus,
                    .short_runs = 12,
                    .short_iterations = 5};
  const auto fit = options.fit(x, latent::Serial{});
  REQUIRE(fit.report.short_runs.size() == 12);
  REQUIRE(fit.report.restarts.size() == 3);
  // Each short run by itself.
  std::vector<std::pair<double, Index>> order;
  for (Index restart = 0; restart < 12; ++restart) {
    const auto alone =
        latent::EM{.max_iterations = 5, .tolerance = 1e-10}.fit(options.start(x, restart), x);
    const double reached = alone.report.trace.back().objective;
    CHECK(same_bits(fit.report.short_runs[static_cast<std::size_t>(restart)], reached));
    if (!alone.model.degenerate()) order.emplace_back(-reached, restart);
  }
  REQUIRE(order.size() >= 3);
  std::sort(order.begin(), order.end());
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t r = 0; r < 3; ++r) {
    // Without an interruption the bits are the same.
    const auto whole = latent::EM{.tolerance = 1e-10}.fit(options.start(x, order[r].second), x);
    CHECK(same_bits(fit.report.restarts[r], whole.report.trace.back().objective));
    best = std::max(best, whole.log_likelihood);
  }
  CHECK(same_bits(fit.log_likelihood, best));
  for (const int threads : {1, 2, 3, 8})
    CHECK(same_bits(options.fit(x, latent::Threads{threads}).model.parameters(),
                    fit.model.parameters()));
}

TEST_CASE("gaussian starts: an observer that stops a short run stops the fit") {
  const RowMatrix<double> x = latent_test::read_table("faithful");
  Index seen = 0;
  const auto stop = [&](const latent::IterationView<Mix>& view) {
    ++seen;
    return !(view.restart == 2 && view.index == 2);
  };
  const auto fit =
      Fit{.components = 3, .restarts = 2, .tolerance = 0, .short_runs = 8, .short_iterations = 4}
          .fit(x, {}, stop);
  CHECK(seen == 10);
  CHECK(fit.report.status == latent::Status::stopped);
  CHECK(fit.report.short_runs.size() == 3);
  CHECK(fit.report.restarts.empty());
}

TEST_CASE("gaussian starts: options out of their range are refused by name and value") {
  const RowMatrix<double> x = latent_test::read_table("faithful");
  const auto message = [&](const Fit& options) {
    return message_of<latent::InvalidArgument>([&] { options.fit(x); });
  };
  CHECK_THAT(message({.restarts = 3, .short_runs = 2}),
             latent_test::contains("short_runs must be 0 or at least restarts = 3; got 2"));
  CHECK_THAT(message({.short_runs = -1}), latent_test::contains("got -1"));
  CHECK_THAT(message({.short_iterations = 0}),
             latent_test::contains("short_iterations must be at least 1; got 0"));
  CHECK_THAT(message({.components = 3, .subset = 2}),
             latent_test::contains("subset must be at least components = 3; got 2"));
}

TEST_CASE("gaussian mixture: from a given start it is EM from there, and the start stays") {
  const RowMatrix<double> x = three_bells().sample(500, 6);
  const Mix given = three_bells();
  const auto fit = Fit{.components = 7, .restarts = 9}.fit_from(given, x);
  const auto plain = latent::EM{}.fit(given, x);
  CHECK(same_bits(fit.model.parameters(), plain.model.parameters()));
  CHECK(same_bits(given.parameters(), three_bells().parameters()));
  CHECK(fit.report.restarts.size() == 1);
  // Rules of the model are the options'.
  const auto fixed = Fit{.weighting = latent::Weighting::fixed}.fit_from(given, x);
  CHECK(same_bits(fixed.model.weights, given.weights));
}

TEST_CASE("gaussian mixture: one iteration and another are two, to the bit") {
  const RowMatrix<double> x = three_bells().sample(3000, 6);
  Fit options{.components = 3, .max_iterations = 2, .tolerance = 0};
  const auto straight = options.fit_from(three_bells(), x);
  options.max_iterations = 1;
  const auto once = options.fit_from(three_bells(), x);
  const auto again = options.fit_from(once.model, x);
  CHECK(same_bits(again.model.parameters(), straight.model.parameters()));
  CHECK(same_bits(again.log_likelihood, straight.log_likelihood));
  const auto resumed = latent::EM{.max_iterations = 2, .tolerance = 0}.resume(once, x);
  CHECK(same_bits(resumed.model.parameters(), straight.model.parameters()));
}

TEST_CASE("gaussian mixture: bad given starts are refused by name and value") {
  const RowMatrix<double> x = three_bells().sample(50, 6);
  const auto message = [&](const Mix& start) {
    return message_of<latent::InvalidArgument>([&] { Fit{}.fit_from(start, x); });
  };
  Mix start = three_bells();
  start.weights = Eigen::Vector3d(0.2, 0.3, 0.4);
  CHECK_THAT(message(start), latent_test::contains("0.9"));
  start.weights = Eigen::Vector3d(-0.2, 0.7, 0.5);
  CHECK_THAT(message(start), latent_test::contains("-0.2"));
  start.weights = Eigen::Vector2d(0.5, 0.5);
  CHECK_THAT(message(start), latent_test::contains("2 weights for 3 components"));
  start = three_bells();
  start.family.means(1, 0) = std::numeric_limits<double>::infinity();
  CHECK_THAT(message(start), latent_test::contains("means(1, 0) = inf"));
  CHECK_THAT(message_of<latent::InvalidArgument>(
                 [&] { Fit{}.fit_from(three_bells(), RowMatrix<double>(x.leftCols(1))); }),
             latent_test::contains("as many columns as the model has dimensions, 2"));
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               Bells(RowMatrix<double>::Zero(1, 2),
                     {Eigen::Matrix2d(-Eigen::Matrix2d::Identity())});
             }),
             latent_test::contains("must be positive definite"));
}
