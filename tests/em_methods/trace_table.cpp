#include "latent/em/trace_table.hpp"

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "latent/coins.hpp"
#include "latent/gaussian_mixture.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/csv_text.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::Table;
using latent::TraceGroup;
using latent::TraceRow;
using latent::TraceTable;
using latent::Vector;
using latent_test::message_of;
using latent_test::number;
using latent_test::parse_csv;
using latent_test::same_bits;

namespace {

using Coins = latent::Mixture<latent::Binomial<double>>;

Coins start() {
  return {Eigen::Vector2d(0.5, 0.5), {Eigen::Vector2d(0.6, 0.5)}};
}

const RowMatrix<double>& rounds() {
  static const RowMatrix<double> counts =
      latent::tosses({"HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH", "HTHTTTHHTT", "THHHTHHHTH"});
  return counts;
}

// What an observer sees, kept apart from the table.
struct Recorder {
  std::vector<Coins> before, after;
  std::vector<Coins::Statistics> statistics;
  std::vector<double> log_likelihood, objective;
  void on_iteration(const latent::IterationView<Coins>& view) {
    before.push_back(view.before);
    after.push_back(view.after);
    statistics.push_back(view.statistics);
    log_likelihood.push_back(view.log_likelihood);
    objective.push_back(view.objective);
  }
};

// A view of an engine that numbers its runs and tells the change.
struct NumberedView {
  Index index;
  Coins before;
  Coins::Statistics statistics;
  double log_likelihood;
  double objective;
  Coins after;
  Index restart;
  double change;
};

NumberedView numbered(Index restart, Index index) {
  const auto value = static_cast<double>(100 * restart + index);
  return {index, start(), start().zero(), value, value, start(), restart, 0.25};
}

std::vector<std::vector<std::string>> cells(const Table& table) {
  auto all = parse_csv(table.to_csv());
  all.erase(all.begin());
  return all;
}

std::vector<std::string> names(const Table& table) {
  return parse_csv(table.to_csv()).front();
}

// No parameters(), no responsibilities(), statistics that are no struct.
struct Mirrored {
  using Statistics = Eigen::Matrix<double, 2, 1>;
  double m = 0.1;
  Statistics zero() const { return Statistics::Zero(); }
  double expect(const latent::Block<double>& block, Statistics& s) const {
    double log_likelihood = 0.0;
    for (Index i = 0; i < block.x.rows(); ++i) {
      const double x = block.x(i, 0);
      s += block.weights[i] * Statistics(x * std::tanh(m * x), 1.0);
      log_likelihood += block.weights[i] * (std::log(std::cosh(m * x)) - 0.5 * m * m);
    }
    return log_likelihood;
  }
  Mirrored maximize(const Statistics& s) const { return {s[0] / s[1]}; }
};

// The same with parameters that bear wrong names.
struct Misnamed : Mirrored {
  Misnamed maximize(const Statistics& s) const { return {{s[0] / s[1]}}; }
  Vector<double> parameters() const { return Vector<double>::Constant(1, m); }
  std::vector<std::string> parameter_names() const { return {"m", "n"}; }
};

// The same without names.
struct Nameless : Mirrored {
  Nameless maximize(const Statistics& s) const { return {{s[0] / s[1]}}; }
  Vector<double> parameters() const { return Vector<double>::Constant(1, m); }
};

}  // namespace

TEST_CASE("trace table: every number is, to the bit, what the engine showed") {
  Recorder seen;
  TraceTable trace{rounds()};
  const latent::EM em{.max_iterations = 10, .tolerance = 0};
  em.fit(start(), rounds(), {}, {}, seen);
  const auto fit = em.fit(start(), rounds(), {}, {}, trace);
  const std::vector<TraceRow>& rows = trace.rows();
  REQUIRE(rows.size() == 11);
  CHECK(same_bits(rows[0].parameters, start().parameters()));
  CHECK(rows[0].counts.size() == 0);
  CHECK_FALSE(rows[0].log_likelihood.has_value());
  trace.complete(fit.report);
  for (std::size_t i = 0; i <= 10; ++i) {
    INFO("iteration " << i);
    CHECK(rows[i].index == static_cast<Index>(i));
    CHECK(same_bits(*rows[i].log_likelihood, fit.report.trace[i].log_likelihood));
    CHECK(same_bits(*rows[i].objective, fit.report.trace[i].objective));
    CHECK(rows[i].change.has_value() == (i > 0));
    if (i == 0) continue;
    CHECK(same_bits(*rows[i].change, fit.report.trace[i].change));
    CHECK(same_bits(*rows[i].log_likelihood, seen.log_likelihood[i - 1]));
    CHECK(same_bits(*rows[i].objective, seen.objective[i - 1]));
    CHECK(same_bits(rows[i].parameters, seen.after[i - 1].parameters()));
    CHECK(same_bits(rows[i].counts, seen.statistics[i - 1].n));
    CHECK(same_bits(rows[i].statistics, latent::pack(seen.statistics[i - 1].family)));
    CHECK(same_bits(rows[i].responsibilities, seen.before[i - 1].responsibilities(rounds())));
  }
}

