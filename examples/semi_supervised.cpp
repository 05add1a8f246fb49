// Handwritten digits, and somebody who wrote down what a few of them say.
//
// Asked: how far do a few labels carry? Every digit is 64 pixels, black or white; the model is naive
// Bayes, one set of pixel probabilities a class. EM takes the rows without a label as well: a known
// label takes the place of the posterior in the E-step, and there is no other difference between
// no labels (clustering), some (this), and all (classification). (K. Nigam, A. McCallum, S. Thrun,
// T. Mitchell, "Text classification from labeled and unlabeled documents using EM", Machine
// Learning 39, 2000.)
//
// Look at
// - the table of labels: with ten labels, one a digit, the rows without a label add about ten points
//   to what the labels give alone. With many labels they take points away.
// - the table of weights says why. A row of weight w counts like w rows, and a thousand unlabelled
//   rows outvote a few labels. Let each count a tenth, and they help where labels are few and do
//   little harm where they are many. Weight 0 leaves them out.
// - the last lines: more likelihood is not more accuracy. Pixels are not independent, so the model
//   is wrong, and EM serves the likelihood.
#include <algorithm>
#include <cmath>
#include <latent/bernoulli_mixture.hpp>
#include <latent/core/table.hpp>
#include <sstream>
#include <vector>

#include "support/csv_file.hpp"
#include "support/number.hpp"
#include "support/plot.hpp"
#include "support/program.hpp"

using examples::fixed;
using latent::Index;
using latent::Labels;
using latent::RowMatrix;
using latent::Table;
using latent::Vector;
using Digits = latent::Mixture<latent::Bernoulli<double>>;

namespace {

constexpr Index classes = 10;
constexpr double light = 0.1;  // the smaller weight of a row without a label
// Pseudo-counts are as heavy as rows. With ten labels and light rows, 1 would drown both.
constexpr double smoothing = 0.1;

struct Rows {
  RowMatrix<double> x;  // n x 64, 0 or 1
  Labels truth;         // n
};

Rows pick(const Rows& from, const std::vector<Index>& rows) {
  Rows out{RowMatrix<double>(static_cast<Index>(rows.size()), from.x.cols()),
           Labels(static_cast<Index>(rows.size()))};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.x.row(static_cast<Index>(i)) = from.x.row(rows[i]);
    out.truth[static_cast<Index>(i)] = from.truth[rows[i]];
  }
  return out;
}

// A share of each class, at least one row of it, drawn at random. -1 for the others.
Labels some_labels(const Labels& truth, double share, std::uint64_t seed) {
  std::vector<Index> order;
  for (Index i = 0; i < truth.size(); ++i) order.push_back(i);
  latent::Random(seed).shuffle(order);
  std::vector<Index> left(classes);
  for (int k = 0; k < classes; ++k) {
    const auto size = static_cast<double>((truth.array() == k).count());
    left[static_cast<std::size_t>(k)] = std::max<Index>(1, std::llround(share * size));
  }
  Labels known = Labels::Constant(truth.size(), -1);
  for (const Index i : order)
    if (left[static_cast<std::size_t>(truth[i])]-- > 0) known[i] = truth[i];
  return known;
}

