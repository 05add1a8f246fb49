// A box with a uniform density: the noise component that takes the outliers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

// One component. p(x) = prod_j 1 / (upper(j) - lower(j)) where lower <= x <= upper, and 0 outside.
// Nothing is estimated; the bounds count as known (Banfield and Raftery 1993, where the box is that
// of the data). Beside a family of clusters, in Heterogeneous, it keeps outliers from the clusters.
template <class S = double>
struct Uniform {
  using Scalar = S;
  using Statistics = std::array<double, 0>;

  Vector<S> lower;  // D, finite
  Vector<S> upper;  // D, finite, above lower

  // The smallest box around the rows of positive weight of x (n x D; a matrix or a source). Throws
  // DataError for a column that does not vary, NaN and infinities.
  template <class Data>
  static Uniform around(const Data& x) {
    decltype(auto) data = detail::as_samples(x);
    detail::check_shape(data, "Uniform::around");
    detail::check_finite(data, 0, data.rows(), "Uniform::around");
    Uniform box{Vector<S>::Constant(data.cols(), std::numeric_limits<S>::max()),
                Vector<S>::Constant(data.cols(), std::numeric_limits<S>::lowest())};
    for (Index i = 0; i < data.rows(); ++i) {
      if (!(data.weight(i) > 0.0)) continue;
      for (Index j = 0; j < data.cols(); ++j) {
        box.lower[j] = std::min(box.lower[j], static_cast<S>(data(i, j)));
        box.upper[j] = std::max(box.upper[j], static_cast<S>(data(i, j)));
      }
    }
    for (Index j = 0; j < data.cols(); ++j)
      detail::require<DataError>(box.upper[j] > box.lower[j],
                                 "Uniform::around: every column must vary; got only ", box.lower[j],
                                 " in column ", j);
    box.check();
    return box;
  }

  Index components() const { return 1; }
  Index dimension() const { return lower.size(); }
  Statistics zero() const { return {}; }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    double log_volume = 0.0;
    for (Index j = 0; j < dimension(); ++j)
      log_volume += std::log(static_cast<double>(upper[j]) - static_cast<double>(lower[j]));
    for (Index i = 0; i < x.rows(); ++i) {
      bool inside = true;
      for (Index j = 0; j < x.cols(); ++j)
        inside = inside && x(i, j) >= lower[j] && x(i, j) <= upper[j];
      out(i, 0) = inside ? static_cast<S>(-log_volume) : -std::numeric_limits<S>::infinity();
    }
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& /*x*/, const RowMatrix<S>& /*r*/,
                  Statistics& /*s*/) const {}
  Uniform maximize(const Vector<double>& /*n*/, const Statistics& /*s*/) const { return *this; }
  bool valid(const Vector<double>& /*n*/, const Statistics& /*s*/) const { return true; }

  void check() const {
    detail::require(dimension() >= 1 && upper.size() == dimension(),
                    "Uniform: lower and upper must hold one number a column; got ", lower.size(),
                    " and ", upper.size());
    for (Index j = 0; j < dimension(); ++j)
      detail::require(is_finite(lower[j]) && is_finite(upper[j]) && upper[j] > lower[j] &&
                          is_finite(upper[j] - lower[j]),
                      "Uniform: upper must lie above lower, both finite; got lower(", j,
                      ") = ", lower[j], " and upper(", j, ") = ", upper[j]);
  }

  Vector<double> parameters() const { return {}; }
  std::vector<std::string> parameter_names() const { return {}; }
  Index free_parameters() const { return 0; }

  void sample(Index /*k*/, Random& random, S* row) const {
    for (Index j = 0; j < dimension(); ++j) {
      const double share = random.uniform();
      row[j] = std::clamp(static_cast<S>((1.0 - share) * static_cast<double>(lower[j]) +
                                         share * static_cast<double>(upper[j])),
                          lower[j], upper[j]);
    }
  }
};

LATENT_END
