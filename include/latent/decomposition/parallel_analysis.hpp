// The variances of the components of data that have no structure, for Horn's parallel analysis.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "latent/core/product.hpp"
#include "latent/core/random.hpp"
#include "latent/decomposition/symmetric_eigen.hpp"

LATENT_BEGIN

namespace detail {

// chi-square with that many degrees of freedom, above 0 (Marsaglia and Tsang 2000, for shapes above
// 1/2 by their eq. for shape + 1).
inline double chi_square(double degrees, Random& random) {
  const double shape = 0.5 * degrees;
  const double raised = shape < 1.0 ? shape + 1.0 : shape;
  const double d = raised - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = random.normal();
    const double v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
    const double u = random.uniform_open();
    if (v <= 0.0 || std::log(u) >= 0.5 * x * x + d - d * v + d * std::log(v)) continue;
    const double boost = shape < 1.0 ? std::pow(random.uniform_open(), 1.0 / shape) : 1.0;
    return 2.0 * d * v * boost;
  }
}

// For each component the given quantile, over the replicates, of its variance where columns are
// independent normals with these deviations and n rows; of the correlation matrix where
// standardized. The scatter of such rows is a Wishart matrix A A', A lower triangular with normals
// below a diagonal of roots of chi-squares (Bartlett 1933), so that no rows are drawn.
template <class S>  // double
Vector<S> independent_variances(const Vector<S>& deviation, double n, bool standardized,
                                Index replicates, double quantile, std::uint64_t seed) {
  std::vector<Index> varying;
  for (Index j = 0; j < deviation.size(); ++j)
    if (deviation[j] > 0.0) varying.push_back(j);
  const auto D = static_cast<Index>(varying.size());
  const auto m =
      static_cast<Index>(std::min(static_cast<double>(D), std::max(1.0, std::floor(n - 1.0))));
  if (D == 0) return {};
  const Random draws(seed, Purpose::sampling);
  RowMatrix<S> found(replicates, m);
  RowMatrix<S> a(D, m);
  for (Index r = 0; r < replicates; ++r) {
    for (Index i = 0; i < D; ++i) {
      Random random = draws.at(static_cast<std::uint64_t>(r * D + i));
      for (Index j = 0; j < m; ++j)
        a(i, j) = j < i ? random.normal()
                        : (j == i ? std::sqrt(chi_square(n - 1.0 - static_cast<double>(i), random))
                                  : 0.0);
      const double length =
          standardized ? 1.0 / a.row(i).norm()
                       : deviation[varying[static_cast<std::size_t>(i)]] / std::sqrt(n - 1.0);
      a.row(i) *= length;
    }
    found.row(r) = SymmetricEigen<S>(product(a.transpose(), a)).values.transpose();
  }
  const auto at = static_cast<Index>(quantile * static_cast<double>(replicates - 1) + 0.5);
  Vector<S> result(m);
  for (Index j = 0; j < m; ++j) {
    Vector<S> column = found.col(j);
    std::sort(column.data(), column.data() + replicates);
    result[j] = column[at];
  }
  return result;
}

}  // namespace detail

LATENT_END
