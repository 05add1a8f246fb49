#include "latent/decomposition/pca.hpp"

#include <limits>
#include <string>

#include "decomposition/irises.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/read_table.hpp"

using latent::All;
using latent::Index;
using latent::PCA;
using latent::PCASolver;
using latent::VarianceRatio;

namespace {

const double eps = std::numeric_limits<double>::epsilon();
const auto both_solvers = {PCASolver::covariance, PCASolver::gram};

}  // namespace

TEST_CASE("pca: Fisher's irises are met, raw and standardized, by both solvers") {
  const bool standardize = GENERATE(false, true);
  const latent_test::Reference& expected =
      standardize ? latent_test::iris_standardized : latent_test::iris;
  const Eigen::MatrixXd x = latent_test::irises();
  for (const PCASolver solver : both_solvers) {
    const auto [model, report] = PCA{.solver = solver, .standardize = standardize}.fit(x);
    CHECK(report.converged());
    CHECK(report.notes.empty());
    CHECK(model.rank() == 4);
    const Eigen::MatrixXd scores = model.transform(x);
    for (Index j = 0; j < 4; ++j) {
      // Eigenvalues are exact to eps times the largest; axes to that over the gap.
      const double v = expected.variance[j];
      CHECK(std::abs(model.explained_variance()[j] - v) <= 64 * eps * expected.variance[0]);
      CHECK(std::abs(model.explained_variance_ratio()[j] - expected.ratio[j]) <= 64 * eps);
      CHECK(std::abs(model.singular_values()[j] - expected.singular[j]) <=
            1e-12 * expected.singular[0]);
      for (Index d = 0; d < 4; ++d)
        CHECK(std::abs(model.projection()(d, j) - expected.axes[j][d]) <= 1e-12);
      for (Index i = 0; i < 3 && j < 3; ++i)
        CHECK(std::abs(scores(i, j) - expected.scores[i][j]) <= 1e-11);
    }
  }
}

TEST_CASE("pca: the reconstruction error of the irises falls as the reference says") {
  const Eigen::MatrixXd x = latent_test::irises();
  for (Index l = 1; l <= 4; ++l) {
    const auto model = PCA{.keep = l}.fit(x).model;
    const Eigen::MatrixXd back = model.inverse_transform(model.transform(x));
    const double error = (x - back).rowwise().squaredNorm().mean();
    CHECK(std::abs(error - latent_test::iris.squared_error[l]) <= 1e-13);
    double discarded = 0.0;
    for (Index j = l; j < 4; ++j) discarded += latent_test::iris.variance[j];
    const double noise = l < 4 ? discarded / static_cast<double>(4 - l) : 0.0;
    CHECK(std::abs(model.noise_variance() - noise) <= 64 * eps);
  }
}

TEST_CASE("pca: the table of the lecture has one component, along (1, 2) / sqrt 5") {
  Eigen::MatrixXd x(6, 2);
  x << 1, 7, 3, 11, 6, 17, 10, 25, 15, 35, 21, 47;
  for (const PCASolver solver : both_solvers) {
    const auto [model, report] = PCA{.solver = solver}.fit(x);
    CHECK(report.status == latent::Status::degenerate);
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0].component == 1);
    CHECK(report.notes[0].value > 0.0);
    CHECK(model.rank() == 1);
    CHECK(std::abs(model.explained_variance()[0] - 868.0 / 3) <= 8 * eps * 868 / 3);
    CHECK(model.explained_variance()[1] == 0.0);
    CHECK(model.explained_variance_ratio() == Eigen::Vector2d(1, 0));
    const double a = 0.447213595499957939281834733746;
    Eigen::MatrixXd axes(2, 2);
    axes << a, 2 * a, 2 * a, -a;
    CHECK((model.projection() - axes).cwiseAbs().maxCoeff() <= 4 * eps);
    Eigen::VectorXd scores(6);
    scores << -18.6338998124982474700764472394, -14.1617638574986680772580999020,
        -7.45355992499929998803057889577, 1.49071198499985979760611577915,
        12.6710518724988082796519841228, 26.0874597374975464581070261352;
    CHECK((model.transform(x).col(0) - scores).cwiseAbs().maxCoeff() <= 16 * eps * 26);
  }
}

TEST_CASE("pca: keep is a number, a share of the variance, or all") {
  const Eigen::MatrixXd x = latent_test::irises();
  CHECK(PCA{.keep = 3}.fit(x).model.components() == 3);
  CHECK(PCA{.keep = Index{2}}.fit(x).model.components() == 2);
  CHECK(PCA{}.fit(x).model.components() == 4);
  CHECK(PCA{.keep = All{}}.fit(x).model.components() == 4);
  // Cumulative: 0.9246, 0.9777, 0.9948, 1.
  CHECK(PCA{.keep = VarianceRatio{0.92}}.fit(x).model.components() == 1);
  CHECK(PCA{.keep = VarianceRatio{0.95}}.fit(x).model.components() == 2);
  CHECK(PCA{.keep = VarianceRatio{0.995}}.fit(x).model.components() == 4);
  CHECK(PCA{.keep = VarianceRatio{1.0}}.fit(x).model.components() == 4);
  CHECK(PCA{.keep = VarianceRatio{1.0 - eps}}.fit(x).model.components() == 4);
  CHECK(PCA{.keep = VarianceRatio{1e-300}}.fit(x).model.components() == 1);
}

