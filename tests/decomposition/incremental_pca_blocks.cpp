// Incremental PCA: weights, decay, merging, threads, float, bad input.
#include <cstring>
#include <limits>

#include "latent/decomposition/incremental_pca.hpp"
#include "latent/decomposition/pca.hpp"
#include "stats/data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::DataError;
using latent::IncrementalPCA;
using latent::Index;
using latent::InvalidArgument;
using latent::PCA;
using latent::Serial;
using latent::Threads;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::eps;
using latent_test::same_bits;
using State = latent::IncrementalPCAState<double>;

namespace {

bool same_state(const State& a, const State& b) {
  return a.factor.weight == b.factor.weight && a.factor.exponent == b.factor.exponent &&
         same_bits(a.factor.cut, b.factor.cut) && same_bits(a.factor.rows, b.factor.rows) &&
         same_bits(a.factor.shift, b.factor.shift) && same_bits(a.factor.rest, b.factor.rest) &&
         same_bits(latent::pack(a.moments), latent::pack(b.moments)) && a.steps == b.steps;
}

}  // namespace

TEST_CASE("incremental pca: the same bits for any executor, many lanes a block") {
  const bool exact = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(23000, 7, 3, 20.0);
  const IncrementalPCA pca{.keep = 4, .exact = exact, .decay = 0.75};
  const auto fed = [&](const auto& executor) {
    State state;
    pca.partial_fit(state, x.topRows(11000), executor);
    pca.partial_fit(state, x.middleRows(11000, 4097), executor);
    pca.partial_fit(state, x.bottomRows(7903), executor);
    return state;
  };
  const State serial = fed(Serial{});
  const auto model = pca.finish(serial).model;
  for (const int threads : {1, 2, 3, 8}) {
    const State state = fed(Threads{threads});
    CHECK(same_state(state, serial));
    CHECK(same_bits(pca.finish(state).model.projection(), model.projection()));
  }
  const latent::RowMatrix<double> rows = x;
  State other;
  pca.partial_fit(other, rows.topRows(11000));
  pca.partial_fit(other, rows.middleRows(11000, 4097));
  pca.partial_fit(other, rows.bottomRows(7903));
  CHECK(same_state(other, serial));
}

TEST_CASE("incremental pca: lanes of more rows than columns, or fewer, agree with all rows") {
  const Eigen::MatrixXd x = latent_test::normal_rows(6500, 12, 5, 100.0);
  const IncrementalPCA pca{};
  State state;
  pca.partial_fit(state, x);
  const auto model = pca.finish(state).model;
  const auto whole = PCA{}.fit(x).model;
  CHECK(close_matrix(model.explained_variance(), whole.explained_variance(), 1e-12));
  CHECK((model.projection() - whole.projection()).cwiseAbs().maxCoeff() <= 1e-10);
}

TEST_CASE("incremental pca: weights are frequencies, and rows without weight are not there") {
  const bool exact = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(60, 4, 8, 1e3);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(60);
  w[3] = 2.0;
  w.segment(20, 20).setZero();
  Eigen::MatrixXd repeated(41, 4);
  repeated << x.topRows(20), x.bottomRows(20), x.row(3);
  const auto source = latent::samples(x).weights(w);
  const IncrementalPCA pca{.exact = exact};
  State state;
  for (Index first = 0; first < 60; first += 20) {
    const auto step = pca.partial_fit(state, source.slice(first, 20));
    CHECK(step.weight == w.segment(first, 20).sum());
  }
  CHECK(state.steps == 2);
  CHECK(state.n() == 41.0);
  const auto model = pca.finish(state).model;
  const auto whole = PCA{}.fit(repeated).model;
  CHECK(close_matrix(model.explained_variance(), whole.explained_variance(), 1e-12));
  CHECK((model.projection() - whole.projection()).cwiseAbs().maxCoeff() <= 1e-11);
  CHECK((model.mean() - whole.mean()).cwiseAbs().maxCoeff() <= 8 * eps * 1e3);
}

TEST_CASE("incremental pca: decay is a weight that falls with each block") {
  const bool exact = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(90, 4, 2, 30.0);
  const IncrementalPCA pca{.exact = exact, .decay = 0.5};
  State state;
  for (Index first = 0; first < 90; first += 30) {
    pca.partial_fit(state, x.middleRows(first, 30));
    pca.partial_fit(state, Eigen::MatrixXd(0, 4));  // no block at all
  }
  Eigen::VectorXd w(90);
  for (Index i = 0; i < 90; ++i) w[i] = i < 30 ? 0.25 : (i < 60 ? 0.5 : 1.0);
  CHECK(state.n() == 52.5);
  const auto model = pca.finish(state).model;
  const auto whole = PCA{}.fit(latent::samples(x).weights(w)).model;
  CHECK(close_matrix(model.explained_variance(), whole.explained_variance(), 1e-12));
  CHECK((model.projection() - whole.projection()).cwiseAbs().maxCoeff() <= 1e-11);
  CHECK((model.mean() - whole.mean()).cwiseAbs().maxCoeff() <= 8 * eps * 30);
}

TEST_CASE("incremental pca: states merge, whichever saw what") {
  const bool exact = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(500, 5, 7, 1e6);
  const IncrementalPCA pca{.exact = exact, .decay = 0.5};
  State a;
  State b;
  State none;
  pca.partial_fit(a, x.topRows(123));
  pca.partial_fit(b, x.bottomRows(377));
  const State kept = a;
  pca.merge(a, none);
  CHECK(same_state(a, kept));
  pca.merge(none, a);
  CHECK(none.n() == 123.0);
  CHECK(pca.merge(a, b).weight == 377.0);
  CHECK(a.n() == 500.0);
  const auto model = pca.finish(a).model;
  const auto whole = PCA{}.fit(x).model;
  CHECK(close_matrix(model.explained_variance(), whole.explained_variance(), 1e-12));
  CHECK((model.projection() - whole.projection()).cwiseAbs().maxCoeff() <= 1e-10);
}

