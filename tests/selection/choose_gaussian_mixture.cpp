// The sweep over Gaussian mixtures: its criteria against their definitions, what it chooses,
// threads, bad input.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cluster/kmeans_data.hpp"
#include "latent/choose_gaussian_mixture.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using latent::ChooseGaussianMixture;
using latent::Covariance;
using latent::Criterion;
using latent::GaussianMixture;
using latent::GaussianRow;
using latent::Index;
using latent::Labels;
using latent_test::close;
using latent_test::contains;
using latent_test::eps;
using latent_test::message_of;
using latent_test::same_bits;

namespace {

// Round clouds of sd 1, their centres `gap` apart on a line.
Eigen::MatrixXd clouds(Index rows, Index count, double gap, std::uint64_t seed) {
  Eigen::MatrixXd x = latent_test::normal_matrix(rows, 2, seed);
  for (Index i = 0; i < rows; ++i) x(i, 0) += gap * static_cast<double>(i % count);
  return x;
}

GaussianMixture<> twice() {
  return {.restarts = 2, .seed = 3};
}

ChooseGaussianMixture few() {
  return {.to = 3,
          .forms = {Covariance::EII, Covariance::VVI, Covariance::EEE},
          .mixture = twice(),
          .seeds = 2};
}

}  // namespace

TEST_CASE("choosing a mixture: forms that are one model are fitted once", "[selection]") {
  using latent::detail::different_models;
  const std::vector<Covariance> all(std::begin(latent::every_covariance),
                                    std::end(latent::every_covariance));
  const auto names = [](const auto& models) {
    std::string text;
    for (const auto& model : models)
      text += std::string(to_string(model.form)) + std::to_string(model.components) + " ";
    return text;
  };
  CHECK(names(different_models(all, 1, 1, 3)) == "EII1 EEI1 EEE1 ");
  CHECK(names(different_models(all, 1, 3, 1)) == "EII1 EII2 VII2 EII3 VII3 ");
  CHECK(different_models(all, 2, 4, 2).size() == 3 * 14);
  CHECK(names(different_models({Covariance::VVV, Covariance::VII, Covariance::EEE}, 1, 2, 2)) ==
        "VVV1 VII1 VVV2 VII2 EEE2 ");
  for (const Covariance a : all) {  // a form comes after what it contains
    for (const Covariance b : all)
      if (a < b) CHECK_FALSE(latent::detail::contains(a, b));
    CHECK(latent::detail::contains(Covariance::VVV, a));
    CHECK(latent::detail::contains(a, Covariance::EII));
  }
  CHECK_FALSE(latent::detail::contains(Covariance::VVI, Covariance::EEE));
  CHECK_FALSE(latent::detail::contains(Covariance::VEE, Covariance::EVI));
}

TEST_CASE("choosing a mixture: the criteria are those of the mixture", "[selection]") {
  const Eigen::MatrixXd x = clouds(90, 2, 4.0, 1);
  Eigen::VectorXd w = latent_test::lattice(90, 1, 3, 1);
  w.array() += 0.5;
  const auto data = latent::samples(x).weights(w);
  for (Index k = 1; k <= 3; ++k)
    for (const Criterion criterion : {Criterion::bic, Criterion::aic, Criterion::icl}) {
      ChooseGaussianMixture one = few();
      one.from = one.to = k;
      one.forms = {Covariance::VVI};
      one.seeds = 1;
      one.criterion = criterion;
      const auto choice = one.fit(data);
      const GaussianRow& row = choice.row(Covariance::VVI, k);
      const double scale = 64 * eps;
      CHECK(close(row.bic, choice.fit.model.bic(data), scale));
      CHECK(close(row.aic, choice.fit.model.aic(data), scale));
      CHECK(close(row.icl, choice.fit.model.icl(data), scale));
      CHECK(row.log_likelihood == choice.fit.log_likelihood);
      // By hand: p = K - 1 weights, 2 K means, 2 K variances, n = the sum of the weights.
      const double p = static_cast<double>(5 * k - 1);
      CHECK(row.free_parameters == 5 * k - 1);
      CHECK(close(row.bic, p * std::log(w.sum()) - 2.0 * row.log_likelihood, 1e-14));
      CHECK(close(row.aic, 2.0 * p - 2.0 * row.log_likelihood, 1e-14));
      const Eigen::MatrixXd r = choice.fit.model.responsibilities(x);
      double entropy = 0.0;
      for (Index i = 0; i < 90; ++i)
        for (Index j = 0; j < k; ++j)
          if (r(i, j) > 0.0) entropy -= w[i] * r(i, j) * std::log(r(i, j));
      CHECK(close(row.icl, row.bic + 2.0 * entropy, 1e-12));
      CHECK(row.value(criterion).has_value());
      CHECK_FALSE(row.stability.has_value());
      CHECK_FALSE(choice.stability.has_value());
    }
}

