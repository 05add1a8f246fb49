// Principal-component analysis: PCA, PCAModel.
#pragma once

#include "latent/decomposition/pca.hpp"
#include "latent/statistics.hpp"
