// What probabilistic PCA and factor analysis share: all but the shape of the noise.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/SVD>

#include "latent/core/error.hpp"
#include "latent/core/random.hpp"
#include "latent/core/report.hpp"
#include "latent/decomposition/axes.hpp"
#include "latent/em/over_blocks.hpp"
#include "latent/em/parameter_names.hpp"
#include "latent/mixture/observed_moments.hpp"
#include "latent/models/column_regressions.hpp"
#include "latent/models/linear_gaussian.hpp"

LATENT_BEGIN

namespace detail {

// Self has noise_of_columns() -> Vector<double> (D variances), name, floor, and a constructor from
// (mean, loadings, D noise variances). Every member function is const and safe to call from several
// threads. x is a matrix (n x D) or a source; NaN in it = missing. All throw InvalidArgument
// (columns, parameters) and DataError (infinite).
template <class Self, class S>
class LinearGaussianModel {
 public:
  using Scalar = S;
  using Statistics = LinearGaussianStatistics;
  static constexpr bool accepts_missing = true;

  Vector<S> mean;         // D
  RowMatrix<S> loadings;  // D x L

  Index dimension() const { return loadings.rows(); }  // D
  Index factors() const { return loadings.cols(); }    // L

  // What the engine calls.

  Statistics zero() const { return zero_linear_gaussian(dimension(), factors()); }

  PreparedLinearGaussian prepare() const {
    return {mean.template cast<double>(), loadings.template cast<double>(),
            self().noise_of_columns(), shift_};
  }

  // Whether some rows could have given the statistics; an accelerated step may propose others.
  bool valid(const Statistics& statistics) const { return regress(statistics).sound; }

  bool degenerate() const { return !mended_.empty(); }
  void notes(Index iteration, std::vector<Note>& out) const {
    for (const Mended& event : mended_) out.push_back({iteration, -1, event.value, event.what});
  }

  // Throws InvalidArgument naming the rule that the parameters break.
  void check() const {
    constexpr const char* name = Self::name;
    require(dimension() >= 1 && factors() >= 1 && factors() <= dimension(), name,
            ": loadings must be D x L with 1 <= L <= D; got ", dimension(), " x ", factors());
    require(mean.size() == dimension(), name, ": there must be one mean a column; got ",
            mean.size(), " means for loadings ", dimension(), " x ", factors());
    require(shift_.size() == dimension(), name,
            ": the parameters must keep the shape they were made with; got loadings ", dimension(),
            " x ", factors());
    require(is_finite(self().floor) && self().floor >= 0.0 && self().floor < 1.0, name,
            ": floor must lie in [0, 1); got ", self().floor);
    const Vector<double> noise = self().noise_of_columns();
    require(noise.size() == dimension(), name, ": there must be one noise variance a column; got ",
            noise.size(), " for ", dimension(), " columns");
    for (Index j = 0; j < dimension(); ++j) {
      require(is_finite(mean[j]), name, ": mean must be finite; got mean(", j, ") = ", mean[j]);
      require(is_finite(noise[j]) && noise[j] > 0.0, name,
              ": noise variances must be finite and positive; got ", noise[j], " for column ", j);
      for (Index l = 0; l < factors(); ++l)
        require(is_finite(loadings(j, l)), name, ": loadings must be finite; got loadings(", j,
                ", ", l, ") = ", loadings(j, l));
    }
  }

  // A start for EM: the means and variances of the columns (of what is observed of them), half of
  // each variance as noise, the rest along random loadings. Two passes over the data.
  template <class Data>
  static Self start(const Data& x, Index components, std::uint64_t seed = 0) {
    decltype(auto) data = as_samples(x);
    const std::string who = concat(Self::name, "::start");
    check_shape(data, who);
    require(components >= 1 && components <= data.cols(), who,
            ": components must satisfy 1 <= components <= columns; got ", components, " with ",
            data.cols(), " columns");
    const ObservedMoments moments = observed_moments(data, who);
    const Random stream(seed, Purpose::initialisation);
    RowMatrix<S> w(data.cols(), components);
    for (Index j = 0; j < data.cols(); ++j) {
      Random random = stream.at(static_cast<std::uint64_t>(j));
      const double size = std::sqrt(0.5 * moments.variance[j] / static_cast<double>(components));
      for (Index l = 0; l < components; ++l) w(j, l) = static_cast<S>(size * random.normal());
    }
    return Self(moments.mean.template cast<S>(), std::move(w),
                Vector<double>(0.5 * moments.variance));
  }