TEST_CASE("choosing a mixture: each fit is GaussianMixture's, the best of all seeds",
          "[selection]") {
  const Eigen::MatrixXd x = clouds(120, 3, 4.0, 2);
  ChooseGaussianMixture options = few();
  options.forms = {Covariance::VVI};
  const auto choice = options.fit(x);
  for (Index k = 1; k <= 3; ++k) {
    double best = -std::numeric_limits<double>::infinity();
    for (std::uint64_t s = 0; s < 2; ++s) {
      GaussianMixture<Covariance::VVI> one{.components = k, .restarts = 2, .seed = 3 + s};
      best = std::max(best, one.fit(x).log_likelihood);
    }
    CHECK(close(choice.row(Covariance::VVI, k).log_likelihood, best, 1e-13));
  }
}

TEST_CASE("choosing a mixture: clouds are counted, and all seeds say so", "[selection]") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const Eigen::MatrixXd x = clouds(150, 3, 9.0, seed);
    for (const Criterion criterion :
         {Criterion::bic, Criterion::icl, Criterion::cross_validation}) {
      ChooseGaussianMixture options = few();
      options.criterion = criterion;
      options.folds = criterion == Criterion::cross_validation ? 3 : 0;
      options.forms = {Covariance::EII, Covariance::VVV};
      options.from = 2;
      options.mixture.restarts = 4;
      const auto choice = options.fit(x);
      INFO(choice.reason);
      CHECK(choice.form == Covariance::EII);
      CHECK(choice.components == 3);
      CHECK(choice.stability == 1.0);
      CHECK(choice.agreement == 1.0);
      REQUIRE(choice.votes.size() == 1);
      CHECK(choice.votes[0].seeds == 2);
      CHECK(choice.fit.model.components() == 3);
      CHECK(choice.fit.model.family.form() == Covariance::EII);
      CHECK_THAT(choice.reason, contains("EII with 3 components has the "));
      CHECK_THAT(choice.reason, contains("largest number of components tried"));
      Labels truth(150);
      for (Index i = 0; i < 150; ++i) truth[i] = static_cast<int>(i % 3);
      CHECK(latent::adjusted_rand_index(choice.fit.model.predict(x), truth) > 0.98);
    }
  }
}

TEST_CASE("choosing a mixture: where there is no structure, starts differ and it is said",
          "[selection]") {
  latent::Random random{5};
  Eigen::MatrixXd x(150, 2);
  for (Index i = 0; i < 150; ++i) x.row(i) << random.uniform(), random.uniform();
  const ChooseGaussianMixture options{
      .from = 4, .to = 7, .forms = {Covariance::VVI}, .mixture = {.restarts = 1}, .seeds = 4};
  const auto choice = options.fit(x);
  for (const GaussianRow& row : choice.rows) {
    CHECK(*row.stability < 0.95);
    CHECK(*row.stability >= -0.5);
    double best = -std::numeric_limits<double>::infinity();
    for (std::uint64_t s = 0; s < 4; ++s)
      best =
          std::max(best, GaussianMixture<Covariance::VVI>{.components = row.components, .seed = s}
                             .fit(x)
                             .log_likelihood);
    CHECK(close(row.log_likelihood, best, 1e-13));
  }
  CHECK(*choice.stability < 1.0);
  CHECK(*choice.agreement < 0.95);
  CHECK_THAT(choice.reason, contains("Of 4 seeds alone, "));
  Index seeds = 0;
  for (const auto& vote : choice.votes) seeds += vote.seeds;
  CHECK(seeds == 4);
  for (std::size_t v = 1; v < choice.votes.size(); ++v)
    CHECK(choice.votes[v - 1].seeds >= choice.votes[v].seeds);
}

