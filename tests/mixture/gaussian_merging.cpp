// Gaussian mixtures from pieces: online, merged statistics, merged fits.
#include "latent/mixture/merge_gaussians.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/em/expected_statistics.hpp"
#include "latent/em/incremental.hpp"
#include "latent/em/online.hpp"
#include "mixture/incomplete_data.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::Covariance;
using latent::expected_statistics;
using latent::Index;
using latent::RowMatrix;
using latent::Vector;
using latent_test::close;
using latent_test::close_matrix;
using latent_test::contains;
using latent_test::message_of;
using latent_test::Plain;
using latent_test::same_bits;

namespace {

Plain plain(Covariance form) {
  const auto model = latent_test::bells(form);
  return {model.weights, model.family.complete()};
}

// One M-step on, so that the covariances have the form: those of plain() are a start.
Plain of_form(Covariance form, const RowMatrix<double>& x) {
  const Plain start = plain(form);
  return start.maximize(expected_statistics(start, x)).recentred();
}

// A model near another, as from other data.
Plain nudged(const Plain& model) {
  Plain other = model;
  for (Index i = 0; i < other.family.means.size(); ++i)
    other.family.means.data()[i] += 0.05 * static_cast<double>(i % 3) - 0.03;
  return other.recentred();
}

}  // namespace

TEST_CASE("Gaussian merging: E-steps on parts of the data add up to that on all, in every form") {
  const RowMatrix<double> x = plain(Covariance::full).sample(4096, 5);
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const Plain model = of_form(form, x);
    const auto whole = expected_statistics(model, x);
    // Cut between lanes: to the bit.
    auto s = expected_statistics(model, x.topRows(2048), latent::Serial{});
    latent::merge(s, expected_statistics(model, x.bottomRows(2048)));
    CHECK(same_bits(latent::pack(s), latent::pack(whole)));
    CHECK(same_bits(model.maximize(s).parameters(),
                    latent::EM{.max_iterations = 1}.fit(model, x).model.parameters()));
    // Cut anywhere: to rounding.
    s = expected_statistics(model, x.topRows(1000));
    latent::merge(s, expected_statistics(model, x.bottomRows(3096)));
    CHECK(close_matrix(latent::pack(s), latent::pack(whole), 1e-13));
    CHECK(close_matrix(model.maximize(s).parameters(), model.maximize(whole).parameters(), 1e-11));
  }
  const Plain model = plain(Covariance::full);
  const auto none = expected_statistics(
      model, latent::samples(x).weights(Vector<double>::Unit(4096, 0)).slice(1, 3));
  CHECK(same_bits(latent::pack(none), latent::pack(model.zero())));
  CHECK_THROWS_AS(expected_statistics(model, x.leftCols(2)), latent::InvalidArgument);
}

TEST_CASE("Gaussian merging: statistics about another shift are those an E-step takes there") {
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    // Far from the origin, where plain sums of squares would keep 4 digits of 16.
    Plain truth = plain(form);
    truth.family.means.array() += 1e6;
    truth = truth.recentred();
    const RowMatrix<double> x = truth.sample(3000, 5);
    // The same parameters about other shifts: an M-step keeps the shift of the model that made it.
    const Plain here = latent::EM{.max_iterations = 2, .tolerance = 0}.fit(truth, x).model;
    const Plain there = here.recentred();
    Plain away = nudged(here);
    away.family.means = here.family.means;
    const auto about = expected_statistics(there, x);
    for (const Plain& other : {here, away}) {
      const auto moved = move_statistics(expected_statistics(other, x), other, there);
      CHECK(close_matrix(moved.n, about.n, 1e-12));
      CHECK((moved.family.sum - about.family.sum).norm() <=
            1e-12 * std::sqrt(3000.0 * about.family.scatter.norm()));
      CHECK(close_matrix(moved.family.scatter, about.family.scatter, 1e-12));
      const Plain a = there.maximize(moved);
      const Plain b = there.maximize(about);
      for (Index k = 0; k < 3; ++k) {
        CHECK(close_matrix(a.family.covariance(k), b.family.covariance(k), 1e-11));
        CHECK(close_matrix(a.family.means, b.family.means, 1e-15));
      }
    }
  }
}