TEST_CASE("pca: keep out of range is an error that names rule and value") {
  const Eigen::MatrixXd x = latent_test::irises();
  for (const Index keep : {Index{0}, Index{-1}, Index{5}})
    CHECK_THROWS_AS(PCA{.keep = keep}.fit(x), latent::InvalidArgument);
  CHECK_THROWS_WITH(PCA{.keep = 5}.fit(x), latent_test::contains("min(samples, columns) = 4") &&
                                               latent_test::contains("got 5"));
  CHECK_THROWS_AS(PCA{.keep = 3}.fit(x.topRows(2)), latent::InvalidArgument);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double ratio : {0.0, -0.5, 1.5, nan})
    CHECK_THROWS_AS(PCA{.keep = VarianceRatio{ratio}}.fit(x), latent::InvalidArgument);
}

TEST_CASE("pca: bad data are typed errors that say what and where") {
  Eigen::MatrixXd x = latent_test::irises();
  for (const PCASolver solver : both_solvers) {
    const PCA pca{.solver = solver};
    CHECK_THROWS_AS(pca.fit(Eigen::MatrixXd(0, 3)), latent::InvalidArgument);
    CHECK_THROWS_AS(pca.fit(Eigen::MatrixXd(3, 0)), latent::InvalidArgument);
    CHECK_THROWS_AS(pca.fit(x.topRows(1)), latent::DataError);
    CHECK_THROWS_WITH(pca.fit(x.topRows(1)), latent_test::contains("1 sample"));
    Eigen::MatrixXd bad = x;
    bad(149, 3) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(pca.fit(bad), latent::DataError);
    CHECK_THROWS_WITH(pca.fit(bad), latent_test::contains("NaN at row 149, column 3"));
    Eigen::VectorXd w = Eigen::VectorXd::Ones(150);
    w[149] = 0.0;
    CHECK_THROWS_WITH(pca.fit(latent::samples(bad).weights(w)),
                      latent_test::contains("NaN at row 149, column 3"));
    bad(0, 0) = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH(pca.fit(bad), latent_test::contains("inf at row 0, column 0"));
  }
}

TEST_CASE("pca: a fit of moments is the fit by covariance, to the bit") {
  const Eigen::MatrixXd x = latent_test::normal_rows(3000, 5, 4, 100.0);
  const bool standardize = GENERATE(false, true);
  const auto direct = PCA{.keep = 3, .standardize = standardize}.fit(x);
  const auto by_moments = PCA{.keep = 3, .standardize = standardize}.fit(latent::moments(x));
  CHECK(by_moments.model.projection() == direct.model.projection());
  CHECK(by_moments.model.explained_variance() == direct.model.explained_variance());
  CHECK(by_moments.model.mean() == direct.model.mean());
  CHECK(by_moments.model.transform(x) == direct.model.transform(x));
  CHECK_THROWS_AS(PCA{.solver = PCASolver::gram}.fit(latent::moments(x)), latent::InvalidArgument);
  CHECK_THROWS_AS(PCA{}.fit(latent::Moments<double>{}), latent::DataError);
  // Moments of parts, merged: the same up to rounding.
  const auto merged =
      PCA{.keep = 3}.fit(latent::moments(x.topRows(10)) + latent::moments(x.bottomRows(2990)));
  CHECK((merged.model.projection() - PCA{.keep = 3}.fit(x).model.projection()).norm() <= 1e-11);
}

TEST_CASE("pca: wines, whose variances span seven decades, are met") {
  const Eigen::MatrixXd x = latent_test::read_table("wine").leftCols(13);
  REQUIRE(x.rows() == 178);
  const double raw[13] = {99201.78951748095,   172.53526647789153,  9.438113703470638,
                          4.99117860764191,    1.2288452283714313,  0.8410638694551834,
                          0.278973523066052,   0.15138126638308277, 0.11209676473741913,
                          0.07170260316211392, 0.03757597886619319, 0.021072366149372433,
                          0.008203703141775768};
  const double standardized[13] = {4.705850252990422,  2.4969737334111626,  1.4460719697124973,
                                   0.9189739237528239, 0.8532281783543181,  0.6416570314989339,
                                   0.5510283119410314, 0.34849736328925246, 0.28887994262266276,
                                   0.2509024822127302, 0.2257886396986889,  0.16877023482854753,
                                   0.10337793568692881};
  const double score[3] = {3.307420974289218, 1.4394022531822925, -0.16527282978197033};
  for (const PCASolver solver : both_solvers) {
    const auto plain = PCA{.solver = solver}.fit(x).model;
    const auto scaled = PCA{.keep = 13, .solver = solver, .standardize = true}.fit(x).model;
    CHECK(plain.rank() == 13);
    for (Index j = 0; j < 13; ++j) {
      CHECK(std::abs(plain.explained_variance()[j] - raw[j]) <= 64 * eps * raw[0]);
      CHECK(std::abs(scaled.explained_variance()[j] - standardized[j]) <= 1e-13);
    }
    CHECK(std::abs(plain.projection()(12, 0) - 0.9998229365233257) <= 1e-14);
    CHECK(std::abs(plain.projection()(7, 12) - 0.9664662270612145) <= 1e-8);
    for (Index j = 0; j < 3; ++j)
      CHECK(std::abs(scaled.transform(x.topRows(1))(0, j) - score[j]) <= 1e-11);
  }
}
