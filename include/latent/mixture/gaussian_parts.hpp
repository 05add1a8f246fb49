// Parts of a Gaussian mixture: some of its columns, the others given those, its mean and covariance.
//
//   marginal(model, {0, 2});                   // the distribution of two columns
//   condition(model, {0}, Eigen::VectorXd{{1.5}});      // of the other columns where column 0 is 1.5
//   mixture_mean(condition(model, {0}, at));   // Gaussian mixture regression
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string_view>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/types.hpp"
#include "latent/mixture/gaussian_family.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/split_gaussian.hpp"

LATENT_BEGIN

// Families whose components are Gaussian: Gaussian<Form>, GaussianFamily, IncompleteGaussian.
template <class F>
concept GaussianComponents = std::derived_from<F, GaussianFamily<ScalarOf<F>>>;

namespace detail {

// The named columns, then the others in ascending order. Throws InvalidArgument.
inline std::vector<Index> columns_first(const std::vector<Index>& columns, Index dimension,
                                        std::string_view who) {
  require(!columns.empty(), who, ": there must be at least one column; got none");
  std::vector<Index> order = columns;
  std::vector<char> named(static_cast<std::size_t>(dimension), 0);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    require(columns[i] >= 0 && columns[i] < dimension, who, ": columns must be in 0 ... ",
            dimension - 1, "; got columns(", i, ") = ", columns[i]);
    char& before = named[static_cast<std::size_t>(columns[i])];
    require(before == 0, who, ": columns must differ; got column ", columns[i],
            " again as columns(", i, ")");
    before = 1;
  }
  for (Index j = 0; j < dimension; ++j)
    if (named[static_cast<std::size_t>(j)] == 0) order.push_back(j);
  return order;
}

// K Gaussians of any covariances; `like` has the floor. By way of an M-step from the statistics that
// have these moments, so that factors are kept in double whatever S is.
template <class S>
GaussianFamily<S> gaussians_of(const RowMatrix<double>& means,
                               const std::vector<RowMatrix<double>>& covariances, double floor) {
  const Index d = means.cols();
  auto family = GaussianFamily<S>::isotropic(Covariance::full, means.cast<S>(), 1.0);
  GaussianStatistics s = family.zero();
  for (std::size_t k = 0; k < covariances.size(); ++k)
    s.scatter.middleRows(static_cast<Index>(k) * d, d) = covariances[k];
  family.floor = std::numeric_limits<double>::min();  // no covariance is raised
  family = family.maximize(Vector<double>::Ones(means.rows()), s);
  family.floor = floor;
  return family.recentred();
}

}  // namespace detail

// The distribution of the named columns (different ones of 0 ... D-1), in the order given: a mixture
// with the same weights and the parts of the means and covariances (of form `full`, whatever the form
// was; no prior). Throws InvalidArgument. O(K D^3).
template <GaussianComponents Family>
Mixture<GaussianFamily<ScalarOf<Family>>> marginal(const Mixture<Family>& mixture,
                                                   const std::vector<Index>& columns) {
  using S = ScalarOf<Family>;
  mixture.check();
  const auto order = detail::columns_first(columns, mixture.dimension(), "marginal");
  const auto count = static_cast<Index>(columns.size());
  RowMatrix<double> means(mixture.components(), count);
  std::vector<RowMatrix<double>> covariances;
  for (Index k = 0; k < mixture.components(); ++k) {
    const detail::SplitGaussian split(mixture.family.means.row(k),
                                      mixture.family.cholesky_factor(k), order, count, true);
    means.row(k) = split.mean.head(count).transpose();
    covariances.push_back(split.covariance_of_given());
  }
  return {mixture.weights, detail::gaussians_of<S>(means, covariances, mixture.family.floor)};
}