TEST_CASE("incremental pca: fewer rows than components so far is a status, not an error") {
  const bool exact = GENERATE(false, true);
  const Eigen::MatrixXd x = latent_test::normal_rows(50, 6, 3);
  const IncrementalPCA pca{.keep = 5, .exact = exact};
  State state;
  pca.partial_fit(state, x.topRows(1));
  CHECK_THROWS_WITH(pca.finish(state), contains("1 sample"));
  pca.partial_fit(state, x.middleRows(1, 2));
  const auto [early, report] = pca.finish(state);
  CHECK(early.components() == 3);
  CHECK(early.rank() == 2);
  CHECK(report.status == latent::Status::degenerate);
  CHECK_THAT(report.notes.back().message, contains("3 components; keep is 5"));
  const auto whole = PCA{}.fit(x.topRows(3)).model;
  CHECK(close_matrix(early.explained_variance(), whole.explained_variance(), 1e-12));
  pca.partial_fit(state, x.bottomRows(47));
  CHECK(pca.finish(state).report.converged());
  CHECK(pca.finish(state).model.components() == 5);
}

TEST_CASE("incremental pca: constant data, and data of one row again and again") {
  const bool exact = GENERATE(false, true);
  const IncrementalPCA pca{.keep = 2, .exact = exact};
  State state;
  for (int i = 0; i < 5; ++i) pca.partial_fit(state, Eigen::RowVector3d(0.1, -1e300, 1e8));
  const auto [model, report] = pca.finish(state);
  CHECK(report.status == latent::Status::degenerate);
  CHECK(model.rank() == 0);
  CHECK(model.mean() == Eigen::Vector3d(0.1, -1e300, 1e8));
  CHECK(model.explained_variance() == Eigen::Vector2d(0, 0));
  CHECK(model.explained_variance_ratio() == Eigen::Vector2d(0, 0));
  const Eigen::MatrixXd v = model.projection();
  CHECK((v.transpose() * v - Eigen::Matrix2d::Identity()).cwiseAbs().maxCoeff() <= 4 * eps);
}

TEST_CASE("incremental pca: float data are held in double and give a float model") {
  const Eigen::MatrixXf x = latent_test::normal_rows(2000, 6, 5, 1e3).cast<float>();
  const IncrementalPCA pca{.keep = 3};
  latent::IncrementalPCAState<float> state;
  for (Index first = 0; first < 2000; first += 100)
    pca.partial_fit(state, x.middleRows(first, 100));
  const auto model = pca.finish(state).model;
  static_assert(std::is_same_v<decltype(model)::Scalar, float>);
  State twice;
  for (Index first = 0; first < 2000; first += 100)
    pca.partial_fit(twice, x.middleRows(first, 100).cast<double>());
  CHECK(same_bits(state.factor.rows, twice.factor.rows));
  CHECK(close_matrix(model.singular_values(), pca.finish(twice).model.singular_values(), 1e-7));
}

TEST_CASE("incremental pca: bad input is a typed error, and the state stays as it was") {
  const bool exact = GENERATE(false, true);
  Eigen::MatrixXd x = latent_test::normal_rows(20, 4, 3);
  const IncrementalPCA pca{.keep = 2, .exact = exact};
  State state;
  CHECK_THROWS_AS(pca.finish(state), DataError);
  CHECK_THROWS_AS(pca.partial_fit(state, Eigen::MatrixXd(3, 0)), InvalidArgument);
  pca.partial_fit(state, x);
  const State before = state;
  CHECK_THROWS_WITH(pca.partial_fit(state, x.leftCols(3)), contains("4 columns") && contains("3"));
  CHECK_THROWS_AS(pca.partial_fit(state, Eigen::MatrixXd(0, 3)), InvalidArgument);
  x(19, 3) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(pca.partial_fit(state, x), contains("NaN at row 19, column 3"));
  CHECK_THROWS_AS(pca.partial_fit(state, x), DataError);
  const Eigen::MatrixXd good = x.topRows(19);
  CHECK_THROWS_WITH((IncrementalPCA{.keep = 5, .exact = exact}.partial_fit(state, good)),
                    contains("the number of columns, 4; got 5"));
  CHECK_THROWS_AS((IncrementalPCA{.keep = 0, .exact = exact}.partial_fit(state, good)),
                  InvalidArgument);
  CHECK_THROWS_AS(
      (IncrementalPCA{.keep = latent::VarianceRatio{1.5}, .exact = exact}.partial_fit(state, good)),
      InvalidArgument);
  for (const double decay : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS((IncrementalPCA{.exact = exact, .decay = decay}.partial_fit(state, good)),
                    InvalidArgument);
  CHECK_THROWS_WITH((IncrementalPCA{.exact = !exact}.partial_fit(state, good)), contains("exact"));
  CHECK_THROWS_AS((IncrementalPCA{.exact = !exact}.finish(state)), InvalidArgument);
  State narrow;
  pca.partial_fit(narrow, good.leftCols(3));
  CHECK_THROWS_AS(pca.merge(state, narrow), InvalidArgument);
  CHECK(same_state(state, before));
}
