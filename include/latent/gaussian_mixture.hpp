// Gaussian mixtures: the family, the fit, and the engine.
#pragma once

#include "latent/em.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/gaussian_mixture.hpp"
