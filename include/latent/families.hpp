// All families of distributions, what makes families of others, and the engine.
#pragma once

#include "latent/em.hpp"
#include "latent/mixture/bernoulli.hpp"
#include "latent/mixture/binomial.hpp"
#include "latent/mixture/exponential.hpp"
#include "latent/mixture/gaussian.hpp"
#include "latent/mixture/heterogeneous.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/multinomial.hpp"
#include "latent/mixture/per_component.hpp"
#include "latent/mixture/poisson.hpp"
#include "latent/mixture/uniform.hpp"
