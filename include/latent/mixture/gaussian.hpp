// Gaussian components.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <iterator>
#include <numbers>
#include <string>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/core/types.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/covariance_floor.hpp"
#include "latent/mixture/gaussian_density.hpp"
#include "latent/mixture/gaussian_estimate.hpp"
#include "latent/mixture/gaussian_statistics.hpp"
#include "latent/mixture/normal_inverse_wishart.hpp"

LATENT_BEGIN

enum class Covariance {
  full,  // one D x D matrix a component
  tied,  // one D x D matrix for all components: linear discriminant analysis
};

template <Covariance Form = Covariance::full, class S = double>
class Gaussian;

// K Gaussians with a full covariance each, or one for all. The state is the means and the Cholesky
// factors of the covariances.
//
// maximize() never lets a covariance become singular: in units of the data's own standard
// deviations (taken from the statistics, so that scaling the data changes nothing), its eigenvalues
// are kept at or above `floor`. An engagement makes the family degenerate() and is noted with its
// component and weight. floor = 0 switches that off: a component whose covariance is then singular
// keeps the covariance it had. The data's deviations are those of all rows together, how far apart
// the components lie included: at the default floor, components whose distance is more than about
// 1e5 of their own deviations meet it, however many rows they have.
//
// With a prior maximize() is the posterior mode, and a component without rows is at the mode of the
// prior.
//
// E-step O(n K D^2), M-step O(K D^3).
template <Covariance Form, class S>
requires(Form == Covariance::full || Form == Covariance::tied) class Gaussian<Form, S> {
  static constexpr bool shared = Form == Covariance::tied;
  using Square = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

 public:
  using Scalar = S;
  using Statistics = GaussianStatistics;

  RowMatrix<S> means;            // K x D
  double floor = 1e-10;          // in [0, 1)
  NormalInverseWishart prior{};  // on means and covariances

  // means: K x D; covariances: K matrices of D x D, symmetric (the lower triangle is read) and
  // positive definite. Throws InvalidArgument.
  Gaussian(const RowMatrix<S>& component_means,
           const std::vector<Square>& covariances) requires(!shared)
      : Gaussian(component_means) {
    detail::require(static_cast<Index>(covariances.size()) == components(),
                    "Gaussian: there must be one covariance a component; got ", covariances.size(),
                    " covariances for ", components(), " means");
    for (Index k = 0; k < components(); ++k)
      set_covariance(k, covariances[static_cast<std::size_t>(k)]);
    check();
  }

  // The same from any range of D x D matrices.
  template <class Range>
  requires requires(const Range& range) {
    requires !shared;
    { std::begin(range)->rows() } -> std::convertible_to<Index>;
  }
  Gaussian(const RowMatrix<S>& component_means, const Range& covariances)
      : Gaussian(component_means,
                 std::vector<Square>(std::begin(covariances), std::end(covariances))) {}

  // means: K x D; covariance: D x D, of every component.
  template <class Derived>
  Gaussian(const RowMatrix<S>& component_means,
           const Eigen::MatrixBase<Derived>& covariance) requires(shared)
      : Gaussian(component_means) {
    set_covariance(0, covariance);
    check();
  }

  // The same multiple of the identity for every component. Throws InvalidArgument unless variance >
  // 0.
  template <class V>
  static Gaussian isotropic(const RowMatrix<S>& component_means, V variance_value) {
    const auto variance = static_cast<double>(variance_value);
    detail::require(is_finite(variance) && variance > 0.0,
                    "Gaussian::isotropic: variance must be finite and positive; got ", variance);
    Gaussian made(component_means);
    const Index d = made.dimension();
    // In double: the variance of float data may not fit.
    for (Index i = 0; i < made.factors_.rows(); ++i) made.factors_(i, i % d) = std::sqrt(variance);
    made.check();
    return made;
  }

  // The same model about its present means, where a fit that starts from it is most accurate.
  Gaussian recentred() const {
    Gaussian moved = *this;
    moved.shift_ = means.template cast<double>();
    return moved;
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
            RowMatrix<double>::Zero(blocks() * dimension(), dimension())};
  }

  // Refers to this family, which must outlive it.
  detail::PreparedGaussian<S> prepare() && = delete;
  detail::PreparedGaussian<S> prepare() const& {
    const Index d = dimension();
    detail::PreparedGaussian<S> prepared{means, RowMatrix<S>::Zero(blocks() * d, d),
                                         Vector<S>(blocks())};
    RowMatrix<double> inverse(d, d);
    for (Index b = 0; b < blocks(); ++b) {
      detail::invert_lower(factor(b), inverse);
      prepared.whitening.middleRows(b * d, d) = inverse.template cast<S>();
      double log_det = 0.0;
      for (Index j = 0; j < d; ++j) log_det += std::log(factors_(b * d + j, j));
      prepared.constant[b] = static_cast<S>(
          -0.5 * static_cast<double>(d) * std::log(2.0 * std::numbers::pi) - log_det);
    }
    return prepared;
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    detail::accumulate_about<S>(shift_, x, r, block, s);
  }

  // Without a prior: mean = shift + sum / n; covariance = sum over the components that share it of
  // scatter - n (mean - shift)(mean - shift)', over their n; floored. A component without weight
  // stays as it was. With a prior: see estimate_covariance().
  Gaussian maximize(const Vector<double>& n, const Statistics& s) const {
    Gaussian next = *this;
    next.mended_.clear();
    next.move_means(n, s);
    const Index d = dimension();
    Vector<double> unit = detail::data_deviation<S>(shift_, n, s);
    const Vector<double> deviation = unit;
    const Vector<double> binary = detail::binary_units(deviation);
    RowMatrix<double> correlation(d, d);
    RowMatrix<double> made(d, d);
    for (Index b = 0; b < blocks(); ++b) {
      const double weight = estimate(b, n, s, deviation, correlation);
      if (!(weight > 0.0)) continue;
      unit = deviation;
      const Index component = shared ? -1 : b;
      const detail::FloorOutcome outcome = detail::factor_above_floor(correlation, floor, made);
      if (outcome == detail::FloorOutcome::singular) {
        next.mended_.push_back(
            {component, weight,
             shared ? "is singular, and floor = 0: it stays as it was"
                    : "has a singular covariance, and floor = 0: it keeps the one it had"});
        continue;
      }
      if (outcome == detail::FloorOutcome::floored)
        next.mended_.push_back({component, weight, "met the covariance floor"});
      // What needs no mending does not depend on the data's deviations, not even by a bit.
      if (outcome == detail::FloorOutcome::sound) {
        estimate(b, n, s, binary, correlation);
        RowMatrix<double> again(d, d);
        if (detail::cholesky(correlation, 0.0, again)) {
          made = again;
          unit = binary;
        }
      }
      for (Index i = 0; i < d; ++i)
        for (Index j = 0; j < d; ++j)
          next.factors_(b * d + i, j) = j <= i ? made(i, j) * unit[i] : 0.0;
    }
    return next;
  }

  // No weight is negative, and every covariance that maximize() would set is positive definite
  // without the floor.
  bool valid(const Vector<double>& n, const Statistics& s) const {
    for (Index k = 0; k < components(); ++k)
      if (!is_finite(n[k]) || !(n[k] >= 0.0)) return false;
    const Vector<double> unit = detail::data_deviation<S>(shift_, n, s);
    RowMatrix<double> correlation(dimension(), dimension());
    RowMatrix<double> made(dimension(), dimension());
    for (Index b = 0; b < blocks(); ++b)
      if (estimate(b, n, s, unit, correlation) > 0.0 && !detail::cholesky(correlation, 0.0, made))
        return false;
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

  // Means, then the lower triangles of the covariances.
  Vector<double> parameters() const {
    const Index d = dimension();
    Vector<double> all(components() * d + blocks() * (d * (d + 1) / 2));
    Index at = 0;
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < d; ++j) all[at++] = static_cast<double>(means(k, j));
    for (Index b = 0; b < blocks(); ++b) {
      const Square matrix = covariance_of_block(b);
      for (Index i = 0; i < d; ++i)
        for (Index j = 0; j <= i; ++j) all[at++] = static_cast<double>(matrix(i, j));
    }
    return all;
  }
  // mean(k,j), then covariance(k,i,j), or covariance(i,j) of the shared one.
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names = detail::numbered("mean", components(), dimension());
    for (Index b = 0; b < blocks(); ++b)
      for (Index i = 0; i < dimension(); ++i)
        for (Index j = 0; j <= i; ++j)
          names.push_back(Form == Covariance::tied
                              ? detail::concat("covariance(", i, ",", j, ")")
                              : detail::concat("covariance(", b, ",", i, ",", j, ")"));
    return names;
  }

  Index free_parameters() const {
    return components() * dimension() + blocks() * (dimension() * (dimension() + 1) / 2);
  }

  void sample(Index k, Random& random, S* row) const {
    const Index d = dimension();
    const Index first = block(k) * d;
    Vector<double> normal(d);
    for (Index j = 0; j < d; ++j) normal[j] = random.normal();
    for (Index i = 0; i < d; ++i) {
      double value = static_cast<double>(means(k, i));
      for (Index j = 0; j <= i; ++j) value += factors_(first + i, j) * normal[j];
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
  explicit Gaussian(const RowMatrix<S>& component_means)
      : means{component_means},
        shift_{component_means.template cast<double>()},
        factors_{RowMatrix<double>::Zero(blocks() * means.cols(), means.cols())} {
    detail::require(components() >= 1 && dimension() >= 1,
                    "Gaussian: means must be K x D with K and D at least 1; got ", components(),
                    " x ", dimension());
  }

  void set_covariance(Index b, const Square& covariance) {
    const Index d = dimension();
    const std::string owner =
        shared ? std::string("all components") : detail::concat("component ", b);
    detail::require(covariance.rows() == d && covariance.cols() == d,
                    "Gaussian: a covariance must be ", d, " x ", d, "; got ", covariance.rows(),
                    " x ", covariance.cols(), " for ", owner);
    const double asymmetry = detail::asymmetry_of(covariance);
    detail::require(asymmetry <= 1e-6,
                    "Gaussian: a covariance must be symmetric; got a relative difference of ",
                    asymmetry, " for ", owner);
    RowMatrix<double> made(d, d);
    detail::require(detail::cholesky(covariance.template cast<double>(), 0.0, made),
                    "Gaussian: a covariance must be positive definite; that of ", owner, " is not");
    factors_.middleRows(b * d, d) = made;
  }

  // The covariance that component k has is number block(k) of blocks().
  Index blocks() const { return shared ? 1 : components(); }
  static Index block(Index k) { return shared ? 0 : k; }

  RowMatrix<double> factor(Index b) const {
    return factors_.middleRows(b * dimension(), dimension());
  }

  Square covariance_of_block(Index b) const {
    const Index d = dimension();
    Square out(d, d);
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (Index m = 0; m <= j; ++m) sum += factors_(b * d + i, m) * factors_(b * d + j, m);
        out(i, j) = out(j, i) = static_cast<S>(sum);
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

  double estimate(Index b, const Vector<double>& n, const Statistics& s, const Vector<double>& unit,
                  RowMatrix<double>& out) const {
    return detail::estimate_covariance(prior, shift_, n, s, shared ? 0 : b,
                                       shared ? components() : b + 1, b, unit, out);
  }

  RowMatrix<double> shift_;    // K x D: fixed for a fit
  RowMatrix<double> factors_;  // B D x D: lower triangular Cholesky factors
  std::vector<Mended> mended_;
};

LATENT_END
