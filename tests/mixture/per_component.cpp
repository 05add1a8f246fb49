// Families from a single component, as a user writes one.
#include "latent/mixture/per_component.hpp"

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "latent/mixture/gaussian.hpp"
#include "mixture/family_checks.hpp"
#include "mixture/geometric.hpp"

using latent::Index;
using latent::Mixture;
using latent::PerComponent;
using latent::RowMatrix;
using latent_test::close;
using latent_test::message_of;

using latent_test::Geometric;

namespace {

// A normal distribution of one column with everything that may be added.
struct Normal {
  struct Statistics {
    double sum = 0.0;
    double squares = 0.0;
    auto fields() { return std::tie(sum, squares); }
  };
  struct Ready {
    double mean, variance, constant;
    double log_density(const latent::ComponentRow<double>& x) const {
      return constant - 0.5 * (x[0] - mean) * (x[0] - mean) / variance;
    }
  };

  double mean = 0.0;
  double variance = 1.0;
  bool mended = false;

  Statistics zero() const { return {}; }
  Ready prepare() const {
    return {mean, variance, -0.5 * std::log(2 * 3.14159265358979323846 * variance)};
  }
  void accumulate(const latent::ComponentRow<double>& x, double r, Statistics& s) const {
    s.sum += r * x[0];
    s.squares += r * x[0] * x[0];
  }
  Normal maximize(double n, const Statistics& s) const {
    const double m = s.sum / n;
    const double v = s.squares / n - m * m;
    return {m, v > 1e-6 ? v : 1e-6, !(v > 1e-6)};
  }
  bool valid(double n, const Statistics& s) const { return n * s.squares > s.sum * s.sum; }
  void check() const {
    latent::detail::require(variance > 0.0, "Normal: variance must be positive; got ", variance);
  }
  void check_data(const Eigen::Ref<const RowMatrix<double>>& x, Index first_row) const {
    for (Index i = 0; i < x.rows(); ++i)
      latent::detail::require<latent::DataError>(x(i, 0) < 1e6, "Normal: too large at row ",
                                                 first_row + i);
  }
  Index dimension() const { return 1; }
  Index free_parameters() const { return 2; }
  latent::Vector<double> parameters() const { return Eigen::Vector2d(mean, variance); }
  double log_prior() const { return -variance; }
  bool degenerate() const { return mended; }
  void notes(Index iteration, std::vector<latent::Note>& out) const {
    if (mended) out.push_back({iteration, -1, variance, "variance met its floor"});
  }
  void sample(latent::Random& random, double* row) const {
    row[0] = mean + std::sqrt(variance) * random.normal();
  }
};

static_assert(latent_test::PreparesWhatLasts<PerComponent<Normal>>);
static_assert(latent_test::PreparesWhatLasts<PerComponent<Geometric>>);

Mixture<PerComponent<Normal>> normals() {
  return {Eigen::Vector2d(0.4, 0.6), {{{0.0, 1.0}, {4.0, 2.0}}}};
}

}  // namespace

TEST_CASE("per component: a distribution in five members is a mixture, with known labels too") {
  RowMatrix<double> x(6, 1);
  x << 0, 1, 0, 9, 5, 12;
  const Mixture model{Eigen::Vector2d(0.5, 0.5), PerComponent<Geometric>{{{0.7}, {0.1}}}};
  const auto known = latent::fit_complete(
      model, latent::samples(x).labels((Eigen::VectorXi(6) << 0, 0, 0, 1, 1, 1).finished()));
  CHECK(close(known.family.component[0].p, 3.0 / 4, 1e-15));
  CHECK(close(known.family.component[1].p, 3.0 / 29, 1e-15));
  // One step, by hand.
  const auto next = latent::EM{.max_iterations = 1}.fit(model, x).model;
  double n = 0.0;
  double s = 0.0;
  for (Index i = 0; i < 6; ++i) {
    const double a = 0.7 * std::pow(0.3, x(i, 0));
    const double r = a / (a + 0.1 * std::pow(0.9, x(i, 0)));
    n += r;
    s += r * x(i, 0);
  }
  CHECK(close(next.family.component[0].p, n / (n + s), 1e-14));
  CHECK(close(next.weights[0], n / 6, 1e-14));
  CHECK(model.predict(x).tail(3) == Eigen::Vector3i(1, 1, 1));
}

