// From the statistics of Gaussian components to a covariance.
#pragma once

#include "latent/core/types.hpp"
#include "latent/mixture/gaussian_statistics.hpp"
#include "latent/mixture/normal_inverse_wishart.hpp"

LATENT_BEGIN

namespace detail {

// The covariance that components first ... last-1 share, from block b of the scatter: its lower
// triangle, in units of `unit`. Returns its weight; 0 where nothing is known of it. Murphy 2012,
// section 4.6.3.4, with x the mean of a component's rows and m that of the prior:
//   (scale + sum_k (scatter_k about x + mean_weight n_k / (mean_weight + n_k) (x - m)(x - m)')) /
//   (degrees + D + 1 + sum_k (n_k + 1)),
// the 1 only where there is a prior on the means. Without a prior: scatter / n.
inline double estimate_covariance(const NormalInverseWishart& prior, const RowMatrix<double>& shift,
                                  const Vector<double>& n, const GaussianStatistics& s, Index first,
                                  Index last, Index b, const Vector<double>& unit,
                                  RowMatrix<double>& out) {
  const Index d = shift.cols();
  const double pull = prior.mean_weight;
  const bool none = prior.none();
  double weight = 0.0;
  double divisor = none ? 0.0 : prior.degrees + static_cast<double>(d) + 1.0;
  RowMatrix<double> sum = RowMatrix<double>::Zero(d, d);
  for (Index k = first; k < last; ++k) {
    if (pull > 0.0) divisor += 1.0;
    if (!(n[k] > 0.0)) continue;
    weight += n[k];
    const Vector<double> moved = s.sum.row(k).transpose() / n[k];
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j) sum(i, j) -= n[k] * moved[i] * moved[j];
    if (!(pull > 0.0)) continue;
    const Vector<double> away = shift.row(k).transpose() + moved - prior.mean;
    const double share = pull * (n[k] / (pull + n[k]));
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j) sum(i, j) += share * away[i] * away[j];
  }
  divisor += weight;
  out.setZero(d, d);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j <= i; ++j) {
      double total = sum(i, j) + (none ? 0.0 : prior.scale(i, j));
      if (weight > 0.0) total += s.scatter(b * d + i, j);
      out(i, j) = total / divisor / (unit[i] * unit[j]);
    }
  return none ? weight : divisor;
}

}  // namespace detail

LATENT_END
