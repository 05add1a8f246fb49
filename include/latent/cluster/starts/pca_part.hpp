// PCA-Part: the data are divided in two, again and again, along their first principal direction.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "latent/cluster/starts/nearest_chosen.hpp"
#include "latent/core/product.hpp"

LATENT_BEGIN

namespace detail {

// Su and Dy 2007, "In search of deterministic methods for initializing k-means and Gaussian mixture
// clustering". The part of the largest inertia is divided at its mean, at right angles to its first
// principal direction, until there are K; the start is their means. The direction is found by power
// iteration: on the covariance matrix up to 32 columns, beyond that on the rows themselves.
// Rows are read in dense tiles of 256, sparse ones too.
template <class S, class Team>
class PcaPart {
 public:
  PcaPart(const Samples<S>& data, Index clusters, Team& team)
      : data_{data}, clusters_{clusters}, team_{team} {}

  RowMatrix<S> run() {
    rows_.reserve(static_cast<std::size_t>(data_.rows()));
    for (Index i = 0; i < data_.rows(); ++i)
      if (data_.weight(i) > 0.0) rows_.push_back(i);
    RowMatrix<double> origin(1, data_.cols());
    data_.read(rows_[0], 1, origin);
    std::vector<Part> parts{measured(0, static_cast<Index>(rows_.size()), origin.row(0))};
    while (static_cast<Index>(parts.size()) < clusters_) {
      const auto widest =
          std::max_element(parts.begin(), parts.end(),
                           [](const Part& a, const Part& b) { return a.inertia < b.inertia; });
      if (!(widest->inertia > 0.0)) break;
      const Index middle = divide(*widest);
      if (middle == widest->begin || middle == widest->end) {
        widest->inertia = 0.0;  // narrower than rounding
        continue;
      }
      Part right = measured(middle, widest->end, widest->mean);
      *widest = measured(widest->begin, middle, widest->mean);
      parts.push_back(std::move(right));
    }
    return centroids(parts);
  }

 private:
  static constexpr Index most_matrix_columns = 32;
  static constexpr int most_steps = 16;  // of power iteration over the rows

  struct Part {
    Index begin = 0;  // of rows_
    Index end = 0;
    Vector<double> mean;    // D
    Vector<double> spread;  // D: sum of w (x - mean)^2
    double inertia = 0.0;
  };

  // sums += f(row differences from the centre, weight) over the rows of a part, in their order.
  template <class F>
  Vector<double> sum(const Part& part, const Vector<double>& centre, Index size, const F& f) const {
    const Index cols = data_.cols();
    const Index count = part.end - part.begin;
    return team_.reduce(
        lanes_of(count), [&] { return Vector<double>(Vector<double>::Zero(size)); },
        [&](Index lane, Vector<double>& sums) {
          RowMatrix<S> row(1, cols);
          Vector<double> t(cols);
          const Index last = std::min(count, (lane + 1) * lane_rows);
          for (Index i = lane * lane_rows; i < last; ++i) {
            const Index index = rows_[static_cast<std::size_t>(part.begin + i)];
            const S* x = data_.contiguous_row(index);
            if (x == nullptr) {
              data_.read(index, 1, row);
              x = row.data();
            }
            for (Index j = 0; j < cols; ++j) t[j] = static_cast<double>(x[j]) - centre[j];
            f(part.begin + i, t.data(), data_.weight(index), sums.data());
          }
        });
  }

  // Mean and inertia of the rows; `near` is a point among them.
  Part measured(Index begin, Index end, const Vector<double>& near) const {
    Part part;
    part.begin = begin;
    part.end = end;
    const Index cols = data_.cols();
    const Vector<double> first =
        sum(part, near, cols + 1, [cols](Index, const double* t, double w, double* sums) {
          for (Index j = 0; j < cols; ++j) sums[j] += w * t[j];
          sums[cols] += w;
        });
    part.mean = near;
    for (Index j = 0; j < cols; ++j) part.mean[j] += first[j] / first[cols];
    part.spread =
        sum(part, part.mean, cols, [cols](Index, const double* t, double w, double* sums) {
          for (Index j = 0; j < cols; ++j) sums[j] += w * (t[j] * t[j]);
        });
    for (Index j = 0; j < cols; ++j) part.inertia += part.spread[j];
    return part;
  }

