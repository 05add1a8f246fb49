// A mixture made ready for one E-step.
#pragma once

#include <tuple>
#include <utility>

#include "latent/core/blocks.hpp"
#include "latent/core/types.hpp"
#include "latent/em/assignment.hpp"
#include "latent/em/concepts.hpp"

LATENT_BEGIN

template <class FamilyStatistics>
struct MixtureStatistics {
  Vector<double> n;         // K; n(k) = sum_i w_i r(i, k)
  FamilyStatistics family;  // the family's expected statistics
  auto fields() { return std::tie(n, family); }
};

namespace detail {

// What one E-step needs of a mixture, computed once.
template <class F>
struct PreparedMixture {
  using S = ScalarOf<F>;
  using Prepared = decltype(detail::prepared(
      std::declval<const F&>()));  // a value, or a reference to the family

  const Vector<double>& weights;
  const F& family;
  Prepared density;
  Vector<S> log_weights;

  void log_joint(const Eigen::Ref<const RowMatrix<S>>& x, RowMatrix<S>& out) const {
    out.resize(x.rows(), weights.size());
    density.log_density(x, out);
    for (Index i = 0; i < out.rows(); ++i)
      for (Index k = 0; k < out.cols(); ++k) out(i, k) += log_weights[k];
  }

  template <Assignment A>
  Expectation expect(const Block<S>& block, const A& assign, const Step& step,
                     MixtureStatistics<typename F::Statistics>& statistics) const {
    RowMatrix<S> r;
    log_joint(block.x, r);
    const Expectation sums = respond(r, block, weights, true, assign, step);
    for (Index i = 0; i < r.rows(); ++i)
      for (Index k = 0; k < r.cols(); ++k) statistics.n[k] += static_cast<double>(r(i, k));
    family.accumulate(block.x, r, statistics.family);
    return sums;
  }
};

}  // namespace detail

LATENT_END