TEST_CASE("trace table: the cells of the table are the rows' numbers, read back from CSV") {
  TraceTable trace{rounds()};
  const auto fit =
      latent::EM{.max_iterations = 6, .tolerance = 0}.fit(start(), rounds(), {}, {}, trace);
  trace.complete(fit.report);
  const Table table = trace.table({.columns = {{TraceGroup::restart},
                                               {TraceGroup::iteration},
                                               {TraceGroup::log_likelihood, 2},
                                               {TraceGroup::objective, 2},
                                               {TraceGroup::change, 2},
                                               {TraceGroup::seconds},
                                               {TraceGroup::counts, 1},
                                               {TraceGroup::statistics, 1},
                                               {TraceGroup::parameters, 3},
                                               {TraceGroup::responsibilities, 0}}});
  const std::vector<std::string> expected{"restart",
                                          "iteration",
                                          "log-likelihood",
                                          "objective",
                                          "change",
                                          "seconds",
                                          "n(0)",
                                          "n(1)",
                                          "s1",
                                          "s2",
                                          "s3",
                                          "s4",
                                          "weight(0)",
                                          "weight(1)",
                                          "probability(0)",
                                          "probability(1)",
                                          "r(0,0)",
                                          "r(0,1)",
                                          "r(1,0)",
                                          "r(1,1)",
                                          "r(2,0)",
                                          "r(2,1)",
                                          "r(3,0)",
                                          "r(3,1)",
                                          "r(4,0)",
                                          "r(4,1)"};
  REQUIRE(names(table) == expected);
  const auto all = cells(table);
  REQUIRE(all.size() == 7);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const TraceRow& row = trace.rows()[i];
    const std::vector<std::string>& line = all[i];
    std::size_t at = 0;
    CHECK(line[at++] == "0");
    CHECK(line[at++] == std::to_string(i));
    CHECK(same_bits(number(line[at++]), *row.log_likelihood));
    CHECK(same_bits(number(line[at++]), *row.objective));
    if (i == 0) CHECK(line[at].empty());
    if (i > 0) CHECK(same_bits(number(line[at]), *row.change));
    ++at;
    CHECK(same_bits(number(line[at++]), *row.seconds));
    for (Index k = 0; k < 2; ++k, ++at)
      CHECK((i == 0 ? line[at].empty() : same_bits(number(line[at]), row.counts[k])));
    for (Index k = 0; k < 4; ++k, ++at)
      CHECK((i == 0 ? line[at].empty() : same_bits(number(line[at]), row.statistics[k])));
    for (Index k = 0; k < 4; ++k) CHECK(same_bits(number(line[at++]), row.parameters[k]));
    for (Index k = 0; k < 10; ++k, ++at)
      CHECK((i == 0 ? line[at].empty()
                    : same_bits(number(line[at]), row.responsibilities(k / 2, k % 2))));
  }
}

