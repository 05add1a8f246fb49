// Standardization: columns with mean 0 and standard deviation 1.
//
//   const auto [model, report] = Standardizer{}.fit(x);     // x: n x D
//   model.transform(x);  model.inverse_transform(z);        // n x D
#pragma once

#include <utility>

#include "latent/core/report.hpp"
#include "latent/stats/column_moments.hpp"
#include "latent/stats/moments.hpp"
#include "latent/stats/standardizer_model.hpp"

LATENT_BEGIN

template <class S>
struct StandardizerFit {
  StandardizerModel<S> model;
  Report report;  // degenerate where a column is constant; a note says which
};

namespace detail {

// D standard deviations (divisor n - 1) as divisors; 1 for constant columns. AnyMoments is Moments
// or ColumnMoments.
template <class AnyMoments>
Vector<double> unit_deviations(const AnyMoments& moments, Index columns) {
  Vector<double> units(columns);
  for (Index j = 0; j < columns; ++j) {
    const double deviation = moments.deviation(j);
    units[j] = deviation > 0.0 ? deviation : 1.0;
  }
  return units;
}

}  // namespace detail

// Options. The standard deviation has divisor n - 1, as everywhere in statistics.hpp and as in
// PCA{.standardize}; weights are frequencies. A constant column is divided by 1, so that it becomes
// exactly 0 and comes back. To standardize for one fit alone, the options of PCA and KMeans do it
// without a copy of the data.
struct Standardizer {
  bool centre = true;  // subtract the mean
  bool scale = true;   // divide by the standard deviation

  // data: n x D, a matrix or a source. Two passes, O(n D). Throws InvalidArgument (no rows or
  // columns) and DataError (not finite; sum w <= 1 where columns are scaled).
  template <class Data, Executor Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    const detail::Stopwatch watch;
    const auto& source = detail::as_samples(data);
    using S = typename detail::Bare<decltype(source)>::Scalar;
    auto&& team = executor.team();
    const detail::ColumnMoments sums = detail::column_moments(source, team, "Standardizer");
    StandardizerFit<S> fit = from<S>(sums, sums.weight, source.cols());
    fit.report.evaluations = 2;
    fit.report.seconds = watch.seconds();
    return fit;
  }

  // The same from moments: of data that came in pieces, or were counted elsewhere. O(D). Throws
  // DataError for moments of no rows, or n <= 1 where columns are scaled.
  template <class S>
  StandardizerFit<S> fit(const Moments<S>& moments) const {
    return from<S>(moments, moments.n(), moments.columns());
  }

 private:
  template <class S, class AnyMoments>
  StandardizerFit<S> from(const AnyMoments& moments, double n, Index columns) const {
    if (scale) detail::check_divisor(n, "Standardizer");
    Vector<double> mean = moments.mean();
    Vector<double> deviation = Vector<double>::Ones(columns);
    Report report;
    report.status = Status::converged;
    if (scale) {
      deviation = detail::unit_deviations(moments, columns);
      Index constant = 0;
      Index first = 0;
      for (Index j = columns - 1; j >= 0; --j)
        if (!(moments.deviation(j) > 0.0)) {
          ++constant;
          first = j;
        }
      if (constant > 0) {
        report.status = Status::degenerate;
        report.notes.push_back(
            {0, first, static_cast<double>(constant),
             detail::concat("Standardizer: constant columns are divided by 1, the first is column ",
                            first, "; value = how many")});
      }
    }
    if (!centre) mean.setZero();
    return {StandardizerModel<S>{std::move(mean), std::move(deviation)}, std::move(report)};
  }
};

LATENT_END
