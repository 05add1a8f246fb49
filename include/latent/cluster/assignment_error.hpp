// How far labels are from the nearest centroid, estimated on a sample of rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "latent/cluster/kmeans_model.hpp"
#include "latent/cluster/row_groups.hpp"
#include "latent/core/random.hpp"

LATENT_BEGIN

// With weights w, the distance d of a row to the centroid it was given, and e to its nearest one:
//
//   mislabelled = sum w [d > e] / sum w          excess = sum w (d^2 - e^2) / sum w e^2
//
// over the rows of a sample drawn without replacement, all rows of positive weight equally likely.
// Their standard errors are those of a ratio of two sums (Cochran 1977, "Sampling techniques",
// section 6.4, with the correction for a finite population): 0 where the sample is all rows.
struct AssignmentError {
  Index rows = 0;  // of the sample; 0 = nothing was estimated
  double mislabelled = 0.0;
  double mislabelled_error = 0.0;
  double excess = 0.0;  // of the inertia; 0 where e is 0 for all rows of the sample
  double excess_error = 0.0;
};

namespace detail {

// `count` of the rows named, or all of them: the first places of a shuffle, in the order of the data.
inline std::vector<Index> sample_rows(std::vector<Index> rows, Index count, std::uint64_t seed) {
  const auto all = static_cast<Index>(rows.size());
  if (count >= all) return rows;
  Random random{seed, Purpose::sampling};
  for (Index i = 0; i < count; ++i)
    std::swap(rows[static_cast<std::size_t>(i)],
              rows[static_cast<std::size_t>(i + random.below(all - i))]);
  rows.resize(static_cast<std::size_t>(count));
  std::sort(rows.begin(), rows.end());
  return rows;
}

// A ratio of sums over a sample, and its standard error.
class SampledRatio {
 public:
  void add(double numerator, double denominator) {
    numerators_.push_back(numerator);
    denominators_.push_back(denominator);
    top_ += numerator;
    bottom_ += denominator;
  }
  double ratio() const { return bottom_ > 0.0 ? top_ / bottom_ : 0.0; }

  // se^2 = (1 - m / n) m / (m - 1) sum (y - R x)^2 / (sum x)^2, for m of n rows.
  double standard_error(Index population) const {
    const auto m = static_cast<double>(numerators_.size());
    if (!(bottom_ > 0.0) || numerators_.size() < 2) return 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < numerators_.size(); ++i) {
      const double rest = (numerators_[i] - ratio() * denominators_[i]) / bottom_;
      sum += rest * rest;
    }
    return std::sqrt((1.0 - m / static_cast<double>(population)) * m / (m - 1.0) * sum);
  }

 private:
  std::vector<double> numerators_;
  std::vector<double> denominators_;
  double top_ = 0.0;
  double bottom_ = 0.0;
};

// labels_of(x): the labels of the rows of x. O(sample K D).
template <class S, class T, class Team, class LabelsOf>
AssignmentError assignment_error(const Samples<T>& data, const RowMatrix<S>& centroids,
                                 const LabelsOf& labels_of, Index rows, std::uint64_t seed,
                                 Team& team) {
  AssignmentError error;
  if (rows == 0) return error;
  std::vector<Index> usable = usable_rows(data);
  const auto population = static_cast<Index>(usable.size());
  const std::vector<Index> sample = sample_rows(std::move(usable), rows, seed);
  if (sample.empty()) return error;
  const RowMatrix<S> x = gather_rows<S>(data, sample);
  const Labels found = labels_of(x);
  const Labels nearest = KMeansModel<S>{centroids}.predict(x, Lent<Team>{team});
  SampledRatio mislabelled;
  SampledRatio excess;
  const auto distance = [&](Index i, Index k) {
    return squared_distance(x.data() + i * x.cols(), centroids.data() + k * x.cols(), x.cols());
  };
  for (Index i = 0; i < x.rows(); ++i) {
    const double weight = data.weight(sample[static_cast<std::size_t>(i)]);
    const double given = distance(i, found[i]);
    const double least = distance(i, nearest[i]);
    mislabelled.add(given > least ? weight : 0.0, weight);
    excess.add(weight * (given - least), weight * least);
  }
  error.rows = x.rows();
  error.mislabelled = mislabelled.ratio();
  error.mislabelled_error = mislabelled.standard_error(population);
  error.excess = excess.ratio();
  error.excess_error = excess.standard_error(population);
  return error;
}

}  // namespace detail

LATENT_END