TEST_CASE("trace table: the caller chooses groups, their order and their digits") {
  TraceTable trace;
  const auto fit =
      latent::EM{.max_iterations = 2, .tolerance = 0}.fit(start(), rounds(), {}, {}, trace);
  const latent::TraceOptions options{
      .columns = {{TraceGroup::iteration}, {TraceGroup::statistics, 2}, {TraceGroup::counts, 1}},
      .start = false};
  CHECK(trace.to_markdown({.columns = {{TraceGroup::iteration}, {TraceGroup::parameters, 3}}}) ==
        "| iteration | weight(0) | weight(1) | probability(0) | probability(1) |\n"
        "| --------: | --------: | --------: | -------------: | -------------: |\n"
        "|         0 |     0.500 |     0.500 |          0.600 |          0.500 |\n"
        "|         1 |     0.597 |     0.403 |          0.713 |          0.581 |\n"
        "|         2 |     0.591 |     0.409 |          0.733 |          0.555 |\n");
  CHECK(trace.table(options).rows() == 2);
  CHECK(trace.to_latex(options).find("1 & 21.30 & 8.57 & 11.70 & 8.43 & 3.0 & 2.0 \\\\\n") !=
        std::string::npos);
  CHECK(names(trace.table()) == std::vector<std::string>{"iteration", "log-likelihood", "objective",
                                                         "weight(0)", "weight(1)", "probability(0)",
                                                         "probability(1)", "n(0)", "n(1)"});
  CHECK_THAT(message_of<latent::InvalidArgument>([&] {
               (void)trace.table({.columns = {{TraceGroup::parameters, 50}}});
             }),
             latent_test::contains("decimals"));
}

TEST_CASE("trace table: responsibilities of one iteration, a row for each row of the data") {
  TraceTable trace{rounds()};
  latent::EM{.max_iterations = 3, .tolerance = 0}.fit(start(), rounds(), {}, {}, trace);
  const Table first = trace.responsibilities(1);
  CHECK(names(first) == std::vector<std::string>{"row", "r(0)", "r(1)"});
  const auto all = cells(first);
  const RowMatrix<double> r = start().responsibilities(rounds());
  REQUIRE(all.size() == 5);
  for (Index i = 0; i < 5; ++i) {
    const auto& line = all[static_cast<std::size_t>(i)];
    CHECK(line[0] == std::to_string(i));
    CHECK(same_bits(number(line[1]), r(i, 0)));
    CHECK(same_bits(number(line[2]), r(i, 1)));
  }
  for (const Index missing : {0, 4})
    CHECK_THAT(message_of<latent::InvalidArgument>([&] { (void)trace.responsibilities(missing); }),
               latent_test::contains("got iteration " + std::to_string(missing)));
  TraceTable without;
  latent::EM{.max_iterations = 3}.fit(start(), rounds(), {}, {}, without);
  CHECK_FALSE(
      message_of<latent::InvalidArgument>([&] { (void)without.responsibilities(1); }).empty());
}

TEST_CASE("trace table: a fit is the same with a table and without, on any number of threads") {
  const Coins truth{Eigen::Vector2d(0.3, 0.7), {Eigen::Vector2d(0.8, 0.45)}};
  const RowMatrix<double> many = truth.sample(5000, 11);
  const latent::EM em{.max_iterations = 5, .tolerance = 0};
  const auto without = em.fit(start(), many, latent::Serial{});
  const latent::TraceOptions options{.columns = {{TraceGroup::iteration},
                                                 {TraceGroup::log_likelihood},
                                                 {TraceGroup::parameters},
                                                 {TraceGroup::statistics},
                                                 {TraceGroup::responsibilities}}};
  std::string serial;
  for (const int threads : {0, 1, 2, 3, 8}) {
    TraceTable trace{many};
    const auto fit = threads == 0
                         ? em.fit(start(), many, latent::Serial{}, latent::Soft{}, trace)
                         : em.fit(start(), many, latent::Threads{threads}, latent::Soft{}, trace);
    trace.complete(fit.report);
    CHECK(same_bits(fit.model.parameters(), without.model.parameters()));
    const std::string csv = trace.to_csv(options);
    if (threads == 0) serial = csv;
    CHECK(csv == serial);
  }
}

