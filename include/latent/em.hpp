// The EM engine, Mixture, sources, executors: all that a model of one's own needs.
#pragma once

#include "latent/core/executor.hpp"
#include "latent/core/observer.hpp"
#include "latent/core/product.hpp"
#include "latent/core/random.hpp"
#include "latent/core/source.hpp"
#include "latent/em/em.hpp"
#include "latent/em/expected_statistics.hpp"
#include "latent/em/incremental.hpp"
#include "latent/em/lower_bound.hpp"
#include "latent/em/online.hpp"
#include "latent/em/trace_table.hpp"
#include "latent/mixture/mixture.hpp"
#include "latent/mixture/starts.hpp"
