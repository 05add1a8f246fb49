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
  // 1 ... min(n, D), VarianceRatio{0.95}, All{} = min(n, D), MinkaRule{} or ParallelAnalysis{}
  Keep keep = All{};
  PCASolver solver = PCASolver::automatic;
  bool whiten = false;       // transform gives scores of variance 1
  bool standardize = false;  // divide columns by their standard deviation; constant ones by 1
  std::uint64_t seed = 0;    // for the solver randomized and for ParallelAnalysis
  // Of randomized alone, in (0, 1): passes go on until the residual of each variance is below this
  // times itself, which bounds the relative error of a singular value by half as much, and usually
  // leaves far less.
  double accuracy = 1e-3;

  // data: n x D, a matrix or a source (weights are frequencies, labels are ignored), or Moments,
  // which give what the covariance solver gives, up to rounding.
  //
  // The axes are orthonormal. Their signs follow one rule in every solver: the entry of largest
  // magnitude is positive; entries within 1e-8 of it, relatively, are tied, and the first decides.
  // Equal variances leave the axes free within their subspace. The same bits for any executor.
  //
  // Components below the noise floor (see PCASolver) come with variance 0 and orthonormal axes, the
  // status is degenerate, and a note gives the floor; All{} with n <= D always asks for one such.
  // model.solver() says what found the components, model.noise_floor() how low it could see, and a
  // note where automatic took another way than squares. max_iterations: randomized did not reach its
  // accuracy. The trace stays empty.
  //
  // Throws InvalidArgument (no rows or columns, keep or accuracy out of range, randomized without a
  // number to keep, a solver that needs rows for moments) and DataError (not finite; fewer than 2
  // samples, since the divisor is n - 1; a standard deviation overflows).
  template <class Data, Executor Exec = Threads>
  auto fit(const Data& data, const Exec& executor = {}) const {
    const detail::PCAPlan plan{keep, solver, whiten, standardize, false, "PCA", seed, accuracy};
    if constexpr (detail::IsMoments<Data>::value) {
      detail::require(solver == PCASolver::automatic || solver == PCASolver::covariance,
                      "PCA: solver ", to_string(solver),
                      " needs rows; got moments (use covariance)");
      return detail::fit_moments(plan, data);
    } else {
      return detail::fit_rows(plan, detail::as_samples(data), executor);
    }
  }
};

LATENT_END