TEST_CASE("Gaussian merging: two fits become that of all rows, from their parameters alone") {
  for (const Covariance form : {Covariance::EII, Covariance::VII, Covariance::EEI, Covariance::VVI,
                                Covariance::EEE, Covariance::VVV}) {
    INFO(std::string(to_string(form)));
    for (const double offset : {0.0, 1e6}) {
      Plain start = plain(form);
      start.family.means.array() += offset;
      start = start.recentred();
      latent::Labels labels;
      const RowMatrix<double> x = start.sample(3000, 5, &labels);
      const auto fit = [&](Index first, Index count) {
        return latent::fit_complete(start,
                                    latent::samples(RowMatrix<double>(x.middleRows(first, count)))
                                        .labels(labels.segment(first, count)));
      };
      const Plain merged = merge_fits(fit(0, 1100), 1100.0, fit(1100, 1900), 1900.0);
      const Plain whole = fit(0, 3000);
      CHECK(close_matrix(merged.weights, whole.weights, 1e-14));
      CHECK(close_matrix(merged.family.means, whole.family.means, 1e-14));
      // Means carry eps of the offset, which covariances feel once: 1e6 eps about 2e-10.
      for (Index k = 0; k < 3; ++k)
        CHECK(close_matrix(merged.family.covariance(k), whole.family.covariance(k),
                           offset > 0.0 ? 1e-9 : 1e-12));
    }
  }
}

TEST_CASE(
    "Gaussian merging: a fit merged with itself is itself, and the M-step undoes its statistics") {
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const RowMatrix<double> x = plain(form).sample(2000, 5);
    const Plain start = of_form(form, x);
    const Plain fit = latent::EM{.max_iterations = 30}.fit(start, x).model;
    // Iterated forms end within 1e-10 of their fixed point, relative to variances.
    CHECK(close_matrix(fit.maximize(statistics_of_fit(fit, 2000.0)).parameters(), fit.parameters(),
                       1e-8));
    CHECK(close_matrix(merge_fits(fit, 700.0, fit, 1300.0).parameters(), fit.parameters(), 1e-8));
  }
}

TEST_CASE("Gaussian merging: what does not go together is a typed error") {
  const Plain full = plain(Covariance::full);
  using latent::InvalidArgument;
  CHECK_THAT(
      message_of<InvalidArgument>([&] { merge_fits(full, 1.0, plain(Covariance::tied), 1.0); }),
      contains("3 x 4 VVV and 3 x 4 EEE"));
  CHECK_THAT(message_of<InvalidArgument>([&] { merge_fits(full, 0.0, full, 1.0); }),
             contains("finite and positive; got 0"));
  CHECK_THROWS_AS(merge_fits(full, 1.0, full, std::numeric_limits<double>::infinity()),
                  InvalidArgument);
  Plain pulled = full;
  pulled.concentration = 2.0;
  CHECK_THAT(message_of<InvalidArgument>([&] { merge_fits(pulled, 1.0, full, 1.0); }),
             contains("without a prior"));
  CHECK_THAT(message_of<InvalidArgument>(
                 [&] { move_statistics(plain(Covariance::tied).zero(), full, full); }),
             contains("must be those of the models"));
}

TEST_CASE(
    "Gaussian merging: online EM learns every form, with weights, and statistics come out again") {
  const Index n = 6000;
  const RowMatrix<double> x = plain(Covariance::full).sample(n, 5);
  Vector<double> w(n);
  for (Index i = 0; i < n; ++i) w[i] = 0.5 + static_cast<double>(i % 2);
  const auto data = latent::samples(x).weights(w);
  for (const Covariance form : latent::every_covariance) {
    INFO(std::string(to_string(form)));
    const Plain start = nudged(of_form(form, x));
    const auto limit = latent::EM{.tolerance = 1e-10}.fit(start, data);
    const auto once = latent::OnlineEM{.batch = 500}.fit(start, data);
    // One pass comes near: within a hundredth of a unit of log-likelihood a row, and not below it.
    CHECK(once.log_likelihood <= limit.log_likelihood + 1e-6 * std::abs(limit.log_likelihood));
    CHECK(once.log_likelihood > limit.log_likelihood - 0.01 * static_cast<double>(n));
    const auto polished =
        latent::OnlineEM{.batch = 500, .polish = 500, .tolerance = 1e-10}.fit(start, data);
    CHECK(close(polished.log_likelihood, limit.log_likelihood, 1e-7));
    // Incremental EM takes statistics out again: a part replaced by itself changes nothing.
    const latent::IncrementalEM incremental;
    auto state = incremental.begin(start, 2);
    incremental.update(state, 0, data.slice(0, n / 2));
    incremental.update(state, 1, data.slice(n / 2, n / 2));
    for (int turn = 0; turn < 30; ++turn)
      for (Index part = 0; part < 2; ++part)
        incremental.update(state, part, data.slice(part * n / 2, n / 2));
    CHECK(close(state.model.log_likelihood(data), limit.log_likelihood, 1e-4));
  }
}
