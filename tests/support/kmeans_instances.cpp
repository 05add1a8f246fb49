#define LATENT_TEST_TEMPLATE template
#include "support/kmeans_instances.hpp"
