// k-means clustering: KMeans, KMeansModel, KMeansFit, with the sources and executors they take; its
// variants OnlineKMeans, SphericalKMeans, TrimmedKMeans and BisectingKMeans; and HierarchicalKMeans
// for very many clusters.
#pragma once

#include "latent/cluster/bisecting_kmeans.hpp"     // IWYU pragma: export
#include "latent/cluster/hierarchical_kmeans.hpp"  // IWYU pragma: export
#include "latent/cluster/kmeans.hpp"               // IWYU pragma: export
#include "latent/cluster/kmeans_model.hpp"         // IWYU pragma: export
#include "latent/cluster/online_kmeans.hpp"        // IWYU pragma: export
#include "latent/cluster/spherical_kmeans.hpp"     // IWYU pragma: export
#include "latent/cluster/trimmed_kmeans.hpp"       // IWYU pragma: export
#include "latent/core/executor.hpp"                // IWYU pragma: export
#include "latent/core/source.hpp"                  // IWYU pragma: export
