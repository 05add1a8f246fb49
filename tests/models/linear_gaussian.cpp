// What probabilistic PCA and factor analysis have in common, against dense Gaussians.
#include <cmath>
#include <limits>
#include <vector>

#include "latent/em/em.hpp"
#include "latent/em/incremental.hpp"
#include "latent/em/online.hpp"
#include "latent/models/factor_analysis.hpp"
#include "latent/models/probabilistic_pca.hpp"
#include "latent/testing/laws.hpp"
#include "models/linear_reference.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::message_of;
using latent_test::same_bits;
using linear_reference::FA;
using linear_reference::made;
using linear_reference::missing;
using linear_reference::PPCA;
using linear_reference::with_gaps;

namespace {

// Calls f(truth) for a model of each kind.
template <class F>
void for_both(const F& f) {
  {
    INFO("probabilistic PCA");
    f(made<PPCA>());
  }
  {
    INFO("factor analysis");
    f(made<FA>());
  }
}

// The parameter number p of a model, to be moved.
double& parameter(PPCA& model, Index p) {
  if (p < model.mean.size()) return model.mean[p];
  p -= model.mean.size();
  return p < model.loadings.size() ? model.loadings.data()[p] : model.noise_variance;
}
double& parameter(FA& model, Index p) {
  if (p < model.mean.size()) return model.mean[p];
  p -= model.mean.size();
  return p < model.loadings.size() ? model.loadings.data()[p]
                                   : model.noise_variances[p - model.loadings.size()];
}

// The gradient of the observed log-likelihood, by central differences.
template <class M>
Vector<double> gradient(const M& model, const RowMatrix<double>& x) {
  Vector<double> slopes(model.parameters().size());
  constexpr double step = 1e-5;
  for (Index p = 0; p < slopes.size(); ++p) {
    M up = model;
    M down = model;
    parameter(up, p) += step;
    parameter(down, p) -= step;
    slopes[p] = (up.log_likelihood(x) - down.log_likelihood(x)) / (2.0 * step);
  }
  return slopes;
}

}  // namespace

TEST_CASE("linear gaussian: the log density of a row is that of its observed columns") {
  for_both([](const auto& model) {
    RowMatrix<double> x = with_gaps(model.sample(300, 1), 0.4, 2);
    x.row(7).setConstant(missing);
    x.row(8) = model.mean.transpose();
    const Vector<double> density = model.log_density(x);
    for (Index i = 0; i < x.rows(); ++i)
      REQUIRE(latent_test::close_on(10.0, density[i], linear_reference::log_density(model, x, i),
                                    1e-13));
    CHECK(density[7] == 0.0);
    CHECK(close(model.log_likelihood(x), density.sum(), 1e-13));
    Vector<double> weights = Vector<double>::LinSpaced(300, 0, 3);
    CHECK(close(model.log_likelihood(latent::samples(x).weights(weights)), density.dot(weights),
                1e-13));
    CHECK(model.transform(x).row(7).isZero(0.0));
  });
}

TEST_CASE("linear gaussian: one EM step is the brute-force one, with and without gaps") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    for (const double share : {0.0, 0.3}) {
      INFO("share missing: " << share);
      const RowMatrix<double> x = with_gaps(truth.sample(200, 3), share, 4);
      const M start = M::start(x, 2, 5);
      const M next = latent::EM{.max_iterations = 1, .tolerance = 0}.fit(start, x).model;
      const auto step = linear_reference::em_step(start, x);
      CHECK(close_matrix(next.loadings, step.coefficients.leftCols(2), 1e-12));
      CHECK(close_matrix(next.mean, step.coefficients.col(2), 1e-12));
      if constexpr (std::is_same_v<M, PPCA>)
        CHECK(close(next.noise_variance, step.residual.sum() / step.count.sum(), 1e-11));
      else
        CHECK(close_matrix(next.noise_variances, (step.residual.array() / step.count.array()),
                           1e-11));
    }
  });
}

