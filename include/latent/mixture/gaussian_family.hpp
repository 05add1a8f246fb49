// Gaussian components whose covariances have a form chosen at run time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/core/types.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/covariance.hpp"
#include "latent/mixture/covariance_floor.hpp"
#include "latent/mixture/gaussian_covariance.hpp"
#include "latent/mixture/gaussian_estimate.hpp"
#include "latent/mixture/gaussian_factors.hpp"
#include "latent/mixture/gaussian_statistics.hpp"
#include "latent/mixture/gaussian_tile.hpp"
#include "latent/mixture/normal_inverse_wishart.hpp"

LATENT_BEGIN

// K Gaussians whose covariances have a form that is chosen at run time; Gaussian<Form> has it in its
// type. The state is the means and the Cholesky factors of the covariances (standard deviations, for
// forms along the columns).
//
// maximize() never lets a covariance become singular: in units of the data's own standard
// deviations (taken from the statistics, so that scaling the data changes nothing), its eigenvalues
// are kept at or above `floor`. An engagement makes the family degenerate() and is noted with its
// component and weight. floor = 0 switches that off: a component whose covariance is then singular
// keeps the covariance it had. The data's deviations are those of all rows together, how far apart
// the components lie included: at the default floor, components whose distance is more than about
// 1e5 of their own deviations meet it, however many rows they have. For forms that mix columns
// (spherical ones and EEV, VEV, EVE, VVE) the unit is one for all columns.
//
// With a prior maximize() is the posterior mode, and a component without rows is at the mode of the
// prior.
//
// E-step O(n K D^2), M-step O(K D^3); for forms along the columns O(n K D) and O(K D).
template <class S = double>
class GaussianFamily {
 public:
  using Square = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  using Scalar = S;
  using Statistics = GaussianStatistics;

  RowMatrix<S> means;            // K x D
  double floor = 1e-10;          // in [0, 1)
  NormalInverseWishart prior{};  // on means and covariances
  // The covariances are known: maximize() leaves them as they are. With form EII, equal fixed weights
  // and a variance that tends to 0, EM tends to k-means (Bishop 2006, section 9.3.2).
  bool known_covariances = false;

  // means: K x D; covariances: K matrices of D x D, or the one that all share; symmetric (the lower
  // triangle is read) and positive definite, and diagonal where the form is. That they have the
  // form otherwise is not checked: they are a start. Throws InvalidArgument.
  GaussianFamily(Covariance form, const RowMatrix<S>& component_means,
                 const std::vector<Square>& covariances)
      : GaussianFamily(form, component_means) {
    detail::require(static_cast<Index>(covariances.size()) == blocks(), "Gaussian: there must be ",
                    blocks() == 1 && detail::is_shared(form) ? "one covariance for all components"
                                                             : "one covariance a component",
                    "; got ", covariances.size(), " covariances for ", components(), " means");
    for (Index b = 0; b < blocks(); ++b) factors_.set(b, covariances[static_cast<std::size_t>(b)]);
    check();
  }

  // The same multiple of the identity for every component. Throws InvalidArgument unless variance >
  // 0.
  static GaussianFamily isotropic(Covariance form, const RowMatrix<S>& component_means,
                                  double variance) {
    detail::require(is_finite(variance) && variance > 0.0,
                    "Gaussian::isotropic: variance must be finite and positive; got ", variance);
    GaussianFamily made(form, component_means);
    made.factors_.set_isotropic(std::sqrt(variance));
    made.check();
    return made;
  }

  Covariance form() const { return factors_.form(); }

  // The same model about its present means, where a fit that starts from it is most accurate.
  GaussianFamily recentred() const {
    GaussianFamily moved = *this;
    moved.shift_ = means.template cast<double>();
    return moved;
  }

  // K' components at `component_means` (K' x D), number k with the covariance that component
  // from[k] has here.
  GaussianFamily rearranged(const std::vector<Index>& from,
                            const RowMatrix<S>& component_means) const {
    detail::require(static_cast<Index>(from.size()) == component_means.rows() &&
                        component_means.cols() == dimension(),
                    "Gaussian::rearranged: means must be ", from.size(), " x ", dimension(),
                    "; got ", component_means.rows(), " x ", component_means.cols());
    GaussianFamily made(form(), component_means);
    made.floor = floor;
    made.prior = prior;
    made.known_covariances = known_covariances;
    made.axes_ = axes_;
    for (Index k = 0; k < made.components(); ++k) {
      const Index old = from[static_cast<std::size_t>(k)];
      check_component(old);
      made.factors_.numbers(made.factors_.block(k)) = factors_.numbers(factors_.block(old));
    }
    return made;
  }

  Index components() const { return means.rows(); }
  Index dimension() const { return means.cols(); }

  // D x D, symmetric to the bit.
  Square covariance(Index k) const {
    check_component(k);
    return covariance_of_block(factors_.block(k));
  }

