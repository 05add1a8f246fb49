// Gaussian mixtures: the family, the fits (also with noise, and with missing values), what is asked of a
// fitted one, and the engine.
#pragma once

#include "latent/em.hpp"
#include "latent/mixture/density_grid.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/gaussian_mixture.hpp"
#include "latent/mixture/gaussian_parts.hpp"
#include "latent/mixture/imputation.hpp"
#include "latent/mixture/incomplete_gaussian.hpp"
#include "latent/mixture/incomplete_gaussian_mixture.hpp"
#include "latent/mixture/merge_gaussians.hpp"
#include "latent/mixture/noise_component.hpp"
