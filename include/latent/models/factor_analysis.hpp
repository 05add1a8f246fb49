// Factor analysis: Rubin and Thayer 1982, Ghahramani and Hinton 1996.
#pragma once

#include <utility>

#include "latent/models/linear_gaussian_model.hpp"

LATENT_BEGIN

// x = mean + loadings z + noise, z ~ N(0, I_L), noise ~ N(0, diag(noise_variances)): each column
// has a variance of its own (its uniqueness), so that scaling a column changes nothing but the unit
// of its loadings. NaN in the data = missing, as in ProbabilisticPCA, and the same members.
//
// The likelihood may rise without end as one of the noise variances falls to 0 (Heywood cases).
// `floor` keeps each at or above a share of its column's variance, 0.005 as in Joereskog 1967; the
// fit is then degenerate() and a note names the column. With floor = 0 a variance that would not be
// positive keeps what it was.
template <class S = double>
class FactorAnalysis : public detail::LinearGaussianModel<FactorAnalysis<S>, S> {
  using Base = detail::LinearGaussianModel<FactorAnalysis<S>, S>;

 public:
  static constexpr const char* name = "FactorAnalysis";

  Vector<double> noise_variances;  // D, > 0
  double floor = 0.005;            // of each, in units of the variance of its column; in [0, 1)

  // D; D x L, 1 <= L <= D; D, > 0. The sums of a fit are taken about this mean. Throws
  // InvalidArgument.
  FactorAnalysis(Vector<S> mean_of_columns, RowMatrix<S> loadings_of_columns, Vector<double> noise)
      : Base(std::move(mean_of_columns), std::move(loadings_of_columns)),
        noise_variances{std::move(noise)} {
    this->check();
  }

  const Vector<double>& noise_of_columns() const { return noise_variances; }

  // Each column regressed on (z, 1); its noise is what is left of it (Rubin and Thayer 1982, with
  // the mean estimated in the same step). A floor that engages is noted.
  FactorAnalysis maximize(const LinearGaussianStatistics& statistics) const {
    FactorAnalysis next = *this;
    const detail::ColumnRegressions found = this->regress(statistics);
    next.take(found);
    for (Index j = 0; j < this->dimension(); ++j) {
      if (!(found.weight[j] > 0.0)) continue;
      const double unit = found.variance[j] > 0.0 ? found.variance[j] : found.typical_variance;
      next.noise_variances[j] =
          next.above_floor(found.residual[j] / found.weight[j], floor * unit, noise_variances[j],
                           detail::concat("the noise variance of column ", j));
    }
    return next;
  }

  // D: the share of each column's variance that the factors explain.
  Vector<double> communalities() const {
    const RowMatrix<double> w = this->loadings.template cast<double>();
    const Vector<double> common = w.rowwise().squaredNorm();
    return (common.array() / (common + noise_variances).array()).matrix();
  }

  // Mean, loadings row by row, noise variances.
  Vector<double> parameters() const { return this->parameters_with(noise_variances); }
  // mean(j), loading(j,l), noise_variance(j).
  std::vector<std::string> parameter_names() const {
    return this->names_with(detail::numbered("noise_variance", this->dimension()));
  }
  Index free_parameters() const { return this->free_parameters_of_columns() + this->dimension(); }
};

LATENT_END
