// How good is a clustering? Against known classes (adjusted Rand index, mutual information, matched
// accuracy, ...), against other centroids (centroid index), or from the data alone (silhouette,
// Calinski-Harabasz, Davies-Bouldin). And how good are answers (confusion matrix), or decisions by a
// distance (error curve)?
#pragma once

#include "latent/core/executor.hpp"               // IWYU pragma: export
#include "latent/core/source.hpp"                 // IWYU pragma: export
#include "latent/metrics/centroid_index.hpp"      // IWYU pragma: export
#include "latent/metrics/confusion.hpp"           // IWYU pragma: export
#include "latent/metrics/dispersion.hpp"          // IWYU pragma: export
#include "latent/metrics/error_curve.hpp"         // IWYU pragma: export
#include "latent/metrics/matched_accuracy.hpp"    // IWYU pragma: export
#include "latent/metrics/mutual_information.hpp"  // IWYU pragma: export
#include "latent/metrics/pair_counts.hpp"         // IWYU pragma: export
#include "latent/metrics/silhouette.hpp"          // IWYU pragma: export