// The share of right answers among the rows without a label.
double accuracy(const Digits& model, const Rows& rows, const Labels& known) {
  const Labels said = model.predict(rows.x);
  Index right = 0;
  Index asked = 0;
  for (Index i = 0; i < said.size(); ++i) {
    if (known[i] >= 0) continue;
    ++asked;
    right += said[i] == rows.truth[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(asked);
}

double accuracy(const Digits& model, const Rows& rows) {
  return accuracy(model, rows, Labels::Constant(rows.truth.size(), -1));
}

// Naive Bayes from the labelled rows alone, in closed form.
Digits labels_alone(const Rows& rows, const Labels& known) {
  std::vector<Index> labelled;
  for (Index i = 0; i < known.size(); ++i)
    if (known[i] >= 0) labelled.push_back(i);
  const Rows some = pick(rows, labelled);
  const Digits start{Vector<double>::Constant(classes, 1.0 / classes),
                     {RowMatrix<double>::Constant(classes, rows.x.cols(), 0.5),
                      {1.0 + smoothing, 1.0 + smoothing}}};
  return latent::fit_complete(start, latent::samples(some.x).labels(some.truth));
}

// All rows; those without a label count `weight` each.
auto with_all_rows(const Rows& rows, const Labels& known, double weight) {
  Vector<double> weights(known.size());
  for (Index i = 0; i < known.size(); ++i) weights[i] = known[i] >= 0 ? 1.0 : weight;
  return latent::BernoulliMixture{
      .components = classes, .smoothing = smoothing, .restarts = 1, .tolerance = 1e-6}
      .fit(latent::samples(rows.x).labels(known).weights(weights));
}

// Without any label a component has no name. Give it that of most of its rows: this looks at the
// labels, and only to say how well the clusters are digits.
double accuracy_of_clusters(const Digits& model, const Rows& named, const Rows& asked) {
  const Labels said = model.predict(named.x);
  Eigen::MatrixXi count = Eigen::MatrixXi::Zero(classes, classes);
  for (Index i = 0; i < said.size(); ++i) ++count(said[i], named.truth[i]);
  const Labels clusters = model.predict(asked.x);
  Index right = 0;
  for (Index i = 0; i < clusters.size(); ++i) {
    Index name = 0;
    count.row(clusters[i]).maxCoeff(&name);
    right += name == asked.truth[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(clusters.size());
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"digits with no labels, some, all: semi-supervised naive Bayes by EM"};
  program.takes_seed();
  return program.run(argc, argv, [&] {
    const RowMatrix<double> table = examples::read_csv(program.data / "digits8x8.csv").values;
    const Rows digits{(table.leftCols(64).array() > 7.0).cast<double>(), table.col(64).cast<int>()};
    // Every fourth row is kept for the test: no fit sees it.
    std::vector<Index> training;
    std::vector<Index> kept;
    for (Index i = 0; i < digits.x.rows(); ++i) (i % 4 == 3 ? kept : training).push_back(i);
    const Rows rows = pick(digits, training);
    const Rows test = pick(digits, kept);
    constexpr int draws = 10;  // of who gets a label; the numbers are means over them

    Table labels{{{"labels"},
                  {"share"},
                  {"labels alone, test %", 1},
                  {"all rows, unlabelled %", 1},
                  {"all rows, test %", 1},
                  {"all rows, light, test %", 1}}};
    const auto share_of = [&](Index count) {
      const auto n = static_cast<double>(rows.truth.size());
      return fixed(100.0 * static_cast<double>(count) / n, 1) + " %";
    };
    const auto clusters =
        latent::BernoulliMixture{
            .components = classes, .smoothing = smoothing, .restarts = 10, .seed = program.seed}
            .fit(rows.x);
    labels.row({0,
                share_of(0),
                {},
                100.0 * accuracy_of_clusters(clusters.model, rows, rows),
                100.0 * accuracy_of_clusters(clusters.model, rows, test),
                {}});
    const std::vector<double> shares{0.01, 0.02, 0.05, 0.2};
    Eigen::MatrixXd curve(5, 4);  // labels; accuracy on the test alone, with all rows, light
    for (std::size_t s = 0; s < shares.size(); ++s) {
      Eigen::Vector4d sum = Eigen::Vector4d::Zero();
      Index count = 0;
      for (int draw = 0; draw < draws; ++draw) {
        const Labels known =
            some_labels(rows.truth, shares[s], program.seed + static_cast<std::uint64_t>(draw));
        count = (known.array() >= 0).count();
        const auto fit = with_all_rows(rows, known, 1.0);
        sum += Eigen::Vector4d{accuracy(labels_alone(rows, known), test),
                               accuracy(fit.model, rows, known), accuracy(fit.model, test),
                               accuracy(with_all_rows(rows, known, light).model, test)};
      }
      sum *= 100.0 / draws;
      labels.row({count, share_of(count), sum[0], sum[1], sum[2], sum[3]});
      curve.row(static_cast<Index>(s)) << static_cast<double>(count), sum[0], sum[2], sum[3];
    }
    const Digits complete = labels_alone(rows, rows.truth);
    const double all = 100.0 * accuracy(complete, test);
    labels.row({rows.truth.size(), share_of(rows.truth.size()), all, {}, all, all});
    curve.row(4) << static_cast<double>(rows.truth.size()), all, all, all;

    const std::vector<double> weights{0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0};
    const std::vector<double> few{0.01, 0.05, 0.2};
    Table weighted{{{"weight"},
                    {"10 labels, test %", 1},
                    {"70 labels, test %", 1},
                    {"269 labels, test %", 1}}};
    Eigen::MatrixXd by_weight(static_cast<Index>(weights.size()), 4);
    for (std::size_t w = 0; w < weights.size(); ++w) {
      const auto row = static_cast<Index>(w);
      by_weight.row(row) << weights[w], 0.0, 0.0, 0.0;
      for (std::size_t s = 0; s < few.size(); ++s)
        for (int draw = 0; draw < draws; ++draw) {
          const Labels known =
              some_labels(rows.truth, few[s], program.seed + static_cast<std::uint64_t>(draw));
          by_weight(row, static_cast<Index>(s) + 1) +=
              100.0 * accuracy(with_all_rows(rows, known, weights[w]).model, test) / draws;
        }
      weighted.row({weights[w], by_weight(row, 1), by_weight(row, 2), by_weight(row, 3)});
    }

    // From the model of all labels on, but without them.
    const auto onwards = latent::EM{.tolerance = 1e-6}.fit(complete, rows.x);

    std::ostringstream page;
    page << "# Semi-supervised\n\n"
         << rows.truth.size() << " digits to learn from, " << test.truth.size()
         << " for the test; means over " << draws << " draws of the labels.\n\n"
         << labels.to_markdown()
         << "\nWithout labels a component has no name; here it bears that of most of its rows, "
            "which takes all labels\nto know.\n\nWhat a row without a label shall weigh:\n\n"
         << weighted.to_markdown()
         << "\nFrom the model of all labels on, but without them, EM raises the log-likelihood of "
            "the pixels from\n"
         << fixed(complete.log_likelihood(rows.x), 1) << " to " << fixed(onwards.log_likelihood, 1)
         << ". The accuracy on the test falls from " << fixed(all, 1) << " to "
         << fixed(100.0 * accuracy(onwards.model, test), 1) << " %.\n";
    program.publish("semi_supervised.md", page.str());

    examples::Plot plot{1100, 480};
    const std::string by_labels = plot.data(curve);
    plot << "set multiplot layout 1,2\nset yrange [50:92]\nset ylabel 'right on the test, %'\n"
            "set key bottom right\nset grid ytics\n"
            "set logscale x\nset xrange [8:1700]\nset xlabel 'labels'\n"
            "set xtics (10, 30, 70, 269, 1348)\nset title 'labels, alone and with the other "
            "rows'\n"
         << "plot " + by_labels +
                " using 1:2 with linespoints pt 7 lw 2 lc 'black' title 'labels "
                "alone', "
         << by_labels + " using 1:3 with linespoints pt 7 lw 2 lc '#d62728' title 'and all rows', "
         << by_labels +
                " using 1:4 with linespoints pt 7 lw 2 lc '#1f77b4' title 'and all rows, "
                "weight 0.1'\n";
    // A logarithmic axis has no 0: weight 0 stands at its left end.
    by_weight(0, 0) = 0.001;
    const std::string weighing = plot.data(by_weight);
    plot << "set xrange [0.0008:1.3]\nset xlabel 'weight of a row without a label'\n"
            "set xtics ('0' 0.001, '0.003' 0.003, '0.01' 0.01, '0.03' 0.03, '0.1' 0.1, '0.3' 0.3, "
            "'1' 1)\nset title 'what the rows without a label shall weigh'\n"
         << "plot " + weighing +
                " using 1:4 with linespoints pt 7 lw 2 lc '#2ca02c' title '269 labels', "
         << weighing + " using 1:3 with linespoints pt 7 lw 2 lc '#ff7f0e' title '70 labels', "
         << weighing + " using 1:2 with linespoints pt 7 lw 2 lc '#9467bd' title '10 labels'\n"
         << "unset multiplot\n";
    plot.save(program.output / "semi_supervised.png");
  });
}
