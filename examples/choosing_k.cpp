// How many clusters are there? k-means must be told, and nobody knows. So it is run for every k from 1
// to 10, each result is judged by criteria that look at the data alone, and the criteria vote.
//
// Five clouds, one of them wide, two of them touching; and for comparison the same number of rows in
// one cloud.
//
// Look at
// - the inertia: it falls with every k, clusters or not. Its elbow is what people look for by eye.
// - the gap: how far log(inertia) lies below that of data without clusters, drawn uniformly in the
//   same box, with its standard error. It is the only one here, beside the BIC, that can say "one".
// - the one cloud: silhouette, Calinski-Harabasz and Davies-Bouldin name some number of clusters all
//   the same. They compare clusterings; they do not ask whether there is anything to cluster.
// - choosing_k.png: the criteria against k, the choice marked.
#include <latent/choose_clusters.hpp>
#include <latent/metrics.hpp>
#include <sstream>

#include "support/file.hpp"
#include "support/number.hpp"
#include "support/plot.hpp"
#include "support/program.hpp"

using examples::fixed;
using latent::Index;
using latent::RowMatrix;

namespace {

struct Clouds {
  RowMatrix<double> x;   // n x 2
  latent::Labels truth;  // n
};

Clouds five_clouds(std::uint64_t seed) {
  const RowMatrix<double> centres{{0, 0}, {9, 1}, {4, 8}, {12.5, 8}, {9.5, 10.5}};
  const double widths[] = {1.0, 1.0, 1.6, 0.8, 0.8};
  Clouds clouds{RowMatrix<double>(500, 2), latent::Labels(500)};
  latent::Random random{seed};
  for (Index i = 0; i < 500; ++i) {
    const Index k = i % 5;
    clouds.truth[i] = static_cast<int>(k);
    for (Index j = 0; j < 2; ++j) clouds.x(i, j) = centres(k, j) + widths[k] * random.normal();
  }
  return clouds;
}

RowMatrix<double> one_cloud(std::uint64_t seed) {
  RowMatrix<double> x(500, 2);
  latent::Random random{seed + 1};
  for (Index i = 0; i < 500; ++i) {
    x(i, 0) = 6.0 * random.normal();
    x(i, 1) = 0.5 * x(i, 0) + random.normal();
  }
  return x;
}

void draw(const Clouds& clouds, const latent::ClusterChoice<double>& choice,
          const latent::ClusterChoice<double>& single, const std::filesystem::path& png) {
  const auto count = static_cast<Index>(choice.rows.size());
  Eigen::MatrixXd curves(count, 10);
  for (Index i = 0; i < count; ++i) {
    const latent::ClusterRow& row = choice.rows[static_cast<std::size_t>(i)];
    const latent::ClusterRow& other = single.rows[static_cast<std::size_t>(i)];
    // k = 1 has no silhouette and its like; the script leaves that row out.
    curves.row(i) << static_cast<double>(row.clusters), row.inertia, row.gap.value_or(0.0),
        row.gap_error.value_or(0.0), row.bic.value_or(0.0), row.silhouette.value_or(0.0),
        row.calinski_harabasz.value_or(0.0), row.davies_bouldin.value_or(0.0),
        other.gap.value_or(0.0), other.gap_error.value_or(0.0);
  }
  Eigen::MatrixXd points(clouds.x.rows(), 3);
  points << clouds.x, choice.fit.labels.cast<double>();
  examples::Plot plot{1200, 1000};
  const std::string file = plot.data(curves);
  const std::string chosen = std::to_string(choice.clusters);
  const std::string style = " with linespoints lw 2 pt 7 lc '#1f77b4' notitle\n";
  const auto panel = [&](const std::string& title, const std::string& columns) {
    plot << "set title '" + title + "'\nplot " + file + " " + columns + style;
  };
  plot << "set multiplot layout 3,2 title 'Choosing k: every criterion against k; the line is the "
          "choice'\n"
          "set key top right\nunset colorbox\n"
       << "set palette maxcolors 10 defined (0 '#1f77b4', 1 '#ff7f0e', 2 '#2ca02c', 3 '#d62728', 4 "
          "'#9467bd', 5 '#8c564b', 6 '#e377c2', 7 '#7f7f7f', 8 '#bcbd22', 9 '#17becf')\n"
          "set cbrange [-0.5:9.5]\n"
       << "set title 'the rows, coloured by the clusters chosen (k = " + chosen + ")'\n"
       << "plot " + plot.data(points) +
              " using 1:2:3 with points pt 7 ps 0.6 lc palette notitle, " +
              plot.data(Eigen::MatrixXd(choice.fit.model.centroids())) +
              " with points pt 2 ps 2 lw 3 lc 'black' title 'centroids'\n"
       << "set xlabel 'k'\nset xrange [0.5:" + std::to_string(count) + ".5]\nset xtics 1\n"
       << "set arrow 1 from first " + chosen + ", graph 0 to first " + chosen +
              ", graph 1 nohead dt 2 lc '#555555'\n";
  panel("inertia: falls with every k", "using 1:2");
  plot << "set title 'gap, with its standard error'\nplot " + file +
              " using 1:3:4 with yerrorlines lw 2 pt 7 lc '#1f77b4' title 'five clouds', " + file +
              " using 1:9:10 with yerrorlines lw 2 pt 7 lc '#999999' title 'one cloud'\n";
  panel("BIC: small is good", "using 1:5");
  panel("silhouette: large is good", "every ::1 using 1:6");
  panel("Davies-Bouldin: small is good", "every ::1 using 1:8");
  plot << "unset multiplot\n";
  plot.save(png);
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"how many clusters there are, by the vote of five criteria"};
  program.takes_threads().takes_seed();
  return program.run(argc, argv, [&] {
    const latent::Threads threads{program.threads};
    const Clouds clouds = five_clouds(program.seed);
    const latent::ChooseClusters sweep{.from = 1, .to = 10};
    const auto choice = sweep.fit(clouds.x, threads);
    const auto single = sweep.fit(one_cloud(program.seed), threads);
    const auto split = latent::GMeans{}.fit(clouds.x, threads);

    std::ostringstream page;
    page << "# Choosing k\n\nFive clouds of 100 rows each, one of them wide, two of them close.\n\n"
         << choice.table().to_markdown() << "\nThe choice: " << choice.reason
         << "\n\nThe rows' true clouds and the clusters agree to "
         << fixed(latent::adjusted_rand_index(choice.fit.labels, clouds.truth), 3)
         << " (adjusted Rand index); "
         << fixed(100.0 * latent::matched_accuracy(choice.fit.labels, clouds.truth), 1)
         << " % of the rows are where they belong.\n\n"
         << "G-means, which is told nothing and splits what does not look normal, finds "
         << split.model.centroids().rows() << " clusters:\n\n";
    latent::Table notes{{{"round"}, {"cluster"}, {"value", 2}, {"what"}}};
    for (const latent::Note& note : split.report.notes)
      notes.row({note.iteration, note.component, note.value, note.message});
    page << notes.to_markdown() << "\nOne long cloud of 500 rows:\n\n"
         << single.table().to_markdown() << "\nThe choice: " << single.reason << "\n";
    program.publish("choosing_k.md", page.str());
    examples::write_text(program.output / "choosing_k.csv", choice.table().to_csv());
    draw(clouds, choice, single, program.output / "choosing_k.png");
  });
}
