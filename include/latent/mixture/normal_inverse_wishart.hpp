// The conjugate prior of Gaussian components.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/covariance_floor.hpp"

LATENT_BEGIN

// covariance ~ inverse Wishart(scale, degrees), mean | covariance ~ N(mean, covariance /
// mean_weight), for each component; components that share their covariance share the inverse
// Wishart (Murphy 2012, section 4.6.3; Fraley and Raftery 2007). In the words of data: mean_weight
// rows at `mean` and about `degrees` rows of scatter `scale`. A default prior is none: maximum
// likelihood.
struct NormalInverseWishart {
  Vector<double> mean;       // D; needed where mean_weight > 0
  double mean_weight = 0.0;  // >= 0; 0 = no prior on the means
  double degrees = 0.0;      // > D - 1
  RowMatrix<double> scale;   // D x D, symmetric, positive definite; empty = no prior at all

  bool none() const { return scale.size() == 0; }

  // The default of Fraley and Raftery 2007 for K components, from the mean and the covariance of the
  // data: mean_weight 0.01, D + 2 degrees, scale = covariance / K^(2/D).
  static NormalInverseWishart weak(const Vector<double>& data_mean,
                                   const RowMatrix<double>& data_covariance, Index components) {
    detail::require(data_mean.size() >= 1 && components >= 1,
                    "NormalInverseWishart::weak: there must be at least one column and component; "
                    "got ",
                    data_mean.size(), " and ", components);
    const auto d = static_cast<double>(data_mean.size());
    return {data_mean, 0.01, d + 2.0,
            data_covariance / std::pow(static_cast<double>(components), 2.0 / d)};
  }
};

namespace detail {

inline void check_prior(const NormalInverseWishart& prior, Index d) {
  constexpr std::string_view who = "NormalInverseWishart";
  require(is_finite(prior.mean_weight) && prior.mean_weight >= 0.0, who,
          ": mean_weight must be finite and not negative; got ", prior.mean_weight);
  if (prior.none()) {
    require(prior.mean_weight == 0.0, who, ": a prior on the means needs a scale as well; got ",
            "mean_weight ", prior.mean_weight, " and an empty scale");
    return;
  }
  require(prior.scale.rows() == d && prior.scale.cols() == d, who, ": scale must be ", d, " x ", d,
          "; got ", prior.scale.rows(), " x ", prior.scale.cols());
  require(is_finite(prior.degrees) && prior.degrees > static_cast<double>(d) - 1.0, who,
          ": degrees must be finite and above D - 1 = ", d - 1, "; got ", prior.degrees);
  const double asymmetry = asymmetry_of<double>(prior.scale);
  RowMatrix<double> factor(d, d);
  require(asymmetry <= 1e-6 && cholesky(prior.scale, 0.0, factor), who,
          ": scale must be symmetric and positive definite; it is not");
  require(prior.mean_weight == 0.0 || prior.mean.size() == d, who, ": mean must hold ", d,
          " numbers; got ", prior.mean.size());
  for (Index j = 0; j < prior.mean.size(); ++j)
    require(is_finite(prior.mean[j]), who, ": mean must be finite; got mean(", j,
            ") = ", prior.mean[j]);
}

// log |Sigma|^(-(degrees + D + 1) / 2) e^(-tr(scale Sigma^-1) / 2), without the constant; Sigma = L
// L' with the factor L.
inline double log_density_of_covariance(const NormalInverseWishart& prior,
                                        const RowMatrix<double>& factor) {
  const Index d = factor.rows();
  RowMatrix<double> inverse(d, d);
  invert_lower(factor, inverse);
  double log_det = 0.0;
  double trace = 0.0;  // of L^-1 scale L^-T
  for (Index i = 0; i < d; ++i) {
    log_det += 2.0 * std::log(factor(i, i));
    for (Index a = 0; a <= i; ++a)
      for (Index b = 0; b <= i; ++b)
        trace += inverse(i, a) * prior.scale(std::max(a, b), std::min(a, b)) * inverse(i, b);
  }
  return -0.5 * ((prior.degrees + static_cast<double>(d) + 1.0) * log_det + trace);
}

// log |Sigma|^(-1/2) e^(-mean_weight |L^-1 (mu - mean)|^2 / 2), without the constant; 0 where there
// is no prior on the means.
template <class Row>
double log_density_of_mean(const NormalInverseWishart& prior, const RowMatrix<double>& factor,
                           const Row& component_mean) {
  if (!(prior.mean_weight > 0.0)) return 0.0;
  const Index d = factor.rows();
  Vector<double> y(d);  // L y = mu - mean
  double log_det = 0.0;
  double squares = 0.0;
  for (Index i = 0; i < d; ++i) {
    double sum = static_cast<double>(component_mean[i]) - prior.mean[i];
    for (Index j = 0; j < i; ++j) sum -= factor(i, j) * y[j];
    y[i] = sum / factor(i, i);
    squares += y[i] * y[i];
    log_det += 2.0 * std::log(factor(i, i));
  }
  return -0.5 * (log_det + prior.mean_weight * squares);
}

}  // namespace detail

LATENT_END
