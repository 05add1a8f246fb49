// Probabilistic principal components: ProbabilisticPCA.
#pragma once

#include "latent/em.hpp"
#include "latent/models/probabilistic_pca.hpp"
