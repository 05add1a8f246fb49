// Gaussian components.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <iterator>
#include <limits>
#include <numbers>
#include <string>
#include <tuple>
#include <vector>

#include "latent/core/error.hpp"
#include "latent/core/product.hpp"
#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/core/statistics.hpp"
#include "latent/core/types.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/covariance_floor.hpp"
#include "latent/mixture/gaussian_density.hpp"

LATENT_BEGIN

enum class Covariance {
  full,  // one D x D matrix a component
};

// Sums about a shift that is fixed for the whole fit and differs by component, so that they add up
// exactly like plain sums and stay accurate far from the origin.
struct GaussianStatistics {
  RowMatrix<double> sum;  // K x D: sum_i r(i,k) (x_i - shift_k)
  RowMatrix<double>
      scatter;  // K D x D: sum_i r(i,k) (x_i - shift_k)(x_i - shift_k)'; lower triangles
  auto fields() { return std::tie(sum, scatter); }
};

template <Covariance Form = Covariance::full, class S = double>
class Gaussian;

// K Gaussians with a full covariance each. The state is the means and the Cholesky factors of the
// covariances.
//
// maximize() never lets a covariance become singular: in units of the data's own standard
// deviations (taken from the statistics, so that scaling the data changes nothing), its eigenvalues
// are kept at or above `floor`. An engagement makes the family degenerate() and is noted with its
// component and weight. floor = 0 switches that off: a component whose covariance is then singular
// keeps the covariance it had.
//
// E-step O(n K D^2), M-step O(n K D^2 + K D^3).
template <class S>
class Gaussian<Covariance::full, S> {
 public:
  using Scalar = S;
  using Statistics = GaussianStatistics;

  RowMatrix<S> means;    // K x D
  double floor = 1e-10;  // in [0, 1)

  // means: K x D; covariances: K matrices of D x D, symmetric (the lower triangle is read) and
  // positive definite. Throws InvalidArgument.
  Gaussian(const RowMatrix<S>& component_means,
           const std::vector<Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>>& covariances)
      : means{component_means}, shift_{component_means.template cast<double>()} {
    const Index k_count = means.rows();
    const Index d = means.cols();
    detail::require(k_count >= 1 && d >= 1,
                    "Gaussian: means must be K x D with K and D at least 1; got ", k_count, " x ",
                    d);
    detail::require(static_cast<Index>(covariances.size()) == k_count,
                    "Gaussian: there must be one covariance a component; got ", covariances.size(),
                    " covariances for ", k_count, " means");
    factors_ = RowMatrix<double>::Zero(k_count * d, d);
    for (Index k = 0; k < k_count; ++k) {
      const auto& covariance = covariances[static_cast<std::size_t>(k)];
      detail::require(covariance.rows() == d && covariance.cols() == d,
                      "Gaussian: a covariance must be ", d, " x ", d, "; got ", covariance.rows(),
                      " x ", covariance.cols(), " for component ", k);
      const double asymmetry = detail::asymmetry_of(covariance);
      detail::require(asymmetry <= 1e-6,
                      "Gaussian: a covariance must be symmetric; got a relative difference of ",
                      asymmetry, " for component ", k);
      const RowMatrix<double> wide = covariance.template cast<double>();
      RowMatrix<double> factor(d, d);
      detail::require(detail::cholesky(wide, 0.0, factor),
                      "Gaussian: a covariance must be positive definite; that of component ", k,
                      " is not");
      factors_.middleRows(k * d, d) = factor;
    }
    check();
  }

  // The same from any range of D x D matrices.
  template <class Range>
  requires requires(const Range& range) {
    { std::begin(range)->rows() } -> std::convertible_to<Index>;
  }
  Gaussian(const RowMatrix<S>& component_means, const Range& covariances)
      : Gaussian(component_means, std::vector<Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>>(
                                      std::begin(covariances), std::end(covariances))) {}

  // The same multiple of the identity for every component. Throws InvalidArgument unless variance >
  // 0.
  template <class V>
  static Gaussian isotropic(const RowMatrix<S>& component_means, V variance_value) {
    const auto variance = static_cast<double>(variance_value);
    detail::require(is_finite(variance) && variance > 0.0,
                    "Gaussian::isotropic: variance must be finite and positive; got ", variance);
    const Index d = component_means.cols();
    Gaussian made(component_means,
                  std::vector<Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>>(
                      static_cast<std::size_t>(component_means.rows()),
                      Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>::Identity(d, d)));
    made.factors_ *= std::sqrt(variance);  // in double: the variance of float data may not fit
    return made;
  }

  Index components() const { return means.rows(); }
  Index dimension() const { return means.cols(); }

