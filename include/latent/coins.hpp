// Mixtures of coins: tosses, Binomial, and the engine.
#pragma once

#include "latent/em.hpp"
#include "latent/mixture/binomial.hpp"
#include "latent/mixture/tosses.hpp"