  // D x D, lower triangular: covariance(k) = L L'.
  RowMatrix<double> cholesky_factor(Index k) const {
    check_component(k);
    return factors_.factor(factors_.block(k));
  }

  Statistics zero() const {
    return {RowMatrix<double>::Zero(components(), dimension()),
            RowMatrix<double>::Zero(factors_.numbers().rows(), dimension())};
  }

  // Refers to this family, which must outlive it.
  detail::PreparedGaussian<S> prepare() && = delete;
  detail::PreparedGaussian<S> prepare() const& {
    const Index d = dimension();
    detail::PreparedGaussian<S> prepared{{means, RowMatrix<S>(factors_.numbers().rows(), d),
                                          Vector<S>(blocks()), factors_.diagonal()},
                                         {shift_, narrow_, factors_.shared(), factors_.diagonal()}};
    detail::GaussianDensity<S>& density = prepared.density;
    const double constant = -0.5 * static_cast<double>(d) * std::log(2.0 * std::numbers::pi);
    for (Index b = 0; b < blocks(); ++b) {
      density.whitening.middleRows(b * factors_.height(), factors_.height()) =
          factors_.inverse(b).template cast<S>();
      density.constant[b] = static_cast<S>(constant - factors_.log_determinant(b));
    }
    density.pack();
    return prepared;
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    detail::accumulate_tile<S>({shift_, narrow_, factors_.shared(), factors_.diagonal()}, x, r, s);
  }

  // Without a prior: mean = shift + sum / n; covariances as the form has them (covariance_forms.hpp)
  // from those of the components' rows, scatter / n - (mean - shift)(mean - shift)'; floored. A
  // component without weight stays as it was. With a prior: see estimate_covariance().
  GaussianFamily maximize(const Vector<double>& n, const Statistics& s) const {
    GaussianFamily next = *this;
    next.mended_.clear();
    next.move_means(n, s);
    if (known_covariances) return next;
    const Vector<double> deviation = detail::unit_of_data<S>(form(), shift_, n, s);
    const Vector<double> unit = detail::binary_units(deviation);
    const detail::GaussianEstimates found = estimates(n, s, unit, next.axes_);
    for (std::size_t at = 0; at < found.blocks.size(); ++at) {
      const Index b = found.blocks[at];
      const detail::MendedFactor<double> made(found, at, unit, deviation, floor);
      const double weight = found.weights[static_cast<Index>(at)];
      const Index component = factors_.shared() ? -1 : b;
      if (made.outcome == detail::FloorOutcome::singular) {
        next.mended_.push_back(
            {component, weight,
             factors_.shared()
                 ? "is singular, and floor = 0: it stays as it was"
                 : "has a singular covariance, and floor = 0: it keeps the one it had"});
        continue;
      }
      if (made.outcome == detail::FloorOutcome::floored || found.raised[at] != 0)
        next.mended_.push_back({component, weight, "met the covariance floor"});
      next.factors_.numbers(b) = made.factor;
    }
    if constexpr (std::is_same_v<S, float>) next.find_narrow(n);
    return next;
  }

  // No weight is negative, and every covariance that maximize() would set is positive definite
  // without the floor.
  bool valid(const Vector<double>& n, const Statistics& s) const {
    for (Index k = 0; k < components(); ++k)
      if (!is_finite(n[k]) || !(n[k] >= 0.0)) return false;
    if (known_covariances) return true;
    RowMatrix<double> axes = axes_;
    const detail::GaussianEstimates found =
        estimates(n, s, detail::unit_of_data<S>(form(), shift_, n, s), axes);
    if (found.blocks.empty()) return true;
    if (factors_.diagonal()) return found.along_columns.minCoeff() > 0.0;
    RowMatrix<double> made(dimension(), dimension());
    for (const RowMatrix<double>& matrix : found.matrices)
      if (!detail::cholesky(matrix, 0.0, made)) return false;
    return true;
  }

  double log_prior() const {
    double sum = 0.0;
    if (prior.none()) return sum;
    for (Index b = 0; b < blocks(); ++b)
      sum += detail::log_density_of_covariance(prior, factors_.factor(b));
    for (Index k = 0; k < components(); ++k)
      sum += detail::log_density_of_mean(prior, factors_.factor(factors_.block(k)), means.row(k));
    return sum;
  }

  void check() const {
    detail::require(is_finite(floor) && floor >= 0.0 && floor < 1.0,
                    "Gaussian: floor must lie in [0, 1); got ", floor);
    detail::require(components() == shift_.rows() && dimension() == shift_.cols(),
                    "Gaussian: means must keep the shape they were made with; got ", components(),
                    " x ", dimension());
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        detail::require(is_finite(means(k, j)), "Gaussian: means must be finite; got means(", k,
                        ", ", j, ") = ", means(k, j));
    detail::check_prior(prior, dimension());
  }

