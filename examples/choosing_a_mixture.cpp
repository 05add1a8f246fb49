// Which mixture of Gaussians? For the eruptions of Old Faithful: how many components, and of which of
// the fourteen forms of covariances? Every pair is fitted and judged, as mclust does in R, and one
// number of components is tested against one more.
//
// Look at
// - the table of BIC (lower is better here): forms with more parameters pay for them. Two sizes of
//   eruption show at a glance; the least BIC has three components of one common covariance.
// - the runners-up: differences below about 2 are hardly a reason. The votes say what each seed, with
//   its own starts alone, would have chosen.
// - ICL, which also asks that components be apart: two. Cross-validation and AIC ask only how well
//   rows are predicted.
// - the test: the ratio of likelihoods against its law if the smaller number were right, by data drawn
//   from that fit. From 1 to 2 the leap is far outside of it.
// - choosing_a_mixture.png: BIC by form, the choice, criteria, and the test.
#include <algorithm>
#include <cmath>
#include <latent/choose_gaussian_mixture.hpp>
#include <latent/gaussian_mixture.hpp>
#include <sstream>

#include "support/csv_file.hpp"
#include "support/file.hpp"
#include "support/number.hpp"
#include "support/plot.hpp"
#include "support/program.hpp"

using examples::fixed;
using latent::Covariance;
using latent::Criterion;
using latent::Index;
using latent::RowMatrix;