// The distribution of the other columns, in ascending order, where the named ones have the values:
// weights are those times the components' densities at the values, means and covariances (of form
// `full`; no prior) the conditional ones. Far away the weights are those of the components whose
// density falls least; where the square of the distance overflows (beyond about 1e154 deviations of
// every component) nothing is said of the components and the weights stay. Throws InvalidArgument
// (columns that repeat, lie outside, are none or all; another number of values) and DataError (values
// that are not finite, or whose conditional means are not). O(K D^3).
template <GaussianComponents Family>
Mixture<GaussianFamily<ScalarOf<Family>>> condition(const Mixture<Family>& mixture,
                                                    const std::vector<Index>& columns,
                                                    const Vector<double>& values) {
  using S = ScalarOf<Family>;
  constexpr std::string_view who = "condition";
  mixture.check();
  const Index d = mixture.dimension();
  const auto order = detail::columns_first(columns, d, who);
  const auto given = static_cast<Index>(columns.size());
  detail::require(given < d, who, ": some column must be left; got all ", d);
  detail::require(values.size() == given, who, ": there must be one value a column; got ",
                  values.size(), " for ", given, " columns");
  Vector<double> row = Vector<double>::Zero(d);
  for (Index i = 0; i < given; ++i) {
    detail::require<DataError>(is_finite(values[i]), who,
                               ": values must be finite; that of column ",
                               columns[static_cast<std::size_t>(i)], " is not");
    row[columns[static_cast<std::size_t>(i)]] = values[i];
  }
  const Index components = mixture.components();
  Vector<double> joint(components);
  RowMatrix<double> means(components, d - given);
  std::vector<RowMatrix<double>> covariances;
  Vector<double> z;
  for (Index k = 0; k < components; ++k) {
    const detail::SplitGaussian split(mixture.family.means.row(k),
                                      mixture.family.cholesky_factor(k), order, given);
    split.whiten(row, z);
    joint[k] =
        std::log(mixture.weights[k]) + detail::SplitGaussian::log_density(z, split.log_constant());
    for (Index j = given; j < d; ++j) means(k, j - given) = split.mean_given(j, z);
    covariances.push_back(split.covariance_given());
  }
  for (Index i = 0; i < means.size(); ++i)
    detail::require<DataError>(
        is_finite(static_cast<S>(means.data()[i])), who,
        ": the conditional means exceed the range of numbers where the values lie this far away");
  Vector<double> weights = mixture.weights;
  const double total = log_sum_exp(joint.data(), components);
  if (is_finite(total)) {
    for (Index k = 0; k < components; ++k) weights[k] = std::exp(joint[k] - total);
    weights /= weights.sum();
  }
  return {weights, detail::gaussians_of<S>(means, covariances, mixture.family.floor)};
}

// D: the mean of the whole mixture, sum_k w_k m_k.
template <GaussianComponents Family>
Vector<double> mixture_mean(const Mixture<Family>& mixture) {
  mixture.check();
  return mixture.family.means.template cast<double>().transpose() * mixture.weights;
}

// D x D, symmetric to the bit: the covariance of the whole mixture, within components and between
// them (law of total variance): sum_k w_k (Sigma_k + (m_k - m)(m_k - m)').
template <GaussianComponents Family>
RowMatrix<double> mixture_covariance(const Mixture<Family>& mixture) {
  const Vector<double> mean = mixture_mean(mixture);
  const Index d = mean.size();
  RowMatrix<double> out = RowMatrix<double>::Zero(d, d);
  for (Index k = 0; k < mixture.components(); ++k) {
    const RowMatrix<double> factor = mixture.family.cholesky_factor(k);
    const Vector<double> away =
        mixture.family.means.row(k).template cast<double>().transpose() - mean;
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = away[i] * away[j];
        for (Index l = 0; l <= j; ++l) sum += factor(i, l) * factor(j, l);
        out(i, j) += mixture.weights[k] * sum;
      }
  }
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < i; ++j) out(j, i) = out(i, j);
  return out;
}

LATENT_END
