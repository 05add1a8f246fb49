// What a program need not compile itself where it links `latent::precompiled`: the solvers of PCA,
// for double and float.
#pragma once

#include "latent/decomposition/pca_fit.hpp"
#include "latent/precompiled/extern.hpp"

LATENT_BEGIN

namespace detail {

#define LATENT_PRECOMPILED_PCA(S)                                                                 \
  LATENT_EXTERN template PCASolution solution_of_rows<S, Team>(const PCAPlan&, const Samples<S>&, \
                                                               PCASolver, Team&);                 \
  LATENT_EXTERN template PCASolution solution_of_squares<S, Team>(                                \
      const PCAPlan&, const Samples<S>&, bool, double, Team&);                                    \
  LATENT_EXTERN template PCASolution solution_of_moments<S>(const PCAPlan&, const Moments<S>&);   \
  LATENT_EXTERN template PCAFit<S> assemble<S>(const PCAPlan&, const PCASolution&);

LATENT_PRECOMPILED_PCA(double)
LATENT_PRECOMPILED_PCA(float)

#undef LATENT_PRECOMPILED_PCA

}  // namespace detail

LATENT_END