TEST_CASE("linear gaussian: no step lowers the likelihood, and its gradient is zero at the limit") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    for (const double share : {0.0, 0.25}) {
      INFO("share missing: " << share);
      const RowMatrix<double> x = with_gaps(truth.sample(150, 6), share, 7);
      const M start = M::start(x, 2, 8);
      const auto fit =
          latent::EM{.max_iterations = 4000, .tolerance = 0}.fit(start, x, latent::Serial{});
      CHECK(fit.report.status == latent::Status::max_iterations);
      const auto& trace = fit.report.trace;
      for (std::size_t i = 1; i < trace.size(); ++i)
        REQUIRE(trace[i].objective >= trace[i - 1].objective - 64 * latent_test::eps * 2000);
      CHECK(close(fit.log_likelihood, fit.model.log_density(x).sum(), 1e-13));
      const double at_start = gradient(start, x).cwiseAbs().maxCoeff();
      const double at_limit = gradient(fit.model, x).cwiseAbs().maxCoeff();
      CHECK(at_start > 1.0);
      // Rounding of the log-likelihood over the step of the differences: 1000 eps / 1e-5.
      CHECK(at_limit <= 1e-6 * at_start);
    }
  });
}

TEST_CASE("linear gaussian: a weight of 2 is a row given twice, of 0 a row left out") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    const RowMatrix<double> x = with_gaps(truth.sample(120, 9), 0.2, 10);
    Vector<double> weights(120);
    std::vector<Index> rows;
    for (Index i = 0; i < 120; ++i) {
      weights[i] = static_cast<double>(i % 3);
      for (Index copy = 0; copy < i % 3; ++copy) rows.push_back(i);
    }
    const RowMatrix<double> repeated = x(rows, Eigen::all);
    const latent::EM em{.max_iterations = 20, .tolerance = 0};
    const M start = M::start(x, 2, 11);
    const auto weighted = em.fit(start, latent::samples(x).weights(weights));
    const auto twice = em.fit(start, repeated);
    CHECK(close_matrix(weighted.model.parameters(), twice.model.parameters(), 1e-11));
    CHECK(close(weighted.log_likelihood, twice.log_likelihood, 1e-13));
    CHECK(close_matrix(M::start(latent::samples(x).weights(weights), 2, 11).parameters(),
                       M::start(repeated, 2, 11).parameters(), 1e-13));
  });
}

TEST_CASE("linear gaussian: the same bits on any number of threads") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    for (const double share : {0.0, 0.1}) {
      const RowMatrix<double> x = with_gaps(truth.sample(7001, 12), share, 13);
      const latent::EM em{.max_iterations = 5, .tolerance = 0};
      const M start = M::start(x, 2, 14);
      const auto serial = em.fit(start, x, latent::Serial{});
      for (const int threads : {1, 2, 3, 8}) {
        const auto fit = em.fit(start, x, latent::Threads{threads});
        CHECK(same_bits(fit.model.parameters(), serial.model.parameters()));
        CHECK(same_bits(fit.log_likelihood, serial.log_likelihood));
      }
      const Eigen::MatrixXd columns = x;
      CHECK(same_bits(em.fit(start, columns).model.parameters(), serial.model.parameters()));
    }
  });
}

TEST_CASE("linear gaussian: laws, complete and incomplete, double and float") {
  const auto obey = [](const auto& model, const auto& x) {
    Vector<double> weights(x.rows());
    for (Index i = 0; i < x.rows(); ++i) weights[i] = static_cast<double>(i % 4) * 0.75;
    for (const std::string& broken : latent::testing::broken_laws(model, latent::samples(x)))
      FAIL_CHECK(broken);
    for (const std::string& broken :
         latent::testing::broken_laws(model, latent::samples(x).weights(weights)))
      FAIL_CHECK("weights: " << broken);
  };
  for_both([&](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    const RowMatrix<double> whole = truth.sample(5000, 15);
    const RowMatrix<double> gaps = with_gaps(whole, 0.15, 16);
    obey(M::start(whole, 2, 17), whole);
    obey(M::start(gaps, 2, 17), gaps);
    const RowMatrix<float> narrow = gaps.cast<float>();
    if constexpr (std::is_same_v<M, PPCA>)
      obey(latent::ProbabilisticPCA<float>::start(narrow, 2, 17), narrow);
    else
      obey(latent::FactorAnalysis<float>::start(narrow, 2, 17), narrow);
  });
  SUCCEED();
}

