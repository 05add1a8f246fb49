// The fourteen forms of covariances, side by side: three clouds in two columns, fitted in every form
// from the same start.
//
// Look at
// - gaussian_families.png: what each letter costs and buys. EII has circles of one size, VII of three;
//   EEI, VEI, EVI, VVI have axes along the columns; EEE one ellipse for all; the rest turn. Lines are
//   at two standard deviations.
// - the table: more parameters never lower the likelihood of a form that contains another, and BIC
//   (lower is better) finds the one that the clouds were drawn from, VEV: equal shapes, turned and of
//   different sizes.
// - the last panel: the density of the best form, with contours at 1 ... 80 % of its greatest height.
#include <array>
#include <cmath>
#include <cstddef>
#include <latent/gaussian_mixture.hpp>
#include <latent/kmeans.hpp>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "support/number.hpp"
#include "support/plot.hpp"
#include "support/program.hpp"

using examples::fixed;
using latent::Covariance;
using latent::GaussianFamily;
using latent::Index;
using latent::Mixture;
using latent::RowMatrix;

namespace {

using Model = Mixture<GaussianFamily<double>>;

struct Fit {
  Covariance form;
  latent::EMFit<Model> fit;
  double bic;
};

// A covariance with standard deviations `along` and `across`, turned by `degrees`.
Eigen::MatrixXd turned(double along, double across, double degrees) {
  const double angle = degrees * std::numbers::pi / 180.0;
  const Eigen::Matrix2d axes{{std::cos(angle), -std::sin(angle)},
                             {std::sin(angle), std::cos(angle)}};
  return axes * Eigen::Vector2d{along * along, across * across}.asDiagonal() * axes.transpose();
}

RowMatrix<double> clouds(std::uint64_t seed) {
  const RowMatrix<double> means{{0.0, 0.0}, {5.0, 1.0}, {2.0, 5.0}};
  const Model truth{latent::Vector<double>{{0.4, 0.35, 0.25}},
                    GaussianFamily<double>{Covariance::VEV,
                                           means,
                                           {turned(1.8, 0.6, 30.0), turned(1.2, 0.4, 110.0),
                                            turned(0.9, 0.3, -20.0)}}};
  return truth.sample(600, seed);
}

std::vector<Fit> fits_of(const RowMatrix<double>& x, std::uint64_t seed, int threads) {
  const auto clusters = latent::KMeans{.clusters = 3, .restarts = 5, .seed = seed}.fit(x);
  const double variance = clusters.inertia / static_cast<double>(x.size());
  std::vector<Fit> fits;
  for (const Covariance form : latent::every_covariance) {
    const Model start{
        latent::Vector<double>::Constant(3, 1.0 / 3.0),
        GaussianFamily<double>::isotropic(form, clusters.model.centroids(), variance)};
    auto fit = latent::EM{.max_iterations = 5000}.fit(start, x, latent::Threads{threads});
    const double bic = fit.model.bic(x);
    fits.push_back({form, std::move(fit), bic});
  }
  return fits;
}

std::string letters(Covariance form) {
  return std::string(to_string(form));
}

void draw_fit(examples::Plot& plot, const RowMatrix<double>& x, const Fit& found, bool best) {
  Eigen::MatrixXd points(x.rows(), 3);
  points << x, found.fit.model.predict(x).cast<double>();
  plot << "set title '" + letters(found.form) + "   BIC " + fixed(found.bic, 0) +
              (best ? "   the least" : "") + "'" + (best ? " textcolor '#d62728'\n" : "\n") +
              "plot " + plot.data(points) +
              " using 1:2:3 with points pt 7 ps 0.25 lc palette notitle";
  for (Index k = 0; k < 3; ++k)
    plot << ", " +
                plot.data(latent::confidence_ellipse(found.fit.model.family.means.row(k),
                                                     found.fit.model.family.covariance(k),
                                                     1.0 - std::exp(-2.0))) +
                " using 1:2 with lines lw 2 lc 'black' notitle";
  plot << "\nset title textcolor 'black'\n";
}

void draw_density(examples::Plot& plot, const Model& model, const Eigen::Vector2d& lower,
                  const Eigen::Vector2d& upper) {
  const latent::DensityGrid grid = latent::density_grid(model, lower, upper, {161, 161});
  const double top = grid.density().maxCoeff();
  std::string levels;
  for (const double share : {0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8})
    levels += (levels.empty() ? "" : ", ") + examples::significant(share * top, 6);
  // The contours go into a block of data first: a map of colours has no lines of its own.
  const std::string matrix = plot.data(grid.matrix());
  plot << "set contour base\nset cntrparam levels discrete " + levels +
              "\nunset surface\nset table $contours\nsplot " + matrix +
              " nonuniform matrix with lines\nunset table\nunset contour\nset surface\n"
              "set title 'the density of the best'\nset autoscale cb\nset palette maxcolors 0 "
              "defined (0 'white', 0.15 '#deebf7', 0.5 '#6baed6', 1 '#08306b')\nplot " +
              matrix +
              " nonuniform matrix with image notitle, $contours using 1:2 with lines lw 1 lc "
              "'#333333' notitle\n";
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"the fourteen forms of covariances, side by side"};
  program.takes_threads().takes_seed();
  return program.run(argc, argv, [&] {
    const RowMatrix<double> x = clouds(program.seed + 1);
    const std::vector<Fit> fits = fits_of(x, program.seed, program.threads);
    std::size_t best = 0;
    for (std::size_t f = 1; f < fits.size(); ++f)
      if (fits[f].bic < fits[best].bic) best = f;

    std::ostringstream page;
    page << "# Fourteen forms of covariances\n\n600 rows drawn from three components of form VEV; "
            "every form from the same start.\n\n| form | parameters | log-likelihood | BIC | "
            "iterations |\n|---|---|---|---|---|\n";
    for (const Fit& found : fits)
      page << "| " << letters(found.form) << " | " << found.fit.model.free_parameters() << " | "
           << fixed(found.fit.log_likelihood, 2) << " | " << fixed(found.bic, 2) << " | "
           << found.fit.report.iterations << " |\n";
    page << "\nThe least BIC has " << letters(fits[best].form) << ".\n";
    program.publish("gaussian_families.md", page.str());

    const Eigen::Vector2d lower{-6.0, -5.0};
    const Eigen::Vector2d upper{9.0, 8.0};
    examples::Plot plot{1400, 1300};
    plot << "set multiplot layout 4,4 margins 0.03,0.99,0.03,0.95 spacing 0.03,0.045\n"
            "unset colorbox\nset tics font ',8'\nset xrange [-6:9]\nset yrange [-5:8]\n";
    Eigen::MatrixXd plain = x;
    plot << "set title '600 rows'\nplot " + plot.data(plain) +
                " using 1:2 with points pt 7 ps 0.25 lc '#777777' notitle\n"
                "set palette maxcolors 3 defined (0 '#1f77b4', 1 '#ff7f0e', 2 '#2ca02c')\n"
                "set cbrange [-0.5:2.5]\n";
    for (std::size_t f = 0; f < fits.size(); ++f) draw_fit(plot, x, fits[f], f == best);
    draw_density(plot, fits[best].fit.model, lower, upper);
    plot << "unset multiplot\n";
    plot.save(program.output / "gaussian_families.png");
  });
}
