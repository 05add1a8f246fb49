// Everything but the opt-in headers.
#pragma once

#include "latent/bernoulli_mixture.hpp"
#include "latent/choose_clusters.hpp"
#include "latent/coins.hpp"
#include "latent/eigenfaces.hpp"
#include "latent/em.hpp"
#include "latent/factor_analysis.hpp"
#include "latent/families.hpp"
#include "latent/gaussian_mixture.hpp"
#include "latent/hidden_markov.hpp"
#include "latent/incremental_pca.hpp"
#include "latent/kmeans.hpp"
#include "latent/logistic_regression.hpp"
#include "latent/metrics.hpp"
#include "latent/pca.hpp"
#include "latent/probabilistic_pca.hpp"
#include "latent/statistics.hpp"
