// Handwritten digits that arrive in blocks and are not kept: how near are their principal components
// to those of all digits at once?
//
// Incremental PCA holds a mean and a few directions. A block is stacked below the directions, and the
// stack is cut to as many again. What was cut off cannot come back: a direction that is weak in each
// block and strong in all of them is underestimated. So the answer depends on how many directions
// are held, and a little on the size of the blocks.
//
// Look at: the variance that the first ten directions hold. Holding ten of 64 costs a little of it
// with small blocks, holding twenty hardly anything, and holding all (or the moments) nothing. The
// last column is the share of the variance that the directions held do not have, cut off on the way.
#include <algorithm>
#include <latent/incremental_pca.hpp>
#include <latent/pca.hpp>
#include <sstream>
#include <string>

#include "support/csv_file.hpp"
#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;
using latent::RowMatrix;

namespace {

// The share of the variance of x along the first `count` axes of the model.
double share_along(const latent::PCAModel<double>& model, Index count,
                   const latent::Moments<double>& all) {
  const Eigen::MatrixXd axes = model.projection().leftCols(count);
  const Eigen::MatrixXd covariance = all.covariance();
  return (axes.transpose() * covariance * axes).trace() / covariance.trace();
}

}  // namespace

int main(int argc, char** argv) {
  examples::Program program{"principal components of digits that arrive in blocks"};
  return program.run(argc, argv, [&] {
    const RowMatrix<double> x =
        examples::read_csv(program.data / "digits8x8.csv").values.leftCols(64);
    const latent::Moments<double> all = latent::moments(x);
    const auto whole = latent::PCA{.keep = 10}.fit(all).model;

    examples::Table table{
        {"held", "rows a block", "variance along 10 axes", "of the best", "cut off"}};
    const double best = share_along(whole, 10, all);
    table.row("all digits", x.rows(), fixed(100 * best, 3) + " %", fixed(1, 5), "");
    const auto stream = [&](const latent::IncrementalPCA& pca, const std::string& held,
                            Index rows) {
      latent::IncrementalPCAState<double> state;
      for (Index first = 0; first < x.rows(); first += rows)
        pca.partial_fit(state, x.middleRows(first, std::min(rows, x.rows() - first)));
      const auto model = pca.finish(state).model;
      const double share = share_along(model, 10, all);
      const double lost = 1.0 - model.explained_variance_ratio().sum();
      table.row(held, rows, fixed(100 * share, 3) + " %", fixed(share / best, 5),
                fixed(100 * lost, 2) + " %");
    };
    for (const Index held : {10, 20, 40})
      for (const Index rows : {1, 50, 500})
        stream({.keep = held}, std::to_string(held) + " directions", rows);
    stream({}, "all 64 directions", 50);
    stream({.exact = true}, "the moments", 50);

    std::ostringstream page;
    page << "# " << x.rows() << " handwritten digits, in blocks\n\n" << table;
    program.publish("streaming_pca.md", page.str());
  });
}
