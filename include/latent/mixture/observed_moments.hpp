// Means and variances of columns of which some numbers may be missing.
#pragma once

#include <string_view>
#include <tuple>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/em/check.hpp"

LATENT_BEGIN

namespace detail {

struct ObservedMoments {
  Vector<double> weight;  // D: of what is observed
  Vector<double> mean;    // D; 0 where nothing is observed
  Vector<double>
      variance;  // D, divisor sum w; that of a column without one: the mean of the others
};

struct ObservedSums {
  Vector<double> weight;
  Vector<double> sum;
  auto fields() { return std::tie(weight, sum); }
};

// sum_i w_i f(x(i, j), j) over what is observed of each column j. Throws DataError (infinite).
template <class S, class Team, class F>
ObservedSums observed_sums(const Samples<S>& data, Team& team, std::string_view who, const F& f) {
  const auto none = [&] { return Vector<double>(Vector<double>::Zero(data.cols())); };
  return team.reduce(
      lanes_of(data.rows()),
      [&] {
        return ObservedSums{none(), none()};
      },
      [&](Index lane, ObservedSums& sums) {
        for_each_block<double>(data, lane, [&](const Block<double>& block) {
          check_not_infinite(data, block.first_row, block.x.rows(), who);
          for (Index i = 0; i < block.x.rows(); ++i)
            for (Index j = 0; j < data.cols(); ++j)
              if (const double value = block.x(i, j); !is_nan(value)) {
                sums.weight[j] += block.weights[i];
                sums.sum[j] += block.weights[i] * f(value, j);
              }
        });
      });
}

template <class S>
ObservedMoments observed_moments(const Samples<S>& data, std::string_view who) {
  auto team = Threads{}.team();
  const Index d = data.cols();
  ObservedMoments moments{{}, Vector<double>::Zero(d), Vector<double>::Zero(d)};
  const ObservedSums first =
      observed_sums(data, team, who, [](double value, Index) { return value; });
  moments.weight = first.weight;
  for (Index j = 0; j < d; ++j)
    if (first.weight[j] > 0.0) moments.mean[j] = first.sum[j] / first.weight[j];
  const ObservedSums second = observed_sums(data, team, who, [&](double value, Index j) {
    return (value - moments.mean[j]) * (value - moments.mean[j]);
  });
  double total = 0.0;
  Index varying = 0;
  for (Index j = 0; j < d; ++j) {
    if (second.weight[j] > 0.0) moments.variance[j] = second.sum[j] / second.weight[j];
    require<DataError>(is_finite(moments.mean[j]) && is_finite(moments.variance[j]), who,
                       ": the squares of column ", j, " exceed the range of double");
    total += moments.variance[j];
    varying += moments.variance[j] > 0.0 ? 1 : 0;
  }
  const double typical = varying > 0 ? total / static_cast<double>(varying) : 1.0;
  for (Index j = 0; j < d; ++j)
    if (!(moments.variance[j] > 0.0)) moments.variance[j] = typical;
  return moments;
}

}  // namespace detail

LATENT_END
