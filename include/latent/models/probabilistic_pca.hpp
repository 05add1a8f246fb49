// Probabilistic principal components: Tipping and Bishop 1999, fitted by EM, also where numbers are
// missing.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "latent/decomposition/pca_model.hpp"
#include "latent/models/linear_gaussian_model.hpp"

LATENT_BEGIN

// x = mean + loadings z + noise, z ~ N(0, I_L), noise ~ N(0, noise_variance I_D). On complete data
// the maximum is known in closed form: loadings = U (Lambda - s I)^1/2 R' from the leading
// eigenvectors U and eigenvalues Lambda of the sample covariance (divisor n), s the mean of the
// other eigenvalues, R any rotation (Tipping and Bishop 1999, eq. 7 and 8). With missing numbers,
// NaN in the data, there is no such form, and EM still climbs the likelihood of what is observed.
//
// One noise variance serves all columns: where their spreads differ by more than 1e4, that of the
// small ones drowns in the rounding of the large ones, and a fit may end as not_monotone. Scale
// them first, or use FactorAnalysis, which does not mind.
//
// Where nothing is missing there is no need of EM:
//
//   auto model = latent::ProbabilisticPCA<>::maximum_likelihood(latent::PCA{.keep = 2}.fit(x).model);
//
// and where something is:
//
//   auto start = latent::ProbabilisticPCA<>::start(x, 2, seed);
//   auto fit = latent::EM{}.fit(start, x);
//   fit.model.impute(x);  fit.model.projection();
//
// E-step O(n D L) for complete rows, O(D L^2 + L^3) more for each incomplete one. S is the scalar
// of the parameters and of what members return; all sums are taken in double. For the other members
// see detail::LinearGaussianModel.
template <class S = double>
class ProbabilisticPCA : public detail::LinearGaussianModel<ProbabilisticPCA<S>, S> {
  using Base = detail::LinearGaussianModel<ProbabilisticPCA<S>, S>;

 public:
  static constexpr const char* name = "ProbabilisticPCA";

  double noise_variance;  // > 0
  double floor = 1e-10;   // of noise_variance, in units of the mean variance of the columns; [0, 1)

  // D; D x L, 1 <= L <= D; > 0. The sums of a fit are taken about this mean. Throws
  // InvalidArgument.
  ProbabilisticPCA(Vector<S> mean_of_columns, RowMatrix<S> loadings_of_columns, double noise)
      : Base(std::move(mean_of_columns), std::move(loadings_of_columns)), noise_variance{noise} {
    this->check();
  }
  // The same with the mean of the D noise variances.
  ProbabilisticPCA(Vector<S> mean_of_columns, RowMatrix<S> loadings_of_columns,
                   const Vector<double>& noise)
      : ProbabilisticPCA(std::move(mean_of_columns), std::move(loadings_of_columns), noise.mean()) {
  }

  // The Gaussian by which PCAModel::score judges rows: loadings = V (Lambda - s I)^1/2 with its axes V,
  // variances Lambda (divisor n - 1) and noise variance s (Tipping and Bishop 1999, eq. 7, R = I). With
  // all D components, s is the smallest variance, and the Gaussian the same. Throws InvalidArgument
  // for a standardized PCA (its noise is not the same in all columns of the data) and DataError
  // where the noise variance is 0 (fewer components than the rank are needed, or all D at full rank)
  // or a number overflows. O(D L).
  static ProbabilisticPCA from_pca(const PCAModel<S>& pca) { return closed_form(pca, 1.0); }
  // The same with divisor n: of all models with L components, the one under which the rows that the
  // PCA was fitted to are likeliest, where EM would end (Tipping and Bishop 1999, section 3.2).
  static ProbabilisticPCA maximum_likelihood(const PCAModel<S>& pca) {
    return closed_form(pca, (pca.parts().n - 1.0) / pca.parts().n);
  }

  // D equal variances.
  Vector<double> noise_of_columns() const {
    return Vector<double>::Constant(this->dimension(), noise_variance);
  }

  // Each column regressed on (z, 1); the noise is what is left, over all numbers observed (Tipping
  // and Bishop 1999, appendix B, with the mean estimated in the same step). A floor that engages
  // is noted.
  ProbabilisticPCA maximize(const LinearGaussianStatistics& statistics) const {
    ProbabilisticPCA next = *this;
    const detail::ColumnRegressions found = this->regress(statistics);
    next.take(found);
    const double weight = found.weight.sum();
    if (weight > 0.0)
      next.noise_variance =
          next.above_floor(found.residual.sum() / weight, floor * found.typical_variance,
                           noise_variance, "the noise variance");
    return next;
  }

  // D x L, orthonormal: the principal axes, in the order of explained_variance(); the entry of
  // largest magnitude of each is positive. The span of the loadings, which themselves are only
  // determined up to a rotation.
  RowMatrix<S> projection() const {
    return detail::principal_axes(this->loadings).first.template cast<S>();
  }
  // L, descending: the model's variance along the principal axes.
  Vector<double> explained_variance() const {
    const Vector<double> singular = detail::principal_axes(this->loadings).second;
    return (singular.array().square() + noise_variance).matrix();
  }

  // Mean, loadings row by row, noise variance.
  Vector<double> parameters() const {
    return this->parameters_with(Vector<double>::Constant(1, noise_variance));
  }
  // mean(j), loading(j,l), noise_variance.
  std::vector<std::string> parameter_names() const { return this->names_with({"noise_variance"}); }
  Index free_parameters() const { return this->free_parameters_of_columns() + 1; }

 private:
  // `share` multiplies the variances.
  static ProbabilisticPCA closed_form(const PCAModel<S>& pca, double share) {
    const PCAParts<S>& parts = pca.parts();
    const Index l = pca.components();
    detail::require(parts.unit.size() == 0,
                    "ProbabilisticPCA: the PCA must not standardize: the noise would differ from "
                    "column to column; fit it to data that a Standardizer transformed");
    const double noise =
        l == pca.columns() ? parts.deviation[l - 1] : parts.noise_deviation;  // its root
    detail::require<DataError>(
        parts.rank >= l && noise > 0.0,
        "ProbabilisticPCA: the PCA must have fewer components than the rank, or all at full rank, "
        "so that the noise variance is positive; got ",
        l, " components, rank ", parts.rank, " and ", pca.columns(), " columns");
    RowMatrix<S> loadings(pca.columns(), l);
    for (Index a = 0; a < l; ++a) {
      const double deviation = parts.deviation[a];
      const double size =
          std::sqrt(std::max(0.0, (deviation - noise) * share)) * std::sqrt(deviation + noise);
      for (Index j = 0; j < pca.columns(); ++j)
        loadings(j, a) = static_cast<S>(size * static_cast<double>(parts.projection(j, a)));
    }
    const double variance = noise * noise * share;
    detail::require<DataError>(is_finite(variance) && variance > 0.0,
                               "ProbabilisticPCA: the noise variance must be a positive double; "
                               "its root is ",
                               noise);
    return {parts.mean.template cast<S>(), std::move(loadings), variance};
  }
};

LATENT_END
