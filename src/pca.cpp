#define LATENT_EXTERN
#include "latent/precompiled/pca.hpp"