TEST_CASE("linear gaussian: an offset of 1e8 changes the mean alone") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    RowMatrix<double> x = with_gaps(truth.sample(2500, 18), 0.1, 19);
    for (Index i = 0; i < x.size(); ++i)  // a grid that survives the offset
      x.data()[i] = std::round(x.data()[i] * 0x1p20) * 0x1p-20;
    const RowMatrix<double> far = (x.array() + 1e8).matrix();
    const latent::EM em{.max_iterations = 200, .tolerance = 0};
    const M start = M::start(x, 2, 20);
    M moved = start;
    moved.mean.array() += 1e8;
    const auto near_fit = em.fit(start, x);
    const auto far_fit = em.fit(moved.recentred(), far);
    // The mean is known to half an ulp of 1e8, 7e-9, and everything else follows it.
    CHECK(far_fit.report.status == latent::Status::max_iterations);
    CHECK(close_matrix(far_fit.model.loadings, near_fit.model.loadings, 1e-7));
    CHECK(close(far_fit.log_likelihood, near_fit.log_likelihood, 1e-10));
    CHECK(close_matrix(M::start(far, 2, 20).loadings, start.loadings, 1e-7));
    // Sums about 0 have lost half of the digits at 1e4, and all at 1e8.
    const auto careless = em.fit(start, far);
    CHECK(std::isfinite(careless.log_likelihood));
    const auto again = em.fit(careless.model.recentred(), far);
    CHECK(again.log_likelihood >= careless.log_likelihood - 1e-6);
  });
}

TEST_CASE("linear gaussian: held-out numbers of low-rank data are found better than by means") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    const RowMatrix<double> whole = truth.sample(600, 21);
    const RowMatrix<double> x = with_gaps(whole, 0.2, 22);
    const auto fit = latent::EM{}.fit(M::start(x, 2, 23), x);
    CHECK(fit.report.converged());
    const RowMatrix<double> filled = fit.model.impute(x);
    const RowMatrix<double> rebuilt = fit.model.reconstruct(x);
    double by_model = 0.0;
    double by_means = 0.0;
    const Vector<double> means = M::start(x, 1).mean;
    for (Index i = 0; i < x.rows(); ++i)
      for (Index j = 0; j < x.cols(); ++j) {
        if (!std::isnan(x(i, j))) {
          REQUIRE(filled(i, j) == x(i, j));
          continue;
        }
        REQUIRE(filled(i, j) == rebuilt(i, j));
        by_model += (filled(i, j) - whole(i, j)) * (filled(i, j) - whole(i, j));
        by_means += (means[j] - whole(i, j)) * (means[j] - whole(i, j));
      }
    CHECK(by_model < 0.6 * by_means);
  });
}

TEST_CASE("linear gaussian: a row and a column with nothing observed take part in nothing") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    RowMatrix<double> x = with_gaps(truth.sample(100, 24), 0.2, 25);
    const latent::EM em{.max_iterations = 30, .tolerance = 0};
    const M start = M::start(x, 2, 26);
    const auto fit = em.fit(start, x);
    RowMatrix<double> more(101, 6);
    more << x, RowMatrix<double>::Constant(1, 6, missing);
    const auto with_empty = em.fit(start, more);
    CHECK(same_bits(with_empty.log_likelihood, fit.log_likelihood));
    CHECK(close_matrix(with_empty.model.parameters(), fit.model.parameters(), 1e-12));

    x.col(3).setConstant(missing);
    const auto without = em.fit(start, x);
    CHECK(without.report.status == latent::Status::degenerate);
    CHECK_THAT(without.report.notes.back().message,
               latent_test::contains("column 3 has no weight"));
    CHECK(without.model.mean[3] == start.mean[3]);
    CHECK(std::isfinite(without.log_likelihood));
    CHECK(M::start(x, 2, 26).parameters().allFinite());
  });
}

TEST_CASE("linear gaussian: what the model draws has its mean and covariance") {
  for_both([](const auto& truth) {
    constexpr Index n = 40000;
    const RowMatrix<double> x = truth.sample(n, 27);
    const RowMatrix<double> centred = x.rowwise() - truth.mean.transpose();
    const Eigen::MatrixXd covariance = centred.transpose() * centred / static_cast<double>(n);
    const Eigen::MatrixXd exact = truth.covariance();
    for (Index i = 0; i < 6; ++i)
      for (Index j = 0; j < 6; ++j) {
        const double deviation =
            std::sqrt((exact(i, i) * exact(j, j) + exact(i, j) * exact(i, j)) / n);
        CHECK(std::abs(covariance(i, j) - exact(i, j)) < 5 * deviation);
        CHECK(same_bits(exact(i, j), exact(j, i)));
      }
    CHECK(same_bits(RowMatrix<double>(truth.sample(10, 27)), RowMatrix<double>(x.topRows(10))));
  });
}