TEST_CASE("choosing a mixture: cross-validation is the loop that anyone would write",
          "[selection]") {
  const Eigen::MatrixXd x = clouds(61, 2, 3.0, 7);
  Eigen::VectorXd w = latent_test::lattice(61, 1, 3, 1);  // 0, 1 and 2
  const auto data = latent::samples(x).weights(w);
  ChooseGaussianMixture options = few();
  options.forms = {Covariance::VVI};
  options.folds = 4;
  options.criterion = Criterion::cross_validation;
  const auto choice = options.fit(data);
  for (Index k = 1; k <= 3; ++k) {
    Eigen::VectorXd held = Eigen::VectorXd::Zero(61);
    for (std::uint64_t s = 0; s < 2; ++s) {
      const auto fold = latent::detail::random_folds(data, 4, 3 + s);
      for (Index f = 0; f < 4; ++f) {
        Eigen::VectorXd rest = w;
        for (Index i = 0; i < 61; ++i)
          if (fold[static_cast<std::size_t>(i)] == f) rest[i] = 0.0;
        const auto fit =
            GaussianMixture<Covariance::VVI>{.components = k, .restarts = 2, .seed = 3 + s}.fit(
                latent::samples(x).weights(rest));
        const Eigen::VectorXd density = fit.model.log_density(x);
        for (Index i = 0; i < 61; ++i)
          if (fold[static_cast<std::size_t>(i)] == f) held[i] += 0.5 * density[i];
      }
    }
    const double mean = w.dot(held) / w.sum();
    double squares = 0.0;
    for (Index i = 0; i < 61; ++i) squares += w[i] * (held[i] - mean) * (held[i] - mean);
    const GaussianRow& row = choice.row(Covariance::VVI, k);
    CHECK(close(*row.cross_validated, mean, 1e-12));
    CHECK(close(*row.cross_validated_error, std::sqrt(squares / (w.sum() - 1.0) / w.sum()), 1e-11));
    CHECK(*row.cross_validated <= *choice.row(choice.form, choice.components).cross_validated);
  }
}

TEST_CASE("choosing a mixture: every row that counts is in one fold, and folds are even",
          "[selection]") {
  const Eigen::MatrixXd x = latent_test::normal_matrix(50, 1, 1);
  Eigen::VectorXd w = Eigen::VectorXd::Ones(50);
  w.segment(10, 7).setZero();
  const auto data = latent::samples(x).weights(w);
  const auto fold = latent::detail::random_folds(data, 5, 1);
  std::vector<Index> size(5, 0);
  for (Index i = 0; i < 50; ++i) {
    const Index f = fold[static_cast<std::size_t>(i)];
    CHECK((f >= 0) == (w[i] > 0.0));
    if (f >= 0) ++size[static_cast<std::size_t>(f)];
  }
  for (const Index each : size) CHECK((each == 8 || each == 9));
  CHECK(fold != latent::detail::random_folds(data, 5, 2));
}

