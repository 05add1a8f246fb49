// What a program need not compile itself where it links `latent::precompiled`, which defines
// LATENT_PRECOMPILED: the loop, the searches and the starts of k-means, for double and float. The
// numbers are the same; a unit that fits k-means compiles in a fraction of the time.
#pragma once

#include "latent/cluster/kmeans.hpp"
#include "latent/precompiled/extern.hpp"

LATENT_BEGIN

namespace detail {

#define LATENT_PRECOMPILED_KMEANS(S)                                                               \
  LATENT_EXTERN template LloydRun<S> lloyd<S, Team>(const Samples<S>&, RowMatrix<S>,               \
                                                    const LloydOptions&, const KMeansObserver<S>&, \
                                                    const Stopwatch&, ScratchPool<S>&, Team&);     \
  LATENT_EXTERN template LloydRun<S> mini_batch<S, Team>(                                          \
      const Samples<S>&, RowMatrix<S>, const LloydOptions&, const KMeansObserver<S>&,              \
      const Stopwatch&, ScratchPool<S>&, Team&);                                                   \
  LATENT_EXTERN template RowMatrix<S> initial_centroids<S, Team>(                                  \
      const Samples<S>&, KMeansInit, Index, std::uint64_t, std::uint64_t, Team&);                  \
  LATENT_EXTERN template Samples<S> start_sample<S, Team>(const Samples<S>&, Index, Index,         \
                                                          std::uint64_t, std::uint64_t, Team&);    \
  LATENT_EXTERN template ClusterSums sum_clusters<S, Team>(const Samples<S>&, const RowMatrix<S>&, \
                                                           const Labels&, Team&);                  \
  LATENT_EXTERN template ClusterSums sum_sparse_clusters<S, Team>(                                 \
      const Samples<S>&, const RowMatrix<S>&, Labelling, Labels&, Team&, bool);                    \
  LATENT_EXTERN template double movement_limit<S, Team>(const Samples<S>&, double, Team&);         \
  LATENT_EXTERN template ColumnScale column_scale<S, Team>(const Samples<S>&, bool,                \
                                                           const Vector<double>&, Team&);          \
  LATENT_EXTERN template RowMatrix<S> in_units_of_data<S, Team>(                                   \
      const Samples<S>&, const ColumnScale&, const RowMatrix<S>&, const Labels&, Team&);           \
  LATENT_EXTERN template void check_kmeans_data<S, Team>(const Samples<S>&, Index, double, Team&,  \
                                                         std::string_view);

LATENT_PRECOMPILED_KMEANS(double)
LATENT_PRECOMPILED_KMEANS(float)

#undef LATENT_PRECOMPILED_KMEANS

}  // namespace detail

LATENT_END
