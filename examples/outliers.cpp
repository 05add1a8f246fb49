// Clusters with outliers: three clouds, and one row in twenty far away. k-means must give every row
// a centroid, and squares count far rows most: centroids leave the clouds for them. Trimmed k-means
// leaves out the share of the rows that fits worst, and says which.
//
// Look at: the crosses. k-means spends two of three on fifty outliers, and the clouds share the last;
// trimmed k-means has one in the middle of each cloud. And the table: trimming more than there are
// outliers costs little, trimming less leaves enough of them to do the same.
#include <algorithm>
#include <cmath>
#include <latent/kmeans.hpp>
#include <sstream>

#include "support/plot.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;

namespace {

constexpr Index rows = 1000;
constexpr Index clouds = 3;

bool is_outlier(Index row) {
  return row % 20 == 19;
}

Eigen::MatrixXd centres() {
  Eigen::MatrixXd c(clouds, 2);
  c << 0, 0, 9, 1, 3, 8;
  return c;
}

Eigen::MatrixXd draw(std::uint64_t seed) {
  const latent::Random stream{seed};
  const Eigen::MatrixXd c = centres();
  Eigen::MatrixXd x(rows, 2);
  for (Index i = 0; i < rows; ++i) {
    latent::Random random = stream.at(static_cast<std::uint64_t>(i));
    if (is_outlier(i)) {
      // Two swarms and some strays.
      const double spread = i % 60 == 19 ? 60.0 : 6.0;
      const double side = i % 40 == 19 ? 1.0 : -1.0;
      x.row(i) << 45 * side + spread * (random.uniform() - 0.5), 30 + spread * random.uniform();
    } else {
      x.row(i) = c.row(i % clouds) + Eigen::RowVector2d(random.normal(), random.normal());
    }
  }
  return x;
}

// The largest distance from the centre of a cloud to the nearest centroid.
double off_by(const Eigen::MatrixXd& centroids) {
  double off = 0.0;
  for (Index k = 0; k < clouds; ++k)
    off = std::max(off, (centroids.rowwise() - centres().row(k)).rowwise().norm().minCoeff());
  return off;
}

Eigen::MatrixXd with_labels(const Eigen::MatrixXd& x, const latent::Labels& labels) {
  Eigen::MatrixXd table(x.rows(), 3);
  table << x, labels.cast<double>();
  return table;
}

void draw_panel(examples::Plot& plot, const std::string& title, const Eigen::MatrixXd& x,
                const latent::Labels& labels, const Eigen::MatrixXd& centroids) {
  const std::string points = plot.data(with_labels(x, labels));
  const std::string crosses = plot.data(centroids);
  plot << "set title '" << title << "'\n"
       << "plot " << points
       << " using 1:($3<0?$2:1/0) with points pt 6 ps 0.6 lc rgb '#999999' title 'left out'";
  const char* colours[] = {"#0072b2", "#e69f00", "#009e73"};
  for (Index k = 0; k < clouds; ++k)
    plot << ", " << points << " using 1:($3==" << std::to_string(k)
         << "?$2:1/0) with points pt 7 ps 0.4 lc rgb '" << colours[k] << "' notitle";
  plot << ", " << crosses
       << " using 1:2 with points pt 2 ps 2.5 lw 3 lc rgb 'black' title 'centroids'\n";
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"k-means and trimmed k-means on data with outliers"};
  program.takes_threads().takes_seed();
  return program.run(argc, argv, [&] {
    const Eigen::MatrixXd x = draw(program.seed);
    const latent::Threads threads{program.threads};
    const auto plain =
        latent::KMeans{.clusters = clouds, .restarts = 10, .seed = program.seed}.fit(x, threads);

    examples::Table table{{"trim", "rows left out", "outliers among them", "threshold",
                           "farthest centre to its centroid"}};
    table.row("k-means", 0, 0, "", fixed(off_by(plain.model.centroids()), 2));
    const auto trimmed_by = [&](double trim) {
      return latent::TrimmedKMeans{.clusters = clouds, .trim = trim, .seed = program.seed}.fit(
          x, threads);
    };
    for (const double trim : {0.01, 0.03, 0.05, 0.10, 0.20}) {
      const auto fit = trimmed_by(trim);
      int left_out = 0;
      int right = 0;
      for (Index i = 0; i < rows; ++i)
        if (fit.labels[i] < 0) {
          ++left_out;
          right += is_outlier(i) ? 1 : 0;
        }
      table.row(fixed(trim, 2), left_out, right, fixed(fit.threshold, 2),
                fixed(off_by(fit.model.centroids()), 2));
    }

    const auto trimmed = trimmed_by(0.05);
    examples::Plot plot{1200, 480};
    plot << "set multiplot layout 1,2\nset key bottom right\nset size ratio -1\n"
         << "set xrange [-80:80]\nset yrange [-15:95]\n";
    draw_panel(plot, "k-means", x, plain.labels, plain.model.centroids());
    draw_panel(plot, "trimmed k-means, 5 %", x, trimmed.labels, trimmed.model.centroids());
    plot << "unset multiplot\n";
    plot.save(program.output / "outliers.png");

    std::ostringstream page;
    page << "# Three clouds and fifty outliers among " << rows << " rows\n\n"
         << table
         << "\nThe clouds have a standard deviation of 1. The last column is the largest distance "
            "from the\ncentre of a cloud to the nearest centroid.\n";
    program.publish("outliers.md", page.str());
  });
}
