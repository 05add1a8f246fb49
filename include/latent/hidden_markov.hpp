// Hidden Markov models: the model with any family as emission, and the engine.
#pragma once

#include "latent/em.hpp"
#include "latent/models/hidden_markov.hpp"
