// The fourteen forms of covariances: against mclust, closed forms, and what each form keeps.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/gaussian_mixture.hpp"
#include "mixture/family_checks.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/read_table.hpp"

using latent::Covariance;
using latent::Index;
using latent::RowMatrix;
using latent_test::close;
using latent_test::same_bits;

namespace {

using Bells = latent::GaussianFamily<double>;
using Mix = latent::Mixture<Bells>;

struct Reference {
  Covariance form;
  double log_likelihood;
  Index parameters;
};

// mclust 6.0.0, me() from the partition named, eps = 0, tol = 1e-14.
constexpr Reference faithful[] = {  // eruptions below 3 minutes, and others
    {Covariance::EII, -1709.68137294974, 6},  {Covariance::VII, -1709.52928217742, 7},
    {Covariance::EEI, -1157.68001234169, 7},  {Covariance::VEI, -1152.88019636624, 8},
    {Covariance::EVI, -1153.88556822223, 8},  {Covariance::VVI, -1147.80635253781, 9},
    {Covariance::EEE, -1140.18675943708, 8},  {Covariance::VEE, -1136.25985413653, 9},
    {Covariance::EVE, -1136.91026067045, 9},  {Covariance::VVE, -1132.18744640219, 10},
    {Covariance::EEV, -1139.3315986554, 9},   {Covariance::VEV, -1134.67920351944, 10},
    {Covariance::EVV, -1135.76990393595, 10}, {Covariance::VVV, -1130.26396018474, 11}};
constexpr Reference iris[] = {  // species
    {Covariance::EII, -401.802175788983, 15}, {Covariance::VII, -384.314095060822, 17},
    {Covariance::EEI, -361.425522042766, 18}, {Covariance::VEI, -339.468727260699, 20},
    {Covariance::EVI, -340.085580736535, 24}, {Covariance::VVI, -306.860460506224, 26},
    {Covariance::EEE, -256.354043125584, 24}, {Covariance::VEE, -237.560162795942, 26},
    {Covariance::EVE, -234.140235060052, 30}, {Covariance::VVE, -215.240870339703, 32},
    {Covariance::EEV, -214.850378873449, 36}, {Covariance::VEV, -186.073283403774, 38},
    {Covariance::EVV, -205.535880817442, 42}, {Covariance::VVV, -180.185477131304, 44}};

Mix rough(Covariance form, const RowMatrix<double>& x, Index components) {
  const double share = 1.0 / static_cast<double>(components);
  return {Eigen::VectorXd::Constant(components, share),
          Bells::isotropic(form, x.topRows(components), 1.0)};
}

Mix from_partition(Covariance form, const RowMatrix<double>& x, const Eigen::VectorXi& labels) {
  return latent::fit_complete(rough(form, x, labels.maxCoeff() + 1),
                              latent::samples(x).labels(labels));
}

RowMatrix<double> waiting() {
  return latent_test::read_table("faithful");
}
Eigen::VectorXi short_or_long(const RowMatrix<double>& x) {
  return (x.col(0).array() >= 3.0).cast<int>();
}

template <std::size_t N>
void check_against(const Reference (&references)[N], const RowMatrix<double>& x,
                   const Eigen::VectorXi& labels) {
  static_assert(N == std::size(latent::every_covariance));
  for (const Reference& exact : references) {
    INFO(std::string(to_string(exact.form)));
    const auto fit = latent::EM{.max_iterations = 20000, .tolerance = 0}.fit(
        from_partition(exact.form, x, labels), x);
    // With common axes and free volumes mclust's inner iteration ends before its minimum.
    const double slack = 1e-9 * std::abs(exact.log_likelihood);
    CHECK(fit.log_likelihood >= exact.log_likelihood - slack);
    if (exact.form != Covariance::VVE) CHECK(fit.log_likelihood <= exact.log_likelihood + slack);
    CHECK(fit.model.free_parameters() == exact.parameters);
    CHECK(!fit.model.degenerate());
    CHECK(fit.report.status != latent::Status::not_monotone);
  }
}

// Three clouds of different sizes, shapes and directions.
RowMatrix<double> clouds(Index n, Index d) {
  RowMatrix<double> x(n, d);
  const latent::Random stream(11, latent::Purpose::sampling);
  for (Index i = 0; i < n; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    const auto k = static_cast<double>(i % 3);
    double before = 0.0;
    for (Index j = 0; j < d; ++j) {
      const double spread = (1.0 + 0.5 * k) * (j == i % 3 ? 1.5 : 0.5);
      before = spread * random.normal() + (k - 1.0) * 0.6 * before;
      x(i, j) = before + 2.5 * k * static_cast<double>(j % 2 == 0);
    }
  }
  return x;
}

}  // namespace

