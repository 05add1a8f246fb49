// Principal components of data that arrive in blocks: IncrementalPCA.
#pragma once

#include "latent/decomposition/incremental_pca.hpp"