  // D x D, symmetric to the bit.
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> covariance(Index k) const {
    check_component(k);
    const Index d = dimension();
    Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> out(d, d);
    for (Index i = 0; i < d; ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = 0.0;
        for (Index m = 0; m <= j; ++m) sum += factors_(k * d + i, m) * factors_(k * d + j, m);
        out(i, j) = out(j, i) = static_cast<S>(sum);
      }
    return out;
  }

  // D x D, lower triangular: covariance(k) = L L'.
  RowMatrix<double> cholesky_factor(Index k) const {
    check_component(k);
    return factors_.middleRows(k * dimension(), dimension());
  }

  Statistics zero() const {
    return {RowMatrix<double>::Zero(components(), dimension()),
            RowMatrix<double>::Zero(components() * dimension(), dimension())};
  }

  detail::PreparedGaussian<S> prepare() const {
    const Index d = dimension();
    detail::PreparedGaussian<S> prepared{means, RowMatrix<S>::Zero(components() * d, d),
                                         Vector<S>(components())};
    RowMatrix<double> inverse(d, d);
    for (Index k = 0; k < components(); ++k) {
      const RowMatrix<double> factor = factors_.middleRows(k * d, d);
      detail::invert_lower(factor, inverse);
      prepared.whitening.middleRows(k * d, d) = inverse.template cast<S>();
      double log_det = 0.0;
      for (Index j = 0; j < d; ++j) log_det += std::log(factor(j, j));
      prepared.constant[k] = static_cast<S>(
          -0.5 * static_cast<double>(d) * std::log(2.0 * std::numbers::pi) - log_det);
    }
    return prepared;
  }

  void log_density(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    prepare().log_density(x, out);
  }

  void accumulate(const Eigen::Ref<const RowMatrix<S>>& x, const RowMatrix<S>& r,
                  Statistics& s) const {
    using Columns = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
    const Index d = x.cols();
    const Columns tile = x.template cast<double>();
    Columns z(x.rows(), d);
    Columns rz(x.rows(), d);
    Vector<double> weight(x.rows());
    for (Index k = 0; k < components(); ++k) {
      weight = r.col(k).template cast<double>();
      if (!(weight.maxCoeff() > 0.0)) continue;
      for (Index j = 0; j < d; ++j) {
        z.col(j).array() = tile.col(j).array() - shift_(k, j);
        rz.col(j).array() = z.col(j).array() * weight.array();
        s.sum(k, j) += detail::ordered_dot(weight.data(), z.col(j).data(), z.rows());
      }
      add_scatter(z, rz, k * d, s.scatter);
    }
  }

  // mean = shift + sum / n; covariance = scatter / n - (mean - shift)(mean - shift)', floored. A
  // component without weight stays as it was.
  Gaussian maximize(const Vector<double>& n, const Statistics& s) const {
    Gaussian next = *this;
    next.mended_.clear();
    const Index d = dimension();
    const Vector<double> scale = data_deviation(n, s);
    RowMatrix<double> correlation = RowMatrix<double>::Zero(d, d);  // lower triangle
    RowMatrix<double> factor(d, d);
    for (Index k = 0; k < components(); ++k) {
      if (!(n[k] > 0.0)) {
        next.mended_.push_back({k, n[k], "has no weight left and stays as it was"});
        continue;
      }
      const Vector<double> moved = s.sum.row(k).transpose() / n[k];
      for (Index i = 0; i < d; ++i)
        for (Index j = 0; j <= i; ++j)
          correlation(i, j) =
              (s.scatter(k * d + i, j) / n[k] - moved[i] * moved[j]) / (scale[i] * scale[j]);
      const detail::FloorOutcome outcome = detail::factor_above_floor(correlation, floor, factor);
      for (Index j = 0; j < d; ++j) next.means(k, j) = static_cast<S>(shift_(k, j) + moved[j]);
      if (outcome == detail::FloorOutcome::singular) {
        next.mended_.push_back(
            {k, n[k], "has a singular covariance, and floor = 0: it keeps the one it had"});
        continue;
      }
      if (outcome == detail::FloorOutcome::floored)
        next.mended_.push_back({k, n[k], "met the covariance floor"});
      for (Index i = 0; i < d; ++i)
        for (Index j = 0; j < d; ++j)
          next.factors_(k * d + i, j) = j <= i ? factor(i, j) * scale[i] : 0.0;
    }
    return next;
  }