  // Power iteration from the axis of the largest variance, to an angle of about 1e-3 a step.
  template <class Apply>
  Vector<double> leading_direction(const Part& part, int steps, const Apply& apply) const {
    Index axis = 0;
    for (Index j = 1; j < data_.cols(); ++j)
      if (part.spread[j] > part.spread[axis]) axis = j;
    Vector<double> v = Vector<double>::Zero(data_.cols());
    v[axis] = 1.0;
    for (int step = 0; step < steps; ++step) {
      Vector<double> next = apply(v);
      double largest = 0.0;
      for (Index j = 0; j < next.size(); ++j) largest = std::max(largest, std::abs(next[j]));
      if (!(largest > 0.0)) break;
      for (Index j = 0; j < next.size(); ++j) next[j] /= largest;
      const double norm = std::sqrt(ordered_dot(next.data(), next.data(), next.size()));
      double moved = 0.0;
      for (Index j = 0; j < next.size(); ++j) {
        next[j] /= norm;
        moved += (next[j] - v[j]) * (next[j] - v[j]);
      }
      v = std::move(next);
      if (moved < 1e-6) break;
    }
    return v;
  }

  Vector<double> direction(const Part& part) const {
    const Index cols = data_.cols();
    // Divided by the inertia as they are summed: squares of squares would leave the range.
    const double scale = 1.0 / std::sqrt(part.inertia);
    if (cols > most_matrix_columns)
      return leading_direction(part, most_steps, [&](const Vector<double>& v) {
        return sum(part, part.mean, cols, [&](Index, const double* t, double w, double* sums) {
          const double along = w * scale * (scale * ordered_dot(t, v.data(), cols));
          for (Index j = 0; j < cols; ++j) sums[j] += along * t[j];
        });
      });
    const Vector<double> scatter =
        sum(part, part.mean, cols * cols, [&](Index, const double* t, double w, double* sums) {
          for (Index i = 0; i < cols; ++i) {
            const double along = w * scale * (scale * t[i]);
            for (Index j = 0; j < cols; ++j) sums[i * cols + j] += along * t[j];
          }
        });
    return leading_direction(part, 100, [&](const Vector<double>& v) {
      Vector<double> out(cols);
      for (Index i = 0; i < cols; ++i)
        out[i] = ordered_dot(scatter.data() + i * cols, v.data(), cols);
      return out;
    });
  }

  // Rows on the far side of the mean go behind the others; returns where they begin.
  Index divide(const Part& part) {
    const Index cols = data_.cols();
    const Vector<double> v = direction(part);
    far_.resize(rows_.size());
    sum(part, part.mean, 1, [&](Index at, const double* t, double, double*) {
      far_[static_cast<std::size_t>(at)] = ordered_dot(t, v.data(), cols) > 0.0 ? 1 : 0;
    });
    std::vector<Index> behind;
    Index middle = part.begin;
    for (Index i = part.begin; i < part.end; ++i) {
      const Index row = rows_[static_cast<std::size_t>(i)];
      if (far_[static_cast<std::size_t>(i)] != 0)
        behind.push_back(row);
      else
        rows_[static_cast<std::size_t>(middle++)] = row;
    }
    std::copy(behind.begin(), behind.end(), rows_.begin() + middle);
    return middle;
  }

  // Where the data could not be divided into K, the rest are the rows farthest from the means.
  RowMatrix<S> centroids(const std::vector<Part>& parts) const {
    RowMatrix<S> means(static_cast<Index>(parts.size()), data_.cols());
    for (Index k = 0; k < means.rows(); ++k)
      means.row(k) = parts[static_cast<std::size_t>(k)].mean.transpose().template cast<S>();
    if (means.rows() == clusters_) return means;
    NearestChosen<S, Team> chosen{data_, clusters_, team_};
    for (Index k = 0; k < means.rows(); ++k) chosen.add(means.data() + k * data_.cols());
    while (!chosen.complete())
      chosen.add_row(chosen.mass() > 0.0 ? chosen.farthest() : chosen.next_unused());
    return chosen.take_centres();
  }

  const Samples<S>& data_;
  Index clusters_;
  Team& team_;
  std::vector<Index> rows_;  // of positive weight, those of a part side by side
  std::vector<unsigned char> far_;
};

}  // namespace detail

LATENT_END
