// Sixteen people, their heights, and nobody wrote down who is a man and who a woman.
//
// Asked: how tall are women, how tall are men, and with what probability is somebody of 1.90 m a
// man? The height X is seen, the sex Z is hidden: p(x) = P(woman) p(x | woman) + P(man) p(x | man),
// a mixture of two Gaussians. Each person i has a distribution of their own over Z,
// Q_i(z) = p(z | x_i): somebody of 1.90 m is, say, 0.9 a man and 0.1 a woman.
//
// Look at
// - the table of iterations: the log-likelihood never falls, but the parameters go on creeping long
//   after it has all but stopped. Sixteen heights say little.
// - heights_bells.png: the two bells, their sum, and the people, coloured by P(man | height).
// - heights_bound.png: why EM works. Along one parameter, the mean of the men, the log-likelihood
//   is the black curve. Jensen's inequality,
//     log sum_z p(x, z) = log sum_z Q(z) p(x, z) / Q(z) >= sum_z Q(z) log (p(x, z) / Q(z)),
//   gives a curve below it for any Q. With Q = p(z | x) at the present mean the ratio in the
//   logarithm is the same for every z, so that the two curves touch there: that is the E-step. The
//   M-step goes to the top of the lower curve. (Neal and Hinton 1998.)
// - the two recorded answers at the end. The model never saw them.
#include <cmath>
#include <latent/gaussian_mixture.hpp>
#include <numbers>
#include <sstream>

#include "support/file.hpp"
#include "support/number.hpp"
#include "support/plot.hpp"
#include "support/program.hpp"

using examples::fixed;
using latent::Index;
using latent::RowMatrix;
using latent::Table;
using latent::TraceGroup;
using latent::Vector;
using Family = latent::Gaussian<latent::Covariance::full, double>;
using People = latent::Mixture<Family>;

