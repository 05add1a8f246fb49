// Variance, covariance, correlation, and what principal components make of them: x = 1, 3, 6, 10,
// 15, 21 and y = 2 x + 5.
//
// Look at: all divisors are n - 1 (the mean of the last column would be 96.44, the covariance is
// 115.73). y is a line in x, so the correlation is 1, and one component, along (1, 2) / sqrt(5),
// holds all of the variance: two columns were one all along.
#include <latent/pca.hpp>
#include <latent/statistics.hpp>
#include <sstream>

#include "support/program.hpp"
#include "support/table.hpp"

using examples::fixed;
using latent::Index;

int main(int argc, char** argv) {
  examples::Program program{"covariance, correlation and principal components of a small table"};
  return program.run(argc, argv, [&] {
    latent::RowMatrix<double> data(6, 2);
    data.col(0) << 1, 3, 6, 10, 15, 21;
    data.col(1) = 2.0 * data.col(0).array() + 5.0;

    const latent::Vector<double> mean = latent::mean(data);
    const Eigen::MatrixXd covariance = latent::covariance(data);
    const Eigen::MatrixXd correlation = latent::correlation(data);
    const auto pca = latent::PCA{.keep = latent::All{}}.fit(data).model;
    const Eigen::MatrixXd scores = pca.transform(data);

    examples::Table table{
        {"i", "x", "y", "x - E(X)", "y - E(Y)", "product", "1st component", "2nd"}};
    for (Index i = 0; i < data.rows(); ++i) {
      const double dx = data(i, 0) - mean[0];
      const double dy = data(i, 1) - mean[1];
      table.row(i + 1, fixed(data(i, 0), 0), fixed(data(i, 1), 0), fixed(dx, 2), fixed(dy, 2),
                fixed(dx * dy, 2), fixed(scores(i, 0), 2), fixed(scores(i, 1), 2));
    }
    examples::Table summary{{"", "x", "y"}};
    summary.row("mean", fixed(mean[0], 2), fixed(mean[1], 2));
    summary.row("variance", fixed(covariance(0, 0), 2), fixed(covariance(1, 1), 2));
    summary.row("1st axis", fixed(pca.projection()(0, 0), 4), fixed(pca.projection()(1, 0), 4));

    std::ostringstream page;
    page << "# Covariance\n\n"
         << table << '\n'
         << summary << "\nCovariance " << fixed(covariance(0, 1), 2) << ", correlation "
         << fixed(correlation(0, 1), 2) << ". The first component has variance "
         << fixed(pca.explained_variance()[0], 2) << " = " << fixed(covariance(0, 0), 2) << " + "
         << fixed(covariance(1, 1), 2) << ", "
         << fixed(100.0 * pca.explained_variance_ratio()[0], 1) << " % of the total.\n";
    program.publish("covariance_table.md", page.str());
  });
}
