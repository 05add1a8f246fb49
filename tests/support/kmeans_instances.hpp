// What every test of k-means would otherwise compile anew: the loop, the starts and the checks are
// compiled once for all of them, in kmeans_instances.cpp.
#pragma once

#include "latent/cluster/kmeans.hpp"

#ifndef LATENT_TEST_TEMPLATE
#define LATENT_TEST_TEMPLATE extern template
#endif

LATENT_BEGIN

namespace detail {

#define LATENT_TEST_KMEANS(S)                                                                    \
  LATENT_TEST_TEMPLATE LloydRun<S> lloyd<S, Team>(const Samples<S>&, RowMatrix<S>,               \
                                                  const LloydOptions&, const KMeansObserver<S>&, \
                                                  const Stopwatch&, ScratchPool<S>&, Team&);     \
  LATENT_TEST_TEMPLATE LloydRun<S> mini_batch<S, Team>(                                          \
      const Samples<S>&, RowMatrix<S>, const LloydOptions&, const KMeansObserver<S>&,            \
      const Stopwatch&, ScratchPool<S>&, Team&);                                                 \
  LATENT_TEST_TEMPLATE RowMatrix<S> initial_centroids<S, Team>(                                  \
      const Samples<S>&, KMeansInit, Index, std::uint64_t, std::uint64_t, Team&);                \
  LATENT_TEST_TEMPLATE Samples<S> start_sample<S, Team>(const Samples<S>&, Index, Index,         \
                                                        std::uint64_t, std::uint64_t, Team&);    \
  LATENT_TEST_TEMPLATE ClusterSums sum_clusters<S, Team>(const Samples<S>&, const RowMatrix<S>&, \
                                                         const Labels&, Team&);                  \
  LATENT_TEST_TEMPLATE ClusterSums sum_sparse_clusters<S, Team>(                                 \
      const Samples<S>&, const RowMatrix<S>&, Labelling, Labels&, Team&, bool);                  \
  LATENT_TEST_TEMPLATE double movement_limit<S, Team>(const Samples<S>&, double, Team&);         \
  LATENT_TEST_TEMPLATE ColumnScale column_scale<S, Team>(const Samples<S>&, bool,                \
                                                         const Vector<double>&, Team&);          \
  LATENT_TEST_TEMPLATE RowMatrix<S> in_units_of_data<S, Team>(                                   \
      const Samples<S>&, const ColumnScale&, const RowMatrix<S>&, const Labels&, Team&);         \
  LATENT_TEST_TEMPLATE void check_kmeans_data<S, Team>(const Samples<S>&, Index, double, Team&,  \
                                                       std::string_view);

LATENT_TEST_KMEANS(double)
LATENT_TEST_KMEANS(float)

}  // namespace detail

LATENT_END