TEST_CASE("per component: normal components are the Gaussian family of one column") {
  const auto x = normals().sample(4000, 2);
  const latent::EM em{.max_iterations = 6, .tolerance = 0};
  const auto rows = em.fit(normals(), x);
  RowMatrix<double> means(2, 1);
  means << 0, 4;
  const Mixture bank{Eigen::Vector2d(0.4, 0.6),
                     latent::Gaussian<>(means, std::vector<RowMatrix<double>>{
                                                   RowMatrix<double>::Constant(1, 1, 1.0),
                                                   RowMatrix<double>::Constant(1, 1, 2.0)})};
  const auto tiles = em.fit(bank, x);
  CHECK(close(rows.log_likelihood, tiles.log_likelihood, 1e-12));
  for (Index k = 0; k < 2; ++k) {
    const Normal& one = rows.model.family.component[static_cast<std::size_t>(k)];
    CHECK(close(one.mean, tiles.model.family.means(k, 0), 1e-11));
    CHECK(close(one.variance, tiles.model.family.covariance(k)(0, 0), 1e-11));
  }
  CHECK(rows.model.free_parameters() == tiles.model.free_parameters());
  latent_test::check_executors(normals(), x);
}

TEST_CASE("per component: what a component may have reaches the engine") {
  const auto model = normals();
  CHECK(close(model.log_prior(), -3.0, 1e-15));
  CHECK(model.parameters() == (latent::Vector<double>(6) << 0.4, 0.6, 0, 1, 4, 2).finished());
  CHECK(model.dimension() == 1);
  auto bad = model;
  bad.family.component[1].variance = -2;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { bad.sample(1, 1); }),
             latent_test::contains("variance must be positive; got -2"));
  RowMatrix<double> x = model.sample(300, 1);
  x(277, 0) = 1e7;
  CHECK_THAT(message_of<latent::DataError>([&] { model.predict(x); }),
             latent_test::contains("too large at row 277"));
  auto s = latent_test::statistics_of(model, model.sample(300, 1));
  CHECK(model.family.valid(s.n, s.family));
  s.family[1].squares = 0.0;
  CHECK_FALSE(model.family.valid(s.n, s.family));
  bad = model;
  bad.family.component.clear();
  bad.weights = latent::Vector<double>();
  CHECK_THROWS_AS(bad.predict(x), latent::InvalidArgument);
}

TEST_CASE("per component: notes name their component, and one without weight stays as it was") {
  RowMatrix<double> x(8, 1);
  x << 0, 1, -1, 0.5, 50, 50, 50, 50;
  Mixture<PerComponent<Normal>> model{Eigen::Vector3d(0.5, 0.5, 0.0),
                                      {{{0.0, 1.0}, {50.0, 1.0}, {7.0, 3.0}}}};
  const auto fit = latent::EM{.max_iterations = 3, .tolerance = 0}.fit(model, x);
  CHECK(fit.model.family.degenerate());
  REQUIRE_FALSE(fit.report.notes.empty());
  CHECK(fit.report.notes[0].component == 1);
  CHECK(fit.model.family.component[2].mean == 7.0);
  CHECK(fit.model.family.component[2].variance == 3.0);
}

TEST_CASE("per component: names of parameters bear their component") {
  const auto model = normals();
  CHECK(model.family.parameter_names() ==
        std::vector<std::string>{"p1(0)", "p2(0)", "p1(1)", "p2(1)"});
  struct Named : Normal {
    Named maximize(double n, const Statistics& s) const { return {Normal::maximize(n, s)}; }
    std::vector<std::string> parameter_names() const { return {"mean", "moment(2)"}; }
  };
  const PerComponent<Named> named{{Named{}, Named{}}};
  CHECK(named.parameter_names() ==
        std::vector<std::string>{"mean(0)", "moment(0,2)", "mean(1)", "moment(1,2)"});
  CHECK(static_cast<Index>(named.parameter_names().size()) == named.parameters().size());
}
