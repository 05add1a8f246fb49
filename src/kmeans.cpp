#define LATENT_EXTERN
#include "latent/precompiled/kmeans.hpp"