  void check() const {
    detail::require(is_finite(floor) && floor >= 0.0 && floor < 1.0,
                    "Gaussian: floor must lie in [0, 1); got ", floor);
    detail::require(factors_.rows() == components() * dimension() && factors_.cols() == dimension(),
                    "Gaussian: means must keep the shape they were made with; got ", components(),
                    " x ", dimension());
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < dimension(); ++j)
        detail::require(is_finite(means(k, j)), "Gaussian: means must be finite; got means(", k,
                        ", ", j, ") = ", means(k, j));
  }

  bool degenerate() const { return !mended_.empty(); }
  void notes(Index iteration, std::vector<Note>& out) const {
    for (const Mended& event : mended_)
      out.push_back({iteration, event.component, event.weight,
                     detail::concat("component ", event.component, " ", event.what,
                                    "; its weight is ", event.weight)});
  }

  // Means, then the lower triangles of the covariances.
  Vector<double> parameters() const {
    const Index d = dimension();
    Vector<double> all(components() * d + components() * (d * (d + 1) / 2));
    Index at = 0;
    for (Index k = 0; k < components(); ++k)
      for (Index j = 0; j < d; ++j) all[at++] = static_cast<double>(means(k, j));
    for (Index k = 0; k < components(); ++k) {
      const auto matrix = covariance(k);
      for (Index i = 0; i < d; ++i)
        for (Index j = 0; j <= i; ++j) all[at++] = static_cast<double>(matrix(i, j));
    }
    return all;
  }
  // mean(k,j), then covariance(k,i,j).
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names = detail::numbered("mean", components(), dimension());
    for (Index k = 0; k < components(); ++k)
      for (Index i = 0; i < dimension(); ++i)
        for (Index j = 0; j <= i; ++j)
          names.push_back(detail::concat("covariance(", k, ",", i, ",", j, ")"));
    return names;
  }

  Index free_parameters() const {
    return components() * (dimension() + dimension() * (dimension() + 1) / 2);
  }

  void sample(Index k, Random& random, S* row) const {
    const Index d = dimension();
    Vector<double> normal(d);
    for (Index j = 0; j < d; ++j) normal[j] = random.normal();
    for (Index i = 0; i < d; ++i) {
      double value = static_cast<double>(means(k, i));
      for (Index j = 0; j <= i; ++j) value += factors_(k * d + i, j) * normal[j];
      row[i] = static_cast<S>(value);
    }
  }

 private:
  struct Mended {
    Index component;
    double weight;
    const char* what;
  };

  // Rows first ... first+D-1 of scatter += rz' z, lower triangle.
  template <class Columns>
  static void add_scatter(const Columns& z, const Columns& rz, Index first,
                          RowMatrix<double>& scatter) {
    const Index d = z.cols();
    if (d <= 8) {
      for (Index i = 0; i < d; ++i)
        for (Index j = 0; j <= i; ++j)
          scatter(first + i, j) += detail::ordered_dot(rz.col(i).data(), z.col(j).data(), z.rows());
      return;
    }
    constexpr Index stripe = 32;  // rows, each stripe as wide as its last row
    for (Index i = 0; i < d; i += stripe) {
      const Index height = std::min(stripe, d - i);
      Eigen::Block<RowMatrix<double>> target(scatter, first + i, 0, height, i + height);
      add_product(rz.middleCols(i, height).transpose(), z.leftCols(i + height), target);
    }
  }

  void check_component(Index k) const {
    detail::require(k >= 0 && k < components(), "Gaussian: component must be in 0 ... ",
                    components() - 1, "; got ", k);
  }

  // The standard deviation of each column over all components together. A column that does not vary
  // is given the mean of those that do, or 1, so that a floor has a unit there too.
  Vector<double> data_deviation(const Vector<double>& n, const Statistics& s) const {
    const Index d = dimension();
    Vector<double> deviation(d);
    double total = 0.0;
    for (Index k = 0; k < components(); ++k) total += n[k];
    double varying = 0.0;
    Index count = 0;
    for (Index j = 0; j < d; ++j) {
      // About the first component's shift: the mean, then the spread within and between components.
      double mean = 0.0;
      double size = 0.0;
      for (Index k = 0; k < components(); ++k) {
        mean += n[k] * (shift_(k, j) - shift_(0, j)) + s.sum(k, j);
        size = std::max(size, std::abs(shift_(k, j)));
      }
      mean /= total;
      double squares = 0.0;
      for (Index k = 0; k < components(); ++k) {
        const double offset = shift_(k, j) - shift_(0, j) - mean;
        squares += s.scatter(k * d + j, j) + 2.0 * offset * s.sum(k, j) + n[k] * offset * offset;
      }
      const double variance = squares / total;
      const double noise = 8.0 * static_cast<double>(std::numeric_limits<S>::epsilon()) * size;
      const bool varies = is_finite(variance) && variance > noise * noise;
      deviation[j] = varies ? std::sqrt(variance) : 0.0;
      if (varies) {
        varying += variance;
        ++count;
      }
    }
    const double substitute = count > 0 ? std::sqrt(varying / static_cast<double>(count)) : 1.0;
    for (Index j = 0; j < d; ++j)
      if (!(deviation[j] > 0.0)) deviation[j] = substitute;
    return deviation;
  }

  RowMatrix<double> factors_;  // K D x D: lower triangular Cholesky factors
  RowMatrix<double> shift_;    // K x D: fixed from construction on
  std::vector<Mended> mended_;
};

LATENT_END
