// K-means is EM for a mixture of equal balls that shrink to points. Each component is a Gaussian with
// covariance sigma^2 I, the same known sigma for all, and the weights are equal; only the centres are
// estimated. A row then belongs to component k with responsibility
//
//   exp(-|x - c_k|^2 / (2 sigma^2)) / sum_j exp(-|x - c_j|^2 / (2 sigma^2))
//
// and as sigma tends to 0 the nearest centre takes all: the E-step becomes k-means' assignment, the
// M-step its mean. (C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 9.3.2.)
// Hard EM (Celeux and Govaert 1992) gives each row wholly to its most probable component, which is
// the nearest centre whatever sigma is.
//
// Look at: the table from top to bottom. Wide balls overlap: every flower belongs to all three a
// little, and the centres are drawn together. As the balls shrink the responsibilities sharpen; on the
// way a flower or two may go elsewhere, for it is the limit that is k-means, and there labels and
// centres agree to the last digit. Then hard EM, which is there at once.
#include <cmath>
#include <latent/gaussian_mixture.hpp>
#include <latent/kmeans.hpp>
#include <latent/metrics.hpp>
#include <sstream>

#include "support/csv_file.hpp"
#include "support/number.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;
using latent::RowMatrix;
using Balls = latent::Mixture<latent::Gaussian<latent::Covariance::EII, double>>;

namespace {

Balls balls(const RowMatrix<double>& centres, double sigma) {
  const Index k = centres.rows();
  Balls model{latent::Vector<double>::Constant(k, 1.0 / static_cast<double>(k)),
              latent::Gaussian<latent::Covariance::EII, double>::isotropic(centres, sigma * sigma),
              latent::Weighting::fixed};
  model.family.known_covariances = true;
  return model;
}

std::string scientific(double value) {
  std::ostringstream text;
  text.precision(1);
  text << std::scientific << value;
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"K-means as the limit of EM for equal balls, on the iris flowers"};
  return program.run(argc, argv, [&] {
    const RowMatrix<double> x = examples::read_csv(program.data / "iris.csv").values.leftCols(4);
    RowMatrix<double> start(3, 4);
    start << x.row(7), x.row(57), x.row(107);
    const auto lloyd = latent::KMeans{}.fit_from(start, x);
    const double within = std::sqrt(lloyd.inertia / static_cast<double>(x.rows() * x.cols()));

    examples::Table table{{"E-step", "sigma, cm", "iterations", "adjusted Rand index",
                           "largest responsibility, mean", "farthest centre, cm"}};
    const auto add = [&](const char* step, double sigma, const auto& fit) {
      const double away =
          (fit.model.family.means - lloyd.model.centroids()).rowwise().norm().maxCoeff();
      table.row(step, fixed(sigma, 4), fit.report.iterations,
                fixed(latent::adjusted_rand_index(fit.model.predict(x), lloyd.labels), 4),
                fixed(fit.model.responsibilities(x).rowwise().maxCoeff().mean(), 6),
                scientific(away));
    };
    const latent::EM em{
        .max_iterations = 5000, .tolerance = 1e-13, .convergence = latent::Convergence::parameters};
    for (const double share : {4.0, 2.0, 1.0, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0.01, 0.001})
      add("soft", share * within, em.fit(balls(start, share * within), x));
    for (const double share : {4.0, 1.0, 0.01})
      add("hard", share * within,
          em.fit(balls(start, share * within), x, latent::Threads{}, latent::Hard{}));

    std::ostringstream page;
    page << "# K-means, the limit of EM\n\n150 iris flowers, four lengths, three centres, all from "
            "one start. K-means takes "
         << lloyd.report.iterations << " iterations to inertia " << fixed(lloyd.inertia, 4)
         << ", a deviation within clusters of " << fixed(within, 3)
         << " cm. The mixtures of balls, beside it:\n\n"
         << table
         << "\nThe index is 1 where the labels are those of k-means, and 0 where they agree no "
            "more than by chance;\nthe last column is how far the centres are from k-means'.\n";
    program.publish("kmeans_limit.md", page.str());
  });
}
