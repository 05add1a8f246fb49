// A fitted principal-component analysis.
#pragma once

#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/product.hpp"
#include "latent/decomposition/pca_solver.hpp"

LATENT_BEGIN

// What a PCAModel is made of. Variances are kept as their roots, which neither overflow nor vanish
// where the data do not.
template <class S>
struct PCAParts {
  Vector<double> mean;           // D
  Vector<double> unit;           // D, divisors of standardisation; empty = none
  RowMatrix<S> projection;       // D x L
  Vector<double> deviation;      // L, standard deviations along the axes, divisor n - 1
  Vector<double> ratio;          // L, shares of the total variance
  double noise_deviation = 0.0;  // root of the mean discarded variance
  double n = 0.0;                // rows, counted by weight
  Index rank = 0;
  bool whiten = false;
  PCASolver solver = PCASolver::automatic;  // that found them
  double noise_floor = 0.0;                 // of singular values
};

// Immutable; every member is const and safe to call from any number of threads. S is the scalar of
// the data, D the columns, L the components. Scores are about the fitted mean, kept in double.
template <class S>
class PCAModel {
 public:
  using Scalar = S;

  explicit PCAModel(PCAParts<S> parts) : parts_{std::move(parts)} {}

  Index columns() const { return parts_.projection.rows(); }     // D
  Index components() const { return parts_.projection.cols(); }  // L

  Vector<S> mean() const { return parts_.mean.template cast<S>(); }     // D
  const RowMatrix<S>& projection() const { return parts_.projection; }  // D x L, orthonormal
  // Components above the noise floor, kept or not; of those kept alone where the solver looked for
  // no others (randomized, or a few components of large data).
  Index rank() const { return parts_.rank; }
  PCASolver solver() const { return parts_.solver; }         // never automatic
  double noise_floor() const { return parts_.noise_floor; }  // in the units of singular_values()
  const PCAParts<S>& parts() const { return parts_; }

  // L, descending, divisor n - 1; of the standardised data where the fit standardised. 0 below the
  // noise floor. Throws DataError where S cannot hold it (parts().deviation holds the roots).
  Vector<S> explained_variance() const {
    Vector<S> values(components());
    for (Index j = 0; j < values.size(); ++j)
      values[j] = square(parts_.deviation[j], "explained_variance");
    return values;
  }
  // L, within [0, 1]; 0 for data without variance.
  Vector<S> explained_variance_ratio() const { return parts_.ratio.template cast<S>(); }
  // L, of the centred data. Throws DataError where S cannot hold them (parts().deviation can).
  Vector<S> singular_values() const {
    const Vector<S> values = (parts_.deviation * std::sqrt(parts_.n - 1.0)).template cast<S>();
    detail::require<DataError>(detail::all_finite(values.data(), values.size()),
                               "PCAModel: singular_values overflow the floating-point range; "
                               "divided by sqrt(n - 1), the largest is ",
                               parts_.deviation[0]);
    return values;
  }
  // The mean variance of the D - L discarded dimensions (Tipping and Bishop 1999, eq. 8, with
  // divisor n - 1); 0 where none is discarded.
  S noise_variance() const { return square(parts_.noise_deviation, "noise_variance"); }

  // n x L scores of the rows of x (n x D): (x - mean) / unit projected, divided by the standard
  // deviation of each component where the fit whitens (components of variance 0 then score 0).
  // Throws InvalidArgument (columns) and DataError (not finite, or the scores would not be).
  template <class Data, Executor Exec = Threads>
  RowMatrix<S> transform(const Data& x, const Exec& executor = {}) const {
    const auto& source = detail::as_samples(x);
    RowMatrix<S> scores = RowMatrix<S>::Zero(source.rows(), components());
    for_each_centred(source, executor, "PCAModel: transform",
                     [&](const RowMatrix<double>& y, const auto&, Index first, Index) {
                       const RowMatrix<S> tile = y.template cast<S>();
                       Eigen::Block<RowMatrix<S>> out(scores, first, 0, y.rows(), scores.cols());
                       add_product(tile, parts_.projection, out);
                       if (parts_.whiten) whiten(out);
                       check_no_overflow(out, first, "transform: a score");
                     });
    return scores;
  }

  // n x D rows with the scores z (n x L); undoes whitening and standardisation. Throws
  // InvalidArgument (columns) and DataError (not finite, or the rows would not be).
  template <class Data, Executor Exec = Threads>
  RowMatrix<S> inverse_transform(const Data& z, const Exec& executor = {}) const {
    const auto& source = detail::as_samples(z);
    check_columns(source, components(), "PCAModel: inverse_transform");
    RowMatrix<S> rows(source.rows(), columns());
    auto&& team = executor.team();
    team.for_each_lane(detail::lanes_of(source.rows()), [&](Index lane) {
      detail::for_each_block<double>(source, lane, [&](const Block<double>& block) {
        check_tile(source, block, "PCAModel: inverse_transform");
        RowMatrix<S> scores = block.x.template cast<S>();
        if (parts_.whiten) scores = (block.x * parts_.deviation.asDiagonal()).template cast<S>();
        const RowMatrix<S> centred = product(scores, parts_.projection.transpose());
        for (Index i = 0; i < centred.rows(); ++i) {
          for (Index j = 0; j < columns(); ++j)
            rows(block.first_row + i, j) =
                static_cast<S>(parts_.mean[j] + unit(j) * static_cast<double>(centred(i, j)));
        }
        check_no_overflow(rows.middleRows(block.first_row, centred.rows()), block.first_row,
                          "inverse_transform: a number");
      });
    });
    return rows;
  }

