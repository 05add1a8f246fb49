// Bernoulli mixtures: the family, the fit, and the engine.
#pragma once

#include "latent/em.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/bernoulli_mixture.hpp"
