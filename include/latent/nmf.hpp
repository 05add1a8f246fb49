// Non-negative matrix factorisation: NMF, NMFFit, NMFModel, with the sources and executors they take.
#pragma once

#include "latent/core/executor.hpp"            // IWYU pragma: export
#include "latent/core/source.hpp"              // IWYU pragma: export
#include "latent/decomposition/nmf.hpp"        // IWYU pragma: export
#include "latent/decomposition/nmf_model.hpp"  // IWYU pragma: export
