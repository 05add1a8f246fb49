// A fitted standardization of columns.
#pragma once

#include <string_view>
#include <utility>

#include "latent/core/blocks.hpp"
#include "latent/core/error.hpp"
#include "latent/core/executor.hpp"
#include "latent/core/numeric.hpp"
#include "latent/core/source.hpp"

LATENT_BEGIN

// z = (x - mean) / deviation, column by column. Immutable; every member is const and safe to call
// from any number of threads. S is the scalar of the data; mean and deviation are kept in double.
template <class S>
class StandardizerModel {
 public:
  using Scalar = S;

  // D means, finite; D deviations, finite and positive. Throws InvalidArgument.
  StandardizerModel(Vector<double> mean, Vector<double> deviation)
      : mean_{std::move(mean)}, deviation_{std::move(deviation)} {
    detail::require(mean_.size() >= 1 && mean_.size() == deviation_.size(),
                    "StandardizerModel: there must be one deviation a mean, at least 1; got ",
                    mean_.size(), " means and ", deviation_.size(), " deviations");
    for (Index j = 0; j < mean_.size(); ++j) {
      detail::require(is_finite(mean_[j]), "StandardizerModel: means must be finite; got mean[", j,
                      "] = ", mean_[j]);
      detail::require(is_finite(deviation_[j]) && deviation_[j] > 0.0,
                      "StandardizerModel: deviations must be finite and positive; got deviation[",
                      j, "] = ", deviation_[j]);
    }
  }

  Index columns() const { return mean_.size(); }                  // D
  const Vector<double>& mean() const { return mean_; }            // D; 0 where not centred
  const Vector<double>& deviation() const { return deviation_; }  // D; 1 where not scaled

  // n x D: (x - mean) / deviation. O(n D). Throws InvalidArgument (columns) and DataError (not
  // finite, or overflow).
  template <class Data, Executor Exec = Threads>
  RowMatrix<S> transform(const Data& x, const Exec& executor = {}) const {
    return each(x, executor, "StandardizerModel: transform",
                [&](double value, Index j) { return (value - mean_[j]) / deviation_[j]; });
  }

  // n x D: mean + z deviation. As transform.
  template <class Data, Executor Exec = Threads>
  RowMatrix<S> inverse_transform(const Data& z, const Exec& executor = {}) const {
    return each(z, executor, "StandardizerModel: inverse_transform",
                [&](double value, Index j) { return mean_[j] + value * deviation_[j]; });
  }

 private:
  template <class Data, class Exec, class F>
  RowMatrix<S> each(const Data& x, const Exec& executor, std::string_view who, const F& f) const {
    const auto& data = detail::as_samples(x);
    detail::require(data.cols() == columns(), who, ": there must be ", columns(),
                    " columns, as in the fit; got ", data.rows(), " x ", data.cols());
    RowMatrix<S> result(data.rows(), columns());
    auto&& team = executor.team();
    team.for_each_lane(detail::lanes_of(data.rows()), [&](Index lane) {
      detail::for_each_block<double>(data, lane, [&](const Block<double>& block) {
        if (!detail::all_finite(block.x.data(), block.x.size()))
          detail::check_finite(data, block.first_row, block.x.rows(), who);
        for (Index i = 0; i < block.x.rows(); ++i) {
          S* out = result.data() + (block.first_row + i) * columns();
          for (Index j = 0; j < columns(); ++j) out[j] = static_cast<S>(f(block.x(i, j), j));
          detail::require<DataError>(detail::all_finite(out, columns()), who,
                                     ": a number overflows in row ", block.first_row + i);
        }
      });
    });
    return result;
  }

  Vector<double> mean_;
  Vector<double> deviation_;
};

LATENT_END