  // The mean log-likelihood of the rows, weighted, under the Gaussian of probabilistic PCA (Tipping
  // and Bishop 1999, eq. 3 to 8): variance explained_variance() along the axes, noise_variance()
  // across them; in the units of the data. Throws InvalidArgument (columns, no rows) and DataError
  // (not finite; or a variance is 0, so that there is no density: L must be below rank(), or
  // L = D = rank()).
  template <class Data, Executor Exec = Threads>
  double score(const Data& x, const Exec& executor = {}) const {
    const auto& source = detail::as_samples(x);
    detail::check_shape(source, "PCAModel: score");
    const Index D = columns();
    const Index L = components();
    detail::require<DataError>(
        parts_.rank >= L && (L == D || parts_.noise_deviation > 0.0),
        "PCAModel: score needs a positive variance in every direction, that is fewer components "
        "than the rank, or all ",
        D, " at full rank; got ", L, " components and rank ", parts_.rank);
    const RowMatrix<double> axes = parts_.projection.template cast<double>();
    using Sums = std::array<double, 2>;  // sum w, sum w (squared Mahalanobis distance)
    std::vector<Sums> lanes(static_cast<std::size_t>(detail::lanes_of(source.rows())), Sums{});
    for_each_centred(source, executor, "PCAModel: score",
                     [&](const RowMatrix<double>& y, const auto& weights, Index, Index lane) {
                       const RowMatrix<double> z = product(y, axes);
                       RowMatrix<double> rest = y;
                       if (L < D) add_product(z, axes.transpose(), rest, -1.0);
                       Sums& sums = lanes[static_cast<std::size_t>(lane)];
                       for (Index i = 0; i < y.rows(); ++i) {
                         double distance = 0.0;
                         for (Index j = 0; j < L; ++j)
                           distance += sqr(z(i, j) / parts_.deviation[j]);
                         if (L < D)
                           for (Index j = 0; j < D; ++j)
                             distance += sqr(rest(i, j) / parts_.noise_deviation);
                         sums[0] += weights[i];
                         sums[1] += weights[i] * distance;
                       }
                     });
    Sums total{};
    for (const Sums& sums : lanes) merge(total, sums);
    return -0.5 * (log_determinant() + total[1] / total[0]);
  }

 private:
  static double sqr(double value) { return value * value; }

  S square(double deviation, std::string_view what) const {
    const S value = static_cast<S>(deviation * deviation);
    detail::require<DataError>(is_finite(value), "PCAModel: ", what,
                               " overflows the floating-point range; its root is ", deviation);
    return value;
  }

  double unit(Index j) const { return parts_.unit.size() > 0 ? parts_.unit[j] : 1.0; }

  // D log(2 pi) + log det of the covariance in the units of the data.
  double log_determinant() const {
    double sum = static_cast<double>(columns()) * std::log(2.0 * 3.14159265358979323846);
    for (const double deviation : parts_.deviation) sum += 2.0 * std::log(deviation);
    for (const double divisor : parts_.unit) sum += 2.0 * std::log(divisor);
    const Index discarded = columns() - components();
    if (discarded > 0)
      sum += 2.0 * static_cast<double>(discarded) * std::log(parts_.noise_deviation);
    return sum;
  }

  template <class T>
  static void check_columns(const Samples<T>& data, Index columns, std::string_view who) {
    detail::require(data.cols() == columns, who, ": there must be ", columns,
                    " columns, as in the fit; got ", data.rows(), " x ", data.cols());
  }

  template <class T>
  static void check_tile(const Samples<T>& data, const Block<double>& block, std::string_view who) {
    if (!detail::all_finite(block.x.data(), block.x.size()))
      detail::check_finite(data, block.first_row, block.x.rows(), who);
  }

  // out: some whole rows of a result, the first of which is row `first`.
  template <class Rows>
  static void check_no_overflow(const Rows& out, Index first, std::string_view what) {
    detail::require<DataError>(out.size() == 0 || detail::all_finite(out.data(), out.size()),
                               "PCAModel: ", what, " overflows in rows ", first, " to ",
                               first + out.rows() - 1);
  }

  // f(y, weights, first_row, lane) for each tile, y = (x - mean) / unit.
  template <class T, class Exec, class F>
  void for_each_centred(const Samples<T>& data, const Exec& executor, std::string_view who,
                        F&& f) const {
    check_columns(data, columns(), who);
    auto&& team = executor.team();
    team.for_each_lane(detail::lanes_of(data.rows()), [&](Index lane) {
      RowMatrix<double> y;
      detail::for_each_block<double>(data, lane, [&](const Block<double>& block) {
        check_tile(data, block, who);
        y = block.x.rowwise() - parts_.mean.transpose();
        if (parts_.unit.size() > 0) y.array().rowwise() /= parts_.unit.transpose().array();
        f(y, block.weights, block.first_row, lane);
      });
    });
  }

  void whiten(Eigen::Block<RowMatrix<S>>& scores) const {
    for (Index j = 0; j < scores.cols(); ++j) {
      const double deviation = parts_.deviation[j];
      for (Index i = 0; i < scores.rows(); ++i) {
        scores(i, j) =
            deviation > 0.0 ? static_cast<S>(static_cast<double>(scores(i, j)) / deviation) : S{0};
      }
    }
  }

  PCAParts<S> parts_;
};

LATENT_END
