// k-means clustering: KMeans, KMeansModel, KMeansFit, with the sources and executors they take.
#pragma once

#include "latent/cluster/kmeans.hpp"        // IWYU pragma: export
#include "latent/cluster/kmeans_model.hpp"  // IWYU pragma: export
#include "latent/core/executor.hpp"         // IWYU pragma: export
#include "latent/core/source.hpp"           // IWYU pragma: export