TEST_CASE("covariance forms: Old Faithful as mclust, all fourteen") {
  const RowMatrix<double> x = waiting();
  check_against(faithful, x, short_or_long(x));
}

TEST_CASE("covariance forms: iris as mclust, all fourteen") {
  const RowMatrix<double> table = latent_test::read_table("iris");
  check_against(iris, table.leftCols(4), table.col(4).cast<int>());
}

TEST_CASE("covariance forms: every M-step has the form, and no iteration loses likelihood") {
  const Index d = 4;
  const RowMatrix<double> x = clouds(600, d);
  Eigen::VectorXi labels(x.rows());
  for (Index i = 0; i < x.rows(); ++i) labels[i] = static_cast<int>((i / 7) % 3);
  const double eps = std::numeric_limits<double>::epsilon();
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const auto fit =
        latent::EM{.max_iterations = 60, .tolerance = 0}.fit(from_partition(form, x, labels), x);
    CHECK(fit.report.status == latent::Status::max_iterations);
    for (std::size_t t = 1; t < fit.report.trace.size(); ++t) {
      const double before = fit.report.trace[t - 1].log_likelihood;
      CHECK(fit.report.trace[t].log_likelihood >= before - 64 * eps * std::abs(before));
    }
    // Volumes, shapes and directions, of which some must agree.
    const std::string name(to_string(form));
    const Bells& family = fit.model.family;
    std::vector<Eigen::VectorXd> shapes;
    std::vector<double> volumes;
    for (Index k = 0; k < 3; ++k) {
      const Eigen::MatrixXd covariance = family.covariance(k);
      CHECK(covariance == covariance.transpose());
      const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(covariance);
      Eigen::VectorXd values = eigen.eigenvalues();
      // Forms with axes of all components say which variance lies along which.
      if (name[2] == 'I') values = covariance.diagonal();
      if (name[2] == 'I') CHECK((covariance - Eigen::MatrixXd(values.asDiagonal())).norm() == 0.0);
      volumes.push_back(std::exp(values.array().log().mean()));
      shapes.push_back(values / volumes.back());
    }
    const double some = 1e-9;  // what an iterative M-step leaves
    for (std::size_t k = 1; k < 3; ++k) {
      if (name[0] == 'E') CHECK(close(volumes[k], volumes[0], some));
      if (name[1] == 'E') CHECK((shapes[k] - shapes[0]).norm() <= some * shapes[0].norm());
      if (name[1] == 'I') CHECK((shapes[k].array() - 1.0).abs().maxCoeff() <= some);
      if (name[2] == 'E') {  // matrices with the same axes commute
        const Eigen::MatrixXd a = family.covariance(0);
        const Eigen::MatrixXd b = family.covariance(static_cast<Index>(k));
        CHECK((a * b - b * a).norm() <= some * a.norm() * b.norm());
      }
    }
  }
}

TEST_CASE("covariance forms: with one component they are three") {
  const RowMatrix<double> x = clouds(200, 3);
  const Eigen::VectorXi all = Eigen::VectorXi::Zero(x.rows());
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - mean;
  const Eigen::MatrixXd covariance = centred.transpose() * centred / 200.0;
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const Bells family = from_partition(form, x, all).family;
    Eigen::MatrixXd expected = covariance;
    if (latent::detail::is_diagonal(form)) expected = covariance.diagonal().asDiagonal();
    if (latent::detail::is_spherical(form))
      expected = Eigen::MatrixXd::Identity(3, 3) * covariance.trace() / 3.0;
    CHECK((family.covariance(0) - expected).norm() <= 1e-13 * expected.norm());
  }
}