TEST_CASE("choosing a mixture: a likelihood without bound does not win", "[selection]") {
  // Half of the rows on a line to the bit: a component there has a variance that falls to the
  // floor, and a BIC far below all others.
  Eigen::MatrixXd x = clouds(120, 2, 6.0, 3);
  for (Index i = 0; i < 120; i += 2) x(i, 1) = 2.0;
  ChooseGaussianMixture options = few();
  options.forms = {Covariance::EII, Covariance::VVI};
  const auto choice = options.fit(x);
  const GaussianRow& collapsed = choice.row(Covariance::VVI, 2);
  REQUIRE(collapsed.degenerate);
  CHECK(collapsed.status == latent::Status::degenerate);
  const GaussianRow& chosen = choice.row(choice.form, choice.components);
  CHECK_FALSE(chosen.degenerate);
  CHECK(collapsed.bic < chosen.bic);  // or the rule was not needed
  CHECK_THAT(choice.reason, contains("degenerate and could not be chosen"));
  CHECK(choice.table(Criterion::bic).cell(1, 2).kind == latent::Cell::Kind::empty);
  CHECK(choice.table(Criterion::bic).cell(1, 1).kind == latent::Cell::Kind::number);

  // Where nothing else is there, it is chosen, and said.
  const auto same = few().fit(Eigen::MatrixXd(Eigen::MatrixXd::Constant(9, 2, 0.1)));
  CHECK(same.row(same.form, same.components).degenerate);
  CHECK_THAT(same.reason, contains("Every fit is degenerate"));
  CHECK(same.table().to_csv().find("nan") == std::string::npos);
  // Nor is a row NaN where there are as many components as rows.
  const auto tiny = few().fit(latent_test::normal_matrix(3, 2, 1));
  CHECK(tiny.table().to_csv().find("nan") == std::string::npos);
}

TEST_CASE("choosing a mixture: one column has two forms", "[selection]") {
  const Eigen::MatrixXd x = clouds(80, 2, 6.0, 4).leftCols(1);
  ChooseGaussianMixture options{.to = 3, .mixture = twice(), .seeds = 1};
  const auto choice = options.fit(x);
  CHECK(choice.rows.size() == 1 + 2 + 2);
  CHECK(choice.components == 2);
  CHECK(&choice.row(Covariance::EVE, 2) == &choice.row(Covariance::EII, 2));
  CHECK(&choice.row(Covariance::VVV, 2) == &choice.row(Covariance::VII, 2));
  CHECK(&choice.row(Covariance::VVV, 1) == &choice.row(Covariance::EII, 1));
  const latent::Table table = choice.table(Criterion::bic);
  CHECK(table.rows() == 3);
  CHECK(table.cols() == 15);
  CHECK(table.cell(1, 14).number == choice.row(Covariance::VII, 2).bic);
  CHECK(choice.table().rows() == 5);
  CHECK(message_of<latent::InvalidArgument>([&] { choice.row(Covariance::EII, 4); }) ==
        "GaussianChoice: the model must be one that was tried; got EII with 4 components");
}

TEST_CASE("choosing a mixture: a weight of 2 is a row given twice", "[selection]") {
  const Eigen::MatrixXd x = clouds(60, 2, 5.0, 6);
  Eigen::MatrixXd doubled(120, 2);
  doubled << x, x;
  const auto weighted = few().fit(latent::samples(x).weights(Eigen::VectorXd::Constant(60, 2.0)));
  const auto plain = few().fit(doubled);
  CHECK(weighted.form == plain.form);
  CHECK(weighted.components == plain.components);
  const GaussianRow& a = weighted.row(plain.form, plain.components);
  const GaussianRow& b = plain.row(plain.form, plain.components);
  // Both stop within the tolerance of the same maximum.
  CHECK(close(a.bic, b.bic, 1e-6));
  CHECK(close(a.icl, b.icl, 1e-4));
}

TEST_CASE("choosing a mixture: known labels hold in every fit", "[selection]") {
  const Eigen::MatrixXd x = clouds(90, 3, 12.0, 8);
  Labels known = Labels::Constant(90, -1);
  for (Index i = 0; i < 12; ++i) known[i] = static_cast<int>((i + 1) % 3);
  const auto data = latent::samples(x).labels(known);
  ChooseGaussianMixture options = few();
  options.from = 3;
  options.to = 4;
  options.folds = 3;
  const auto choice = options.fit(data);
  CHECK(choice.components == 3);
  const Labels found = choice.fit.model.predict(x);
  for (Index i = 0; i < 90; ++i) CHECK(found[i] == static_cast<int>((i + 1) % 3));
  CHECK(close(choice.row(choice.form, 3).bic, choice.fit.model.bic(data), 64 * eps));
  // A row held out is judged without its label.
  latent::detail::Team alone{1};
  const auto held = latent::detail::held_out_log_density(
      [&](const auto&) { return choice.fit.model; }, data.labels(Labels::Zero(90)),
      latent::detail::random_folds(data, 3, 1), 3, alone);
  CHECK(same_bits(held, choice.fit.model.log_density(x)));
  options.from = 2;
  CHECK_THAT(message_of<latent::DataError>([&] { options.fit(data); }),
             contains("labels must be below the number of components, 2; got labels(1) = 2"));
}

