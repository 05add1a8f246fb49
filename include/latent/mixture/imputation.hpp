// What a Gaussian mixture says of the values that rows lack.
//
//   impute(fit.model, x);                  // their expectations
//   sample_missing(fit.model, x, seed);    // draws, for multiple imputation
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "latent/core/blocks.hpp"
#include "latent/core/random.hpp"
#include "latent/em/over_blocks.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/incomplete_gaussian.hpp"
#include "latent/mixture/mixture.hpp"

LATENT_BEGIN

namespace detail {

// x (n x D) with what is missing as fill(pattern, splits, row of the block, its responsibilities, row
// of the source, out) says, which is called for every incomplete row: `splits` are the components as
// rows of the pattern see them, `out` is where the row's numbers stand.
template <class S, class Data, class Fill>
RowMatrix<S> filled(const Mixture<IncompleteGaussian<S>>& mixture, const Data& x,
                    std::string_view who, const Fill& fill) {
  RowMatrix<S> out;
  mixture.check();
  const auto ready = mixture.prepare();
  over_blocks(
      mixture, x, who, [&](Index n) { out.resize(n, mixture.dimension()); },
      [&](const Block<S>& block) {
        out.middleRows(block.first_row, block.x.rows()) = block.x;
        const MissingPatterns found = missing_patterns<S>(block.x);
        if (found.patterns.empty()) return;
        RowMatrix<S> r;
        ready.log_joint(block.x, r);
        posterior(r, block, mixture.weights);
        for (const MissingPattern& pattern : found.patterns) {
          std::vector<SplitGaussian> splits;
          for (Index k = 0; k < mixture.components(); ++k)
            splits.push_back(split_by(pattern, mixture.family.complete(), k));
          for (const Index i : pattern.rows) {
            const Index row = block.first_row + i;
            fill(splits, block.x.row(i), r.row(i), row, out.data() + row * out.cols());
          }
        }
      });
  return out;
}

}  // namespace detail

// The same mixture for rows with missing values: NaN in the data = missing.
template <class S>
Mixture<IncompleteGaussian<S>> accepting_missing(const Mixture<GaussianFamily<S>>& mixture) {
  return {mixture.weights, IncompleteGaussian<S>(mixture.family), mixture.weighting,
          mixture.concentration};
}
template <Covariance Form, class S>
Mixture<IncompleteGaussian<S>> accepting_missing(const Mixture<Gaussian<Form, S>>& mixture) {
  return {mixture.weights, IncompleteGaussian<S>(mixture.family), mixture.weighting,
          mixture.concentration};
}

// n x D: x (n x D; a matrix or a source) with each missing number replaced by its expectation given
// what is observed of the row, sum_k r(i, k) E[x_j | observed, k]; of a row with nothing observed the
// mean of the mixture. What is observed stays; a known label in a source counts. O(K D^3) for each
// set of missing columns in a tile, O(K D^2) a row. Throws as Mixture::responsibilities.
template <class S, class Data>
RowMatrix<S> impute(const Mixture<IncompleteGaussian<S>>& mixture, const Data& x) {
  return detail::filled(mixture, x, "impute",
                        [](const std::vector<detail::SplitGaussian>& splits, const auto& row,
                           const auto& r, Index /*index*/, S* out) {
                          const Index d = splits.front().mean.size();
                          Vector<double> expected = Vector<double>::Zero(d);
                          Vector<double> z;
                          for (std::size_t k = 0; k < splits.size(); ++k) {
                            const auto share = static_cast<double>(r[static_cast<Index>(k)]);
                            if (!(share > 0.0)) continue;
                            splits[k].whiten(row, z);
                            for (Index j = splits[k].given; j < d; ++j)
                              expected[j] += share * splits[k].mean_given(j, z);
                          }
                          for (Index j = splits.front().given; j < d; ++j)
                            out[splits.front().order[static_cast<std::size_t>(j)]] =
                                static_cast<S>(expected[j]);
                        });
}

// n x D: x with the missing numbers of each row drawn from their distribution given what is observed
// of it: first a component by its responsibility, then the numbers, together. The draws of row i
// depend on (seed, i) alone; several seeds make a multiple imputation (Rubin 1987), of which the
// parameters count as known. Otherwise as impute().
template <class S, class Data>
RowMatrix<S> sample_missing(const Mixture<IncompleteGaussian<S>>& mixture, const Data& x,
                            std::uint64_t seed) {
  const Random stream(seed, Purpose::sampling);
  return detail::filled(mixture, x, "sample_missing",
                        [&](const std::vector<detail::SplitGaussian>& splits, const auto& row,
                            const auto& r, Index index, S* out) {
                          Random random = stream.at(static_cast<std::uint64_t>(index));
                          const auto k = detail::draw(
                              r.data(), r.size(), static_cast<double>(r.sum()), random.uniform());
                          const detail::SplitGaussian& split = splits[static_cast<std::size_t>(k)];
                          const Index d = split.mean.size();
                          Vector<double> z;
                          split.whiten(row, z);
                          Vector<double> all(d);  // z, and then e
                          all.head(split.given) = z;
                          for (Index j = split.given; j < d; ++j) all[j] = random.normal();
                          for (Index i = split.given; i < d; ++i) {
                            double value = split.mean[i];
                            for (Index j = 0; j <= i; ++j) value += split.factor(i, j) * all[j];
                            out[split.order[static_cast<std::size_t>(i)]] = static_cast<S>(value);
                          }
                        });
}

LATENT_END
