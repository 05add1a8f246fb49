// Many centred rows known through few: F (r x D, r <= D) with F'F = their scatter, in place of the
// D x D scatter, so that no digit is lost to squares. Two of them merge with the correction for their
// means (Levy and Lindenbaum 2000; Ross, Lim, Lin and Yang 2008, lemma 1 and figure 1).
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/QR>

#include "latent/core/executor.hpp"
#include "latent/core/statistics.hpp"
#include "latent/decomposition/orthogonal_columns.hpp"
#include "latent/stats/column_moments.hpp"
#include "latent/stats/recentre.hpp"

LATENT_BEGIN

namespace detail {

// The mean is shift + 2^exponent rest. S is always double: a template, so that only who factors
// compiles the decompositions.
template <class S>
struct RowFactor {
  double weight = 0.0;   // of the rows
  double members = 0.0;  // the rows that have a weight
  int exponent = 0;      // of the unit of what follows
  Vector<S> shift;       // D, in the units of the data
  Vector<S> rest;        // D
  RowMatrix<S> rows;     // r x D
  double cut = 0.0;      // what was cut off: the trace of the scatter less that of rows' rows

  Index columns() const { return shift.size(); }

  Vector<double> mean() const {
    Vector<double> values(columns());
    for (Index j = 0; j < columns(); ++j) values[j] = shift[j] + std::ldexp(rest[j], exponent);
    return values;
  }

  // The trace of the scatter.
  double total() const {
    double sum = cut;
    for (Index i = 0; i < rows.rows(); ++i)
      sum += ordered_dot(rows.data() + i * columns(), rows.data() + i * columns(), columns());
    return sum;
  }

  // Makes all rows so far count `factor` times as much.
  void scale(double factor) {
    weight *= factor;
    rows *= std::sqrt(factor);
    cut *= factor;
  }

