// The geyser Old Faithful: 272 eruptions, how long each lasted and how long the wait was until the
// next. Two kinds of eruption show at a glance; a mixture of two Gaussians finds them, and says of
// each eruption how sure it is. (The figures with K = 2 of the lectures on Gaussian mixtures; C. M.
// Bishop, "Pattern Recognition and Machine Learning", 2006, section 9.2.)
//
// Look at: the four panels. At the start the ellipses are where they were put; one step turns and
// shrinks them; after 20 nothing moves. Points in grey between the clouds belong to both a little:
// that is what k-means cannot say. And the table: the log-likelihood never falls.
#include <cmath>
#include <latent/gaussian_mixture.hpp>
#include <map>
#include <sstream>

#include "support/csv_file.hpp"
#include "support/plot.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;
using latent::RowMatrix;
using Geyser = latent::Mixture<latent::Gaussian<latent::Covariance::full, double>>;

namespace {

struct Snapshots {
  std::map<Index, Geyser> models;
  bool on_iteration(const auto& view) {
    models.emplace(view.index, view.after);
    return true;
  }
};

// The points at `radius` standard deviations from component k: mean + radius L (cos, sin), with L
// L' the covariance.
RowMatrix<double> ellipse(const Geyser& model, Index k, double radius) {
  return latent::confidence_ellipse(model.family.means.row(k), model.family.covariance(k),
                                    -std::expm1(-0.5 * radius * radius));
}

void panel(examples::Plot& plot, const std::string& title, const RowMatrix<double>& x,
           const Geyser& model) {
  Eigen::MatrixXd points(x.rows(), 3);
  points << x, model.responsibilities(x).col(1);
  plot << "set title '" << title << "'\nplot " << plot.data(points)
       << " using 1:2:3 with points pt 7 ps 0.7 lc palette notitle";
  for (Index k = 0; k < 2; ++k) {
    plot << ", " << plot.data(ellipse(model, k, 1.0)) << " with lines lw 2 lc 'black' notitle"
         << ", " << plot.data(ellipse(model, k, 2.0)) << " with lines lw 1 dt 2 lc 'black' notitle";
  }
  plot << ", " << plot.data(model.family.means)
       << " with points pt 2 ps 2 lw 3 lc 'black' notitle\n";
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"EM for a mixture of two Gaussians on the Old Faithful eruptions"};
  return program.run(argc, argv, [&] {
    const RowMatrix<double> x = examples::read_csv(program.data / "faithful.csv").values;
    const Eigen::MatrixXd spread = Eigen::Vector2d{1.0, 100.0}.asDiagonal();
    const Geyser start{latent::Vector<double>{{0.5, 0.5}},
                       {RowMatrix<double>{{2.0, 55.0}, {4.0, 80.0}}, {spread, spread}}};
    Snapshots seen;
    seen.models.emplace(0, start);
    const auto fit = latent::EM{.max_iterations = 20, .tolerance = 0}.fit(
        start, x, latent::Serial{}, latent::Soft{}, seen);

    examples::Table steps{{"iteration", "log-likelihood", "gain"}};
    for (const latent::Iteration& at : fit.report.trace)
      steps.row(
          at.index, fixed(at.log_likelihood, 8),
          at.index == 0
              ? ""
              : fixed(at.log_likelihood -
                          fit.report.trace[static_cast<std::size_t>(at.index) - 1].log_likelihood,
                      8));
    examples::Table found{
        {"eruptions", "share", "minutes", "wait", "sd minutes", "sd wait", "correlation"}};
    for (Index k = 0; k < 2; ++k) {
      const Eigen::Matrix2d c = fit.model.family.covariance(k);
      found.row(k == 0 ? "short" : "long", fixed(fit.model.weights[k], 4),
                fixed(fit.model.family.means(k, 0), 3), fixed(fit.model.family.means(k, 1), 2),
                fixed(std::sqrt(c(0, 0)), 3), fixed(std::sqrt(c(1, 1)), 2),
                fixed(c(0, 1) / std::sqrt(c(0, 0) * c(1, 1)), 3));
    }
    std::ostringstream page;
    const auto own_start = latent::GaussianMixture<>{.components = 2}.fit(x);
    page << "# Old Faithful\n\n"
         << steps << '\n'
         << found << "\nGaussianMixture{.components = 2}, which begins with k-means, ends at "
         << fixed(own_start.log_likelihood, 8) << " (" << latent::to_string(own_start.report.status)
         << ").\n";
    program.publish("old_faithful.md", page.str());

    examples::Plot plot{1000, 800};
    plot << "set multiplot layout 2,2 title 'Old Faithful: crosses are means, ellipses 1 and 2 "
            "standard deviations'\n"
         << "set xrange [1:6]\nset yrange [30:105]\nset xlabel 'eruption, minutes'\nset ylabel "
            "'wait for the next, minutes'\n"
         << "set cbrange [0:1]\nset cblabel 'P(long | eruption)'\n"
         << "set palette defined (0 '#1f77b4', 0.5 '#bbbbbb', 1 '#d62728')\n";
    for (const Index iteration : {0, 1, 5, 20}) {
      const latent::Iteration& at = fit.report.trace[static_cast<std::size_t>(iteration)];
      panel(plot,
            "iteration " + std::to_string(iteration) + ": log-likelihood " +
                fixed(at.log_likelihood, 2),
            x, seen.models.at(iteration));
    }
    plot << "unset multiplot\n";
    plot.save(program.output / "old_faithful.png");
  });
}
