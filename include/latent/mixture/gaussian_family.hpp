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
    for (Index b = 0; b < blocks(); ++b)
      set_covariance(b, covariances[static_cast<std::size_t>(b)]);
    check();
  }

  // The same multiple of the identity for every component. Throws InvalidArgument unless variance >
  // 0.
  static GaussianFamily isotropic(Covariance form, const RowMatrix<S>& component_means,
                                  double variance) {
    detail::require(is_finite(variance) && variance > 0.0,
                    "Gaussian::isotropic: variance must be finite and positive; got ", variance);
    GaussianFamily made(form, component_means);
    // In double: the variance of float data may not fit.
    const double deviation = std::sqrt(variance);
    if (made.diagonal())
      made.factors_.setConstant(deviation);
    else
      for (Index i = 0; i < made.factors_.rows(); ++i)
        made.factors_(i, i % made.dimension()) = deviation;
    made.check();
    return made;
  }

  Covariance form() const { return form_; }

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
    GaussianFamily made(form_, component_means);
    made.floor = floor;
    made.prior = prior;
    made.known_covariances = known_covariances;
    made.axes_ = axes_;
    const Index height = factors_.rows() / blocks();
    for (Index k = 0; k < made.components(); ++k) {
      const Index old = from[static_cast<std::size_t>(k)];
      check_component(old);
      made.factors_.middleRows(made.block(k) * height, height) =
          factors_.middleRows(block(old) * height, height);
    }
    return made;
  }

  Index components() const { return means.rows(); }
  Index dimension() const { return means.cols(); }

  // D x D, symmetric to the bit.
  Square covariance(Index k) const {
    check_component(k);
    return covariance_of_block(block(k));
  }

  // D x D, lower triangular: covariance(k) = L L'.
  RowMatrix<double> cholesky_factor(Index k) const {
    check_component(k);
    return factor(block(k));
  }

  Statistics zero() const {
    return {RowMatrix<double>::Zero(components(), dimension()),
            RowMatrix<double>::Zero(factors_.rows(), dimension())};
  }

  // Refers to this family, which must outlive it.
  detail::PreparedGaussian<S> prepare() && = delete;
  detail::PreparedGaussian<S> prepare() const& {
    detail::PreparedGaussian<S> prepared{
        {means, RowMatrix<S>::Zero(factors_.rows(), dimension()), Vector<S>(blocks()), diagonal()},
        {shift_, narrow_, shared(), diagonal()}};
    detail::GaussianDensity<S>& density = prepared.density;
    const Index d = dimension();
    RowMatrix<double> inverse(d, d);
    for (Index b = 0; b < blocks(); ++b) {
      if (diagonal()) {
        density.whitening.row(b) = factors_.row(b).cwiseInverse().template cast<S>();
      } else {
        detail::invert_lower(factor(b), inverse);
        density.whitening.middleRows(b * d, d) = inverse.template cast<S>();
      }
      density.constant[b] = static_cast<S>(
          -0.5 * static_cast<double>(d) * std::log(2.0 * std::numbers::pi) - log_determinant(b));
    }
    density.pack();
    return prepared;
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    detail::accumulate_tile<S>({shift_, narrow_, shared(), diagonal()}, x, r, s);
  }

  // Without a prior: mean = shift + sum / n; covariances as the form has them (covariance_forms.hpp)
  // from those of the components' rows, scatter / n - (mean - shift)(mean - shift)'; floored. A
  // component without weight stays as it was. With a prior: see estimate_covariance().
  GaussianFamily maximize(const Vector<double>& n, const Statistics& s) const {
    GaussianFamily next = *this;
    next.mended_.clear();
    next.move_means(n, s);
    if (known_covariances) return next;
    const Vector<double> deviation = detail::unit_of_data<S>(form_, shift_, n, s);
    const Vector<double> unit = detail::binary_units(deviation);
    const detail::GaussianEstimates found = estimates(n, s, unit, next.axes_);
    for (std::size_t at = 0; at < found.blocks.size(); ++at) {
      const Index b = found.blocks[at];
      const detail::MendedFactor<double> made(found, at, unit, deviation, floor);
      const double weight = found.weights[static_cast<Index>(at)];
      const Index component = shared() ? -1 : b;
      if (made.outcome == detail::FloorOutcome::singular) {
        next.mended_.push_back(
            {component, weight,
             shared() ? "is singular, and floor = 0: it stays as it was"
                      : "has a singular covariance, and floor = 0: it keeps the one it had"});
        continue;
      }
      if (made.outcome == detail::FloorOutcome::floored || found.raised[at] != 0)
        next.mended_.push_back({component, weight, "met the covariance floor"});
      const Index height = made.factor.rows();
      next.factors_.middleRows(b * height, height) = made.factor;
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
        estimates(n, s, detail::unit_of_data<S>(form_, shift_, n, s), axes);
    if (found.blocks.empty()) return true;
    if (diagonal()) return found.along_columns.minCoeff() > 0.0;
    RowMatrix<double> made(dimension(), dimension());
    for (const RowMatrix<double>& matrix : found.matrices)
      if (!detail::cholesky(matrix, 0.0, made)) return false;
    return true;
  }

  double log_prior() const {
    double sum = 0.0;
    if (prior.none()) return sum;
    for (Index b = 0; b < blocks(); ++b) sum += detail::log_density_of_covariance(prior, factor(b));
    for (Index k = 0; k < components(); ++k)
      sum += detail::log_density_of_mean(prior, factor(block(k)), means.row(k));
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
    const Index of_block = numbers_of_covariance();
    Vector<double> all(components() * d + blocks() * of_block);
    Index at = 0;
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < d; ++j) all[at++] = static_cast<double>(means(k, j));
    for (Index b = 0; b < blocks(); ++b) {
      if (diagonal()) {
        for (Index j = 0; j < of_block; ++j) all[at++] = factors_(b, j) * factors_(b, j);
        continue;
      }
      const Square matrix = covariance_of_block(b);
      for (Index i = 0; i < d; ++i)
        for (Index j = 0; j <= i; ++j) all[at++] = static_cast<double>(matrix(i, j));
    }
    return all;
  }
  // mean(k,j), then covariance(k,i,j), variance(k,j) or variance(k); without k where it is shared.
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names = detail::numbered("mean", components(), dimension());
    detail::name_covariances(form_, blocks(), dimension(), names);
    return names;
  }

  Index free_parameters() const {
    const Index of_means = components() * dimension();
    return known_covariances
               ? of_means
               : of_means + detail::covariance_parameters(form_, components(), dimension());
  }

  void sample(Index k, Random& random, S* row) const {
    const Index d = dimension();
    const Index b = block(k);
    Vector<double> normal(d);
    for (Index j = 0; j < d; ++j) normal[j] = random.normal();
    for (Index i = 0; i < d; ++i) {
      double value = static_cast<double>(means(k, i));
      if (diagonal())
        value += factors_(b, i) * normal[i];
      else
        for (Index j = 0; j <= i; ++j) value += factors_(b * d + i, j) * normal[j];
      row[i] = static_cast<S>(value);
    }
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
        form_{form},
        shift_{component_means.template cast<double>()},
        factors_{RowMatrix<double>::Zero((detail::is_shared(form) ? 1 : means.rows()) *
                                             (detail::is_diagonal(form) ? 1 : means.cols()),
                                         means.cols())} {
    detail::require(components() >= 1 && dimension() >= 1,
                    "Gaussian: means must be K x D with K and D at least 1; got ", components(),
                    " x ", dimension());
  }

  void set_covariance(Index b, const Square& covariance) {
    const RowMatrix<double> made = detail::checked_factor(
        form_, covariance, dimension(),
        shared() ? std::string("all components") : detail::concat("component ", b));
    if (diagonal())
      factors_.row(b) = made.diagonal().transpose();
    else
      factors_.middleRows(b * dimension(), dimension()) = made;
  }

  // The covariance that component k has is number block(k) of blocks().
  Index blocks() const { return shared() ? 1 : components(); }
  Index block(Index k) const { return shared() ? 0 : k; }
  bool shared() const { return detail::is_shared(form_); }
  bool diagonal() const { return detail::is_diagonal(form_); }
  Index numbers_of_covariance() const {
    const Index d = dimension();
    return detail::is_spherical(form_) ? 1 : diagonal() ? d : d * (d + 1) / 2;
  }

  RowMatrix<double> factor(Index b) const {
    if (!diagonal()) return factors_.middleRows(b * dimension(), dimension());
    return factors_.row(b).asDiagonal();
  }

  // Of the factor: half that of the covariance.
  double log_determinant(Index b) const {
    double sum = 0.0;
    for (Index j = 0; j < dimension(); ++j)
      sum += std::log(diagonal() ? factors_(b, j) : factors_(b * dimension() + j, j));
    return sum;
  }

  Square covariance_of_block(Index b) const {
    const Index d = dimension();
    Square out = Square::Zero(d, d);
    for (Index i = 0; i < d; ++i) {
      if (diagonal()) {
        out(i, i) = static_cast<S>(factors_(b, i) * factors_(b, i));
        continue;
      }
      for (Index j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (Index m = 0; m <= j; ++m) sum += factors_(b * d + i, m) * factors_(b * d + j, m);
        out(i, j) = out(j, i) = static_cast<S>(sum);
      }
    }
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
    const Index height = diagonal() ? 1 : dimension();
    narrow_.resize(static_cast<std::size_t>(components()));
    for (Index k = 0; k < components(); ++k) {
      const Vector<double> offset =
          means.row(k).template cast<double>().transpose() - shift_.row(k).transpose();
      narrow_[static_cast<std::size_t>(k)] =
          detail::bears_narrow_sums(n[k], factors_.middleRows(block(k) * height, height), offset);
    }
  }

  // In units of `unit`. axes: see GaussianEstimates.
  detail::GaussianEstimates estimates(const Vector<double>& n, const Statistics& s,
                                      const Vector<double>& unit, RowMatrix<double>& axes) const {
    return detail::estimate_gaussians(form_, prior, floor, shift_, n, s, unit, axes);
  }

  Covariance form_;
  RowMatrix<double> shift_;    // K x D: fixed for a fit
  RowMatrix<double> factors_;  // B D x D: lower triangular Cholesky factors; or B x D: deviations
  RowMatrix<double> axes_;     // D x D: of all components (EVE, VVE), once there are any
  std::vector<Mended> mended_;
  std::vector<std::uint8_t>
      narrow_;  // float only: components whose sums may be in float; empty = none
};

LATENT_END