  // The same model, ready for a new fit of data around its mean: the sums of a fit are taken about
  // the mean that the start was made with, and lose digits where the data lie far from it.
  Self recentred() const {
    Self next = self();
    next.shift_ = next.mean.template cast<double>();
    next.mended_.clear();
    return next;
  }

  // What a user asks a fitted model.

  // n x L: E[z | what is observed of the row]; 0 where nothing is. O(n D L) for complete rows.
  template <class Data>
  RowMatrix<S> transform(const Data& x) const {
    RowMatrix<S> out;
    over_tiles(
        x, "transform", [&](Index n) { out.resize(n, factors()); },
        [&](const Block<S>& block, const LinearGaussianTile& tile) {
          out.middleRows(block.first_row, block.x.rows()) = tile.posterior.template cast<S>();
        });
    return out;
  }

  // n x D: mean + loadings E[z | what is observed], in every column, observed or missing.
  template <class Data>
  RowMatrix<S> reconstruct(const Data& x) const {
    return expected_rows(x, "reconstruct", [](S, double expected) { return expected; });
  }

  // n x D: x with the missing numbers replaced by their expectations; what is observed stays.
  template <class Data>
  RowMatrix<S> impute(const Data& x) const {
    return expected_rows(x, "impute", [](S given, double expected) {
      return is_nan(given) ? expected : static_cast<double>(given);
    });
  }

  // n: the log density of what is observed of each row; 0 where nothing is.
  template <class Data>
  Vector<double> log_density(const Data& x) const {
    Vector<double> out;
    over_tiles(
        x, "log_density", [&](Index n) { out.resize(n); },
        [&](const Block<S>& block, const LinearGaussianTile& tile) {
          out.segment(block.first_row, block.x.rows()) = tile.log_density;
        });
    return out;
  }

  // sum_i w_i log p(what is observed of x_i).
  template <class Data>
  double log_likelihood(const Data& x) const {
    self().check();
    const PreparedLinearGaussian ready = prepare();
    return sum_over_blocks(self(), x, concat(Self::name, "::log_likelihood"),
                           [&](const Block<S>& block) {
                             const LinearGaussianTile tile = ready.posterior<S>(block.x);
                             double sum = 0.0;
                             for (Index i = 0; i < block.x.rows(); ++i)
                               if (block.weights[i] > 0.0)
                                 sum += block.weights[i] * tile.log_density[i];
                             return sum;
                           });
  }

  // The mean of that over the rows, by weight; as PCAModel::score. Throws InvalidArgument for no rows.
  template <class Data>
  double score(const Data& x) const {
    decltype(auto) data = as_samples(x);
    check_shape(data, concat(Self::name, "::score"));
    auto team = Threads{}.team();
    return log_likelihood(data) / total_weight(data, team);
  }

  // L x L: cov(z | x) of a row with nothing missing, the same for all of them; transform gives the
  // means. O(D L^2 + L^3).
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> posterior_covariance() const {
    self().check();
    return prepare().covariance().template cast<S>();
  }

  // D x D, symmetric to the bit: loadings loadings' + diag(noise).
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> covariance() const {
    const Vector<double> noise = self().noise_of_columns();
    Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> out(dimension(), dimension());
    for (Index i = 0; i < dimension(); ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = i == j ? noise[i] : 0.0;
        for (Index l = 0; l < factors(); ++l)
          sum += static_cast<double>(loadings(i, l)) * static_cast<double>(loadings(j, l));
        out(i, j) = out(j, i) = static_cast<S>(sum);
      }
    return out;
  }

  // n x D, drawn from the model; row i depends on (seed, i) alone.
  RowMatrix<S> sample(Index n, std::uint64_t seed) const {
    self().check();
    require(n >= 0, Self::name, "::sample: n must not be negative; got ", n);
    const Vector<double> deviation = self().noise_of_columns().cwiseSqrt();
    RowMatrix<S> out(n, dimension());
    Vector<double> z(factors());
    const Random stream(seed, Purpose::sampling);
    for (Index i = 0; i < n; ++i) {
      Random random = stream.at(static_cast<std::uint64_t>(i));
      for (Index l = 0; l < factors(); ++l) z[l] = random.normal();
      for (Index j = 0; j < dimension(); ++j) {
        double value = static_cast<double>(mean[j]) + deviation[j] * random.normal();
        for (Index l = 0; l < factors(); ++l) value += static_cast<double>(loadings(j, l)) * z[l];
        out(i, j) = static_cast<S>(value);
      }
    }
    return out;
  }

