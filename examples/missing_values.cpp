// Handwritten digits with a fifth of the pixels missing. What were they?
//
// The simplest answer is the mean of the pixel over all other images. A better one looks at the
// pixels of the same image that are there. Probabilistic PCA does: each image is a point z in a
// space of few dimensions, seen through a linear map and noise. EM finds the map although no image
// is complete:
//   E-step   what the pixels that are there say about z: a normal distribution for each image
//   M-step   each pixel regressed on the expected z, over the images that have it
// A missing number is NaN in the data. Nothing is filled in before the fit, and no row is thrown
// away.
//
// Look at: the error of the imputed pixels, which falls as dimensions are added and rises again
// where there are too many, also in images that the fit has not seen. The likelihood of the data
// that were fitted cannot tell: it only ever rises.
#include <cmath>
#include <latent/probabilistic_pca.hpp>
#include <limits>
#include <sstream>

#include "support/csv_file.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;
using latent::RowMatrix;

namespace {

// A share of the numbers replaced by NaN.
RowMatrix<double> with_gaps(RowMatrix<double> x, double share, std::uint64_t seed) {
  for (Index i = 0; i < x.rows(); ++i) {
    latent::Random random = latent::Random(seed).at(static_cast<std::uint64_t>(i));
    for (Index j = 0; j < x.cols(); ++j)
      if (random.uniform() < share) x(i, j) = std::numeric_limits<double>::quiet_NaN();
  }
  return x;
}

// The root mean square of (guess - truth) where x is missing.
double error_of(const RowMatrix<double>& guess, const RowMatrix<double>& truth,
                const RowMatrix<double>& x) {
  double sum = 0.0;
  Index count = 0;
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j)
      if (std::isnan(x(i, j))) {
        sum += (guess(i, j) - truth(i, j)) * (guess(i, j) - truth(i, j));
        ++count;
      }
  return std::sqrt(sum / static_cast<double>(count));
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"handwritten digits with missing pixels: probabilistic PCA"};
  program.takes_seed();
  return program.run(argc, argv, [&] {
    const RowMatrix<double> all =
        examples::read_csv(program.data / "digits8x8.csv").values.leftCols(64);
    const Index half = all.rows() / 2;
    const RowMatrix<double> images = all.topRows(half);
    const RowMatrix<double> x = with_gaps(images, 0.2, program.seed);
    const RowMatrix<double> other_images = all.bottomRows(half);
    const RowMatrix<double> others = with_gaps(other_images, 0.2, program.seed + 1);

    // A start holds the means of what is there.
    const auto means = latent::ProbabilisticPCA<>::start(x, 1).mean;
    const RowMatrix<double> by_means = means.transpose().replicate(half, 1);

    examples::Table table{{"dimensions", "iterations", "log-likelihood an image",
                           "error of the missing pixels", "in other images"}};
    table.row("column means", "", "", fixed(error_of(by_means, images, x), 3),
              fixed(error_of(by_means, other_images, others), 3));
    for (const Index dimensions : {1, 2, 5, 10, 20, 30}) {
      const auto start = latent::ProbabilisticPCA<>::start(x, dimensions, program.seed);
      const auto fit = latent::EM{.max_iterations = 200, .tolerance = 1e-3}.fit(start, x);
      table.row(dimensions, fit.report.iterations,
                fixed(fit.log_likelihood / static_cast<double>(half), 2),
                fixed(error_of(fit.model.impute(x), images, x), 3),
                fixed(error_of(fit.model.impute(others), other_images, others), 3));
    }
    std::ostringstream page;
    page << "# " << half << " handwritten digits, a fifth of their pixels missing\n\n"
         << "Pixels are counts of 0 to 16.\n\n"
         << table;
    program.publish("missing_values.md", page.str());
  });
}
