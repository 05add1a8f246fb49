// How many clusters? ChooseClusters tries a range and judges each; GMeans splits until all clusters
// look normal.
#pragma once

#include "latent/core/executor.hpp"              // IWYU pragma: export
#include "latent/core/source.hpp"                // IWYU pragma: export
#include "latent/selection/choose_clusters.hpp"  // IWYU pragma: export
#include "latent/selection/cluster_choice.hpp"   // IWYU pragma: export
#include "latent/selection/g_means.hpp"          // IWYU pragma: export