 protected:
  LinearGaussianModel(Vector<S> mean_of_columns, RowMatrix<S> loadings_of_columns)
      : mean{std::move(mean_of_columns)},
        loadings{std::move(loadings_of_columns)},
        shift_{mean.template cast<double>()} {}

  ColumnRegressions regress(const Statistics& statistics) const {
    return regress_columns(statistics, shift_,
                           static_cast<double>(std::numeric_limits<S>::epsilon()));
  }

  // Takes over the mean and the loadings; columns without weight keep theirs.
  void take(const ColumnRegressions& found) {
    mended_.clear();
    for (Index j = 0; j < dimension(); ++j) {
      if (!(found.weight[j] > 0.0)) {
        mended_.push_back({0.0, concat("column ", j, " has no weight left and stays as it was")});
        continue;
      }
      mean[j] = static_cast<S>(shift_[j] + found.coefficients(j, factors()));
      for (Index l = 0; l < factors(); ++l)
        loadings(j, l) = static_cast<S>(found.coefficients(j, l));
    }
  }

  // `proposed`, kept at or above `least`; what it was where neither is positive.
  double above_floor(double proposed, double least, double before, const std::string& whose) {
    if (is_finite(proposed) && proposed > least) return proposed;
    mended_.push_back({proposed, concat(whose, " met the floor")});
    return is_finite(least) && least > 0.0 ? least : before;
  }

  // Mean, loadings, then `more`.
  Vector<double> parameters_with(const Vector<double>& more) const {
    Vector<double> all(mean.size() + loadings.size() + more.size());
    all << mean.template cast<double>(),
        Eigen::Map<const Vector<S>>(loadings.data(), loadings.size()).template cast<double>(), more;
    return all;
  }

  std::vector<std::string> names_with(std::vector<std::string> more) const {
    std::vector<std::string> names = numbered("mean", mean.size());
    for (std::string& name : numbered("loading", loadings.rows(), loadings.cols()))
      names.push_back(std::move(name));
    for (std::string& name : more) names.push_back(std::move(name));
    return names;
  }

  // Of mean and loadings; a rotation of z changes nothing, which takes L(L-1)/2 away.
  Index free_parameters_of_columns() const {
    return dimension() * (1 + factors()) - factors() * (factors() - 1) / 2;
  }

 private:
  struct Mended {
    double value;
    std::string what;
  };

  const Self& self() const { return static_cast<const Self&>(*this); }

  // Calls body(block, tile) for all blocks of x, on all cores, after the checks. size(n) comes
  // first.
  template <class Data, class Size, class Body>
  void over_tiles(const Data& x, const char* what, const Size& size, const Body& body) const {
    self().check();
    const PreparedLinearGaussian ready = prepare();
    over_blocks(self(), x, concat(Self::name, "::", what), size,
                [&](const Block<S>& block) { body(block, ready.posterior<S>(block.x)); });
  }

  template <class Data, class Choose>
  RowMatrix<S> expected_rows(const Data& x, const char* what, const Choose& choose) const {
    const RowMatrix<double> w = loadings.template cast<double>();
    RowMatrix<S> out;
    over_tiles(
        x, what, [&](Index n) { out.resize(n, dimension()); },
        [&](const Block<S>& block, const LinearGaussianTile& tile) {
          const RowMatrix<double> moved = product(tile.posterior, w.transpose());
          for (Index i = 0; i < moved.rows(); ++i)
            for (Index j = 0; j < moved.cols(); ++j)
              out(block.first_row + i, j) =
                  static_cast<S>(choose(block.x(i, j), static_cast<double>(mean[j]) + moved(i, j)));
        });
    return out;
  }

  Vector<double> shift_;  // D: fixed from construction on
  std::vector<Mended> mended_;
};

// The left singular vectors of the loadings (D x L), orthonormal, and the singular values (L),
// descending.
template <class S>
std::pair<RowMatrix<double>, Vector<double>> principal_axes(const RowMatrix<S>& loadings) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(loadings.template cast<double>(),
                                              Eigen::ComputeThinU);
  RowMatrix<double> axes = svd.matrixU().transpose();
  apply_sign_rule(axes);
  return {RowMatrix<double>(axes.transpose()), Vector<double>(svd.singularValues())};
}

}  // namespace detail

LATENT_END