TEST_CASE("trace table: an empty table has heads and no rows, and completes to a fit of no steps") {
  TraceTable trace;
  CHECK(trace.table().rows() == 0);
  CHECK(trace.to_csv() == "iteration,log-likelihood,objective\r\n");
  const auto fit = latent::EM{.max_iterations = 0}.fit(start(), rounds(), {}, {}, trace);
  CHECK(trace.rows().empty());
  trace.complete(fit.report);
  const auto all = cells(trace.table());
  REQUIRE(all.size() == 1);
  CHECK(all[0][0] == "0");
  CHECK(same_bits(number(all[0][1]), fit.log_likelihood));
  // What comes after it is another run.
  latent::EM{.max_iterations = 1, .tolerance = 0}.fit(start(), rounds(), {}, {}, trace);
  CHECK(trace.rows().size() == 3);
  TraceTable blind;
  const auto long_fit = latent::EM{.max_iterations = 3, .tolerance = 0}.fit(start(), rounds());
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { blind.complete(long_fit.report); }),
             latent_test::contains("observed"));
  CHECK_FALSE(
      message_of<latent::InvalidArgument>([&] { blind.complete(latent::Report{}); }).empty());
}

TEST_CASE("trace table: the runs of a fit with restarts follow each other, the best is completed") {
  const Coins truth{Eigen::Vector2d(0.3, 0.7), {Eigen::Vector2d(0.8, 0.45)}};
  const RowMatrix<double> data = truth.sample(60, 5);
  TraceTable trace;
  const auto fit = latent::BinomialMixture{.components = 3, .restarts = 4, .max_iterations = 7}.fit(
      data, latent::Threads{}, trace);
  trace.complete(fit.report);
  Index starts = 0;
  Index completed = -1;
  for (std::size_t i = 0; i < trace.rows().size(); ++i) {
    const TraceRow& row = trace.rows()[i];
    starts += row.index == 0 ? 1 : 0;
    CHECK(row.restart == starts - 1);
    if (i > 0 && row.index > 0) CHECK(row.index == trace.rows()[i - 1].index + 1);
    if (row.seconds) completed = row.restart;
  }
  REQUIRE(starts == 4);
  REQUIRE(completed >= 0);
  // It is the run whose last objective is that of the fit.
  const Table best = trace.table(
      {.columns = {{TraceGroup::restart}, {TraceGroup::objective}}, .restart = completed});
  CHECK(best.rows() == static_cast<Index>(fit.report.trace.size()));
  CHECK(same_bits(best.cell(best.rows() - 1, 1).number, fit.report.trace.back().objective));
  CHECK(same_bits(fit.report.restarts[static_cast<std::size_t>(completed)],
                  fit.report.trace.back().objective));
  CHECK(names(trace.table()).front() == "restart");
}

TEST_CASE("trace table: one table may see two fits, and each report finds its own") {
  TraceTable trace;
  const latent::EM em{.max_iterations = 3, .tolerance = 0};
  Coins other = start();
  other.family.probability = Eigen::Vector2d(0.2, 0.9);
  const auto first = em.fit(start(), rounds(), {}, {}, trace);
  const auto second = em.fit(other, rounds(), {}, {}, trace);
  const auto longer = latent::EM{.max_iterations = 2, .tolerance = 0}.fit(other, rounds());
  REQUIRE(trace.rows().size() == 8);
  trace.complete(second.report);
  CHECK_FALSE(trace.rows()[0].objective.has_value());
  CHECK(same_bits(*trace.rows()[4].objective, second.report.trace[0].objective));
  trace.complete(first.report);
  CHECK(same_bits(*trace.rows()[0].objective, first.report.trace[0].objective));
  // The first two steps of a run are not that run.
  CHECK_FALSE(message_of<latent::InvalidArgument>([&] { trace.complete(longer.report); }).empty());
  trace.clear();
  CHECK(trace.rows().empty());
  em.fit(start(), rounds(), {}, {}, trace);
  CHECK(trace.rows().back().restart == 0);
}

TEST_CASE("trace table: an engine that numbers its runs is believed") {
  TraceTable trace;
  for (const Index restart : {0, 2, 5})
    for (Index index = 1; index <= restart + 1; ++index)
      trace.on_iteration(numbered(restart, index));
  const auto all = cells(trace.table(
      {.columns = {{TraceGroup::restart}, {TraceGroup::iteration}, {TraceGroup::change}}}));
  std::vector<std::vector<std::string>> expected;
  for (const Index restart : {0, 2, 5})
    for (Index index = 0; index <= restart + 1; ++index)
      expected.push_back(
          {std::to_string(restart), std::to_string(index), index == 0 ? "" : "0.25"});
  CHECK(all == expected);
  // A run that is one step long and whose successor's index goes on is still another run.
  TraceTable next;
  next.on_iteration(numbered(0, 1));
  next.on_iteration(numbered(1, 2));
  CHECK(next.rows().back().restart == 1);
  CHECK(next.rows().size() == 4);
}

