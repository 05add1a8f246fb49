// Principal-component analysis.
//
//   const auto [model, report] = PCA{.keep = VarianceRatio{0.95}}.fit(x);   // x: n x D
//   model.transform(x);                                                     // n x L
#pragma once

#include <cstdint>
#include <type_traits>

#include "latent/decomposition/pca_fit.hpp"

LATENT_BEGIN

namespace detail {

template <class T>
struct IsMoments : std::false_type {};
template <class S>
struct IsMoments<Moments<S>> : std::true_type {};

}  // namespace detail

// Options; each is checked by fit, before any work.
struct PCA {
  Keep keep = All{};  // 1 ... min(n, D), VarianceRatio{0.95}, or All{} = min(n, D)
  PCASolver solver = PCASolver::automatic;
  bool whiten = false;       // transform gives scores of variance 1
  bool standardize = false;  // divide columns by their standard deviation; constant ones by 1
  std::uint64_t seed = 0;    // for randomised solvers; covariance and gram draw nothing

  // data: n x D, a matrix or a source (weights are frequencies, labels are ignored), or Moments,
  // which give what the covariance solver gives.
  //
  // The axes are orthonormal. Their signs follow one rule in every solver: the entry of largest
  // magnitude is positive; entries within 1e-8 of it, relatively, are tied, and the first decides.
  // Equal variances leave the axes free within their subspace. The same bits for any executor.
  //
  // Components below the noise floor (see PCASolver) come with variance 0 and orthonormal axes, the
  // status is degenerate, and a note gives the floor; All{} with n <= D always asks for one such.
  // Data whose variances span more than about 1e15 need the accuracy of a singular value
  // decomposition, which neither solver has. The trace stays empty: nothing iterates.
  //
  // Throws InvalidArgument (no rows or columns, keep out of range, gram for moments) and DataError
  // (not finite; fewer than 2 samples, since the divisor is n - 1).
  template <class Data, Executor Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    const detail::PCAPlan plan{keep, solver, whiten, standardize, false, "PCA"};
    if constexpr (detail::IsMoments<Data>::value) {
      detail::require(solver != PCASolver::gram,
                      "PCA: solver gram needs rows; got moments (use covariance)");
      return detail::fit_moments(plan, data);
    } else {
      return detail::fit_rows(plan, detail::as_samples(data), executor);
    }
  }
};

LATENT_END