TEST_CASE("choosing a mixture: the same bits on any executor", "[selection]") {
  const Eigen::MatrixXd x = clouds(2100, 3, 3.0, 9);
  const Eigen::VectorXd w = latent_test::lattice(2100, 1, 3, 1);
  const auto data = latent::samples(x).weights(w);
  ChooseGaussianMixture options = few();
  options.from = 2;
  options.forms = {Covariance::EEI, Covariance::VEI, Covariance::VVV};
  options.mixture.max_iterations = 6;
  options.folds = 2;
  const auto said = [](const auto& choice) {
    return choice.table().to_csv() + choice.reason + std::to_string(*choice.agreement);
  };
  const auto serial = options.fit(data, latent::Serial{});
  for (const int threads : {1, 2, 3, 8}) {
    const auto choice = options.fit(data, latent::Threads{threads});
    CHECK(said(choice) == said(serial));  // digits that read back
    CHECK(same_bits(choice.fit.model.parameters(), serial.fit.model.parameters()));
    CHECK(same_bits(choice.fit.log_likelihood, serial.fit.log_likelihood));
  }
}

TEST_CASE("choosing a mixture: options out of their range are refused", "[selection]") {
  using latent::InvalidArgument;
  const Eigen::MatrixXd x = latent_test::normal_matrix(8, 2, 1);
  const auto said = [&](ChooseGaussianMixture options) {
    return message_of<InvalidArgument>([&] { options.fit(x); });
  };
  CHECK(said({.from = 0}) == "ChooseGaussianMixture: from must be at least 1; got 0");
  CHECK_THAT(said({.from = 3, .to = 2}), contains("from = 3, to = 2"));
  CHECK(said({}) ==
        "ChooseGaussianMixture: to must not exceed the number of rows of positive weight; got to = "
        "9 for 8 such rows");
  CHECK_THAT(said({.to = 2, .forms = {}}), contains("forms must not be empty"));
  CHECK_THAT(said({.to = 2, .forms = {Covariance::EEE, Covariance::tied}}),
             contains("got EEE as forms[0] and forms[1]"));
  CHECK_THAT(said({.to = 2, .mixture = {.components = 3}}), contains("must not be set; got 3"));
  CHECK_THAT(said({.to = 2, .mixture = {.restarts = 0}}), contains("restarts"));
  CHECK_THAT(said({.to = 2, .mixture = {.floor = 1.0}}), contains("floor must lie in [0, 1)"));
  CHECK_THAT(said({.to = 2, .mixture = {.tolerance = -1.0}}), contains("tolerance"));
  CHECK_THAT(said({.to = 2, .seeds = 0}), contains("seeds must be at least 1; got 0"));
  CHECK_THAT(said({.to = 2, .folds = 1}), contains("folds must be 0 or at least 2; got 1"));
  CHECK_THAT(said({.to = 2, .folds = 9}), contains("got folds = 9 for 8 such rows"));
  CHECK_THAT(said({.to = 5, .folds = 2}), contains("got to = 5 with 4 of 8 rows"));
  CHECK_THAT(said({.to = 2, .criterion = Criterion::cross_validation}), contains("needs folds"));
  const ChooseGaussianMixture options{.to = 2};
  CHECK_THAT(message_of<latent::DataError>([&] {
               options.fit(latent::samples(x).weights(Eigen::VectorXd::Constant(8, 0.1)));
             }),
             contains("weights count as rows, and must sum to at least 3"));
  Eigen::MatrixXd bad = x;
  bad(2, 1) = std::nan("");
  CHECK(message_of<latent::DataError>([&] { options.fit(bad); }) ==
        "ChooseGaussianMixture: data must be finite; got NaN at row 2, column 1");
  CHECK_THAT(message_of<InvalidArgument>([&] { options.fit(Eigen::MatrixXd(0, 2)); }),
             contains("at least one row"));
}
