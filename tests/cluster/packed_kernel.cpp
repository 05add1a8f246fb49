// The dense kernel: its values are as near the exact ones as the margin says, whether the columns
// fit one slice or take several, and its two nearest are the two nearest.
#include <algorithm>
#include <cmath>
#include <vector>

#include "latent/cluster/assignment.hpp"
#include "latent/core/random.hpp"
#include "support/catch.hpp"

using latent::Index;
using latent::RowMatrix;
namespace detail = latent::detail;

namespace {

template <class S>
RowMatrix<S> positive_rows(Index rows, Index cols, std::uint64_t stream) {
  latent::Random random{stream};
  RowMatrix<S> x(rows, cols);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<S>(0.25 + random.uniform());
  return x;
}

}  // namespace

TEMPLATE_TEST_CASE("packed kernel: the margin bounds the rounding, slice by slice", "[kmeans]",
                   double, float) {
  using S = TestType;
  const Index clusters = 20;  // groups of 6, the last of them not full
  // One column more than the direct form takes, slices that are full or not, one and several.
  for (const Index cols : {5, 127, 128, 129, 257, 784}) {
    const Index count = detail::block_rows<S>;
    const RowMatrix<S> x = positive_rows<S>(count, cols, 1);
    const RowMatrix<S> c = positive_rows<S>(clusters, cols, 2);
    const detail::CentroidTable<S> table{c};
    detail::TileScratch<S> scratch{cols, clusters};
    std::vector<const S*> rows;
    for (Index i = 0; i < count; ++i) rows.push_back(x.data() + i * cols);
    detail::propose(table, table.packed(), scratch, rows.data(), count);

    double worst = 0.0;
    for (Index i = 0; i < count; ++i) {
      std::vector<long double> exact(static_cast<std::size_t>(clusters), 0);
      for (Index k = 0; k < clusters; ++k)
        for (Index j = 0; j < cols; ++j) {
          const auto shift = static_cast<long double>(table.shift()[j]);
          const long double g = static_cast<long double>(c(k, j)) - shift;
          exact[static_cast<std::size_t>(k)] +=
              g * (g - 2 * (static_cast<long double>(x(i, j)) - shift));
        }
      const auto nearest = static_cast<std::size_t>(scratch.two.index[i]);
      const double margin = table.margin(static_cast<double>(scratch.norms[i]));
      const auto error = [&](S value, long double truth) {
        return static_cast<double>(std::abs(static_cast<long double>(value) - truth)) / margin;
      };
      worst = std::max(worst, error(scratch.two.first[i], exact[nearest]));
      std::vector<long double> sorted = exact;
      std::sort(sorted.begin(), sorted.end());
      worst = std::max(worst, error(scratch.two.second[i], sorted[1]));
      CHECK(static_cast<double>(exact[nearest] - sorted[0]) <= margin);
    }
    INFO(cols << " columns");
    CHECK(worst <= 0.5);   // an error counts for each of two values
    CHECK(worst >= 1e-4);  // and the bound is not so wide that all is checked again
  }
}