TEST_CASE("covariance forms: in one dimension there are two") {
  const RowMatrix<double> x = waiting().col(1);
  Eigen::VectorXi labels = (x.col(0).array() > 66.0).cast<int>();
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const bool varies = to_string(form)[0] == 'V';
    const auto fit =
        latent::EM{.max_iterations = 5000, .tolerance = 0}.fit(from_partition(form, x, labels), x);
    CHECK(fit.model.free_parameters() == (varies ? 5 : 4));
    const Covariance same = varies ? Covariance::VVV : Covariance::EEE;
    const auto other =
        latent::EM{.max_iterations = 5000, .tolerance = 0}.fit(from_partition(same, x, labels), x);
    CHECK(close(fit.log_likelihood, other.log_likelihood, 1e-12));
  }
}

TEST_CASE("covariance forms: scaling and moving the data changes nothing but the constant") {
  const Index d = 3;
  const RowMatrix<double> x = clouds(300, d);
  Eigen::VectorXi labels(x.rows());
  for (Index i = 0; i < x.rows(); ++i) labels[i] = static_cast<int>(i % 3);
  const double factor = std::ldexp(1.0, -40);
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const latent::EM em{.max_iterations = 20, .tolerance = 0};
    const auto fit = em.fit(from_partition(form, x, labels), x);
    const RowMatrix<double> small = x * factor;
    const auto scaled = em.fit(from_partition(form, small, labels), small);
    const double shift = static_cast<double>(x.rows() * d) * 40.0 * std::log(2.0);
    CHECK(close(scaled.log_likelihood, fit.log_likelihood + shift, 1e-12));
    const RowMatrix<double> expected = fit.model.family.means * factor;
    CHECK((scaled.model.family.means - expected).norm() <= 1e-10 * expected.norm());
    CHECK(scaled.model.predict(small) == fit.model.predict(x));
  }
}

TEST_CASE("covariance forms: a component on equal rows meets the floor in every form") {
  RowMatrix<double> x = clouds(90, 3);
  x.topRows(30).setConstant(1.0);
  Eigen::VectorXi labels(x.rows());
  for (Index i = 0; i < x.rows(); ++i) labels[i] = i < 30 ? 0 : 1;
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const Mix made = from_partition(form, x, labels);
    // Where the covariance is shared, or its volume and shape are those of others, it is sound.
    const std::string name(to_string(form));
    const bool touched = name[0] == 'V' || name[1] == 'V';
    CHECK(made.degenerate() == touched);
    CHECK(std::isfinite(made.log_likelihood(x)));
    for (Index k = 0; k < 2; ++k) CHECK(made.family.covariance(k).diagonal().minCoeff() > 0.0);
  }
}

TEST_CASE("covariance forms: the form in the type and at run time give the same bits") {
  const RowMatrix<double> x = waiting();
  const Eigen::VectorXi labels = short_or_long(x);
  const latent::Mixture<latent::Gaussian<Covariance::VEV>> start{
      Eigen::Vector2d::Constant(0.5),
      latent::Gaussian<Covariance::VEV>::isotropic(x.topRows(2), 1.0)};
  const auto typed = latent::fit_complete(start, latent::samples(x).labels(labels));
  const Mix chosen = from_partition(Covariance::VEV, x, labels);
  CHECK(same_bits(typed.log_likelihood(x), chosen.log_likelihood(x)));
  CHECK(typed.family.form() == Covariance::VEV);
}

TEST_CASE("covariance forms: fits give the same bits on any executor") {
  const RowMatrix<double> x = clouds(5000, 3);
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    latent_test::check_executors(rough(form, x, 3), x);
  }
}

TEST_CASE("covariance forms: a prior is the mode of its posterior in every form") {
  const RowMatrix<double> x = clouds(40, 2);
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    Mix start = rough(form, x, 2);
    start.family.prior.degrees = 5.0;
    start.family.prior.scale = Eigen::Matrix2d::Identity() * 2.0;
    start.family.prior.mean_weight = 0.5;
    start.family.prior.mean = Eigen::Vector2d(1.0, 0.0);
    const auto fit = latent::EM{.max_iterations = 200, .tolerance = 0}.fit(start, x);
    CHECK(fit.report.status != latent::Status::not_monotone);
    const double eps = std::numeric_limits<double>::epsilon();
    for (std::size_t t = 1; t < fit.report.trace.size(); ++t) {
      const double before = fit.report.trace[t - 1].objective;
      CHECK(fit.report.trace[t].objective >= before - 64 * eps * std::abs(before));
    }
  }
}