TEST_CASE("trace table: a resumed fit goes on in its own rows, or begins where it was taken up") {
  const latent::EM head{.max_iterations = 3, .tolerance = 0};
  const latent::EM whole{.max_iterations = 7, .tolerance = 0};
  TraceTable one{rounds()};
  TraceTable tail{rounds()};
  TraceTable both{rounds()};
  const auto straight = whole.fit(start(), rounds(), {}, {}, one);
  one.complete(straight.report);
  const auto first = head.fit(start(), rounds(), {}, {}, both);
  whole.resume(first, rounds(), {}, {}, tail);
  const auto resumed = whole.resume(first, rounds(), {}, {}, both);
  both.complete(resumed.report);
  tail.complete(resumed.report);
  const latent::TraceOptions all{.columns = {{TraceGroup::restart},
                                             {TraceGroup::iteration},
                                             {TraceGroup::objective},
                                             {TraceGroup::change},
                                             {TraceGroup::parameters},
                                             {TraceGroup::statistics},
                                             {TraceGroup::responsibilities}}};
  CHECK(both.to_csv(all) == one.to_csv(all));
  REQUIRE(tail.rows().size() == 5);
  CHECK(tail.rows()[0].start);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(tail.rows()[i].index == static_cast<Index>(i) + 3);
    CHECK(same_bits(*tail.rows()[i].objective, straight.report.trace[i + 3].objective));
    CHECK(same_bits(tail.rows()[i].parameters, one.rows()[i + 3].parameters));
  }
}

TEST_CASE("trace table: a model without parameters, and one without names for them") {
  const Eigen::Vector3d x(2.0, -2.0, 1.0);
  TraceTable none{x};
  const latent::EM em{.max_iterations = 2, .tolerance = 0};
  const auto fit = em.fit(Mirrored{}, x, {}, {}, none);
  none.complete(fit.report);
  CHECK(names(none.table()) ==
        std::vector<std::string>{"iteration", "log-likelihood", "objective"});
  CHECK(none.rows()[1].responsibilities.size() == 0);
  CHECK(
      names(none.table({.columns = {{TraceGroup::statistics}, {TraceGroup::responsibilities}}})) ==
      std::vector<std::string>{"s1", "s2"});
  CHECK(none.rows()[1].statistics[1] == 3.0);
  TraceTable nameless;
  em.fit(Nameless{}, x, {}, {}, nameless);
  CHECK(names(nameless.table({.columns = {{TraceGroup::parameters}}})) ==
        std::vector<std::string>{"p1"});
  TraceTable misnamed;
  CHECK_THAT(message_of<latent::InvalidArgument>([&] { em.fit(Misnamed{}, x, {}, {}, misnamed); }),
             latent_test::contains("got 2 names for 1 parameters"));
}

TEST_CASE("trace table: data may be float, owned, weighted and labelled") {
  const Eigen::MatrixXf x = rounds().cast<float>();
  const Eigen::Matrix<int, 5, 1> labels(1, -1, -1, -1, 0);
  const Eigen::Matrix<double, 5, 1> weights(1, 2, 0, 1, 1);
  const auto source = latent::samples(x).weights(weights).labels(labels);
  using Narrow = latent::Mixture<latent::Binomial<float>>;
  const Narrow narrow{Eigen::Vector2d(0.5, 0.5), {Eigen::Vector2f(0.6f, 0.5f)}};
  TraceTable trace{source};
  latent::EM{.max_iterations = 2, .tolerance = 0}.fit(narrow, source, {}, {}, trace);
  const RowMatrix<double> r = narrow.responsibilities(source).cast<double>();
  CHECK(same_bits(trace.rows()[1].responsibilities, r));
  CHECK(r(0, 1) == 1.0);
  // Each row's float responsibilities sum to 1 within rounding.
  CHECK(latent_test::close(trace.rows()[1].counts.sum(), 5.0,
                           4.0 * static_cast<double>(std::numeric_limits<float>::epsilon())));
  TraceTable owned{latent::tosses({"HHTH", "TTTH", "HHHH"})};
  latent::EM{.max_iterations = 1}.fit(start(), latent::tosses({"HHTH", "TTTH", "HHHH"}), {}, {},
                                      owned);
  CHECK(owned.rows()[1].responsibilities.rows() == 3);
}