  bool finite() const {
    return is_finite(weight) && is_finite(cut) && all_finite(rows.data(), rows.size()) &&
           all_finite(rest.data(), rest.size());
  }
};

// R (D x D) of rows = Q R where there are more than D rows; else the rows themselves.
template <class S>
RowMatrix<S> fewer_rows(RowMatrix<S> rows) {
  const Index D = rows.cols();
  if (rows.rows() <= D) return rows;
  const Eigen::HouseholderQR<Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>> qr(rows);
  return qr.matrixQR().topRows(D).template triangularView<Eigen::Upper>();
}

template <class S>
RowMatrix<S> stacked(const RowMatrix<S>& above, const RowMatrix<S>& below) {
  RowMatrix<S> all(above.rows() + below.rows(), above.cols());
  all.topRows(above.rows()) = above;
  all.bottomRows(below.rows()) = below;
  return all;
}

// The same cross product by rows that are orthogonal, longest first: singular values times right
// singular vectors; at most `most` of them. The squares of the others are added to `cut`.
template <class S>
RowMatrix<S> principal_rows(const RowMatrix<S>& rows, Index most, double& cut) {
  using Dense = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  const Index p = rows.rows();
  if (p == 0) return rows;
  const Eigen::HouseholderQR<Dense> qr(rows.transpose());
  Dense columns = qr.matrixQR().topRows(p).template triangularView<Eigen::Upper>();
  const Vector<S> squares = orthogonalise_columns(columns);
  const Index count = std::min(p, most);
  Dense vectors = Dense::Zero(rows.cols(), count);
  vectors.topRows(p) = columns.leftCols(count);
  vectors.applyOnTheLeft(qr.householderQ());
  for (Index i = p - 1; i >= count; --i) cut += squares[i];
  return vectors.transpose();
}

// Keeps the `most` longest principal rows.
template <class S>
void cut_to(RowFactor<S>& factor, Index most) {
  factor.rows = principal_rows(factor.rows, most, factor.cut);
}

// The rows of both. Merging does not cut.
template <class S>
void merge_rows(RowFactor<S>& a, const RowFactor<S>& b) {
  if (b.weight == 0.0) return;
  if (a.weight == 0.0) {
    a = b;
    return;
  }
  const Index D = a.columns();
  const double n = a.weight + b.weight;
  int e = std::max(a.exponent, b.exponent);
  for (Index j = 0; j < D; ++j) e = std::max(e, exponent_of_gap(a.shift[j], b.shift[j]));
  const double from_a = std::ldexp(1.0, a.exponent - e);
  const double from_b = std::ldexp(1.0, b.exponent - e);
  const double between = std::sqrt(a.weight) * std::sqrt(b.weight / n);
  RowMatrix<S> rows(a.rows.rows() + b.rows.rows() + 1, D);
  rows.topRows(a.rows.rows()) = from_a * a.rows;
  rows.bottomRows(b.rows.rows()) = from_b * b.rows;
  for (Index j = 0; j < D; ++j) {
    const MergedMean mean = merge_means(a.shift[j], from_a * a.rest[j], b.shift[j],
                                        from_b * b.rest[j], b.weight / n, e);
    rows(a.rows.rows(), j) = between * mean.gap;
    a.shift[j] = mean.shift;
    a.rest[j] = mean.rest;
  }
  a.rows = fewer_rows(std::move(rows));
  a.cut = from_a * from_a * a.cut + from_b * from_b * b.cut;
  a.exponent = e;
  a.weight = n;
  a.members += b.members;
}

// sqrt(w) (x - mean) of the rows of a lane that have a weight, in units of 2^exponent.
template <class S>
RowMatrix<double> centred_lane(const Samples<S>& data, const ColumnMoments& moments, int exponent,
                               Index lane) {
  const Index D = data.cols();
  Index count = 0;
  for_each_tile(data.rows(), lane, [&](Index first, Index rows) {
    for (Index i = first; i < first + rows; ++i) count += data.weight(i) > 0.0 ? 1 : 0;
  });
  Vector<double> factor(D);
  for (Index j = 0; j < D; ++j) factor[j] = std::ldexp(1.0, moments.frame.exponent[j] - exponent);
  RowMatrix<double> rows(count, D);
  Index row = 0;
  for_each_framed_tile(data, moments.frame, lane, [&](const RowMatrix<double>& y, const auto& w) {
    for (Index i = 0; i < y.rows(); ++i) {
      if (!(w[i] > 0.0)) continue;
      const double root = std::sqrt(w[i]);
      for (Index j = 0; j < D; ++j)
        rows(row, j) = root * ((y(i, j) - moments.offset[j]) * factor[j]);
      ++row;
    }
  });
  return rows;
}

// Of the rows of a source: a triangle a lane, merged in pairs of neighbours, whatever the number of
// threads. Two passes, O(n D min(n, D)). Throws as column_moments.
template <class S, class Team>
RowFactor<double> factor_rows(const Samples<S>& data, Team& team, std::string_view who) {
  const ColumnMoments moments = column_moments(data, team, who);
  RowFactor<double> factor;
  factor.weight = moments.weight;
  factor.members = moments.frame.rows;
  factor.exponent = moments.frame.exponent.maxCoeff();
  factor.shift = moments.frame.shift;
  factor.rest.resize(data.cols());
  for (Index j = 0; j < data.cols(); ++j)
    factor.rest[j] = std::ldexp(moments.offset[j], moments.frame.exponent[j] - factor.exponent);
  const Index lanes = lanes_of(data.rows());
  std::vector<RowMatrix<double>> parts(static_cast<std::size_t>(lanes));
  const auto part = [&](Index lane) -> RowMatrix<double>& {
    return parts[static_cast<std::size_t>(lane)];
  };
  team.for_each_lane(lanes, [&](Index lane) {
    part(lane) = fewer_rows(centred_lane(data, moments, factor.exponent, lane));
  });
  for (Index step = 1; step < lanes; step *= 2) {
    team.for_each_lane((lanes + step - 1) / (2 * step), [&](Index pair) {
      RowMatrix<double>& left = part(2 * step * pair);
      RowMatrix<double>& right = part(2 * step * pair + step);
      left = fewer_rows(stacked(left, right));
      right.resize(0, 0);
    });
  }
  factor.rows = std::move(parts[0]);
  return factor;
}

}  // namespace detail

LATENT_END