namespace {

constexpr int woman = 0;
constexpr int man = 1;

People model(double mean_of_women, double mean_of_men, double variance) {
  const Eigen::MatrixXd spread = Eigen::MatrixXd::Constant(1, 1, variance);
  return {Vector<double>{{0.5, 0.5}}, Family{RowMatrix<double>{{mean_of_women}, {mean_of_men}},
                                             std::vector<Eigen::MatrixXd>{spread, spread}}};
}

// The columns height, women, men, both: weight times density. `parameters` are those of a row of
// the trace: two weights, two means, two variances.
Eigen::MatrixXd bells(const Vector<double>& parameters) {
  Eigen::MatrixXd curve(241, 4);
  for (Index i = 0; i < curve.rows(); ++i) {
    const double x = 145.0 + 0.25 * static_cast<double>(i);
    curve(i, 0) = x;
    for (const int k : {woman, man}) {
      const double variance = parameters[4 + k];
      const double z = x - parameters[2 + k];
      curve(i, 1 + k) = parameters[k] * std::exp(-0.5 * z * z / variance) /
                        std::sqrt(2.0 * std::numbers::pi * variance);
    }
    curve(i, 3) = curve(i, 1) + curve(i, 2);
  }
  return curve;
}

void draw_bells(const latent::TraceTable& trace, const RowMatrix<double>& heights,
                const std::filesystem::path& png) {
  examples::Plot plot{1000, 760};
  plot << "set multiplot layout 2,2 title 'Heights: two bells, their sum, and the people'\n"
          "set xrange [145:205]\nset yrange [0:0.06]\nset xlabel 'height, cm'\n"
          "set ylabel 'weight x density, 1/cm'\nset cbrange [0:1]\nunset colorbox\n"
          "set palette defined (0 '#d62728', 0.5 '#bbbbbb', 1 '#1f77b4')\nset key top right\n";
  const auto last = static_cast<Index>(trace.rows().size()) - 1;
  for (const Index iteration : {Index{0}, Index{1}, Index{20}, last}) {
    const latent::TraceRow& row = trace.rows()[static_cast<std::size_t>(iteration)];
    const Eigen::MatrixXd curve = bells(row.parameters);
    // The people stand on the axis, coloured by P(man | height) under the bells of this panel.
    Eigen::MatrixXd people(heights.rows(), 3);
    for (Index i = 0; i < people.rows(); ++i) {
      const auto at = static_cast<Index>(std::lround((heights(i, 0) - 145.0) / 0.25));
      people.row(i) << heights(i, 0), 0.0015, curve(at, 2) / curve(at, 3);
    }
    const std::string file = plot.data(curve);
    plot << "set title 'iteration " + std::to_string(iteration) + ": log-likelihood " +
                fixed(*row.log_likelihood, 3) + "'\n"
         << "plot " + file + " using 1:4 with lines lw 1 lc 'black' title 'both', " + file
         << " using 1:2 with lines lw 2 lc '#d62728' title 'women', " + file
         << " using 1:3 with lines lw 2 lc '#1f77b4' title 'men', " + plot.data(people)
         << " using 1:2:3 with points pt 7 ps 1.2 lc palette notitle\n";
  }
  plot << "unset multiplot\n";
  plot.save(png);
}

// EM for one number: the mean of the men, all else as in `start`. Three steps, each with its bound.
std::string draw_bounds(People start, const RowMatrix<double>& heights,
                        const std::filesystem::path& png) {
  const latent::Serial here;
  Eigen::MatrixXd curve(121, 5);  // mean, log-likelihood, three bounds
  Eigen::MatrixXd touching(3, 2);
  Eigen::MatrixXd tops(3, 2);
  Table steps{{{"step"},
               {"mean of the men", 4},
               {"log-likelihood", 6},
               {"bound there", 6},
               {"top of the bound at", 4},
               {"bound there", 6},
               {"log-likelihood there", 6},
               {"gap there", 6}}};
  People now = start;
  for (Index step = 0; step < 3; ++step) {
    People moved = now;
    for (Index i = 0; i < curve.rows(); ++i) {
      moved.family.means(man, 0) = 164.0 + 0.25 * static_cast<double>(i);
      const latent::LowerBound at = latent::lower_bound(moved, now, heights, here);
      curve(i, 0) = moved.family.means(man, 0);
      curve(i, 1) = at.log_likelihood;
      curve(i, 2 + step) = at.bound;
    }
    // The M-step for a mean does not depend on the other parameters.
    moved.family.means(man, 0) = latent::EM{.max_iterations = 1, .tolerance = 0}
                                     .fit(now, heights, here)
                                     .model.family.means(man, 0);
    const latent::LowerBound tight = latent::lower_bound(now, now, heights, here);
    const latent::LowerBound top = latent::lower_bound(moved, now, heights, here);
    touching.row(step) << now.family.means(man, 0), tight.bound;
    tops.row(step) << moved.family.means(man, 0), top.bound;
    steps.row({step + 1, touching(step, 0), tight.log_likelihood, tight.bound, tops(step, 0),
               top.bound, top.log_likelihood, top.gap});
    now = moved;
  }
  examples::Plot plot{900, 620};
  const std::string file = plot.data(curve);
  plot << "set title 'The lower bound touches the log-likelihood where the E-step was made; the "
          "M-step climbs to its top'\n"
          "set xlabel 'mean of the men, cm (all else fixed)'\nset ylabel 'log-likelihood and its "
          "lower bounds'\nset yrange [-76:-57]\nset xrange [164:194]\nset key bottom left reverse "
          "Left\n"
       << "plot " + file + " using 1:2 with lines lw 3 lc 'black' title 'log-likelihood'";
  const char* colours[] = {"#d62728", "#1f77b4", "#2ca02c"};
  for (Index step = 0; step < 3; ++step)
    plot << ", " + file + " using 1:" + std::to_string(3 + step) + " with lines lw 2 lc '"
         << std::string(colours[step]) + "' title 'bound of step " + std::to_string(step + 1) + "'";
  plot << ", " + plot.data(touching) + " with points pt 7 ps 1.6 lc 'black' title 'touches here'"
       << ", " + plot.data(tops) + " with points pt 9 ps 1.6 lc 'black' title 'top of the bound'\n";
  plot.save(png);
  return steps.to_markdown();
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"EM on heights: the two bells when nobody recorded the sex"};
  return program.run(argc, argv, [&] {
    const std::vector<double> cm{155, 158, 160, 161, 163, 165, 166, 168,
                                 171, 173, 175, 176, 178, 180, 182, 190};
    // What was kept from the model: who is a man.
    const latent::Labels sex{{0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1}};
    const RowMatrix<double> heights =
        Eigen::Map<const RowMatrix<double>>(cm.data(), static_cast<Index>(cm.size()), 1);

    const People start = model(160.0, 180.0, 25.0);
    latent::TraceTable trace{heights};
    const auto fit = latent::EM{.max_iterations = 2000, .tolerance = 1e-12}.fit(
        start, heights, latent::Serial{}, latent::Soft{}, trace);
    trace.complete(fit.report);

    const Table all = trace.table().select({{"iteration", {"iteration"}},
                                            {"log-likelihood", {"log-likelihood", 6}},
                                            {"weight(0)", {"P(woman)", 4}},
                                            {"weight(1)", {"P(man)", 4}},
                                            {"mean(0,0)", {"mean, women", 3}},
                                            {"mean(1,0)", {"mean, men", 3}},
                                            {"covariance(0,0,0)", {"variance, women", 3}},
                                            {"covariance(1,0,0)", {"variance, men", 3}}});
    Table some{all.columns()};
    for (const Index i : {0, 1, 2, 3, 5, 10, 20, 50, 100, 200})
      if (i < all.rows()) some.row(all.cells(i));
    some.row(all.cells(all.rows() - 1));

    // The people, and two whom the lecture asks about.
    Table people{{{"height, cm"}, {"P(man), start", 4}, {"P(man), fitted", 4}, {"recorded"}}};
    const RowMatrix<double> before = start.responsibilities(heights);
    const RowMatrix<double> after = fit.model.responsibilities(heights);
    Index right = 0;
    for (Index i = 0; i < heights.rows(); ++i) {
      people.row({static_cast<Index>(heights(i, 0)), before(i, man), after(i, man),
                  sex[i] == man ? "man" : "woman"});
      right += (after(i, man) > 0.5) == (sex[i] == man) ? 1 : 0;
    }
    const RowMatrix<double> asked{{190.0}, {155.0}};
    const RowMatrix<double> asked_start = start.responsibilities(asked);
    const RowMatrix<double> asked_fit = fit.model.responsibilities(asked);
    const People complete =
        latent::fit_complete(start, latent::samples(heights).labels(sex), latent::Serial{});
    const RowMatrix<double> asked_complete = complete.responsibilities(asked);
    Table questions{{{"height, cm"}, {"model"}, {"P(man)", 6}, {"P(woman)", 6}}};
    for (Index i = 0; i < asked.rows(); ++i) {
      const auto height = static_cast<Index>(asked(i, 0));
      questions.row({height, "start", asked_start(i, man), asked_start(i, woman)})
          .row({height, "fitted, sex hidden", asked_fit(i, man), asked_fit(i, woman)})
          .row({height, "fitted, sex known", asked_complete(i, man), asked_complete(i, woman)});
    }

    std::ostringstream page;
    page << "# Heights\n\nSixteen heights in cm, the sex hidden.\n\n"
         << some.to_markdown() << "\nStatus: " << latent::to_string(fit.report.status) << " after "
         << fit.report.iterations << " iterations.\n\nThe people, and what was kept from the "
         << "model: " << right << " of " << heights.rows() << " would be guessed right.\n\n"
         << people.to_markdown() << "\nA man or a woman?\n\n"
         << questions.to_markdown()
         << "\nA lecture may say 0.9 for a man of 1.90 m and 0.2 for one of 1.55 m to make its "
            "point; answers as\nmoderate as these need bells that overlap more. Mind 1.55 m where "
            "the sex is hidden: the men's wide\nbell falls more slowly than the women's narrow "
            "one; far enough to the left it is the higher of the\ntwo.\n\nWith the sex known the "
            "means are "
         << fixed(complete.family.means(woman, 0), 3) << " and "
         << fixed(complete.family.means(man, 0), 3)
         << " cm, and there is nothing to iterate.\n\nEM for one number, the mean of the men, from "
            "a poor start. Log-likelihood = bound + gap:\n\n"
         << draw_bounds(model(160.0, 190.0, 64.0), heights, program.output / "heights_bound.png");
    program.publish("heights.md", page.str());
    examples::write_text(program.output / "heights.csv",
                         trace.to_csv({.columns = {{TraceGroup::iteration},
                                                   {TraceGroup::log_likelihood},
                                                   {TraceGroup::change},
                                                   {TraceGroup::parameters},
                                                   {TraceGroup::counts},
                                                   {TraceGroup::responsibilities}}}));
    draw_bells(trace, heights, program.output / "heights_bells.png");
  });
}