TEST_CASE("trace table: a start that nothing explains shows as -inf, not as NaN") {
  Coins impossible = start();
  impossible.family.probability = Eigen::Vector2d(1.0, 1.0);
  impossible.weights = Eigen::Vector2d(0.5, 0.5);
  TraceTable trace{rounds()};
  const auto fit =
      latent::EM{.max_iterations = 2, .tolerance = 0}.fit(impossible, rounds(), {}, {}, trace);
  trace.complete(fit.report);
  CHECK(cells(trace.table())[0][1] == "-inf");
  CHECK(trace.to_csv().find("nan") == std::string::npos);
  CHECK(trace.to_latex().find("$-\\infty$") != std::string::npos);
}

TEST_CASE("trace table: a report's trace is a table of its own") {
  const auto fit = latent::EM{.max_iterations = 4, .tolerance = 0}.fit(start(), rounds());
  const Table table = latent::trace_table(fit.report);
  CHECK(names(table) ==
        std::vector<std::string>{"iteration", "objective", "log-likelihood", "change", "seconds"});
  const auto all = cells(table);
  REQUIRE(all.size() == 5);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i][0] == std::to_string(i));
    CHECK(same_bits(number(all[i][1]), fit.report.trace[i].objective));
    CHECK(same_bits(number(all[i][2]), fit.report.trace[i].log_likelihood));
    CHECK(same_bits(number(all[i][3]), fit.report.trace[i].change));
    CHECK(same_bits(number(all[i][4]), fit.report.trace[i].seconds));
  }
  CHECK(latent::trace_table(latent::Report{}).rows() == 0);
}

TEST_CASE("trace table: a restart of the view is taken where the engine has one") {
  // Whatever the engine's view has, numbers and rows of a fit with restarts are the same.
  TraceTable trace;
  latent::BinomialMixture{.components = 2, .restarts = 3, .max_iterations = 2, .tolerance = 0}.fit(
      rounds(), latent::Serial{}, trace);
  REQUIRE(trace.rows().size() == 9);
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(trace.rows()[i].restart == static_cast<Index>(i / 3));
    CHECK(trace.rows()[i].index == static_cast<Index>(i % 3));
  }
}

TEST_CASE("parameter_names: one for each of parameters(), in its order") {
  const auto check = [](const auto& model) {
    REQUIRE(static_cast<Index>(model.parameter_names().size()) == model.parameters().size());
    return model.parameter_names();
  };
  CHECK(check(start()) ==
        std::vector<std::string>{"weight(0)", "weight(1)", "probability(0)", "probability(1)"});

  const latent::Bernoulli bernoulli{RowMatrix<double>{{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}}};
  const auto ones = check(bernoulli);
  CHECK(ones[2] == "probability(0,2)");
  CHECK(ones[3] == "probability(1,0)");
  CHECK(bernoulli.parameters()[3] == 0.4);

  const RowMatrix<double> means{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  std::vector<Eigen::MatrixXd> covariances;
  for (int k = 0; k < 3; ++k)
    covariances.push_back(Eigen::MatrixXd{{9.0 + k, 1.0 + 0.1 * k}, {1.0 + 0.1 * k, 4.0 + k}});
  const latent::Gaussian<latent::Covariance::full, double> gaussian{means, covariances};
  const auto all = check(gaussian);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double value = gaussian.parameters()[static_cast<Index>(i)];
    int k = -1, a = -1, b = -1;
    if (std::sscanf(all[i].c_str(), "mean(%d,%d)", &k, &a) == 2) {
      CHECK(value == means(k, a));
    } else {
      REQUIRE(std::sscanf(all[i].c_str(), "covariance(%d,%d,%d)", &k, &a, &b) == 3);
      CHECK(same_bits(value, gaussian.covariance(k)(a, b)));
    }
  }
  const latent::Mixture mixture{Vector<double>{{0.2, 0.3, 0.5}}, gaussian};
  CHECK(check(mixture)[3] == "mean(0,0)");
}