  bool degenerate() const { return !mended_.empty(); }
  void notes(Index iteration, std::vector<Note>& out) const {
    for (const Mended& event : mended_)
      out.push_back(
          {iteration, event.component, event.weight,
           detail::concat(event.component < 0 ? std::string("the shared covariance")
                                              : detail::concat("component ", event.component),
                          " ", event.what, "; its weight is ", event.weight)});
  }

  // Means, then what a covariance has of its own kind: lower triangles, variances of the columns, or
  // one variance.
  Vector<double> parameters() const {
    const Index d = dimension();
    Vector<double> all(components() * d + blocks() * factors_.numbers_of_one());
    Index at = 0;
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < d; ++j) all[at++] = static_cast<double>(means(k, j));
    for (Index b = 0; b < blocks(); ++b) {
      if (factors_.diagonal()) {
        for (Index j = 0; j < factors_.numbers_of_one(); ++j) all[at++] = factors_.entry(b, j, j);
        continue;
      }
      for (Index i = 0; i < d; ++i)  // of float data as covariance() gives them
        for (Index j = 0; j <= i; ++j)
          all[at++] = static_cast<double>(static_cast<S>(factors_.entry(b, i, j)));
    }
    return all;
  }
  // mean(k,j), then covariance(k,i,j), variance(k,j) or variance(k); without k where it is shared.
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names = detail::numbered("mean", components(), dimension());
    detail::name_covariances(form(), blocks(), dimension(), names);
    return names;
  }

  Index free_parameters() const {
    const Index of_means = components() * dimension();
    return known_covariances
               ? of_means
               : of_means + detail::covariance_parameters(form(), components(), dimension());
  }

  void sample(Index k, Random& random, S* row) const {
    Vector<double> normal(dimension());
    for (Index j = 0; j < normal.size(); ++j) normal[j] = random.normal();
    for (Index i = 0; i < normal.size(); ++i)
      row[i] = static_cast<S>(
          factors_.moved(factors_.block(k), i, static_cast<double>(means(k, i)), normal));
  }

 private:
  struct Mended {
    Index component;  // -1 = the shared covariance
    double weight;
    const char* what;
  };

  // Covariances are still to be set.
  GaussianFamily(Covariance form, const RowMatrix<S>& component_means)
      : means{component_means},
        shift_{component_means.template cast<double>()},
        factors_{form, component_means.rows(), component_means.cols()} {
    detail::require(components() >= 1 && dimension() >= 1,
                    "Gaussian: means must be K x D with K and D at least 1; got ", components(),
                    " x ", dimension());
  }

  Index blocks() const { return factors_.blocks(); }

  Square covariance_of_block(Index b) const {
    Square out(dimension(), dimension());
    for (Index i = 0; i < dimension(); ++i)
      for (Index j = 0; j <= i; ++j)
        out(i, j) = out(j, i) = static_cast<S>(factors_.entry(b, i, j));
    return out;
  }

  void check_component(Index k) const {
    detail::require(k >= 0 && k < components(), "Gaussian: component must be in 0 ... ",
                    components() - 1, "; got ", k);
  }

  // mean = (mean_weight prior mean + sum of rows) / (mean_weight + n).
  void move_means(const Vector<double>& n, const Statistics& s) {
    const double pull = prior.mean_weight;
    for (Index k = 0; k < components(); ++k) {
      const bool seen = n[k] > 0.0;
      if (!seen && prior.none())
        mended_.push_back({k, n[k], "has no weight left and stays as it was"});
      if (!seen && !(pull > 0.0)) continue;
      for (Index j = 0; j < dimension(); ++j) {
        const double towards = pull > 0.0 ? pull * (prior.mean[j] - shift_(k, j)) : 0.0;
        means(k, j) = static_cast<S>(seen ? shift_(k, j) + (towards + s.sum(k, j)) / (pull + n[k])
                                          : prior.mean[j]);
      }
    }
  }

  void find_narrow(const Vector<double>& n) {
    narrow_.resize(static_cast<std::size_t>(components()));
    for (Index k = 0; k < components(); ++k) {
      const Vector<double> offset =
          means.row(k).template cast<double>().transpose() - shift_.row(k).transpose();
      narrow_[static_cast<std::size_t>(k)] =
          detail::bears_narrow_sums(n[k], factors_.numbers(factors_.block(k)), offset);
    }
  }

  // In units of `unit`. axes: see GaussianEstimates.
  detail::GaussianEstimates estimates(const Vector<double>& n, const Statistics& s,
                                      const Vector<double>& unit, RowMatrix<double>& axes) const {
    return detail::estimate_gaussians(form(), prior, floor, shift_, n, s, unit, axes);
  }

  RowMatrix<double> shift_;  // K x D: fixed for a fit
  detail::GaussianFactors factors_;
  RowMatrix<double> axes_;  // D x D: of all components (EVE, VVE), once there are any
  std::vector<Mended> mended_;
  std::vector<std::uint8_t>
      narrow_;  // float only: components whose sums may be in float; empty = none
};

LATENT_END
