// Rows of many columns seen through a few axes, so that distances can be bounded from below.
//
// P (D x d) has orthonormal columns: nearly the principal axes of a sample of the rows. With
// y = x - s, g = c - s, and r, q what the axes leave of y and g,
//
//   |x - c|^2 - |y|^2 = |g|^2 - 2 y g  >=  |g|^2 - 2 (P'y)(P'g) - 2 |r| |q|        (Cauchy-Schwarz)
//
// The right-hand side is a product of d + 1 columns. SuperKMeans (Kuffo, Hepkema and Boncz
// 2026) prunes on few columns by an estimate; here it is a bound, and what rounding can add is
// added (`margin`).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "latent/cluster/distance.hpp"
#include "latent/core/product.hpp"
#include "latent/core/source.hpp"
#include "latent/core/types.hpp"

LATENT_BEGIN

namespace detail {

inline constexpr Index most_axes = 64;
inline constexpr Index fewest_projected_columns = 16;
inline constexpr Index sample_of_axes = 512;  // rows

// What is projected is stored as floats whatever the scalar of the data: it bounds, and does not
// decide. Distances are in units of 1 / unit(), a power of two near the spread of the rows.
template <class S>
class Projection {
 public:
  // Nothing where there are too few columns, no spread, or rounding would swamp the bound.
  static std::optional<Projection> of(const Samples<S>& data) {
    Projection projection;
    if (data.cols() < fewest_projected_columns || data.rows() < 1) return std::nullopt;
    if (!projection.find_axes(data) || !projection.measure_errors()) return std::nullopt;
    return projection;
  }

  Index cols() const { return axes_.rows(); }
  Index depth() const { return axes_.cols(); }
  Index width() const { return depth() + 1; }
  double unit() const { return unit_; }

  // to: count x width, P'y and an upper bound of |r|; norms: |y|^2. A row out of all proportion
  // has norm infinity. y: a buffer of count x D at least.
  void project(const S* const* rows, Index count, RowMatrix<S>& y, float* to, double* norms) const {
    constexpr double largest = 0x1p80;
    for (Index i = 0; i < count; ++i) {
      PartialSums part;
      for (Index j = 0; j < cols(); ++j) {
        const double t = unit_ * (static_cast<double>(rows[i][j]) - static_cast<double>(shift_[j]));
        part.part[j % PartialSums::width] += t * t;
        y(i, j) = static_cast<S>(t);
      }
      norms[i] = part.total();
      if (!(norms[i] < largest)) {
        norms[i] = std::numeric_limits<double>::infinity();
        y.row(i).setZero();
      }
    }
    RowMatrix<S> z = RowMatrix<S>::Zero(count, depth());
    const Eigen::Map<const RowMatrix<S>> filled{y.data(), count, cols()};
    add_product(filled, axes_, z);
    for (Index i = 0; i < count; ++i) {
      float* out = to + i * width();
      double seen = 0.0;
      for (Index j = 0; j < depth(); ++j) {
        out[j] = static_cast<float>(z(i, j));
        seen += static_cast<double>(out[j]) * static_cast<double>(out[j]);
      }
      // |r|^2 = |y|^2 - a' (P'P)^-1 a for the exact a = P'y.
      const double length = length_of(norms[i]);
      const double sure = std::max(0.0, std::sqrt(seen) * (1.0 - 0x1p-40) - error_ * length);
      const double rest = length * length - sure * sure / (1.0 + skew_);
      out[depth()] = std::isfinite(rest)
                         ? static_cast<float>(std::sqrt(std::max(0.0, rest)) * (1.0 + 0x1p-22))
                         : 0.0f;
    }
  }

  // Surely not above and not below |y|, for what project() gave as |y|^2.
  double squared_length_below(double norm) const { return norm * (1.0 - norm_error_); }
  double length_of(double norm) const {
    return std::sqrt(norm * (1.0 + norm_error_)) * (1.0 + 0x1p-50) + 0x1p-60;
  }

  // The bound as computed in floats is too high by no more than this; y, g: lengths, g the largest
  // of the centroids. With u = 2^-24 and gamma = (d + 8) u, constant and products round by
  // gamma (g^2 + 2 (|a| |b| + |r| |q|)) (Higham 2002, section 3.1); an error_ |y| in a = P'y and
  // error_ |g| in b = P'g add 2 (error_ |y| |b| + error_ |a| |g|); and a (P'P)^-1 b differs from
  // a b by skew_ |a| |b| / (1 - skew_). |a|, |r| are at most 1.05 |y|, and so for g.
  double margin(double y, double g) const {
    constexpr double unit = 0x1p-24;
    const double gamma = 1.1 * static_cast<double>(depth() + 8) * unit;
    return gamma * g * g + (5.0 * gamma + 4.5 * error_ + 2.6 * skew_) * y * g + 0x1p-100;
  }

 private:
  Projection() = default;