TEST_CASE("linear gaussian: bad input is named before any work") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    RowMatrix<double> x = truth.sample(10, 28);
    x(3, 2) = missing;
    const M start = M::start(x, 2);
    x(4, 1) = -std::numeric_limits<double>::infinity();
    const auto refused = [&](const auto& f) { return message_of<latent::DataError>(f); };
    CHECK_THAT(refused([&] { latent::EM{}.fit(start, x); }),
               latent_test::contains("-inf at row 4, column 1"));
    CHECK_THAT(refused([&] { M::start(x, 2); }), latent_test::contains("row 4, column 1"));
    CHECK_THAT(refused([&] { start.impute(x); }), latent_test::contains("row 4, column 1"));
    const RowMatrix<double> wide = RowMatrix<double>::Zero(2, 7);
    CHECK_THROWS_AS(start.transform(wide), latent::InvalidArgument);
    CHECK(start.transform(RowMatrix<double>(0, 6)).cols() == 2);
    CHECK_THROWS_AS(M::start(wide, 0), latent::InvalidArgument);
    CHECK_THROWS_AS(M::start(wide, 8), latent::InvalidArgument);
    CHECK_THROWS_AS(start.sample(-1, 0), latent::InvalidArgument);
    M odd = start;
    odd.floor = 1.0;
    CHECK_THROWS_AS(odd.check(), latent::InvalidArgument);
    odd = start;
    odd.mean.resize(3);
    CHECK_THROWS_AS(odd.log_density(x), latent::InvalidArgument);
    odd = start;
    odd.loadings(1, 1) = missing;
    CHECK_THAT(message_of<latent::InvalidArgument>([&] { odd.check(); }),
               latent_test::contains("loadings(1, 1)"));
    CHECK_THROWS_AS(M(start.mean, start.loadings, Vector<double>(Vector<double>::Zero(6))),
                    latent::InvalidArgument);
  });
}

TEST_CASE("linear gaussian: accelerated fits reach the same limit") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    const RowMatrix<double> x = with_gaps(truth.sample(300, 31), 0.25, 32);
    const M start = M::start(x, 2, 33);
    const auto plain = latent::EM{.max_iterations = 3000, .tolerance = 0}.fit(start, x);
    for (const auto kind : {latent::Acceleration::squarem, latent::Acceleration::anderson}) {
      const auto fast =
          latent::EM{.max_iterations = 1000, .tolerance = 1e-11, .acceleration = kind}.fit(start,
                                                                                           x);
      CHECK(fast.report.converged());
      CHECK(close(fast.log_likelihood, plain.log_likelihood, 1e-8));
      CHECK(close_matrix(fast.model.covariance(), plain.model.covariance(), 1e-3));
    }
  });
}

TEST_CASE("linear gaussian: incremental and online EM end at the same limit") {
  for_both([](const auto& truth) {
    using M = std::decay_t<decltype(truth)>;
    const RowMatrix<double> x = with_gaps(truth.sample(3000, 34), 0.1, 35);
    const M start = M::start(x, 2, 36);
    const auto plain = latent::EM{.max_iterations = 1500, .tolerance = 0}.fit(start, x);
    const auto parts = latent::IncrementalEM{.max_passes = 600, .tolerance = 0}.fit(start, x);
    CHECK(close(parts.log_likelihood, plain.log_likelihood, 1e-9));
    CHECK(close_matrix(parts.model.covariance(), plain.model.covariance(), 1e-4));
    const auto online = latent::OnlineEM{.batch = 500, .passes = 20}.fit(start, x);
    CHECK(close(online.log_likelihood, plain.log_likelihood, 1e-2));
    CHECK(online.log_likelihood > start.log_likelihood(x));
  });
}

TEST_CASE("linear gaussian: statistics that no rows gave are not valid and keep the parameters") {
  for_both([](const auto& truth) {
    const RowMatrix<double> x = with_gaps(truth.sample(50, 29), 0.2, 30);
    auto team = latent::Serial{}.team();
    auto s = latent::detail::e_step(truth, latent::samples(x), latent::Soft{}, latent::Step{}, team)
                 .statistics;
    CHECK(truth.valid(s));
    CHECK(truth.valid(truth.zero()));
    latent::scale(s, -1.0);
    CHECK_FALSE(truth.valid(s));
    CHECK(same_bits(truth.maximize(s).parameters(), truth.parameters()));
    CHECK(same_bits(truth.maximize(truth.zero()).parameters(), truth.parameters()));
  });
}