namespace {

using Choice = latent::GaussianChoice<double>;
using Tests = latent::LikelihoodRatioSequence<double>;

// The points at two standard deviations from component k.
RowMatrix<double> ellipse(const Choice& choice, Index k) {
  return latent::confidence_ellipse(choice.fit.model.family.means.row(k),
                                    choice.fit.model.family.covariance(k), -std::expm1(-2.0));
}

// BIC against the number of components, one curve a form. Spheres are left out: one column is in
// minutes up to 5, the other up to 96, and they lie far above.
void draw_forms(examples::Plot& plot, const Choice& choice) {
  plot << "set title 'BIC, lower is better (EII and VII lie above 2800)'\n"
          "set xlabel 'components'\nset xrange [1.5:9.5]\nset xtics 1\nset yrange [2305:2465]\n"
          "set key outside right top\nset arrow 1 from first " +
              std::to_string(choice.components) + ", graph 0 to first " +
              std::to_string(choice.components) + ", graph 1 nohead dt 2 lc '#555555'\nplot ";
  const char* colours[] = {"#9ecae1", "#6baed6", "#3182bd", "#08519c", "#d62728", "#fd8d3c",
                           "#e6550d", "#a63603", "#a1d99b", "#74c476", "#31a354", "#006d2c"};
  for (std::size_t f = 2; f < 14; ++f) {
    const Covariance form = latent::every_covariance[f];
    Eigen::MatrixXd curve(9, 2);
    for (Index k = 1; k <= 9; ++k)
      curve.row(k - 1) << static_cast<double>(k), choice.row(form, k).bic;
    plot << (f > 2 ? ", " : "") + plot.data(curve) + " using 1:2 with linespoints lw " +
                (form == choice.form ? "4" : "1.5") + " pt 7 ps " +
                (form == choice.form ? "1" : "0.6") + " lc '" + colours[f - 2] + "' title '" +
                std::string(to_string(form)) + "'";
  }
  plot << "\nunset arrow 1\nset key inside top left\nset xrange [*:*]\nset yrange [*:*]\n";
}

void draw_choice(examples::Plot& plot, const RowMatrix<double>& x, const Choice& choice) {
  Eigen::MatrixXd points(x.rows(), 3);
  points << x, choice.fit.model.predict(x).cast<double>();
  plot << "set title 'the choice: " + std::string(to_string(choice.form)) + " with " +
              std::to_string(choice.components) +
              " components, ellipses 2 standard deviations'\nset xlabel 'eruption, minutes'\n"
              "set ylabel 'wait for the next, minutes'\nset xrange [1:6]\nset yrange [35:105]\n"
              "unset colorbox\nset palette maxcolors 4 defined (0 '#1f77b4', 1 '#ff7f0e', 2 "
              "'#2ca02c', 3 '#9467bd')\nset cbrange [-0.5:3.5]\nplot " +
              plot.data(points) + " using 1:2:3 with points pt 7 ps 0.7 lc palette notitle";
  for (Index k = 0; k < choice.components; ++k)
    plot << ", " + plot.data(ellipse(choice, k)) + " with lines lw 2 lc 'black' notitle";
  plot << "\nset xrange [*:*]\nset yrange [*:*]\n";
}

// Each criterion above its least value, in its own units: of cross-validation -2 n times the mean.
void draw_criteria(examples::Plot& plot, const Choice& choice, const Choice& held_out,
                   double rows) {
  Eigen::MatrixXd curves(static_cast<Index>(held_out.rows.size()), 5);
  for (Index i = 0; i < curves.rows(); ++i) {
    const latent::GaussianRow& other = held_out.rows[static_cast<std::size_t>(i)];
    const latent::GaussianRow& row = choice.row(other.form, other.components);
    curves.row(i) << static_cast<double>(row.components), row.bic, row.icl, row.aic,
        -2.0 * rows * other.cross_validated.value_or(0.0);
  }
  for (Index c = 1; c < 5; ++c) curves.col(c).array() -= curves.col(c).minCoeff();
  const std::string file = plot.data(curves);
  plot << "set title '" + std::string(to_string(choice.form)) +
              ": criteria above their least value'\nset xlabel 'components'\nset ylabel ''\n"
              "set xtics 1\nset xrange [1.5:9.5]\nset yrange [-3:90]\nset key top center\n"
              "plot " +
              file + " using 1:2 with linespoints lw 2 pt 7 lc '#d62728' title 'BIC', " + file +
              " using 1:3 with linespoints lw 2 pt 5 lc '#1f77b4' title 'ICL', " + file +
              " using 1:4 with linespoints lw 2 pt 9 lc '#2ca02c' title 'AIC', " + file +
              " using 1:5 with linespoints lw 2 pt 11 lc '#9467bd' title 'held out, -2 log L'\n"
              "set xrange [*:*]\nset yrange [*:*]\n";
}

// The replicates of each test as a row of points, the statistic of the data as a cross.
void draw_tests(examples::Plot& plot, const Tests& tests) {
  const auto count = static_cast<Index>(tests.tests.size());
  Eigen::MatrixXd found(count, 2);
  Eigen::MatrixXd drawn(count * tests.tests.front().replicates.size(), 2);
  std::string labels;
  Index at = 0;
  for (Index t = 0; t < count; ++t) {
    const auto& test = tests.tests[static_cast<std::size_t>(t)];
    const double level = -static_cast<double>(t);
    found.row(t) << test.statistic, level;
    for (const double statistic : test.replicates) {
      drawn.row(at) << std::max(statistic, 0.1), level + 0.12 * static_cast<double>(at % 5 - 2);
      ++at;
    }
    labels += (t > 0 ? ", '" : "'") + std::to_string(test.components) + " against " +
              std::to_string(test.components + 1) + "' " + fixed(level, 0);
  }
  plot << "set title 'likelihood ratio: the data, and 99 sets drawn with the smaller number'\n"
          "set xlabel '2 (log L(K + 1) - log L(K)), logarithmic'\nset logscale x\nset xrange "
          "[0.3:1000]\nset xtics auto\nset ytics (" +
              labels + ")\nset yrange [" + fixed(0.6 - static_cast<double>(count), 1) +
              ":0.9]\nset key top left\nplot " + plot.data(drawn) +
              " using 1:2 with points pt 7 ps 0.5 lc '#999999' title 'drawn', " + plot.data(found) +
              " using 1:2 with points pt 2 ps 2 lw 3 lc '#d62728' title 'the data'\n";
}

std::string criterion_line(const Choice& choice, Criterion criterion) {
  const latent::GaussianRow* best = &choice.rows.front();
  for (const latent::GaussianRow& row : choice.rows)
    if (latent::detail::preferred(row, *best, criterion)) best = &row;
  return "| " + std::string(to_string(criterion)) + " | " + std::string(to_string(best->form)) +
         " | " + std::to_string(best->components) + " |\n";
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"which Gaussian mixture: forms of covariances and components"};
  program.takes_threads().takes_seed();
  return program.run(argc, argv, [&] {
    const latent::Threads threads{program.threads};
    const RowMatrix<double> x = examples::read_csv(program.data / "faithful.csv").values;
    latent::ChooseGaussianMixture sweep{.from = 1, .to = 9};
    sweep.mixture.seed = program.seed;
    const Choice choice = sweep.fit(x, threads);

    latent::ChooseGaussianMixture one_form = sweep;
    one_form.forms = {choice.form};
    one_form.seeds = 1;
    one_form.folds = 5;
    const Choice judged = one_form.fit(x, threads);

    const Tests tests =
        latent::BootstrapLikelihoodRatio{.form = choice.form, .seed = program.seed}.sequence(
            x, 4, 0.05, threads);

    std::ostringstream page;
    page << "# Choosing a mixture\n\nBIC of the eruptions of Old Faithful, by components and form; "
            "lower is better.\n\n"
         << choice.table(Criterion::bic).to_markdown() << "\nThe choice: " << choice.reason
         << "\n\nOf " << sweep.seeds << " seeds alone";
    for (const latent::GaussianVote& vote : choice.votes)
      page << ", " << vote.seeds << " would choose " << to_string(vote.form) << " with "
           << vote.components;
    page << "; what they find agrees to " << fixed(choice.agreement.value_or(1.0), 3)
         << " (mean adjusted Rand index).\n\nOther criteria among the same fits:\n\n"
            "| criterion | form | components |\n|---|---|---|\n"
         << criterion_line(choice, Criterion::bic) << criterion_line(choice, Criterion::icl)
         << criterion_line(choice, Criterion::aic) << "\nThe chosen form in " << one_form.folds
         << "-fold cross-validation, mean log density of a row held out (higher is better):\n\n"
         << judged.table()
                .select({{"components", {"components"}},
                         {"held out", {"held out", 4}},
                         {"error", {"error", 4}}})
                .to_markdown()
         << "\nIs one component more worth it? The likelihood ratio against 99 sets of rows drawn "
            "from the fit with the smaller number:\n\n"
         << tests.table().to_markdown() << "\nAt 5 % the test stops at " << tests.components
         << " components.\n";
    program.publish("choosing_a_mixture.md", page.str());
    examples::write_text(program.output / "choosing_a_mixture.csv", choice.table().to_csv());

    examples::Plot plot{1300, 1000};
    plot << "set multiplot layout 2,2 title 'Old Faithful: which mixture of Gaussians?'\n";
    draw_forms(plot, choice);
    draw_choice(plot, x, choice);
    draw_criteria(plot, choice, judged, static_cast<double>(x.rows()));
    draw_tests(plot, tests);
    plot << "unset multiplot\n";
    plot.save(program.output / "choosing_a_mixture.png");
  });
}