  // Shift, unit and axes from rows that lie evenly in the data: the mean, the root mean square
  // distance from it, and three steps of subspace iteration on the sample's covariance.
  bool find_axes(const Samples<S>& data) {
    const Index columns = data.cols();
    const Index count = std::min(data.rows(), sample_of_axes);
    const Index depth = std::min(most_axes, columns / 4);
    RowMatrix<S> sample(count, columns);
    RowMatrix<S> one(1, columns);
    Vector<double> mean = Vector<double>::Zero(columns);
    for (Index i = 0; i < count; ++i) {
      data.read(i * data.rows() / count, 1, one);
      sample.row(i) = one.row(0);
      for (Index j = 0; j < columns; ++j)
        mean[j] += static_cast<double>(one(0, j)) / static_cast<double>(count);
    }
    shift_.resize(columns);
    for (Index j = 0; j < columns; ++j) shift_[j] = static_cast<S>(mean[j]);
    double square = 0.0;
    for (Index i = 0; i < count; ++i)
      square += squared_distance(sample.data() + i * columns, shift_.data(), columns) /
                static_cast<double>(count);
    const double spread = std::sqrt(square);
    if (!(spread > 0x1p-400 && spread < 0x1p400)) return false;
    unit_ = std::ldexp(1.0, -std::ilogb(spread));
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < columns; ++j)
        sample(i, j) = static_cast<S>(
            unit_ * (static_cast<double>(sample(i, j)) - static_cast<double>(shift_[j])));

    RowMatrix<S> basis(columns, depth);
    for (Index a = 0; a < depth; ++a) basis.col(a) = sample.row(a * count / depth).transpose();
    for (int step = 0; step < 3; ++step) {
      orthonormalise(basis);
      const RowMatrix<S> scores = product(sample, basis);
      basis = product(sample.transpose(), scores);
    }
    orthonormalise(basis);
    axes_ = std::move(basis);
    return true;
  }

  // Gram-Schmidt, twice for each column (Giraud et al. 2005: enough for orthogonality to rounding).
  // A column that depends on those before it makes way for a column of the identity.
  static void orthonormalise(RowMatrix<S>& basis) {
    const Index columns = basis.rows();
    RowMatrix<double> q(basis.cols(), columns);  // d x D
    for (Index a = 0; a < q.rows(); ++a)
      for (Index j = 0; j < columns; ++j) q(a, j) = static_cast<double>(basis(j, a));
    for (Index a = 0; a < q.rows(); ++a) {
      double* to = q.data() + a * columns;
      for (Index attempt = 0;; ++attempt) {
        const double before = std::sqrt(squared_norm(to, columns));
        for (Index b = 0; b < 2 * a; ++b) {
          const double* from = q.data() + b % a * columns;
          const double dot = ordered_dot(from, to, columns);
          for (Index j = 0; j < columns; ++j) to[j] -= dot * from[j];
        }
        const double length = std::sqrt(squared_norm(to, columns));
        if (length > 1e-8 * before) {
          for (Index j = 0; j < columns; ++j) to[j] /= length;
          break;
        }
        for (Index j = 0; j < columns; ++j) to[j] = j == (a + attempt) % columns ? 1.0 : 0.0;
      }
    }
    for (Index a = 0; a < q.rows(); ++a)
      for (Index j = 0; j < columns; ++j) basis(j, a) = static_cast<S>(q(a, j));
  }

  bool measure_errors() {
    constexpr double unit = 0.5 * static_cast<double>(std::numeric_limits<S>::epsilon());
    constexpr double unit_double = 0.5 * std::numeric_limits<double>::epsilon();
    const auto terms = static_cast<double>(cols() + 8);
    double square = 0.0;
    for (Index a = 0; a < depth(); ++a)
      for (Index b = 0; b < depth(); ++b) {
        double dot = a == b ? -1.0 : 0.0;
        for (Index j = 0; j < cols(); ++j)
          dot += static_cast<double>(axes_(j, a)) * static_cast<double>(axes_(j, b));
        square += dot * dot;
      }
    const auto width = static_cast<double>(depth());
    // |P'P - I| in Frobenius' norm, and the rounding of these sums.
    skew_ = 1.01 * std::sqrt(square) + 2.0 * terms * unit_double * width;
    // | |P| |y| | <= |P|_F |y|, |P|_F^2 <= d (1 + skew); and the last rounding to floats.
    error_ = 1.1 * terms * unit * std::sqrt(width) + 0x1p-22;
    norm_error_ = 4.0 * terms * unit_double;
    return skew_ < 0.01 && error_ < 0.01;
  }

  RowMatrix<S> axes_;  // D x d
  Vector<S> shift_;    // D
  double unit_ = 1.0;
  double skew_ = 0.0;        // at least |P'P - I|
  double error_ = 0.0;       // of P'y, in |y|
  double norm_error_ = 0.0;  // of |y|^2, as a factor
};

}  // namespace detail

LATENT_END
