// Mixtures of coins: tosses, Binomial, the fit, and the engine.
#pragma once

#include "latent/em.hpp"
#include "latent/mixture/binomial.hpp"
#include "latent/mixture/binomial_mixture.hpp"
#include "latent/mixture/tosses.hpp"
