// Which Gaussian mixture? ChooseGaussianMixture tries forms of covariances and numbers of components
// and judges each; BootstrapLikelihoodRatio tests one number of components against one more.
#pragma once

#include "latent/core/executor.hpp"                         // IWYU pragma: export
#include "latent/core/source.hpp"                           // IWYU pragma: export
#include "latent/selection/bootstrap_likelihood_ratio.hpp"  // IWYU pragma: export
#include "latent/selection/choose_gaussian_mixture.hpp"     // IWYU pragma: export
#include "latent/selection/gaussian_choice.hpp"             // IWYU pragma: export
