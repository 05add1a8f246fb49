// Rows side by side: what lies so already stays where it is, everything else is copied with what
// belongs to its rows.
#include "latent/core/contiguous_rows.hpp"

#include <Eigen/SparseCore>

#include "latent/core/source.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::RowMatrix;
using latent::samples;

namespace {

Eigen::MatrixXd column_major() {
  Eigen::MatrixXd x(5000, 3);  // several lanes, the last not full
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<double>(i * i % 1009) - 500.0;
  return x;
}

template <class S>
latent::Samples<S> side_by_side(const latent::Samples<S>& data, int threads) {
  auto team = latent::Threads{threads}.team();
  return latent::detail::with_contiguous_rows(data, team);
}

}  // namespace

TEST_CASE("contiguous rows: rows that lie side by side are not copied") {
  const RowMatrix<double> x = column_major();
  CHECK(side_by_side(samples(x), 2).contiguous_row(1) == x.data() + 3);
  const auto block = x.leftCols(2);
  CHECK(side_by_side(latent::Samples<double>(block.data(), 5000, 2, 3, 1), 2).contiguous_row(1) ==
        x.data() + 3);
  const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = x.sparseView();
  CHECK(side_by_side(samples(sparse), 2).sparse());
}

TEST_CASE("contiguous rows: other rows are copied, with weights and labels") {
  const Eigen::MatrixXd x = column_major();
  const Eigen::VectorXd weights = Eigen::VectorXd::LinSpaced(5000, 0.0, 2.0);
  Eigen::VectorXi labels(5000);
  for (Index i = 0; i < 5000; ++i) labels[i] = static_cast<int>(i % 7) - 1;
  const auto source = samples(x).weights(weights).labels(labels);
  const Eigen::Vector3d factors(2.0, 0.5, 3.0);
  for (const int threads : {1, 3}) {
    const auto plain = side_by_side(source, threads);
    const auto scaled = side_by_side(source.scale_columns(factors), threads);
    REQUIRE(plain.contiguous_row(0) != nullptr);
    REQUIRE(scaled.contiguous_row(0) != nullptr);
    Index wrong = 0;
    for (Index i = 0; i < 5000; ++i) {
      for (Index j = 0; j < 3; ++j) {
        wrong += plain(i, j) == x(i, j) ? 0 : 1;
        wrong += scaled(i, j) == x(i, j) * factors[j] ? 0 : 1;
      }
      wrong += plain.weight(i) == weights[i] && scaled.weight(i) == weights[i] ? 0 : 1;
      wrong += plain.label(i) == labels[i] && scaled.label(i) == labels[i] ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
}
